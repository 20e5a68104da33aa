"""What a torrent says belongs on a mirror, and what is refused before anything is fetched."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mirror.swarm_stage import NAME, Bodies, make_origin, path_of
from phonotheque.errors import BadSignatureError, IntegrityError, MalformedError
from phonotheque.mirror.contents import (
    check_manifest,
    check_sums,
    contents_of_sealed,
    read_contents,
)
from phonotheque.publish.bencode import decode, encode
from phonotheque.publish.torrent import TorrentFile, assemble
from phonotheque.store.digests import digest_file

ORIGIN = make_origin(sizes=(1, 70_000))


def signed(data: bytes) -> Any:
    """The line of an index whose keys signed these bytes."""
    sha256 = hashlib.sha256(data).hexdigest()
    return msgspec.structs.replace(ORIGIN.line, torrent_sha256=sha256)


def torrent_with(change: Callable[[Any], object]) -> bytes:
    value: Any = decode(ORIGIN.torrent.data)
    change(value)
    return encode(value)


def tree(value: Any) -> Any:
    return value[b"info"][b"file tree"]


def test_every_file_of_a_volume_has_its_place() -> None:
    """Objects go to their names, lists to their folder, and each has what proves it."""
    contents = ORIGIN.contents
    assert {part.target for part in contents.parts} == {f"objects/{p}" for p in ORIGIN.bodies}
    for part in contents.parts:
        digests = digest_file(io.BytesIO(ORIGIN.bodies[part.path]))
        assert (part.size_bytes, part.root) == (digests.size_bytes, digests.pieces_root)
        assert part.name is None or part.name.sha256 == digests.sha256
    assert contents_of_sealed(NAME, ORIGIN.torrent.data, is_volume=True).parts == contents.parts


def test_other_bytes_than_the_index_names_are_not_read() -> None:
    """A torrent with any other SHA-256 is refused, however right it looks."""
    with pytest.raises(BadSignatureError):
        read_contents(ORIGIN.line, ORIGIN.torrent.data + b"\n")


@pytest.mark.parametrize("changes", [{"v2": "1" * 64}, {"files": 7}, {"id": "weir-open-all-2"}])
def test_a_line_that_does_not_fit_its_torrent_is_refused(changes: dict[str, Any]) -> None:
    """An index that names one torrent and describes another is not followed."""
    with pytest.raises(BadSignatureError):
        read_contents(msgspec.structs.replace(ORIGIN.line, **changes), ORIGIN.torrent.data)


HOSTILE: dict[str, bytes] = {
    "traversal": torrent_with(lambda v: tree(v).__setitem__(b"..", tree(v)[b"lists"])),
    "absurd piece length": torrent_with(lambda v: v[b"info"].__setitem__(b"piece length", 1 << 62)),
    "no v2": torrent_with(lambda v: v[b"info"].__delitem__(b"file tree")),
    "deep bencode": b"d4:info" + b"l" * 2_000_000 + b"e" * 2_000_001,
    "many tokens": b"l" + b"le" * 2_000_000 + b"e",
    "a length that lies": b"d4:info9999999999:x",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_torrent_is_refused_though_it_was_signed(attack: str) -> None:
    """Whoever stole the key cannot make a mirror write elsewhere, or eat its memory."""
    data = HOSTILE[attack]
    with pytest.raises((MalformedError, BadSignatureError)):
        read_contents(signed(data), data)


def volume_of(*paths: str) -> bytes:
    body = b"body"
    files = [TorrentFile(tuple(p.split("/")), digest_file(io.BytesIO(body))) for p in paths]
    return assemble(NAME, files).data


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "ab/cd/notes.txt",
        "lists/other-open-all-00001/README.txt",
        f"lists/{NAME}/more.txt",
        f"lists/{NAME}/README.txt/x",
        f"ab/cd/{'0' * 64}.flac",  # an object of 0000… in the folder of another
        f"00/00/deeper/{'0' * 64}.flac",
    ],
)
def test_a_volume_holds_objects_and_its_own_lists_alone(path: str) -> None:
    """A file that belongs nowhere in an archive is refused by its name."""
    data = volume_of(path, path_of(b"body"))
    with pytest.raises(MalformedError, match="a volume cannot hold"):
        contents_of_sealed(NAME, data, is_volume=True)


@pytest.mark.parametrize("path", [".hidden", "catalogue/.git/config", "a\x1bb"])
def test_a_pack_holds_no_hidden_files(path: str) -> None:
    """What a pack brings is plain to see, and cannot steer a terminal."""
    body = digest_file(io.BytesIO(b"body"), piece_bytes=4 << 20)
    data = assemble(NAME, [TorrentFile(tuple(path.split("/")), body)], piece_bytes=4 << 20).data
    with pytest.raises(MalformedError):
        contents_of_sealed(NAME, data, is_volume=False)


SUMS = ORIGIN.bodies[f"lists/{NAME}/SHA256SUMS"]
MANIFEST = ORIGIN.bodies[f"lists/{NAME}/manifest.tsv"]


def test_the_lists_of_a_volume_agree_with_its_torrent() -> None:
    """What coreutils check is what the torrent proves."""
    check_sums(ORIGIN.contents, SUMS, {})
    check_manifest(ORIGIN.contents, MANIFEST)


@pytest.mark.parametrize(
    "lie",
    [
        SUMS.replace(SUMS[:4], b"0000", 1),
        SUMS + b"0" * 64 + b"  ../../etc/passwd\n",
        SUMS.split(b"\n", 1)[1],
        SUMS + b"not a line\n",
    ],
    ids=["another digest", "one more", "one less", "no line"],
)
def test_sums_that_disagree_are_refused(lie: bytes) -> None:
    """A list with another digest, one file more or one less, or a line that is none, is refused."""
    with pytest.raises(IntegrityError):
        check_sums(ORIGIN.contents, lie, {})


def test_sums_are_held_against_what_was_read() -> None:
    """A list that lies about a file without a name is found by what was read of that file."""
    path = f"lists/{NAME}/README.txt"
    digests = digest_file(io.BytesIO(b"something else"))
    with pytest.raises(MalformedError, match=r"README\.txt"):
        check_sums(ORIGIN.contents, SUMS, {path: digests.sha256})


def _without_a_row(bodies: Bodies) -> bytes:
    head, _, rest = bodies[f"lists/{NAME}/manifest.tsv"].split(b"\n", 2)
    return head + b"\n" + rest


@pytest.mark.parametrize(
    "lie",
    [
        _without_a_row(ORIGIN.bodies),
        MANIFEST.replace(b".bin", b".mp3"),
        MANIFEST + MANIFEST.split(b"\n")[1] + b"\n",
        b"\xff\xfe",
    ],
    ids=["one less", "another ending", "one twice", "no text"],
)
def test_a_manifest_that_disagrees_is_refused(lie: bytes) -> None:
    """A manifest with other objects than its torrent is refused: people would believe it."""
    with pytest.raises(MalformedError, match="manifest"):
        check_manifest(ORIGIN.contents, lie)
