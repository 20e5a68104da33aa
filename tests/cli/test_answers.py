"""Tables of answers: they fit, whatever stands in them."""

from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.cli.answers import Column, columns_of, cut, lay_out, places
from phonotheque.cli.output import printable

TEXTS = st.text(max_size=30) | st.sampled_from(
    ["椎名林檎", "ﾃｽﾄ", "Björk", "e\u0301", "\x1b[2J", ""]
)
CARDS = st.builds(
    Card,
    kind=st.just(Kind.RECORDING),
    rank=st.just(1),
    id=st.just(1),
    gid=st.just(UUID(int=1)),
    title=TEXTS,
    credit=TEXTS | st.none(),
    release_title=TEXTS | st.none(),
    label=TEXTS | st.none(),
    length=st.none() | st.integers(0, 10**8),
    year=st.none() | st.integers(1900, 2030),
    licence=st.sampled_from([None, "https://creativecommons.org/licenses/by-sa/3.0/de/", "MIT"]),
    is_held=st.booleans(),
    is_free=st.booleans(),
    score=st.none() | st.integers(0, 100),
    tracks=st.none() | st.integers(0, 200),
)


@given(st.sampled_from(Kind), st.lists(CARDS, min_size=1, max_size=4), st.integers(20, 200))
@example(
    Kind.RECORDING, [Card(kind=Kind.RECORDING, rank=1, id=1, gid=UUID(int=1), title="愛" * 99)], 21
)
def test_no_line_is_wider_than_the_terminal(kind, cards, width):
    """Wide letters count twice and marks not at all, so that every line fits in its row."""
    columns = columns_of(kind, cards)
    lines = lay_out(columns, width) if columns else []
    assert all(places(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)
    assert len(lines) in (0, len(cards) + 1)


@given(st.lists(st.tuples(TEXTS.map(printable), TEXTS.map(printable)), min_size=1, max_size=4))
def test_columns_stand_below_one_another(rows):
    """What stands in the second column begins at one place, also behind wide letters."""
    first, second = zip(*rows, strict=True)
    lines = lay_out([Column("a", first, is_text=True), Column("b", second)], None)
    begin = max(places(cell) for cell in (*first, "a")) + 2
    for line, cell in zip(lines, ("b", *second), strict=True):
        kept = cell.rstrip()
        assert not kept or places(line.removesuffix(kept)) == begin


def a_card(**known):
    return Card(kind=Kind.RECORDING, rank=1, id=1, gid=UUID(int=1), **known)


def test_what_a_row_says():
    """Length as sleeves print it, the licence in short, what may be done in words."""
    card = a_card(
        title="Moorings",
        credit="Odile Marrow",
        release_title="Harbour at Rest",
        length=188_400,
        year=2021,
        licence="https://creativecommons.org/licenses/by-sa/4.0/",
        is_held=True,
        is_free=True,
        score=71,
    )
    head, row = lay_out(columns_of(Kind.RECORDING, [card]), None)
    assert head.split() == [
        "title",
        "artist",
        "release",
        "year",
        "length",
        "licence",
        "status",
        "popularity",
    ]
    assert " ".join(row.split()) == (
        "Moorings Odile Marrow Harbour at Rest 2021 3:08 CC BY-SA 4.0 held, free 71"
    )


def test_what_nobody_knows_has_no_column():
    """A column in which nothing stands is left out, and an unknown popularity is not 0."""
    known, unknown = a_card(title="A", score=0), a_card(title="B")
    assert lay_out(columns_of(Kind.RECORDING, [unknown]), None) == ["title", "B"]
    assert lay_out(columns_of(Kind.RECORDING, [known, unknown]), None)[1:] == [
        "A" + " " * 15 + "0",
        "B",
    ]


def test_the_title_is_the_last_to_go():
    """In a narrow terminal the least needed columns go first, and long texts are cut."""
    card = a_card(title="A long title of a song", credit="Somebody", release_title="R", year=2021)
    shown = {width: lay_out(columns_of(Kind.RECORDING, [card]), width) for width in (60, 24, 9)}
    assert shown[60][1].split("  ")[0] == "A long title of a song"
    assert "release" in shown[60][0]
    assert "release" not in shown[24][0]
    assert shown[9] == ["title", "A long t…"]


def test_columns_are_cut_evenly():
    """Where there is little room no text is cut to less than another that is cut as well."""
    columns = [
        Column("title", ("t" * 90,), is_text=True),
        Column("artist", ("a" * 90,), is_text=True, need=9),
        Column("release", ("r" * 25,), is_text=True, need=2),
    ]
    (_, row) = lay_out(columns, 80)
    assert [len(cell) for cell in row.split()] == [26, 25, 25]
    (_, row) = lay_out(columns, 50)
    assert [len(cell) for cell in row.split()] == [24, 24]


def test_hours_are_told():
    """A long recording has hours before its minutes."""
    assert lay_out(columns_of(Kind.RECORDING, [a_card(title="A", length=3_723_000)]), None)[1] == (
        "A      1:02:03"
    )


@given(TEXTS, st.integers(1, 40))
def test_what_is_cut_is_marked(text, width):
    """A text that fits stays as it is; another ends in an ellipsis and fits."""
    shown = cut(text, width)
    assert places(shown) <= width
    assert shown == text or shown.endswith("…")
