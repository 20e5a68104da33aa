"""Charts of releases and of what names them: years, tracks, barcodes, ISRCs, artists."""

from __future__ import annotations

from collections.abc import Callable

from phonotheque.catalogue.charts.values import Axes, Chart, Finding, Form, Rows
from phonotheque.catalogue.charts.words import counted, number, percent, sentence, share

_SECTION = "Releases and identifiers"
_MOST_TRACKS = 40
_MOST_CODES = 20_000_000
"""ISRCs that are looked at, about: sorting out 256 million takes minutes and tells the same."""
FIRST_YEAR = 1877
"""Of the phonograph: earlier years are mistakes, and would press all others together."""


def charts() -> tuple[Chart, ...]:
    """Return the charts of this section."""
    return (_years(), _tracks(), _per_artist(), _per_isrc(), _per_barcode())


def _years() -> Chart:
    def find(rows: Rows) -> Finding | None:
        known = [row for row in rows if row["year"] is not None]
        if not known:
            return None
        best = max(known, key=lambda row: (row["releases"], row["year"]))
        total = sum(row["releases"] for row in known)
        year, releases = best["year"], best["releases"]
        head = f"{year} has more releases than any other year"
        if sum(row["releases"] == releases for row in known) > 1:
            head = f"No year has more releases than {year}"
        title = f"{head}: {number(releases)}, {percent(releases, total)} of all with a year"
        return Finding(title, (year,), [row for row in known if row["year"] >= FIRST_YEAR])

    return Chart(
        name="releases-by-year",
        section=_SECTION,
        reads=("release_card",),
        query="""
SELECT year, count(*) AS releases, count(*) FILTER (is_held) AS held
FROM release_card
GROUP BY year
ORDER BY year NULLS LAST""",
        columns={
            "year": "Year of the release, or of the first of its group. Empty: unknown.",
            "releases": "How many releases.",
            "held": "Of how many this archive holds any recording.",
        },
        how=f"Each release once, in the year in which it was issued; drawn from {FIRST_YEAR} on.",
        form=Form.STEPS,
        axes=Axes("year", "releases", "", "releases"),
        find=find,
        lacking="No source says when its releases were issued.",
    )


def _tracks() -> Chart:
    def find(rows: Rows) -> Finding | None:
        total = sum(row["releases"] for row in rows)
        if not total:
            return None
        singles = sum(row["releases"] for row in rows if row["tracks"] == 1)
        best = max(rows, key=lambda row: (row["releases"], -row["tracks"]))
        title = sentence(
            f"{percent(singles, total)} of releases have one track; "
            f"the most common number is {best['tracks']}"
        )
        shown = [row for row in rows if row["tracks"] <= _MOST_TRACKS]
        return Finding(title, (best["tracks"],), shown)

    return Chart(
        name="tracks-per-release",
        section=_SECTION,
        reads=("release_card",),
        query="""
SELECT tracks, count(*) AS releases
FROM release_card
WHERE tracks > 0
GROUP BY tracks
ORDER BY tracks""",
        columns={"tracks": "How many tracks.", "releases": "How many releases have so many."},
        how=f"Releases whose tracks are known; drawn up to {_MOST_TRACKS} tracks.",
        form=Form.STEPS,
        axes=Axes("tracks", "releases", "tracks", "releases"),
        find=find,
        lacking="No source says which tracks are on its releases.",
    )


def _per_artist() -> Chart:
    def find(rows: Rows) -> Finding | None:
        total = sum(row["artists"] for row in rows)
        if not total:
            return None
        one = sum(row["artists"] for row in rows if row["recordings"] == 1)
        last = rows[-1]
        title = sentence(
            f"{share(one, total, 'artist')} have one recording; "
            f"the most that one of them has is {number(last['recordings'])}"
        )
        return Finding(title, (1,), doubling(rows, "recordings", "artists"))

    return Chart(
        name="recordings-per-artist",
        section=_SECTION,
        reads=("recording_card",),
        query="""
SELECT recordings, count(*) AS artists
FROM (
    SELECT artist, count(*) AS recordings FROM recording_card
    WHERE artist IS NOT NULL GROUP BY artist
)
GROUP BY recordings
ORDER BY recordings""",
        columns={
            "recordings": "How many recordings name the artist first.",
            "artists": "How many artists have so many.",
        },
        how=(
            "An artist has the recordings that name him first. Each bar is twice as wide a range "
            "as the one before: 1, 2 to 3, 4 to 7 and so on."
        ),
        form=Form.NAMED,
        axes=Axes("range", "artists", "", "artists"),
        find=find,
        lacking="No source names artists of its recordings.",
    )


def _per_isrc() -> Chart:
    return Chart(
        name="recordings-per-isrc",
        section=_SECTION,
        reads=("isrc", "canonical"),
        query=f"""
WITH drawn AS (  -- of very many codes one in so many, by a hash that anybody gets again
    SELECT greatest(count(*) // {_MOST_CODES}, 1)::UBIGINT AS one_in FROM isrc
), given AS (
    SELECT DISTINCT i.isrc, coalesce(c.canonical, i.recording) AS recording
    FROM (SELECT * FROM isrc WHERE hash(isrc) % (SELECT one_in FROM drawn) = 0) i
    LEFT JOIN canonical c ON c.entity_type = 'recording' AND c.id = i.recording
)
SELECT recordings, count(*) AS isrcs, any_value(one_in) AS one_in
FROM (SELECT count(*) AS recordings FROM given GROUP BY isrc), drawn
GROUP BY recordings
ORDER BY recordings""",
        columns={
            "recordings": "How many recordings have the code, linked ones counted once.",
            "isrcs": "How many codes, of those that were looked at.",
            "one_in": "One code in so many was looked at; 1: all.",
        },
        how=(
            "Each ISRC once, with the recordings that any source gives it to. Of more than "
            f"{_MOST_CODES:,} codes some are drawn by a hash."
        ),
        form=Form.NAMED,
        axes=Axes("range", "isrcs", "recordings", "codes"),
        find=_shared_by("recordings", "isrcs", "ISRC"),
        lacking="No source gives ISRCs.",
    )


def _per_barcode() -> Chart:
    return Chart(
        name="releases-per-barcode",
        section=_SECTION,
        reads=("release_card",),
        query="""
SELECT releases, count(*) AS barcodes
FROM (
    SELECT barcode, count(*) AS releases FROM release_card
    WHERE barcode <> '' GROUP BY barcode
)
GROUP BY releases
ORDER BY releases""",
        columns={
            "releases": "How many releases have the barcode, linked ones counted once.",
            "barcodes": "How many barcodes.",
        },
        how="Each barcode once, with the releases that have it.",
        form=Form.NAMED,
        axes=Axes("range", "barcodes", "releases", "barcodes"),
        find=_shared_by("releases", "barcodes", "barcode"),
        lacking="No source gives barcodes.",
    )


def _shared_by(number_of: str, codes: str, noun: str) -> Callable[[Rows], Finding | None]:
    def find(rows: Rows) -> Finding | None:
        total = sum(row[codes] for row in rows)
        if not total:
            return None
        shared = sum(row[codes] for row in rows if row[number_of] > 1)
        title = sentence(
            f"{share(shared, total, noun)} {'stands' if shared == 1 else 'stand'} "
            f"for several {number_of}; "
            f"one stands for {number(rows[-1][number_of])}"
        )
        if not shared:
            title = f"Each of {counted(total, noun)} stands for one {number_of.rstrip('s')}"
        return Finding(title, (), doubling(rows, number_of, codes))

    return find


def doubling(rows: Rows, number_of: str, counts: str) -> Rows:
    """Add rows up in ranges of numbers, each twice as wide as the one before, named in words."""
    found: dict[int, int] = {}
    for row in rows:
        least = 1 << (int(row[number_of]).bit_length() - 1)
        found[least] = found.get(least, 0) + int(row[counts])
    return [
        {"range": f"{least:,}" if least == 1 else f"{least:,} to {2 * least - 1:,}", counts: count}
        for least, count in sorted(found.items())
    ]
