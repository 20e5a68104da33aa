"""What is in a dump, opened by programs that know nothing of Phonotheque."""

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import textwrap
import uuid
import warnings

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.dump.contents import read_contents, read_sums
from phonotheque.catalogue.dump.isrcs import unpack_in_duckdb, unpack_in_sqlite, unpack_isrcs
from phonotheque.catalogue.dump.json_keys import LINES
from phonotheque.catalogue.dump.papers import sheet_of
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.lookup.packed_columns import pack_isrcs
from phonotheque.catalogue.tables import TABLES

DUCK = duckdb.connect()
ISRCS = st.from_regex(r"\A[A-Z]{2}[A-Z0-9]{3}[0-9]{7}\Z")


@pytest.fixture(scope="module")
def database(site, tmp_path_factory):
    """The SQLite file, unpacked."""
    path = tmp_path_factory.mktemp("sqlite") / "catalogue.sqlite"
    path.write_bytes(zstd.decompress((site / "dump" / "catalogue.sqlite.zst").read_bytes()))
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    yield db
    db.close()


def rows_of(db, query):
    return [dict(row) for row in db.execute(query)]


def lines_of(site, path):
    text = zstd.decompress((site / "dump" / path).read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def files_in(site, pattern="*"):
    dump = site / "dump"
    return {path.relative_to(dump).as_posix() for path in dump.rglob(pattern) if path.is_file()}


def flat(site, name):
    return pq.read_table(site / "dump" / "parquet" / f"{name}.parquet").to_pylist()


# -- Parquet -------------------------------------------------------------------------------------


def test_every_parquet_file_explains_itself(site):
    """Each has the meaning of every column, whose rows they are, and on what terms."""
    contents = read_contents(site / "dump")
    assert files_in(site, "*.parquet") == set(contents.rows)
    for path, rows in contents.rows.items():
        schema = pq.read_schema(site / "dump" / path)
        facts = schema.metadata
        assert all(len(field.metadata[b"description"]) > 3 for field in schema)
        assert set(json.loads(facts[b"columns"])) == set(schema.names)
        assert facts[b"epoch"].decode() == contents.epoch
        assert b"creativecommons.org" in facts[b"licence"]
        assert sheet_of(path).schema == schema.remove_metadata()
        assert pq.read_metadata(site / "dump" / path).num_rows == rows


def test_rows_of_one_source_are_in_its_file_alone(site):
    """Differently licensed rows of a table are never in one file."""
    contents = read_contents(site / "dump")
    numbers = {one.name: one.id for one in contents.sources} | {"decisions": 0}
    tables = [path for path in contents.rows if path.startswith("parquet/tables/")]
    assert tables
    for path in tables:
        name = path.rpartition("/")[2].removesuffix(".parquet")
        sources = pq.read_table(site / "dump" / path)["source"].unique().to_pylist()
        assert sources == [numbers[name]]


def test_a_flat_row_names_all_who_speak_of_it(site):
    """A linked recording is one row that names both sources; it is in order of id."""
    rows = {row["title"]: row for row in flat(site, "recordings")}
    assert rows["One"]["sources"] == "netlabel; open"
    assert rows["Only here"]["sources"] == "netlabel"
    ids = [row["id"] for row in flat(site, "recordings")]
    assert ids == sorted(ids)


@settings(max_examples=30)
@given(st.lists(st.none() | ISRCS, max_size=20))
def test_isrcs_come_back(texts):
    """Unpacking what was packed gives the same text, in Arrow, SQLite and DuckDB."""
    numbers = pack_isrcs(pa.array(texts, pa.string()))
    assert unpack_isrcs(numbers).to_pylist() == texts
    known = [(number,) for number in numbers.to_pylist() if number is not None]
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE t (n)")
        db.executemany("INSERT INTO t VALUES (?)", known)
        rows = db.execute(f"SELECT {unpack_in_sqlite('n')} FROM t ORDER BY rowid").fetchall()
    assert [text for (text,) in rows] == [text for text in texts if text is not None]
    DUCK.register("t", pa.table({"n": numbers}))
    rows = DUCK.execute(f"SELECT {unpack_in_duckdb('n')} FROM t").fetchall()
    assert [text for (text,) in rows] == texts


# -- SQLite --------------------------------------------------------------------------------------


def test_everything_in_sqlite_is_documented(database):
    """Every table, view and column has its meaning in the table `documentation`, and no other."""
    said = {
        (row["table_name"], row["column_name"]): row["meaning"]
        for row in rows_of(database, "SELECT * FROM documentation")
    }
    assert all(len(meaning) > 3 for meaning in said.values())
    names = [row["name"] for row in rows_of(database, "SELECT name FROM sqlite_schema")]
    names = [name for name in names if not name.startswith("sqlite_")]
    there = {(name, "") for name in names}
    for name in names:
        columns = rows_of(database, f'PRAGMA table_info("{name}")')
        there |= {(name, column["name"]) for column in columns}
    assert there == set(said)


def test_views_say_what_the_flat_tables_say(site, database):
    """What a list shows is the same in both forms, row by row."""
    for name in ("recordings", "releases", "artists", "labels"):
        rows = flat(site, name)
        shown = rows_of(database, f'SELECT * FROM "{name}" ORDER BY id')
        assert len(shown) == len(rows) > 0
        for one, other in zip(shown, rows, strict=True):
            for column in ("id", "licence", "score", "listens", "country"):
                assert one[column] == other[column]
            assert (one.get("name") or one.get("title")) == other["title"]
            assert one["is_held"] == other["is_held"]
            assert (one["genres"] or None) == ("; ".join(other["genres"] or []) or None)
            assert one["mbid"] == (other["mbid"] and str(uuid.UUID(bytes=other["mbid"])))
            if name in ("recordings", "releases"):
                assert (one["artist"], one["year"]) == (other["credit"], other["year"])
            if name == "recordings":
                assert one["album"] == other["release_title"]
                assert one["length_s"] == (other["length"] and other["length"] / 1000)
                assert one["isrc"] == unpack_isrcs(pa.array([other["isrc"]], pa.int64()))[0].as_py()
            if name == "releases":
                assert one["barcode"] == other["barcode"]


def test_all_rows_of_all_tables_are_in_sqlite(site, database):
    """No row of a table is lost; ISRCs that stand on cards are shown by the view."""
    contents = read_contents(site / "dump")
    for name in TABLES:
        count = sum(n for path, n in contents.rows.items() if path.split("/")[2:3] == [name])
        (row,) = rows_of(database, f'SELECT count(*) AS n FROM "{name}"')
        if name != "isrc":
            assert row["n"] == count
    isrcs = {(row["recording"], row["isrc"]) for row in rows_of(database, "SELECT * FROM isrcs")}
    for path in contents.rows:
        if path.startswith("parquet/tables/isrc/"):
            rows = pq.read_table(site / "dump" / path).to_pylist()
            assert {(row["recording"], row["isrc"]) for row in rows} <= isrcs


def test_a_barcode_that_is_none_stays_as_it_was_written(database):
    """A text with zeros before it is no number."""
    barcodes = [row["barcode"] for row in rows_of(database, "SELECT barcode FROM releases")]
    assert sorted(barcodes) == ["0123", "04006381333931"]


def test_suggested_indexes_can_be_made(database):
    """Each statement that is suggested works."""
    copy = sqlite3.connect(":memory:")
    database.backup(copy)
    statements = [row["statement"] for row in rows_of(database, "SELECT * FROM suggested_index")]
    for statement in statements:
        copy.execute(statement)
    assert len(statements) > 5
    copy.close()


def test_tracks_redirects_and_tombstones_are_shown(database):
    """A release is listed in order; what was given up and withdrawn is told."""
    query = "SELECT * FROM tracks WHERE album = 'Kettle & Comet' ORDER BY position"
    shown = [(row["number"], row["title"]) for row in rows_of(database, query)]
    assert shown == [("A1", "One (live)"), (2, "Two's company")]
    (redirect,) = rows_of(database, "SELECT * FROM redirects")
    assert redirect["new_gid"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    (stone,) = rows_of(database, "SELECT * FROM tombstones")
    assert (stone["reason"], stone["public_note"]) == ("rights", "withdrawn")


# -- JSON lines ----------------------------------------------------------------------------------


def test_every_key_is_documented(site):
    """A line has the keys that the documentation names, and no others."""
    said = json.loads((site / "dump" / "documentation.json").read_text())["json"]
    seen = 0
    for lines in LINES:
        for path in (site / "dump" / "json" / lines.table).glob("*.jsonl.zst"):
            for line in lines_of(site, f"json/{lines.table}/{path.name}"):
                assert list(line) == list(said[lines.table]["columns"])
                seen += 1
    assert seen == 3 + 2 + 1 + 5 + 1


def test_ids_in_json_are_gids(site):
    """An MBID where there is one, else what the rule makes of source and source id."""
    ids = {line["title"]: line["id"] for line in lines_of(site, "json/recording/open.jsonl.zst")}
    assert ids["One"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert ids["Two's company"] == str(gid_of("open", "recording", "21"))
    ids = {
        line["title"]: line["id"] for line in lines_of(site, "json/recording/netlabel.jsonl.zst")
    }
    assert ids["Only here"] == str(gid_of("netlabel", "recording", "only"))


def test_a_release_in_json_is_nested_as_musicbrainz_does(site):
    """Credits within, media with tracks in order, labels with numbers."""
    release = lines_of(site, "json/release/open.jsonl.zst")[0]
    assert release["release-group"]["secondary-types"] == ["Live", "Remix"]
    assert release["label-info"][0]["catalog-number"] == "TS 1"
    (medium,) = release["media"]
    assert (medium["format"], medium["track-count"]) == ("CD", 2)
    assert [track["title"] for track in medium["tracks"]] == ["One (live)", "Two's company"]
    (credit,) = medium["tracks"][0]["artist-credit"]
    assert credit["artist"]["id"] == str(gid_of("open", "artist", "1"))
    assert release["artist-credit"] == [credit]


# -- what comes along ----------------------------------------------------------------------------


def readme_code(site, first):
    """Run the example in the README that begins with a word, and return what it defines."""
    text = (site / "dump" / "README.txt").read_text(encoding="utf-8")
    example = text[text.index(f"  {first}") :].partition("\n\n")[0]
    scope = {}
    exec(textwrap.dedent(example), scope)
    return scope


def test_the_readme_tells_how_gids_are_made(site):
    """Its example, run as it stands, makes the gids of this archive."""
    scope = readme_code(site, "import uuid")
    assert scope["gid"]("open", "recording", 21) == gid_of("open", "recording", "21")
    assert scope["gid"]("netlabel", "recording", "only") == gid_of("netlabel", "recording", "only")


def test_the_readme_tells_how_isrcs_are_unpacked(site):
    """Its example, run as it stands, gives the text of the number."""
    scope = readme_code(site, "digits = ")
    numbers = [row["isrc"] for row in flat(site, "recordings") if row["isrc"]]
    assert [scope["isrc"](number) for number in numbers] == ["DEA111100001"]


def test_the_readme_names_sources_with_their_terms(site):
    """Whoever opens the folder sees whom to name and on what terms."""
    text = (site / "dump" / "README.txt").read_text(encoding="utf-8")
    for one in read_contents(site / "dump").sources:
        assert f"{one.name} ({one.title})" in text
        assert one.licence in text
    assert max(map(len, text.splitlines())) <= 100


def test_digests_are_those_of_all_files(site):
    """`SHA256SUMS` names every file but itself, as `sha256sum --check` reads it."""
    paths, sums = files_in(site), read_sums(site / "dump")
    assert set(sums) == paths - {"SHA256SUMS"}
    for path, digest in sums.items():
        assert hashlib.sha256((site / "dump" / path).read_bytes()).hexdigest() == digest
    if not shutil.which("sha256sum"):
        pytest.skip("the command sha256sum is not installed")
    command = ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"]
    subprocess.run(command, cwd=site / "dump", check=True)


def test_package_descriptions_name_what_is_there(site):
    """Frictionless and Croissant name every Parquet file with its columns, digest and licence."""
    contents, sums = read_contents(site / "dump"), read_sums(site / "dump")
    package = json.loads((site / "dump" / "datapackage.json").read_text())
    named = {one["path"]: one for one in package["resources"]}
    for path in contents.rows:
        fields = [field["name"] for field in named[path]["schema"]["fields"]]
        assert fields == pq.read_schema(site / "dump" / path).names
        assert named[path]["hash"] == f"sha256:{sums[path]}"
        assert named[path]["bytes"] == (site / "dump" / path).stat().st_size
        assert named[path]["licenses"]
    assert set(named) <= set(sums)
    assert all(re.fullmatch(r"[a-z0-9-]+", one["name"]) for one in package["resources"])
    croissant = json.loads((site / "dump" / "croissant.json").read_text())
    files = {one["@id"]: one["sha256"] for one in croissant["distribution"]}
    assert files == {path: sums[path] for path in contents.rows}
    for records in croissant["recordSet"]:
        for field in records["field"]:
            assert field["source"]["fileObject"]["@id"] in files


def test_croissant_is_accepted_and_read(site):
    """mlcroissant finds no fault, and reads the rows of a table as they are."""
    mlcroissant = pytest.importorskip("mlcroissant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(site / "dump" / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        rows = list(dataset.records("labels"))
    assert [row["labels/title"] for row in rows] == [b"Tea & Sky"]
