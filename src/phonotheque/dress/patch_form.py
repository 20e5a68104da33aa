"""A patch as bytes: what gives an original back from a copy whose tags were changed.

Laws: every value that was decoded is within its limits and fits the others: operations fill the
original exactly, ranges lie in the copy, corrections in the original; whatever was flipped in the
bytes of a patch is found before anything is done with it. `docs/reference/patch.md` is the
specification.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256

MAGIC = b"PTP1"
SPARE_BYTES, SPARE_FACTOR = 64 << 20, 4
MAX_PREFIX_BYTES = 1 << 27
MAX_PATCH_BYTES = 1 << 30
MAX_OPS, MAX_PREFIX_PARTS, MAX_CORRECTIONS = 4096, 64, 1 << 16
_CRC_BYTES = 4
_MAX_VARINT_BYTES = 10


def broken(wrong: str) -> MalformedError:
    """The error for a patch that cannot be believed."""
    return MalformedError("the patch", wrong, "Get it again, or reconstruct from another copy.")


class OpKind(IntEnum):
    """Where bytes of the original come from."""

    LITERAL = 0
    COPY = 1
    PAGES = 2
    WORDS = 3


@dataclass(frozen=True, slots=True)
class Op:
    """So many bytes of the original, from one place.

    Attributes:
        offset: In the copy; 0 for a literal.
        shift: Added to the numbers of pages, or to words; 0 for the others.
        width: Bytes of a word, 4 or 8; 0 for the others.
    """

    kind: OpKind
    size_bytes: int
    offset: int = 0
    shift: int = 0
    width: int = 0


class ObjectForm(IntEnum):
    """How an object's bytes stand in the original: as they are, or in base64 behind n bytes."""

    PLAIN = 0
    BASE64 = 1
    BASE64_BEHIND_1 = 2
    BASE64_BEHIND_2 = 3


@dataclass(frozen=True, slots=True)
class CopyRange:
    """A range of the copy that literals may resemble."""

    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ObjectRange:
    """An object, named by its digest, that literals may resemble: a picture, as a rule."""

    sha256: Sha256
    size_bytes: int
    form: ObjectForm

    @property
    def prefix_bytes(self) -> int:
        """Its length in the form it is used in."""
        if self.form is ObjectForm.PLAIN:
            return self.size_bytes
        return -(-(self.size_bytes - _skipped(self.form)) // 3) * 4


def _skipped(form: ObjectForm) -> int:
    """Bytes at its beginning that share a group of three with what stands before."""
    return {ObjectForm.BASE64_BEHIND_1: 2, ObjectForm.BASE64_BEHIND_2: 1}.get(form, 0)


@dataclass(frozen=True, slots=True)
class Correction:
    """Bytes of the original that differ from what the operations give."""

    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch, its literals still packed.

    Attributes:
        literal_bytes: Length of all literals: those of operations, then those of corrections.
        is_compressed: Whether `packed` is a Zstandard frame without its magic number, made with
            `prefix`; else it is the literals.
    """

    original: Sha256
    copy: Sha256
    original_bytes: int
    copy_bytes: int
    ops: tuple[Op, ...]
    prefix: tuple[CopyRange | ObjectRange, ...]
    corrections: tuple[Correction, ...]
    literal_bytes: int
    is_compressed: bool
    packed: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the patch as bytes."""
        body = b"".join(
            (
                MAGIC + self.original.raw + self.copy.raw,
                _varint(self.original_bytes) + _varint(self.copy_bytes),
                *self._encoded_ops(),
                *self._encoded_prefix(),
                *self._encoded_corrections(),
                _varint(self.literal_bytes << 1 | self.is_compressed) + self.packed,
            )
        )
        return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")

    def _encoded_ops(self) -> Iterator[bytes]:
        yield _varint(len(self.ops))
        at = 0
        for op in self.ops:
            yield _varint(op.size_bytes << 2 | op.kind)
            if op.kind is OpKind.LITERAL:
                continue
            yield _signed(op.offset - at)
            at = op.offset + op.size_bytes
            if op.kind is OpKind.PAGES:
                yield _signed(op.shift)
            elif op.kind is OpKind.WORDS:
                yield _varint(op.width) + _signed(op.shift)

    def _encoded_prefix(self) -> Iterator[bytes]:
        yield _varint(len(self.prefix))
        at = 0
        for part in self.prefix:
            is_object = isinstance(part, ObjectRange)
            yield _varint(part.size_bytes << 1 | is_object)
            if isinstance(part, ObjectRange):
                yield bytes([part.form]) + part.sha256.raw
            else:
                yield _signed(part.offset - at)
                at = part.offset + part.size_bytes

    def _encoded_corrections(self) -> Iterator[bytes]:
        yield _varint(len(self.corrections))
        at = 0
        for correction in self.corrections:
            yield _varint(correction.offset - at) + _varint(correction.size_bytes)
            at = correction.offset + correction.size_bytes


def decode_patch(data: bytes) -> Patch:
    """Read a patch and hold its parts against each other. Nothing is unpacked.

    Raises:
        MalformedError: It is no patch, is damaged, asks for more than a patch may, or contradicts
            itself.
    """
    if data[:3] == MAGIC[:3] and data[:4] != MAGIC:
        raise broken("it is of a version that is not known here")
    if data[:4] != MAGIC or len(data) > MAX_PATCH_BYTES:
        raise broken("it is none")
    body = data[:-_CRC_BYTES]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "little") != data[-_CRC_BYTES:]:
        raise broken("its checksum differs")
    reader = _Reader(body, len(MAGIC))
    original, copy = Sha256(reader.take(32)), Sha256(reader.take(32))
    original_bytes, copy_bytes = reader.varint(), reader.varint()
    ops, prefix = tuple(_read_ops(reader)), tuple(_read_prefix(reader))
    corrections = tuple(_read_corrections(reader))
    coded = reader.varint()
    patch = Patch(
        original=original,
        copy=copy,
        original_bytes=original_bytes,
        copy_bytes=copy_bytes,
        ops=ops,
        prefix=prefix,
        corrections=corrections,
        literal_bytes=coded >> 1,
        is_compressed=bool(coded & 1),
        packed=reader.rest(),
    )
    _check(patch)
    return patch


def _read_ops(reader: _Reader) -> Iterator[Op]:
    at = 0
    for _ in range(reader.count(MAX_OPS)):
        coded = reader.varint()
        kind, size = OpKind(coded & 3), coded >> 2
        if kind is OpKind.LITERAL:
            yield Op(kind, size)
            continue
        offset, shift, width = at + reader.signed(), 0, 0
        if kind is OpKind.PAGES:
            shift = reader.signed()
        elif kind is OpKind.WORDS:
            width, shift = reader.varint(), reader.signed()
        yield Op(kind, size, offset, shift, width)
        at = offset + size


def _read_prefix(reader: _Reader) -> Iterator[CopyRange | ObjectRange]:
    at = 0
    for _ in range(reader.count(MAX_PREFIX_PARTS)):
        coded = reader.varint()
        size = coded >> 1
        if coded & 1:
            (form,) = reader.take(1)
            if form not in tuple(ObjectForm):
                raise broken("it uses an object in a form that is not known here")
            yield ObjectRange(Sha256(reader.take(32)), size, ObjectForm(form))
        else:
            part = CopyRange(at + reader.signed(), size)
            yield part
            at = part.offset + part.size_bytes


def _read_corrections(reader: _Reader) -> Iterator[Correction]:
    at = 0
    for _ in range(reader.count(MAX_CORRECTIONS)):
        correction = Correction(at + reader.varint(), reader.varint())
        yield correction
        at = correction.offset + correction.size_bytes


def may_restore(original_bytes: int, copy_bytes: int) -> bool:
    """Whether a patch may make so much out of a copy of that length."""
    return original_bytes <= SPARE_BYTES + SPARE_FACTOR * copy_bytes


def _check(patch: Patch) -> None:
    if not may_restore(patch.original_bytes, patch.copy_bytes):
        raise broken(f"it asks for {patch.original_bytes} bytes, more than a patch may")
    if sum(op.size_bytes for op in patch.ops) != patch.original_bytes:
        raise broken("its operations do not fill the original")
    taken = [CopyRange(op.offset, op.size_bytes) for op in patch.ops if op.kind]
    taken += [part for part in patch.prefix if isinstance(part, CopyRange)]
    if any(not 0 <= one.offset <= patch.copy_bytes - one.size_bytes for one in taken):
        raise broken("it points behind the end of the copy")
    words = [op for op in patch.ops if op.kind is OpKind.WORDS]
    if any(op.width not in (4, 8) or op.size_bytes % op.width for op in words):
        raise broken("it has words of an impossible length")
    if patch.corrections:
        last = patch.corrections[-1]
        if last.offset + last.size_bytes > patch.original_bytes:
            raise broken("it corrects behind the end of the original")
    literals = [op.size_bytes for op in patch.ops if op.kind is OpKind.LITERAL]
    literals += [correction.size_bytes for correction in patch.corrections]
    if sum(literals) != patch.literal_bytes:
        raise broken("its literals have another length than its operations need")
    if not patch.is_compressed and len(patch.packed) != patch.literal_bytes:
        raise broken("it has other literals than it says")
    sizes = [p.prefix_bytes if isinstance(p, ObjectRange) else p.size_bytes for p in patch.prefix]
    if sum(sizes) > MAX_PREFIX_BYTES or any(size < 0 for size in sizes):
        raise broken("its prefix is longer than a patch may use")


def _varint(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; the highest bit says that more follow."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _signed(number: int) -> bytes:
    """A number that may be negative: 0, -1, 1, -2 ... become 0, 1, 2, 3 ..."""
    return _varint(number << 1 if number >= 0 else -number * 2 - 1)


class _Reader:
    """The fields of a patch, taken one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, size: int) -> bytes:
        """The next bytes; the patch is broken when there are fewer."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise broken("it ends before it should")
        self._at += size
        return taken

    def varint(self) -> int:
        """The next number. At most 64 bits, and never written longer than it need be."""
        number = 0
        for place in range(_MAX_VARINT_BYTES):
            (byte,) = self.take(1)
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                if (place and not byte) or number >> 64:
                    break
                return number
        raise broken("a number in it is written in an impossible way")

    def count(self, most: int) -> int:
        """The next number, which says how many parts follow."""
        number = self.varint()
        if number > most:
            raise broken("it has more parts than a patch may")
        return number

    def signed(self) -> int:
        """The next number that may be negative."""
        coded = self.varint()
        return -(coded + 1) // 2 if coded & 1 else coded >> 1

    def rest(self) -> bytes:
        """All that was not taken."""
        return self._data[self._at :]
