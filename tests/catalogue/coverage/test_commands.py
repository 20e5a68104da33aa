"""`phono catalogue charts|coverage`: what is printed and what is written."""

from __future__ import annotations

import json
import zlib

import pyarrow as pa
import pytest
from tests.cli.phono import SONG_LIST, found_with_songs
from tests.cli.test_catalogue import ROWS

from phonotheque.catalogue.coverage.words import COUNTS
from phonotheque.cli.catalogue_coverage import _say

MAPPING = f"""{SONG_LIST}
[[file.rows]]
table = "release"
id = "id"
title = "title"
date = "year"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Made once, and only read: an archive that holds nothing, a catalogue of three songs."""
    return found_with_songs(tmp_path_factory.mktemp("songs"), MAPPING, ROWS)


def test_a_rehearsal_of_charts_tells_and_writes_nothing(built, tmp_path):
    """--dry-run has the findings, and reasons for what cannot be drawn."""
    out = tmp_path / "charts"
    told = built("catalogue", "charts", "--to", out, "--dry-run", "--json").expect(0).one()
    findings = {one["name"]: one["finding"] for one in told["charts"]}
    assert findings["releases-by-year"].startswith("No year has more releases than 2003")
    assert findings["genres"] is None
    text = built("catalogue", "charts", "--dry-run").expect(0).out
    assert "Not drawn, because the data is not there: concentration" in text
    assert not out.exists()


def test_charts_are_written(built, tmp_path):
    """One chart by its name, and the page."""
    pytest.importorskip("vl_convert", reason="the extra charts is not installed")
    out = tmp_path / "charts"
    built("catalogue", "charts", "--to", out, "releases-by-year").expect(0)
    assert (out / "releases-by-year.csv").read_bytes() == (
        b"year,releases,held\r\n1999,1,0\r\n2001,1,0\r\n2003,1,0\r\n"
    )
    assert (out / "index.html").exists()
    assert list((built.root / "state").glob("counting-*")) == []


def test_what_is_not_there_is_refused(built, tmp_path):
    """A chart, a way to count, an order of a map, a picture of one row: each with what to do."""
    for words in (
        ("charts", "--to", tmp_path, "pie"),
        ("coverage", "--by", "nose"),
        ("coverage", "--picture", tmp_path / "a.svg"),
        ("coverage", "--by", "year", "--picture", tmp_path / "a.gif"),
        ("coverage", "--by", "country", "--map", tmp_path / "map"),
        ("coverage", "--map", tmp_path / "map", "--csv", tmp_path / "a.csv"),
        ("coverage", "--csv", tmp_path / "none/a.csv"),
        ("coverage", "--csv", tmp_path),
        ("coverage", "--map", "/proc/map"),
        ("charts", "pie", "--dry-run"),
        ("charts",),
    ):
        told = built("catalogue", *words).expect(2).err
        assert told
        assert "verify" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "published/charts", "state/../charts"])
def test_nothing_is_drawn_into_the_archive(built, below, tmp_path):
    """What is below its folder is the archive's: copied, and published in parts."""
    place = built.root / below
    for words in (
        ("charts", "--to", place),
        ("coverage", "--map", place),
        ("coverage", "--csv", place / "a.csv"),
        ("coverage", "--by", "year", "--picture", place / "a.svg"),
    ):
        assert "in the archive's folder" in built("catalogue", *words).expect(2).err
    assert not (built.root / "published/charts").exists()


def test_a_table_is_written_where_nothing_is_to_be_drawn(built, tmp_path):
    """A table without a group that is known has no picture: that is told, and is no error."""
    table, picture = tmp_path / "countries.csv", tmp_path / "countries.svg"
    words = ("coverage", "--by", "country", "--csv", table, "--picture", picture)
    done = built("catalogue", *words).expect(0)
    assert "No picture: no source says anything by which recordings have a country" in done.err
    assert table.exists()
    assert not picture.exists()


def test_coverage_is_told_and_written(built, tmp_path):
    """The table as JSON, for people, and as CSV says the same."""
    rows = built("catalogue", "coverage", "--by", "year", "--json").expect(0).one()["rows"]
    assert [(row["group"], row["known"]) for row in rows] == [("1999", 1), ("2001", 1), ("2003", 1)]
    path = tmp_path / "years.csv"
    text = built("catalogue", "coverage", "--by", "year", "--csv", path).expect(0).out
    assert text.startswith("Of 3 known recordings, 0 % are held")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4


def test_a_map_knows_things_by_the_gids_of_search(built, tmp_path):
    """What a pixel leads to is what search finds."""
    out = tmp_path / "map"
    told = built("catalogue", "coverage", "--map", out, "--json").expect(0).one()
    assert told["releases"] == told["missing"] == 3
    records = json.loads(zlib.decompress((out / "records/000000.json.z").read_bytes()))
    *found, _ = built("search", "harbour", "--kind", "release", "--json").expect(0).lines()
    by_title = {record[2]: record[5] for record in records}
    assert {card["title"]: card["gid"] for card in found} == {
        title: by_title[title] for title in ("Harbour", "Harbour Lights")
    }


def test_coverage_of_nothing_is_a_sentence(capsys):
    """Where nothing is known no head stands over nothing."""
    _say(pa.table({name: pa.array([], pa.int64()) for name in COUNTS}), None)
    assert capsys.readouterr().out == "No recording is known.\n"
