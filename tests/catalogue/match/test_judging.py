"""Judging one line and one recording: by which step, how surely, and why not."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.match.entry import Said, entry_of
from phonotheque.catalogue.match.judging import LEAST, Step, by_identifier, judge


def card(title, credit="Odile Marrow", length=None):
    return Card(Kind.RECORDING, 1, 1, uuid.UUID(int=1), title, credit, length=length)


def verdict(artist, title, recording, length_ms=None, known=()):
    entry = entry_of(1, Said(artist, title, length_ms=length_ms))
    return judge(entry, 0, recording, lambda word: word in known)


@pytest.mark.parametrize(
    ("artist", "title", "credit", "other", "step"),
    [
        ("Odile Marrow", "Moorings", "Odile Marrow", "Moorings", Step.EXACT),
        ("ODILE MARROW", "moorings!", "Odile Marrow", "Moorings", Step.EXACT),
        ("Odile Marrow", "01 - Moorings", "Odile Marrow", "Moorings", Step.NUMBER),
        ("Odile Marrow", "Moorings - 2011 Remaster", "Odile Marrow", "Moorings", Step.EDITION),
        ("The Odile Marrow", "Moorings", "Odile Marrow", "Moorings", Step.ARTICLE),
        ("Odile Marrow", "The Moorings", "Odile Marrow", "Moorings", Step.ARTICLE),
        ("Odile Marrow", "Moorings (feat. Sky)", "Odile Marrow", "Moorings", Step.GUEST),
        ("Odile Marrow ft. Sky", "Moorings", "Odile Marrow", "Moorings", Step.GUEST),
        ("Odile Marrow", "Moorings", "Odile Marrow & Sky", "Moorings", Step.FIRST_ARTIST),
        ("Odile Marrow, Sky", "Moorings", "Odile Marrow", "Moorings", Step.FIRST_ARTIST),
        ("Viktor Tsoi", "Moorings", "Виктор Цой", "Moorings", Step.TRANSLITERATION),
        ("Sky", "Moorings", "Odile Marrow & Sky", "Moorings", Step.TITLE_FIRST),
        ("Odil Marrow", "Moorings", "Odile Marrow", "Moorings", Step.TITLE_FIRST),
        ("Odile Marrow", "Harbour Moornigs", "Odile Marrow", "Harbour Moorings", Step.FUZZY),
    ],
)
def test_a_step_is_the_least_that_was_forgiven(artist, title, credit, other, step):
    """Each step is named by what it forgives, and what is nearer than LEAST alone is found."""
    assert verdict(artist, title, card(other, credit)).step == step


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Moorings (Live)", "Moorings"),
        ("Moorings", "Moorings (Live)"),
        ("Moorings (Live)", "Moorings (Acoustic)"),
        ("Moorings - Karaoke Version", "Moorings"),
        ("Moorings (Ada Remix)", "Moorings"),
        ("Moorings, Part 1", "Moorings, Part 2"),
        ("Moorings II", "Moorings III"),
        ("Sonata in A", "Sonata in G"),
        ("Sonata in B minor", "Sonata in B major"),
        ("Harbour at Night", "Harbour at Rest"),
        ("***", "*****"),
        ("Moorings", ""),
    ],
)
def test_what_only_looks_alike_is_no_match(title, other):
    """Versions, numbers, keys and other words make it another recording."""
    found = verdict("Odile Marrow", title, card(other))
    assert not found.is_match
    assert found.reason


def test_another_artist_is_no_match():
    """The same title by somebody else is somebody else's; nobody is nobody."""
    for artist in ("Gantry Nine", "Odile", "", "Unknown Artist"):
        assert not verdict(artist, "Moorings", card("Moorings")).is_match
    assert not verdict("Various Artists", "Moorings", card("Moorings", "Various Artists")).is_match


def test_several_artists_of_whom_one_is_shared_are_others():
    """Of "A & B" and "A & C" neither is the whole of the other."""
    assert not verdict("Ada & Bo", "Moorings", card("Moorings", "Ada & Cy")).is_match
    assert verdict("Ada & Bo", "Moorings", card("Moorings", "Ada, Bo & Cy")).is_match


def test_a_word_that_the_catalogue_knows_is_no_slip_unless_the_length_agrees():
    """A horse is no house that was mistyped; with the same length it is."""
    recording = card("A White House", length=200_000)
    args = ("Odile Marrow", "A White Horse", recording)
    assert verdict(*args).is_match
    assert not verdict(*args, known={"horse"}).is_match
    assert verdict(*args, length_ms=201_000, known={"horse"}).is_match


def test_part_of_a_name_needs_a_length():
    """A family name may be the whole, if the length agrees."""
    recording = card("Moonlight", "Ludwig van Beethoven", 300_000)
    assert not verdict("Beethoven", "Moonlight", recording).is_match
    assert verdict("Beethoven", "Moonlight", recording, 301_000).is_match
    assert not verdict("Ludwig", "Moonlight", recording, 301_000).is_match


@given(st.integers(1, 3_600_000), st.integers(0, 3_600_000), st.integers(0, 3_600_000))
def test_a_length_that_is_further_off_never_makes_surer(length, off, more):
    """Confidence falls, or stays, as the lengths part; thirty seconds and more are another."""
    near, far = sorted((off, more))
    recording = card("Moorings", length=length)
    one = verdict("Odile Marrow", "Moorings", recording, length + near)
    two = verdict("Odile Marrow", "Moorings", recording, length + far)
    assert one.confidence >= two.confidence
    if far > 30_000 and far > 0.02 * length:
        assert two.confidence < LEAST


def test_identifiers():
    """An MBID is believed; an ISRC that was given to another song is not."""
    recording = card("Moorings", length=200_000)
    entry = entry_of(1, Said("Somebody", "Something Else", length_ms=200_000))
    assert by_identifier(entry, Step.MBID, recording).is_match
    assert not by_identifier(entry, Step.ISRC, recording).is_match
    for said in (Said("Odile", "Moorings"), Said(isrcs=("XXKNC2100101",))):
        assert by_identifier(entry_of(1, said), Step.ISRC, recording).is_match
