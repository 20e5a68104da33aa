"""`phono catalogue match`: a list in, an answer for each line out, and nothing kept."""

import json

import pytest
from tests.cli.phono import copy_archive, found
from tests.cli.small_music import make_music


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Made once, and only read: an archive of four recordings, and its catalogue."""
    folder = tmp_path_factory.mktemp("built")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    licensed = ("--licence", "CC-BY-4.0", "--evidence", "we made it")
    phono("add", folder / "music", "--jobs", "1", *licensed).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono


@pytest.fixture
def known(built):
    *cards, _ = built("search", "piece", "--json").expect(0).lines()
    return cards[0]


def names_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_every_line_has_an_answer_and_nothing_is_kept(built, known, tmp_path):
    """Each line is answered in order, then the sums; the archive is as it was."""
    before = names_below(built.root)
    file = tmp_path / "list.txt"
    lines = [f"{known['credit']} - {known['title']}", "Nobody - Nothing", "x" * 1_100_000]
    file.write_text("\n".join(lines))
    one, two, three, sums = built("catalogue", "match", file, "--json").expect(1).lines()
    assert (one["gid"], one["states"]) == (known["gid"], ["known", "held", "free"])
    assert one["step"] == "exact"
    assert (two["states"], two["gid"]) == (["wanted"], None)
    assert (three["states"], three["line"]) == (["refused"], 3)
    assert (sums["lines"], sums["known"], sums["wanted"], sums["refused"]) == (3, 1, 1, 1)
    assert sums["steps"]["exact"] == 1
    assert names_below(built.root) == before


def test_what_is_shown_can_be_chosen(built, known, tmp_path):
    """--only shows lines of one state; the sums are of all."""
    file = tmp_path / "list.csv"
    file.write_text(f"artist;title\n{known['credit']};{known['title']}\nNobody;Nothing\n")
    shown, sums = built("catalogue", "match", file, "--json", "--only", "wanted").expect(0).lines()
    assert shown["asked"] == "Nothing"
    assert sums["known"] == 1
    told = built("catalogue", "match", file, "--only", "held").expect(0).out
    assert known["title"] in told
    assert "Nothing" not in told
    assert "50.0% known" in told
    assert "Found by: exact 1." in told
    built("catalogue", "match", file, "--only", "loud").expect(2)


def test_files_for_other_programs(built, known, tmp_path):
    """The table has all lines, the playlist what is held or free, and it is read again."""
    file = tmp_path / "list.txt"
    file.write_text(f"{known['credit']} - {known['title']}\n=Nobody - =1+1\n")
    table, playlist = tmp_path / "out.csv", tmp_path / "out.jspf"
    built("catalogue", "match", file, "--csv", table, "--jspf", playlist).expect(0)
    assert len(table.read_text().splitlines()) == 3
    assert "'=1+1" in table.read_text()
    assert len(json.loads(playlist.read_text())["playlist"]["track"]) == 1
    again, _ = built("catalogue", "match", playlist, "--json").expect(0).lines()
    assert (again["gid"], again["step"]) == (known["gid"], "mbid")
    assert not list(tmp_path.glob(".*"))


def test_a_list_that_cannot_be_read_leaves_no_file(built, tmp_path):
    """What is no list is refused with status 2, and no table is there."""
    file = tmp_path / "list.xspf"
    file.write_text("<!DOCTYPE a><playlist/>")
    done = built("catalogue", "match", file, "--csv", tmp_path / "out.csv").expect(2)
    assert "document type" in done.err
    assert names_below(tmp_path) == ["list.xspf"]
    built("catalogue", "match", tmp_path / "absent").expect(2)


def test_nothing_is_overwritten(built, tmp_path):
    """The list itself, any other file, a folder, one name twice: refused before a line is read."""
    file = tmp_path / "list.txt"
    file.write_text("Ada - Bo\n")
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    before = names_below(tmp_path)
    refused = [
        ("--csv", file),
        ("--jspf", file),
        ("--csv", tmp_path / "folder" / ".." / "list.txt"),
        ("--csv", tmp_path / "mine.csv"),
        ("--jspf", tmp_path / "folder"),
        ("--csv", tmp_path / "nowhere"),
        ("--csv", tmp_path / "absent" / "out.csv"),
        ("--csv", tmp_path / "out", "--jspf", tmp_path / "folder" / ".." / "out"),
    ]
    for options in refused:
        done = built("catalogue", "match", file, *options).expect(2)
        assert str(options[-1]) in done.err
        assert ".new" not in done.err
        assert "Give another name" in done.err
    assert names_below(tmp_path) == before
    assert (file.read_text(), (tmp_path / "mine.csv").read_text()) == ("Ada - Bo\n", "mine")


def test_a_snapshot_of_an_earlier_program(built, tmp_path):
    """Without the file for matching it says what to do, and a build makes it."""
    phono = copy_archive(built.root, tmp_path / "archive")
    (match_file,) = phono.root.glob("catalogue/snapshot-*/serving/match.db")
    match_file.unlink()
    (tmp_path / "list.txt").write_text("Ada - Bo\n")
    done = phono("catalogue", "match", tmp_path / "list.txt").expect(2)
    assert "phono catalogue build" in done.err
    (descriptor,) = phono.root.glob("catalogue/snapshot-*/descriptor.json")
    record = json.loads(descriptor.read_text())
    descriptor.write_text(json.dumps({**record, "inputs": "what an earlier program wrote"}))
    phono("catalogue", "build", "--jobs", "1").expect(0)
    phono("catalogue", "match", tmp_path / "list.txt").expect(0)
