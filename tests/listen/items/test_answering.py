"""Is my work in here: a plain No only where all was searched that may bear the name."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid5

import pytest

from listen.pages.shop import SPACE
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.parsing import parse
from phonotheque.listen.items.answering import look_for
from phonotheque.listen.values import Answer, Hit
from phonotheque.music.folding import words

_MANY_WORDS = " ".join([*"abcdefghijklmnopqrstuvwxyz", *(f"a{one}" for one in range(45))])


class _Titles:
    """A library of songs, searched as the query language says.

    Args:
        cut_off: The kind of which every search is broken off.
    """

    def __init__(self, *titles, cut_off=None):
        self._songs = [
            Hit(kind=Kind.RECORDING, gid=uuid5(SPACE, title), title=title, is_held=True)
            for title in titles
        ]
        self._cut_off = cut_off

    def search(self, text, kind=None, *, limit=20):
        wanted = words(parse(text).text)
        songs = [song for song in self._songs if kind in (None, song.kind)]
        found = tuple(song for song in songs if set(wanted) <= set(words(song.title)))
        return Answer(found[:limit], is_partial=kind is self._cut_off and kind is not None)

    def formerly(self, name):
        return ()


@pytest.mark.parametrize(
    "name",
    [
        "Year: Zero",
        "year:zero",
        "Licence: To Kill",
        "Country: Roads",
        "Kind: of Blue",
        "Free: Bird",
        "Held: hands",
        'Gid:"open',
        '"Heroes',
        "-Minus",
    ],
)
def test_a_name_that_looks_like_a_query_is_found(name):
    """What is no query, or a wrong one, is searched for as words."""
    answer = look_for(_Titles(name, "Another"), name)
    assert [hit.title for hit in answer.held] == [name]
    assert not answer.is_cut_off


@pytest.mark.parametrize("kind", list(Kind))
def test_a_search_that_was_broken_off_is_told(kind):
    """Of whichever kind it was, found or not; a whole one is a whole answer."""
    for sought in ("Harbour", "Nothing"):
        assert look_for(_Titles("Harbour", cut_off=kind), sought).is_cut_off
        assert not look_for(_Titles("Harbour"), sought).is_cut_off


@pytest.mark.parametrize("sought", ["!!!", _MANY_WORDS])
def test_the_page_says_no_of_nothing_that_it_could_not_search_for(door, sought):
    """There is no word in it, or there are too many; what was searched for in vain is a No."""
    page = door.get(f"/work?q={quote(sought)}").text
    assert "That cannot be said" in page
    assert "Nothing under exactly this name" not in page
    assert "No. Nothing under exactly this name" in door.get("/work?q=year:zero").text
