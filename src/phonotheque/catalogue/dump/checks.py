"""What came from elsewhere, checked before it is believed: names, numbers, dates, ids and texts.

Laws: a name of which a path is made is a word; ids are so low that many can follow them, and that a
build, which goes from range to range, comes to an end; a text that people are shown is one line, as
an import makes it. What a source wrote of its own (`AS_WRITTEN`) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import translated
from phonotheque.catalogue.dump.layout import FLAT, Sheet
from phonotheque.catalogue.snapshot import SourceEntry, number_of
from phonotheque.catalogue.tables import ENTITIES
from phonotheque.errors import FormatTooNewError, FormatTooOldError, MalformedError

AS_WRITTEN = frozenset({"join_phrase", "raw", "raw_row", "source_id"})
"""Columns of texts that are nobody's but the source's: an import does not clean them."""

MOST_IDS = 1 << 32
"""Ids of a table that are believed: ten times as many as there are recordings of music."""

_LAST_NUMBER = 10**12
"""A later snapshot is none: numbers go on from there, and a name has 18 digits at most."""

_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SNAPSHOT = re.compile(r"snapshot-[0-9]{6,18}")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_IDS = frozenset({"id", "entity", "one", "other", "canonical"})
_RISING = frozenset({*ENTITIES, *(sheet.name for sheet in FLAT.values())})
"""Tables with a row for each id, in order, which search and look-up rest on."""

_AGAIN = "Fetch it again, or ask those who made it."


class _Form(msgspec.Struct, frozen=True):
    format: int = 0


def check_form(path: Path, data: bytes, form: int, todo: str, *, unsaid: int = 0) -> None:
    """Refuse what was written in another form than this program reads, before it is read as damage.

    Args:
        data: What stands in the file: JSON with its `format`.
        form: The one form that is read.
        todo: What to do about an earlier one.
        unsaid: The form of what names none; 0: every form names itself.

    Raises:
        FormatTooOldError: An earlier program wrote it.
        FormatTooNewError: A later one did.
        MalformedError: It names no form.
        msgspec.DecodeError: It is no JSON; whatever `music.decoding.UNDECODABLE` names.
    """
    found = msgspec.json.decode(data, type=_Form).format or unsaid
    if found < 1:
        raise MalformedError(str(path), "it names no format", _AGAIN)
    if found > form:
        raise FormatTooNewError(str(path), f"it has format {found}", "Use a later Phonotheque.")
    if found < form:
        wrong = f"an earlier Phonotheque made it, in format {found}; this one reads {form}"
        raise FormatTooOldError(str(path), wrong, todo)


def check_said(
    path: Path,
    snapshot: str,
    made_at: str,
    sources: Sequence[SourceEntry],
    next_ids: Mapping[str, int],
) -> None:
    """Refuse what a dump or an increment says of itself and cannot mean.

    Args:
        path: The file that says it.

    Raises:
        MalformedError: A name, a number, a date or a text is none.
    """
    _check_names(path, snapshot, sources)
    ends = next_ids.values()
    if not {*next_ids} <= {*ENTITIES} or not all(0 <= end <= MOST_IDS for end in ends):
        raise MalformedError(str(path), "its next ids are none", _AGAIN)
    if not _is_instant(made_at):
        raise MalformedError(str(path), "when it was made is no date and time", _AGAIN)
    texts: list[str] = []
    for one in sources:
        texts += [one.title, one.generation, one.licence, one.origin, one.as_of]
        texts += one.attribution.splitlines()
    if any(map(_CONTROLS.search, texts)):
        raise MalformedError(str(path), "a text has control characters in it", _AGAIN)


def _check_names(path: Path, snapshot: str, sources: Sequence[SourceEntry]) -> None:
    names = [one.name for one in sources]
    numbers = [one.id for one in sources]
    if (
        not all(map(_SOURCE_NAME.fullmatch, names))
        or len({*names}) < len(names)
        or len({*numbers}) < len(numbers)
        or not all(0 < number < 1000 for number in numbers)
        or not _SNAPSHOT.fullmatch(snapshot)
        or number_of(snapshot) > _LAST_NUMBER
    ):
        raise MalformedError(str(path), "its names or numbers are none", _AGAIN)


def _is_instant(text: str) -> bool:
    try:
        return f"{datetime.strptime(text, _INSTANT):{_INSTANT}}" == text  # noqa: DTZ007 - Z is UTC
    except ValueError:
        return False


def check_ids(thing: str, ids: pa.Array, end: int) -> None:
    """Refuse ids that no epoch can have given; null is none.

    Raises:
        MalformedError: One is below 0 or not below `end`.
    """
    found = pc.min_max(ids)
    if found["min"].is_valid and not 0 <= found["min"].as_py() <= found["max"].as_py() < end:
        raise MalformedError(thing, "it has ids that no catalogue can have given", _AGAIN)


def check_file(folder: Path, path: str, sheet: Sheet, said_rows: int, said_in: str) -> None:
    """Compare columns and number of rows of a Parquet file with what they have to be.

    Args:
        said_rows: How many rows it is said to have.
        said_in: Name of the file that says so.

    Raises:
        MalformedError: It is another one.
    """
    with translated(str(folder / path)):
        schema = pq.read_schema(folder / path)
        rows = pq.read_metadata(folder / path).num_rows
    if schema.remove_metadata() != sheet.schema:
        wrong = f"its columns are not those of {sheet.name}"
        raise MalformedError(str(folder / path), wrong, _AGAIN)
    if rows != said_rows:
        wrong = f"it has {rows:,} rows, and {said_in} says {said_rows:,}"
        raise MalformedError(str(folder / path), wrong, _AGAIN)


class RowsCheck:
    """Compares the rows of a file, from the first to the last, with what they have to be."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self._path = path
        self._is_rising = sheet.name in _RISING
        self._is_entity = sheet.name in ENTITIES
        self._ids = [one.name for one in sheet.columns if one.refers or one.name in _IDS]
        self._last = -1

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows.

        Raises:
            MalformedError: Ids do not rise or are none, a key is missing, or a text is more than a
                line.
        """
        for name in self._ids:
            check_ids(f"{self._path}, {name}", rows[name], MOST_IDS)
        if self._is_entity and rows["key"].null_count:
            raise MalformedError(str(self._path), "a row has no key", _AGAIN)
        if self._is_rising and rows.num_rows:
            self._check_rising(rows["id"])
        for name in rows.schema.names:
            if name not in AS_WRITTEN and _has_control(rows[name]):
                wrong = "a text has control characters in it"
                raise MalformedError(f"{self._path}, {name}", wrong, _AGAIN)

    def _check_rising(self, ids: pa.Array) -> None:
        values = ids.to_numpy(zero_copy_only=False)
        if ids.null_count or values[0] <= self._last or (values[1:] <= values[:-1]).any():
            raise MalformedError(str(self._path), "its ids do not rise", _AGAIN)
        self._last = int(values[-1])


def _has_control(column: pa.Array) -> bool:
    while pa.types.is_dictionary(column.type) or pa.types.is_list(column.type):
        is_list = pa.types.is_list(column.type)
        column = column.flatten() if is_list else column.dictionary
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.match_substring_regex(column, _CONTROL)).as_py())
