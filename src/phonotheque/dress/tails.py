"""Tags that stand behind the sound: ID3v1, APEv2, Lyrics3 and ID3v2.4 at the end of a file.

Law: only what says of itself where it begins is taken for a tag.

Sources: id3.org "ID3v1", "ID3v2.4.0" 3.4 (footer), "Lyrics3 v2.00"; APEv2 (Hydrogenaudio).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from phonotheque.audio.id3 import HEADER_BYTES, tag_bytes_before
from phonotheque.dress.original import Original

_ID3V1_BYTES = 128
_ID3V1_PLUS_BYTES = 227  # "TAG+", longer texts in front of ID3v1
_APE_FOOTER_BYTES = 32
_APE_HAS_HEADER = 1 << 31
_LYRICS_END_BYTES = 15  # six digits and "LYRICS200"
_MOST_TAGS = 8

KINDS = ("id3v1", "ape", "lyrics", "id3v2")


def sound_end(original: Original, start: int, kinds: Collection[str] = KINDS) -> int:
    """Return where the sound ends: in front of all tags that stand at the end of the file.

    Args:
        start: Where the sound begins; no tag is looked for before.
        kinds: Which of `KINDS` are looked for.
    """
    end = original.size_bytes
    for _ in range(_MOST_TAGS):
        begin = min(_begin(original, start, end, kind) for kind in kinds)
        if begin == end:
            break
        end = begin
    return end


def _begin(original: Original, start: int, end: int, kind: str) -> int:
    """Where the tag of a kind begins that ends at `end`; `end` when there is none."""
    tail = original.read(max(start, end - _ID3V1_BYTES), min(_ID3V1_BYTES, end - start))
    begin = end
    match kind:
        case "id3v1" if len(tail) == _ID3V1_BYTES and tail[:3] == b"TAG":
            begin = end - _ID3V1_BYTES
            plus = begin - _ID3V1_PLUS_BYTES
            if plus >= start and original.read(plus, 4) == b"TAG+":
                begin = plus
        case "ape" if tail[-_APE_FOOTER_BYTES:][:8] == b"APETAGEX":
            footer = tail[-_APE_FOOTER_BYTES:]
            size = int.from_bytes(footer[12:16], "little")
            has_header = int.from_bytes(footer[20:24], "little") & _APE_HAS_HEADER
            if size >= _APE_FOOTER_BYTES:
                begin = end - size - (_APE_FOOTER_BYTES if has_header else 0)
        case "lyrics" if match := re.fullmatch(rb"([0-9]{6})LYRICS200", tail[-_LYRICS_END_BYTES:]):
            begin = end - _LYRICS_END_BYTES - int(match[1])
            if begin < start or original.read(begin, 11) != b"LYRICSBEGIN":
                begin = end
        case "id3v2":
            begin = end - tag_bytes_before(tail[-HEADER_BYTES:])
    return begin if start <= begin else end
