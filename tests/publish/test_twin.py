"""A v1-only twin: the same files for clients that cannot read hybrids, of proven bytes alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.disk import LocalDisk
from phonotheque.errors import DigestMismatchError, NotHeldError
from phonotheque.publish.engine import EngineSettings, Seeder
from phonotheque.publish.torrent_reader import TorrentSummary, read_torrent
from phonotheque.publish.twin import is_intact_twin, is_twin_of, twin_of
from publish.stage import NAME, SIZES, Archive, Peer, build_archive, every_trace, same_tree, until


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return build_archive(tmp_path_factory.mktemp("twin") / "archive")


@pytest.fixture(scope="module")
def twin(archive: Archive) -> bytes:
    return make(archive)


def make(archive: Archive) -> bytes:
    return twin_of(LocalDisk(archive.root), read_torrent(archive.torrent))


def test_a_twin_is_what_libtorrent_makes_of_the_folder(archive: Archive, twin: bytes) -> None:
    """Its info dictionary is, to the byte, the one that reading the folder with another program
    gives: the same files in the same order, no padding, no v2."""
    by_path = {path.relative_to(archive.root / "objects") for path in files_of(archive)}
    storage = lt.file_storage()
    for path in sorted(by_path, key=lambda one: [part.encode() for part in one.parts]):
        storage.add_file(f"{NAME}/{path}", (archive.root / "objects" / path).stat().st_size)
    theirs = lt.create_torrent(storage, 1 << 20, lt.create_torrent.v1_only)
    lt.set_piece_hashes(theirs, str(archive.volumes))
    wanted = lt.bdecode(lt.bencode(theirs.generate()))[b"info"]
    found = lt.bdecode(twin)[b"info"]
    assert {key: found[key] for key in found} == {
        key: value for key, value in wanted.items() if key not in (b"meta version",)
    }


def test_a_twin_is_known_by_what_it_lists(archive: Archive, twin: bytes) -> None:
    """What was made is the twin of its volume; with another file, order, length, name or number of
    pieces it is none, though it says of itself that it is undamaged."""
    sealed = read_torrent(archive.torrent)
    assert is_twin_of(twin, sealed)
    for change in (swap_files, add_a_file, one_byte_more, another_name, a_piece_less):
        changed = lt.bdecode(twin)
        change(changed[b"info"])
        forged = said_whole(lt.bencode(changed), sealed)
        assert is_intact_twin(forged, sealed.info_hash_v2.hex()), change
        assert not is_twin_of(forged, sealed), change
    assert is_twin_of(said_whole(lt.bencode(lt.bdecode(twin)), sealed), sealed)


def swap_files(info: dict[bytes, Any]) -> None:
    info[b"files"][:2] = info[b"files"][1::-1]


def add_a_file(info: dict[bytes, Any]) -> None:
    name = b"ab" + b"0" * 62 + b".wav"
    info[b"files"].append({b"length": 1, b"path": [b"ab", b"00", name]})


def one_byte_more(info: dict[bytes, Any]) -> None:
    info[b"files"][0][b"length"] += 1


def another_name(info: dict[bytes, Any]) -> None:
    info[b"name"] = b"another-open-all-00001"


def a_piece_less(info: dict[bytes, Any]) -> None:
    info[b"pieces"] = info[b"pieces"][:-20]


def said_whole(data: bytes, sealed: TorrentSummary) -> bytes:
    """A twin with its comment set right: what whoever forges one would do."""
    at = data.index(b"hashes to ") + len(b"hashes to ")
    digest = hashlib.sha256(data[:at] + data[at + 64 :]).hexdigest()
    return data[:at] + digest.encode() + data[at + 64 :]


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_twin_is_seen(
    archive: Archive, twin: bytes, at: int, bit: int
) -> None:
    """Wherever it lies, beside the info dictionary as well."""
    damaged = bytearray(twin)
    damaged[at % len(twin)] ^= 1 << bit
    sealed = read_torrent(archive.torrent)
    assert not is_intact_twin(bytes(damaged), sealed.info_hash_v2.hex())
    assert not is_twin_of(bytes(damaged), sealed)


@pytest.mark.parametrize("data", [b"", b"de", b"i1e", b"le", b"x" * 100])
def test_what_is_no_torrent_is_no_twin(archive: Archive, data: bytes) -> None:
    """Whatever lies there, asking is safe."""
    assert not is_twin_of(data, read_torrent(archive.torrent))


def files_of(archive: Archive) -> list[Path]:
    return [path for path in (archive.root / "objects").rglob("*") if path.is_file()]


def test_a_twin_is_made_of_the_volume_alone(archive: Archive, twin: bytes) -> None:
    """The same volume gives the same bytes, and its making changes nothing."""
    before = every_trace(archive.root)
    assert make(archive) == twin
    assert every_trace(archive.root) == before


def test_every_file_is_told_once(archive: Archive) -> None:
    """Whoever watches learns of all bytes, file by file."""
    told: list[int] = []
    twin_of(LocalDisk(archive.root), read_torrent(archive.torrent), told.append)
    assert sorted(told) == sorted(path.stat().st_size for path in files_of(archive))
    assert len(told) == len(SIZES) + 1


@pytest.mark.parametrize("which", ["object", "list", "longer", "shorter"])
def test_no_damaged_byte_gets_into_a_twin(archive: Archive, tmp_path: Path, which: str) -> None:
    """A file that is not what was sealed is named, and there is no twin."""
    root = tmp_path / "archive"
    shutil.copytree(archive.root, root, symlinks=True)
    victim = max(root.rglob("*.bin"), key=lambda path: path.stat().st_size)
    if which == "list":
        victim = root / "objects/lists" / NAME / "SHA256SUMS"
    body = bytearray(victim.read_bytes())
    victim.chmod(0o644)
    match which:
        case "longer":
            body += b"x"
        case "shorter":
            body = body[:-1]
        case _:
            body[len(body) // 2] ^= 1
    victim.write_bytes(body)
    with pytest.raises(DigestMismatchError, match=victim.name):
        twin_of(LocalDisk(root), read_torrent(archive.torrent))
    victim.unlink()
    with pytest.raises(NotHeldError):
        twin_of(LocalDisk(root), read_torrent(archive.torrent))


def test_both_swarms_are_shared_from_one_folder(
    archive: Archive, twin: bytes, tmp_path: Path
) -> None:
    """A volume and its twin run side by side in one engine, and a plain client of either gets all
    of it; nothing in the archive changes."""
    before = every_trace(archive.root)
    with Seeder(EngineSettings.loopback()) as seeder:
        volume = seeder.add(archive.torrent, archive.volumes)
        second = seeder.add_twin(twin, archive.volumes)
        assert (second.name, second.info_hash_v2) == (f"{NAME}.v1", "0" * 64)
        assert second.info_hash_v1 != volume.info_hash_v1
        for number, torrent in enumerate((archive.torrent, twin)):
            place = tmp_path / str(number)
            peer = Peer(torrent, place)
            peer.connect(seeder.port)
            until(lambda peer=peer: peer.status().is_seeding, peer.wait, "all of it")
            peer.close()
            assert same_tree(place / NAME, archive.root / "objects")
        assert seeder.troubles() == []
        seeder.remove(second.name)
        assert [one.name for one in seeder.progress()] == [NAME]
    assert every_trace(archive.root) == before


def test_damage_met_in_a_twin_names_every_file_it_can_be_in(
    archive: Archive, twin: bytes, tmp_path: Path
) -> None:
    """A piece of a twin may run across files: all of them are told, the damaged one among them."""
    root = tmp_path / "archive"
    shutil.copytree(archive.root, root, symlinks=True)
    victim = max(root.rglob("*.bin"), key=lambda path: path.stat().st_size)
    victim.chmod(0o644)
    body = bytearray(victim.read_bytes())
    body[0] ^= 1
    victim.write_bytes(body)
    with Seeder(EngineSettings.loopback()) as seeder:
        seeder.add_twin(twin, root / "volumes")
        peer = Peer(twin, tmp_path / "peer")
        peer.connect(seeder.port)
        until(lambda: bool(seeder.troubles()), seeder.wait_for_news, "damage is met")
        peer.close()
        until(
            lambda: any(victim.name in one.path for one in seeder.troubles()),
            seeder.wait_for_news,
            "the file is named",
        )
    assert hashlib.sha256(victim.read_bytes()).digest() == hashlib.sha256(body).digest()
