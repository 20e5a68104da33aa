"""Private lists in people.sqlite: whole or not there, through kills, and gone when erased."""

import io
import os
import random
import resource
import signal
import sqlite3
import tracemalloc
from contextlib import closing, suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.match.entry import MOST_LETTERS, Plays, Said, entry_of
from phonotheque.catalogue.match.reading.formats import read_list
from phonotheque.catalogue.private_lists import gathering as module
from phonotheque.catalogue.private_lists.exporting import Form, written
from phonotheque.catalogue.private_lists.gathering import gathering
from phonotheque.catalogue.private_lists.keeping import FORMAT, PrivateLists, check_name
from phonotheque.catalogue.private_lists.song import Song
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    ConflictError,
    DiskFailedError,
    FormatTooNewError,
    FormatTooOldError,
    MalformedError,
    PhonothequeError,
)
from phonotheque.music.formulas import begins_formula, harmless, meant
from phonotheque.register.people import People

AT = "2026-11-22T12:00:00.000000Z"
SECRET = "Zebulon"
DAY = date(2021, 3, 4)
MBID = "44704dda-b877-4551-a2a8-c1f764476e65"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "people.sqlite"
    People(path).close()
    return path


@pytest.fixture
def lists(path):
    with closing(PrivateLists(path)) as opened:
        yield opened


def songs(count, word=SECRET):
    """Songs whose every text has a word; of various lengths, so that pages split."""
    rest = random.Random(count)
    return [
        Song(place, f"{word} {place}", word * rest.randint(1, 12), word, 1000, (), (), Plays(place))
        for place in range(1, count + 1)
    ]


def bytes_below(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_list_comes_back_as_it_was_kept(lists):
    """Songs, plays and days are the same, in the same order; nothing is there that was not kept."""
    kept = [
        Song(1, "Ada", "Bo", "", None, (), (), None),
        Song(2, "", "Cy - Dee", "E", 5, ("a", "b"), ("c",), Plays(7, DAY, None)),
    ]
    assert lists.all() == []
    lists.keep("mine", AT, kept, is_replacing=False)
    assert list(lists.songs("mine")) == kept
    assert lists.all() == [("mine", AT, 2, 7)]


def test_a_name_is_one_lists(lists):
    """A second list of a name is refused, or replaces the first; others stay."""
    lists.keep("mine", AT, songs(3), is_replacing=False)
    lists.keep("other", AT, songs(2), is_replacing=False)
    with pytest.raises(ConflictError):
        lists.keep("mine", AT, songs(4), is_replacing=False)
    lists.keep("mine", AT, songs(5), is_replacing=True)
    assert [(one.name, one.songs) for one in lists.all()] == [("mine", 5), ("other", 2)]
    for act in (lists.one, lists.erase, lambda name: next(lists.songs(name))):
        with pytest.raises(BadReferenceError):
            act("absent")


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 101, "\u202e"])
def test_names_can_be_seen(name):
    """A name that is empty, long, or cannot be seen is refused."""
    with pytest.raises(BadRequestError):
        check_name(name)


def test_looking_changes_nothing(path, lists):
    """Asking for lists where none were kept makes no tables."""
    before = path.read_bytes()
    lists.all()
    with pytest.raises(BadReferenceError):
        lists.one("mine")
    assert path.read_bytes() == before


@pytest.mark.parametrize("count", [1, 40, 900])
def test_nothing_of_an_erased_list_is_left(tmp_path, path, lists, count):
    """No byte of its name or its songs is in any file; what stands beside it is untouched."""
    with closing(People(path)) as people:
        person = people.person("Ada")
    lists.keep("other", AT, songs(60, "Xanthippe"), is_replacing=False)
    lists.keep(SECRET, AT, songs(count), is_replacing=False)
    lists.keep("third", AT, songs(60, "Wilhelmina"), is_replacing=False)
    lists.keep(SECRET, AT, songs(count + 5), is_replacing=True)
    assert SECRET.encode() in bytes_below(tmp_path)
    assert lists.erase(SECRET).songs == count + 5
    assert SECRET.encode() not in bytes_below(tmp_path)
    assert list(lists.songs("other")) == songs(60, "Xanthippe")
    lists.erase("other")
    assert b"Xanthippe" not in bytes_below(tmp_path)
    assert list(lists.songs("third")) == songs(60, "Wilhelmina")
    with closing(People(path)) as people:
        assert people.name_of(person) == "Ada"


_STEPS = [("steps", step) for step in (1, 9, 60, 400, 2_000)]
_SIZES = [("bytes", size) for size in (4_096, 9_000, 20_000, 60_000, 120_000)]
_DEADLY = {
    "keep": {"steps": 2_000, "bytes": 60_000},
    "replace": {"steps": 2_000, "bytes": 60_000},
    "erase": {"steps": 60, "bytes": 60_000},
}
"""Up to which moment each of them is surely still at work; behind it, it may be done."""


@pytest.mark.parametrize("moment", [*_STEPS, *_SIZES], ids=str)
@pytest.mark.parametrize("verb", _DEADLY)
def test_a_kill_leaves_a_list_whole_or_none(tmp_path, path, verb, moment):
    """Killed at any step, or in the midst of any write, a list is as it was or as it should be;
    then it can be erased, and no byte is left."""
    before, after = songs(300), songs(400)
    if verb != "keep":
        with closing(PrivateLists(path)) as lists:
            lists.keep(SECRET, AT, before, is_replacing=False)
    was_killed = _killed(path, verb, after, *moment)
    assert was_killed or moment[1] > _DEADLY[verb][moment[0]]
    with closing(PrivateLists(path)) as lists:
        if lists.all():
            assert list(lists.songs(SECRET)) in (before, after)
        else:
            assert verb != "replace"
        lists.keep(SECRET, AT, songs(2), is_replacing=True)
        lists.erase(SECRET)
    assert SECRET.encode() not in bytes_below(tmp_path)


def _killed(path, verb, after, what, limit):
    """Do it in a child that is killed after some steps of SQLite, or when it writes behind some
    byte of a file, its journal's too; return whether it was."""
    child = os.fork()
    if not child:
        lists = PrivateLists(path)
        lists._db.execute("PRAGMA cache_size = 8")  # so that pages are written before the end
        if what == "steps":
            left = iter(range(limit))
            kill = lambda: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
            lists._db.set_progress_handler(kill, 4)
        else:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        if verb == "erase":
            lists.erase(SECRET)
        else:
            lists.keep(SECRET, AT, after, is_replacing=verb == "replace")
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("verb", ["keep", "erase"])
def test_a_file_that_is_not_written_anew_is_told(path, lists, verb):
    """Where only the last step fails, it says that all else is done; the next change mends it."""
    for name in ("mine", "other"):
        lists.keep(name, AT, songs(300), is_replacing=False)
    refuse = lambda: lists._db.set_progress_handler(lambda: 1, 1)  # noqa: E731
    lists._db.set_trace_callback(lambda said: said == "VACUUM" and refuse())
    words = f"it is {'erased' if verb == 'erase' else 'kept'}, but .*not be written anew"
    act = {
        "keep": lambda: lists.keep("mine", AT, songs(2), is_replacing=True),
        "erase": lambda: lists.erase("mine"),
    }[verb]
    with pytest.raises(DiskFailedError, match=words):
        act()
    with closing(PrivateLists(path)) as again:
        left = {one.name: one.songs for one in again.all()}
        assert left == ({"other": 300} if verb == "erase" else {"mine": 2, "other": 300})
        assert again._db.execute("PRAGMA freelist_count").fetchone() != (0,)
        again.erase("other")
        assert again._db.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_a_reader_is_told_when_the_list_changes(lists, path):
    """Who reads keeps nobody waiting, and is told when the list became another."""
    lists.keep("mine", AT, songs(2_500), is_replacing=False)
    reading = lists.songs("mine")
    next(reading)
    with closing(PrivateLists(path)) as other:
        other.keep("mine", AT, songs(3), is_replacing=True)
    with pytest.raises(PhonothequeError, match="changed while"):
        list(reading)


def test_a_later_format_is_refused(lists, path):
    """A list that a later program wrote is not read, whatever columns it has."""
    lists.keep("mine", AT, songs(1), is_replacing=False)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE private_list_1 ADD COLUMN colour TEXT")
        assert lists.one("mine").songs == 1
        db.execute("ALTER TABLE private_list_1 DROP COLUMN plays")
        db.execute("UPDATE private_list_1 SET format = ?", (FORMAT + 1,))
    with pytest.raises(FormatTooNewError):
        lists.one("mine")


def test_an_earlier_format_is_refused(lists, path):
    """A list of an earlier program is told as that, not as damage."""
    lists.keep("mine", AT, songs(1), is_replacing=False)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE private_list_1 DROP COLUMN songs_sha256")
        db.execute("UPDATE private_list_1 SET format = 1")
    with pytest.raises(FormatTooOldError):
        lists.all()


@settings(max_examples=40)
@given(st.data())
def test_a_damaged_file_is_told(tmp_path_factory, data):
    """Whatever bytes of the file are changed, a list that is told of is read as it was, or an error
    is ours."""
    path = tmp_path_factory.getbasetemp() / "damaged.sqlite"
    path.unlink(missing_ok=True)
    People(path).close()
    with closing(PrivateLists(path)) as lists:
        lists.keep("mine", AT, songs(30), is_replacing=False)
        before = {one: list(lists.songs(one.name)) for one in lists.all()}
    whole = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    path.write_bytes(whole)
    with suppress(PhonothequeError), closing(PrivateLists(path)) as lists:
        for one in lists.all():
            assert list(lists.songs(one.name)) == before[one]


def test_a_changed_letter_is_told(path, lists):
    """One letter of a song, a day, a count or a name that is another makes a list unreadable; what
    is erased and added again is whole."""
    lists.keep("mine", AT, songs(30), is_replacing=False)
    lists.keep("other", AT, songs(3, "Wilhelmina"), is_replacing=False)
    damages = [
        "UPDATE private_song_1 SET artist = 'Zebulon 8' WHERE place = 7",
        "UPDATE private_song_1 SET times = 8 WHERE place = 7",
        "DELETE FROM private_song_1 WHERE place = 30",
        "UPDATE private_song_1 SET album = CAST(album AS BLOB) WHERE place = 7",
        "UPDATE private_list_1 SET songs_sha256 = zeroblob(32)",
        "UPDATE private_list_1 SET plays = plays + 1",
        "UPDATE private_list_1 SET name = 'mind'",
    ]
    whole = path.read_bytes()
    for damage in damages:
        path.write_bytes(whole)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(damage)
        with closing(PrivateLists(path)) as damaged, pytest.raises(MalformedError):
            [list(damaged.songs(one.name)) for one in damaged.all()]
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(damages[0])
    with closing(PrivateLists(path)) as damaged:
        assert list(damaged.songs("other")) == songs(3, "Wilhelmina")
        damaged.keep("mine", AT, songs(30), is_replacing=True)
        assert list(damaged.songs("mine")) == songs(30)


def test_damage_that_sqlite_cannot_quote_is_told(path):
    """A damaged word of a table's text is no UTF-8, in SQLite's own message neither."""
    People(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"PRIMARY KEY AUTOINCREMENT", b"PRIMARY \x80EY AUTOINCREMENT"))
    with pytest.raises(DiskFailedError), closing(PrivateLists(path)) as lists:
        lists.all()
    with pytest.raises(DiskFailedError):
        People(path)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_LINES = st.sampled_from(
    ["Moorings - Odile Marrow", "'=1", "''-1", "a\r\nb", "c\n" * 300, "#EXTM3U"]
)
_NAMES = _TEXTS | _LINES
_TITLES = st.just("") | st.lists(_NAMES, min_size=1, max_size=3).map(" - ".join)
_CODES = st.sampled_from([(), (MBID,)])
_COUNTS = st.integers(1, 99) | st.integers(1, 4_000_000)
_DAYS = st.none() | st.dates(date(1970, 1, 2))
_PLAYS = st.none() | st.builds(lambda *said: Plays(*said), _COUNTS, _DAYS, _DAYS)
_LENGTHS = st.none() | st.integers(1, 7 * 24 * 3_600_000)


@settings(max_examples=100)
@given(
    st.lists(
        st.builds(
            lambda artist, title, album, length_ms, mbids, plays: entry_of(
                1, Said(artist, title, album, length_ms, mbids, ("GBAAA9900303",) * 2, plays)
            ),
            *(st.just("") | _NAMES, _TITLES, st.just("") | _NAMES, _LENGTHS, _CODES, _PLAYS),
        ),
        max_size=6,
    )
)
def test_an_exported_table_is_the_same_list(entries):
    """What is written as CSV and read again is kept as the same songs, letter by letter, in the
    same order, each with the same plays, however many."""
    with gathering() as one:
        one.take(entries, "mine", lambda _: None)
        before = list(one.songs())
    data = b"".join(written(before, "mine", Form.CSV))
    with gathering() as other:
        other.take(read_list(io.BytesIO(data), "mine"), "mine", lambda _: None)
        assert list(other.songs()) == before
        assert other.counts.refused == 0


@given(st.text(alphabet="'=+- ax", max_size=6))
def test_apostrophes_come_and_go(text):
    """A cell means what was to stand in it, and is no formula."""
    assert meant(harmless(text)) == text
    assert not begins_formula(harmless(text))


def test_a_song_of_an_identifier_alone_is_read_again():
    """In an M3U8 the identifier is its name, so no line of it is refused."""
    song = Song(1, "", "", "", None, (MBID,), (), None)
    (entry,) = read_list(io.BytesIO(b"".join(written([song], "mine", Form.M3U8))), "mine")
    assert (entry.wrong, entry.title) == ("", MBID)


def test_playlists_for_players(lists):
    """A name with line ends, slashes or a number sign makes no other line of an M3U8."""
    song = Song(1, "#AC/DC", "One\n#EXTINF:1,Two", "", 61_000, (), (), None)
    lines = b"".join(written([song], "a\nb", Form.M3U8)).decode().splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:a b"]
    assert lines[2:] == ["#EXTINF:61,#AC/DC - One #EXTINF:1,Two", "./#AC_DC - One #EXTINF:1,Two"]


def test_lines_of_one_song_are_one(monkeypatch):
    """However lines come, in one go or in many, case and signs apart a song is kept once."""
    said = [
        Said("Ada", "Bo", "", None, plays=Plays(1, DAY, DAY)),
        Said("ADA", "bo!", "Album", 9_000, plays=Plays(2, None, None)),
        Said("Ada", "Bo (live)"),
        Said("!!!", "Bo"),
        Said("???", "Bo"),
    ]
    for at_once in (1, 2, 100):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        with gathering() as found:
            found.take([entry_of(9, one) for one in said], "mine", lambda _: None)
            kept = list(found.songs())
            counts = found.counts
        assert [(one.artist, one.title) for one in kept] == [
            *(("Ada", "Bo"), ("Ada", "Bo (live)"), ("!!!", "Bo"), ("???", "Bo"))
        ]
        assert kept[0] == Song(1, "Ada", "Bo", "Album", 9_000, (), (), Plays(3, DAY, DAY))
        assert (counts.lines, counts.songs, counts.plays) == (5, 4, 3)


def test_a_line_of_no_identifier_is_refused():
    """Where a line has no title and its identifiers are none, nothing of it could be kept."""
    said = [Said("Ada", "", mbids=("x",)), Said("", "", isrcs=("?",)), Said("", "", mbids=(MBID,))]
    with gathering() as found:
        found.take([entry_of(n, one) for n, one in enumerate(said, 1)], "mine", lambda _: None)
        assert [song.mbids for song in found.songs()] == [(MBID,)]
        assert (found.counts.lines, found.counts.refused, found.counts.songs) == (3, 2, 1)
        assert [(one.file, one.number) for one in found.counts.told] == [("mine", 1), ("mine", 2)]


def test_what_waits_is_bounded():
    """However long identifiers are, what waits to be written holds no more than songs."""
    entries = (
        entry_of(n, Said("Ada", f"Bo {n}", isrcs=(f"{n}" + "x" * 500_000,))) for n in range(40)
    )
    tracemalloc.start()
    try:
        with gathering() as found:
            found.take(entries, "mine", lambda _: None)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert found.counts.songs == 40


def test_a_full_temporary_folder_is_told_as_one(lists):
    """What is refused while songs are put in order is no fault of people.sqlite."""
    with gathering() as found:
        found.take([entry_of(n, Said("Ada", f"Bo {n}")) for n in range(40)], "x", lambda _: None)
        found._db.set_progress_handler(lambda: 1, 1)
        with pytest.raises(DiskFailedError, match=r"^the temporary folder:.*SQLITE_TMPDIR"):
            lists.keep("mine", AT, found.songs(), is_replacing=False)
    assert lists.all() == []


def test_too_many_songs_are_refused(monkeypatch):
    """A list has a most; beyond it nothing is kept."""
    monkeypatch.setattr(module, "MOST_SONGS", 3)
    entries = [entry_of(n, Said("Ada", f"Bo {n}")) for n in range(1, 5)]
    with gathering() as found, pytest.raises(BadRequestError, match="more than 3"):
        found.take(entries, "mine", lambda _: None)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_what_does_not_fit_has_no_name():
    """What is put aside while a list is read lies in a file without a name: a kill leaves none."""
    with gathering() as found:
        found._db.execute("PRAGMA cache_size = 5")
        entries = [entry_of(n, Said("Ada", f"{n} " + "x" * (MOST_LETTERS - 9))) for n in range(200)]
        found.take(entries, "mine", lambda _: None)
        opened = [os.readlink(f"/proc/self/fd/{one}") for one in _descriptors()]
    aside = [one for one in opened if "/etilqs_" in one]  # as SQLite calls them
    assert aside
    assert all(one.endswith(" (deleted)") for one in aside)


def _descriptors():
    found = os.listdir("/proc/self/fd")  # names, of which one is gone by now
    return [one for one in found if os.path.islink(f"/proc/self/fd/{one}")]
