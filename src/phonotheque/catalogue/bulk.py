"""Bulk files: tables of rows in Parquet parts, whole or not there, durable before they are named.

Laws: a part is written under another name, made durable, and then renamed; parts of a folder are
read in order of their names; what the operating system or Arrow refuses is told in our errors.

These files are written by Arrow and DuckDB, which know paths and no port; all that is small and
decides what is believed (descriptors, pointers, journals) goes through `phonotheque.disk`.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.disk import refusal
from phonotheque.errors import DiskFailedError, DiskFullError, MalformedError

Progress = Callable[[float], None]
"""Is told which share is done, 0 to 1."""

ROWS_IN_PART = 1_000_000
"""Rows of a part: small enough to be held and sorted, large enough to be few."""

ROWS_IN_GROUP = 100_000
"""Rows of a row group: what can be left out at once when a range of ids is read."""

ENDING = ".parquet"


@contextmanager
def translated(thing: str) -> Iterator[None]:
    """Turn what the system, Arrow or DuckDB refuses into our errors, once."""
    try:
        yield
    except OSError as error:
        raise refusal(thing, error) from error
    except pa.ArrowInvalid as error:
        raise MalformedError(thing, f"it cannot be read: {error}", "Import it again.") from error
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise _refused_by_duckdb(thing, error) from error


def _refused_by_duckdb(thing: str, error: duckdb.Error) -> DiskFullError | DiskFailedError:
    text = " ".join(str(error).split())[:200]
    if any(sign in text for sign in ("No space left", "max_temp_directory_size", "disk is full")):
        return DiskFullError(thing, f"no room is left on the disk: {text}", "Free some space.")
    return DiskFailedError(thing, f"it could not be made: {text}", "Check disk and memory.")


def parts_in(folder: Path) -> list[Path]:
    """Return the parts of a folder in order; none when there is no such folder."""
    return sorted(folder.glob(f"part-*{ENDING}"))


def rows_of(part: Path) -> int:
    """Return how many rows a part has."""
    with translated(str(part)):
        return int(pq.read_metadata(part).num_rows)


def part_name(number: int, source: int | None = None) -> str:
    """Return the name of a part, numbered from 1; within a table of many sources also by source."""
    head = "part-" if source is None else f"part-{source:03d}-"
    return f"{head}{number:05d}{ENDING}"


def write_part(path: Path, table: pa.Table) -> None:
    """Write one part, whole or not at all, durable but for its name."""
    unfinished = path.with_name(f".{path.name}.new")
    with translated(str(path)):
        pq.write_table(
            table,
            unfinished,
            compression="zstd",
            compression_level=1,
            row_group_size=ROWS_IN_GROUP,
            use_dictionary=_with_dictionary(table.schema),
            column_encoding={
                field.name: "DELTA_BINARY_PACKED"
                for field in table.schema
                if pa.types.is_int64(field.type)
            },
        )
        sync_file(unfinished)
        os.replace(unfinished, path)


def _with_dictionary(schema: pa.Schema) -> list[str]:
    """Columns written by a dictionary: all but ids, which rise and take less as differences."""
    return [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in schema
        if not pa.types.is_int64(field.type)
    ]


def batches_of(
    parts: Iterable[Path], columns: list[str] | None = None, rows: int = 1 << 18
) -> Iterator[pa.RecordBatch]:
    """Give the rows of parts in order, a bounded number at a time."""
    for part in parts:
        with translated(str(part)), pq.ParquetFile(part) as file:
            yield from file.iter_batches(batch_size=rows, columns=columns, use_threads=False)


class PartWriter:
    """Writes rows as parts of `ROWS_IN_PART` into a folder that exists.

    Args:
        source: Number of the source whose rows they are, for the parts' names.
        first: Number of the first part.
    """

    def __init__(self, folder: Path, *, source: int | None = None, first: int = 1) -> None:
        self._folder = folder
        self._source = source
        self._number = first
        self._waiting: list[pa.Table] = []
        self._count = 0
        self.rows = 0

    def write(self, rows: pa.Table) -> None:
        """Take rows; those that fill a part are written."""
        self._waiting.append(rows)
        self._count += rows.num_rows
        self.rows += rows.num_rows
        while self._count >= ROWS_IN_PART:
            self._flush(ROWS_IN_PART)

    def close(self) -> None:
        """Write what is left."""
        if self._count:
            self._flush(self._count)

    def _flush(self, count: int) -> None:
        everything = pa.concat_tables(self._waiting)
        write_part(self._folder / part_name(self._number, self._source), everything.slice(0, count))
        self._number += 1
        self._waiting = [everything.slice(count)]
        self._count -= count


def mapped_array(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Make an array in a file, which may be larger than memory; what it holds is undefined.

    Its room is taken at once, where that can be refused: a page of a mapped file for which the disk
    has no room ends the process.
    """
    count = math.prod(shape)
    if not count:
        return np.empty(shape, np.int64)
    with path.open("wb") as file:
        _take_room(file, 8 * count)
    return np.memmap(path, np.int64, "r+", shape=shape)


def _take_room(file: BinaryIO, size_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size_bytes)
        return
    zeros = bytes(min(size_bytes, 1 << 20))
    for low in range(0, size_bytes, len(zeros)):  # macOS
        file.write(zeros[: size_bytes - low])


def sync_file(path: Path) -> None:
    """Return only when the bytes of a file are durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Return only when all files and names below a folder are durable."""
    with translated(str(folder)):
        for below, _, names in os.walk(folder):
            for name in names:
                sync_file(Path(below, name))
            sync_file(Path(below))


def fresh_folder(folder: Path) -> Path:
    """Make an empty folder, whatever stood there before."""
    with translated(str(folder)):
        remove_tree(folder)
        folder.mkdir(parents=True)
    return folder


def remove_tree(folder: Path) -> None:
    """Remove a folder with everything in it; nothing when it is absent."""
    with translated(str(folder)):
        if folder.is_dir():
            shutil.rmtree(folder)


@contextmanager
def made_beside(out: Path) -> Iterator[Path]:
    """Give the path of a file in a new folder beside its place; whole and durable, it moves there.

    What was at `out` stays until then, and after any error. Further files may be made beside the
    one that is given: they go with the folder.
    """
    folder = fresh_folder(out.with_name(f"{out.name}.part"))
    unfinished = folder / out.name
    yield unfinished
    with translated(str(out)):
        sync_file(unfinished)
        os.replace(unfinished, out)
        sync_file(out.parent)
    remove_tree(folder)


def finish_folder(unfinished: Path, folder: Path) -> None:
    """Make a folder durable and give it the name by which it counts as made."""
    sync_tree(unfinished)
    with translated(str(folder)):
        os.replace(unfinished, folder)
        sync_file(folder.parent)
