"""Bytes, lines and members of dumps, sound and damaged in every way."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.sources.reading import lines as lines_module
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.lines import Lines, LongLine, Stretch
from phonotheque.catalogue.sources.reading.stream import Limits, Stream
from phonotheque.errors import BadRequestError, MalformedError

TEXT = "".join(f"{n}\tline number {n} of a dump\n" for n in range(8_000)).encode()


def zstd_checked(data: bytes) -> bytes:
    """As the `zstd` program does, with a digest of the content."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd_checked}


def read_all(path, limits=None) -> bytes:
    with Stream(path, limits or Limits()) as stream:
        return b"".join(iter(lambda: stream.read(10_007), b""))


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("parts", [1, 3])
def test_what_was_packed_comes_out(tmp_path, name, parts):
    """Each form is known by how it begins, whatever the name; several one after the other, too."""
    size = len(TEXT) // parts + 1
    pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
    path = tmp_path / "dump.txt"
    path.write_bytes(b"".join(PACKERS[name](piece) for piece in pieces))
    assert read_all(path) == TEXT
    with Stream(path) as stream:
        stream.skip(12_345)
        assert stream.read(100) == TEXT[12_345:12_445]
        assert stream.position == 12_445


def test_a_plain_file_is_read_and_skipped(tmp_path):
    """A plain file, whatever it is called, is read from where it is told to go on."""
    path = tmp_path / "dump.tar.gz"
    path.write_bytes(TEXT)
    for at in (0, 3, 6, 7, 100_000, len(TEXT)):
        with Stream(path) as stream:
            stream.skip(at)
            assert stream.read(50) == TEXT[at : at + 50]
    with Stream(path) as stream, pytest.raises(MalformedError, match="ends before"):
        stream.skip(len(TEXT) + 1)


@pytest.mark.parametrize("name", PACKERS)
def test_every_truncation_is_found(tmp_path, name):
    """Packed data that ends early is refused, with the file and the byte."""
    packed = PACKERS[name](TEXT)
    path = tmp_path / "dump"
    for size in random.Random(7).sample(range(8, len(packed)), 40):
        path.write_bytes(packed[:size])
        with pytest.raises(MalformedError, match=f"dump, byte {size:,}.*early"):
            read_all(path)


@pytest.mark.parametrize("name", PACKERS)
def test_a_flipped_bit_never_passes_as_sound(tmp_path, name):
    """With one bit flipped the data are refused, or what comes out is what went in."""
    packed = PACKERS[name](TEXT)
    path = tmp_path / "dump"
    chance = random.Random(11)
    found = 0
    for _ in range(40):
        damaged = bytearray(packed)
        damaged[chance.randrange(len(packed))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            made = read_all(path)
        except MalformedError:
            found += 1
        else:
            assert made in (TEXT, bytes(damaged))  # the latter: it is no packed file any more
    assert found > 25


@pytest.mark.parametrize("name", PACKERS)
def test_something_behind_the_end_is_refused(tmp_path, name):
    """What follows packed data and is none itself is refused, not passed over."""
    path = tmp_path / "dump"
    path.write_bytes(PACKERS[name](TEXT) + b"something else")
    with pytest.raises(MalformedError):
        read_all(path)


@pytest.mark.parametrize("name", PACKERS)
def test_an_endless_input_is_refused(tmp_path, name):
    """A few bytes that unpack to very many are refused after a stated amount, in little memory."""
    path = tmp_path / "bomb"
    path.write_bytes(PACKERS[name](bytes(24 << 20)))
    unpacked = tmp_path / "unpacked"
    unpacked.write_bytes(bytes(24 << 20))
    for limits, wrong in (
        (Limits(free_bytes=4 << 20), "tightly"),
        (Limits(most_bytes=1_000_000), "more than 1,000,000 bytes"),
    ):
        with pytest.raises(MalformedError, match=wrong) as refused:
            read_all(path, limits)
        assert "unpack it yourself and give the unpacked file" in refused.value.todo
        assert len(read_all(unpacked, limits)) == 24 << 20


def test_a_bomb_takes_no_memory(tmp_path):
    """However much a member claims to unpack to, memory stays that of a few pieces."""
    path = tmp_path / "bomb"
    path.write_bytes(zlib.compress(bytes(64 << 20), wbits=31))
    tracemalloc.start()
    try:
        with Stream(path, Limits(most_ratio=10_000)) as stream:
            while stream.read(1 << 16):
                pass
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_window_that_is_too_large_is_refused(tmp_path):
    """zstd data that ask for more memory than `zstd --long` does are refused."""
    long = {
        zstd.CompressionParameter.window_log: 30,
        zstd.CompressionParameter.content_size_flag: 0,
    }
    compressor = zstd.ZstdCompressor(options=long)
    path = tmp_path / "dump.zst"
    path.write_bytes(compressor.compress(TEXT) + compressor.flush())
    with pytest.raises(MalformedError, match="zstd"):
        read_all(path)


def test_an_absent_file_is_the_callers_fault(tmp_path):
    """A path without a file is refused as a request."""
    with pytest.raises(BadRequestError):
        Stream(tmp_path / "absent")
    with pytest.raises(BadRequestError):
        Stream(tmp_path)


# -- lines


@given(st.binary(max_size=400).map(lambda b: b.replace(b"\0", b"\n")), st.integers(1, 60))
def test_stretches_are_the_whole_in_order(tmp_path_factory, data, size):
    """Stretches put together are the input; numbers and offsets of lines are right."""
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(b"#" + data)
    with Stream(path) as stream:
        parts = list(Lines(stream, stretch_bytes=size))
    assert b"".join(part.data for part in parts) == b"#" + data
    for part in parts:
        before = (b"#" + data)[: part.offset]
        assert part.line == before.count(b"\n") + 1
        assert part.lines == len(part.data.removesuffix(b"\n").split(b"\n"))
        assert part is parts[-1] or part.data.endswith(b"\n")


def test_a_line_that_is_too_long_is_passed_over(tmp_path, monkeypatch):
    """A line beyond the limit is told with its beginning and never held; others are read."""
    monkeypatch.setattr(lines_module, "MOST_LINE_BYTES", 1000)
    path = tmp_path / "file"
    path.write_bytes(b"one\ntwo\n" + b"x" * 500_000 + b"\nfour\nfive")
    with Stream(path) as stream:
        parts = list(Lines(stream, stretch_bytes=256))
    (long,) = [part for part in parts if isinstance(part, LongLine)]
    assert (long.line, long.offset) == (3, 8)
    assert long.sample == b"x" * len(long.sample)
    kept = [part for part in parts if isinstance(part, Stretch)]
    assert b"".join(part.data for part in kept) == b"one\ntwo\nfour\nfive"
    assert [part.line for part in kept if part.data.startswith(b"four")] == [4]


@given(
    st.lists(st.integers(0, 30), max_size=12), st.booleans(), st.integers(1, 40), st.integers(1, 25)
)
def test_the_limit_is_the_same_however_it_is_cut(tmp_path_factory, lengths, is_ended, size, most):
    """Exactly the lines beyond the limit are passed over, wherever stretches begin and end."""
    lines = [bytes([97 + n % 26]) * length for n, length in enumerate(lengths)]
    data = b"\n".join(lines) + (b"\n" if is_ended and lines else b"")
    path = tmp_path_factory.mktemp("limit") / "file"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, Stream(path) as stream:
        patch.setattr(lines_module, "MOST_LINE_BYTES", most)
        parts = list(Lines(stream, stretch_bytes=size))
    passed = [part.line for part in parts if isinstance(part, LongLine)]
    assert passed == [n for n, length in enumerate(lengths, 1) if length > most]
    kept = b"".join(part.data for part in parts if isinstance(part, Stretch))
    assert kept.split() == [line for line in lines if 0 < len(line) <= most]
    for part in parts:
        assert part.line == data[: part.offset].count(b"\n") + 1


def test_a_line_of_a_gigabyte_is_not_held(tmp_path):
    """An endless line costs the memory of the limit, whatever its length."""
    path = tmp_path / "file.zst"
    compressor = zstd.ZstdCompressor()
    with path.open("wb") as file:
        for _ in range(1_000):
            file.write(compressor.compress(b"x" * (1 << 20)))
        file.write(compressor.compress(b"\nlast\n") + compressor.flush())
    tracemalloc.start()
    try:
        with Stream(path, Limits(most_ratio=1 << 30)) as stream:
            parts = list(Lines(stream))
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()
    assert [type(part) for part in parts] == [LongLine, Stretch]
    assert parts[1].data == b"last\n"


# -- archives


def archive(files, form=tarfile.GNU_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as tar:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return made.getvalue()


FILES = {
    "SCHEMA_SEQUENCE": b"31\n",
    "mbdump/empty": b"",
    f"mbdump/{'long' * 50}/ünïcode": b"x" * 513,
    "mbdump/recording": TEXT,
    "mbdump/last": b"y" * 512,
}


def members(path) -> dict[str, bytes]:
    with Stream(path) as stream:
        assert is_archive(stream)
        return {member.name: member.read(1 << 30) for member in iter_members(stream)}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_what_was_put_in(tmp_path, form):
    """Every file of an archive comes with its name and bytes, read or passed over."""
    path = tmp_path / "a.tar"
    path.write_bytes(archive(FILES, form))
    assert members(path) == FILES
    with Stream(path) as stream:
        assert [member.name for member in iter_members(stream)] == list(FILES)
    with Stream(path) as stream:
        for member in iter_members(stream):
            if member.name == "mbdump/recording":
                member.skip(100)
                assert member.read(50) == TEXT[100:150]


def test_folders_and_links_are_passed_over(tmp_path):
    """Only regular files are members."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, kind in (("d", tarfile.DIRTYPE), ("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE)):
            header = tarfile.TarInfo(name)
            header.type, header.linkname = kind, "elsewhere"
            tar.addfile(header)
        header = tarfile.TarInfo("file")
        header.size = 3
        tar.addfile(header, io.BytesIO(b"abc"))
    (tmp_path / "a.tar").write_bytes(made.getvalue())
    assert members(tmp_path / "a.tar") == {"file": b"abc"}


def test_every_truncated_archive_is_found(tmp_path):
    """An archive that ends anywhere before its end mark is refused."""
    whole = archive(FILES).rstrip(b"\0")
    path = tmp_path / "a.tar"
    for size in [*range(512, 6_000, 256), *range(6_000, len(whole), 50_000)]:
        path.write_bytes(whole[:size])
        with pytest.raises(MalformedError):
            members(path)


def test_a_damaged_header_is_found(tmp_path):
    """Any changed byte of a header, but for the sum itself, is refused: it no longer adds up."""
    whole = bytearray(archive({"one": b"x" * 100}))
    path = tmp_path / "a.tar"
    for at in (*range(0, 148, 3), *range(156, 257, 5), *range(263, 512, 5)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(MalformedError):
            members(path)


def test_a_header_that_claims_much_takes_no_memory(tmp_path):
    """A header of a size that is not there is refused without asking for that memory."""
    header = tarfile.TarInfo("big")
    header.size = 1 << 50
    extended = tarfile.TarInfo("x")
    extended.type, extended.size = tarfile.XHDTYPE, 1 << 40
    for one in (header, extended):
        (tmp_path / "a.tar").write_bytes(one.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
        with Stream(tmp_path / "a.tar") as stream, pytest.raises(MalformedError):
            [member.read(1 << 60) for member in iter_members(stream)]


def test_something_behind_the_end_mark_is_found(tmp_path):
    """Two archives one behind the other, of which the second would be lost, are refused."""
    (tmp_path / "a.tar").write_bytes(archive(FILES) + archive(FILES))
    with pytest.raises(MalformedError, match="end mark"):
        members(tmp_path / "a.tar")
