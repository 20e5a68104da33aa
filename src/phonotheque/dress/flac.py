"""FLAC in other clothes: metadata blocks exchanged, every other block and all frames as they are.

ID3 tags around the stream are dropped: they are no part of FLAC, and would fill what is left open.

Source: RFC 9639, 8.
"""

from __future__ import annotations

from phonotheque.dress.comments import Comments, dressed_comments, parse_comments
from phonotheque.dress.compose import Literal, Piece, Slice
from phonotheque.dress.id3_pictures import id3_covers, id3_end
from phonotheque.dress.original import Original, refused
from phonotheque.dress.overlay import Overlay
from phonotheque.dress.tails import sound_end

_STREAMINFO, _PADDING, _COMMENTS, _PICTURE, _INVALID = 0, 1, 4, 6, 127
_LAST = 0x80
_MAX_BLOCKS = 4096
_MAX_BLOCK_BYTES = (1 << 24) - 1


def dress_flac(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy.

    Raises:
        MalformedError: Its metadata blocks cannot be followed, or the tags do not fit into one.
    """
    start = id3_end(original)
    if original.peek(start, 4) != b"fLaC":
        raise refused("it does not begin as FLAC does")
    blocks, frames = _read_blocks(original, start + 4)
    before = Comments(b"")
    for kind, body in blocks:
        if kind == _COMMENTS:
            before = parse_comments(original.head(body.start, body.size_bytes))
            break
    comments = dressed_comments(before, overlay, has_blocks=True)
    new: list[tuple[int, Piece]] = [(_COMMENTS, Literal(comments.encode()))]
    dropped = {_COMMENTS}
    if overlay.cover is not None:
        new.append((_PICTURE, Literal(overlay.cover.block())))
        dropped.add(_PICTURE)
    elif all(kind != _PICTURE for kind, _ in blocks):
        covers = id3_covers(original.head(0, start))
        new += [(_PICTURE, Literal(cover.block())) for cover in covers]
    kept: list[tuple[int, Piece]] = [block for block in blocks if block[0] not in dropped]
    # Before the padding, where a tagger that comes later finds room to grow.
    place = next((n for n, (kind, _) in enumerate(kept) if kind == _PADDING), len(kept))
    end = sound_end(original, frames, ("id3v1",))
    framed = _frame([*kept[:place], *new, *kept[place:]])
    return [Literal(b"fLaC"), *framed, Slice(frames, end - frames)]


def _read_blocks(original: Original, at: int) -> tuple[list[tuple[int, Slice]], int]:
    """The kinds and bodies of all metadata blocks, and where the frames begin."""
    blocks: list[tuple[int, Slice]] = []
    is_last = False
    while not is_last:
        head = original.peek(at, 4)
        if len(head) < 4 or len(blocks) == _MAX_BLOCKS:
            raise refused("its metadata blocks have no end")
        kind, size = head[0] & ~_LAST, int.from_bytes(head[1:], "big")
        if kind == _INVALID or at + 4 + size > original.size_bytes:
            raise refused(f"the metadata block at byte {at} is none")
        blocks.append((kind, Slice(at + 4, size)))
        is_last, at = bool(head[0] & _LAST), at + 4 + size
    if blocks[0][0] != _STREAMINFO:
        raise refused("its first metadata block does not tell of the stream")
    return blocks, at


def _frame(blocks: list[tuple[int, Piece]]) -> list[Piece]:
    """Blocks with their heads, the last one marked."""
    pieces: list[Piece] = []
    for number, (kind, body) in enumerate(blocks, 1):
        if body.size_bytes > _MAX_BLOCK_BYTES:
            raise refused("its tags do not fit into a block of FLAC")
        mark = _LAST * (number == len(blocks))
        pieces += [Literal(bytes([kind | mark]) + body.size_bytes.to_bytes(3, "big")), body]
    return pieces
