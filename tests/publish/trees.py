"""Random folders whose files have the lengths at which torrents go wrong, and libtorrent's answer.

Edges: one byte; the 63, 64 and 65 bytes of an inner node; a block, a piece and several of them,
each one less and one more; names that sort differently as text, as bytes and without case.

One edge is left out here and tested by itself: beside a folder "a", a name like "a!", "a b" or
"a.b". libtorrent 2.1.1 sorts whole paths, so that "/" counts as a byte, and makes hybrids whose v1
and v2 halves differ; it then refuses them itself.
"""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import libtorrent as lt

from phonotheque.music.digest import LEAF_BYTES, PIECE_BYTES
from phonotheque.publish.torrent import TorrentFile
from phonotheque.store.digests import digest_file

Tree: TypeAlias = Mapping[tuple[str, ...], bytes]

TREE: Tree = {
    ("ab", "cd", "one"): b"one",
    ("ab", "cd", "long"): random.Random(1).randbytes(2 * PIECE_BYTES + 1),
    ("ab", "ef", "whole"): random.Random(2).randbytes(PIECE_BYTES),
    ("lists", "v", "README.txt"): b"one",
}
"""A small volume: two files of one bytes, one of exactly a piece, one of more than two."""

FOLDERS: tuple[tuple[str, ...], ...] = (
    (),
    ("a",),
    ("A",),
    ("b", "c"),
    ("é",),
    ("c d",),
    ("ÿ", "日本"),
)
NAMES = ("x", "Z", "~", "0", "ÿ", "é", "e\u0301", "𝄞", " ", "x.y", "x-y")


def edge_sizes(piece_bytes: int) -> list[int]:
    """Lengths around every edge that a tree of this piece length has."""
    edges = [LEAF_BYTES, 2 * LEAF_BYTES, piece_bytes, 2 * piece_bytes, 3 * piece_bytes]
    around = {edge + step for edge in edges for step in (-1, 0, 1)}
    return sorted({1, 2, 63, 64, 65, 5 * LEAF_BYTES + 7, *around})


def edge_tree(rng: random.Random, piece_bytes: int) -> Tree:
    """Two to seven files, sometimes two of the same bytes."""
    sizes = edge_sizes(piece_bytes)
    tree: dict[tuple[str, ...], bytes] = {}
    for number in range(rng.randint(2, 7)):
        path = (*rng.choice(FOLDERS), f"{rng.choice(NAMES)}{number}")
        twin = rng.random() < 0.15 and tree
        tree[path] = rng.choice(list(tree.values())) if twin else rng.randbytes(rng.choice(sizes))
    return tree


def torrent_files(tree: Tree, *, piece_bytes: int = PIECE_BYTES) -> list[TorrentFile]:
    """The tree's files with their digests, as the store would remember them."""
    return [
        TorrentFile(path, digest_file(io.BytesIO(data), piece_bytes=piece_bytes))
        for path, data in tree.items()
    ]


def write_tree(folder: Path, tree: Tree) -> None:
    """Put the tree on the disk."""
    for path, data in tree.items():
        file = folder.joinpath(*path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def libtorrent_hybrid(folder: Path, piece_bytes: int) -> bytes:
    """The hybrid torrent that libtorrent makes of a folder, reading every byte."""
    creator = lt.create_torrent(lt.list_files(str(folder)), piece_bytes, 0)
    lt.set_piece_hashes(creator, str(folder.parent))
    return bytes(lt.bencode(creator.generate()))
