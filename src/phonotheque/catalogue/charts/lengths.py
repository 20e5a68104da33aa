"""Charts of how long recordings last: the usual length, to the second, and the very long."""

from __future__ import annotations

from phonotheque.catalogue.charts.values import Axes, Chart, Finding, Form, Row, Rows
from phonotheque.catalogue.charts.words import clock, counted, listed, number, percent, sentence

_SECTION = "Length"
_LACKING = "No source says how long its recordings are."
_MOST_S = 600
_NEAR_S = 6
_PEAK = 1.15
"""A minute is a peak when it has so many times the mean of the seconds around it."""
_FEWEST = 200
"""Recordings around a whole minute below which a peak may be chance."""


def charts() -> tuple[Chart, ...]:
    """Return the charts of this section."""
    return (_lengths(), _long())


def _lengths() -> Chart:
    return Chart(
        name="lengths",
        section=_SECTION,
        reads=("recording_card",),
        query=f"""
SELECT length // 1000 AS seconds, count(*) AS recordings
FROM recording_card
WHERE length > 0 AND length < {_MOST_S * 1000}
GROUP BY seconds
ORDER BY seconds""",
        columns={
            "seconds": "Length in whole seconds, below ten minutes.",
            "recordings": "How many recordings.",
        },
        how=(
            "Recordings of less than ten minutes, by whole seconds. A whole minute is called a "
            f"peak when it has {_PEAK - 1:.0%} more than the seconds around it."
        ),
        form=Form.STEPS,
        axes=Axes("seconds", "recordings", "minutes", "recordings", is_clock=True),
        find=_find_lengths,
        lacking=_LACKING,
    )


def _find_lengths(rows: Rows) -> Finding | None:
    if not rows:
        return None
    by_second = {int(row["seconds"]): int(row["recordings"]) for row in rows}
    peaks = [second for second in range(60, _MOST_S, 60) if _is_peak(by_second, second)]
    half, total, seen = 0, sum(by_second.values()), 0
    for second, count in by_second.items():
        seen += count
        if 2 * seen >= total:
            half = second
            break
    title = f"Half of {counted(total, 'recording')} last less than {clock(half + 1)}"
    if peaks:
        highest = sorted(sorted(peaks, key=lambda one: -by_second[one])[:3])
        words = listed(list(map(clock, highest)))
        return Finding(f"{title}, with peaks at {words}", tuple(highest))
    return Finding(title, (half,))


def _is_peak(by_second: dict[int, int], second: int) -> bool:
    around = [
        by_second.get(one, 0)
        for one in range(second - _NEAR_S, second + _NEAR_S + 1)
        if one != second
    ]
    # Players round up and down: a length of a minute may stand a second below it.
    return sum(around) >= _FEWEST and by_second.get(second, 0) > _PEAK * sum(around) / len(around)


_LEAST_MINUTES = (0, 10, 20, 30, 60, 120, 360, 1440)
_WORDS = {
    0: "below 10 min", 10: "10 to 20 min", 20: "20 to 30 min", 30: "30 to 60 min",
    60: "1 to 2 h", 120: "2 to 6 h", 360: "6 to 24 h", 1440: "a day and more",
}  # fmt: skip
_HOUR = 60


def _long() -> Chart:
    words = ", ".join(f"({least}, '{_WORDS[least]}')" for least in _LEAST_MINUTES)
    return Chart(
        name="very-long",
        section=_SECTION,
        reads=("recording_card",),
        query=f"""
WITH ranges (least_minutes, words) AS (VALUES {words}),
minutes AS (
    SELECT length // 60000 AS minutes, count(*) AS recordings
    FROM recording_card WHERE length > 0 GROUP BY minutes
)
SELECT least_minutes, words, sum(recordings) AS recordings
FROM minutes ASOF JOIN ranges ON minutes >= least_minutes
GROUP BY least_minutes, words
ORDER BY least_minutes""",
        columns={
            "least_minutes": "The shortest length in the range, in minutes.",
            "words": "The range in words.",
            "recordings": "How many recordings.",
        },
        how="Recordings of ten minutes and more, by how long they are.",
        form=Form.NAMED,
        axes=Axes("words", "recordings", "", "recordings"),
        find=_find_long,
        lacking=_LACKING,
    )


def _find_long(rows: Rows) -> Finding | None:
    known = sum(row["recordings"] for row in rows)
    long: list[Row] = [row for row in rows if row["least_minutes"] > 0]
    if not long:
        return None
    hours = sum(row["recordings"] for row in long if row["least_minutes"] >= _HOUR)
    title = sentence(
        f"{percent(sum(row['recordings'] for row in long), known)} of recordings last ten "
        f"minutes or more, {number(hours)} of them an hour or more"
    )
    return Finding(title, (), long)
