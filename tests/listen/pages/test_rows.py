"""Rows of lists, which no template escapes."""

from __future__ import annotations

from html.parser import HTMLParser
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from listen.hostile_music import TRICKS
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.items.held_rows import held_rows
from phonotheque.listen.pages.rendering import pages_environment
from phonotheque.listen.pages.rows import Sides, covers, found
from phonotheque.listen.pages.words import words_for
from phonotheque.listen.values import Album, AlbumTrack, Hit, Mention

WORDS = words_for("en")
GID = UUID("5f3f1a52-7ab1-4a0c-9d0e-1f6f4f6f2b11")


class _Tags(HTMLParser):
    """Names of tags and of their attributes, in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, [name for name, _ in attrs]))
        self.said += [value for _, value in attrs if value]

    def handle_data(self, data):
        self.said.append(data)


def _written(kind, text, *, is_held):
    """All rows that a thing may stand in, whose every text is one."""
    rows = pages_environment().globals["rows"]
    mention = Mention(text, GID)
    hit = Hit(
        kind=kind,
        gid=GID,
        title=text,
        credit=text,
        artist=Mention("another", GID),
        album=mention if kind is Kind.RECORDING else None,
        licence=text,
        is_held=is_held,
        length_ms=61_000,
        year=1987,
    )
    album = Album(
        hit=Hit(kind=Kind.RELEASE, gid=GID, title="b", credit="c"),
        tracks=(
            AlbumTrack(medium=1, position=1, number=text, title=text, song=hit),
            AlbumTrack(medium=2, position=1, number=text, title=text),
        ),
    )
    sides = Sides(hearable={GID} if is_held else set(), small={}, listens={}, media=2)
    return "".join(
        (
            rows.songs(WORDS, [hit], text),
            rows.sides(WORDS, album, sides),
            covers(WORDS, [hit]),
            found(WORDS, [hit], "zz", "songs"),
            held_rows(WORDS, [hit]),
        )
    )


@given(
    st.sampled_from(Kind),
    st.booleans(),
    st.sampled_from(TRICKS) | st.text(st.characters(exclude_categories=["C"]), min_size=1),
)
def test_no_text_of_a_row_is_markup(kind, is_held, text):
    """Whatever a thing is called, a row has the tags that it has of any other name."""
    assume("zz" not in text.casefold())  # what is sought, which is marked
    text = f"x{text}"
    harmless = _Tags(_written(kind, "name", is_held=is_held))
    assert _Tags(_written(kind, text, is_held=is_held)).tags == harmless.tags


def test_a_row_says_what_it_was_given():
    """Text comes out as it came in, and what was sought is marked in it."""
    told = _Tags(_written(Kind.RECORDING, 'Fish & <Chips> "to" go', is_held=True)).said
    assert 'Fish & <Chips> "to" go' in told
    marked = found(WORDS, [Hit(kind=Kind.LABEL, gid=GID, title="A & B")], "b a", "names")
    assert "<mark>A</mark> &amp; <mark>B</mark>" in marked
