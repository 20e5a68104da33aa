"""Corrections made under a gid that was given up since, on the command line."""

import csv

import pytest
from tests.cli.phono import BY_ARTIST, SONG_LIST, found_with_songs, import_of_songs

MAPPING = f"""{SONG_LIST}mbid = "mbid"
{BY_ARTIST}
[[file]]
path = "moved.csv"

[[file.rows]]
table = "gid_redirect"
entity_type = {{ constant = "recording" }}
old_gid = "old"
new_gid = "new"
"""
OLD, BETWEEN, NEW = (f"4e0d8649-1f89-44f9-9e65-e19a5b6b000{n}" for n in (1, 2, 3))


def rows(mbid):
    return f"id,title,artist,year,mbid\n1,Harbour,Ada Marrow,1999,{mbid}\n"


@pytest.fixture
def phono(tmp_path, monkeypatch):
    """A song that was corrected; then its gid was given up for another one, and that again."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    moved = tmp_path / "moved.csv"
    moved.write_text("old,new\n")
    phono = found_with_songs(tmp_path, MAPPING, rows(OLD))
    phono("edit", OLD, "title=Haven", "--reason", "from the booklet").expect(0)
    moved.write_text(f"old,new\n{OLD},{BETWEEN}\n{BETWEEN},{NEW}\n")
    phono(*import_of_songs(tmp_path, MAPPING, rows(NEW))).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono


def test_what_was_corrected_before_a_gid_was_given_up_is_there_under_the_other(phono, tmp_path):
    """Under the gid that stands now the history is told, a sheet has what holds, and it can be
    taken back: the next build shows what the sources say."""
    assert phono("show", NEW, "--json").expect(0).one()["title"] == "Haven"
    for gid in (NEW, BETWEEN, OLD):
        (one,) = phono("edit", gid, "--json").expect(0).one()["corrections"]
        assert (one["field"], one["value"]) == ("title", "Haven")
    sheet = tmp_path / "sheet.csv"
    phono("corrections", "export", sheet, "--query", "haven").expect(0)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["id"], row["title"]) == (NEW, "Haven")
    phono("edit", NEW, "--undo", "title", "--reason", "mistaken").expect(0)
    assert phono("corrections", "list", "--json").lines() == []
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert phono("show", NEW, "--json").expect(0).one()["title"] == "Harbour"
