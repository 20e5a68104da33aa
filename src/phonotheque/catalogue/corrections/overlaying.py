"""The tables of a snapshot as corrected: views that stand before the rows of the sources.

No row of a source is changed: whoever reads the tables themselves reads what each source says, and
`tables/corrections.parquet` says what holds instead. What is made of the tables, links and cards,
is made of these views.

Laws: what is corrected of an entity is corrected of all that are linked with it, so that it counts
whoever speaks for them; of two corrections the newest; without any correction a view has the rows
of its table. A name that an artist was corrected to stands in credits that name the artist as
before.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

import pyarrow as pa

from phonotheque.catalogue.build.engines import Engine
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.corrections.fields import FIELDS, Form, list_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import snapshot_schema

_FORMS = {Form.LENGTH: "INTEGER", Form.FLAG: "BOOLEAN"}
_BESIDE = ("credit", "isrcs", "genres")
"""Fields that are no column of their kind's table."""
_NO_CREDITS = pa.schema([("id", pa.int64()), ("credit", pa.string())]).empty_table()


def overlay(engine: Engine, tables: Path, corrections: pa.Table) -> None:
    """Make the tables, which are readable under their names, so as corrected.

    Corrected credits of recordings and releases stand beside: `printed_credit_<kind>` (id, credit).

    Args:
        engine: Has `away_<kind>` of every kind, which says who speaks for whom.
        tables: Folder of the tables.
        corrections: As `tables/corrections.parquet` has them.
    """
    if not corrections.num_rows:  # the tables are what holds
        for kind in (kind for kind, fields in FIELDS.items() if "credit" in fields):
            _put_credits(engine, kind, is_any=False)
        return
    engine.give("correction", corrections)
    said = engine.fetch("SELECT DISTINCT entity_type, field FROM correction")
    corrected = {}
    for kind, fields in FIELDS.items():
        given = f"given_{kind}"
        engine.view(given, parts_in(tables / kind), snapshot_schema(kind))
        corrected[kind] = {field for of, field in said if of == kind and field in fields}
        _gather(engine, kind, corrected[kind])
        columns = [name for name in fields if name in corrected[kind] and name not in _BESIDE]
        engine.define(kind, _view(kind, given, columns))
        if "credit" in fields:
            _put_credits(engine, kind, is_any="credit" in corrected[kind])
    if "name" in corrected[Kind.ARTIST]:
        _rename_in_credits(engine, tables)
    if "isrcs" in corrected[Kind.RECORDING]:
        _put_isrcs(engine, tables)
    kinds = [kind for kind, fields in corrected.items() if "genres" in fields]
    if kinds:
        _put_genres(engine, tables, kinds)


def _gather(engine: Engine, kind: Kind, fields: Set[str]) -> None:
    """Make `corrected_<kind>`, if any field is: a row for each entity of which anything is."""
    pivoted = ", ".join(
        f"coalesce(bool_or(field = '{one}'), false) AS is_{one}, "
        f"CAST(max(value) FILTER (field = '{one}') "
        f"AS {_FORMS.get(FIELDS[kind][one], 'VARCHAR')}) AS {one}"
        for one in sorted(fields)
    )
    if fields:
        engine.keep(
            f"corrected_{kind}",
            f"""WITH told AS (
                SELECT coalesce(w.canonical, c.entity) AS subject, c.field, c.value, c.seq
                FROM correction c LEFT JOIN away_{kind} w ON w.id = c.entity
                WHERE c.entity_type = '{kind}'),
            newest AS (
                SELECT subject, field, value FROM (SELECT *, row_number() OVER (
                    PARTITION BY subject, field ORDER BY seq DESC) AS place FROM told)
                WHERE place = 1),
            member AS (
                SELECT DISTINCT subject, subject AS id FROM newest UNION ALL
                SELECT DISTINCT w.canonical, w.id FROM newest n
                JOIN away_{kind} w ON w.canonical = n.subject)
            SELECT m.id, {pivoted} FROM newest JOIN member m USING (subject)
            GROUP BY m.id ORDER BY m.id""",
        )


def _put_credits(engine: Engine, kind: Kind, *, is_any: bool) -> None:
    """Make what cards of a kind say instead of the name of their credit."""
    if is_any:
        credits = f"SELECT id, credit FROM corrected_{kind} WHERE is_credit"
        engine.define(f"printed_credit_{kind}", credits)
    else:
        engine.give(f"printed_credit_{kind}", _NO_CREDITS)


def _view(kind: Kind, given: str, columns: list[str]) -> str:
    """A table whose corrected columns stand in place of the given ones."""
    if not columns:
        return f"SELECT * FROM {given}"
    corrected = {one: f'CASE WHEN c.is_{one} THEN c.{one} ELSE t."{one}" END' for one in columns}
    return (
        f"SELECT {_instead(kind, corrected)} FROM {given} t "
        f"LEFT JOIN corrected_{kind} c ON c.id = t.id"
    )


def _instead(table: str, columns: dict[str, str]) -> str:
    """The columns of a table `t`, some of them said by other SQL."""
    names = snapshot_schema(table).names
    return ", ".join(
        f'{columns[one]} AS "{one}"' if one in columns else f't."{one}"' for one in names
    )


def _rename_in_credits(engine: Engine, tables: Path) -> None:
    """Let credits that name an artist as before say the corrected name."""
    for name in ("artist_credit", "artist_credit_name"):
        engine.view(f"given_{name}", parts_in(tables / name), snapshot_schema(name))
    engine.keep(
        "renamed",
        """SELECT g.id, g.name AS was, c.name AS now
        FROM given_artist g JOIN corrected_artist c ON c.id = g.id
        WHERE c.is_name AND c.name <> g.name""",
    )
    engine.keep(
        "recredited",
        """SELECT n.artist_credit AS id,
            string_agg(coalesce(n.name, '') || coalesce(n.join_phrase, ''), ''
                ORDER BY n.position) AS was,
            string_agg(coalesce(CASE WHEN n.name = r.was THEN r.now ELSE n.name END, '')
                || coalesce(n.join_phrase, ''), '' ORDER BY n.position) AS now
        FROM given_artist_credit_name n LEFT JOIN renamed r ON r.id = n.artist
        WHERE n.artist_credit IN (SELECT artist_credit FROM given_artist_credit_name
            WHERE artist IN (SELECT id FROM renamed)) GROUP BY n.artist_credit""",
    )
    for name, also, by in (
        ("artist_credit_name", "renamed", "artist"),
        ("artist_credit", "recredited", "id"),
    ):
        now = {"name": "CASE WHEN t.name = r.was THEN r.now ELSE t.name END"}
        engine.define(
            name,
            f"SELECT {_instead(name, now)} FROM given_{name} t LEFT JOIN {also} r ON r.id = t.{by}",
        )


def _lists(engine: Engine, kind: Kind, field: str) -> list[tuple[int, list[str]]]:
    rows = engine.fetch(f"SELECT id, {field} FROM corrected_{kind} WHERE is_{field} ORDER BY id")
    return [(id_, list_of(value or "")) for id_, value in rows]


def _put_isrcs(engine: Engine, tables: Path) -> None:
    """Let recordings have the ISRCs that they were corrected to, and no other."""
    lists = _lists(engine, Kind.RECORDING, "isrcs")
    rows = [{"source": 0, "recording": id_, "isrc": one} for id_, some in lists for one in some]
    gone = "recording IN (SELECT id FROM corrected_recording WHERE is_isrcs)"
    _put(engine, tables, "isrc", rows, gone)


def _put_genres(engine: Engine, tables: Path, kinds: list[Kind]) -> None:
    """Let things have the genres that they were corrected to, the first most often named."""
    rows = [
        {"source": 0, "entity_type": str(kind), "entity": id_, "name": name, "kind": "genre",
         "count": len(names) - place}
        for kind in kinds
        for id_, names in _lists(engine, kind, "genres")
        for place, name in enumerate(names)
    ]  # fmt: skip
    about = " OR ".join(
        f"entity_type = '{kind}' AND entity IN (SELECT id FROM corrected_{kind} WHERE is_genres)"
        for kind in kinds
    )
    _put(engine, tables, "tag", rows, f"kind IN ('genre', 'style') AND ({about})")


def _put(engine: Engine, tables: Path, name: str, rows: list[dict[str, object]], gone: str) -> None:
    """Let a table lack the rows that are gone, and have others."""
    engine.view(f"given_{name}", parts_in(tables / name), snapshot_schema(name))
    engine.give(f"put_{name}", pa.Table.from_pylist(rows, snapshot_schema(name)))
    names = ", ".join(f'"{one}"' for one in snapshot_schema(name).names)
    engine.define(
        name,
        f"SELECT {names} FROM given_{name} "
        f"WHERE ({gone}) IS NOT TRUE UNION ALL SELECT {names} FROM put_{name}",
    )
