"""A v1-only twin of a volume's torrent, for clients that cannot read hybrids.

It names the same files under the same paths in the same order, so it is shared from the same
folder; but without v2 hashes and without padding: clients that know no padding (BEP 47) would fetch
and keep it as files, and rtorrent 0.9.8 stops in the middle of larger volumes that have it. The
price: its pieces run across the ends of files, so their SHA-1s follow from nothing that is stored,
and every file is read to make it. It also splits the swarm, so it is made on demand alone.

Laws: no unproven byte is hashed into it: each file is held against its name, or its root in the
sealed torrent, while it is read; the same volume gives the same bytes; memory does not grow with
the files. Nothing signs a twin, so it is never believed by its name: it lists the files of its
sealed torrent and no other, and its comment has the digest of all the rest, which tells damage.

Source: BEP 3. Not here: for which volumes (`archive.bulk.twins`), sharing it (`engine`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phonotheque.disk import Disk, read_whole
from phonotheque.errors import DigestMismatchError, MalformedError
from phonotheque.publish.bencode import Encodable, decode, encode
from phonotheque.publish.sealed import sealed_bytes, torrent_path, twin_path
from phonotheque.publish.torrent import outer_of
from phonotheque.publish.torrent_form import SealedFile
from phonotheque.publish.torrent_reader import MAX_TORRENT_BYTES, TorrentSummary, read_torrent
from phonotheque.register.events import Volume
from phonotheque.store.digests import BUFFER_BYTES, tree_of_file
from phonotheque.store.objects import OBJECTS, parse_file_name

MADE_ANEW_BY = "Run `phono publish run --compat v1`, which makes it anew."
"""What to do about a twin that is none."""

_SAYS = "For clients without BitTorrent v2; the archive signs {}. All but these digits hashes to "
_DIGITS = 64
_UNSAID = "0" * _DIGITS


def twin_of(
    disk: Disk,
    sealed: TorrentSummary,
    on_file: Callable[[int], object] = lambda _: None,
    *,
    announce: Sequence[str] = (),
    web_seeds: Sequence[str] = (),
) -> bytes:
    """Return the bytes of the v1-only .torrent file of a volume.

    Args:
        disk: The archive's; every file of the volume is read.
        sealed: The volume's own torrent.
        on_file: Told of the bytes of each file that was read.
        announce: Trackers.
        web_seeds: Base URLs under which `name/path` is served.

    Raises:
        NotHeldError: A file is missing.
        DigestMismatchError: A file is not what was sealed.

    Cost: a SHA-1 and a SHA-256 of every byte, 1.6 CPU s for 1 GB on a busy machine.
    """
    info: dict[str, Encodable] = {
        "files": [{"length": file.size_bytes, "path": file.path} for file in sealed.files],
        "name": sealed.name,
        "piece length": sealed.piece_bytes,
        "pieces": _pieces(disk, sealed, on_file),
    }
    comment = _SAYS.format(sealed.info_hash_v2.hex()) + _UNSAID
    outer = outer_of(
        {
            "announce": announce,
            "web_seeds": web_seeds,
            "comment": comment,
            "creator": "Phonotheque",
        }
    )
    data = encode({**outer, "info": info})
    at = _digits_at(data, sealed.info_hash_v2.hex())
    return data[:at] + _digest_around(data, at) + data[at + _DIGITS :]


def is_intact_twin(data: bytes, info_hash_v2: str) -> bool:
    """Whether these are the bytes that were made for a volume, by what they say of themselves.

    Args:
        data: A file that is called a twin.
        info_hash_v2: What the register has of the volume, 64 hexadecimal digits.

    Cost: one SHA-256. It tells damage and another volume of the same name, not a forgery: what is
    given out is held against the files of the volume, too (`is_twin_of`).
    """
    at = _digits_at(data, info_hash_v2)
    return at > 0 and data[at : at + _DIGITS] == _digest_around(data, at)


def is_twin_of(data: bytes, sealed: TorrentSummary) -> bool:
    """Whether these bytes are the intact twin of a volume: its files and no others.

    Args:
        data: A file that is called a twin.
        sealed: The volume's own torrent.
    """
    if len(data) > MAX_TORRENT_BYTES or not is_intact_twin(data, sealed.info_hash_v2.hex()):
        return False
    try:
        top: Any = decode(data, thing=f"the twin of {sealed.name}")
    except MalformedError:
        return False
    files = [
        {b"length": file.size_bytes, b"path": [part.encode() for part in file.path]}
        for file in sealed.files
    ]
    size_bytes = sum(file.size_bytes for file in sealed.files)
    info = top.get(b"info") if isinstance(top, dict) else None
    pieces = info.pop(b"pieces", None) if isinstance(info, dict) else None
    is_list = info == {
        b"files": files,
        b"name": sealed.name.encode(),
        b"piece length": sealed.piece_bytes,
    }
    return (
        is_list
        and isinstance(pieces, bytes)
        and len(pieces) == 20 * -(-size_bytes // sealed.piece_bytes)
    )


def proven_twin(disk: Disk, volume: Volume) -> bytes:
    """Return a volume's twin as it lies in `published/`, held against the sealed torrent.

    Raises:
        NotHeldError: There is none.
        DigestMismatchError: What lies there is not the volume's twin, or its torrent is not there
            as it was sealed.
        UnavailableError: The disk cannot be read now.
    """
    path = twin_path(volume.name)
    data = read_whole(disk, path)
    torrent = sealed_bytes(disk, torrent_path(volume.name), volume.torrent)
    if torrent is None or not is_twin_of(data, read_torrent(torrent, thing=volume.name)):
        raise DigestMismatchError(path, "it is not the v1-only twin of its volume", MADE_ANEW_BY)
    return data


def _digits_at(data: bytes, info_hash_v2: str) -> int:
    """Where the digest in a twin's comment begins; 0 when there is no such comment."""
    said = _SAYS.format(info_hash_v2)
    mark = b"7:comment%d:%b" % (len(said) + _DIGITS, said.encode())
    found = data.find(mark)
    return found + len(mark) if found >= 0 else 0


def _digest_around(data: bytes, at: int) -> bytes:
    """SHA-256 of all but the digits of it, as digits."""
    view = memoryview(data)
    whole = hashlib.sha256(view[:at])
    whole.update(view[at + _DIGITS :])
    return whole.hexdigest().encode()


def _pieces(disk: Disk, sealed: TorrentSummary, on_file: Callable[[int], object]) -> bytes:
    """SHA-1s of the files one after the other, cut into pieces."""
    done: list[bytes] = []
    piece, missing = hashlib.sha1(usedforsecurity=False), sealed.piece_bytes
    for file in sealed.files:
        for chunk in _proven(disk, file):
            rest = memoryview(chunk)
            while rest:
                part, rest = rest[:missing], rest[missing:]
                piece.update(part)
                missing -= len(part)
                if not missing:
                    done.append(piece.digest())
                    piece, missing = hashlib.sha1(usedforsecurity=False), sealed.piece_bytes
        on_file(file.size_bytes)
    if missing < sealed.piece_bytes:
        done.append(piece.digest())
    return b"".join(done)


def _proven(disk: Disk, file: SealedFile) -> Iterator[bytes]:
    """Yield a file's bytes, and refuse at its end when they are not those that were sealed."""
    path = "/".join((OBJECTS, *file.path))
    name, size_bytes, whole = parse_file_name(file.path[-1]), 0, hashlib.sha256()
    with disk.open(path) as opened:
        if name is None:  # a list: a few megabytes at most, which its root proves
            is_sealed = tree_of_file(opened).pieces_root == file.pieces_root
            opened.seek(0)
        while chunk := opened.read(BUFFER_BYTES):
            whole.update(chunk)
            size_bytes += len(chunk)
            yield chunk
    if name is not None:
        is_sealed = whole.digest() == name.sha256.raw
    if not is_sealed or size_bytes != file.size_bytes:
        raise DigestMismatchError(
            path, "its bytes are not those that were sealed", "Run `phono verify`, then repair it."
        )
