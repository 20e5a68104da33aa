"""What stands behind the sound: tags of every age, padding, foreign bytes.

Laws: a tag is believed only when it says its own length and that fits into the file; nothing is
read but the few bytes that say so.

Sources: ID3v1.1; ID3v2.4, 3.4 (footer); APEv2 specification; Lyrics3 v1 and v2.00.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.audio.id3 import HEADER_BYTES, tag_bytes_before

_MOST_TAGS = 8
_ID3V1_BYTES, _ID3V1_LONG_BYTES = 128, 227
_APE_BYTES = 32
_LYRICS_V1_BYTES = 5100
_LYRICS_END_BYTES = 15  # six digits and "LYRICS200"
_LYRICS_BEGIN = b"LYRICSBEGIN"
_SEARCHED_BYTES = 256 * 1024
_GAIN_MARK = b"MP3GAIN_UNDO"


@dataclass(frozen=True, slots=True)
class Tail:
    """The tags behind the sound.

    Attributes:
        start: Where they begin, which is where the sound must end.
        names: Their names, from the end of the file towards the sound.
        is_gained: Whether mp3gain says there that it has changed the sound.
    """

    start: int
    names: tuple[str, ...]
    is_gained: bool = False


def find_tail(file: BinaryIO, sound_start: int) -> Tail:
    """Step back over the tags at the end of a file. Moves its position."""
    end = file.seek(0, io.SEEK_END)
    names: list[str] = []
    is_gained = False
    for _ in range(_MOST_TAGS):
        name, length = _tag_before(file, sound_start, end)
        if not length:
            break
        if name == "APE":
            file.seek(end - length)
            is_gained = is_gained or _GAIN_MARK in file.read(min(length, _SEARCHED_BYTES))
        names.append(name)
        end -= length
    return Tail(end, tuple(names), is_gained)


def is_gained_in_front(file: BinaryIO, sound_start: int) -> bool:
    """Say whether mp3gain left its mark in the tags before the sound."""
    file.seek(0)
    return _GAIN_MARK in file.read(min(sound_start, _SEARCHED_BYTES))


def name_tail(file: BinaryIO, start: int, end: int) -> str:
    """Say what the bytes behind the sound are, up to the end of the file."""
    tail = find_tail(file, start)
    length = end - start
    names = " and ".join(f"{name} tag" for name in tail.names)
    if names and tail.start == start:
        return f"behind the sound stands {names}, {length:,} bytes"
    file.seek(start)
    if not any(file.read(min(tail.start - start, _SEARCHED_BYTES))):
        return f"behind the sound stand {length:,} bytes of padding"
    return f"behind the sound stand {length:,} foreign bytes"


def _tag_before(file: BinaryIO, start: int, end: int) -> tuple[str, int]:
    """The name and length of the tag that ends at `end`, ("", 0) when there is none."""
    room = end - start
    file.seek(max(start, end - _ID3V1_BYTES - _ID3V1_LONG_BYTES))
    last = file.read(end - file.tell())
    if last[-_ID3V1_BYTES:][:3] == b"TAG" and room >= _ID3V1_BYTES:
        is_long = last[:4] == b"TAG+" and len(last) == _ID3V1_BYTES + _ID3V1_LONG_BYTES
        return "ID3v1", _ID3V1_BYTES + (_ID3V1_LONG_BYTES if is_long else 0)
    for name, length in (
        ("APE", _ape_bytes(last[-_APE_BYTES:])),
        ("ID3v2", tag_bytes_before(last[-HEADER_BYTES:])),
        ("Lyrics3", _lyrics_bytes(file, end, last[-_LYRICS_END_BYTES:])),
    ):
        if 0 < length <= room:
            return name, length
    if last[-9:] == b"LYRICSEND":
        file.seek(max(start, end - _LYRICS_V1_BYTES - 20))
        text = file.read(end - file.tell())
        at = text.rfind(_LYRICS_BEGIN)
        return ("Lyrics3", len(text) - at) if at >= 0 else ("", 0)
    return "", 0


def _ape_bytes(footer: bytes) -> int:
    """Length of an APE tag from its footer: the size leaves out the header, which a flag tells."""
    if footer[:8] != b"APETAGEX" or len(footer) < _APE_BYTES:
        return 0
    size = int.from_bytes(footer[12:16], "little")
    if size < _APE_BYTES or footer[23] & 0x20:  # this one is a header, with no tag before it
        return 0
    return size + (_APE_BYTES if footer[23] & 0x80 else 0)


def _lyrics_bytes(file: BinaryIO, end: int, last: bytes) -> int:
    """Length of a Lyrics3 v2 tag, whose first word must stand where its last says."""
    if last[6:] != b"LYRICS200" or not last[:6].isdigit():
        return 0
    length = int(last[:6]) + _LYRICS_END_BYTES
    file.seek(max(0, end - length))
    return length if file.read(len(_LYRICS_BEGIN)) == _LYRICS_BEGIN else 0
