"""Rows and texts kept in files, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import gettempdir
from typing import Any, BinaryIO, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from phonotheque.errors import UnavailableError

ROWS_AT_ONCE = 4_000_000

Table = TypeVar("Table", bound=tuple[npt.NDArray[Any], ...])


class Kept(Generic[Table]):
    """Columns of one length, each in a file of its own."""

    def __init__(
        self, make: Callable[..., Table], types: str, folder: Path, name: str, files: ExitStack
    ) -> None:
        """Begin with no rows.

        Args:
            make: Makes a table of columns.
            types: What each column is made of, with blanks between them: "i8 u4".
            folder: Where the files are made.
            name: What they are called there.
            files: Closes them.
        """
        self._make, self._types = make, [np.dtype(one) for one in types.split()]
        self._files = [
            files.enter_context((folder / f"{name}-{place}").open("w+b", 0))
            for place in range(len(self._types))
        ]
        self.rows = 0

    def add(self, table: Table) -> None:
        """Put rows behind those that are there."""
        for file, form, column in zip(self._files, self._types, table, strict=True):
            _write_all(file, np.ascontiguousarray(column, form))
        self.rows += len(table[0])

    def all(self) -> Table:
        """Return all rows, mapped from their files: never all in memory."""
        return self._make(*(self.column(place) for place in range(len(self._files))))

    def at(self, rows: slice | npt.NDArray[np.int64]) -> Table:
        """Return some of them, in memory."""
        return self._make(*(np.array(column[rows]) for column in self.all()))

    def column(self, place: int, mode: str = "r") -> npt.NDArray[Any]:
        """Return a column, mapped from its file; with the mode "r+" what is changed in it stays."""
        form = self._types[place]
        return np.memmap(self._files[place], form, mode) if self.rows else np.zeros(0, form)  # type: ignore[call-overload]

    def where(self, place: int, chosen: Callable[[Any], Any]) -> npt.NDArray[np.int64]:
        """Return which rows are chosen by what stands in one of their columns, some at once."""
        column = self.column(place)
        found = [
            first + np.flatnonzero(chosen(column[first : first + ROWS_AT_ONCE]))
            for first in range(0, self.rows, ROWS_AT_ONCE)
        ]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class Texts:
    """Texts in a file, each with a number: 0 for the first."""

    def __init__(self, folder: Path, name: str, files: ExitStack) -> None:
        """Begin with none."""
        self._text = files.enter_context((folder / name).open("w+b", 0))
        self._ends = files.enter_context((folder / f"{name}-ends").open("w+b", 0))
        self._size = self.count = 0

    def add(self, texts: Iterable[bytes]) -> None:
        """Put texts behind those that are there."""
        added = list(texts)
        ends = self._size + np.cumsum([len(one) for one in added], dtype=np.int64)
        _write_all(self._text, np.frombuffer(b"".join(added), np.uint8))
        _write_all(self._ends, ends)
        if added:
            self._size = int(ends[-1])
        self.count += len(added)

    def at(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Give some of them."""
        ends = np.memmap(self._ends, np.int64, "r") if self.count else np.zeros(0, np.int64)
        for number in numbers:
            begin = int(ends[number - 1]) if number else 0
            self._text.seek(begin)
            yield self._text.read(int(ends[number]) - begin)
        self._text.seek(0, 2)


def _write_all(file: BinaryIO, data: npt.NDArray[Any]) -> None:
    left = memoryview(data.tobytes())
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        wrong = f"there is no room for what the log says ({error.strerror})"
        todo = "Make room, or name another folder with TMPDIR."
        raise UnavailableError(gettempdir(), wrong, todo) from error
