"""Volumes to be mirrored: one of random bytes, and many of sparse files as large as real ones."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

from phonotheque.music.digest import LEAF_BYTES, PIECE_BYTES
from phonotheque.publish.torrent import TorrentFile, assemble
from phonotheque.publish.torrent_form import (
    SealedFile,
    encode_info,
    encode_layers,
    in_order,
    proved_layers,
)
from phonotheque.store.digests import digest_file, fold_layer, piece_root

if TYPE_CHECKING:
    from phonotheque.mirror.contents import Contents, Part

NAME = "bench-open-all-00001"
SPARSE_BYTES = 3_490_000
SPARSE_FILES = 8_192
_FIRST_BYTES = 16


def torrent_path(root: Path) -> Path:
    """Where the torrent of the volume lies."""
    return root / f"{NAME}.torrent"


def make_volume(root: Path, *, files: int, total_bytes: int) -> int:
    """Write a volume of random objects with its torrent; returns its length in bytes."""
    rng = random.Random(7)
    mean = total_bytes // files
    sealed = []
    for _ in range(files):
        body = rng.randbytes(rng.randrange(mean * 3 // 4, mean * 5 // 4))
        digest = hashlib.sha256(body).hexdigest()
        path = (digest[:2], digest[2:4], f"{digest}.mp3")
        file = root.joinpath("objects", *path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        with file.open("rb", buffering=0) as opened:
            sealed.append(TorrentFile(path, digest_file(opened)))
    _link(root, NAME)
    torrent = assemble(NAME, sealed)
    torrent_path(root).write_bytes(torrent.data)
    return torrent.size_bytes


def _link(root: Path, name: str) -> None:
    (root / "volumes").mkdir(exist_ok=True)
    (root / "volumes" / name).symlink_to("../objects")


def volume_of(root: Path) -> Contents:
    """What is in the volume."""
    from phonotheque.mirror.contents import contents_of_sealed

    return contents_of_sealed(NAME, torrent_path(root).read_bytes(), is_volume=True)


def damage(root: Path, volume: Contents) -> list[Part]:
    """Flip a byte in two objects, cut two, delete two; returns them."""
    parts = random.Random(3).sample(volume.parts, 6)
    for number, part in enumerate(parts):
        path = root / part.target
        path.chmod(0o644)
        if number < 2:
            with path.open("r+b") as file:
                file.seek(part.size_bytes // 2)
                byte = file.read(1)[0]
                file.seek(part.size_bytes // 2)
                file.write(bytes([byte ^ 1]))
        elif number < 4:
            os.truncate(path, part.size_bytes // 2)
        else:
            path.unlink()
    return parts


def damaged_bytes(parts: list[Part]) -> int:
    """Bytes of the pieces that `damage` made bad: one each, then the second halves, then all."""
    flipped = 2 * PIECE_BYTES
    cut = sum(
        part.size_bytes - part.size_bytes // 2 // PIECE_BYTES * PIECE_BYTES for part in parts[2:4]
    )
    return flipped + cut + sum(part.size_bytes for part in parts[4:])


def make_sparse(root: Path, volumes: int, *, has_own_files: bool) -> None:
    """Write volumes of sparse files, each with its own first bytes, and their torrents.

    Args:
        root: Where to.
        volumes: How many; each has `SPARSE_FILES` files of `SPARSE_BYTES`.
        has_own_files: Each volume has files of its own; else all have the same ones, which costs
            an engine that shares them just as much.
    """
    zeros = [hashlib.sha256(bytes(LEAF_BYTES)).digest()]
    while len(zeros) < 7:
        zeros.append(hashlib.sha256(zeros[-1] * 2).digest())
    last = piece_root(bytes(SPARSE_BYTES % PIECE_BYTES))
    made: list[SealedFile] = []
    for number in range(volumes):
        name = f"bench-open-all-{number + 1:05d}"
        if has_own_files or not made:
            made = [
                _sparse_file(root, zeros, last, random.Random(f"{number}/{at}"))
                for at in range(SPARSE_FILES)
            ]
        ordered = in_order(name, made)
        layers = encode_layers(proved_layers(ordered, PIECE_BYTES))
        info = encode_info(name, ordered, PIECE_BYTES)
        (root / f"{name}.torrent").write_bytes(b"d4:info%b12:piece layers%be" % (info, layers))
        _link(root, name)


def _sparse_file(root: Path, zeros: list[bytes], last: bytes, rng: random.Random) -> SealedFile:
    """A file of zeros behind its first bytes; its tree follows without reading it.

    Its SHA-1s are made up: nobody asks for them, and hashing a terabyte of zeros takes an hour.
    """
    name, first = rng.randbytes(32).hex(), rng.randbytes(_FIRST_BYTES)
    folder = root / "objects" / name[:2] / name[2:4]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.mp3").open("wb") as file:
        file.write(first)
        file.truncate(SPARSE_BYTES)
    node = hashlib.sha256(first + bytes(LEAF_BYTES - _FIRST_BYTES)).digest()
    for level in range(6):
        node = hashlib.sha256(node + zeros[level]).digest()
    layer = node + zeros[6] * (SPARSE_BYTES // PIECE_BYTES - 1) + last
    tree = fold_layer(layer, SPARSE_BYTES)
    path = (name[:2], name[2:4], f"{name}.mp3")
    return SealedFile(path, SPARSE_BYTES, tree, layer, rng.randbytes(len(layer) // 32 * 20))
