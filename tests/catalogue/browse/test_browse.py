"""Shelves: every page is what a plain scan of the cards gives, every draw is fair."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import Counter
from contextlib import closing

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.lookup.snapshots import write_snapshot, write_synthetic
from phonotheque.catalogue.browse import coding
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.browse.drawing import drawn
from phonotheque.catalogue.browse.reader import Browse, Wanted
from phonotheque.catalogue.browse.schema import BLOCK_BITS, ENTRIES, Facet
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import FormatTooNewError, MalformedError, NoCatalogueError

TRACKS = 6_000


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """A snapshot of the synthetic world with its browse file."""
    folder = tmp_path_factory.mktemp("synthetic")
    write_synthetic(folder, TRACKS)
    build_browse(folder, folder / "browse.db")
    return folder


@pytest.fixture(scope="module")
def browse(synthetic):
    """The file, opened."""
    opened = Browse(synthetic / "browse.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cards(synthetic):
    """All cards by kind, as they stand in the snapshot."""
    return {
        kind: [
            card
            for part in sorted((synthetic / "cards" / kind).glob("part-*.parquet"))
            for card in pq.read_table(part).to_pylist()
        ]
        for kind in Kind
    }


def test_a_draw_from_a_damaged_file_says_so(synthetic, tmp_path):
    """A block that is gone or cut is damage, whoever meets it; a number that is too high is not."""
    path = tmp_path / "browse.db"
    for damage in ("DELETE FROM block", "UPDATE block SET ranks = x'ff'"):
        path.write_bytes((synthetic / "browse.db").read_bytes())
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"{damage} WHERE key & {(1 << BLOCK_BITS) - 1} = 0")  # the first of each
            db.commit()
        opened = Browse(path)
        pool = opened.pool(Wanted(is_held=False), 1, TRACKS)
        with pytest.raises(MalformedError):
            pool.rank(0)
        with pytest.raises(IndexError):
            pool.rank(pool.count)
        opened.close()


def test_a_pool_of_several_facets_is_a_mistake_of_whoever_asks(browse):
    """It is not told as damage."""
    names = ((Facet.LICENCE, ("x",)), (Facet.COUNTRY, ("DE",)))
    with pytest.raises(ValueError, match="one facet"):
        browse.pool(Wanted(names), 1, TRACKS)


VALUES = {
    Facet.GENRE: ("rock", "jazz", "punk", "no such genre"),
    Facet.YEAR: ("2026", "2025", "1999", "1800"),
    Facet.LICENCE: (
        "https://creativecommons.org/licenses/by/4.0/",
        "http://rightsstatements.org/vocab/InC/1.0/",
    ),
    Facet.COUNTRY: ("DE", "PT", "XX"),
}
NAMES = st.dictionaries(st.sampled_from(list(VALUES)), st.integers(1, 3), max_size=3).map(
    lambda some: tuple((facet, VALUES[facet][:count]) for facet, count in some.items())
)
FLAGS = st.sampled_from((None, True, False))


def _is_wanted(card, wanted):
    fits = {
        Facet.GENRE: set(card["genres"] or ()),
        Facet.YEAR: {str(card["year"])},
        Facet.LICENCE: {card["licence"]},
        Facet.COUNTRY: {card["country"]},
    }
    flags = ((wanted.is_held, card["is_held"]), (wanted.is_free, card["is_free"]))
    return all(fits[facet] & set(names) for facet, names in wanted.names) and all(
        wish in (None, flag) for wish, flag in flags
    )


def _pages(browse, kind, wanted, limit):
    after = 0
    while after is not None:
        page = browse.page(kind, wanted, after, limit)
        assert len(page.ranks) <= limit
        yield from page.ranks
        after = page.after


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from((Kind.RECORDING, Kind.RELEASE)),
    names=NAMES,
    is_held=FLAGS,
    is_free=FLAGS,
    limit=st.sampled_from((3, 50, 200)),
)
def test_pages_put_together_are_what_a_scan_finds(
    browse, cards, kind, names, is_held, is_free, limit
):
    """For every choice of facets and marks, pages of any size give exactly the cards that pass, in
    order of rank, each once."""
    wanted = Wanted(names, is_held, is_free)
    expected = [card["rank"] for card in cards[kind] if _is_wanted(card, wanted)]
    found = list(itertools.islice(_pages(browse, kind, wanted, limit), len(expected) + 1))
    assert found == expected
    if len(names) < 2 and all(facet is not Facet.GENRE for facet, _ in names):
        assert browse.count(kind, wanted) == len(expected)


def test_names_are_told_with_their_cards(browse, cards):
    """Shelves of a facet are all its values with the number of wanted cards, the fullest first."""
    for facet, of in ((Facet.GENRE, "genres"), (Facet.YEAR, "year"), (Facet.LICENCE, "licence")):
        counted = Counter()
        for card in cards[Kind.RECORDING]:
            values = card[of] or () if of == "genres" else (card[of],)
            counted.update(str(one) for one in values if one is not None and card["is_held"])
        found = browse.names(Kind.RECORDING, facet, Wanted(is_held=True))
        assert dict(found) == dict(counted)
        assert [count for _, count in found] == sorted(counted.values(), reverse=True)


def test_any_of_a_pool_is_had_by_its_number(browse, cards):
    """The numbers of a pool lead to its cards, each once, between two ranks and of one licence."""
    last = browse.last_of_score(20)
    licence = VALUES[Facet.LICENCE][:1]
    for wanted in (Wanted(is_held=True), Wanted(((Facet.LICENCE, licence),), is_held=True)):
        for begin, end in ((1, TRACKS), (1, last), (browse.last_heard() + 1, TRACKS), (900, 800)):
            pool = browse.pool(wanted, begin, end)
            expected = [
                card["rank"]
                for card in cards[Kind.RECORDING]
                if begin <= card["rank"] <= end and _is_wanted(card, wanted)
            ]
            assert sorted(pool.rank(one) for one in range(pool.count)) == expected
            with pytest.raises(IndexError):
                pool.rank(pool.count)


def test_popularity_goes_down_with_the_ranks(browse, cards):
    """The last rank of a popularity is the last card that has it; what was heard comes first."""
    scores = [card["score"] for card in cards[Kind.RECORDING]]
    for least in (0, 1, 30, 60, 100):
        expected = sum(score is not None and score >= least for score in scores)
        assert browse.last_of_score(least) == expected
    assert browse.last_heard() == sum(bool(card["listens"]) for card in cards[Kind.RECORDING])


@given(
    count=st.integers(1, 500),
    seed=st.text(max_size=8),
)
@settings(max_examples=50, deadline=None)
def test_a_draw_gives_each_number_once(count, seed):
    """For one seed the places of a draw give each number below its count exactly once."""
    assert sorted(drawn(seed, count, place) for place in range(count)) == list(range(count))


def test_a_draw_is_uniform():
    """Over many seeds each number comes first about as often as any other, and so does each second
    number after a first one: chi-square below the 99.9 % point of 19 degrees of freedom."""
    count, seeds = 20, 6_000
    for place in (0, 1, count - 1):
        times = Counter(drawn(str(seed), count, place) for seed in range(seeds))
        expected = seeds / count
        chi = sum((times[one] - expected) ** 2 / expected for one in range(count))
        assert chi < 43.8, (place, times)


def test_a_draw_of_many_needs_no_list():
    """The place of a number in a draw of a billion is had at once, and is within it."""
    count = 10**9 + 7
    places = [drawn("x", count, place) for place in range(50)]
    assert len(set(places)) == 50
    assert all(0 <= one < count for one in places)
    with pytest.raises(ValueError, match="not below"):
        drawn("x", 3, 3)


@given(st.sets(st.integers(1, 2**32 - 1), min_size=1, max_size=ENTRIES).map(sorted))
def test_a_block_is_read_as_it_was_written(ranks):
    """Reading a block gives the ranks it was made of, however far apart they are."""
    assert coding.decode(coding.encode(ranks)) == ranks
    assert list(coding.decode_firsts(coding.encode_firsts(ranks))) == ranks


# -- beside the shelves --------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    """Two songs, one on two albums with two files; an album of two labels; a linked artist."""
    song = {"title": "x", "is_held": True, "genres": ["spoken word"]}
    cards = {
        Kind.RECORDING: [{"id": 0, **song, "release": 0}, {"id": 1, **song, "release": 0}],
        Kind.RELEASE: [{"id": 0, "title": "a"}, {"id": 1, "title": "b"}],
        Kind.ARTIST: [{"id": 0, "title": "who"}],
        Kind.LABEL: [{"id": 0, "title": "l"}, {"id": 1, "title": "m"}],
    }
    file = {"recording": 0, "state": "held"}
    tables = {
        "file": [
            {**file, "sha256": b"b" * 32},
            {**file, "sha256": b"a" * 32},
            {**file, "sha256": b"a" * 32},
            {**file, "sha256": b"c" * 32, "state": "removed"},
            {**file, "sha256": b"d" * 32, "recording": 1, "state": "elsewhere"},
        ],
        "track": [
            {"recording": 0, "release": 0},
            {"recording": 0, "release": 1},
            {"recording": 1, "release": 0},
        ],
        "release_label": [{"release": 1, "label": 0}, {"release": 1, "label": 1}],
        "external_id": [
            {"entity_type": "artist", "entity": 0, "scheme": "wikidata", "value": "Q1"},
            {"entity_type": "recording", "entity": 0, "scheme": "wikidata", "value": "Q2"},
        ],
    }
    write_snapshot(tmp_path, cards, tables)
    build_browse(tmp_path, tmp_path / "browse.db")
    return tmp_path / "browse.db"


def test_what_stands_beside(small):
    """Files that are held, each once and in the order in which they came; albums of a song that is
    on several; labels of an album; what others call an artist."""
    browse = Browse(small)
    assert browse.objects(1) == (b"b" * 32, b"a" * 32)
    assert browse.objects(2) == ()
    assert browse.releases_of(1) == [1, 2]
    assert browse.releases_of(2) == []
    assert browse.labels_of(2) == [1, 2]
    assert browse.labels_of(1) == []
    assert browse.links(Kind.ARTIST, 1) == (("wikidata", "Q1"),)
    assert browse.links(Kind.LABEL, 1) == ()
    browse.close()


def test_speech_can_be_left_out(small):
    """What has a genre of speech is in no pool without it."""
    browse = Browse(small)
    assert browse.pool(Wanted(is_held=True), 1, 2).count == 2
    assert browse.pool(Wanted(is_held=True, is_speech=False), 1, 2).count == 0
    browse.close()


def test_the_same_snapshot_gives_the_same_file(synthetic, tmp_path):
    """Two builds write the same bytes, and leave nothing beside them."""
    build_browse(synthetic, tmp_path / "browse.db")
    assert (tmp_path / "browse.db").read_bytes() == (synthetic / "browse.db").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["browse.db"]


def test_progress_rises_to_the_end(small, tmp_path):
    """Shares told never fall and end at 1."""
    told = []
    build_browse(small.parent, tmp_path / "again.db", told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_is_no_browse_file_is_told(small, tmp_path):
    """An absent file says how to build it; a newer, a foreign and a cut one are named as such."""
    with pytest.raises(NoCatalogueError, match="phono catalogue build"):
        Browse(tmp_path / "absent.db")
    for version, error in ((99, FormatTooNewError), (0, MalformedError)):
        path = tmp_path / f"{version}.db"
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE x (y)")
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()
        db.close()
        with pytest.raises(error):
            Browse(path)


@pytest.mark.parametrize(
    ("statement", "ask"),
    [
        ("UPDATE block SET ranks = x'05'", lambda b: b.page(Kind.RECORDING, Wanted(), 0, 9)),
        ("DELETE FROM block", lambda b: b.page(Kind.RECORDING, Wanted(), 0, 9)),
        ("UPDATE part SET firsts = x'050505'", lambda b: b.page(Kind.RECORDING, Wanted(), 0, 9)),
        ("DROP TABLE part", lambda b: b.names(Kind.RECORDING, Facet.YEAR)),
        ("UPDATE recording_release SET ranks = x'05'", lambda b: b.releases_of(1)),
        ("UPDATE link SET body = '{'", lambda b: b.links(Kind.ARTIST, 1)),
        ("UPDATE object SET digests = x'05'", lambda b: b.objects(1)),
    ],
)
def test_damage_is_told_in_our_words(small, statement, ask):
    """Whatever in the file is not what was written, an answer from it names the file and what to
    do; nothing else ever leaves."""
    db = sqlite3.connect(small)
    db.execute(statement)
    db.commit()
    db.close()
    browse = Browse(small)
    with pytest.raises(MalformedError, match=r"Build the catalogue again"):
        ask(browse)
    browse.close()


def test_links_are_kept_as_json(small):
    """What stands in the file is what the reference says: pairs of scheme and value."""
    db = sqlite3.connect(small)
    ((body,),) = db.execute("SELECT body FROM link").fetchall()
    db.close()
    assert json.loads(body) == [["wikidata", "Q1"]]
