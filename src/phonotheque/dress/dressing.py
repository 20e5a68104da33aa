"""One verb: an original and an overlay make a copy that can be read and is never stored.

Laws: the sound's bytes are the original's; the same original and overlay give the same copy for
ever; reading the copy's tags gives the overlay's; an original that cannot be followed is refused
with what is wrong with it, never dressed by guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO

from phonotheque.dress.ape import dress_wavpack
from phonotheque.dress.chunks import dress_dsf, dress_iff, dress_w64
from phonotheque.dress.compose import Dressed, Literal, Piece, Slice
from phonotheque.dress.flac import dress_flac
from phonotheque.dress.mp3 import dress_mp3
from phonotheque.dress.mp4 import dress_mp4
from phonotheque.dress.ogg import dress_ogg
from phonotheque.dress.original import Original
from phonotheque.dress.overlay import Overlay

_WRITERS: dict[str, Callable[[Original, Overlay], list[Piece]]] = {
    "mp3": dress_mp3,
    "flac": dress_flac,
    "ogg": dress_ogg,
    "mp4": dress_mp4,
    "wavpack": dress_wavpack,
    "wav": dress_iff,
    "rf64": dress_iff,
    "aiff": dress_iff,
    "w64": dress_w64,
    "dsf": dress_dsf,
}


def dress(original: BinaryIO, container: str, overlay: Overlay) -> Dressed:
    """Compose a copy of an original with other tags. Reads its headers, and Ogg's pages.

    Args:
        original: Seekable and open until the copy has been read; best unbuffered.
        container: One of `phonotheque.audio.CONTAINERS`, as sniffed.

    Raises:
        MalformedError: The original's form cannot be followed, or cannot hold the overlay.
        TruncatedError: It became shorter meanwhile.
        UnavailableError: The disk failed.
    """
    source = Original(original)
    return Dressed(source, list(_joined(_WRITERS[container](source, overlay))))


def _joined(pieces: Iterable[Piece]) -> Iterable[Piece]:
    """The same pieces, neighbours of one kind made into one."""
    before: Piece | None = None
    for piece in pieces:
        match before, piece:
            case _, Literal(b"") | Slice(_, 0):
                continue
            case Slice(start, size), Slice(following, more) if start + size == following:
                before = Slice(start, size + more)
            case Literal(data), Literal(more_data):
                before = Literal(data + more_data)
            case None, _:
                before = piece
            case _:
                yield before
                before = piece
    if before is not None:
        yield before
