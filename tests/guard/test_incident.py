"""Incident reports: parts that add up, shares of what there was, papers without tricks."""

from __future__ import annotations

import csv
import io
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard.incident import Background, Known, Taken, add_taken, report
from phonotheque.guard.papers.curves import BASE, TOP, Rising, draw
from phonotheque.guard.papers.incident_paper import (
    finding_of,
    incident_csv,
    incident_json,
    incident_page,
    listens_words,
    unseen_words,
)

BEGIN = 1_800_000_000
HOSTILE = '<script>alert(1)</script>"=cmd()'
LIBRARY = {
    "a": Known("Song A", "Hill Records", plays=60, whole_bytes=1000),
    "b": Known(HOSTILE, "Hill Records", plays=20, whole_bytes=1000),
    "c": Known("=HYPERLINK(0)", "", plays=0, whole_bytes=0),
}
takings = st.dictionaries(
    st.tuples(st.sampled_from(["x", "y", "z"]), st.sampled_from("abc")),
    st.builds(
        Taken,
        first=st.integers(BEGIN, BEGIN + 200_000),
        last=st.integers(BEGIN + 200_000, BEGIN + 400_000),
        size_bytes=st.integers(1, 3000),
        requests=st.integers(1, 9),
    ),
)


def background(**more):
    values = {"catalogue": 10, "listens": 100, "cases": {"x": "g2"}, **more}
    return Background(since=BEGIN, until=BEGIN + 400_000, known=LIBRARY.__getitem__, **values)


@given(takings)
def test_the_parts_add_up(taken):
    """Recordings by day and by holder are all that left; bytes by item, account and day, too."""
    found = report(taken, background())
    gids = {gid for _, gid in taken}
    assert found.recordings == len(gids) == len(found.items)
    assert sum(day.new_recordings for day in found.days) == len(gids)
    assert sum(holder.recordings for holder in found.holders) == len(gids)
    total = sum(one.size_bytes for one in taken.values())
    for parts in (found.items, found.accounts, found.days, found.holders):
        assert sum(part.size_bytes for part in parts) == total
    assert found.whole <= sum(account.whole for account in found.accounts)


DAY_S = 86_400
answers = st.lists(
    st.tuples(
        st.sampled_from("xy"), st.sampled_from("abc"), st.integers(0, 9 * DAY_S), st.integers(1, 99)
    ),
    max_size=30,
)


@given(answers)
def test_bytes_stand_at_the_day_on_which_they_left(some):
    """In whichever order the answers are added, of one recording on many days, too."""
    taken, wanted = {}, Counter()
    for account, gid, second, size_bytes in some:
        add_taken(taken, account, gid, Taken(second, second, size_bytes, 1))
        wanted[f"1970-01-{1 + second // DAY_S:02}"] += size_bytes
    found = report(taken, background())
    assert {day.day: day.size_bytes for day in found.days} == wanted
    for (account, gid), one in taken.items():
        seconds = [at for *who, at, _ in some if who == [account, gid]]
        assert (one.first, one.last, one.requests) == (min(seconds), max(seconds), len(seconds))


def test_shares_are_of_what_there_was():
    """Two of ten recordings, 80 of 100 listens; nothing is said where nothing is known."""
    taken = {("x", "a"): Taken(BEGIN, BEGIN, 1000), ("y", "b"): Taken(BEGIN, BEGIN, 10)}
    found = report(taken, background())
    assert (found.share_of_catalogue, found.share_of_listens, found.whole) == (0.2, 0.8, 1)
    assert finding_of(found) == (
        "2 recordings left through 2 accounts: 20\u00a0% of what may only be heard here."
    )
    unknown = report(taken, background(catalogue=0, listens=0))
    assert (unknown.share_of_catalogue, unknown.share_of_listens) == (None, None)
    assert finding_of(unknown) == "2 recordings left through 2 accounts."
    kept = background(log_begins="2026-11-01")
    assert finding_of(report({}, kept)) == "No recording went out."
    assert finding_of(report({}, background())).startswith("No access log is kept here")


def test_who_stands_in_no_line_is_named():
    """With since when a log is kept: that nothing left is not known then; and how much is heard of
    what left is said in a sentence, also where it is not known."""
    found = report({}, background(unseen=("ff" * 8, "ee" * 8), log_begins="2026-11-01"))
    assert finding_of(found) == "No recording is known to have gone out."
    told = unseen_words(found)
    assert told == (
        f"No line of the access log is of these 2 accounts in this time: {'ff' * 8}, {'ee' * 8}. "
        "It is kept since 2026-11-01."
    )
    assert told in incident_page(found, "An archive").decode()
    assert unseen_words(report({}, background())) == ""
    many = report({}, background(unseen=tuple(f"{number:016x}" for number in range(9))))
    assert unseen_words(many).endswith("and 4 more. None is kept.")
    taken = {("x", "a"): Taken(BEGIN, BEGIN, 1000)}
    assert listens_words(report(taken, background())) == (
        "What left has 60\u00a0% of all listens here."
    )
    assert "not known" in listens_words(report(taken, background(listens=0)))


def test_a_report_of_nothing_has_no_tables():
    """Where nothing went out the page says that, and how it was counted: no head without a row."""
    page = incident_page(report({}, background(log_begins="2026-11-01")), "An archive").decode()
    assert "No recording went out." in page
    assert "How it was counted" in page
    assert "<table" not in page
    assert "listens here" not in page


def test_no_title_becomes_markup_or_a_formula():
    """A hostile title is text in the page and in the table, and comes back whole from JSON."""
    taken = {("x", gid): Taken(BEGIN, BEGIN + 60, 1000) for gid in "abc"}
    found = report(taken, background())
    page = incident_page(found, HOSTILE).decode()
    assert "<script>" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3
    titles = {row["title"] for row in csv.DictReader(io.StringIO(incident_csv(found).decode()))}
    assert titles == {"Song A", HOSTILE, "'=HYPERLINK(0)"}
    assert {item["title"] for item in msgspec.json.decode(incident_json(found))["items"]} == {
        "Song A", HOSTILE, "=HYPERLINK(0)",
    }  # fmt: skip


@given(st.lists(st.lists(st.integers(BEGIN, BEGIN + 999), max_size=900).map(sorted), max_size=4))
def test_a_curve_ends_where_it_says(some):
    """Every line stays in the drawing and rises; the one with the most reaches the top."""
    drawn = draw([Rising("r", "own", seconds) for seconds in some], BEGIN, BEGIN + 1000)
    assert [curve.count for curve in drawn.curves] == list(map(len, some))
    for curve in drawn.curves:
        ys = [float(step.split("V")[1]) for step in curve.path.split("H")[1:]]
        assert ys == sorted(ys, reverse=True)
        assert TOP <= ys[-1] <= ys[0] <= BASE
        assert abs(ys[-1] - curve.end_y) < 0.2
    if any(some):
        assert min(curve.end_y for curve in drawn.curves) == TOP
