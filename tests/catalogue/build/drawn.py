"""Tables of a snapshot drawn from a seed: every kind of row that cards are made from, odd ones too.

Recordings, releases and artists are linked with others; labels are not, so that both ways of
reading tables are taken.
"""

import random

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.corrections.fields import stored_list
from phonotheque.catalogue.corrections.resolving import SCHEMA as CORRECTION
from phonotheque.catalogue.tables import ENTITIES, TABLES, snapshot_schema

LINKED = ("artist", "release", "recording")
ABOUT = (*LINKED, "label")
BY = "https://creativecommons.org/licenses/by/4.0/"
RESERVED = "https://rightsstatements.org/vocab/InC/1.0/"
TEXTS = ("", "a", "b", "Ä", "\U0001f3b5", "a b", "Zz", "zz")
DATES = (None, "1999", "2001-02", "2001-02-03", "1970-12-31")


def draw_snapshot(folder, seed, count=60):
    """Write tables of `count` entities of each kind below a folder."""
    rng = random.Random(seed)
    rows = {table: [] for table in TABLES}
    _draw_entities(rng, rows, count)
    for _ in range(3 * count):
        _draw_statements(rng, rows, count)
    for number in range(1, count + 1):
        _draw_names(rng, rows, number, count)
    for table, some in rows.items():
        (folder / "tables" / table).mkdir(parents=True)
        if some:
            _write(folder / "tables" / table / "part-001-00001.parquet", some, table)
    sources = {"id": pa.array([0, 1, 2]), "priority": pa.array([0, 3, 2])}
    pq.write_table(pa.table(sources), folder / "tables/sources.parquet")
    _draw_links(rng, folder / "tables/canonical.parquet", count)
    _correct(rng, folder / "tables/corrections.parquet", count)


def _draw_entities(rng, rows, count):
    for kind in ENTITIES:
        for number in range(1, count + 1):
            if rng.random() < 0.9:
                rows[kind].append(
                    {
                        "id": number,
                        "source": rng.choice([1, 2]),
                        "key": number,
                        "title": rng.choice(TEXTS),
                        "name": rng.choice(TEXTS),
                        "artist_credit": rng.choice([None, rng.randint(1, count)]),
                        "area": rng.choice([None, "DE", "XW", "Berlin", "F\n", "de", "GB"]),
                        "country": rng.choice([None, "DE", "XW", "XU", "US"]),
                        "disambiguation": rng.choice([None, *TEXTS]),
                        "begin_date": rng.choice(DATES),
                        "date": rng.choice(DATES),
                        "first_release_date": rng.choice(DATES),
                        "release_group": rng.choice([None, rng.randint(1, count)]),
                        "barcode": rng.choice([None, "1", "2"]),
                        "length": rng.choice([None, 1000, 2000]),
                    }
                )


def _draw_statements(rng, rows, count):
    about = {"source": rng.choice([1, 2]), "entity_type": rng.choice(ABOUT)}
    one, other = rng.randint(1, count), rng.randint(1, count)
    rows["popularity"].append(
        about
        | {
            "entity": one,
            "measure": rng.choice(["listens", "plays", "radio plays", "rating"]),
            "period": rng.choice([None, "all", "2023", "2024", "2024-01", "2024-02"]),
            "total_listen_count": rng.choice([None, -1, 0, 5, 10**15 + 3, 10**18]),
            "total_user_count": rng.choice([None, -1, 0, 3, 10**16]),
            "rating": rng.choice([None, float("nan"), -1.0, 0.5, 0.3333, 2.0]),
        }
    )
    for _ in range(4):
        name = rng.choice([None, *"abcdefghijklmnÄ", "\U0001f3b5", "\uffff"])
        kind = rng.choice(["genre", "style", "mood", None])
        few = rng.randint(1, count // 3)
        tag = {"entity": few, "name": name, "kind": kind, "count": rng.choice([None, 1, 2])}
        rows["tag"].append(about | tag)
    rows["rights"].append(about | {"entity": one, "licence": rng.choice([None, BY, RESERVED])})
    rows["track"].append({"source": 1, "recording": one, "release": other})
    rows["isrc"].append({"source": 1, "recording": one, "isrc": rng.choice("ABC")})
    label, number = rng.choice([None, other]), rng.choice([None, "1", "2", "Ä"])
    rows["release_label"].append(
        {"source": 1, "release": one, "label": label, "catalog_number": number}
    )
    state = rng.choice(["held", "removed", "elsewhere"])
    is_free = rng.choice([None, True, False])
    rows["file"].append({"source": 1, "recording": one, "state": state, "is_free": is_free})


def _draw_names(rng, rows, credit, count):
    for position in range(rng.randrange(3)):
        rows["artist_credit_name"].append(
            {
                "source": 1,
                "artist_credit": credit,
                "position": position,
                "artist": rng.choice([None, rng.randint(1, count)]),
                "name": rng.choice([None, *TEXTS]),
                "join_phrase": rng.choice([None, " & ", ""]),
            }
        )


def _draw_links(rng, path, count):
    rows = []
    for kind in LINKED:
        away = sorted(rng.sample(range(1, count + 1), count // 3))
        stay = sorted(set(range(1, count + 1)) - set(away))
        rows += [{"entity_type": kind, "id": one, "canonical": rng.choice(stay)} for one in away]
    pq.write_table(pa.Table.from_pylist(rows, schema=CANONICAL_SCHEMA), path)


def _correct(rng, path, count):
    """Correct a name, a title, a credit, a length, a list of ISRCs and one of genres."""
    told = [
        ("artist", "name", "Corrected"), ("recording", "title", "Right"),
        ("recording", "credit", "Who it is"), ("recording", "length", "4000"),
        ("recording", "isrcs", stored_list(["DEA111100001"])),
        ("release", "genres", stored_list(["jazz", "rock"])),
    ]  # fmt: skip
    rows = [
        {"entity_type": kind, "entity": rng.randint(1, count), "field": field, "value": value,
         "seq": seq}
        for seq, (kind, field, value) in enumerate(told * 3, 1)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema=CORRECTION), path)


def _write(path, rows, table):
    rows.sort(key=lambda row: row.get("id") or row.get("entity") or row.get("recording") or 0)
    schema = snapshot_schema(table)
    arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    pq.write_table(pa.table(arrays, schema=schema), path)
