"""`phono search` and `phono show` of what the catalogue knows."""

import hashlib
import subprocess
import sys

import pytest
from tests.cli.phono import copy_archive, found
from tests.cli.small_music import make_file, make_music
from tests.cli.terminal import terminal

from phonotheque.catalogue.gids import gid_of


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Made once, and only read: an archive of 13 recordings, and its catalogue."""
    folder = tmp_path_factory.mktemp("searched")
    make_music(folder / "music", 13)
    phono = found(folder / "archive")
    licensed = ("--licence", "CC-BY-4.0", "--evidence", "we made it")
    phono("add", folder / "music", "--jobs", "1", *licensed).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono


@pytest.fixture(scope="module")
def owned(searched, tmp_path_factory):
    """A copy of it that may be changed by one test."""
    return lambda: copy_archive(searched.root, tmp_path_factory.mktemp("owned") / "archive")


def titles(phono, *arguments):
    *cards, _ = phono("search", *arguments, "--json").expect(0).lines()
    return [card["title"] for card in cards]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("piece 003",), ["Piece 003"]),
        (("piece", "003"), ["Piece 003"]),
        (("title:003",), ["Piece 003"]),
        (("artist:bo", "011"), []),
        (("artist:ada olund", "title:008"), ["Piece 008"]),
        (("テスト 010",), ["Piece 010"]),
        (("release:release 1", "kind:recording"), ["Piece 010", "Piece 011", "Piece 012"]),
        (("piece", "release:release 1"), ["Piece 010", "Piece 011", "Piece 012"]),
        (("release 1",), ["Release 1"]),
        (("held:no", "piece"), []),
        (("free:yes", "licence:cc-by", "004"), ["Piece 004"]),
        (("licence:cc-by-3.0", "004"), []),
    ],
)
def test_what_is_asked_for_is_found(searched, arguments, answer):
    """Words in any order, fields, filters and paths lead to what has them all."""
    kind = ("--kind", "release") if answer == ["Release 1"] else ()
    assert sorted(titles(searched, *arguments, *kind)) == answer


def test_a_typing_error_is_forgiven_and_told(searched):
    """Near words are taken when nothing has those that were typed, and that is said."""
    done = searched("search", "peice 003").expect(0)
    assert "Piece 003" in done.out
    assert "near" in done.out
    *_, told = searched("search", "peice 003", "--json").lines()
    assert told == {"found": 1, "used": "typos", "is_partial": False, "added_since": 0}


def test_the_last_word_may_go_on(searched):
    """When nothing has the last word as it stands it is taken for a beginning, and that is said."""
    done = searched("search", "ada piece 00").expect(0)
    assert "Piece 000" in done.out
    assert "goes on" in done.out
    *_, told = searched("search", "ada piece 00", "--json").lines()
    assert told["used"] == "prefix"


def test_signs_within_a_word_may_be_left_out(owned, tmp_path):
    """What is written with signs between its letters is found typed as one word, as parts, and
    while it is typed, in every field, and none of it counts as an error."""
    phono = owned()
    make_file(tmp_path / "new.flac", 78)
    phono.add(tmp_path / "new.flac")
    name = hashlib.sha256((tmp_path / "new.flac").read_bytes()).hexdigest()
    phono("edit", name, "title=Don't You Worry", "artists=AC/DC").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    card, told = phono("search", "dont you worry", "--json").expect(0).lines()
    assert (card["title"], told["used"]) == ("Don't You Worry", "exact")
    for typed in ("acdc worry", "ac dc", "ACDC", "artist:acdc", "title:dont", "acd"):
        assert titles(phono, typed) == ["Don't You Worry"], typed
    assert titles(phono, "dont you wrory") == ["Don't You Worry"]
    assert titles(phono, "title:acdc") == []


def test_other_kinds_are_searched_when_no_recording_is_found(searched):
    """A name that stands on no recording is found where it stands, unless a kind was said."""
    done = searched("search", "release", "0").expect(0)
    assert "Release 0" in done.out
    assert "No recording has these words" in done.out
    assert titles(searched, "release 0", "--kind", "recording") == []


def test_a_list_of_identifiers_is_looked_up(searched, tmp_path):
    """Each line of a list is answered in its turn: found, unknown, or refused with the reason."""
    gids = [card["gid"] for card in searched("search", "piece", "--json").lines()[:-1]]
    ids = tmp_path / "ids.txt"
    lines = ["# a list", *gids[:2], "", "USRC17607839", "two words", "x" * 100_000, gids[2]]
    ids.write_text("\n".join(lines), encoding="utf-8")
    *told, counts = searched("search", "--ids", ids, "--json").expect(1).lines()
    assert [one["state"] for one in told] == [
        *("found", "found", "unknown", "refused", "refused", "found")
    ]
    assert [one["gid"] for one in told] == [*gids[:2], None, None, None, gids[2]]
    assert counts == {"found": 3, "unknown": 1, "withdrawn": 0, "refused": 2, "added_since": 0}
    shown = searched("search", "--ids", ids).expect(1).out
    assert "3 found, 1 unknown, 2 refused" in shown
    assert "refused  two words: it names no thing by itself" in shown


def test_a_list_of_identifiers_may_come_in_by_the_pipe(searched):
    """`--ids -` reads standard input; a list that is not there is a request that is refused."""
    gid = searched("search", "piece 003", "--json").lines()[0]["gid"]
    command = [sys.executable, "-m", "phonotheque", "--archive", str(searched.root)]
    done = subprocess.run(
        [*command, "search", "--ids", "-"], input=f"{gid}\n", capture_output=True, text=True
    )
    assert (done.returncode, "Piece 003" in done.stdout) == (0, True)
    assert "nowhere" in searched("search", "--ids", "nowhere").expect(2).err
    assert searched("search", "--ids", "nowhere", "words").status == 2


def test_nothing_found_is_no_error(searched):
    """What nobody has ends with 0 and a sentence."""
    assert "Nothing was found." in searched("search", "xyzzyx").expect(0).out


def test_more_than_asked_for_is_told(searched):
    """A list that ends at its limit says that there may be more."""
    done = searched("search", "piece", "--limit", "5").expect(0)
    assert len([line for line in done.out.splitlines() if line.startswith("Piece")]) == 5
    assert "--limit" in done.out


@pytest.mark.parametrize("query", ["artits:bo", "year:1995..1990", "-piece", "", 'artist:"bo'])
def test_a_query_that_cannot_be_meant_ends_with_2(searched, query):
    """The refusal says what to type instead, for people and for programs."""
    done = searched("search", query).expect(2)
    assert done.out == ""
    assert "bad-request" in searched("search", query, "--json").expect(2).err


@pytest.mark.parametrize(
    "query",
    [
        "word " * 10_000,
        "a" * 5_000,
        "\x00\x01",
        "'; DROP TABLE x; --",
        '"" OR *',
        "(((",
        "NEAR(a b)",
    ],
    ids=range(7),
)
def test_odd_text_is_answered_or_refused(searched, query):
    """No text is an internal error."""
    assert searched("search", query).status in (0, 2)


def test_without_a_catalogue_the_command_that_makes_one_is_named(phono):
    """Searching before the first build is a request that can be mended."""
    done = phono("search", "moon", "--json").expect(2)
    assert "no-catalogue" in done.err
    assert "phono catalogue build" in done.err
    assert "phono catalogue build" in phono("show", str(gid_of("a", "artist", "1"))).expect(2).err


def test_what_came_in_since_is_told(owned, tmp_path):
    """A catalogue that is behind the archive says by how much, and until when it is not."""
    phono = owned()
    make_file(tmp_path / "new.flac", 77)
    phono.add(tmp_path / "new.flac")
    assert titles(phono, "077") == []
    assert "1 recording was added since" in phono("search", "piece").expect(0).out
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert titles(phono, "077") == ["Piece 077"]
    assert "since" not in phono("search", "piece").expect(0).out


def test_search_loads_no_library_for_tables(searched):
    """Asking needs SQLite alone: neither Arrow nor DuckDB nor numpy is loaded for it."""
    code = (
        "import sys; from phonotheque.cli.app import run; status = run(sys.argv[1:]);"
        "print(status, sorted({'pyarrow', 'duckdb', 'numpy', 'av'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "--archive", str(searched.root), "search", "piece 003"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_show_tells_all_of_a_recording(searched):
    """A recording by its gid: card, files, licences, releases and sources, each as it is said."""
    card, _ = searched("search", "piece 003", "--json").lines()
    shown = searched.show(card["gid"])
    assert (shown["kind"], shown["title"], shown["credit"]) == (
        "recording",
        "Piece 003",
        "The / Slashes",
    )
    assert [one["title"] for one in shown["releases"]] == ["Release 0"]
    (file,) = shown["files"]
    assert (file["state"], file["source"]) == ("held", "holdings")
    assert searched.show(file["sha256"])["gid"] == card["gid"]
    assert shown["licences"][0]["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert [one["name"] for one in shown["sources"]] == ["holdings"]
    told = searched("show", card["gid"]).expect(0).out
    assert "Piece 003" in told
    assert file["sha256"] in told


def test_show_tells_the_tracks_of_a_release(searched):
    """A release by its gid, with its recordings in order; an artist with his."""
    release, _ = searched("search", "release 1", "--kind", "release", "--json").lines()
    shown = searched.show(release["gid"])
    assert [one["title"] for one in shown["tracks"]] == ["Piece 010", "Piece 011", "Piece 012"]
    artist, _ = searched("search", "bo", "--kind", "artist", "--json").lines()
    shown = searched.show(artist["gid"])
    assert {one["title"] for one in shown["recordings"]} == {"Piece 001", "Piece 005", "Piece 009"}
    assert "Piece 001" in searched("show", artist["gid"]).expect(0).out


@pytest.mark.parametrize("reference", ["USRC17607839", "4006381333931", "id:discogs:1"])
def test_what_nobody_has_is_told(searched, reference):
    """An identifier that the catalogue lacks is a bad reference."""
    assert "bad-reference" in searched("show", reference, "--json").expect(2).err


def test_an_object_is_shown_when_the_catalogue_is_damaged(owned):
    """A damaged catalogue is told, and stops nobody from seeing what is held."""
    phono = owned()
    card, _ = phono("search", "piece 003", "--json").lines()
    name = phono.show(card["gid"])["files"][0]["sha256"]
    for file in phono.root.glob("catalogue/snapshot-*/serving/ids.db"):
        file.chmod(0o644)
        file.write_bytes(b"no database")
    done = phono("show", name, "--json").expect(0)
    assert done.one()["gid"] is None
    assert "ids.db" in done.err
    assert "ids.db" in phono("search", "piece").expect(4).err


def test_the_table_fits_the_terminal(searched):
    """In a terminal lines are as wide as it is, and not wider."""
    with terminal("--archive", searched.root, "search", "piece 003", columns=40) as screen:
        assert screen.wait() == 0
        assert "Piece 003" in screen.shown
        assert max(map(len, screen.shown.splitlines())) <= 40


def test_live_needs_a_terminal(searched):
    """Without one --live is refused, not hung."""
    assert "no terminal" in searched("search", "--live").expect(2).err


def test_live_searches_as_one_types(searched):
    """Rows change with every key, the arrows choose, Enter shows the one chosen."""
    with terminal("--archive", searched.root, "search", "--live") as screen:
        before = screen.modes()
        screen.wait_for("Esc leaves")
        assert screen.modes() != before
        screen.type("piece 00")
        assert "Piece 00" in screen.wait_for("Piece 009")
        screen.type("3")
        screen.wait_for("> piece 003")
        screen.type("\x1b[B\x1b[A\r")
        assert "recording" in screen.wait_for("sources")
        assert screen.wait() == 0
        assert screen.modes() == before


@pytest.mark.parametrize("keys", ["\x1b", "\x03", "\x04"], ids=["Esc", "Ctrl-C", "Ctrl-D"])
def test_live_is_left_by(searched, keys):
    """Esc and Ctrl-C leave without showing anything, and the terminal is as it was."""
    with terminal("--archive", searched.root, "search", "--live", "piece") as screen:
        before = screen.modes()
        screen.wait_for("Piece 0")
        screen.type(keys)
        assert screen.wait() == 0
        assert screen.modes() == before
        assert "\x1b[?25h" in screen.shown  # the cursor is back


def test_live_leaves_the_terminal_as_it_was_when_it_is_ended(searched):
    """A process that is asked to end gives the terminal back first."""
    with terminal("--archive", searched.root, "search", "--live", "piece") as screen:
        before = screen.modes()
        screen.wait_for("Piece 0")
        screen.process.terminate()
        assert screen.wait() == -15
        assert screen.modes() == before


_AT_ONCE = """
import os, select, sys
from dataclasses import replace
from phonotheque.cli import app, search
from phonotheque.cli.live import Shown
search._TYPING_DEADLINE_S = 0.0
whole = search._while_typing

def nothing_yet(catalogue, standings, typed, wanted, width):
    if wanted.deadline_s == 0.0:
        return (), Shown(note="Nothing was found so far."), True
    return whole(catalogue, standings, typed, wanted, width)

def another_row_first(catalogue, standings, typed, wanted, width):
    if wanted.deadline_s == 0.0:
        cards, shown, _ = whole(
            catalogue, standings, "piece 004", replace(wanted, deadline_s=60.0), width
        )
        return cards, shown, True
    os.write(1, b"searching on")
    select.select([0], [], [])
    return whole(catalogue, standings, typed, wanted, width)

search._while_typing = globals()[sys.argv.pop(1)]
sys.exit(app.run(sys.argv[1:]))
"""


def test_live_finds_what_takes_longer_once_nobody_types(searched):
    """An answer for which the time between two keys was too short is made whole in a pause."""
    asked = ("--archive", searched.root, "search", "--live", "piece 003")
    with terminal(*asked, command=("-c", _AT_ONCE, "nothing_yet")) as screen:
        assert "Nothing was found so far." in screen.wait_for("Piece 003")
        screen.type("\r")
        assert "recording" in screen.wait_for("sources")
        assert screen.wait() == 0


@pytest.mark.parametrize("keys", ["\r", "\x1b[B\r", "\x1b[A\r"], ids=["Enter", "down", "up"])
def test_live_opens_no_row_that_was_not_shown(searched, keys):
    """A key that chooses, pressed before other rows came, counts for none of them."""
    asked = ("--archive", searched.root, "search", "--live", "piece 003")
    with terminal(*asked, command=("-c", _AT_ONCE, "another_row_first")) as screen:
        screen.wait_for("searching on")
        screen.type(keys)
        screen.wait_for("> Piece 003")
        screen.type("\x1b")
        assert screen.wait() == 0
        assert "sources" not in screen.shown


def test_live_tells_what_a_query_lacks(searched):
    """An unknown field is told below the line, and typing goes on."""
    with terminal("--archive", searched.root, "search", "--live") as screen:
        screen.wait_for("Esc leaves")
        screen.type("artits:bo ")
        screen.wait_for("Did you mean artist?")
        screen.type("\x15artist:bo")
        screen.wait_for("Piece 0")
        screen.resize(12, 50)
        screen.type(" 001")
        screen.wait_for("Piece 001")
