"""`docs/reference/dump.md`: every file of a dump with every column, from the code that writes them.

The page is one of those that `python -m scripts.reference` makes and a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from phonotheque.catalogue.dump.checks import AS_WRITTEN
from phonotheque.catalogue.dump.json_keys import LINES
from phonotheque.catalogue.dump.layout import (
    DELETED,
    FLAT,
    FORMAT,
    SINGLE,
    Sheet,
    flat_path,
    single_path,
)
from phonotheque.catalogue.dump.ordered import ACROSS, key_of
from phonotheque.catalogue.dump.sqlite_file import documentation
from phonotheque.catalogue.dump.sqlite_views import VIEWS
from phonotheque.catalogue.gids import NAMESPACE
from phonotheque.catalogue.tables import TABLES

_HEAD = """\
# The dump, file by file

`phono catalogue dump DIR` writes all of a catalogue into a folder; [Use the \
dump](../how-to/use-the-dump.md) \
shows it opened. The same words stand in the dump itself: in `README.txt`, in \
`documentation.json`, inside \
every Parquet file and in the table `documentation` of the SQLite file.

| file | what it is |
|---|---|
| `README.txt` | what lies here, on whose terms, and how to open it |
| `dump.json` | format, snapshot, the one before, epoch, sources with their terms, rows of \
every file; `sequence` and `state`, with which increments begin; `next_ids`: for each table of \
entities the lowest number that is no id yet |
| `parquet/…` | all of it, for tools; a catalogue can be made from these alone |
| `catalogue.sqlite.zst` | one SQLite file, compressed with Zstandard in frames of 4 MiB (the \
seekable format of the Zstandard distribution); `zstd -d` unpacks it |
| `json/<table>/<source>.jsonl.zst` | one entity a line, with MusicBrainz's names |
| `decisions.jsonl` | decisions by hand, without the reasons given for them |
| `documentation.json` | every table, column, view and key, with its meaning |
| `datapackage.json`, `croissant.json` | the same for programs: Frictionless Data Package 1, \
Croissant 1.0 |
| `SHA256SUMS` | digests of all other files; written last, so that a folder that has it is whole |

Laws:

- What is unknown is null, never 0. Lengths are in milliseconds; dates are texts of 4, 7 or 10 \
characters.
- Rows of differently licensed sources never stand in one file below `parquet/tables` and \
`json`. The flat tables and the SQLite file have rows of all; the columns `sources` and \
`source` say whose they are. `--source` and `--licence` choose; nothing of what is left out is \
in the dump.
- There are no personal data: nobody's listening, nobody's address, no reason that somebody \
wrote for a decision.
- A gid is stored only where it cannot be derived. Else it is a UUID of version 5 in the \
namespace `{namespace}`, of `<source>/<table>/<source_id>`; the README of a dump has the lines \
of Python that make it.
- An `id` means the same as long as the epoch is the same.
- A dump has a number (`sequence`, that of its snapshot) and a `state`: a digest of all rows of \
its tables and of which ids were given, the same in every archive that follows. \
[Increments](#increments) name both.
"""

_PARQUET = """\
## Parquet

Zstandard at level 19; ids as differences, lengths and ISRCs split by byte, texts by \
dictionaries where they \
repeat. Row groups have 250,000 rows. The flat tables need no join and are in order of id.
"""

_TABLES = """\
### Tables of the sources

`parquet/tables/<table>/<source>.parquet`: what each source says, in the columns of [Tables of \
the \
catalogue](catalogue-tables.md).
"""

_SQLITE = """\
## SQLite

The tables are those above, with these differences: texts of which there are few are numbers of \
the table \
`word`; ISRCs and GTIN-14 are numbers; `source_id` is null where the gid is the MBID, or made \
of `id`; what \
the flat tables add stands in `<kind>_card`; `raw_row` and `key` are in the Parquet files \
alone. The views \
show everything as text:
"""

_INCREMENTS = """\
## Increments

`phono catalogue dump DIR --since N` writes what changed since dump N of the same sources, in the \
form of a dump:

| file | what it is |
|---|---|
| `README.txt` | what lies here, on whose terms, the key of every table, and how to apply it \
with SQL |
| `increment.json` | format, snapshot, epoch, sources, rows of every file, deleted keys of every \
table; `base` and `result`: `sequence`, `state`, the digest of the rows of every table, and \
`next_ids`: for each table of entities the lowest number that is no id yet |
| `parquet/tables/<table>/<source>.parquet`, `parquet/links.parquet` ... | rows that are put |
| `parquet/deleted.parquet` | keys that are deleted |
| `parquet/sources.parquet` | all sources |
| `decisions.jsonl` | all decisions by hand |
| `documentation.json`, `datapackage.json`, `croissant.json`, `SHA256SUMS` | as in a dump |

Every table has a key: the `id` of an entity, else what a row is about. Rows that are put stand \
for *all* rows of their key that this source had; a key that is deleted has none any more. So the \
rule for every table is one: take away the rows whose key is in either, then add those that are \
put. For what one source says of recordings, in DuckDB:

```sql
DELETE FROM recording WHERE source = 1 AND id IN (
  SELECT id FROM 'parquet/tables/recording/NAME.parquet' UNION ALL
  SELECT id FROM 'parquet/deleted.parquet' WHERE "table" = 'recording' AND source = 1);
INSERT INTO recording FROM 'parquet/tables/recording/NAME.parquet';
```

| table | key |
|---|---|
{keys}

Nothing is ever to be inferred from an absence: whatever went away stands in `deleted`, redirects \
in `gid_redirect`, tombstones in `removal`. A table that did not change has no file. The flat \
tables, SQLite and JSON lines are not in an increment: they are made of the tables, \
`phono catalogue dump` makes them after `phono catalogue apply`.

`format` is {format} in `dump.json` and in `increment.json`. What an earlier Phonotheque made is \
refused with `format-too-old` (make or fetch a full dump again), what a later one made with \
`format-too-new`.

Refused is what no catalogue can have: ids of an entity that do not rise in its file, rows without \
`key`, ids below 0 or not below 2^32, `next_ids` beyond that or of another table, control \
characters (U+0000 to U+001F, U+007F to U+009F) in texts other than {written}, a `made_at` that is \
no `YYYY-MM-DDTHH:MM:SSZ`, a number above 10^12 or a million after that of `base`, decisions that \
cannot be read. Rows, ids, texts and dates of a dump are held to the same.

`state` is the SHA-256 of the lines of `tables` as `SHA256SUMS` would have them, in order of \
path, and among them one of `next_ids`: the SHA-256 of that object as JSON without spaces, its \
keys in order, those left out that are 0. The digest of a table is one SHA-256 over its rows in \
order of key, 65,536 at a time: their number (8 bytes), then of each column that is not all null \
its name, a zero byte, and `1` where there are nulls, else `0`; where there are, a bit for each \
row, the first the highest of its byte, set where there is a value; of texts their lengths in \
bytes (4 bytes each); then all values, null as 0 or as nothing, yes and no as a byte. Numbers \
are little-endian. The digest of `sources` is that of their list as JSON, in order of number, \
without which import each is.
"""

_JSON = """\
## JSON lines
"""


def dump_page(made: str) -> str:
    """Return the page.

    Args:
        made: Line that says how it is made.
    """
    parts = [made, _HEAD.replace("{namespace}", str(NAMESPACE)), _PARQUET]
    parts += [_sheet(f"`{flat_path(kind)}`", sheet) for kind, sheet in FLAT.items()]
    parts += [_sheet(f"`parquet/{sheet.name}.parquet`", sheet) for sheet in SINGLE]
    parts += [_TABLES, _SQLITE, *(_view(name, meaning) for name, meaning in _views())]
    parts.append(_JSON)
    for lines in LINES:
        rows = [(f"`{key.name}`", key.meaning) for key in lines.keys]
        parts.append(f"### `{lines.table}`\n\n{lines.meaning}\n\n{_rows(('key', 'value'), rows)}")
    keys = ((f"`{one}`", ", ".join(f"`{column}`" for column in key_of(one).columns))
            for one in (*TABLES, *(sheet.name for sheet in ACROSS)))  # fmt: skip
    keyed = "\n".join(f"| {name} | {columns} |" for name, columns in keys)
    written = ", ".join(f"`{name}`" for name in sorted(AS_WRITTEN))
    increments = _INCREMENTS.replace("{format}", str(FORMAT))
    parts.append(increments.replace("{keys}", keyed).replace("{written}", written))
    parts.append(_sheet(f"`{single_path(DELETED)}`", DELETED))
    return "\n".join(parts)


def _views() -> Iterator[tuple[str, str]]:
    for view in VIEWS:
        yield view.name, view.meaning


def _view(name: str, meaning: str) -> str:
    columns = [
        (f"`{column}`", said) for table, column, said in documentation() if table == name and column
    ]
    return f"### View `{name}`\n\n{meaning}\n\n{_rows(('column', 'meaning'), columns)}"


def _sheet(title: str, sheet: Sheet) -> str:
    rows = [(f"`{one.name}`", _form(one.type), one.meaning) for one in sheet.columns]
    return f"### {title}\n\n{sheet.meaning}\n\n{_rows(('column', 'form', 'meaning'), rows)}"


def _form(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_):
        return "text, of few"
    if pa.types.is_fixed_size_binary(type_):
        return f"{type_.byte_width} bytes"
    names = {pa.string(): "text", pa.bool_(): "yes or no", pa.float64(): "real number"}
    return names.get(type_, "list of texts" if pa.types.is_list(type_) else f"{type_} number")


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells) + "\n"
