"""Forms and keys of titles and names: equal where people mean the same, different where not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.match import keys
from phonotheque.catalogue.match.forms import (
    name_forms,
    skeletons,
    title_forms,
    title_skeleton,
)
from phonotheque.catalogue.match.transliteration import latin
from phonotheque.catalogue.match.versions import versioned
from phonotheque.music.folding import fold
from phonotheque.music.title_key import title_key

SONGS = st.text(alphabet="The featTrack 0A1-()[]'&,ßÉя日。", max_size=30)


@given(SONGS | st.text(max_size=40))
def test_the_short_way_to_a_key_gives_the_key(title):
    """Leaving the taking apart out where nothing can be taken off changes no key."""
    assert title_forms(title).key == title_key(title)
    assert title_forms(title).skeleton == title_skeleton(title)


@given(SONGS | st.text(max_size=40))
def test_what_the_index_has_is_what_questions_ask_for(name):
    """The skeleton that an index is made of is the one that a question has."""
    forms = name_forms(name)
    whole, first = skeletons(name)
    assert forms.skeleton == whole
    assert forms.names[0] == first


@given(st.lists(st.text(alphabet="ab,&feat. with", max_size=9), max_size=6))
def test_blanks_do_not_count(words):
    """Many blanks are one: forms stay, and so does how soon they are there."""
    forms = name_forms(" ".join(words))
    for many in (7, 5_000):
        text = (" " * many).join(words)
        if len(text) <= 100:
            assert name_forms(text) == forms
        assert skeletons(text)[0] == name_forms(text).skeleton


@pytest.mark.parametrize("between", [" ", "\t", ",", "feat. ", "(", "x "])
def test_a_credit_without_end_is_gone_through_once(between):
    """However long a credit is, and whatever of, its forms are those of its beginning."""
    text = "a" + between * 100_000 + "b,"
    assert skeletons(text) == skeletons(text[:1_000])
    assert name_forms(text) == name_forms(text[:1_000])
    assert versioned(f"{text} (live").kinds == frozenset()
    assert title_skeleton(f"{text} (live") == title_forms(f"{text} (live").skeleton


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=9))
def test_many_keys_at_once_are_the_keys_one_by_one(pairs):
    """Arrays and single numbers give the same keys, of 36 bits."""
    titles = keys.hashes_of((title for title, _ in pairs), len(pairs))
    names = keys.hashes_of((name for _, name in pairs), len(pairs))
    hashed = [(keys.text_hash(title), keys.text_hash(name)) for title, name in pairs]
    assert keys.pair_keys(titles, names).tolist() == [keys.pair_key(*one) for one in hashed]
    assert keys.single_keys(titles).tolist() == [keys.single_key(one) for one, _ in hashed]
    assert np.all(keys.pair_keys(titles, names) < 1 << 36)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't Stop", "Dont stop"),
        ("Day Dream", "Daydream"),
        ("03. The Café", "cafe"),
        ("Песня", "Pesnya"),
        ("Ελλάδα", "Ellada"),
        ("サクラ", "Sakura"),
        ("きょう", "kyo u"),
        ("マッチ", "macchi"),
        ("서울", "seoul"),
        ("Søren", "Soren"),
        ("Straße", "strasse"),
    ],
)
def test_titles_that_mean_the_same_have_one_skeleton(one, other):
    """Case, marks, spaces, numbers and scripts do not count."""
    assert title_skeleton(one) == title_skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Song", "Song (Live)"), ("Part 1", "Part 2"), ("Opus 1 1", "Opus 11"), ("***", "*")],
)
def test_titles_that_mean_others_have_two(one, other):
    """Versions and numbers count, and signs where there is nothing else."""
    assert title_skeleton(one) != title_skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "Beatles, The"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Gantry Nine feat. Sky", "Gantry Nine"),
        ("AC/DC", "Acdc"),
    ],
)
def test_names_of_the_same_people_have_one_skeleton(one, other):
    """Articles, "and" and guests do not count."""
    assert name_forms(one).skeleton == name_forms(other).skeleton


@given(st.text(max_size=40))
def test_a_name_has_at_least_one_name(text):
    """Whatever is written, somebody is named, if only by signs."""
    forms = name_forms(text)
    assert len(forms.names) >= 1
    assert all(forms.names) or forms.is_nobody


@given(st.text(max_size=40))
def test_latin_letters_stay(text):
    """Text of ASCII comes back as it is, and nothing raises."""
    folded = fold(text)
    assert latin(folded) == folded or not folded.isascii()


@pytest.mark.parametrize(
    ("title", "base", "kinds"),
    [
        ("Song (Live at the Mill)", "Song", {"live"}),
        ("Song - Somebody Remix", "Song", {"remix"}),
        ("Song [Radio Edit] (Live)", "Song", {"edit", "live"}),
        ("Live and Let Die", "Live and Let Die", set()),
        ("Song (Part 2)", "Song (Part 2)", set()),
        ("Song - Karaoke Version in the Style of Somebody", "Song", {"karaoke"}),
        ("(Live)", "(Live)", set()),
    ],
)
def test_versions_are_what_stands_apart(title, base, kinds):
    """A word for a version counts in brackets or after a dash, never within a title."""
    assert versioned(title)[:2] == (base, kinds)
