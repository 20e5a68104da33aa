"""Pairs of numbers put in order, more than memory holds: the way to every index and list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import translated
from phonotheque.catalogue.database import Machine, database, in_parts, rows_of

Integers = npt.NDArray[np.int64]

_SCHEMA = pa.schema([("key", pa.int64()), ("value", pa.int64())])

_FEW = 1 << 18
"""Pairs that are put in order in memory: opening a database takes longer."""


class Pairs:
    """Keys with values, taken in any order and given back in order of both, each pair once."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self._folder = folder
        self._machine = machine
        self._path = folder / "pairs.parquet"
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[tuple[Integers, Integers]] = []
        self._count = 0

    def add(self, keys: Integers, values: Integers) -> None:
        """Take pairs."""
        self._waiting.append((keys, values))
        self._count += len(keys)
        if self._writer is not None or self._count > _FEW:
            self._write()

    def in_order(self) -> Iterator[tuple[Integers, Integers]]:
        """Give all pairs; nothing can be added afterwards, and it works once."""
        if self._writer is None:
            yield from self._few()
            return
        with translated(str(self._path)):
            self._writer.close()
        yield from self._many()

    def _write(self) -> None:
        with translated(str(self._path)):
            if self._writer is None:
                self._folder.mkdir()
                self._writer = pq.ParquetWriter(
                    self._path,
                    _SCHEMA,
                    compression="none",
                    use_dictionary=False,
                    write_statistics=False,
                )
            for pair in self._waiting:
                columns = [pa.array(one, pa.int64()) for one in pair]
                self._writer.write_table(pa.table(columns, schema=_SCHEMA))
        self._waiting.clear()

    def _few(self) -> Iterator[tuple[Integers, Integers]]:
        if not self._count:
            return
        keys, values = map(np.concatenate, zip(*self._waiting, strict=True))
        order = np.lexsort((values, keys))
        keys, values = keys[order], values[order]
        is_new = np.append(True, (np.diff(keys) != 0) | (np.diff(values) != 0))
        yield keys[is_new].astype(np.int64), values[is_new].astype(np.int64)

    def _many(self) -> Iterator[tuple[Integers, Integers]]:
        query = f"SELECT key, value FROM {in_parts([self._path])} ORDER BY key, value"
        last = (-1, -1)
        with database(self._folder, self._machine) as db:
            for rows in rows_of(db, query, _SCHEMA):
                if not len(rows):
                    continue
                keys, values = rows["key"].to_numpy(), rows["value"].to_numpy()
                is_new = np.empty(len(keys), bool)
                is_new[0] = (int(keys[0]), int(values[0])) != last
                is_new[1:] = (np.diff(keys) != 0) | (np.diff(values) != 0)
                last = (int(keys[-1]), int(values[-1]))
                yield keys[is_new], values[is_new]
        self._path.unlink()


def sorted_pairs(
    batches: Iterable[tuple[Integers, Integers]], folder: Path, machine: Machine
) -> Iterator[tuple[Integers, Integers]]:
    """Give pairs in order of keys and values, each once.

    Args:
        batches: Keys and values, in any order.
        folder: Made where memory is not enough.
    """
    taken = Pairs(folder, machine)
    for keys, values in batches:
        taken.add(keys, values)
    return taken.in_order()
