"""What an increment brings along for people and programs: as a dump does, of what is in it.

Sources: as in `catalogue.dump.papers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from phonotheque.catalogue.dump.contents import write_text
from phonotheque.catalogue.dump.layout import README
from phonotheque.catalogue.dump.ordered import ACROSS, key_of
from phonotheque.catalogue.dump.papers import (
    Package,
    sheet_of,
    write_descriptions,
    write_documentation,
)
from phonotheque.catalogue.dump.readme import terms_of
from phonotheque.catalogue.increment.contents import Increment
from phonotheque.catalogue.tables import TABLES

_HEAD = """
WHAT CHANGED IN A CATALOGUE OF MUSIC: {since} to {sequence}

Dump {since} of a Phonotheque catalogue, with this applied, is dump {sequence}, of {date}.
Increments are applied in the order of their numbers, each once:

  phono catalogue apply FOLDER

does that to an archive that was restored from the dump, and proves it.

  increment.json      the dump it begins with and what it leads to, by number and by digest of all
                      rows; sources with their terms; rows of each file
  documentation.json  every table and column, and what it means
  datapackage.json    the same for programs (Frictionless); croissant.json: the same for others
  decisions.jsonl     all decisions by hand; not there when there are none
  SHA256SUMS          digests; check them with: sha256sum --check --quiet SHA256SUMS
"""

_HOW = """
HOW TO APPLY IT YOURSELF

Every table has a key. Rows in parquet/tables/<table>/<source>.parquet, parquet/links.parquet and
parquet/canonical.parquet stand for ALL rows of their key that this source has had; keys in
parquet/deleted.parquet have none any more. So, for each table and source: take away the rows whose
key is in either, then add those that are put. In DuckDB, for the tags of source 1:

  DELETE FROM tag WHERE source = 1 AND (entity_type, entity) IN (
    SELECT (entity_type, entity) FROM 'parquet/tables/tag/NAME.parquet' UNION ALL
    SELECT (entity_type, id) FROM 'parquet/deleted.parquet' WHERE "table" = 'tag' AND source = 1);
  INSERT INTO tag FROM 'parquet/tables/tag/NAME.parquet';

A key may be null; compare with IS NOT DISTINCT FROM where it is. parquet/sources.parquet is whole.
The keys:

{keys}

What went away is never to be inferred from an absence. `deleted` says of every entity why: merged
(`successor` stands for it: see `gid_redirect`), withdrawn (see `removal`), or gone from its source.

The flat tables, the SQLite file and JSON lines of a dump are made of these tables; they are not in
an increment. `phono catalogue dump` makes them after `apply`.
"""


def keys_told() -> str:
    """Return the key of each table, a line each, as the README shows it."""
    names = (*TABLES, *(sheet.name for sheet in ACROSS))
    return "\n".join(f"  {name:<20}{', '.join(key_of(name).columns)}" for name in names)


def write_increment_papers(folder: Path, increment: Increment, digests: Mapping[str, str]) -> None:
    """Write what explains an increment, when all else is there.

    Args:
        digests: SHA-256 of every file so far, by its path.
    """
    since, sequence = increment.base.sequence, increment.result.sequence
    package = Package(
        f"catalogue-increment-{since}-to-{sequence}",
        f"What changed in a catalogue of music, {since} to {sequence} of {increment.made_at[:10]}",
        f"{sequence}",
        increment.made_at,
        increment.sources,
        increment.rows,
    )
    head = _HEAD.format(since=since, sequence=sequence, date=increment.made_at[:10])
    parts = [head, terms_of(increment.sources), _HOW.format(keys=keys_told())]
    write_text(folder / README, "\n\n".join(part.strip("\n") for part in parts) + "\n")
    sheets = {sheet.name: sheet for sheet in map(sheet_of, increment.rows)}
    write_documentation(folder, list(sheets.values()))
    write_descriptions(folder, package, digests)
