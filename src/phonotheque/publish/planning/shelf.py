"""The shelf as a table: every copy that the register knows, with what becomes of it alone.

Laws: rights are asked of the one resolver, for each copy, for one day; copies come in order of
their digests, a batch at a time, so that memory does not grow with the archive.

Cost: two passes along primary keys of the index, some 10 microseconds a copy; what was stated in
the same words is judged once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import msgspec
import pyarrow as pa

from phonotheque.derive.recipes import COPY
from phonotheque.music.doors import Door, ask
from phonotheque.music.facts import Technical
from phonotheque.music.preference import Copy, length_ms, merit
from phonotheque.music.rights import RightsStatement, Verdict
from phonotheque.music.sound import Integrity, IntegrityVerdict, Sound
from phonotheque.publish.planning.copies import reason_of_copy, status_of_copy
from phonotheque.publish.planning.words import Status

SHELF = pa.schema(
    [
        ("sha256", pa.binary(32)),
        ("object", pa.int64()),  # number of the register's line that took it in first
        ("first", pa.int64()),  # of the first copy with the same coded packets; else its own
        ("size_bytes", pa.int64()),
        ("status", pa.int8()),
        ("reason", pa.int32()),
        ("quality", pa.int64()),  # `preference.merit`
        ("length_ms", pa.int64()),
        ("is_decaying", pa.bool_()),  # its bytes or its sound were found damaged
        ("seeders", pa.int32()),
        ("copy_bytes", pa.int64()),
        ("is_copy_shared", pa.bool_()),
    ]
)
"""A copy, before its recording is looked up in the catalogue."""

_ROWS_AT_ONCE = 1 << 16

_HEADER_BYTES = 4096
"""What stands in an access copy beside the sound, about: with tags, without pictures."""

_COPIES = """
    SELECT sha256, first_seq, size_bytes, condition, readability, volume,
        technical, integrity, sound, CASE WHEN payload IS NULL THEN first_seq
            ELSE (SELECT min(t.first_seq) FROM object AS t
                WHERE t.payload = object.payload AND t.role = 'recording') END,
        (SELECT c.size_bytes || ' ' || coalesce(c.volume, '') FROM access_copy AS a
            JOIN object AS c ON c.sha256 = a.sha256 AND c.condition = 'intact'
            WHERE a.parent = object.sha256 ORDER BY c.first_seq LIMIT 1)
    FROM object WHERE role = 'recording' ORDER BY sha256"""
_STATEMENTS = "SELECT sha256, body FROM statement ORDER BY sha256, seq, position"


@dataclass(slots=True)
class Shelf:
    """The copies of one archive.

    Attributes:
        db: The register's index; whoever opened it closes it.
        on: The day on which rights are asked for.
        claims_count: Whether a licence tag in a file is enough.
        retired: Names of volumes that are not offered any more.
        seeders: How many seed a volume, as last counted; those that nobody counted are absent.
        reasons: What the column `reason` counts in; grows while copies are read.
    """

    db: sqlite3.Connection
    on: date
    claims_count: bool
    retired: frozenset[str] = frozenset()
    seeders: Mapping[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list, init=False)
    _number_of: dict[str, int] = field(default_factory=dict, init=False)
    _judged: dict[tuple[bytes, ...], Verdict] = field(default_factory=dict, init=False)

    def batches(self) -> Iterator[pa.Table]:
        """Give all copies, in order of their digests."""
        rows = self._rows()
        while batch := [row for row, _ in zip(rows, range(_ROWS_AT_ONCE), strict=False)]:
            columns = zip(*batch, strict=True)
            arrays = [
                pa.array(column, one.type) for one, column in zip(SHELF, columns, strict=True)
            ]
            yield pa.table(arrays, schema=SHELF)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        stated = groupby(self.db.execute(_STATEMENTS), key=lambda row: row[0])
        name, bodies = next(stated, (None, iter(())))
        for row in self.db.execute(_COPIES):
            sha256, line, size, condition, readability, volume, *measured, first, made = row
            while name is not None and name < sha256:
                name, bodies = next(stated, (None, iter(())))
            verdict = self._verdict(tuple(body for _, body in bodies) if name == sha256 else ())
            status = status_of_copy(
                condition,
                verdict,
                is_readable=readability == "readable",
                is_offered=self._is_offered(volume),
            )
            copy = _copy(sha256, condition, measured, line)
            made_bytes, _, of_made = (made or "").partition(" ")
            yield (
                sha256, line, first, size, status.number, self._reason(status, verdict, condition),
                merit(copy), length_ms(copy), _is_decaying(copy, condition),
                self._seeders(volume, of_made), *self._access_copy(copy, made_bytes, of_made),
            )  # fmt: skip

    def _is_offered(self, volume: str | None) -> bool:
        return bool(volume) and volume not in self.retired

    def _seeders(self, *volumes: str | None) -> int | None:
        """Who seeds the volume that has it, as far as anybody counted."""
        counts = (self.seeders.get(one) for one in volumes if one and self._is_offered(one))
        return next((count for count in counts if count is not None), None)

    def _access_copy(self, master: Copy, size: str, volume: str) -> tuple[int, bool]:
        """How long an access copy is, about, when there is none yet; whether it is shared."""
        if not size:
            return _HEADER_BYTES + length_ms(master) * COPY.bit_rate_bps // 8000, False
        return int(size), self._is_offered(volume)

    def _verdict(self, said: tuple[bytes, ...]) -> Verdict:
        if said not in self._judged:
            statements = [msgspec.json.decode(body, type=RightsStatement) for body in said]
            verdict = ask(Door.PUBLISH, statements, self.on, claims_count=self.claims_count)
            self._judged[said] = verdict
        return self._judged[said]

    def _reason(self, status: Status, verdict: Verdict, condition: str) -> int:
        text = reason_of_copy(status, verdict, condition)
        if text not in self._number_of:
            self._number_of[text] = len(self.reasons)
            self.reasons.append(text)
        return self._number_of[text]


def _copy(sha256: bytes, condition: str, measured: list[bytes | None], line: int) -> Copy:
    technical, integrity, sound = measured
    return Copy(
        sha256.hex(),
        condition == "intact",
        msgspec.json.decode(technical, type=Technical) if technical else None,
        msgspec.json.decode(integrity, type=Integrity) if integrity else None,
        msgspec.json.decode(sound, type=Sound) if sound else None,
        line,
    )


def _is_decaying(copy: Copy, condition: str) -> bool:
    """Whether its bytes or its sound were found damaged."""
    is_damaged = copy.integrity is not None and copy.integrity.verdict is IntegrityVerdict.DAMAGED
    return is_damaged or condition not in ("intact", "removed")
