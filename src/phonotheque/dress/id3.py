"""ID3v2.4 written: the tag of MP3, and of chunks in WAV, AIFF and DSF.

Texts are UTF-8; several values stand in one frame, with a NUL between them, as version 2.4 has it.
The tag is not unsynchronised and has no padding.

Source: id3.org, "ID3 tag version 2.4.0 - Main Structure" and "- Native Frames".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from phonotheque.dress.names import NAMINGS, texts_of
from phonotheque.dress.original import refused
from phonotheque.dress.overlay import Cover, Overlay

_UTF_8 = b"\x03"
_ANY_LANGUAGE = b"XXX"  # 4.10: "unknown"
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_GENRE_REFERENCE = re.compile(r"[0-9]+|RX|CR|\(.*|.*\n.*", re.DOTALL)
"""Read as a number in a list; and what readers cut where its line ends."""
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_MAX_TAG_BYTES = (1 << 28) - 1


def encode_id3(overlay: Overlay, kept: Sequence[bytes] = ()) -> bytes:
    """Return an overlay as an ID3v2.4 tag; b"" when it says nothing at all.

    Args:
        kept: Frames taken over from the original, whole.
    """
    frames = list(_frames(texts_of(overlay.tags)))
    if overlay.cover is not None:
        frames.append(picture_frame(overlay.cover))
    body = b"".join([*frames, *kept])
    if len(body) > _MAX_TAG_BYTES:
        raise refused("its tags do not fit into ID3v2")
    return b"ID3\x04\0\0" + synchsafe(len(body)) + body if body else b""


def frame(name: str, body: bytes) -> bytes:
    """One frame, without flags."""
    return name.encode() + synchsafe(len(body)) + bytes(2) + body


def synchsafe(size: int) -> bytes:
    """A size in four bytes of seven bits. Source: main structure, 6.2."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _frames(texts: dict[str, tuple[str, ...]]) -> Iterator[bytes]:
    for naming in NAMINGS:
        said = texts.get(naming.idea, ())
        if not said or not naming.id3:
            continue
        match naming.id3:
            case "COMM":
                yield from _comments(said)
            case "WCOP" if _URL.fullmatch(said[0]):
                yield frame("WCOP", said[0].encode("ascii"))
            case "WCOP":
                yield _free("LICENSE", said)
            case "TDRC" if not _DATE.fullmatch(said[0]):
                yield _free("DATE", said)
            case "TCON" if any(_GENRE_REFERENCE.fullmatch(text) for text in said):
                yield _free("GENRE", said)
            case "TXXX:MusicBrainz Track Id":
                yield frame("UFID", b"http://musicbrainz.org\0" + said[0].encode())
                if said[1:]:
                    yield _free("MusicBrainz Track Id", said[1:])
            case name if name.startswith("TXXX:"):
                yield _free(name.removeprefix("TXXX:"), said)
            case name:
                yield frame(name, _UTF_8 + "\0".join(said).encode())


def _free(description: str, texts: Sequence[str]) -> bytes:
    return frame("TXXX", _UTF_8 + "\0".join((description, *texts)).encode())


def _comments(texts: Sequence[str]) -> Iterator[bytes]:
    """One frame each: a description may stand only once, so later ones are numbered."""
    for number, text in enumerate(texts, 1):
        description = "" if number == 1 else str(number)
        yield frame("COMM", _UTF_8 + _ANY_LANGUAGE + f"{description}\0{text}".encode())


def is_picture(whole: bytes) -> bool:
    """Whether a frame holds a picture."""
    return whole[:4] == b"APIC"


def picture_frame(cover: Cover) -> bytes:
    """A picture as a frame."""
    head = bytes(1) + cover.mime.encode() + bytes(1) + bytes([cover.kind]) + bytes(1)
    return frame("APIC", head + cover.data)
