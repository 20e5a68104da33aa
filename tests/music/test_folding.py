"""Folding: which words are the same word, in any script."""

from __future__ import annotations

import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.folding import fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Beyoncé", "beyonce"),
        ("BEYONCE\u0301", "beyonce"),
        ("Sigur Rós - Ágætis byrjun", "sigur ros agætis byrjun"),
        ("Straße", "strasse"),
        ("ΜΟΥΣΙΚΉΣ", "μουσικησ"),
        ("μουσικής", "μουσικησ"),
        ("İstanbul", "istanbul"),
        ("Ёлка й", "елка и"),
        ("ＡＢＣ① ﬁn", "abc1 fin"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("प्यार दिल", "प्यार दिल"),
        ("한국어", "한국어"),
        ("أُغْنِيَة", "اغنية"),
        ("שָׁלוֹם", "שלום"),
        ("愛の歌", "愛の歌"),
        ("ก็น้ำ", "ก็น้ํา"),
        ("don't stop_me/now", "don t stop me now"),
        ("AC/DC", "ac dc"),
        ("!!!", ""),
        ("a\x00b\x1fc\u200fd\u202ee", "a b c d e"),
        ("\ue000love\U000f0000you\U00040000x", "love you x"),
        ("\ud800x", "x"),
        ("❤\ufe0f you", "you"),
    ],
)
def test_texts_fold_as_people_mean_them(text: str, folded: str) -> None:
    """Case, form and diacritics do not count; vowel signs, voicing marks and letters do."""
    assert fold(text) == folded


@given(st.text(st.characters()))
def test_folding_twice_is_folding_once(text: str) -> None:
    """Folded text is a fixed point, and its words are its parts between spaces."""
    folded = fold(text)
    assert fold(folded) == folded
    assert words(text) == folded.split(" ") if folded else words(text) == []


@given(st.text(st.characters()), st.text(st.characters()))
def test_a_space_separates_whatever_stands_beside_it(one: str, other: str) -> None:
    """Folding word by word and folding the whole give the same words."""
    assert words(f"{one} {other}") == words(one) + words(other)


def test_every_character_folds_to_letters_digits_and_marks() -> None:
    """No separator, control, private-use or unassigned code point is ever part of a word."""
    for start in range(0, sys.maxunicode + 1, 4_096):
        found = words(" ".join(map(chr, range(start, start + 4_096))))
        assert {category(letter)[0] for letter in "".join(found)} <= set("LNM")
        assert words(" ".join(found)) == found
