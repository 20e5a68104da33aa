"""Coverage: each recording counted once, by a second count in plain Python, on two engines."""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.catalogue.build.small import build_small, cards, song, table, write_source

from phonotheque.catalogue import census
from phonotheque.catalogue.charts.counting import PLACES
from phonotheque.catalogue.coverage.counting import COVERAGE, coverage_of, coverage_sql, names_of
from phonotheque.catalogue.coverage.expressions import READS
from phonotheque.catalogue.coverage.telling import finding_of, shown_of, totals_of
from phonotheque.catalogue.coverage.words import COUNTS, By
from phonotheque.catalogue.database import Machine
from phonotheque.errors import MalformedError

MACHINE = Machine(1, 256 << 20)


@pytest.fixture(scope="module")
def snapshot(built_village):
    """Made once, and only read."""
    return built_village


def counted(snapshot, by, work):
    sources = snapshot.descriptor.sources
    return coverage_of(snapshot.folder, by, sources, work, MACHINE)


def speaks_for(snapshot):
    links = pq.read_table(snapshot.tables / "canonical.parquet").to_pylist()
    return {one["id"]: one["canonical"] for one in links if one["entity_type"] == "recording"}


def holders_by_hand(snapshot):
    """Names of those who hold each recording."""
    speaker, found = speaks_for(snapshot), {}
    for file in table(snapshot, "file"):
        name = "here" if file["state"] == "held" else urlsplit(file["address"] or "").netloc
        if file["state"] in ("held", "elsewhere"):
            recording = speaker.get(file["recording"], file["recording"])
            found.setdefault(recording, set()).add(name or str(file["source"]))
    return found


def groups_by_hand(snapshot, by):
    """Which groups each recording is in."""
    labels = {one["id"]: one["label"] for one in cards(snapshot, "release")}
    speaker, knows = speaks_for(snapshot), {}
    titles = {one.id: one.title for one in snapshot.descriptor.sources}
    for row in table(snapshot, "recording"):
        knows.setdefault(speaker.get(row["id"], row["id"]), set()).add(titles[row["source"]])
    of = {
        None: lambda card: [None],
        By.SOURCE: lambda card: knows[card["id"]],
        By.LABEL: lambda card: [labels.get(card["release"])],
        By.YEAR: lambda card: [card["year"] and str(card["year"])],
        By.REGISTRANT: lambda card: [card["isrc"] and card["isrc"][:5]],
        By.COUNTRY: lambda card: [card["country"]],
        By.LICENCE: lambda card: [card["licence"]],
    }
    return of[by]


@pytest.mark.parametrize("by", [None, *By])
def test_it_counts_as_plain_python_does(snapshot, by, tmp_path):
    """Each row is what one gets who goes through all cards and files one by one."""
    holders, group_of, expected = holders_by_hand(snapshot), groups_by_hand(snapshot, by), {}
    for card in cards(snapshot):
        listens = card["listens"] or 0
        one = (
            1, card["is_held"], card["is_free"], not card["is_held"],
            len(holders.get(card["id"], ())) == 1, listens, listens * card["is_held"],
        )  # fmt: skip
        for group in group_of(card):
            before = expected.get(group, (0,) * len(one))
            expected[group] = tuple(map(sum, zip(before, one, strict=True)))
    rows = counted(snapshot, by, tmp_path)
    assert rows.schema == COVERAGE
    found = {row["group"]: tuple(row[name] for name in COUNTS) for row in rows.to_pylist()}
    assert found == expected
    assert rows.num_rows == len(expected)


def test_rare_is_what_one_alone_holds(tmp_path):
    """One host told twice is one holder; another host, or this archive beside it, is a second; what
    is gone, or was never located, has none."""
    files = [
        (1, "elsewhere", "https://a.example/1"), (1, "elsewhere", "https://a.example/2"),
        (2, "elsewhere", "https://a.example/1"), (2, "elsewhere", "https://b.example/1"),
        (3, "held", None), (4, "held", None), (4, "elsewhere", "https://a.example/4"),
        (5, "removed", None), (6, "missing", None), (7, "elsewhere", None),
        (7, "elsewhere", "not an address"),
    ]  # fmt: skip
    rows = {
        "recording": [song(n, f"Song {n}", first_release_date=str(2000 + n)) for n in range(1, 9)],
        "file": [{"recording": n, "state": s, "address": a} for n, s, a in files],
    }
    write_source(tmp_path, "one", rows)
    rows = counted(build_small(tmp_path), By.YEAR, tmp_path / "work").to_pylist()
    rare = {int(row["group"]) - 2000 for row in rows if row["rare"]}
    assert rare == {1, 3, 7}


def test_years_come_in_order_and_groups_by_size(snapshot, tmp_path):
    """A table of years can be read as a line; any other begins with what is known most of."""
    years = counted(snapshot, By.YEAR, tmp_path)["group"].to_pylist()
    assert years == ["1990", "2001", None]
    known = counted(snapshot, By.LABEL, tmp_path)["known"].to_pylist()
    assert known == sorted(known, reverse=True)


def test_it_is_told_in_a_sentence(snapshot, built_of_nothing, tmp_path):
    """A finding has the numbers of the table, and a table of nothing says so."""
    assert finding_of(counted(snapshot, None, tmp_path), None) == (
        "Of 13 known recordings, 15 % are held, 31 % are free and 23 % are rare; "
        "what is held has 38 % of all listens"
    )
    assert finding_of(counted(snapshot, By.SOURCE, tmp_path), By.SOURCE) == (
        "Records knows most: 12 recordings, 8.3 % of them held"
    )
    nothing = counted(built_of_nothing, By.YEAR, tmp_path)
    assert finding_of(nothing, By.YEAR) == "No recording is known"
    assert shown_of(nothing, By.YEAR) is None


def rows_of(*groups):
    """A table of so many recordings of each group, of which one is held, free and rare."""
    rows = [
        dict.fromkeys(COUNTS, 0) | {"group": group, "known": count, "held": 1, "free": 1, "rare": 1}
        for group, count in groups
    ]
    return pa.Table.from_pylist(rows, schema=COVERAGE)


@pytest.mark.parametrize("count", [1, 25, 26, 27, 300])
@pytest.mark.parametrize("unknown", [0, 3_020])
def test_a_picture_shows_all_that_its_words_are_about(count, unknown):
    """However many groups there are, bars add up to what the title says is known: what is in no
    group has a bar, and so have all small groups together."""
    named = [(f"Label {n}", 1_000 - n) for n in range(count)]
    table = rows_of(*named, *([(None, unknown)] if unknown else []))
    shown = shown_of(table, By.LABEL)
    for name in COUNTS:
        assert sum(row[name] for row in shown.rows) == totals_of(table)[name], name
    assert shown.title.startswith(f"Of {totals_of(table)['known']:,} known recording")
    words = [row["group"] for row in shown.rows]
    assert ("unknown" in words) == bool(unknown)
    assert (f"{count - 25} others" in words) == (count > 26)


def test_a_picture_of_years_says_what_is_not_on_it():
    """The words are about the years that are drawn; the others are counted beside."""
    shown = shown_of(rows_of(("1203", 2), ("1999", 8), ("2001", 2), (None, 5)), By.YEAR)
    assert [row["group"] for row in shown.rows] == [1999, 2001]
    assert shown.title.startswith("Of 10 known recordings with a year, 20 % are held")
    assert shown.how.endswith("Not drawn: 7 recordings without a year from 1877 on.")


def test_a_snapshot_without_a_census_is_refused(snapshot, tmp_path):
    """What an earlier program built is not taken for a catalogue of nothing."""
    shutil.copytree(snapshot.folder, tmp_path / "before")
    shutil.rmtree(tmp_path / "before" / census.FOLDER)
    with pytest.raises(MalformedError, match="phono catalogue build"):
        coverage_of(tmp_path / "before", By.YEAR, (), tmp_path / "work", MACHINE)


def test_what_is_no_isrc_was_given_by_nobody(tmp_path):
    """A registrant is that of an ISRC; whatever else a source wrote there is unknown."""
    texts = ["DEA119100001", "DEA119100002", "ZZZZZ2600001", "AA0002600001", "no ISRC", "dea1191x"]
    rows = {
        "recording": [song(n, f"Song {n}") for n in range(len(texts))],
        "isrc": [{"recording": n, "isrc": text} for n, text in enumerate(texts)],
    }
    write_source(tmp_path, "one", rows)
    found = counted(build_small(tmp_path), By.REGISTRANT, tmp_path / "work")
    assert found.select(["group", "known"]).to_pylist() == [
        {"group": "DEA11", "known": 2}, {"group": None, "known": 2},
        {"group": "AA000", "known": 1}, {"group": "ZZZZZ", "known": 1},
    ]  # fmt: skip


@pytest.mark.torture
def test_spark_counts_as_duckdb_does(snapshot, tmp_path):
    """One text, two engines: the same groups with the same numbers."""
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not on this machine")
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        ibis.pyspark.connect(session)
        for name in READS:
            place = PLACES[name]
            parts = [one.as_uri() for one in place.parts(snapshot.folder)]
            assert parts, name
            session.read.parquet(*parts).createOrReplaceTempView(name)
        for by in (None, *By):
            rows = session.sql(coverage_sql(by, "pyspark")).collect()
            groups = pa.array([row["group"] for row in rows])
            names = names_of(groups, by, snapshot.descriptor.sources).cast(pa.string())
            found = [
                (name, *(row[count] for count in COUNTS))
                for name, row in zip(names.to_pylist(), rows, strict=True)
            ]
            assert found == [
                tuple(row.values()) for row in counted(snapshot, by, tmp_path).to_pylist()
            ]
    finally:
        session.stop()
