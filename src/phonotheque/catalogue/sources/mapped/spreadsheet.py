"""One file of a mapping, stretch by stretch, as columns of text.

Laws: the columns that are wanted are there or the file is refused; what the mapping calls unknown
is null, as is what is blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped.csv_text import CsvForm, CsvText, parse_header
from phonotheque.catalogue.sources.mapped.json_lines import parse_json_lines
from phonotheque.catalogue.sources.mapped.mapping import FileMapping
from phonotheque.catalogue.sources.mapped.texts import Texts
from phonotheque.catalogue.sources.reading.lines import TOO_LONG, Lines, LongLine, Stretch
from phonotheque.catalogue.sources.reading.stream import Limits, Stream
from phonotheque.errors import BadMappingError, MalformedError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Stretched:
    """Some rows of a file.

    Attributes:
        texts: The rows.
        refusals: What was refused of them.
        refused: How many rows were refused by now.
        done_bytes: How much of the file on the disk was read.
        has_more: Whether the file has columns that are not wanted.
    """

    texts: Texts
    refusals: Refusals
    refused: int
    done_bytes: int
    has_more: bool


class Sheet:
    """A file of a mapping.

    Args:
        path: The file.
        file: How it is written.
        wanted: Columns that are read.
        limits: How much it may unpack to.
        stretch_bytes: About how much is given at once.
    """

    def __init__(
        self,
        path: Path,
        file: FileMapping,
        wanted: tuple[str, ...],
        limits: Limits,
        stretch_bytes: int,
    ) -> None:
        self._path = path
        self._file = file
        self._wanted = wanted
        self._limits = limits
        self._stretch_bytes = stretch_bytes
        self._unknown = pa.array(file.unknown, pa.string())

    def parts(self) -> Iterator[Stretched]:
        """Give the rows of the file.

        Raises:
            BadMappingError: A column that is wanted is not there.
            MalformedError: It is damaged, or no text.
            UnavailableError: It cannot be read.
        """
        with Stream(self._path, self._limits) as stream:
            if b"\0" in stream.peek(4096):
                raise MalformedError(
                    f"{self._path}, byte 0", "it is no text", "Save it as CSV in UTF-8."
                )
            if stream.peek(3) == _BYTE_ORDER_MARK:
                stream.skip(3)
            lines = Lines(stream, stretch_bytes=self._stretch_bytes)
            refusals = Refusals(self._file.path)
            is_json = self._file.form == "json-lines"
            found = self._json(lines, refusals) if is_json else self._csv(lines, refusals)
            for texts, has_more in found:
                refused = refusals.rows
                yield Stretched(
                    self._without_unknown(texts),
                    refusals,
                    refused,
                    stream.packed_position,
                    has_more,
                )

    def _json(self, lines: Lines, refusals: Refusals) -> Iterator[tuple[Texts, bool]]:
        for stretch in lines:
            if isinstance(stretch, LongLine):
                refusals.row(stretch.line, TOO_LONG, stretch.sample)
            else:
                yield parse_json_lines(stretch, self._wanted, refusals), True
        if refusals.rows:
            yield parse_json_lines(Stretch(b"", lines.line, 0, 0), self._wanted, refusals), True

    def _csv(self, lines: Lines, refusals: Refusals) -> Iterator[tuple[Texts, bool]]:
        stretches = iter(lines)
        first = next(stretches, None)
        names = self._file.columns
        if first is None or isinstance(first, LongLine):
            if first is not None or not names:
                raise MalformedError(
                    f"{self._path}, line 1", "it has no line of columns", "Correct `columns`."
                )
            return
        if not names:
            head, _, rest = first.data.partition(b"\n")
            names = self._header(head)
            first = Stretch(rest, first.line + 1, first.offset + len(head) + 1, first.lines - 1)
        self._check(names)
        form = CsvForm(names, self._wanted, self._file.delimiter, self._file.encoding)
        reader = CsvText(form, refusals)
        has_more = bool(set(names) - set(self._wanted))
        for stretch in chain([first], stretches):
            if isinstance(stretch, LongLine):
                refusals.row(stretch.line, TOO_LONG, stretch.sample)
            else:
                yield reader.parse(stretch, is_last=False), has_more
        last = reader.parse(Stretch(b"", lines.line, lines.offset, 0), is_last=True)
        if len(last) or refusals.rows:
            yield last, has_more

    def _header(self, line: bytes) -> tuple[str, ...]:
        try:
            text = line.rstrip(b"\r\n").decode(self._file.encoding)
        except UnicodeError as error:
            raise MalformedError(
                f"{self._path}, line 1",
                f"it is not {self._file.encoding}",
                'Say what it is in the mapping: encoding = "windows-1252".',
            ) from error
        return parse_header(text, self._file.delimiter)

    def _check(self, names: tuple[str, ...]) -> None:
        for name in self._wanted:
            if names.count(name) == 1:
                continue
            wrong = "is there twice" if name in names else "is not there"
            near = get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}? " if near and near[0] != name else ""
            shown = ", ".join(names)[:200]
            raise BadMappingError(
                f"{self._path}, line 1", f"the column {name!r} {wrong}", f"{hint}It has: {shown}."
            )

    def _without_unknown(self, texts: Texts) -> Texts:
        """Make null of what means that nothing is known."""
        if not len(self._unknown):
            return texts
        nothing = pa.scalar(None, pa.string())
        cleaned = {
            name: pc.if_else(pc.is_in(column, value_set=self._unknown), nothing, column)
            for name, column in texts.columns.items()
        }
        return Texts(cleaned, texts.lines, texts.raw)
