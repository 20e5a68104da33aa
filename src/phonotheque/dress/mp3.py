"""MP3 in other clothes: one ID3v2.4 tag in front, all other tags dropped, the sound as it is.

Sources: id3.org (ID3v1, ID3v2, Lyrics3), APEv2 (Hydrogenaudio).
"""

from __future__ import annotations

from phonotheque.dress.ape import ape_covers
from phonotheque.dress.compose import Literal, Piece, Slice
from phonotheque.dress.id3 import encode_id3, is_picture, picture_frame
from phonotheque.dress.id3_pictures import id3_end, kept_frames
from phonotheque.dress.original import MAX_HEADER_BYTES, Original
from phonotheque.dress.overlay import Overlay
from phonotheque.dress.tails import sound_end


def dress_mp3(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy.

    Raises:
        MalformedError: The ID3v2 tag in front has no end.
    """
    start = id3_end(original)
    end = sound_end(original, start)
    kept = kept_frames(original.head(0, start), with_pictures=overlay.cover is None)
    behind = original.size_bytes - end
    if overlay.cover is None and behind <= MAX_HEADER_BYTES and not any(map(is_picture, kept)):
        kept += [picture_frame(cover) for cover in ape_covers(original.read(end, behind))]
    return [Literal(encode_id3(overlay, kept)), Slice(start, end - start)]
