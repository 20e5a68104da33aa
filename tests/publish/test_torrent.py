"""Torrents put together from digests are those that libtorrent makes by reading every byte."""

from __future__ import annotations

import hashlib
import io
import random
import time
from pathlib import Path

import libtorrent as lt
import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phonotheque.errors import DigestMismatchError
from phonotheque.music.digest import LEAF_BYTES, PIECE_BYTES
from phonotheque.publish.bencode import encode
from phonotheque.publish.torrent import (
    Torrent,
    TorrentFile,
    assemble,
    magnet,
    read_torrent,
)
from phonotheque.publish.torrent_form import SealedFile, encode_info, in_order, info_of
from phonotheque.store.digests import digest_file
from publish.trees import TREE, Tree, edge_tree, libtorrent_hybrid, torrent_files, write_tree

TWISTED: Tree = {  # in the order of parts; as whole paths "a b/x" would come first, "a/y" last
    ("a", "y"): b"1",
    ("a b", "x"): b"22" * PIECE_BYTES,
    ("a!",): b"333",
    ("a.b",): b"4444",
}
TREES_PER_PIECE_LENGTH = 23  # times 7 lengths: 161 trees


def v2_hash(info: lt.torrent_info) -> bytes:
    return bytes(info.info_hashes().v2.to_bytes())


def v1_hash(info: lt.torrent_info) -> bytes:
    return bytes(info.info_hashes().v1.to_bytes())


SEALED: Torrent = assemble("v", torrent_files(TREE))


@pytest.mark.parametrize("piece_bytes", [LEAF_BYTES << shift for shift in range(7)])
def test_every_tree_gets_the_torrent_that_libtorrent_makes(
    piece_bytes: int, tmp_path: Path
) -> None:
    """Both info-hashes and all layers equal libtorrent's, and libtorrent loads our bytes."""
    rng = random.Random(piece_bytes)
    for number in range(TREES_PER_PIECE_LENGTH):
        tree = edge_tree(rng, piece_bytes)
        folder = tmp_path / str(number) / "top"
        write_tree(folder, tree)

        ours = assemble(
            "top", torrent_files(tree, piece_bytes=piece_bytes), piece_bytes=piece_bytes
        )

        theirs = libtorrent_hybrid(folder, piece_bytes)
        loaded, reference = lt.torrent_info(ours.data), lt.torrent_info(theirs)
        sizes = {path: len(data) for path, data in tree.items()}
        assert v2_hash(reference) == v2_hash(loaded) == ours.info_hash_v2, sizes
        assert v1_hash(reference) == v1_hash(loaded) == ours.info_hash_v1, sizes
        their_layers = lt.bdecode(theirs)[b"piece layers"]
        assert lt.bdecode(ours.data)[b"piece layers"] == their_layers, sizes
        assert ours.size_bytes == sum(sizes.values())


@pytest.mark.parametrize("tree", [TREE, TWISTED], ids=["plain", "twisted"])
def test_libtorrent_finds_the_files_whole(tree: Tree, tmp_path: Path) -> None:
    """A client that is given our torrent and the files checks all pieces, v1 and v2, as good."""
    write_tree(tmp_path / "v", tree)
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "alert_mask": lt.alert_category.status,
        }
    )
    params = lt.load_torrent_buffer(assemble("v", torrent_files(tree)).data)
    params.save_path = str(tmp_path)
    params.flags |= lt.torrent_flags.upload_mode
    handle = session.add_torrent(params)

    deadline = time.monotonic() + 180
    checked = False
    while not checked and time.monotonic() < deadline:
        session.wait_for_alert(1000)
        checked = any(isinstance(a, lt.torrent_checked_alert) for a in session.pop_alerts())

    status = handle.status()
    assert checked
    assert (status.is_seeding, status.progress) == (True, 1.0)


def test_names_that_libtorrent_sorts_wrongly_are_sorted_by_parts(tmp_path: Path) -> None:
    """Where libtorrent's creator makes a hybrid that it refuses to load, it loads ours."""
    write_tree(tmp_path / "v", TWISTED)
    with pytest.raises(RuntimeError, match="v1 and v2 file metadata does not match"):
        lt.torrent_info(libtorrent_hybrid(tmp_path / "v", PIECE_BYTES))

    torrent = assemble("v", torrent_files(TWISTED))

    assert v2_hash(lt.torrent_info(torrent.data)) == torrent.info_hash_v2
    assert [file.path for file in read_torrent(torrent.data).files] == list(TWISTED)


def test_the_form_is_frozen() -> None:
    """These bytes never change: published info-hashes name them for ever."""
    torrent = assemble(
        "v",
        torrent_files(TREE),
        announce=["https://tracker.example/a", "udp://tracker.example:6969"],
        web_seeds=["https://archive.example/volumes"],
        comment="Free music",
        creator="Phonotheque",
        created_at=1_700_000_000,
    )

    assert torrent.info_hash_v1.hex() == "fd16eab4d3ad02c373ea442ddddae8fa8c0fe4d7"
    assert (
        torrent.info_hash_v2.hex()
        == "b0c63fe15607d39d2a8b0bd76639605a6aa2198cf96dbb167be564ad0b8b691f"
    )
    assert (
        hashlib.sha256(torrent.data).hexdigest()
        == "857e4439df80cdd1481c89edf9af0a8cc2baa3b03f51a518433069f88cd7cc05"
    )


PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(tuple)
LENGTHS = st.integers(1, 3 * PIECE_BYTES) | st.sampled_from([PIECE_BYTES, 2 * PIECE_BYTES])


@settings(deadline=None)
@given(PARTS, st.dictionaries(PATHS, LENGTHS, min_size=1, max_size=12), st.sampled_from([0, 2]))
def test_both_ways_to_write_an_info_dictionary_agree(
    name: str, sizes: dict[tuple[str, ...], int], shift: int
) -> None:
    """What is written at once is, to the byte, what bencode makes of the dictionary."""
    piece_bytes = PIECE_BYTES << shift
    files = [
        SealedFile(path, size, bytes([number]) * 32, b"", bytes(20 * -(-size // piece_bytes)))
        for number, (path, size) in enumerate(sizes.items())
    ]
    try:
        ordered = in_order(name, files)
    except ValueError:
        assume(False)

    written = encode_info(name, ordered, piece_bytes)

    assert written == encode(info_of(name, ordered, piece_bytes))


@settings(max_examples=30, deadline=None)
@given(st.permutations(torrent_files(TREE)))
def test_the_order_in_which_files_are_given_does_not_matter(files: list[TorrentFile]) -> None:
    """The same files give the same bytes."""
    assert assemble("v", files).data == SEALED.data


def test_what_stands_around_changes_no_info_hash() -> None:
    """Trackers, web seeds and texts stand outside of what is signed, where clients look."""
    plain = SEALED

    dressed = assemble(
        "v",
        torrent_files(TREE),
        announce=["http://one.example/", "http://two.example/"],
        web_seeds=["http://web.example/volumes", "http://web.example/again/"],
        comment="é",
        creator="us",
        created_at=0,
    )

    params = lt.load_torrent_buffer(dressed.data)
    assert dressed.data != plain.data
    assert dressed.info_hash_v2 == plain.info_hash_v2
    assert dressed.info_hash_v1 == plain.info_hash_v1
    assert list(params.trackers) == ["http://one.example/", "http://two.example/"]
    assert list(params.tracker_tiers) == [0, 1]
    assert list(params.url_seeds) == ["http://web.example/volumes/", "http://web.example/again/"]
    assert lt.torrent_info(dressed.data).comment() == "é"


def test_a_magnet_link_says_all_that_libtorrent_needs() -> None:
    """libtorrent reads from it both info-hashes, the name, trackers and web seeds."""
    torrent = assemble("Lumière & 音", torrent_files(TREE))

    link = magnet(torrent, ["http://t.example/announce?x=1&y=2"], ["http://w.example/volumes"])

    params = lt.parse_magnet_uri(link)
    assert params.info_hashes.v1.to_bytes() == torrent.info_hash_v1
    assert params.info_hashes.v2.to_bytes() == torrent.info_hash_v2
    assert params.name == "Lumière & 音"
    assert list(params.trackers) == ["http://t.example/announce?x=1&y=2"]
    assert list(params.url_seeds) == ["http://w.example/volumes/"]
    assert link.isascii()


@pytest.mark.parametrize(
    "paths",
    [
        [],
        [()],
        [("a",), ("a",)],
        [("a",), ("a", "b")],
        [("a", "b", "c"), ("a",), ("a!",)],
        [("a", "b"), ("a\x01",), ("a!", "c"), ("a",)],
        [("..",)],
        [("a", "..", "b")],
        [(".", "b")],
        [("",)],
        [("a/b",)],
        [("a\0",)],
        [("\ud800",)],
        [("x" * 241,)],
        [("é" * 121,)],
        [("a",) * 21],
        [(".pad", "1")],
        [("v",)],
    ],
)
def test_unsafe_or_ambiguous_paths_are_refused(paths: list[tuple[str, ...]]) -> None:
    """No torrent is made that a client would unpack elsewhere, or in two ways."""
    digests = digest_file(io.BytesIO(b"x"))

    with pytest.raises(ValueError, match=r"path|part|file|surrogates|longer"):
        assemble("v", [TorrentFile(path, digests) for path in paths])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "\udcff", "x" * 241])
def test_unsafe_names_are_refused(name: str) -> None:
    """A torrent's name is one part of a path."""
    with pytest.raises(ValueError, match=r"part|surrogates|longer"):
        assemble(name, torrent_files(TREE))


def test_paths_at_the_limits_are_taken() -> None:
    """The longest part and the deepest path come back as they were given."""
    tree = {("é" * 120,): b"1", ("a",) * 20: b"2", ("b", "v"): b"3", ("c", ".pad"): b"4"}

    summary = read_torrent(assemble("v", torrent_files(tree)).data)

    assert {file.path for file in summary.files} == set(tree)


def test_a_damaged_record_is_not_sealed() -> None:
    """A stored layer with a flipped bit never gets into a torrent."""
    (file,) = torrent_files({("a",): bytes(PIECE_BYTES + 1)})
    damaged = msgspec.structs.replace(file.digests, layer=bytes([1, *file.digests.layer[1:]]))

    with pytest.raises(DigestMismatchError, match="does not fold"):
        assemble("v", [TorrentFile(("a",), damaged)])
    with pytest.raises(ValueError, match="another layer than its twin"):
        assemble("v", [file, TorrentFile(("b",), damaged)])


def test_one_root_of_two_lengths_is_two_files(tmp_path: Path) -> None:
    """A short file made of a long one's inner nodes has its root, and both stay what they are."""
    long, piece = random.Random(5).randbytes(2 * PIECE_BYTES), random.Random(6).randbytes(20_000)
    long_digests = digest_file(io.BytesIO(long))
    tree = {
        ("long",): long,
        ("long-nodes",): long_digests.layer,
        ("piece",): piece,
        ("piece-nodes",): hashlib.sha256(piece[:LEAF_BYTES]).digest()
        + hashlib.sha256(piece[LEAF_BYTES:]).digest(),
    }
    write_tree(tmp_path / "v", tree)

    torrent = assemble("v", torrent_files(tree))

    files = read_torrent(torrent.data).files
    assert [file.size_bytes for file in files] == [2 * PIECE_BYTES, 64, 20_000, 64]
    assert [bool(file.layer) for file in files] == [True, False, False, False]
    assert files[0].pieces_root == files[1].pieces_root
    assert files[2].pieces_root == files[3].pieces_root
    theirs = lt.torrent_info(libtorrent_hybrid(tmp_path / "v", PIECE_BYTES))
    assert v2_hash(theirs) == torrent.info_hash_v2
