"""ListenBrainz as a source: how often everything was heard, and by how many.

Reads dumps of listens (Parquet files, or JSON lines `2005/1.listens`, loose or in a tar, packed or
not) and of popularity (JSON lines with `total_listen_count`). Counts are of all time and of each
month. Who listened is counted and dropped: no number, name or trace of a user reaches any file.

A dump of listens is read once, boiled down and counted (`counting`); rows come after
that. So a run that was broken off reads again, and goes on writing where it stopped: parts that
were finished stay.

Terms: CC0 1.0. Known gap: increments of the dump do not say what was deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from phonotheque.catalogue.sources.listenbrainz.counting import Counter
from phonotheque.catalogue.sources.listenbrainz.input import inputs_of, iter_listens
from phonotheque.catalogue.sources.listenbrainz.popularity import iter_popularity
from phonotheque.catalogue.sources.listenbrainz.rows import rows_of
from phonotheque.catalogue.sources.port import Batch, Terms

TERMS = Terms(
    name="listenbrainz",
    title="ListenBrainz",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    attribution="ListenBrainz (MetaBrainz Foundation)",
    origin="https://listenbrainz.org/data/",
)
"""Terms of all its dumps; the date is the one in the name of a dump."""

_READING_SHARE = 0.8
"""Reading and boiling down take about four fifths of the whole time."""

_DAY = re.compile(r"(?<![0-9])(20[0-9]{2})([01][0-9])([0-3][0-9])(?![0-9])")


class ListenBrainz:
    """The source.

    Args:
        paths: Files and folders of one kind of dump.
        scratch: A folder on a disk with room; what is made in it is removed.
        memory_bytes: Memory for counting.
        has_months: Whether months are counted beside the whole.
        listens_at_once: How many are boiled down together.
        rows_per_batch: About how many rows of what was boiled down make a batch.

    Raises:
        BadRequestError: There is no dump, or two kinds of it.
        MalformedError: A file that is named is no dump.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        scratch: Path,
        *,
        memory_bytes: int = 1 << 29,
        has_months: bool = True,
        listens_at_once: int = 200_000,
        rows_per_batch: int = 200_000,
    ) -> None:
        self._inputs = inputs_of(paths)
        self._folder = scratch / "listenbrainz-counting"
        self._memory_bytes = memory_bytes
        self._has_months = has_months
        self._listens_at_once = listens_at_once
        self._rows_per_batch = rows_per_batch
        found = [_DAY.search(str(path.absolute())) for path in paths]
        days = sorted("-".join(match.groups()) for match in found if match)
        self.terms = replace(TERMS, as_of=days[-1] if days else "")

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return sum(one.size_bytes for one in self._inputs)

    def state(self) -> str:
        """Return names, lengths and times of all files, and how they are read."""
        how = (self._has_months, self._listens_at_once, self._rows_per_batch)
        parts = [f"{one.path.name} {one.size_bytes} {one.modified_ns}" for one in self._inputs]
        return "\n".join([*parts, str(how)])

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all batches, or those after a place: first empty ones while listens are read."""
        if self._inputs[0].is_popularity:
            made = iter_popularity(self._inputs, self.terms.as_of, self._rows_per_batch)
        else:
            made = self._counted(after)
        is_behind = not after
        for batch in made:
            if is_behind:
                yield batch
            is_behind = is_behind or batch.place == after

    def _counted(self, after: str) -> Iterator[Batch]:
        size, last = self.size_bytes, ""
        with Counter(self._folder, self._memory_bytes) as counter:
            parts = iter_listens(self._inputs, self._listens_at_once)
            for number, part in enumerate(parts, start=1):
                counter.add(part.heard, part.named)
                last = max(last, part.last_day)
                done = int(part.done_bytes * _READING_SHARE)
                yield part.refusals.batch(
                    {}, read=part.read, place=f"listens {number}", done_bytes=done
                )
            count = max(1, -(-counter.sort() // self._rows_per_batch))
            first = _range_of(after)
            ranges = counter.ranges(count, first=first, has_months=self._has_months)
            for number, counts, names in ranges:
                share = _READING_SHARE + (1 - _READING_SHARE) * (number + 1) / count
                rows = rows_of(counts, names, last)
                yield Batch(rows, 0, f"range {number}", min(size, int(size * share)))


def _range_of(place: str) -> int:
    """The range that a place is the end of: it is counted again, and not given, to be found."""
    kind, _, number = place.partition(" ")
    return int(number) if kind == "range" else 0
