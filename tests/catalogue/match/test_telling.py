"""What is told of matches: states, records, tables, playlists, sums."""

import csv
import io
import json
import uuid

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.match.entry import Said, entry_of, refused
from phonotheque.catalogue.match.judging import Step
from phonotheque.catalogue.match.matching import Match
from phonotheque.catalogue.match.telling import (
    COLUMNS,
    JSPF_BEGIN,
    JSPF_END,
    STATES,
    Summary,
    csv_rows,
    jspf_tracks,
    states_of,
)


def card(*, title="Moorings", is_held=False, is_free=False):
    return Card(
        Kind.RECORDING, 1, 1, uuid.UUID(int=7), title, "Ada", is_held=is_held, is_free=is_free
    )


def match(found=None, **more):
    step = Step.EXACT if found else None
    return Match(entry_of(1, Said("Ada", "Moorings")), found, step, 0.97 if found else 0.0, **more)


ALL = {
    ("known", "held", "free"): match(card(is_held=True, is_free=True)),
    ("known", "held"): match(card(is_held=True)),
    ("known", "free", "wanted"): match(card(is_free=True)),
    ("known", "wanted"): match(card()),
    ("wanted",): match(reason="not known"),
    ("known", "withdrawn"): match(withdrawn=True),
    ("refused",): Match(refused(2, "broken")),
}


def test_what_a_line_is():
    """Held or wanted, free or not, withdrawn or refused: each case has its words."""
    assert [states_of(one) for one in ALL.values()] == list(ALL)


def test_sums_are_those_of_the_lines():
    """Every line counts once; the rate leaves out what could not be read."""
    summary = Summary()
    summary.take(ALL.values())
    record = summary.record()
    assert record["lines"] == len(ALL)
    assert record["rate"] == round(5 / 6, 4)
    assert [record[state] for state in STATES] == [5, 2, 2, 3, 1, 1]
    assert sum(record["steps"].values()) == 4
    assert Summary().rate is None


@given(st.lists(st.text(max_size=20), max_size=4))
def test_no_cell_is_a_formula(titles):
    """A table reads back row by row, and no cell begins like a formula."""
    titles += ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "\r=1", "\uff1d1", "|calc", "%x"]
    data = csv_rows([match(card(title=title)) for title in titles], with_head=True)
    head, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    assert tuple(head) == COLUMNS
    assert len(rows) == len(titles)
    for row in rows:
        assert len(row) == len(COLUMNS)
        assert not any(
            cell.strip(" ")[:1] in set("=+-@\t\r|%\uff1d") - {""} for cell in row if cell
        )


def test_a_playlist_has_what_is_held_or_free():
    """Its parts make one document, in the order of the list."""
    some = list(ALL.values())
    parts = [jspf_tracks(some[:1], is_first=True), jspf_tracks(some[1:], is_first=False)]
    tracks = json.loads(JSPF_BEGIN + b"".join(parts) + JSPF_END)["playlist"]["track"]
    assert len(tracks) == 3
    assert tracks[0]["identifier"] == [f"urn:uuid:{uuid.UUID(int=7)}"]
    assert json.loads(JSPF_BEGIN + jspf_tracks([], is_first=True) + JSPF_END)
