"""Pairs of numbers put in order, more than memory holds: the way to every index and list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import translated
from phonotheque.catalogue.database import Machine, database, in_parts, rows_of

Integers = npt.NDArray[np.int64]

_SCHEMA = pa.schema([("key", pa.int64()), ("value", pa.int64())])


class Pairs:
    """Keys with values, taken in any order and given back in order of both, each pair once."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self._folder = folder
        self._machine = machine
        self._path = folder / "pairs.parquet"
        with translated(str(self._path)):
            folder.mkdir()
            self._writer = pq.ParquetWriter(
                self._path,
                _SCHEMA,
                compression="none",
                use_dictionary=False,
                write_statistics=False,
            )

    def add(self, keys: Integers, values: Integers) -> None:
        """Take pairs."""
        columns = [pa.array(keys, pa.int64()), pa.array(values, pa.int64())]
        with translated(str(self._path)):
            self._writer.write_table(pa.table(columns, schema=_SCHEMA))

    def in_order(self) -> Iterator[tuple[Integers, Integers]]:
        """Give all pairs; nothing can be added afterwards, and it works once."""
        with translated(str(self._path)):
            self._writer.close()
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
