"""Reading the fresh cards beside a snapshot: `phonotheque.catalogue.search.fresh` writes them."""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

from phonotheque.catalogue.search.section import Section
from phonotheque.catalogue.sqlite_reading import connect, translated
from phonotheque.errors import MalformedError

PREFIX = "fresh-"
ORDER, TEXTS, SEARCH = "order.i64", "texts.db", "search"
_NAME = re.compile(rf"{PREFIX}\d{{6}}")


class FreshRows:
    """The fresh cards of a snapshot, opened. Rows are numbered from 1 in their own order."""

    def __init__(self, folder: Path) -> None:
        self._order = _read_order(folder / ORDER)
        self._texts = connect(folder / TEXTS)
        self._path = folder / TEXTS
        self.section = Section(folder / SEARCH, self._texts_of, self.rank_of, is_small=True)

    def close(self) -> None:
        """Let go of the files."""
        self._texts.close()
        self.section.close()

    def rank_of(self, row: int) -> int:
        """Return the rank of a row."""
        return self._order[2 * row - 2]

    def place_of(self, row: int) -> int:
        """Return after how many settled rows it stands."""
        return self._order[2 * row - 1]

    def _texts_of(self, rows: Sequence[int]) -> list[tuple[str, str]]:
        query = "select title, credit from text where row = ?"
        with translated(self._path):
            found = [self._texts.execute(query, (row,)).fetchone() for row in rows]
        if None in found:
            raise MalformedError(str(self._path), "lacks rows", "Build the catalogue again.")
        return found


def open_fresh(folder: Path) -> FreshRows | None:
    """Open the fresh cards beside a snapshot; None when there are none.

    Raises:
        MalformedError: Their files are damaged.
    """
    while (newest := newest_fresh(folder)) is not None:
        try:
            return FreshRows(newest)
        except MalformedError:
            if newest.exists():
                raise  # else a newer one has taken its place meanwhile
    return None


def newest_fresh(folder: Path) -> Path | None:
    """Return the folder of the fresh cards beside a snapshot."""
    found = [path for path in folder.glob(f"{PREFIX}*") if _NAME.fullmatch(path.name)]
    return max(found, default=None, key=lambda path: path.name)


def _read_order(path: Path) -> array[int]:
    """Rank and place of each row, 64 bits each, the lowest byte first."""
    order = array("q")
    try:
        order.frombytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise MalformedError(str(path), "cannot be read", "Build the catalogue again.") from error
    if sys.byteorder == "big":
        order.byteswap()
    return order
