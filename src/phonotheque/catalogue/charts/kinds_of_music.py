"""Charts of what is said about recordings: genre, country, licence, explicit words."""

from __future__ import annotations

from collections.abc import Sequence

from phonotheque.catalogue.charts.values import Axes, Chart, Finding, Form, Row, Rows
from phonotheque.catalogue.charts.words import (
    counted,
    licence_name,
    listed,
    number,
    percent,
    sentence,
    share,
)

_SECTION = "What they are"
_DRAWN = 20


def charts() -> tuple[Chart, ...]:
    """Return the charts of this section."""
    return (_genres(), _countries(), _licences(), _explicit())


def _most(rows: Rows, name: str, count: str = "recordings") -> list[Row]:
    """The first rows, and all others as one."""
    rest = rows[_DRAWN:]
    if len(rest) < 2:
        return list(rows)
    others = {name: f"{len(rest):,} others", count: sum(row[count] for row in rest)}
    return [*rows[:_DRAWN], others]


def _genres() -> Chart:
    def find(rows: Rows) -> Finding | None:
        named = [row for row in rows if row["genre"] is not None]
        if not named:
            return None
        # Shares add up to more than all: one recording may have several.
        title = (
            f"{named[0]['genre'].capitalize()} is the most common genre: "
            f"{number(named[0]['recordings'])} recordings, {percent(named[0]['share'], 1)} of all"
        )
        return Finding(title, (named[0]["genre"],), _most(named, "genre"))

    return Chart(
        name="genres",
        section=_SECTION,
        reads=("recording_card",),
        query="""
WITH named AS (
    SELECT unnest(CASE WHEN len(genres) > 0 THEN genres ELSE [NULL] END) AS genre
    FROM recording_card
)
SELECT genre, count(*) AS recordings,
    count(*) / (SELECT count(*) FROM recording_card) AS share
FROM named
GROUP BY genre
ORDER BY recordings DESC, genre""",
        columns={
            "genre": "Genre or style, in lower case. Empty: none is known.",
            "recordings": "How many recordings have it. One may have up to eight.",
            "share": "The same as a share of all recordings.",
        },
        how=(
            "Genres and styles that sources gave; one recording may have up to eight, so shares "
            "add up to more than all."
        ),
        form=Form.NAMED,
        axes=Axes("genre", "recordings", "", "recordings"),
        find=find,
        lacking="No source names genres.",
    )


def _countries() -> Chart:
    def find(rows: Rows) -> Finding | None:
        known = [row for row in rows if row["country"] is not None]
        if not known:
            return None
        most = [r["country"] for r in known if r["recordings"] == known[0]["recordings"]]
        return Finding(_where_most_are_from(known, most), tuple(most), _most(known, "country"))

    return Chart(
        name="countries",
        section=_SECTION,
        reads=("recording_card",),
        query="""
SELECT country, count(*) AS recordings, sum(listens) AS listens
FROM recording_card
GROUP BY country
ORDER BY recordings DESC, country""",
        columns={
            "country": "ISO 3166-1 code. Empty: unknown.",
            "recordings": "How many recordings.",
            "listens": "How often they were heard, where that is known.",
        },
        how="The country of the first release, else that of the artist, as ISO 3166-1 codes.",
        form=Form.NAMED,
        axes=Axes("country", "recordings", "", "recordings"),
        find=find,
        lacking="No source says which country its releases or artists are from.",
    )


_NAMED_TIES = 4


def _where_most_are_from(known: Sequence[Row], most: list[str]) -> str:
    """Say which country most are from, and which others as many.

    Args:
        known: Rows whose country is known, the most recordings first.
        most: Countries of those that have as many as the first.
    """
    best, total = known[0]["recordings"], sum(row["recordings"] for row in known)
    are = "is" if best == 1 else "are"
    if len(known) == 1:
        all_of = "The one recording" if total == 1 else f"All {counted(total, 'recording')}"
        return f"{all_of} whose country is known {are} from {most[0]}"
    first, *others = most
    told = listed(others) if len(most) <= _NAMED_TIES else f"{len(others)} others"
    ties = f", as many from {told}" if others else ""
    title = f"{share(best, total, 'recording')} whose country is known {are} from {first}{ties}"
    return sentence(f"{title}; {counted(len(known), 'code')} occur")


def _licences() -> Chart:
    def find(rows: Rows) -> Finding | None:
        if not any(row["licence"] for row in rows):
            return None
        total = sum(row["recordings"] for row in rows)
        free = sum(row["free"] for row in rows)
        title = sentence(f"{share(free, total, 'recording')} may be copied unchanged by everybody")
        shown = [{**row, "licence": licence_name(row["licence"])} for row in rows]
        return Finding(title, (), _most(shown, "licence"))

    return Chart(
        name="licences",
        section=_SECTION,
        reads=("recording_card",),
        query="""
SELECT licence, count(*) AS recordings, count(*) FILTER (is_free) AS free
FROM recording_card
GROUP BY licence
ORDER BY recordings DESC, licence""",
        columns={
            "licence": "Address of the licence. Empty: unknown, or not understood.",
            "recordings": "How many recordings.",
            "free": "How many of them everybody may copy unchanged.",
        },
        how="The licence of the recording, else that of its first release.",
        form=Form.NAMED,
        axes=Axes("licence", "recordings", "", "recordings"),
        find=find,
        lacking="No source says under which licence its recordings are.",
    )


def _explicit() -> Chart:
    def find(rows: Rows) -> Finding | None:
        counts = {row["explicit"]: row["recordings"] for row in rows}
        known = counts.get(True, 0) + counts.get(False, 0)
        if not known:
            return None
        title = sentence(
            f"{percent(counts.get(True, 0), known)} of the {number(known)} recordings about which "
            "a source says so have explicit words"
        )
        words = {True: "explicit", False: "not explicit", None: "nobody says"}
        shown = [{"words": words[row["explicit"]], **row} for row in rows]
        return Finding(title, ("explicit",), shown)

    return Chart(
        name="explicit",
        section=_SECTION,
        reads=("recording", "canonical"),
        query="""
SELECT explicit, count(*) AS recordings
FROM recording
WHERE id NOT IN (SELECT id FROM canonical WHERE entity_type = 'recording')
GROUP BY explicit
ORDER BY explicit DESC NULLS LAST""",
        columns={
            "explicit": "Whether its words are marked as explicit. Empty: nobody says.",
            "recordings": "How many recordings, linked ones counted once.",
        },
        how="Of linked recordings the one that speaks for the others counts.",
        form=Form.NAMED,
        axes=Axes("words", "recordings", "", "recordings"),
        find=find,
        lacking="No source marks explicit words.",
    )
