"""Several tables in the order of one key, gone through side by side, a bounded number of rows at a
time.

A *window* is what each of them has of the same stretch of keys; the rows of a key are never in two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from phonotheque.catalogue.dump.ordered import Key, numbers_of, ranks_of
from phonotheque.catalogue.epoch import Integers
from phonotheque.errors import MalformedError

_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of one table in a window, with the key of each as a number; keys rise."""

    rows: pa.Table
    keys: Integers


def windows(
    tables: Sequence[Iterator[pa.Table]], schemas: Sequence[pa.Schema], key: Key
) -> Iterator[tuple[Stretch, ...]]:
    """Give what each table has of the same keys, stretch by stretch.

    Args:
        tables: Rows of each, in the order of `key`, any number at a time.
        schemas: Columns of each: of one that has no rows nothing else is known.
        key: Keys that are identifiers are compared at once: such tables are short.

    Raises:
        MalformedError: The rows of a table are not in order.
    """
    if key.gid:
        held = [
            pa.concat_tables([schema.empty_table(), *rows])
            for rows, schema in zip(tables, schemas, strict=True)
        ]
        ranks = ranks_of(held, key)
        yield tuple(Stretch(rows, keys) for rows, keys in zip(held, ranks, strict=True))
        return
    sides = [_Side(rows, schema.empty_table(), key) for rows, schema in zip(tables, schemas)]  # noqa: B905
    while True:
        for side in sides:
            while not side.is_ended and not len(side.keys):
                side.fill()
        cut = min((int(side.keys[-1]) for side in sides if not side.is_ended), default=_END)
        if cut == _END and not any(len(side.keys) for side in sides):
            return
        counts = [side.count_before(cut) for side in sides]
        if any(counts):
            yield tuple(side.take(count) for side, count in zip(sides, counts, strict=True))
        for side in sides:  # the rows of the key at the cut may go on
            if not side.is_ended and len(side.keys) and int(side.keys[-1]) == cut:
                side.fill()


@dataclass(slots=True)
class _Side:
    """One table, of which some rows are held."""

    source: Iterator[pa.Table]
    rows: pa.Table
    key: Key
    keys: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    is_ended: bool = False

    def fill(self) -> None:
        """Hold some rows more, or learn that there are none."""
        some = next(self.source, None)
        if some is None:
            self.is_ended = True
            return
        keys = np.concatenate([self.keys[-1:], numbers_of(some, self.key)])
        if not bool((keys[1:] >= keys[:-1]).all()):
            todo = "Build the catalogue again, or fetch the file again."
            raise MalformedError(" ".join(self.key.columns), "rows are not in its order", todo)
        self.rows = pa.concat_tables([self.rows, some])
        self.keys = np.concatenate([self.keys, keys[min(len(self.keys), 1) :]])

    def count_before(self, cut: int) -> int:
        return int(np.searchsorted(self.keys, cut, side="left"))

    def take(self, count: int) -> Stretch:
        taken = Stretch(self.rows.slice(0, count), self.keys[:count])
        self.rows, self.keys = self.rows.slice(count), self.keys[count:]
        return taken
