"""What was heard most: of all time by the counts of sources, lately by our own plays.

Laws: nothing is named that fewer than `LEAST_LISTENERS` people are known to have heard; where
nobody counted them, nothing with fewer than `LEAST_UNNAMED_LISTENS` listens.

Plays of single days stand in no snapshot: the rim gives them as the view `played` (`PLAYED`).
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

from phonotheque.catalogue.charts.values import (
    LEAST_LISTENERS,
    LEAST_UNNAMED_LISTENS,
    Axes,
    Chart,
    Finding,
    Form,
    Row,
    Rows,
)
from phonotheque.catalogue.charts.words import LISTEN, counted
from phonotheque.catalogue.kinds import Kind

PLAYED = pa.schema(
    [
        ("days", pa.int32()),  # of the last so many days, this one included
        ("recording", pa.int64()),  # id of its card
        ("plays", pa.int64()),
        ("listeners", pa.int64()),
    ]
)
"""Plays at this archive's own listening door, of the most heard recordings of each time."""

DAYS = (7, 30, 365)


class Heard(StrEnum):
    """What a list of the last days is ordered by: both are told."""

    LISTENERS = "listeners"
    PLAYS = "plays"

    @property
    def other(self) -> Heard:
        """What stands beside it."""
        return Heard.PLAYS if self is Heard.LISTENERS else Heard.LISTENERS

    def told(self, row: Row) -> str:
        """Its count in a row, with its noun."""
        return counted(row[self], self.removesuffix("s"))


KINDS = (Kind.RECORDING, Kind.RELEASE, Kind.ARTIST)

_SECTION = "Most heard"
_LENGTH = 100
_DRAWN = 15
_CANDIDATES = 1_000
"""Cards among which the list is made: they are in order of listens already."""

BOUND = (
    f"Left out is what fewer than {LEAST_LISTENERS} people heard; where nobody counted people, "
    f"what has fewer than {LEAST_UNNAMED_LISTENS} listens."
)
"""What is said about small counts."""


def charts() -> tuple[Chart, ...]:
    """Return the charts of this section."""
    lately = (_of_days(kind, days, by) for kind in KINDS for days in DAYS for by in Heard)
    return (*map(_of_all_time, KINDS), *lately)


def _named(row: Row) -> str:
    return f"{row['title']}, {row['credit']}" if row["credit"] else str(row["title"])


def _found(title: str, rows: Rows) -> Finding:
    shown = [{"name": f"{row['place']}. {_named(row)}", **row} for row in rows[:_DRAWN]]
    return Finding(title, (shown[0]["name"],), shown)


def _of_all_time(kind: Kind) -> Chart:
    def find(rows: Rows) -> Finding | None:
        if not rows:
            return None
        first = rows[0]
        title = f"Most heard {kind}: {_named(first)}, with {counted(first['listens'], LISTEN)}"
        return _found(title, rows)

    return Chart(
        name=f"top-{kind}s",
        section=_SECTION,
        reads=(f"{kind}_card", "popularity", "canonical"),
        query=_query_of_all_time(kind),
        columns={
            "place": "1 was heard most.",
            "title": "Title or name.",
            "credit": "Who is named for it; of an artist what tells him apart.",
            "listens": "How often it was heard, all sources together, as popularity counts it.",
            "listeners": "By how many people, where a source counted them.",
        },
        how=f"All sources together, weighed as popularity weighs them. {BOUND}",
        form=Form.NAMED,
        axes=Axes("name", "listens", "", f"{LISTEN}s"),
        find=find,
        lacking=f"Nobody counted enough listens. {BOUND}",
    )


def _query_of_all_time(kind: Kind) -> str:
    return f"""
WITH first AS (
    SELECT * FROM {kind}_card WHERE rank <= {_CANDIDATES} AND listens > 0
), said AS (
    SELECT coalesce(c.canonical, p.entity) AS id, p.total_user_count AS listeners
    FROM popularity p
    LEFT JOIN canonical c ON c.entity_type = '{kind}' AND c.id = p.entity
    WHERE p.entity_type = '{kind}' AND p.period = 'all'
), people AS (
    SELECT id, sum(listeners) AS listeners FROM said
    WHERE id IN (SELECT id FROM first) GROUP BY id
)
SELECT row_number() OVER (ORDER BY rank) AS place, title, credit, listens, listeners
FROM first LEFT JOIN people USING (id)
WHERE listeners >= {LEAST_LISTENERS}
    OR (listeners IS NULL AND listens >= {LEAST_UNNAMED_LISTENS})
ORDER BY rank LIMIT {_LENGTH}"""


_ROLLED = {Kind.RELEASE: "release", Kind.ARTIST: "artist"}
"""Column of a recording's card that leads to what is heard with it."""


def _of_days(kind: Kind, days: int, by: Heard) -> Chart:
    def find(rows: Rows) -> Finding | None:
        if not rows:
            return None
        first = rows[0]
        title = (
            f"{_named(first)}: {Heard.PLAYS.told(first)} in the last {days} days, "
            f"by {'at least ' if kind in _ROLLED else ''}{Heard.LISTENERS.told(first)}"
        )
        beside = [{**row, "beside": f"{by.told(row)}, {by.other.told(row)}"} for row in rows]
        return _found(title, beside)

    return Chart(
        name=f"top-{kind}s-{days}-days{'-by-plays' if by is Heard.PLAYS else ''}",
        section=_SECTION,
        reads=("played", "recording_card", *([f"{kind}_card"] if kind in _ROLLED else [])),
        query=f"""{_counted_of_days(kind, days)}
SELECT row_number() OVER (ORDER BY {by} DESC, {by.other} DESC, rank) AS place,
    title, credit, plays, listeners
FROM heard JOIN {kind}_card USING (id)
WHERE listeners >= {LEAST_LISTENERS}
ORDER BY place LIMIT {_LENGTH}""",
        columns=_columns_of_days(kind, by),
        how=(
            f"Plays at this archive's own listening door in the last {days} days. {BOUND} "
            "The counts themselves are not published."
        ),
        form=Form.NAMED,
        axes=Axes("name", by.value, "", by.value),
        find=find,
        lacking=f"Nothing was heard here by {LEAST_LISTENERS} people in the last {days} days.",
    )


def _columns_of_days(kind: Kind, by: Heard) -> dict[str, str]:
    people = "By how many people."
    if kind in _ROLLED:
        people = "By at least so many people: those who heard its most heard recording."
    return {
        "place": "1 was heard by most." if by is Heard.LISTENERS else "1 was played most.",
        "title": "Title or name.",
        "credit": "Who is named for it; of an artist what tells him apart.",
        "plays": "How often it was played here.",
        "listeners": people,
    }


def _counted_of_days(kind: Kind, days: int) -> str:
    column = _ROLLED.get(kind)
    if column is None:
        return f"""
WITH heard AS (
    SELECT recording AS id, plays, listeners FROM played WHERE days = {days}
)"""
    return f"""
WITH heard AS (
    SELECT r.{column} AS id, sum(p.plays) AS plays, max(p.listeners) AS listeners
    FROM played p JOIN recording_card r ON r.id = p.recording
    WHERE p.days = {days} GROUP BY ALL
)"""
