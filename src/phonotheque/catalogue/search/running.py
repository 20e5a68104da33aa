"""Running a MATCH over the files of one folder: rows in rank order, until there are enough.

Laws: rows come in rank order, so what was found when time ran out is the best there is; each row is
looked at once; a foreign error never leaves here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from phonotheque.catalogue.search.layout import Tier
from phonotheque.catalogue.search.matching import any_of
from phonotheque.catalogue.search.terms import RowText
from phonotheque.catalogue.search.tier import TABLE
from phonotheque.catalogue.sqlite_reading import connect, translated

Texts: TypeAlias = Callable[[Sequence[int]], list[tuple[str, str]]]
"""Ranks to (title, credit), in the same order: for comparing what the index found."""

Years: TypeAlias = Callable[[Sequence[int]], Sequence[int | None]]
"""Ranks to years, in the same order; None where it is not known."""

Accepts: TypeAlias = Callable[[Sequence[int]], Sequence[bool]]
"""Ranks to whether each may be in the answer, in the same order."""

MAX_COMPARED = 20_000
"""Rows of which the text is compared for one question. Then the answer is partial: about 0.4 s."""
_STEPS = 2_000
"""Instructions of SQLite between two looks at the clock."""
_LEAST_CHUNK, _LARGEST_CHUNK = 4, 512


@dataclass(slots=True)
class Run:
    """What is left to one question: time and comparisons.

    Attributes:
        withdrawn: Ranks that are left out.
        accepts: Says what else is left out.
        is_partial: Whether something ran out.
    """

    withdrawn: Collection[int] = ()
    deadline_s: float | None = None
    accepts: Accepts | None = None
    is_partial: bool = False
    comparisons: int = MAX_COMPARED
    began: float = field(default_factory=time.perf_counter)

    def is_over(self) -> bool:
        """Whether time is up; remembers it."""
        if self.deadline_s is not None and time.perf_counter() - self.began > self.deadline_s:
            self.is_partial = True
        return self.is_partial


def within(rows: Iterator[int], years: Years, span: tuple[int, int], run: Run) -> Iterator[int]:
    """Yield the rows whose year lies in a span, ends included."""
    first, last = span
    size = _LEAST_CHUNK
    while chunk := list(islice(rows, size)):
        for row, year in zip(chunk, years(chunk), strict=True):
            if year is not None and first <= year <= last:
                yield row
        if run.is_over():
            return
        size = min(2 * size, _LARGEST_CHUNK)


class Tiers:
    """The index files of one folder, opened.

    Args:
        texts: Texts of rows by their number in these files.
        rank_of: Rank of a row by its number in these files.
    """

    def __init__(
        self, folder: Path, tiers: Sequence[Tier], texts: Texts, rank_of: Callable[[int], int] = int
    ) -> None:
        self._tiers = tiers
        self._paths = [folder / tier.file for tier in tiers]
        self._files = [connect(path) for path in self._paths]
        self._texts = texts
        self._rank_of = rank_of

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()

    def watch(self, run: Run) -> None:
        """Have SQLite look at the clock for this question, when it has a deadline."""
        for file in self._files:
            file.set_progress_handler(None if run.deadline_s is None else run.is_over, _STEPS)

    def take(
        self,
        rows: Iterator[int],
        count: int,
        run: Run,
        fits: Callable[[RowText], bool] | None = None,
    ) -> list[int]:
        """Return the first `count` rows that are not withdrawn and whose text fits."""
        if run.withdrawn:
            rows = (row for row in rows if self._rank_of(row) not in run.withdrawn)
        if fits is None and run.accepts is None:
            return list(islice(rows, count))
        found: list[int] = []
        size = min(count, _LARGEST_CHUNK)
        while len(found) < count and (chunk := list(islice(rows, size))):
            found += self._passing(chunk, run, fits)
            run.comparisons -= len(chunk)
            if run.is_over() or run.comparisons <= 0:
                run.is_partial = run.is_partial or len(found) < count
                break
            # As many as should do, going by how many passed; where few do, twice as many.
            wanted = size * (count - len(found)) // max(len(found), 1) + _LEAST_CHUNK
            size = min(wanted, size * 2, _LARGEST_CHUNK)
        return found[:count]

    def those(self, found: Sequence[int], fits: Callable[[RowText], bool]) -> list[int]:
        """Return those rows whose text fits."""
        texts = zip(found, self._texts(found), strict=True) if found else ()
        return [row for row, text in texts if fits(RowText(*text))]

    def _passing(
        self, chunk: Sequence[int], run: Run, fits: Callable[[RowText], bool] | None
    ) -> list[int]:
        passing = list(chunk)
        if fits is not None:
            passing = self.those(passing, fits)
        if run.accepts is not None and passing:
            accepted = run.accepts([self._rank_of(row) for row in passing])
            passing = [
                row for row, is_accepted in zip(passing, accepted, strict=True) if is_accepted
            ]
        return passing

    def rows(self, match: str, without: Sequence[str], run: Run) -> Iterator[int]:
        """Yield rows that match and have none of the tokens `without`, in rank order.

        Without a match these are all rows but those with the tokens.
        """
        if not match:
            yield from self._gaps(any_of(without), run)
            return
        if without:
            match = f"({match}) NOT {any_of(without)}"
        for at in range(len(self._files)):
            yield from self._in_tier(at, match, run)
            if run.is_over():
                return

    def _in_tier(self, at: int, match: str, run: Run) -> Iterator[int]:
        query = f"select rowid from {TABLE} where {TABLE} match ? order by rowid"
        with translated(self._paths[at]):
            try:
                for (row,) in self._files[at].execute(query, (match,)):
                    yield row
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                run.is_partial = True

    def _gaps(self, match: str, run: Run) -> Iterator[int]:
        for at, tier in enumerate(self._tiers):
            following = tier.first
            for row in self._in_tier(at, match, run):
                yield from range(following, row)
                following = row + 1
                if run.is_over():
                    return
            if run.is_over():
                return
            yield from range(following, tier.first + tier.rows)
