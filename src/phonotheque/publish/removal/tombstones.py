"""tombstones.jsonl: every removal, for mirrors and for everybody; the archive's public log.

Laws: the text follows from the register alone, so that the same register gives the same bytes;
lines come in the order of the register and are only added; no line has a name, a piece of evidence
or a digest of one. The first line says whose they are.

The form is frozen in `docs/reference/tombstones.md`. Not here: signing it (the index's room does).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from phonotheque.disk import Disk, write_changed
from phonotheque.errors import MalformedError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.digest import Sha256
from phonotheque.register.cases import CaseLine, case_lines
from phonotheque.register.events import CounterNotice, Removal
from phonotheque.register.index import Index

SCHEMA = 1
"""Number of the form. A newer one is refused, an older one is read."""

TOMBSTONES = "published/tombstones.jsonl"
"""Where it lies in an archive."""


_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""Held to its form as a line is read: a mirror makes paths of it."""


class Stones(msgspec.Struct, frozen=True):
    """The first line.

    Attributes:
        schema: Number of the form.
        archive: UUID of the archive.
        lines: Number of lines after this one.
    """

    schema: int
    archive: str
    lines: int


class Removed(msgspec.Struct, frozen=True, tag_field="event", tag="removal"):
    """An object that nobody should pass on any more.

    Attributes:
        seq: Number of its line in the register.
        at: Instant, UTC.
        sha256: Name of the object, 64 hexadecimal digits.
        size_bytes: Its length.
        case: Name of the case.
        reason: Why.
    """

    seq: int
    at: str
    sha256: _Digest
    size_bytes: int
    case: str
    reason: str


class Contradicted(msgspec.Struct, frozen=True, tag_field="event", tag="counter-notice"):
    """Somebody contradicts what was removed in a case. Nothing comes back by it."""

    seq: int
    at: str
    case: str
    summary: str


class Returned(msgspec.Struct, frozen=True, tag_field="event", tag="return"):
    """A removed object was taken in anew: its tombstone before this line holds no more."""

    seq: int
    at: str
    sha256: _Digest


Line = Removed | Contradicted | Returned


def lines(index: Index) -> list[Line]:
    """Return what is told of all removals, in the order of the register."""
    told: dict[Line, None] = {}  # once each: two removals may be undone by one accession
    for case_line in case_lines(index):
        told |= dict.fromkeys(_told(index, case_line))
    return sorted(told, key=lambda line: line.seq)


def _told(index: Index, line: CaseLine) -> Iterator[Line]:
    match line.event:
        case CounterNotice(case, summary):
            yield Contradicted(line.seq, line.at, case, summary)
        case Removal(sha256, reason, case=case):
            name = Sha256.parse(sha256)
            held = index.held(name)
            size_bytes = held.size_bytes if held else 0
            yield Removed(line.seq, line.at, sha256, size_bytes, case, reason)
            later = [one for one in index.accessions(name) if one.seq > line.seq]
            if later:
                yield Returned(later[0].seq, later[0].at, sha256)


def text(index: Index) -> bytes:
    """Return the bytes of tombstones.jsonl."""
    told = lines(index)
    head = Stones(SCHEMA, index.note("archive"), len(told))
    return b"".join(msgspec.json.encode(line) + b"\n" for line in (head, *told))


def write_tombstones(disk: Disk, index: Index) -> bool:
    """Put tombstones.jsonl where the bulk door has it; returns whether it changed."""
    return write_changed(disk, TOMBSTONES, text(index))


def read_tombstones(data: bytes, thing: str = "tombstones.jsonl") -> tuple[Stones, list[Line]]:
    """Read the bytes of a tombstones.jsonl.

    Args:
        data: As `text` gives it.
        thing: What to call it in errors.

    Raises:
        MalformedError: They are none, were cut, or have a newer form.
    """
    raw = data.splitlines()
    try:
        head = msgspec.json.decode(raw[0] if raw else b"", type=Stones)
        told = [msgspec.json.decode(line, type=Line) for line in raw[1:]]
    except UNDECODABLE as error:
        raise MalformedError(
            thing, f"is no list of removals: {error}", "Fetch it again."
        ) from error
    if head.schema > SCHEMA:
        todo = "Install a newer Phonotheque."
        raise MalformedError(thing, f"has form {head.schema}, {SCHEMA} is known", todo)
    if head.lines != len(told) or not data.endswith(b"\n"):
        raise MalformedError(thing, f"has {len(told)} of {head.lines} lines", "Fetch it again.")
    return head, told


def in_force(told: list[Line]) -> frozenset[Sha256]:
    """Return the objects that are removed now: what a mirror deletes and passes on no more."""
    removed: set[str] = set()
    for line in told:
        match line:
            case Removed():
                removed.add(line.sha256)
            case Returned():
                removed.discard(line.sha256)
    return frozenset(map(Sha256.parse, removed))
