"""`phono corrections suggest` and `list` over many builds: what was looked at stays looked at."""

import pytest
from tests.cli.phono import (
    BY_ARTIST,
    SONG_LIST,
    copy_archive,
    found_with_songs,
    import_of_songs,
)
from tests.cli.test_corrections import gid_of

MAPPING = f"""{SONG_LIST}{BY_ARTIST}
length = {{ column = "length", as = "milliseconds" }}

[[file.rows]]
table = "release"
id = "id"
title = "title"
{BY_ARTIST}
[[file.rows]]
table = "track"
release = "id"
recording = "id"
position = "position"
length = {{ column = "printed", as = "milliseconds" }}
"""
ROWS = """id,title,artist,year,length,position,printed
1,Harbour,Ada Marrow,1999,100000,1,200000
2,Quay,Ada Marow,1750,,1,
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: a catalogue in which a length, a date and a name look wrong."""
    return found_with_songs(tmp_path_factory.mktemp("made"), MAPPING, ROWS)


@pytest.fixture
def phono(made, tmp_path, monkeypatch):
    """A copy of it for one test."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(made.root, tmp_path / "archive")


def doubted(phono):
    done = phono("corrections", "suggest", "--json")
    assert done.status in (0, 1), done
    return {one["doubt"]: one for one in done.lines()}


def test_the_work_list_can_be_worked_off(phono):
    """What is right is confirmed, and two artists are told apart: at once and after the next build
    nothing of it is listed, and what is confirmed holds."""
    doubts = doubted(phono)
    assert set(doubts) == {"length", "date", "twins"}
    for name in ("length", "date"):
        gid, field = doubts[name]["gid"], doubts[name]["field"]
        phono("edit", gid, "--confirm", field, "--reason", "heard").expect(0)
        phono("edit", gid, "--confirm", field).expect(0)
    twins = doubts["twins"]
    phono("catalogue", "split", twins["gid"], twins["other_gid"]).expect(0)
    assert [(line["field"], line["value"]) for line in phono.events("correction")] == [
        ("length", "100000"),
        ("first_release_date", "1750"),
    ]
    assert not doubted(phono)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert not doubted(phono)
    phono("edit", doubts["length"]["gid"], "--undo", "length").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert set(doubted(phono)) == {"length"}


def test_a_corrected_name_may_have_a_new_twin(phono):
    """A correction that stands settles its field, not which artists are one."""
    twins = doubted(phono)["twins"]
    phono("edit", twins["gid"], "name=Ada Marrow!").expect(0)
    assert "twins" not in doubted(phono)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert "twins" in doubted(phono)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("colour", ["--confirm", "colour"]),
        ("title", ["--confirm", "title", "title=Kai"]),
        ("title", ["title=Kai", "--undo", "title"]),
        ("title", ["--confirm", "title", "--undo", "title"]),
    ],
)
def test_one_thing_is_asked_of_a_field(phono, field, arguments):
    """An unknown field, and two wishes for one field, are refused by its name; no line is left."""
    gid = gid_of(phono, "quay")
    phono("edit", gid, "title=Kade").expect(0)
    assert phono("edit", gid, *arguments).expect(2).err.startswith(f"phono: {field}: ")
    assert [line["value"] for line in phono.events("correction")] == ["Kade"]


def test_what_is_gone_can_be_taken_back(phono):
    """When no source has a thing any more, build and list say so; its history is shown, and its
    corrections can be taken back, and nothing else."""
    gid, kept = gid_of(phono, "quay"), gid_of(phono, "harbour")
    phono("edit", gid, "title=Kai", "--reason", "so it is printed").expect(0)
    phono("edit", kept, "title=Haven").expect(0)
    without = ROWS[: ROWS.index("2,Quay")]
    phono(*import_of_songs(phono.root.parent, MAPPING, without)).expect(0)
    built = phono("catalogue", "build", "--jobs", "1").expect(0)
    assert "No source has 1 thing any more" in built.out
    listed = {one["gid"]: one["is_gone"] for one in phono("corrections", "list", "--json").lines()}
    assert listed == {gid: True, kept: False}
    (line,) = [one for one in phono("corrections", "list").out.splitlines() if gid in one]
    assert "  gone  " in line
    shown = phono("edit", gid)
    assert "Kai" in shown.expect(0).out
    assert "nothing in the catalogue has it" in shown.err
    for more in (["title=Kade"], ["--confirm", "title"]):
        assert "only be taken back" in phono("edit", gid, *more).expect(2).err
    phono("edit", gid, "--undo", "title").expect(0)
    assert [one["gid"] for one in phono("corrections", "list", "--json").lines()] == [kept]
    assert "No source has" not in phono("catalogue", "build", "--jobs", "1").expect(0).out
    assert phono("edit", gid, "--undo", "title").expect(2)
