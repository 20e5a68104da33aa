"""Sentences, lengths and licences as pages say them; waveforms as they draw them."""

from __future__ import annotations

import itertools

import pytest
from markupsafe import Markup
from scripts.words import TABLE, sentences, table

from listen.pages.shop import BY_SA, CC0, Shop
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.drawing import bands, small_path, wave
from phonotheque.listen.pages.marking import marked
from phonotheque.listen.pages.said import say_licence, spoken_length
from phonotheque.listen.pages.words import Words, words_for

WORDS = Words()


def test_the_table_for_translators_has_every_sentence():
    """What is kept is what is said: `python -m scripts.words` changes nothing."""
    assert TABLE.read_text("utf-8") == table()
    assert {"What would you like to hear?", "{n} songs", "Added to the queue."} <= set(sentences())


def test_a_translation_is_said_and_what_it_lacks_is_english():
    """Values are escaped in either."""
    words = Words("de", {"Play {title}": "Spiele {title}"})
    assert words("Play {title}", title="<b>") == "Spiele &lt;b&gt;"
    assert words("Keep {title}", title=Markup("<b>")) == "Keep <b>"
    assert words.n(1, "{n} song", "{n} songs") == "1 song"
    assert words.n(2000, "{n} song", "{n} songs") == "2,000 songs"


@pytest.mark.parametrize("accepted", ["", "de-CH, de;q=0.9", "en;q=0", "*", ";;;q=x,", "en-GB"])
def test_any_wish_for_a_language_is_answered(accepted):
    """A language that there is no table of is answered in English."""
    assert words_for(accepted).language == "en"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-CH", "de"), ("fr;q=0.3, de;q=0.4", "de"), ("de ; q=0.3, fr;q=0.4", "fr"),
        ("de, fr", "de"), ("fr, de", "fr"), ("de;q=0, fr;q=0.1", "fr"), ("de;q=0", "en"),
        ("fr;q=2, de;q=0.1", "de"), ("fr;q=x, de;q=0.1", "de"), ("fr;q=nan, de;q=0.1", "de"),
    ],
)  # fmt: skip
def test_who_names_several_languages_gets_the_one_he_wants_most(accepted, language, monkeypatch):
    """Of equals the first; never one with the weight 0, or with one that no standard allows."""
    known = {code: Words(code, {}) for code in ("de", "fr")}
    monkeypatch.setattr("phonotheque.listen.pages.words.languages", lambda: known)
    assert words_for.__wrapped__(accepted).language == language


@pytest.mark.parametrize(
    ("length_ms", "said"),
    [
        (900, "1 second"),
        (48_000, "48 seconds"),
        (2_520_000, "42 minutes"),
        (3_600_000, "1 hour"),
        (3_900_000, "1 hour 5 minutes"),
    ],
)
def test_lengths_are_said_as_people_say_them(length_ms, said):
    """Seconds below a minute, minutes below an hour."""
    assert spoken_length(WORDS, length_ms) == said


def test_a_licence_says_what_one_may_do():
    """Open ones allow, unknown ones claim nothing, and the name asked for is escaped."""
    shared = say_licence(WORDS, BY_SA, "<i>")
    assert "also for money" in shared.may
    assert "&lt;i&gt;" in shared.terms
    assert "same licence" in shared.terms
    assert say_licence(WORDS, CC0).slug == "cc0"
    assert "unchanged, but not for money" in say_licence(WORDS, "CC-BY-NC-ND-4.0").may
    reserved = say_licence(WORDS, "https://rightsstatements.org/vocab/InC/1.0/")
    assert "without asking" in reserved.may
    assert reserved.name not in reserved.may  # pages say it before, as a name
    assert say_licence(WORDS, None).name == say_licence(WORDS, "as you like").name == ""


@pytest.mark.parametrize(
    ("text", "sought", "shown"),
    [
        ("Small Rains", "rain", "Small <mark>Rain</mark>s"),
        ("Untrained", "rain", "Unt<mark>rain</mark>ed"),
        ("Banana at sea", "a", "Banana <mark>a</mark>t sea"),
        ("<b>", "b", "&lt;<mark>b</mark>&gt;"),
        ("Straße", "strasse", "<mark>Straße</mark>"),
        ("Große Straße am See", "am", "Große Straße <mark>am</mark> See"),
        ("Große Straße", "gros sse", "<mark>Groß</mark>e Stra<mark>ße</mark>"),
        ("İstanbul & ﬁn", "fin", "İstanbul &amp; <mark>ﬁn</mark>"),
        ("abab", "abab ba", "<mark>abab</mark>"),
    ],
)
def test_what_was_sought_is_marked(text, sought, shown):
    """Marks never overlap, and everything else is escaped."""
    assert marked(text, sought) == shown


def test_the_songs_of_an_album_lie_end_to_end():
    """Bands follow each other without touching, as wide as songs are long; no sound is a line."""
    shop = Shop()
    songs = shop.of(Kind.RECORDING)[:3]
    laid = bands([(song, str(at), shop.points(song.gid)) for at, song in enumerate(songs)])
    assert all(one.x + one.width < other.x for one, other in itertools.pairwise(laid))
    assert laid[-1].x + laid[-1].width < 1200
    (alone,) = bands([(songs[0], "1", None)])
    assert alone.peaks.count("M") == 1


def test_a_waveform_has_its_time_below():
    """Marks stand within the drawing, at round times."""
    points = Shop().points(Shop().of(Kind.RECORDING)[0].gid)
    drawn = wave(points, 434_000)
    assert drawn.marks[0] == (0.0, "0:00")
    assert all(0 <= x <= 100 for x, _ in drawn.marks)
    assert small_path(points).count("M") == 50
