"""What was refused, counted exactly; only the first few are told with their place.

Laws: counts are exact however much was refused, and what is kept does not grow with it: a batch
names at most `MOST_TOLD` refusals, a reason at most `MOST_TOLD` places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa

from phonotheque.catalogue.sources.port import Batch, Refusal, Tally

MOST_TOLD = 100
"""How many refusals are told with their place."""

MOST_SAMPLE = 200
"""How many characters of what was refused are shown."""


def tally_of(batch: Batch) -> tuple[Tally, ...]:
    """Return what was refused in a batch by place and reason.

    A batch that does not count is counted by the refusals it names; rows beyond those are put down
    as refused for a reason that was not told.
    """
    if batch.tally:
        return batch.tally
    counts: dict[tuple[str, str, bool], int] = {}
    for refusal in batch.refusals:
        key = (refusal.place.rpartition(", line ")[0], refusal.reason, refusal.is_row)
        counts[key] = counts.get(key, 0) + 1
    untold = batch.refused - sum(count for key, count in counts.items() if key[2])
    if untold > 0:
        counts[("", "the reason was not told", True)] = untold
    return tuple(Tally(*key, count) for key, count in counts.items())


class Refusals:
    """Gathers what is refused while one batch is made.

    Args:
        where: The file or table it is read from, for places: "mbdump/recording".
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.rows = 0
        self._told: list[Refusal] = []
        self._counts: dict[tuple[str, bool], int] = {}

    def row(self, line: int, reason: str, sample: str | bytes = "") -> None:
        """Leave out the row that stands in a line."""
        self.rows += 1
        self._add(line, reason, sample, is_row=True)

    def rows_somewhere(self, count: int, reason: str) -> None:
        """Leave out rows of which the lines are not known."""
        if count > 0:
            self.rows += count
            self._counts[(reason, True)] = self._counts.get((reason, True), 0) + count

    def value(self, line: int, reason: str, sample: object = "") -> None:
        """Leave out one value of the row that stands in a line."""
        self._add(line, reason, sample, is_row=False)

    def values(
        self, lines: Iterable[int], reason: str, sample_of: Callable[[int], object], count: int
    ) -> None:
        """Leave out a value in each of `count` lines.

        Args:
            lines: Their numbers, rising; only the first are looked at.
            reason: What is wrong with all of them.
            sample_of: Gives the value of the n-th of `lines`, from 0.
            count: How many there are.
        """
        if not count:
            return
        key = (reason, False)
        self._counts[key] = self._counts.get(key, 0) + count
        for number, line in enumerate(lines):
            if len(self._told) >= MOST_TOLD:
                return
            self._tell(line, reason, sample_of(number), is_row=False)

    def _add(self, line: int, reason: str, sample: object, *, is_row: bool) -> None:
        key = (reason, is_row)
        self._counts[key] = self._counts.get(key, 0) + 1
        if len(self._told) < MOST_TOLD:
            self._tell(line, reason, sample, is_row=is_row)

    def _tell(self, line: int, reason: str, sample: object, *, is_row: bool) -> None:
        if isinstance(sample, bytes):
            sample = sample[: MOST_SAMPLE * 4].decode("utf-8", "replace")
        text = str(sample)[:MOST_SAMPLE]
        self._told.append(Refusal(f"{self.where}, line {line:,}", reason, is_row, text))

    def batch(self, rows: dict[str, pa.Table], *, read: int, place: str, done_bytes: int) -> Batch:
        """Make the batch of all that was gathered, and begin anew."""
        tally = tuple(
            Tally(self.where, reason, is_row, count)
            for (reason, is_row), count in self._counts.items()
        )
        made = Batch(
            {name: table for name, table in rows.items() if table.num_rows},
            read,
            place,
            done_bytes,
            self.rows,
            tuple(self._told),
            tally,
        )
        self.rows, self._told, self._counts = 0, [], {}
        return made
