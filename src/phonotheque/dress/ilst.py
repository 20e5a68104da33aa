"""The list of tags in MP4: its items, and what is taken over from an original's own list.

Sources: Apple, "QuickTime File Format Specification", "Metadata" (well-known types); iTunes'
names, as the MusicBrainz Picard mapping has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phonotheque.dress.names import NAMINGS, texts_of
from phonotheque.dress.overlay import Overlay
from phonotheque.music.facts import Tags

_TEXT, _JPEG, _PNG, _UNTYPED = 1, 13, 14, 0
_PICTURE_TYPES = {"image/jpeg": _JPEG, "image/png": _PNG, "image/bmp": 27}
_MAX_NUMBER = 0xFFFF
_GAPLESS_ATOM, _GAPLESS_NAME = b"pgap", b"iTunSMPB"


def encode_items(overlay: Overlay, before: bytes) -> bytes:
    """Return the body of `ilst`.

    Args:
        before: The body of the original's list; b"" for none.
    """
    texts = texts_of(overlay.tags)
    items = [
        _item(naming.mp4, [_data(_TEXT, text.encode()) for text in texts[naming.idea]])
        for naming in NAMINGS
        if naming.mp4 and naming.idea in texts
    ]
    items += _numbers(overlay.tags)
    if overlay.cover is not None:
        kind = _PICTURE_TYPES.get(overlay.cover.mime, _UNTYPED)
        items.append(_item("covr", [_data(kind, overlay.cover.data)]))
    return b"".join([*items, *_kept(before, with_pictures=overlay.cover is None)])


def _item(name: str, data: Sequence[bytes]) -> bytes:
    if not name.startswith("----:"):
        return boxed(name.encode("latin-1"), b"".join(data))
    own_name = name.removeprefix("----:").encode()
    mean = boxed(b"mean", bytes(4) + b"com.apple.iTunes")
    return boxed(b"----", b"".join([mean, boxed(b"name", bytes(4) + own_name), *data]))


def _data(kind: int, body: bytes) -> bytes:
    return boxed(b"data", kind.to_bytes(4, "big") + bytes(4) + body)


def boxed(kind: bytes, body: bytes) -> bytes:
    """Return a box of MP4, with its length (ISO/IEC 14496-12, 4.2)."""
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def _numbers(tags: Tags) -> Iterator[bytes]:
    """Numbers of track and disc. In an atom zero says "not stated", and 16 bits are all."""
    yield from _number("trkn", "TRACK", 2, (tags.track_number, tags.track_total))
    yield from _number("disk", "DISC", 0, (tags.disc_number, tags.disc_total))


def _number(
    atom: str, name: str, padding_bytes: int, pair: tuple[int | None, int | None]
) -> Iterator[bytes]:
    number, total = pair
    if number != 0 and max(number or 0, total or 0) <= _MAX_NUMBER:
        if number or total:
            body = b"".join(part.to_bytes(2, "big") for part in (0, number or 0, total or 0))
            yield _item(atom, [_data(_UNTYPED, body + bytes(padding_bytes))])
        return
    if number is not None:
        yield _item(f"----:{name}NUMBER", [_data(_TEXT, str(number).encode())])
    if total:
        yield _item(f"----:{name}TOTAL", [_data(_TEXT, str(total).encode())])


def _kept(before: bytes, *, with_pictures: bool) -> Iterator[bytes]:
    """Items of the original that say how to play the sound, and its pictures; damage ends it."""
    at = 0
    while len(before) - at >= 8:
        size, kind = int.from_bytes(before[at : at + 4], "big"), before[at + 4 : at + 8]
        if not 8 <= size <= len(before) - at:
            return
        item = before[at : at + size]
        is_gapless = kind == _GAPLESS_ATOM or (kind == b"----" and _GAPLESS_NAME in item[:128])
        if is_gapless or (kind == b"covr" and with_pictures):
            yield item
        at += size
