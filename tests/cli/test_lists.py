"""`phono lists`: somebody's own lists are matched as the catalogue grows, and stay private."""

import io
import json
import shutil
import sys

import pytest
from tests.cli.phono import copy_archive, found
from tests.cli.small_music import make_music

SECRET = "Zebulon-Quince"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Made once: an archive of four recordings with its catalogue, and what it has of one."""
    folder = tmp_path_factory.mktemp("lists")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    licensed = ("--licence", "CC-BY-4.0", "--evidence", "we made it")
    phono("add", folder / "music", "--jobs", "1", *licensed).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    *cards, _ = phono("search", "piece", "--json").expect(0).lines()
    return phono.root, cards[0]


@pytest.fixture
def phono(stage, tmp_path):
    return copy_archive(stage[0], tmp_path / "archive")


@pytest.fixture
def history(stage, tmp_path):
    """Three plays of what is known and one of what is not."""
    file = tmp_path / "history.jsonl"
    known = {"artist": stage[1]["credit"], "title": stage[1]["title"], "ts": "2021-03-04T10:20Z"}
    other = {"artist": SECRET, "title": f"{SECRET} song", "ts": "2021-03-05T10:20Z"}
    file.write_text("".join(json.dumps(one) + "\n" for one in (known, other, known, known)))
    return file


def holding(folder, word):
    """Names of files below a folder that have a word, in their bytes or their name."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes())
    )


def test_a_list_is_in_one_file_alone_and_then_in_none(phono, history, tmp_path):
    """Through building, dumping, publishing and rebuilding, a list is in people.sqlite only; once
    erased it is in no file."""
    phono("lists", "add", history, "--name", SECRET).expect(0)
    phono("lists", "match", SECRET).expect(0)
    phono("rebuild").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    phono("catalogue", "dump", tmp_path / "dump").expect(0)
    phono.publish()
    phono("verify").expect(0)
    assert holding(phono.root, SECRET) == ["people.sqlite"]
    assert holding(tmp_path / "dump", SECRET) == []
    phono("lists", "erase", SECRET).expect(0)
    assert holding(phono.root, SECRET) == []


def test_what_is_no_list_is_not_kept(phono, tmp_path):
    """A picture is refused by `lists add` and `catalogue match`, and nothing of it stays."""
    (tmp_path / "pic.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 40)
    phono("lists", "add", tmp_path / "pic.png", "--name", "pic").expect(2)
    assert "no list" in phono("catalogue", "match", tmp_path / "pic.png").expect(2).err
    assert phono("lists", "show", "--json").expect(0).out == ""


def test_what_is_heard_changes_nothing_that_is_counted(phono, stage, history):
    """However often a song is in a private list, the catalogue counts no listen for it."""
    before = phono("search", "piece", "--json").expect(0).out
    phono("lists", "add", history, "--name", "heard").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert phono("search", "piece", "--json").expect(0).out == before
    assert [event["event"] for event in phono.events()] == [
        event["event"] for event in type(phono)(stage[0]).events()
    ]


def test_a_history_is_told_by_songs_and_by_plays(phono, stage, history):
    """The most played comes first, with its state; sums are of songs and of plays."""
    added = phono("lists", "add", history, "--name", "heard", "--json").expect(0).one()
    assert (added["lines"], added["songs"], added["plays"]) == (4, 2, 4)
    one, other, sums = phono("lists", "match", "heard", "--json").expect(0).lines()
    assert (one["gid"], one["plays"], one["line"]) == (stage[1]["gid"], 3, 1)
    assert other["states"] == ["wanted"]
    assert (sums["known"], sums["wanted"]) == (1, 1)
    assert (sums["plays"]["all"], sums["plays"]["free"]) == (4, 3)
    told = phono("lists", "match", "heard", "--only", "free").expect(0).out
    assert "Of 4 plays: 75.0% known, 75.0% held, 75.0% free, 25.0% wanted." in told
    assert SECRET not in told
    song = phono("lists", "show", "heard", "--json").expect(0).lines()[0]
    assert (song["plays"], song["first_on"], song["last_on"]) == (3, "2021-03-04", "2021-03-04")
    assert "heard  2 songs  4 plays" in phono("lists", "show").expect(0).out


def test_the_catalogue_may_grow(phono, stage, tmp_path):
    """What could not be asked, or was wanted, is found by the same list once there is more."""
    shutil.rmtree(phono.root / "catalogue")
    (tmp_path / "list.txt").write_text(f"{stage[1]['credit']} - {stage[1]['title']}\n")
    phono("lists", "add", tmp_path / "list.txt", "--name", "mine").expect(0)
    assert "no catalogue" in phono("lists", "match", "mine").expect(2).err
    shutil.copytree(stage[0] / "catalogue", phono.root / "catalogue", dirs_exist_ok=True)
    one, _ = phono("lists", "match", "mine", "--json").expect(0).lines()
    assert one["states"] == ["known", "held", "free"]


def test_lists_leave_for_other_programs(phono, history, tmp_path):
    """All of it as a table that is the same list again; what is wanted as a playlist."""
    phono("lists", "add", history, "--name", "heard").expect(0)
    table, wanted = tmp_path / "all.csv", tmp_path / "wanted.jspf"
    phono("lists", "export", "heard", table).expect(0)
    assert table.stat().st_mode & 0o777 == 0o600
    phono("lists", "add", table, "--name", "again").expect(0)
    assert (
        phono("lists", "show", "again", "--json").out
        == phono("lists", "show", "heard", "--json").out
    )
    told = phono("lists", "export", "heard", wanted, "--only", "wanted", "--json").expect(0).one()
    assert told["songs"] == 1
    (track,) = json.loads(wanted.read_text())["playlist"]["track"]
    assert track["creator"] == SECRET
    for refused in (table, tmp_path / "x.pdf", phono.root / "published" / "x.csv"):
        phono("lists", "export", "heard", refused).expect(2)
    inside = ("--csv", phono.root / "x.csv")
    assert "private" in phono("lists", "match", "heard", *inside).expect(2).err
    assert holding(phono.root, SECRET) == ["people.sqlite"]


def test_a_line_keeps_its_readings(phono, stage, tmp_path):
    """What stands title first is known, and so it is when it was exported and added again."""
    (tmp_path / "list.txt").write_text(f"{stage[1]['title']} - {stage[1]['credit']}\n")
    phono("lists", "add", tmp_path / "list.txt", "--name", "mine").expect(0)
    phono("lists", "export", "mine", tmp_path / "list.csv").expect(0)
    phono("lists", "add", tmp_path / "list.csv", "--name", "again").expect(0)
    for name in ("mine", "again"):
        one, _ = phono("lists", "match", name, "--json").expect(0).lines()
        assert "known" in one["states"]


def test_several_files_are_one_list(phono, tmp_path, history):
    """Files that are given together make one list; one that cannot be read keeps nothing."""
    phono("lists", "add", history, history, "--name", "heard").expect(0)
    assert phono("lists", "show", "--json").one()["plays"] == 8
    (tmp_path / "bad.xspf").write_text("<!DOCTYPE a><playlist/>")
    phono("lists", "add", history, tmp_path / "bad.xspf", "--name", "other").expect(2)
    assert len(phono("lists", "show", "--json").lines()) == 1


def test_refusals(phono, tmp_path, history, monkeypatch):
    """A taken name, an unknown one, a list without songs and lines that are none are told."""
    phono("lists", "add", history, "--name", "heard").expect(0)
    assert "--replace" in phono("lists", "add", history, "--name", "heard").expect(2).err
    phono("lists", "add", history, "--name", "heard", "--replace").expect(0)
    for words in (
        ("show", "no"),
        ("match", "no"),
        ("erase", "no"),
        ("export", "no", tmp_path / "a.csv"),
    ):
        assert "no private list" in phono("lists", *words).expect(2).err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert "nothing was kept" in phono("lists", "add", "-", "--name", "none").expect(2).err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    phono("lists", "add", "-", "--name", "none", "--dry-run").expect(2)
    (tmp_path / "half.jsonl").write_text('{"artist": "Ada", "title": "Bo"}\n{"a\n')
    told = phono("lists", "add", tmp_path / "half.jsonl", "--name", "half").expect(1)
    assert "half.jsonl, 2: it is no JSON" in told.out


def test_rehearsals_change_nothing(phono, history):
    """--dry-run says what would be kept and erased, and does neither."""
    assert (
        "would be kept" in phono("lists", "add", history, "--name", "a", "--dry-run").expect(0).out
    )
    assert phono("lists", "show").expect(0).out == "There are no private lists.\n"
    phono("lists", "add", history, "--name", "a").expect(0)
    assert "would be erased" in phono("lists", "erase", "a", "--dry-run").expect(0).out
    assert phono("lists", "show", "--json").one()["list"] == "a"


def test_an_archive_without_the_file(phono, history):
    """Where people.sqlite is missing there are no lists; adding one makes it, and that is told."""
    (phono.root / "people.sqlite").unlink()
    assert phono("lists", "show").expect(0).out == "There are no private lists.\n"
    phono("lists", "erase", "heard").expect(2)
    assert not (phono.root / "people.sqlite").exists()
    phono("lists", "add", history, "--name", "heard").expect(0)
    assert phono("lists", "show", "--json").one()["songs"] == 2
