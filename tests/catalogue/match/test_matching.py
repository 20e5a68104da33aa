"""Matching lists with a catalogue: labelled lines, real and invented, and the laws of a match."""

from collections import Counter
from contextlib import closing

import pytest
from bench.match import is_right, match_pairs
from bench.match_pairs import NEAR_MISSES, SAME, SEED, World, draw, line_of, read_pairs
from bench.match_songs import Song, build_catalogue, data_folder, invented_songs, real_songs

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.match.entry import Said, entry_of, refused
from phonotheque.catalogue.match.index import MatchIndex
from phonotheque.catalogue.match.judging import Step
from phonotheque.catalogue.match.matching import Matcher, match_all
from phonotheque.errors import FormatTooNewError, MalformedError, NoCatalogueError

SONGS = [
    Song("1", "Odile Marrow", "Moorings", 200_000),
    Song("2", "Odile Marrow", "Low Water, Early", 180_000),
    Song("3", "Odile Marrow", "Low Water, Early (Live)", 240_000),
    Song("4", "Gantry Nine", "Seven Grams of Oil", 210_000),
    Song("5", "Odile Marrow & Gantry Nine", "Car Deck", 100_000),
    Song("6", "Виктор Цой", "Песня без слов", 100_000),
    Song("7", "Weir & Daughter", "Intro", 60_000),
    Song("8", "Salt Choir", "Ebb Tide", 90_000),
    Song("9", "Pier Nine", "Ebb Tide", 300_000),
    *(Song(f"intro {number}", f"Band {number}x", "Intro", 60_000) for number in range(90)),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build_catalogue(tmp_path_factory.mktemp("songs"), SONGS)


@pytest.fixture
def matcher(snapshot):
    with Lookup(snapshot.ids) as lookup, closing(MatchIndex(snapshot.match)) as index:
        yield Matcher(lookup, index, lambda word: False)


def ask(matcher, *said):
    return matcher.match([entry_of(number, one) for number, one in enumerate(said, start=1)])


@pytest.mark.parametrize(
    ("said", "title", "step"),
    [
        (Said("Odile Marrow", "Moorings"), "Moorings", Step.EXACT),
        (Said("", "Odile Marrow - Moorings"), "Moorings", Step.EXACT),
        (Said("", "Moorings - Odile Marrow"), "Moorings", Step.EXACT),
        (Said("Odile Marrow", "Odile Marrow - Moorings"), "Moorings", Step.EXACT),
        (Said("Marrow, Odile", "Moorings"), "Moorings", Step.EXACT),
        (Said("Odile Marrow", "Low Water, Early [Live]"), "Low Water, Early (Live)", Step.EXACT),
        (Said("Odile Marrow", "Car Deck"), "Car Deck", Step.FIRST_ARTIST),
        (Said("Gantry Nine", "Car Deck"), "Car Deck", Step.TITLE_FIRST),
        (Said("Viktor Tsoi", "Pesnya bez slov"), "Песня без слов", Step.TRANSLITERATION),
        (Said("Odil Marrow", "Moorings"), "Moorings", Step.TITLE_FIRST),
        (Said("Gantry Nine", "Seven Gramms of Oil"), "Seven Grams of Oil", Step.FUZZY),
        (Said("Weir and Daughter", "Intro"), "Intro", Step.EXACT),
    ],
)
def test_each_step_finds_what_it_is_for(matcher, said, title, step):
    """A line is found by the first step that can, whatever else has its title."""
    (match,) = ask(matcher, said)
    assert match.card is not None, match.reason
    assert (match.card.title, match.step) == (title, step)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said("Odile Marrow", "Moorings (Live)"), "another version (not live)"),
        (Said("Odile Marrow", "Moorings", length_ms=300_000), "length differs by 100 s"),
        (Said("Ada", "Moorings"), "the title is known by Odile Marrow"),
        (Said("Odile Marrow", "Nowhere"), "the artist is known, the title is not"),
        (Said("Ada", "Nowhere"), "neither the artist nor the title is known"),
        (Said("", "Moorings"), "it names no artist"),
        (Said("Various Artists", "Moorings"), "it names no artist"),
        (Said(isrcs=("XXKNC2100101",)), "no recording has this identifier"),
        (Said(mbids=("nonsense",), isrcs=("nonsense",)), "no recording has this identifier"),
    ],
)
def test_no_match_has_a_reason(matcher, said, reason):
    """What is not found is told why, with the recording that came nearest where one did."""
    (match,) = ask(matcher, said)
    assert match.card is None
    assert reason in match.reason


def test_one_other_is_one(matcher):
    """Of two recordings with the title one is named, and the other is one."""
    (match,) = ask(matcher, Said("Ada", "Ebb Tide"))
    assert match.reason.endswith(" and 1 other"), match.reason


def test_identifiers_come_first(matcher, snapshot):
    """A gid leads to its recording, whatever else the line says; a wrong line stays wrong."""
    with Lookup(snapshot.ids) as lookup:
        card = lookup.cards_at(Kind.RECORDING, [1])[0]
    said = Said("Nobody", "Nothing", mbids=(f"urn:uuid:{card.gid}",))
    one, two = matcher.match([entry_of(1, said), refused(2, "it is broken")])
    assert (one.card, one.step) == (card, Step.MBID)
    assert two.reason == "it is broken"


def test_what_was_removed_is_neither_held_nor_wanted(snapshot):
    """A recording that was removed after the build is told as such, by any step."""
    with Lookup(snapshot.ids) as lookup, closing(MatchIndex(snapshot.match)) as index:
        everything = frozenset(range(1, lookup.count(Kind.RECORDING) + 1))
        matcher = Matcher(lookup, index, lambda word: False, everything)
        (match,) = ask(matcher, Said("Odile Marrow", "Moorings"))
        assert match.card is None
        assert match.withdrawn


def test_lines_do_not_know_each_other(matcher):
    """A line has the same answer alone as among a thousand others, in the order of the lines."""
    entries = [entry_of(n, Said(one.artist, one.title)) for n, one in enumerate(SONGS * 12)]
    together = [match for some in match_all(matcher, entries) for match in some]
    assert [match.entry for match in together] == entries
    assert together[: len(SONGS)] == [matcher.match([one])[0] for one in entries[: len(SONGS)]]
    assert all(match.card for match in together)


def judged(folder, songs, pairs):
    world = World(songs)
    matches = match_pairs(folder, world, pairs)
    return [is_right(pair, world, match) for pair, match in zip(pairs, matches, strict=True)]


def test_invented_lines_are_matched_rightly(tmp_path):
    """Of a catalogue that never was nearly all that is meant is found, and nearly all rightly."""
    songs = invented_songs(1_000)
    pairs = draw(World(songs), seed=1)
    verdicts = judged(tmp_path, songs, pairs)
    meant = [one for pair, one in zip(pairs, verdicts, strict=True) if pair.is_same]
    assert len(meant) >= 7 * SAME
    assert len(pairs) - len(meant) >= 2 * NEAR_MISSES
    assert verdicts.count(False) <= 0.02 * len(verdicts)
    assert meant.count(True) >= 0.9 * len(meant)


needs_data = pytest.mark.skipif(
    data_folder() is None, reason="no real data; set PHONOTHEQUE_DATA to its folder"
)


@needs_data
def test_real_lines_are_matched_rightly(tmp_path):
    """Of the stored pairs of real rows at least 98 in 100 matches are right."""
    pairs = read_pairs()
    verdicts = judged(tmp_path, real_songs(data_folder()), pairs)
    meant = [one for pair, one in zip(pairs, verdicts, strict=True) if pair.is_same]
    assert verdicts.count(False) <= 0.02 * sum(one is not None for one in verdicts)
    assert meant.count(True) >= 0.95 * len(meant)


def test_the_stored_pairs_are_ids_and_rules():
    """There are 300 pairs and more, 100 near misses and more, and each is there once."""
    pairs = read_pairs()
    counts = Counter(pair.is_same for pair in pairs)
    assert counts[True] + counts[False] == len({*pairs}) >= 300
    assert counts[False] >= 100


@needs_data
def test_the_stored_pairs_can_be_made_again():
    """Drawn from the real data once more they are the pairs stored, and each makes a line."""
    world, pairs = World(real_songs(data_folder())), read_pairs()
    assert draw(world, SEED) == pairs
    assert all(line_of(pair, world) for pair in pairs)


def test_a_snapshot_without_the_file_is_to_be_built_again(tmp_path):
    """A snapshot of an earlier program says what to do."""
    with pytest.raises(NoCatalogueError, match="phono catalogue build"):
        MatchIndex(tmp_path / "serving/match.db")


def test_a_damaged_file_is_told(tmp_path, snapshot):
    """Other bytes, another format, blocks that are none: each is refused in our words."""
    path = tmp_path / "match.db"
    path.write_bytes(b"no database")
    with pytest.raises(MalformedError):
        MatchIndex(path)
    whole = bytearray(snapshot.match.read_bytes())
    whole[60:64] = (99).to_bytes(4)  # the file's user_version
    path.write_bytes(whole)
    with pytest.raises(FormatTooNewError):
        MatchIndex(path)
    whole[60:64] = (0).to_bytes(4)
    path.write_bytes(whole)
    with pytest.raises(MalformedError):
        MatchIndex(path)


def test_a_file_that_is_made_again_is_the_same(tmp_path, snapshot):
    """The file follows from the cards alone."""
    for name in ("one.db", "two.db"):
        build_match(snapshot.folder, tmp_path / name)
    assert (tmp_path / "one.db").read_bytes() == (tmp_path / "two.db").read_bytes()
