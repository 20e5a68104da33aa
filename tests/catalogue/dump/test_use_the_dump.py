"""The page that shows a dump opened: its examples do what they are there for."""

import re
import sqlite3
from pathlib import Path

import pytest
from backports import zstd

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "use-the-dump.md"


def blocks(language):
    """The fenced examples of a language, in order."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(site, monkeypatch):
    """The folder that `dump` lies in."""
    monkeypatch.chdir(site)
    return site


@pytest.mark.parametrize("example", blocks("python"), ids=lambda text: text.split("\n")[0])
def test_python_examples(here, capsys, example):
    """DuckDB, pandas and pyarrow print what is in the dump."""
    if "pandas" in example:
        pytest.importorskip("pandas")
    exec(example, {})
    said = capsys.readouterr().out
    assert re.search("Björk|netlabel|first release|Only here", said)


def test_all_three_are_shown():
    """The page has examples for SQLite, DuckDB and pandas."""
    text = " ".join(blocks("python"))
    assert "import duckdb" in text
    assert "import pandas" in text
    assert len(blocks("sql")) == 4


def test_sqlite_examples(here, tmp_path):
    """Each statement works, and finds something."""
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(zstd.decompress((here / "dump" / "catalogue.sqlite.zst").read_bytes()))
    db = sqlite3.connect(path)
    titles, tracks, columns, indexes = (db.execute(one).fetchall() for one in blocks("sql"))
    assert titles[0] == ("One", "Björk Ødegård", "Kettle & Comet", 100.5)
    assert tracks == []  # of an album in the example, which this catalogue lacks
    assert ("isrc", "Its first ISRC; all are in the view `isrcs`.") in columns
    for statement, _ in indexes:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize("name", ["recordings", "releases", "artists", "labels"])
def test_the_three_agree(here, tmp_path, name):
    """SQLite, DuckDB and pandas find the same things of the same titles."""
    pandas, duckdb = pytest.importorskip("pandas"), pytest.importorskip("duckdb")
    path, flat = tmp_path / "c.sqlite", f"dump/parquet/{name}.parquet"
    path.write_bytes(zstd.decompress((here / "dump" / "catalogue.sqlite.zst").read_bytes()))
    title = "title" if name in ("recordings", "releases") else "name"
    db = sqlite3.connect(path)
    by_sqlite = db.execute(f"SELECT id, {title} FROM {name} ORDER BY id").fetchall()
    db.close()
    by_duckdb = duckdb.sql(f"SELECT id, title FROM '{flat}' ORDER BY id").fetchall()
    by_pandas = list(pandas.read_parquet(flat)[["id", "title"]].itertuples(index=False, name=None))
    assert by_sqlite == by_duckdb == by_pandas
