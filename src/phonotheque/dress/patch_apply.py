"""A copy and a patch give the original back, or nothing.

Laws: what is returned hashes to the name that the patch states; a copy that is not the one the
patch was made for is refused before anything is done; what a patch says can make this write
no more than 64 MiB and four times the copy, and hold no more than its literals, a prefix and a
window of 128 MiB each.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import assert_never

import numpy as np

from phonotheque.dress.literals import FindObject, prefix_of, unpack
from phonotheque.dress.ogg_pages import Bytes, find_pages, numbers_of, renumber
from phonotheque.dress.patch_form import Op, OpKind, Patch, decode_patch
from phonotheque.errors import DigestMismatchError

_BLOCK_BYTES = 1 << 20


def no_object(_sha256: object) -> bytes | None:
    """Where no objects are held."""
    return None


def apply_patch(copy: Bytes, patch: bytes, find_object: FindObject = no_object) -> bytes:
    """Return the original.

    Args:
        copy: The copy the patch was made for, whole; a mapped file will do.
        find_object: Asked for pictures that the patch names.

    Raises:
        MalformedError: The patch is damaged or contradicts itself.
        DigestMismatchError: It belongs to another copy, or gives other bytes than it promises.
        NotHeldError: It needs an object that is not held.
    """
    original = io.BytesIO()
    restore(copy, patch, original.write, find_object)
    return original.getvalue()


def restore(
    copy: Bytes,
    patch: bytes,
    write: Callable[[memoryview], object],
    find_object: FindObject = no_object,
) -> Patch:
    """Write the original block by block, and return the patch when it is proven exact.

    What was written before an error is worthless. A block holds its bytes only until `write`
    returns.

    Raises:
        MalformedError: As `apply_patch`.
        DigestMismatchError: As `apply_patch`.
        NotHeldError: As `apply_patch`.
    """
    read = decode_patch(patch)
    found = hashlib.sha256(copy).hexdigest()
    if len(copy) != read.copy_bytes or found != read.copy.hex:
        raise DigestMismatchError(
            "the copy", f"it hashes to {found}", f"The patch is for {read.copy}."
        )
    digest = hashlib.sha256()
    for block in iter_original(copy, read, find_object):
        digest.update(block)
        write(block)
    if digest.hexdigest() != read.original.hex:
        raise DigestMismatchError(
            "the patch",
            f"what it gives hashes to {digest.hexdigest()}, not {read.original}",
            "Get it again, or reconstruct from another copy.",
        )
    return read


def iter_original(copy: Bytes, patch: Patch, find_object: FindObject) -> Iterator[memoryview]:
    """Yield what a patch makes of a copy, in blocks, without holding it against any digest.

    A block holds its bytes only until the next one is asked for.

    Raises:
        MalformedError: The literals cannot be unpacked.
        NotHeldError: It needs an object that is not held.
    """
    literals = unpack(patch, prefix_of(patch.prefix, copy, find_object))
    waiting = [(one.offset, one.size_bytes) for one in reversed(patch.corrections)]
    after = sum(op.size_bytes for op in patch.ops if op.kind is OpKind.LITERAL)
    used = at = 0
    for op in patch.ops:
        blocks = iter_op(copy, op)
        if op.kind is OpKind.LITERAL:
            blocks = iter((memoryview(literals)[used : used + op.size_bytes],))
            used += op.size_bytes
        for block in blocks:
            if waiting and waiting[-1][0] < at + len(block):
                block = memoryview(bytearray(block))
            while waiting and waiting[-1][0] < at + len(block):
                offset, size = waiting.pop()
                fits = min(size, at + len(block) - offset)
                block[offset - at : offset - at + fits] = literals[after : after + fits]
                after += fits
                if size > fits:
                    waiting.append((offset + fits, size - fits))
                    break
            yield block
            at += len(block)


def iter_op(copy: Bytes, op: Op) -> Iterator[memoryview]:
    """Yield what an operation that is no literal takes from the copy.

    One block of memory is used again and again: fresh memory for each costs as much as SHA-256.
    """
    start, end = op.offset, op.offset + op.size_bytes
    match op.kind:
        case OpKind.COPY:
            block = bytearray(min(_BLOCK_BYTES, op.size_bytes))
            for at in range(start, end, _BLOCK_BYTES):
                yield _filled(block, copy, at, min(at + _BLOCK_BYTES, end))
        case OpKind.PAGES:
            yield from _iter_pages(copy, op)
        case OpKind.WORDS:
            shift = np.uint64(op.shift % (1 << 64))
            for at in range(start, end, _BLOCK_BYTES):
                part = copy[at : min(at + _BLOCK_BYTES, end)]
                words = np.frombuffer(part, f">u{op.width}").astype(np.uint64)
                yield memoryview((words + shift).astype(f">u{op.width}").tobytes())
        case OpKind.LITERAL:
            return
        case _:
            assert_never(op.kind)


def _iter_pages(copy: Bytes, op: Op) -> Iterator[memoryview]:
    """Pages of the stream to which the first of them belongs, with other numbers."""
    at, end, serial = op.offset, op.offset + op.size_bytes, None
    block = bytearray(min(_BLOCK_BYTES, op.size_bytes))
    while at < end:
        until = min(at + _BLOCK_BYTES, end)
        pages, following = find_pages(copy, at, until, is_last=until == end)
        pages = pages.moved(-at)
        filled = _filled(block, copy, at, following)
        if serial is None and pages.starts.size:
            serial = int(numbers_of(block, pages.starts[:1]).serial[0])
        if serial is not None:
            renumber(block, pages, op.shift, serial)
        yield filled
        at = following


def _filled(block: bytearray, copy: Bytes, start: int, end: int) -> memoryview:
    with memoryview(copy) as view:
        filled = memoryview(block)[: end - start]
        filled[:] = view[start:end]
    return filled


def is_same(block: memoryview, data: Bytes, start: int) -> bool:
    """Whether a block stands in `data` at `start`. Memory views compare byte by byte: slowly."""
    if start + len(block) > len(data):
        return False
    with memoryview(data) as view:
        expected = np.frombuffer(view[start : start + len(block)], np.uint8)
        is_equal = bool(np.array_equal(np.frombuffer(block, np.uint8), expected))
        del expected
    return is_equal
