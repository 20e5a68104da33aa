"""Spreadsheets as a source: CSV files or JSON lines, read as a mapping file says.

Laws: those of the port. To go on at a place the files are read again from their beginning, without
giving anything until the place is reached: what was made once is known again then, and spreadsheets
are short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources import columns
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped.mapping import FileMapping, Join, parse_mapping
from phonotheque.catalogue.sources.mapped.rows import Maker
from phonotheque.catalogue.sources.mapped.spreadsheet import Sheet, Stretched
from phonotheque.catalogue.sources.mapped.texts import Texts
from phonotheque.catalogue.sources.port import Batch
from phonotheque.catalogue.sources.reading.lines import STRETCH_BYTES
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits
from phonotheque.errors import BadRequestError, MalformedError

MOST_JOINED_BYTES = 256 << 20
"""Longest file that is looked into from another: it is held in memory."""


class Mapped:
    """The files of a mapping.

    Args:
        mapping: The mapping file.
        folder: Where the data are; that of the mapping when it is not given.
        limits: How much a file may unpack to.
        stretch_bytes: About how much of a file makes one batch.

    Raises:
        BadMappingError: The mapping cannot be read.
        BadRequestError: There is no such mapping, or a file that it names is not there.
    """

    def __init__(
        self,
        mapping: Path,
        folder: Path | None = None,
        *,
        limits: Limits = DEFAULT,
        stretch_bytes: int = STRETCH_BYTES,
    ) -> None:
        try:
            data = mapping.read_bytes()
        except OSError as error:
            raise BadRequestError(
                str(mapping), "there is no such mapping", "Check the path."
            ) from error
        self._mapping = parse_mapping(data, mapping.name)
        self._digest = hashlib.sha256(data).hexdigest()
        self._folder = mapping.parent if folder is None else folder
        self._limits = limits
        self._stretch_bytes = stretch_bytes
        self.terms = self._mapping.terms
        for path in self._paths():
            if not path.is_file():
                raise BadRequestError(
                    str(path),
                    f"{mapping.name} reads this file, and it is not there",
                    "Give the folder of the data, or correct `path`.",
                )

    def _paths(self) -> list[Path]:
        names = [
            name
            for file in self._mapping.files
            for name in (file.path, *(join.path for join in file.joins))
        ]
        return [self._folder / name for name in dict.fromkeys(names)]

    @property
    def size_bytes(self) -> int:
        """Length of all files, as they lie on the disk."""
        return sum((self._folder / file.path).stat().st_size for file in self._mapping.files)

    def state(self) -> str:
        """The mapping, and names, sizes and times of the files."""
        found = ((path, path.stat()) for path in self._paths())
        files = [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in found]
        return "\n".join([self._digest, str(self._stretch_bytes), *files])

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        Raises:
            BadMappingError: A file has not the columns that the mapping names.
            MalformedError: A file is damaged, or no text.
            UnavailableError: A file cannot be read.
        """
        maker = Maker()
        is_reached = not after
        done = 0
        for number, file in enumerate(self._mapping.files):
            joined = [_Joined(join, self._look_into(join, file)) for join in file.joins]
            sheet = self._sheet(file.path, file, file.wanted())
            for count, part in enumerate(sheet.parts(), 1):
                place = f"{number}:{count}"
                batch = self._batch(maker, file, part, joined, place, done)
                if is_reached:
                    yield batch
                is_reached |= place == after
            done += (self._folder / file.path).stat().st_size
        if not is_reached:
            raise BadRequestError(after[:80], "it is no place in these files", "Begin anew.")

    def _sheet(self, path: str, file: FileMapping, wanted: tuple[str, ...]) -> Sheet:
        return Sheet(self._folder / path, file, wanted, self._limits, self._stretch_bytes)

    def _batch(
        self,
        maker: Maker,
        file: FileMapping,
        part: Stretched,
        joined: list[_Joined],
        place: str,
        done: int,
    ) -> Batch:
        texts = part.texts
        for other in joined:
            texts = other.beside(texts, part.refusals)
        rows = maker.make(file.rows, texts, part.refusals, has_raw=file.has_raw and part.has_more)
        read = len(part.texts) + part.refused
        return part.refusals.batch(rows, read=read, place=place, done_bytes=done + part.done_bytes)

    def _look_into(self, join: Join, file: FileMapping) -> dict[str, pa.Array]:
        """Read the other file of a join into memory."""
        path = self._folder / join.path
        wanted = tuple(dict.fromkeys((join.to, *join.columns)))
        parts: dict[str, list[pa.Array]] = {name: [] for name in wanted}
        size = 0
        other = next((one for one in self._mapping.files if one.path == join.path), file)
        for part in self._sheet(join.path, other, wanted).parts():
            size += sum(column.nbytes for column in part.texts.columns.values())
            if size > MOST_JOINED_BYTES:
                raise MalformedError(
                    str(path),
                    f"it has more than {MOST_JOINED_BYTES:,} bytes in the columns of the join",
                    "Join the files beforehand, with DuckDB for one.",
                )
            for name in wanted:
                parts[name].append(part.texts.columns[name])
        return {
            name: pa.concat_arrays(found) if found else pa.array([], pa.string())
            for name, found in parts.items()
        }


class _Joined:
    """Columns of another file, found by one of them."""

    def __init__(self, join: Join, found: Mapping[str, pa.Array]) -> None:
        self._join = join
        self._found = found
        self._keys = columns.texts(found[join.to])

    def beside(self, texts: Texts, refusals: Refusals) -> Texts:
        """Put the columns beside those of some rows; the first row that is meant counts."""
        wanted = columns.texts(texts.columns[self._join.on])
        places = pc.index_in(wanted, value_set=self._keys, skip_nulls=True)
        absent = pc.and_(places.is_null(), wanted.is_valid())
        lines = texts.lines[absent.to_numpy(zero_copy_only=False)]
        samples = wanted.filter(absent)
        reason = f"{self._join.on}: {self._join.path} has no such row"
        refusals.values(lines.tolist(), reason, lambda n: samples[n].as_py(), len(lines))
        more = {
            f"{self._join.name}.{name}": self._found[name].take(places)
            for name in self._join.columns
        }
        return Texts({**texts.columns, **more}, texts.lines, texts.raw)
