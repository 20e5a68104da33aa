"""What had come of a torrent when its fetch was left: `state/resume/<torrent>.json`.

So that going on does not begin by reading all that lies there: 32 GiB take minutes on a slow disk.
The note is a hint. Laws: one that cannot be read, is of another torrent or says too much costs time
and nothing else, because every file is proven from the disk before it is held; a piece is told as
there only for files that are still to come.

Not here: the pieces themselves (`state/incoming/`), their proof (`proving`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from phonotheque.disk import make_folders, read_if_held, write_whole
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.home import RESUME
from phonotheque.mirror.taking import Place
from phonotheque.music.decoding import UNDECODABLE

_BYTE = 8


class _Note(msgspec.Struct, frozen=True):
    """The file.

    Attributes:
        torrent: SHA-256 of the .torrent file.
        pieces: One bit for each piece, the first is the highest, as hexadecimal digits.
    """

    torrent: str
    pieces: str


def note(place: Place, contents: Contents, pieces: Sequence[bool]) -> None:
    """Note which pieces have come; durable on return. When none has there is no note.

    Raises:
        UnavailableError: The disk refused.
    """
    if not any(pieces):
        forget(place, contents.torrent)
        return
    said = _Note(_digest(contents), _format(pieces))
    make_folders(place.disk, RESUME)
    write_whole(place.disk, _path(contents.torrent), msgspec.json.encode(said))


def noted(place: Place, contents: Contents, wanted: Iterable[Part]) -> list[bool] | None:
    """Return which pieces of the files that are to come had come; None when that is not known."""
    data = read_if_held(place.disk, _path(contents.torrent))
    if data is None:
        return None
    try:
        said = msgspec.json.decode(data, type=_Note)
        pieces = _parse(said.pieces)
    except (*UNDECODABLE, ValueError):
        return None
    counts = [-(-part.size_bytes // contents.piece_bytes) for part in contents.parts]
    if said.torrent != _digest(contents) or not 0 <= len(pieces) - sum(counts) < _BYTE:
        return None
    coming = {part.path for part in wanted}
    found: list[bool] = []
    for part, count in zip(contents.parts, counts, strict=True):
        start = len(found)
        found += [one and part.path in coming for one in pieces[start : start + count]]
    return found


def forget(place: Place, torrent: str) -> None:
    """Remove the note of a torrent, if there is one."""
    if place.disk.stat(_path(torrent)) is not None:
        place.disk.remove(_path(torrent))


def _path(torrent: str) -> str:
    return f"{RESUME}/{torrent}.json"


def _digest(contents: Contents) -> str:
    return hashlib.sha256(contents.data).hexdigest()


def _format(pieces: Sequence[bool]) -> str:
    bits = "".join("1" if one else "0" for one in pieces)
    bits += "0" * (-len(bits) % _BYTE)
    return int(bits, 2).to_bytes(len(bits) // _BYTE).hex()


def _parse(text: str) -> list[bool]:
    """Raises ValueError when it is not made of hexadecimal digits."""
    return [byte >> at & 1 == 1 for byte in bytes.fromhex(text) for at in range(_BYTE - 1, -1, -1)]
