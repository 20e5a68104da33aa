"""The one form of torrent that we make: which names, which order, which padding, which layers.

Laws: files stand in the order of the raw bytes of their path's parts, whatever order they were
given in; every file is followed by zeros to a whole piece, the last one too; a layer is taken only
when it folds to its root. Writing and reading both go through here, so there is one rule.

Why each of these is so: `docs/reference/torrent.md`.
Source: BEP 3, BEP 47 ("Padding files"), BEP 52 ("File tree", "piece layers").

Not here: bytes of a whole .torrent file (`phonotheque.publish.torrent`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from phonotheque.errors import DigestMismatchError
from phonotheque.publish.bencode import Encodable
from phonotheque.store.digests import fold_layer

PAD_FOLDER = ".pad"
"""BEP 47's name for files of zeros. Nothing else may stand in it."""

MAX_PART_BYTES = 240
"""Longest part of a path, in UTF-8: libtorrent 2.1 shortens longer ones on the reader's disk."""

MAX_PARTS = 20
"""Most parts of a path. Ours have three; a bound keeps a hostile torrent's paths small."""


class SealedFile(msgspec.Struct, frozen=True, gc=False):
    """What a torrent says of one file: `Digests` without the plain SHA-256.

    Attributes:
        path: Parts of the path below the torrent's folder.
        size_bytes: 1 or more.
        pieces_root: 32 bytes.
        layer: 32 bytes for each piece, empty for a file of one piece; it folds to `pieces_root`.
        sha1s: 20 bytes for each piece, the last piece padded with zeros.
    """

    path: tuple[str, ...]
    size_bytes: int
    pieces_root: bytes
    layer: bytes
    sha1s: bytes


def encode_part(text: str) -> bytes:
    """Return one part of a path as UTF-8.

    Raises:
        ValueError: It is empty, ".", "..", longer than 240 bytes, or has "/", NUL or what UTF-8
            cannot say.
    """
    if text in ("", ".", "..") or "/" in text or "\0" in text:
        raise ValueError(f"{text!r} cannot be a part of a path")
    raw = text.encode()  # UnicodeEncodeError is a ValueError
    if len(raw) > MAX_PART_BYTES:
        raise ValueError(f"{text[:40]!r}... is longer than {MAX_PART_BYTES} bytes")
    return raw


_encode_folder = lru_cache(maxsize=4096)(encode_part)  # each folder stands in many paths


def in_order(name: str, files: Sequence[SealedFile]) -> list[SealedFile]:
    """Return files in the torrent's order: that of the raw bytes of their path's parts.

    Raises:
        ValueError: No file; a path twice, or as file and folder; a path without parts, with more
            than 20, or with one that `encode_part` refuses; a path in ".pad"; a single file of the
            torrent's own name, which BEP 52 would read as a torrent without a folder.
    """
    encode_part(name)
    for file in files:
        _check_path(file.path)
    # Texts stand in the order of their UTF-8, and NUL, which no part has, goes before every letter:
    # so joined paths stand in the order of their parts, and a folder right before what is in it.
    by_path = {"\0".join(file.path): file for file in files}
    if not files or len(by_path) != len(files):
        raise ValueError("a torrent needs at least one file, and each path once")
    joined = sorted(by_path)
    before = "\0"
    for path in joined:
        if path.startswith(before):
            raise ValueError(f"a folder of {_shown(path)!r} is a file, too")
        before = path + "\0"
    if joined == [name]:
        raise ValueError(f"a single file cannot have the torrent's own name {name!r}")
    return [by_path[path] for path in joined]


def _check_path(path: tuple[str, ...]) -> None:
    if not 1 <= len(path) <= MAX_PARTS or path[0] == PAD_FOLDER:
        raise ValueError(f"{'/'.join(path)!r} cannot be the path of a file")
    *folders, leaf = path
    for folder in folders:
        _encode_folder(folder)
    encode_part(leaf)


def _shown(joined: str) -> str:
    return joined.replace("\0", "/")


def info_of(name: str, files: Sequence[SealedFile], piece_bytes: int) -> dict[str, Encodable]:
    """Return the info dictionary of files that are in order: what the info-hashes hash."""
    tree: dict[str, Any] = {}
    listed: list[Encodable] = []
    for file in files:
        folder = tree
        for part in file.path:
            folder = folder.setdefault(part, {})
        folder[""] = {"length": file.size_bytes, "pieces root": file.pieces_root}
        listed.append({"length": file.size_bytes, "path": file.path})
        if pad_bytes := -file.size_bytes % piece_bytes:
            listed.append({"attr": "p", "length": pad_bytes, "path": (PAD_FOLDER, str(pad_bytes))})
    return {
        "file tree": tree,
        "files": listed,
        "meta version": 2,
        "name": name,
        "piece length": piece_bytes,
        "pieces": b"".join(file.sha1s for file in files),
    }


def encode_info(name: str, files: Sequence[SealedFile], piece_bytes: int) -> bytes:
    """Return the bytes of `info_of`, written at once: a volume has 8,192 files.

    Files that are in order are in the order of the tree, so a folder is closed as soon as a path
    leaves it.
    """
    tree: list[bytes] = [b"d9:file treed"]
    listed: list[bytes] = [b"e5:filesl"]
    within: tuple[str, ...] = ()
    above = b""
    for file in files:
        folders = file.path[:-1]
        if folders != within:
            spelled = [_spell_folder(folder) for folder in folders]
            depth = _shared_depth(within, folders)
            tree.append(b"e" * (len(within) - depth))
            tree += [folder + b"d" for folder in spelled[depth:]]
            within, above = folders, b"".join(spelled)
        leaf, size_bytes = _spell(file.path[-1]), file.size_bytes
        root = file.pieces_root
        tree.append(b"%bd0:d6:lengthi%de11:pieces root32:%bee" % (leaf, size_bytes, root))
        listed.append(b"d6:lengthi%de4:pathl%b%bee" % (size_bytes, above, leaf))
        if pad_bytes := -size_bytes % piece_bytes:
            pad = b"%d" % pad_bytes
            listed.append(b"d4:attr1:p6:lengthi%be4:pathl4:.pad%d:%bee" % (pad, len(pad), pad))
    tree.append(b"e" * len(within))
    listed.append(b"e12:meta versioni2e4:name%b12:piece lengthi%de" % (_spell(name), piece_bytes))
    pieces = [file.sha1s for file in files]
    start_of_pieces = b"6:pieces%d:" % sum(map(len, pieces))
    return b"".join([*tree, *listed, start_of_pieces, *pieces, b"e"])


def _spell(part: str) -> bytes:
    """Return one part of a path in bencode."""
    raw = part.encode()
    return b"%d:%b" % (len(raw), raw)


_spell_folder = lru_cache(maxsize=4096)(_spell)


def _shared_depth(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many folders two paths go through together from the top."""
    depth = 0
    for folder, twin in zip(one, other, strict=False):
        if folder != twin:
            break
        depth += 1
    return depth


def encode_layers(layers: Mapping[bytes, bytes]) -> bytes:
    """Return the bytes of piece layers by root."""
    parts = [b"32:%b%d:%b" % (root, len(layers[root]), layers[root]) for root in sorted(layers)]
    return b"".join([b"d", *parts, b"e"])


def proved_layers(files: Sequence[SealedFile], piece_bytes: int) -> dict[bytes, bytes]:
    """Return the piece layers by root, each folded to its root. Identical files share one.

    Raises:
        ValueError: A layer is not as long as its file needs, or a root stands with two layers.
        DigestMismatchError: A layer does not fold to its root.
    """
    layers: dict[bytes, bytes] = {}
    proved: set[tuple[int, bytes]] = set()
    for file in files:
        key = (file.size_bytes, file.pieces_root)  # never the root alone
        if file.size_bytes <= piece_bytes:
            continue
        if layers.setdefault(file.pieces_root, file.layer) != file.layer:
            raise ValueError(f"{'/'.join(file.path)!r} has another layer than its twin")
        if key in proved:
            continue
        root = fold_layer(file.layer, file.size_bytes, piece_bytes=piece_bytes)
        if root != file.pieces_root:
            raise DigestMismatchError(
                "/".join(file.path),
                "its piece layer does not fold to its pieces root",
                "Run `phono rebuild`, which reads its digests anew.",
            )
        proved.add(key)
    return layers
