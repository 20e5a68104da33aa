"""The ledger as files: written once, queried where they lie, and forgotten in time.

A batch of plays is a file that is called by the day it begins on and by its content. What is over
is forgotten by writing a file again without it. `tidy` does that, and makes one file of a day's
many: portion by portion, so that whoever decides meanwhile waits for one of them at most.

Laws: a file is whole or not there, and never changed; a play that was written twice, by whoever was
killed before it could say that it was written, is one play; nothing that is forgotten stays in any
file; an account that nobody asks about is read by nobody.

Not here: whose plays are kept, and for how long (`phonotheque.guard.ledger.plays`).
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from phonotheque.disk import Disk, Entry, make_folders, read_whole, write_whole
from phonotheque.errors import MalformedError
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.incident import Taken, Takings, add_taken
from phonotheque.guard.instants import day_of
from phonotheque.guard.ledger.plays import Play, kept_from

_SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("second", pa.int64()), ("account", pa.string()),
        ("item", pa.string()), ("size_bytes", pa.int64()), ("of_bytes", pa.int64()),
        ("address", pa.string()), ("device", pa.string()),
    ]
)  # fmt: skip
PORTION_FILES, PORTION_BYTES = 50, 1 << 20
"""Of what is tidied together: some tens of thousands of plays, or as many files as can be opened in
a tenth of a second."""

_ENDING = ".parquet"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_PLAYS = """
SELECT DISTINCT * FROM plays
WHERE account IN (SELECT unnest($accounts::VARCHAR[])) AND second >= $since AND second < $until
"""

_TAKINGS = f"""
SELECT account, item, min(second) AS first, max(second) AS last,
    sum(size_bytes)::BIGINT AS size_bytes, count(*) AS requests
FROM ({_PLAYS}) GROUP BY account, item, second // {DAY_S} ORDER BY account, item, first
"""

_FIRSTS = f"""
WITH running AS (
    SELECT account, item, second,
        sum(size_bytes) OVER (PARTITION BY account, item ORDER BY second, id) AS had,
        CASE WHEN of_bytes > 0 THEN least($copied, floor(of_bytes * $whole)) ELSE $copied END
            AS enough
    FROM ({_PLAYS})
)
SELECT account, item, min(second) AS second FROM running WHERE had >= enough
GROUP BY account, item ORDER BY account, second, item
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds since 1970, the last one not included."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Enough:
    """What makes a recording had: so many bytes, or so large a share of all of it."""

    copied_bytes: int
    whole: float


@dataclass(frozen=True)
class PlayLedger:
    """The ledger of one service.

    Attributes:
        disk: As it is written.
        root: The same folder, as it is read.
        folder: Where the ledger lies in it.
    """

    disk: Disk
    root: Path
    folder: str

    def write(self, plays: Sequence[Play]) -> None:
        """Keep plays, durable on return. The same ones again change nothing.

        Raises:
            UnavailableError: The disk refuses.
        """
        if plays:
            make_folders(self.disk, self.folder)
            day = day_of(min(play.second for play in plays))
            self._write(day, pa.Table.from_pylist([_row(play) for play in plays], _SCHEMA))

    def takings(self, accounts: Sequence[str], span: Span) -> Takings:
        """Return what accounts took, for the report of an incident.

        Raises:
            MalformedError: A file is damaged.
        """
        takings = Takings()
        for row in self._asked(_TAKINGS, accounts, span).to_pylist():
            taken = Taken(row["first"], row["last"], row["size_bytes"], row["requests"])
            add_taken(takings, row["account"], row["item"], taken)
        return takings

    def firsts(self, accounts: Sequence[str], span: Span, enough: Enough) -> pa.Table:
        """Return which recordings accounts had, each once and when first: the exact count.

        Returns:
            Columns `account`, `item`, `second`; of each account in order of time.

        Raises:
            MalformedError: A file is damaged.
        """
        asked = {"copied": enough.copied_bytes, "whole": enough.whole}
        return self._asked(_FIRSTS, accounts, span, asked)

    def portions(self, most_bytes: int = PORTION_BYTES) -> list[list[str]]:
        """Return the files that `tidy` is to be given, in portions, those of older days first; at
        most `PORTION_FILES` in each.

        Args:
            most_bytes: So much is in the files of one portion, where it is not one file alone.
        """
        found, size_bytes = list[list[str]](), 0
        for one in self._files():
            size_bytes += one.size_bytes
            if not found or size_bytes > most_bytes or len(found[-1]) == PORTION_FILES:
                found.append([])
                size_bytes = one.size_bytes
            found[-1].append(one.name)
        return found

    def tidy(self, names: Iterable[str], until: Mapping[str, int | None], now: int) -> int:
        """Forget what is over in some files, and make one file of the many of a day among them.

        Args:
            names: Of a portion; what is not there any more is passed over.
            until: As `kept_until` says.
            now: Seconds since 1970.

        Returns:
            How many plays were forgotten.

        Raises:
            MalformedError: A file is damaged: it stays, and all that is in others is tidied.
            UnavailableError: The disk refuses.

        Cost: in memory, what these files have.
        """
        forgotten, of_day, damaged = 0, defaultdict[str, list[str]](list), list[MalformedError]()
        for name in {one.name for one in self._files()}.intersection(names):
            of_day[name[:10]].append(name)
        for day, there in sorted(of_day.items()):
            parts = {}
            for name in sorted(there):
                try:
                    parts[name] = self._read(name)
                except MalformedError as error:
                    damaged.append(error)
            if parts:
                forgotten += self._tidy_day(day, parts, until, now)
        if damaged:
            raise damaged[0]
        return forgotten

    def _tidy_day(
        self, day: str, parts: Mapping[str, pa.Table], until: Mapping[str, int | None], now: int
    ) -> int:
        rows = pa.concat_tables(parts.values())
        if len(parts) > 1:
            rows = rows.group_by(_SCHEMA.names, use_threads=False).aggregate([])  # each once
        kept = _kept(rows, until, now)
        forgotten = len(rows) - len(kept)
        if not forgotten and len(parts) == 1:
            return 0
        order = kept.sort_by([(name, "ascending") for name in ("account", "second", "id", "item")])
        written = self._write(day, order) if len(order) else ""
        for name in parts:
            if name != written:
                self.disk.remove(f"{self.folder}/{name}")
        self.disk.sync_folder(self.folder)
        return forgotten

    def _asked(
        self,
        query: str,
        accounts: Sequence[str],
        span: Span,
        more: Mapping[str, float] | None = None,
    ) -> pa.Table:
        """Ask all files that may have something of a span."""
        files = [
            str(self.root / self.folder / name)
            for name in (one.name for one in self._files())
            if name[:10] <= day_of(span.until)
        ]
        asked = {"accounts": list(accounts), "since": span.since, "until": span.until}
        with _translated(self.folder), duckdb.connect(config=_CONFIG) as db:
            # Arrow opens the files: DuckDB would take a path with a question mark for a pattern.
            db.register("plays", dataset(files, schema=_SCHEMA, format="parquet"))
            return db.sql(query, params=asked | dict(more or {})).to_arrow_table()

    def _files(self) -> list[Entry]:
        return [one for one in self.disk.list(self.folder) if one.name.endswith(_ENDING)]

    def _read(self, name: str) -> pa.Table:
        data = read_whole(self.disk, f"{self.folder}/{name}")
        with _translated(f"{self.folder}/{name}"):
            return pq.read_table(io.BytesIO(data), schema=_SCHEMA)

    def _write(self, day: str, table: pa.Table) -> str:
        file = io.BytesIO()
        pq.write_table(table, file, compression="zstd")
        data = file.getvalue()
        name = f"{day}-{hashlib.sha256(data).hexdigest()[:16]}{_ENDING}"
        write_whole(self.disk, f"{self.folder}/{name}", data)
        return name


def _kept(rows: pa.Table, until: Mapping[str, int | None], now: int) -> pa.Table:
    """Return the rows that are kept: asked once for each account, not for each row."""
    accounts = rows["account"].combine_chunks().dictionary_encode()
    since = np.array([kept_from(one, until, now) for one in accounts.dictionary.to_pylist()])
    own = since[accounts.indices.to_numpy()]
    return rows.filter(pa.array(rows["second"].to_numpy() >= own))


def _row(play: Play) -> dict[str, Any]:
    return {one.name: getattr(play, one.name) for one in fields(play)}


@contextmanager
def _translated(thing: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        told = " ".join(str(error).split())[:160]
        todo = "Remove the damaged file: what it held is then not counted."
        raise MalformedError(thing, f"it cannot be read ({told})", todo) from error
