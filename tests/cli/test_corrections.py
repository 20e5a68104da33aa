"""`phono edit GID` and `phono corrections`: the catalogue corrected, in a spreadsheet or not."""

import csv
import io
import os
import random
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.phono import BY_ARTIST, SONG_LIST, copy_archive, found_with_songs
from tests.torture.command import Running

MAPPING = f"""{SONG_LIST}{BY_ARTIST}
[[file.rows]]
table = "isrc"
recording = "id"
isrc = "isrc"
"""
ROWS = """id,title,artist,year,isrc
1,Harbour,Ada Marrow,1999,DEA111100001
2,Quay,Ada Marrow,2001,DEA111100001
3,=1+1,椎名,1750,
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: an archive with a catalogue of three songs of a spreadsheet."""
    return found_with_songs(tmp_path_factory.mktemp("made"), MAPPING, ROWS)


@pytest.fixture
def phono(made, tmp_path, monkeypatch):
    """A copy of it for one test."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(made.root, tmp_path / "archive")


def gid_of(phono, title):
    *cards, _ = phono("search", title, "--json").expect(0).lines()
    return cards[0]["gid"]


def sheet_of(phono, *arguments):
    """An exported sheet as rows, and its path."""
    path = phono.root.parent / "sheet.csv"
    path.unlink(missing_ok=True)
    phono("corrections", "export", path, *arguments).expect(0)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    return path, rows


def save(path, rows, encoding="utf-8-sig", delimiter=","):
    """What an editor makes of it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding=encoding, newline="")


def test_a_thing_is_corrected_and_taken_back(phono):
    """What is corrected wins with the next build, and has a history; undone, it does not stand."""
    gid = gid_of(phono, "quay")
    corrections = ("title=Kai", "isrcs=DEA111100002", "isrcs=DEA111100003")
    why = ("--reason", "from the booklet", "--as", "Odile")
    told = phono("edit", gid, *corrections, *why, "--json").expect(0).one()
    assert told["changes"]["title"] == {"was": "Quay", "is": "Kai"}
    assert told["changes"]["isrcs"]["is"] == "DEA111100002; DEA111100003"
    phono("catalogue", "build", "--jobs", "1").expect(0)
    shown = phono("show", gid, "--json").expect(0).one()
    assert (shown["title"], shown["isrcs"]) == ("Kai", ["DEA111100002", "DEA111100003"])
    assert [one["field"] for one in shown["corrections"]] == ["isrcs", "title"]
    assert gid_of(phono, "isrc:DEA111100003") == gid
    assert "Odile" not in "".join(map(str, phono.events()))
    phono("edit", gid, "--undo", "title", "--reason", "mistaken").expect(0)
    history = phono("edit", gid, "--json").expect(0).one()["corrections"]
    assert [(one["field"], one["value"], one["by"]) for one in history] == [
        ("title", "Kai", "Odile"),
        ("isrcs", '["DEA111100002","DEA111100003"]', "Odile"),
        ("title", None, ""),
    ]
    assert [one["field"] for one in phono("corrections", "list", "--json").lines()] == ["isrcs"]


def test_nothing_is_written_that_changes_nothing(phono):
    """A dry run, and a correction to what is said already, write no line."""
    gid = gid_of(phono, "quay")
    assert "Kai" in phono("edit", gid, "title=Kai", "--dry-run").expect(0).out
    phono("edit", gid, "title=Quay").expect(0)
    assert not phono.events("correction")


@pytest.mark.parametrize(
    "arguments",
    [
        ["title"],
        ["colour=blue"],
        ["title="],
        ["title=A", "title=B"],
        ["length=long"],
        ["--undo", "title"],
        ["title=A", "--reason", "odile@example.org says so"],
        ["title=A", "--reason", "Odile says so", "--as", "odile"],
    ],
    ids=" ".join,
)
def test_what_corrects_nothing_is_refused(phono, arguments):
    """Unknown fields, impossible values, nothing to undo, persons in reasons: refused, no line."""
    phono("edit", gid_of(phono, "quay"), *arguments).expect(2)
    assert not phono.events("correction")


def test_a_sheet_goes_out_and_comes_back(phono):
    """Shown first, then on record at once, with reasons; applied again it corrects nothing."""
    path, rows = sheet_of(phono, "--suggested")
    assert {row["title"] for row in rows} == {"Quay", "'=1+1"}
    for row in rows:
        row["title"] = {"Quay": "Kai"}.get(row["title"], row["title"])
        row["first_release_date"] = row["first_release_date"].replace("1750", "")
        row["reason"] = "nobody recorded then" if row["title"] != "Kai" else ""
    save(path, rows, "utf-16", "\t")
    rehearsed = phono("corrections", "apply", path, "--dry-run").expect(0)
    assert "title: Quay -> Kai" in rehearsed.out
    assert "first_release_date: 1750 -> (nothing)" in rehearsed.out
    assert not phono.events("correction")
    phono("corrections", "apply", path, "--reason", "from the booklet", "--as", "Odile").expect(0)
    lines = {line["field"]: line for line in phono.events("correction")}
    assert {name: (line.get("value", ""), line["reason"]) for name, line in lines.items()} == {
        "title": ("Kai", "from the booklet"),
        "first_release_date": ("", "nobody recorded then"),
    }
    assert "0 fields corrected" in phono("corrections", "apply", path).expect(0).out
    assert len(phono.events("correction")) == 2


def test_two_editors_of_one_field(phono):
    """The second sheet names both values and ends with 1; what is not disputed is corrected."""
    path, rows = sheet_of(phono, "--query", "quay")
    phono("edit", rows[0]["id"], "title=Kade").expect(0)
    save(path, [{**rows[0], "title": "Kai", "language": "deu"}])
    done = phono("corrections", "apply", path, "--json").expect(1)
    *told, counts = done.lines()
    assert counts == {"rows": 1, "corrected": 1, "refused": 1}
    (refused,) = told[0]["refused"]
    assert (refused["mine"], refused["theirs"], refused["is_stale"]) == ("Kai", "Kade", True)
    assert "it was corrected since" in refused["wrong"]  # by whomever, also by oneself
    assert [line["value"] for line in phono.events("correction")] == ["Kade", "deu"]
    phono("corrections", "apply", path, "--force").expect(0)
    assert phono.events("correction")[-1]["value"] == "Kai"


def test_what_a_sheet_says_of_nothing_is_told(phono):
    """Ids that name nothing, a thing corrected twice, rows that cannot be read: told, the rest is
    done; a second row that nobody touched is nothing, before or after."""
    path, rows = sheet_of(phono, "--query", "quay")
    unknown = {**rows[0], "id": "0f0e0d0c-0b0a-5908-8706-050403020100"}
    save(path, [unknown, {**rows[0], "id": "x"}, *(rows[0], {**rows[0], "title": "Kai"}),
                *({**rows[0], "title": "Kade"}, rows[0])])  # fmt: skip
    path.write_text(path.read_text(encoding="utf-8-sig") + "recording,x\r\n", encoding="utf-8")
    done = phono("corrections", "apply", path).expect(1)
    assert "1 field corrected, 4 refused" in done.out
    assert "sheet.csv, line 8" in done.out
    assert phono("corrections", "export", path, "--query", "quay").expect(2).err


def test_a_reason_that_cannot_be_public_is_found(phono):
    """The line and the column of it are named, and nothing of the sheet is corrected."""
    path, rows = sheet_of(phono, "--query", "quay")
    save(path, [{**rows[0], "title": "Kai", "reason": "odile@example.org says so"}])
    assert "line 2, column reason" in phono("corrections", "apply", path).expect(2).err
    assert not phono.events("correction")


def test_an_address_is_no_value(phono):
    """A cell with an e-mail address in it is refused by its line, the rest counts: what is on
    record stays there for ever."""
    path, rows = sheet_of(phono, "--query", "quay")
    save(path, [{**rows[0], "title": "Kai", "disambiguation": "call bob@example.org"}])
    assert "1 field corrected, 1 refused" in phono("corrections", "apply", path).expect(1).out
    assert [line["value"] for line in phono.events("correction")] == ["Kai"]


def test_of_a_sheet_without_an_end_a_bound_is_read(phono, tmp_path, monkeypatch):
    """Whatever is given as a sheet, no more of it is read than a sheet may have."""
    monkeypatch.setattr("phonotheque.catalogue.corrections.sheet.MOST_BYTES", 1000)
    path, taken = tmp_path / "pipe", []
    os.mkfifo(path)

    def pour():
        with suppress(BrokenPipeError), path.open("wb", buffering=0) as stream:
            for _ in range(64):
                taken.append(stream.write(b"x" * (1 << 18)))

    pouring = Thread(target=pour)
    pouring.start()
    refused = phono("corrections", "apply", path)
    pouring.join()
    assert "longer than" in refused.expect(2).err
    assert len(taken) < 64


def test_words_are_split_however_they_are_given(phono):
    """Several words in one text beside another text are all taken."""
    changes = ("genres=dub; ambient", "genres=Drone", "genres=dub")
    told = phono("edit", gid_of(phono, "quay"), *changes, "--json").expect(0).one()
    assert told["changes"]["genres"]["is"] == "dub; ambient; drone"


def test_a_title_that_looks_like_a_list_is_one_text(phono):
    """It is shown as it was given, by the history and by the list."""
    gid, title = gid_of(phono, "quay"), '["a","b"]'
    phono("edit", gid, f"title={title}").expect(0)
    for command in (("edit", gid), ("corrections", "list")):
        assert title in phono(*command).expect(0).out


@pytest.mark.parametrize("number", [0, 7])
def test_a_gid_that_nothing_has_is_told_so(phono, number):
    """Every UUID is one, that of zeros too."""
    for command in (("show",), ("edit",)):
        refused = phono(*command, f"00000000-0000-0000-0000-{number:012}").expect(2)
        assert "nothing in the catalogue has it" in refused.err


@pytest.mark.parametrize("reference", ["", "00000000-0000-0000-0000", "a b"])
def test_what_names_neither_is_told_of_both(phono, reference):
    """What can be no digest and no gid is told of both, for both are taken."""
    for more in ((), ("length=1",)):
        refused = phono("edit", reference, *more).expect(2)
        assert "SHA-256" in refused.err
        assert "gid" in refused.err


def test_a_killed_apply_leaves_whole_lines(phono):
    """Whatever part of the lines reached the disk, the next run has the whole ones and writes
    the rest; nothing stands there twice."""
    path, rows = sheet_of(phono, "--query", "year:1900..")
    save(path, [{**row, "title": row["title"] + "!", "language": "deu"} for row in rows])
    register = phono.root / "register/000001.jsonl"
    before = register.read_bytes()
    copies = [copy_archive(phono.root, phono.root.parent / f"cut {n}") for n in range(3)]
    phono("corrections", "apply", path).expect(0)
    whole = phono("corrections", "list", "--json").lines()
    assert len(whole) == 4
    written = register.read_bytes()
    drawn = random.Random(7)
    for cut in copies:
        torn = written[: drawn.randrange(len(before) + 1, len(written))]
        (cut.root / "register/000001.jsonl").write_bytes(torn)
        cut("corrections", "apply", path).expect(0)
        again = cut("corrections", "list", "--json").lines()
        assert [one | {"at": ""} for one in again] == [one | {"at": ""} for one in whole]
        assert len(cut.events("correction")) == 4


@pytest.mark.parametrize(
    ("call", "k"),
    [
        ("write", 2),
        *(pytest.param("fsync", k, marks=pytest.mark.torture) for k in range(1, 13)),
    ],
)
def test_kill_9_while_a_sheet_is_applied(phono, call, k):
    """The real command, killed at a call that changes the disk: afterwards the chain holds, and
    applying the sheet again ends with each correction once."""
    path, rows = sheet_of(phono, "--query", "quay")
    save(path, [{**rows[0], "title": "Kai", "language": "deu"}])
    command = (sys.executable, "-m", "tests.torture.killed_at", call, str(k), "group")
    arguments = ["--archive", str(phono.root), "corrections", "apply", str(path)]
    killed = Running(arguments, command, cwd=Path(__file__).parents[2]).end()
    assert killed.status == -9
    phono("corrections", "apply", path).expect(0)
    assert [line["value"] for line in phono.events("correction")] == ["Kai", "deu"]
    phono("rebuild", "--jobs", "1").expect(0)


def test_suggestions_are_a_work_list(phono):
    """Each with a command that can be typed; what was corrected meanwhile is not listed."""
    told = {
        one["doubt"]: one for one in phono("corrections", "suggest", "--json").expect(1).lines()
    }
    assert set(told) == {"isrc", "date"}
    assert told["date"]["value"] == "1750"
    assert told["isrc"]["other"] == "Harbour by Ada Marrow"
    for one in told.values():
        phono(*one["command"].split()[1:]).expect(0)
    phono("corrections", "suggest").expect(0)
    assert {line["field"] for line in phono.events("correction")} == {
        "isrcs", "first_release_date",
    }  # fmt: skip
