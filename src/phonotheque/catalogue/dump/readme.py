"""`README.txt` of a dump: what lies in it, on what terms, and how to open it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from phonotheque.catalogue.dump.contents import Contents
from phonotheque.catalogue.dump.layout import DATABASE, FLAT, JSON_LINES, SQLITE, flat_path
from phonotheque.catalogue.gids import NAMESPACE
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES


def readme(contents: Contents, forms: Sequence[str]) -> str:
    """Return the text."""
    parts = [
        _HEAD.format(contents=contents, date=contents.made_at[:10]),
        _terms(contents),
        _parquet(),
        _SQLITE.format(database=DATABASE) if SQLITE in forms else "",
        _JSON if JSON_LINES in forms else "",
        _GIDS.format(namespace=NAMESPACE),
        _IDS.format(contents=contents, previous=contents.previous or "none"),
        _BACK,
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def terms_of(sources: Sequence[SourceEntry]) -> str:
    """Return the terms of each source, in lines."""
    lines = ["TERMS", ""]
    lines.append("What is said here was said by these sources, each on its own terms:")
    for one in sources:
        lines += ["", *_term(one)]
    return "\n".join(lines)


def _terms(contents: Contents) -> str:
    lines = [terms_of(contents.sources)]
    if not contents.is_whole:
        lines += ["", "The catalogue has more sources; this dump was made of these alone."]
    return "\n".join([*lines, "", _TERMS.strip("\n")])


def _term(source: SourceEntry) -> list[str]:
    facts = (
        ("licence", source.licence or "unknown: ask the source before you pass this on"),
        ("name", source.attribution),
        ("from", source.origin),
        ("as of", source.as_of[:10]),
    )
    return [
        f"  {source.name} ({source.title})",
        *(f"    {name:<8} {value}" for name, value in facts if value),
    ]


def _parquet() -> str:
    flat = "\n".join(_entry(flat_path(kind), sheet.meaning) for kind, sheet in FLAT.items())
    tables = "\n".join(_entry(name, table.meaning) for name, table in TABLES.items())
    return f"{_PARQUET.strip()}\n\n{flat}\n\n{_TABLES.strip()}\n\n{tables}\n\n{_ISRC.strip()}"


def _entry(name: str, meaning: str) -> str:
    """Return a name with its meaning beside it, below where the name is long."""
    indent = " " * 22
    lines = textwrap.wrap(meaning, 98, initial_indent=indent, subsequent_indent=indent)
    is_short = len(name) < 20
    head = f"  {name:<20}{lines[0].strip()}" if is_short else f"  {name}\n{lines[0]}"
    return "\n".join([head, *lines[1:]])


_HEAD = """
A CATALOGUE OF MUSIC: {contents.snapshot} of {date}

This folder is all of a Phonotheque catalogue but the music itself: who recorded what, when, under
which licence, and how much it is heard. It is made to be opened without Phonotheque. Unknown is
null, never 0. Lengths are in milliseconds; dates are texts of 4, 7 or 10 characters (1991,
1991-02, 1991-02-28). There are no personal data in it: nobody's listening, nobody's address.

  dump.json           what this is: snapshot, epoch, sources with their terms, rows of each file
  documentation.json  every table, column, view and key, and what it means
  datapackage.json    the same for programs (Frictionless); croissant.json: the same for others
  decisions.jsonl     decisions by hand: two are one ("merge"), or they are not ("split");
                      not there when there are none
  SHA256SUMS          digests; check them with: sha256sum --check --quiet SHA256SUMS
"""

_TERMS = """
In `parquet/tables` every file is of one source, and its name says of which. Rows of the flat tables
name the sources that speak of them in the column `sources`; where these are on different terms, the
strictest holds for the row. The column `licence` is another matter: it is the licence of the music.
"""

_PARQUET = """
PARQUET

Every column's meaning is written inside each file, at the column. Flat tables need no join:
"""

_TABLES = """
The tables say who said what: parquet/tables/<table>/<source>.parquet, with `sources`, `links` and
`canonical` beside the flat tables. Numbers in a column such as `artist_credit` are ids of that
table; those in `entity` are ids of the table that `entity_type` names.
"""

_ISRC = """
An ISRC in `recordings.parquet` is a number. Its text comes back so (the table `isrc` has texts):

  digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  def isrc(n):
      n, rest = divmod(n, 10**7)
      n, c = divmod(n, 36); n, b = divmod(n, 36); n, a = divmod(n, 36)
      letters = digits[10 + n // 26] + digits[10 + n % 26] + digits[a] + digits[b] + digits[c]
      return letters + f"{rest:07d}"
"""

_SQLITE = """
SQLITE

`zstd -d {database}` unpacks one database, in which
`SELECT * FROM documentation` tells what everything is. Begin with the views: recordings, releases,
artists, labels, tracks. No index is in it, to keep it short: the table `suggested_index` has
the statements that make them.
"""

_JSON = """
JSON LINES

json/<table>/<source>.jsonl.zst has one entity a line, with the keys of MusicBrainz's own JSON:
`zstd -dc json/release/<source>.jsonl.zst | head -1`.
"""

_GIDS = """
GIDS

A gid is an identifier that lasts: the MBID where a source gives one (column `mbid`, 16 bytes), else
a UUID of version 5 (RFC 9562), made of the source's name, the table and the source's own identifier
(column `source_id`, or `key` in decimal where that is null):

  import uuid
  def gid(source, table, source_id):
      namespace = uuid.UUID("{namespace}")
      return uuid.uuid5(namespace, f"{{source}}/{{table}}/{{source_id}}")

What was merged is in the table `gid_redirect`, what was withdrawn in the table `removal`.
"""

_IDS = """
IDS

Numbers in `id` are dense and mean the same for as long as the epoch is the same:

  epoch     {contents.epoch}
  snapshot  {contents.snapshot}
  sequence  {contents.sequence}, which an increment that begins here names
  before    {previous}
"""

_BACK = """
BACK INTO A CATALOGUE

`phono catalogue restore FOLDER`, in an archive that has no catalogue yet, makes one of the Parquet
files alone that answers every question as the one this was made from.
"""
