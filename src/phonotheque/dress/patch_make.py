"""A patch is made, applied and compared before anybody gets it.

Laws: whatever the two files are, a patch that is returned gives the original back; what the copy
has already, or an object has, is not carried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from phonotheque.dress.literals import object_text, pack, prefix_of
from phonotheque.dress.ogg_pages import Bytes
from phonotheque.dress.patch_apply import is_same, iter_op, iter_original
from phonotheque.dress.patch_form import (
    MAX_CORRECTIONS,
    MAX_OPS,
    MAX_PATCH_BYTES,
    MAX_PREFIX_BYTES,
    MAX_PREFIX_PARTS,
    CopyRange,
    Correction,
    ObjectForm,
    ObjectRange,
    Op,
    OpKind,
    Patch,
    decode_patch,
    may_restore,
)
from phonotheque.dress.patch_plan import differences, plan
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256

_EDGE_BYTES = 16 << 10  # texts stand at the edges of what changed, pictures between them
_WHOLE_BYTES = 16 << 20
_GOOD_BYTES = 512  # a patch above this is worth looking further with the whole of what changed
_FAIR_BYTES = 4096  # above this also with the best compression, which takes a second for a few MB
_QUICK_BYTES = 128 << 10  # up to here the best compression costs a few milliseconds
_LEVEL, _BEST_LEVEL = 6, 19
_GAP_BYTES = 8  # corrections that are closer are one
_ANCHOR_BYTES = 48
_MAX_OBJECT_BYTES = 64 << 20


def make_patch(original: Bytes, copy: Bytes, objects: Sequence[bytes] = ()) -> bytes:
    """Return the bytes that give `original` back from `copy`.

    Args:
        original: Whole, or a mapped file. So is `copy`.
        objects: Pictures that whoever applies the patch will be able to find by their SHA-256.

    Raises:
        MalformedError: The original is so much longer than the copy that no patch may give it
            back (64 MiB and four times the copy).
    """
    if not may_restore(len(original), len(copy)):
        raise _too_different("the original is too much longer than the copy")
    names = (_name(original), _name(copy))
    held = {_name(data): data for data in objects}
    ops = plan(original, copy)
    patch = _encoded(names, (original, copy), ops, (), held)
    if not _is_proven(patch, original, copy, held):
        corrections = tuple(_corrections(original, copy, ops))
        if len(corrections) > MAX_CORRECTIONS or len(ops) > MAX_OPS:
            ops, corrections = [Op(OpKind.LITERAL, len(original))], ()
        patch = _encoded(names, (original, copy), ops, corrections, held)
        if not _is_proven(patch, original, copy, held):
            raise AssertionError("a patch with corrections gives other bytes")
    return patch


def _name(data: Bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).digest())


def _encoded(
    names: tuple[Sha256, Sha256],
    files: tuple[Bytes, Bytes],
    ops: Sequence[Op],
    corrections: tuple[Correction, ...],
    held: dict[Sha256, bytes],
) -> bytes:
    original, copy = files
    literals = b"".join(_literals(original, ops, corrections))
    draft = Patch(
        original=names[0],
        copy=names[1],
        original_bytes=len(original),
        copy_bytes=len(copy),
        ops=tuple(ops),
        prefix=(),
        corrections=corrections,
        literal_bytes=len(literals),
        is_compressed=False,
        packed=literals,
    )
    patch = _smallest(draft, copy, literals, held)
    if len(patch) > MAX_PATCH_BYTES:
        raise _too_different("the original and the copy have nothing in common")
    return patch


def _too_different(wrong: str) -> MalformedError:
    return MalformedError("the patch", wrong, "Keep the original itself.")


def _corrections(original: Bytes, copy: Bytes, ops: Sequence[Op]) -> Iterator[Correction]:
    """Where operations give other bytes than the original has."""
    at = count = 0
    for op in ops:
        if op.kind is OpKind.LITERAL:
            at += op.size_bytes
            continue
        for block in iter_op(copy, op):
            if not is_same(block, original, at):
                expected = original[at : at + len(block)]
                for start, end in _stretches(differences(block, expected)):
                    yield Correction(at + start, end - start)
                    count += 1
                    if count > MAX_CORRECTIONS:
                        return
            at += len(block)


def _stretches(differ: npt.NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Differences that lie close together, as one."""
    cuts = np.flatnonzero(np.diff(differ) > _GAP_BYTES) + 1
    for part in np.split(differ, cuts):
        yield int(part[0]), int(part[-1]) + 1


def _literals(
    original: Bytes, ops: Sequence[Op], corrections: Sequence[Correction]
) -> Iterator[bytes]:
    at = 0
    for op in ops:
        if op.kind is OpKind.LITERAL:
            yield bytes(original[at : at + op.size_bytes])
        at += op.size_bytes
    for one in corrections:
        yield bytes(original[one.offset : one.offset + one.size_bytes])


def _smallest(draft: Patch, copy: Bytes, literals: bytes, held: dict[Sha256, bytes]) -> bytes:
    """The draft with its literals packed: quickly, and if that is not good, with all means."""
    found: list[CopyRange | ObjectRange] = [*_found_objects(literals, held)]
    gaps = list(_gaps(draft))
    best = _packed(draft, copy, literals, [*_edges(gaps, _EDGE_BYTES), *found], held)
    if len(best) <= _GOOD_BYTES:
        return best
    whole = [*_edges(gaps, _WHOLE_BYTES), *found]
    return min(best, _packed(draft, copy, literals, whole, held), key=len)


def _packed(
    draft: Patch,
    copy: Bytes,
    literals: bytes,
    parts: Sequence[CopyRange | ObjectRange],
    held: dict[Sha256, bytes],
) -> bytes:
    """The draft as bytes, its literals packed behind a prefix of these parts."""
    used = tuple(parts) if literals else ()
    prefix = prefix_of(used, copy, held.get) if used else b""
    span = len(prefix) + len(literals)
    levels = (_BEST_LEVEL,) if span <= _QUICK_BYTES else (_LEVEL, _BEST_LEVEL)
    best = b""
    for level in levels:
        is_compressed, packed = pack(literals, prefix, level) if literals else (False, b"")
        prefix_used = used if is_compressed else ()
        made = replace(draft, prefix=prefix_used, is_compressed=is_compressed, packed=packed)
        encoded = made.encode()
        best = min(best, encoded, key=len) if best else encoded
        if len(best) <= _FAIR_BYTES:
            break
    return best


def _gaps(draft: Patch) -> Iterator[CopyRange]:
    """What of the copy no operation takes: there literals may find their like."""
    taken = sorted(
        (op.offset, op.offset + op.size_bytes) for op in draft.ops if op.kind is not OpKind.LITERAL
    )
    at = 0
    for start, end in [*taken, (draft.copy_bytes, draft.copy_bytes)]:
        if start > at:
            yield CopyRange(at, start - at)
        at = max(at, end)


def _edges(gaps: Sequence[CopyRange], edge_bytes: int) -> list[CopyRange]:
    """The beginning and end of each gap, the whole gap where it is short."""
    parts: list[CopyRange] = []
    room = MAX_PREFIX_BYTES // 2
    for gap in gaps[: MAX_PREFIX_PARTS // 4]:
        if gap.size_bytes <= 2 * edge_bytes:
            cut = [gap]
        else:
            tail = gap.offset + gap.size_bytes - edge_bytes
            cut = [CopyRange(gap.offset, edge_bytes), CopyRange(tail, edge_bytes)]
        for part in cut:
            if part.size_bytes <= room:
                parts.append(part)
                room -= part.size_bytes
    return parts if sum(part.size_bytes for part in parts) >= 8 else []


def _found_objects(literals: bytes, held: dict[Sha256, bytes]) -> Iterator[ObjectRange]:
    """Objects that stand in the literals, each in the form in which it stands there."""
    room = MAX_PREFIX_BYTES // 2
    for count, (name, data) in enumerate(held.items()):
        if count == MAX_PREFIX_PARTS // 2 or not 1024 <= len(data) <= _MAX_OBJECT_BYTES:
            continue
        for form in ObjectForm:
            part = ObjectRange(name, len(data), form)
            if part.prefix_bytes <= room and _stands_in(literals, object_text(data, form)):
                room -= part.prefix_bytes
                yield part
                break


def _stands_in(literals: bytes, text: bytes) -> bool:
    """Whether a piece of it does; heads of pages can cut any one piece."""
    return any(
        text[at : at + _ANCHOR_BYTES] in literals
        for at in (len(text) * n // 8 for n in range(1, 8))
    )


def _is_proven(patch: bytes, original: Bytes, copy: Bytes, held: dict[Sha256, bytes]) -> bool:
    """Apply a patch that was just made, as its bytes are, and compare every byte."""
    at = 0
    for block in iter_original(copy, decode_patch(patch), held.get):
        if not is_same(block, original, at):
            return False
        at += len(block)
    return at == len(original)
