"""How an original can be taken from a copy: found by what each format does not touch.

Re-tagging leaves the sound alone, so one long run is the same in both, found by a few anchors. In
Ogg the pages of sound may have other numbers. In MP4 the offsets of chunks may all have moved by
the same amount. Everything else is a literal.

A plan may be wrong in places: `patch_make` compares and corrects. A plan is None where its idea
does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from phonotheque.dress.mp4 import Box, iter_boxes
from phonotheque.dress.ogg_pages import CAPTURE, Bytes, PageTable, find_pages, numbers_of
from phonotheque.dress.patch_apply import is_same, iter_op
from phonotheque.dress.patch_form import Op, OpKind
from phonotheque.errors import MalformedError

_ANCHOR_BYTES = 64
_ANCHORS = (8, 4, 12, 2, 14, 15, 1)  # sixteenths of the original
_SHORTEST_RUN_BYTES = 4096  # a shorter one is found as well by the compression of literals
_BLOCK_BYTES = 1 << 18
_MOST_PAGE_OPS = 64
_FEWEST_WORDS = 4  # fewer cost less as literals


def plan(original: Bytes, copy: Bytes) -> list[Op]:
    """Return operations that fill the original, nearly all of it from the copy if they can."""
    ops = None
    if original[:4] == CAPTURE and copy[:4] == CAPTURE:
        ops = plan_pages(original, copy)
    ops = ops or plan_run(original, copy) or [Op(OpKind.LITERAL, len(original))]
    if original[4:8] == b"ftyp" and copy[4:8] == b"ftyp":
        ops = with_words(original, copy, ops)
    return [op for op in ops if op.size_bytes]


def plan_run(original: Bytes, copy: Bytes) -> list[Op] | None:
    """The longest run found that is the same in both."""
    start, offset, size = _longest_run(original, copy)
    if size < _SHORTEST_RUN_BYTES:
        return None
    rest = len(original) - start - size
    return [
        Op(OpKind.LITERAL, start),
        Op(OpKind.COPY, size, offset),
        Op(OpKind.LITERAL, rest),
    ]


def _longest_run(original: Bytes, copy: Bytes) -> tuple[int, int, int]:
    best = (0, 0, 0)
    for sixteenth in _ANCHORS:
        start = len(original) * sixteenth // 16
        key = bytes(original[start : start + _ANCHOR_BYTES])
        if len(key) < _ANCHOR_BYTES or len(set(key)) < 4:  # silence is found everywhere
            continue
        for offset in _places(original, copy, start, key):
            back = _shared(original, copy, start, offset, -1)
            forth = _shared(original, copy, start, offset, 1)
            best = max(best, (start - back, offset - back, back + forth), key=lambda run: run[2])
        if best[2] * 2 > len(original):
            break
    return best


def _places(original: Bytes, copy: Bytes, start: int, key: bytes) -> Iterator[int]:
    """Where an anchor lies in the copy: as far from its beginning or end, else where it is."""
    likely = (start, start + len(copy) - len(original))
    found = [at for at in dict.fromkeys(likely) if at >= 0 and copy[at : at + len(key)] == key]
    if found:
        yield from found
        return
    first = copy.find(key)
    if first >= 0:
        yield first


def _shared(original: Bytes, copy: Bytes, start: int, offset: int, step: int) -> int:
    """Length of the run that both share from here on, forwards or backwards."""
    most = min(len(original) - start, len(copy) - offset) if step > 0 else min(start, offset)
    done = 0
    while done < most:
        size = min(_BLOCK_BYTES, most - done)
        behind = done if step > 0 else -done - size
        one = bytes(original[start + behind : start + behind + size])
        other = bytes(copy[offset + behind : offset + behind + size])
        if one != other:
            differs = differences(one, other)
            return done + int(differs[0] if step > 0 else size - 1 - differs[-1])
        done += size
    return done


def differences(one: Bytes | memoryview, other: Bytes) -> npt.NDArray[np.intp]:
    """Places at which two pieces of one length differ."""
    return np.flatnonzero(np.frombuffer(one, np.uint8) != np.frombuffer(other, np.uint8))


def plan_pages(original: Bytes, copy: Bytes) -> list[Op] | None:
    """Pages of Ogg that are the same but for their numbers, lined up from their last one."""
    mine, theirs = find_pages(original, 0, len(original))[0], find_pages(copy, 0, len(copy))[0]
    count = _lined_up(mine, theirs)
    if not count:
        return None
    mine, theirs = _last(mine, count), _last(theirs, count)
    first, ops = 0, _page_ops(original, copy, mine, theirs)
    while ops is not None:
        first = _behind_headers(original, copy, mine, ops)
        if not first:
            break
        left = mine.starts.size - first
        mine, theirs = _last(mine, left), _last(theirs, left)
        ops = _page_ops(original, copy, mine, theirs) if mine.starts.size else None
    if ops is None:
        return None
    start, end = int(mine.starts[0]), int(mine.ends[-1])
    return [Op(OpKind.LITERAL, start), *ops, Op(OpKind.LITERAL, len(original) - end)]


def _lined_up(mine: PageTable, theirs: PageTable) -> int:
    """How many pages at the end lie at the same distance from the end of the last one."""
    count = min(mine.starts.size, theirs.starts.size)
    if not count:
        return 0
    one, other = (t.ends[-1] - t.starts[-count:][::-1] for t in (mine, theirs))
    differ = np.flatnonzero(one != other)
    return int(differ[0]) if differ.size else count


def _last(pages: PageTable, count: int) -> PageTable:
    start = pages.starts.size - count
    return PageTable(pages.starts[start:], pages.ends[start:])


def _page_ops(original: Bytes, copy: Bytes, mine: PageTable, theirs: PageTable) -> list[Op] | None:
    """One operation for each stretch of pages whose stream has moved by one number."""
    ours, copied = numbers_of(original, mine.starts), numbers_of(copy, theirs.starts)
    shifts = ours.number - copied.number
    bounds = np.append(theirs.starts, theirs.ends[-1])
    ops: list[Op] = []
    at = 0
    while at < shifts.size:
        if len(ops) == _MOST_PAGE_OPS:
            return None
        serial, shift = copied.serial[at], shifts[at]
        expected = np.where(copied.serial[at:] == serial, shift, np.uint32(0))
        other = np.flatnonzero(shifts[at:] != expected)
        end = at + int(other[0]) if other.size else shifts.size
        offset, size = int(bounds[at]), int(bounds[end] - bounds[at])
        signed = int(shift) - (1 << 32 if shift >> 31 else 0)
        kind = OpKind.PAGES if signed else OpKind.COPY
        ops.append(Op(kind, size, offset, signed))
        at = end
    return ops


def _behind_headers(original: Bytes, copy: Bytes, mine: PageTable, ops: list[Op]) -> int:
    """How many pages at the beginning are headers whose texts differ: 0 when there are none.

    Only the first MiB is looked at: a difference behind is damage that somebody mended, which costs
    a few bytes as a correction.
    """
    at = start = int(mine.starts[0])
    limit = min(start + (1 << 20), int(mine.ends[-1]))
    last = -1
    for op in ops:
        for block in iter_op(copy, op):
            if at >= limit:
                break
            if not is_same(block, original, at):
                places = differences(block, original[at : at + len(block)]) + at
                last = max(last, _last_in_body(places, mine))
            at += len(block)
    return last + 1


def _last_in_body(places: npt.NDArray[np.intp], pages: PageTable) -> int:
    """The last page that differs in more than its checksum; -1 for none."""
    numbers = np.searchsorted(pages.starts, places, side="right") - 1
    distance = places - pages.starts[np.maximum(numbers, 0)]
    in_body = numbers[(numbers >= 0) & ((distance < 22) | (distance >= 26))]
    return int(in_body[-1]) if in_body.size else -1


def with_words(original: Bytes, copy: Bytes, ops: list[Op]) -> list[Op]:
    """Take tables of chunk offsets out of literals where all offsets have moved by one amount."""
    ours, theirs = (list(_tables(data)) for data in (original, copy))
    if len(ours) != len(theirs):
        return ops
    for mine, other in zip(ours, theirs, strict=True):
        word = _moved(original, copy, mine, other)
        if word is not None:
            ops = list(_carved(ops, mine.body + 8, word))
    return ops


def _tables(data: Bytes) -> Iterator[Box]:
    """The tables of chunk offsets of all tracks, as far as boxes can be followed."""
    try:
        for moov in iter_boxes(data, 0, len(data)):
            if moov.kind == b"moov":
                for track in iter_boxes(data, moov.body, moov.end):
                    if track.kind == b"trak":
                        yield from _tables_below(data, track)
    except MalformedError:
        return


def _tables_below(data: Bytes, box: Box) -> Iterator[Box]:
    for inner in iter_boxes(data, box.body, box.end):
        if inner.kind in (b"mdia", b"minf", b"stbl"):
            yield from _tables_below(data, inner)
        elif inner.kind in (b"stco", b"co64"):
            yield inner


def _moved(original: Bytes, copy: Bytes, mine: Box, other: Box) -> Op | None:
    width = 8 if mine.kind == b"co64" else 4
    size = mine.end - mine.body - 8
    is_alike = mine.kind == other.kind and size == other.end - other.body - 8
    if not is_alike or size % width or size < _FEWEST_WORDS * width:
        return None
    one, two = (
        np.frombuffer(data[box.body + 8 : box.end], f">u{width}").astype(np.int64)
        for data, box in ((original, mine), (copy, other))
    )
    shifts = np.unique(one - two)
    if shifts.size != 1:
        return None
    return Op(OpKind.WORDS, size, other.body + 8, int(shifts[0]), width)


def _carved(ops: list[Op], start: int, word: Op) -> Iterator[Op]:
    """The operations with `word` in place of the part of a literal that begins at `start`."""
    at, end = 0, start + word.size_bytes
    for op in ops:
        if op.kind is OpKind.LITERAL and at <= start and end <= at + op.size_bytes:
            yield replace(op, size_bytes=start - at)
            yield word
            yield replace(op, size_bytes=at + op.size_bytes - end)
        else:
            yield op
        at += op.size_bytes
