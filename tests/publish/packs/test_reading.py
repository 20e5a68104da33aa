"""What was put into a pack is found in it, by us and by stock tools; what is damaged is refused."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from phonotheque.disk import LocalDisk, read_whole
from phonotheque.errors import (
    FormatTooNewError,
    IntegrityError,
    MalformedError,
    NotHeldError,
)
from phonotheque.publish.packs import writing
from phonotheque.publish.packs.form import PACK_PIECE_BYTES, PackKind, read_sums
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.writing import PackWriter
from phonotheque.publish.torrent import assemble, read_torrent
from phonotheque.store.digests import digest_file
from publish.packs.stock import ABOUT, key_of


def things_of(count, seed=1):
    rng = random.Random(seed)
    return {key_of(rng.getrandbits(200)): rng.randbytes(rng.randint(1, 400)) for _ in range(count)}


def write(disk, things, kind=PackKind.FACTS):
    with PackWriter(disk, "pack", kind, ("word",)) as writer:
        for key, data in things.items():
            writer.add(key, "0" * 16, data, (f"word {key[-1]}",))
        return writer.close(ABOUT)


@cache
def forty():
    """A disk with a pack of forty things, made once: copy it."""
    disk = MemoryDisk()
    write(disk, things_of(40))
    return disk


def damaged(disk, path, change):
    """Put other bytes in a file of the pack."""
    data = change(read_whole(disk, path))
    disk.remove(path)
    writer = disk.create(path)
    writer.write(data)
    writer.close()


@settings(max_examples=10)
@given(st.integers(1, 500), st.randoms(use_true_random=False))
def test_everything_is_found(count, rng):
    """Every key gives its thing, in any order, and no other key gives anything."""
    disk, things = MemoryDisk(), things_of(count)
    write(disk, things)
    keys = list(things)
    rng.shuffle(keys)
    with OpenPack(disk, "pack") as pack:
        assert pack.head.items == count
        for key in keys[:60]:
            assert pack.get(key) == things[key]
        assert [one.key for one in pack.entries()] == sorted(things)
        for number in (0, 1 << 255, rng.getrandbits(250)):
            assert pack.get(key_of(number)) is None


def test_an_index_of_many_frames_is_searched(monkeypatch):
    """Look-ups go through an index of many frames without reading all of it."""
    monkeypatch.setattr(writing, "_INDEX_FRAME_BYTES", 1 << 10)
    disk, things = MemoryDisk(), things_of(5000)
    write(disk, things)
    with OpenPack(disk, "pack") as pack:
        for key in [*list(things)[:50], min(things), max(things)]:
            assert pack.get(key) == things[key]


def test_threads_change_nothing(monkeypatch):
    """A pack's bytes do not depend on how many threads compress."""
    told = []
    for jobs in (1, 4):
        monkeypatch.setattr(writing, "JOBS", jobs)
        disk = MemoryDisk()
        written = write(disk, things_of(3000))
        told.append((disk.tree(), written.made_of))
    assert told[0] == told[1]


def test_what_is_hashed_while_writing_is_what_lies_there():
    """The digests for the torrent are those of the files, at 4 MiB pieces, and fit a torrent."""
    disk = MemoryDisk()
    written = write(disk, things_of(50) | {key_of(1): random.Random(2).randbytes(9 << 20)})
    for file in written.files:
        with disk.open(f"pack/{'/'.join(file.path)}") as lies:
            again = digest_file(lies, piece_bytes=PACK_PIECE_BYTES)
        assert again == file.digests
    torrent = assemble("p", written.files, piece_bytes=PACK_PIECE_BYTES)
    read = read_torrent(torrent.data, piece_bytes=PACK_PIECE_BYTES)
    assert read.piece_bytes == PACK_PIECE_BYTES
    assert sum(file.size_bytes for file in read.files) == written.size_bytes
    with pytest.raises(MalformedError):
        read_torrent(torrent.data)


def test_its_digests_are_true():
    """SHA256SUMS names every other file of a pack with its digest."""
    disk = MemoryDisk()
    write(disk, things_of(50))
    sums = read_sums(disk, "pack")
    names = {entry.name for entry in disk.list("pack")} - {"SHA256SUMS"}
    assert sums.keys() == names
    for name, digest in sums.items():
        assert hashlib.sha256(read_whole(disk, f"pack/{name}")).hexdigest() == digest


@pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed")
def test_stock_tools_read_it(tmp_path):
    """The lines that README.txt teaches give one thing with zstd, grep, tail and head."""
    things = things_of(200)
    write(LocalDisk(tmp_path), things)
    key = sorted(things)[77]
    script = f"""set -e; cd {tmp_path}/pack; sha256sum --quiet -c SHA256SUMS
        line=$(zstd -dc index.tsv.zst | grep ^{key})
        OFFSET=$(echo "$line" | cut -f 2); SIZE_BYTES=$(echo "$line" | cut -f 3)
        zstd -dc facts.jsonl.zst | tail -c +$((OFFSET + 1)) | head -c $SIZE_BYTES"""
    found = subprocess.run(["sh", "-c", script], capture_output=True, timeout=300, check=True)
    assert found.stdout == things[key]
    readme = (tmp_path / "pack" / "README.txt").read_text()
    assert "zstd -dc index.tsv.zst | grep ^KEY" in readme
    assert ABOUT.tdm in readme
    assert max(map(len, readme.splitlines())) <= 100


@settings(max_examples=100)
@given(st.data())
def test_a_flipped_bit_never_gives_another_thing(data):
    """With one bit of any file flipped, a look-up gives the thing or a typed error."""
    disk, things = forty().copy(), things_of(40)
    names = [entry.name for entry in disk.list("pack")]
    path = f"pack/{data.draw(st.sampled_from(names))}"
    place = data.draw(st.integers(0, 8 * len(read_whole(disk, path)) - 1))

    def flip(raw):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        return bytes(changed)

    damaged(disk, path, flip)
    try:
        with OpenPack(disk, "pack") as pack:
            for key in list(things)[:10]:
                found = pack.get(key)
                assert found is None or found == things[key]
    except (IntegrityError, NotHeldError, FormatTooNewError):
        pass


@settings(max_examples=40)
@given(st.data())
def test_a_file_cut_short_is_refused(data):
    """A pack whose content or index ends too early is refused by name, wherever it was cut."""
    disk, things = forty().copy(), things_of(40)
    path = f"pack/{data.draw(st.sampled_from(['facts.jsonl.zst', 'index.tsv.zst', 'pack.json']))}"
    size = len(read_whole(disk, path))
    # One byte at least of what is said: the line feed that ends a text says nothing.
    damaged(disk, path, lambda raw: raw[: data.draw(st.integers(0, size - 2))])
    with pytest.raises(IntegrityError), OpenPack(disk, "pack") as pack:
        pack.get(next(iter(things)))


def test_an_index_of_another_pack_is_refused():
    """An index that is longer than its content, or out of order, gives nothing."""
    disk, other = MemoryDisk(), MemoryDisk()
    write(disk, things_of(3))
    write(other, things_of(300, seed=2))
    damaged(disk, "pack/index.tsv.zst", lambda _: read_whole(other, "pack/index.tsv.zst"))
    with OpenPack(disk, "pack") as pack:
        with pytest.raises(IntegrityError):
            list(pack.entries())
        with pytest.raises(IntegrityError):
            pack.get(max(things_of(300, seed=2), key=lambda key: pack.find(key).offset))


def test_what_cannot_be_packed_is_a_mistake():
    """Nothing empty goes into a pack."""
    with PackWriter(MemoryDisk(), "pack", PackKind.FACTS) as writer, pytest.raises(ValueError):  # noqa: PT011
        writer.add(key_of(1), "0" * 16, b"")
