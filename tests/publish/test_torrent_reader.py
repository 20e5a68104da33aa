"""What was sealed comes back, and nothing else is taken for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.errors import MalformedError
from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.bencode import decode, encode
from phonotheque.publish.torrent import Torrent, assemble, read_torrent
from phonotheque.publish.torrent_reader import MAX_TORRENT_BYTES
from publish.trees import TREE, edge_tree, libtorrent_hybrid, torrent_files, write_tree

SEALED: Torrent = assemble("v", torrent_files(TREE))


def test_a_sealed_torrent_gives_back_what_was_hashed() -> None:
    """Names, sizes, roots, layers and SHA-1s come back, so a rebuild reads no audio."""
    rng = random.Random(9)
    for _ in range(6):
        files = torrent_files(edge_tree(rng, PIECE_BYTES))
        torrent = assemble("é v", files)

        summary = read_torrent(torrent.data)

        expected = {
            f.path: (d.size_bytes, d.pieces_root, d.layer, d.sha1s)
            for f in files
            for d in (f.digests,)
        }
        found = {f.path: (f.size_bytes, f.pieces_root, f.layer, f.sha1s) for f in summary.files}
        assert found == expected
        assert (summary.name, summary.piece_bytes) == ("é v", PIECE_BYTES)
        assert summary.info_hash_v1 == torrent.info_hash_v1
        assert summary.info_hash_v2 == torrent.info_hash_v2


def damage(change: Callable[[Any], object]) -> bytes:
    """A torrent of ours after `change` was made to its decoded value."""
    value: Any = decode(SEALED.data)
    change(value)
    return encode(value)


def one(value: Any) -> Any:
    """The leaf of the file `ab/cd/one`."""
    return value[b"info"][b"file tree"][b"ab"][b"cd"][b"one"][b""]


def info_put(key: bytes, item: object) -> Callable[[Any], object]:
    return lambda value: value[b"info"].__setitem__(key, item)


def leaf_put(key: bytes, item: object) -> Callable[[Any], object]:
    return lambda value: one(value).__setitem__(key, item)


def add_path(part: bytes) -> Callable[[Any], object]:
    """Give the file `ab/cd/one` another last part."""

    def change(value: Any) -> None:
        folder = value[b"info"][b"file tree"][b"ab"][b"cd"]
        folder[part] = folder.pop(b"one")

    return change


def deep(value: Any) -> None:
    leaf = one(value)
    for _ in range(60):
        leaf = {b"d": leaf}
    value[b"info"][b"file tree"] = leaf


def flip_layer(value: Any) -> None:
    layers = value[b"piece layers"]
    for root, layer in layers.items():
        layers[root] = bytes([layer[0] ^ 1]) + layer[1:]


def shorten_layer(value: Any) -> None:
    layers = value[b"piece layers"]
    for root, layer in layers.items():
        layers[root] = layer[:-32]


HOSTILE: list[tuple[str, Callable[[Any], object], str]] = [
    ("other piece length", info_put(b"piece length", 2 * PIECE_BYTES), "pieces of 1 MiB"),
    ("piece length as text", info_put(b"piece length", b"1048576"), "pieces of 1 MiB"),
    ("other version", info_put(b"meta version", 1), "not a hybrid"),
    ("v1 only", lambda v: v[b"info"].pop(b"meta version"), "not a hybrid"),
    ("no file tree", lambda v: v[b"info"].pop(b"file tree"), "file tree"),
    ("v2 only", lambda v: v[b"info"].pop(b"files"), "'files'"),
    ("no pieces", lambda v: v[b"info"].pop(b"pieces"), "pieces"),
    ("no layers", lambda v: v.pop(b"piece layers"), "piece layers"),
    ("no info", lambda v: v.pop(b"info"), "info"),
    ("info is a list", lambda v: v.__setitem__(b"info", []), "info"),
    ("private", info_put(b"private", 1), "foreign key b'private'"),
    ("no name", lambda v: v[b"info"].pop(b"name"), "name"),
    ("name leaves the folder", info_put(b"name", b".."), "'..'"),
    ("name with a slash", info_put(b"name", b"a/b"), "'a/b'"),
    ("name not UTF-8", info_put(b"name", b"\xff"), "utf-8"),
    ("name too long", info_put(b"name", b"n" * 100_000), "longer than 240 bytes"),
    ("path leaves the folder", add_path(b".."), "'..'"),
    ("path with a slash", add_path(b"/etc/passwd"), "'/etc/passwd'"),
    ("path with NUL", add_path(b"a\0b"), "path"),
    ("path not UTF-8", add_path(b"\xc0\xaf"), "utf-8"),
    ("path renamed in v2 alone", add_path(b"two"), "'files' in info"),
    ("too deep", deep, "folders deep"),
    ("empty tree", info_put(b"file tree", {}), "number of v1 pieces"),
    ("tree is a file", info_put(b"file tree", {b"": {b"length": 1}}), "pieces root"),
    ("leaf is a number", lambda v: v[b"info"][b"file tree"].__setitem__(b"x", 1), "file tree"),
    ("size 0", leaf_put(b"length", 0), "no bytes or no root"),
    ("size negative", leaf_put(b"length", -1), "no bytes or no root"),
    ("size huge", leaf_put(b"length", 2**63 - 1), "piece layer of 'ab/cd/one'"),
    ("size another within a piece", leaf_put(b"length", 4), "'files' in info"),
    ("size as text", leaf_put(b"length", b"3"), "no bytes or no root"),
    ("short root", leaf_put(b"pieces root", bytes(31)), "no bytes or no root"),
    ("no root", lambda v: one(v).pop(b"pieces root"), "pieces root"),
    ("attribute", leaf_put(b"attr", b"x"), "'file tree' in info"),
    ("symlink", leaf_put(b"symlink path", [b"etc"]), "'file tree' in info"),
    ("tail not padded", lambda v: v[b"info"][b"files"].pop(), "'files' in info"),
    ("v1 in another order", lambda v: v[b"info"][b"files"].reverse(), "'files' in info"),
    ("SHA-1s too few", info_put(b"pieces", bytes(20)), "number of v1 pieces"),
    ("SHA-1s too many", info_put(b"pieces", bytes(20 * 99)), "number of v1 pieces"),
    ("layer damaged", flip_layer, "does not fold"),
    ("layer short", shorten_layer, "no piece layer"),
    ("layer absent", lambda v: v[b"piece layers"].clear(), "piece layer of 'ab/cd/long'"),
    ("layer too many", lambda v: v[b"piece layers"].__setitem__(bytes(32), b""), "no file"),
]


@pytest.mark.parametrize(("change", "wrong"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_foreign_or_hostile_torrent_is_refused_by_name(
    change: Callable[[Any], object], wrong: str
) -> None:
    """Anything but our own form is refused, and the refusal says what is wrong, shortly."""
    with pytest.raises(MalformedError) as refused:
        read_torrent(damage(change), thing="published/v.torrent")

    assert wrong in refused.value.wrong
    assert refused.value.thing == "published/v.torrent"
    assert len(refused.value.wrong) < 6000


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "at byte 0"),
        (b"l" * 1000, "nested"),
        (b"i1e", "torrent"),
        (b"le", "torrent"),
        (b"d4:infodee", "piece layers"),
        (b"l" + b"de" * 600_000 + b"e", "tokens"),
        (bytes(MAX_TORRENT_BYTES + 1), "longer than 10,000,000 bytes"),
    ],
    ids=["empty", "deep", "number", "list", "hollow", "tokens", "long"],
)
def test_what_is_no_torrent_is_refused(data: bytes, wrong: str) -> None:
    """Other bytes, and bombs of depth, tokens and length, are refused."""
    with pytest.raises(MalformedError) as refused:
        read_torrent(data)

    assert wrong in refused.value.wrong


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_flipped_byte_is_refused_or_changes_the_identity(rng: random.Random) -> None:
    """One changed byte is never taken for what was sealed, and never raises anything else."""
    torrent = SEALED
    data = bytearray(torrent.data)
    data[rng.randrange(len(data))] ^= rng.randint(1, 255)

    try:
        summary = read_torrent(bytes(data))
    except MalformedError:
        return
    assert summary.info_hash_v2 != torrent.info_hash_v2


def test_foreign_creators_are_refused(tmp_path: Path) -> None:
    """What libtorrent makes in our form is taken; at another piece length it is refused."""
    write_tree(tmp_path / "v", TREE)

    assert read_torrent(libtorrent_hybrid(tmp_path / "v", PIECE_BYTES)).name == "v"
    with pytest.raises(MalformedError, match="pieces of 1 MiB"):
        read_torrent(libtorrent_hybrid(tmp_path / "v", PIECE_BYTES // 2))
