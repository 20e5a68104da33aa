"""What came of an import: how much was read, used and refused, why, and where.

Laws: counts are exact; of each reason the first 100 places are told; a rehearsal and the import
itself give the same report but for `generation` and `is_rehearsal`; a report that was interrupted
goes on counting where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from phonotheque.catalogue.sources.counting import MOST_TOLD, tally_of
from phonotheque.catalogue.sources.port import Batch, Terms


class Example(msgspec.Struct, frozen=True):
    """Where something was refused, and how it begins."""

    place: str
    sample: str


class Reason(msgspec.Struct, frozen=True):
    """One thing that was wrong, in one file or table.

    Attributes:
        where: The file or table.
        reason: What was wrong.
        is_row: Whether whole rows were left out; false when only values were.
        count: How often.
        first: The first places.
    """

    where: str
    reason: str
    is_row: bool
    count: int
    first: tuple[Example, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What came of an import.

    Attributes:
        source: Short name of the source.
        title: Its name for people.
        licence: Address of the licence of its data; "" unknown.
        generation: Name of what was made; "" for a rehearsal.
        is_rehearsal: Whether nothing was written.
        read: Rows of the source that were read.
        used: Rows of each table that were made of them.
        refused: Rows that were left out.
        dropped: Values that were left out of rows that were used.
        reasons: Why, by place and reason, the most frequent first.
        notes: What else is worth knowing: where it went on, that the licence changed.
    """

    source: str
    title: str
    licence: str
    generation: str
    is_rehearsal: bool
    read: int
    used: dict[str, int]
    refused: int
    dropped: int
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


class Counts(msgspec.Struct):
    """A report in the making; it is written down with every checkpoint."""

    read: int = 0
    refused: int = 0
    used: dict[str, int] = msgspec.field(default_factory=dict)
    reasons: dict[str, Reason] = msgspec.field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Count a batch."""
        self.read += batch.read
        self.refused += batch.refused
        for name, table in batch.rows.items():
            self.used[name] = self.used.get(name, 0) + table.num_rows
        for tally in tally_of(batch):
            key = f"{tally.where}\n{tally.reason}\n{tally.is_row}"
            known = self.reasons.get(key)
            if known is None:
                known = Reason(tally.where, tally.reason, tally.is_row, 0)
            first = known.first
            if len(first) < MOST_TOLD:
                first = (*first, *_told(batch, known))[:MOST_TOLD]
            self.reasons[key] = msgspec.structs.replace(
                known, count=known.count + tally.count, first=first
            )

    def report(self, terms: Terms, generation: str, notes: Sequence[str]) -> Report:
        """Make the report of what was counted; `generation` is "" for a rehearsal."""
        reasons = sorted(self.reasons.values(), key=lambda r: (not r.is_row, -r.count, r.reason))
        return Report(
            terms.name,
            terms.title,
            terms.licence,
            generation,
            not generation,
            self.read,
            dict(sorted(self.used.items())),
            self.refused,
            sum(reason.count for reason in reasons if not reason.is_row),
            tuple(reasons),
            tuple(notes),
        )


def _told(batch: Batch, reason: Reason) -> Iterator[Example]:
    for refusal in batch.refusals:
        is_same = refusal.reason == reason.reason and refusal.is_row == reason.is_row
        if is_same and refusal.place.startswith(reason.where):
            yield Example(refusal.place, refusal.sample)


def encode_report(report: Report) -> bytes:
    """Write a report as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def decode_report(data: bytes) -> Report:
    """Read a report. Raises `msgspec.DecodeError` when it is none."""
    return msgspec.json.decode(data, type=Report)


_PLACES_SHOWN = 3


def format_report(report: Report) -> str:
    """Return a report as lines of text for people."""
    what = "Rehearsal of an import" if report.is_rehearsal else f"Import {report.generation}"
    lines = [
        f"{what}: {report.title} ({report.source})",
        f"licence of the data: {report.licence or 'unknown'}",
        *report.notes,
        "",
        f"{report.read:>14,}  rows read",
        f"{report.refused:>14,}  rows refused",
        f"{report.dropped:>14,}  values dropped",
        "",
        *(f"{count:>14,}  {name}" for name, count in report.used.items()),
    ]
    for title, is_row in (("Rows refused:", True), ("Values dropped:", False)):
        chosen = [reason for reason in report.reasons if reason.is_row is is_row]
        if chosen:
            lines += ["", title]
        for reason in chosen:
            lines.append(f"{reason.count:>14,}  {reason.where}: {reason.reason}")
            for place in reason.first[:_PLACES_SHOWN]:
                sample = " ".join(place.sample.split())[:60]
                lines.append(f"{'':16}{place.place}" + (f": {sample}" if sample else ""))
    return "\n".join(lines) + "\n"
