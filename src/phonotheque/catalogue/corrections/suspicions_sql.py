"""Questions that `suspecting` asks of a snapshot, in SQL.

Each gives `kind`, `id`, `title`, `listens`, `field`, `value`, `other`, `other_id`. Names are those
of `build.subjects.open_tables`, with `<kind>_card` for the cards and `settled_pair` (kind, id,
other_id), both ways, for what was decided.
"""

from __future__ import annotations

from datetime import date

import duckdb

Connection = duckdb.DuckDBPyConnection

MOST_OF_ONE_ISRC = 20
"""An ISRC on more recordings than this is a filler, as `XX0000000000`: told once, by its first."""

FIRST_SOUND = 1857
"""Year of the phonautograph: nothing was recorded before."""

LENGTH_APART_MS = 10_000
LENGTH_APART_SHARE = 0.1
LENGTH_APART_AT_LEAST_MS = 3_000
"""Lengths are told that lie further apart than the first, or than the share and the last."""

MOST_NAMESAKES = 5
"""Artists of one name that are compared with others, the most popular: of those that nothing tells
apart, and of those that something does. One of whom something was decided does not count: as long
as a pair of a name is open, one is told."""

_SHARED = """
    SELECT DISTINCT i.isrc, coalesce(w.canonical, i.recording) AS id
    FROM isrc i LEFT JOIN away_recording w ON w.id = i.recording WHERE i.isrc IS NOT NULL"""

_OF_SHARED = f"""
    SELECT s.isrc, s.id, c.rank, c.title, c.credit, c.length, c.listens
    FROM ({_SHARED}) s JOIN recording_card c ON c.id = s.id
    WHERE s.isrc IN (SELECT isrc FROM ({_SHARED}) GROUP BY isrc HAVING count(*) > 1)"""

TITLES_OF_SHARED_ISRCS = f"SELECT title AS text FROM ({_OF_SHARED})"
"""Titles that are compared by their keys."""

ISRCS = f"""
    WITH ranked AS (
        SELECT r.*, k.key, row_number() OVER (PARTITION BY isrc ORDER BY rank) AS place
        FROM ({_OF_SHARED}) r JOIN title_of k ON k.text = r.title)
    SELECT 'recording' AS kind, b.id, b.title, a.listens, 'isrcs' AS field, b.isrc AS value,
        a.title || coalesce(' by ' || a.credit, '') AS other, a.id AS other_id
    FROM ranked a JOIN ranked b ON a.isrc = b.isrc AND a.place = 1 AND b.place > 1
    WHERE b.place <= {MOST_OF_ONE_ISRC} AND a.key <> b.key
        AND (a.length IS NULL OR b.length IS NULL
            OR abs(a.length - b.length) > {LENGTH_APART_AT_LEAST_MS})"""
"""Recordings that share an ISRC with a more popular one that is another song: neither its title
nor its length is the same."""

_LENGTHS = """
    SELECT coalesce(w.canonical, e.id) AS id, e.length FROM recording e
    LEFT JOIN away_recording w ON w.id = e.id WHERE e.length > 0
    UNION ALL
    SELECT coalesce(w.canonical, t.recording), t.length FROM track t
    LEFT JOIN away_recording w ON w.id = t.recording WHERE t.length > 0"""

LENGTHS = f"""
    SELECT 'recording' AS kind, c.id, c.title, c.listens, 'length' AS field,
        c.length || ' ms' AS value, m.other || ' ms' AS other, NULL::BIGINT AS other_id
    FROM (
        SELECT c.id, arg_max(l.length, (abs(l.length - c.length), l.length)) AS other
        FROM ({_LENGTHS}) l JOIN recording_card c ON c.id = l.id GROUP BY c.id
    ) m JOIN recording_card c ON c.id = m.id
    WHERE abs(m.other - c.length) > {LENGTH_APART_MS}
        OR abs(m.other - c.length) > {LENGTH_APART_AT_LEAST_MS}
            AND abs(m.other - c.length) > {LENGTH_APART_SHARE} * greatest(m.other, c.length)"""
"""Recordings of which a source or a track says another length: that which is furthest."""

NAMES = "SELECT title AS text FROM artist_card"
"""Names that are compared."""

_NAMED = f"""
    SELECT c.id, c.rank, c.title, c.listens, c.credit IS NULL AS is_bare,
        replace(k.key, ' ', '') AS letters
    FROM artist_card c JOIN name_of k ON k.text = c.title
    LEFT JOIN (SELECT DISTINCT id AS decided FROM settled_pair WHERE kind = 'artist') s
        ON s.decided = c.id
    QUALIFY count(*) FILTER (WHERE s.decided IS NULL)
        OVER (PARTITION BY letters, is_bare ORDER BY rank) <= {MOST_NAMESAKES}"""

TWINS = f"""
    WITH named AS MATERIALIZED ({_NAMED}),
    pair AS (SELECT one, other FROM near_name
        UNION ALL SELECT letters, letters FROM named GROUP BY letters HAVING count(*) > 1)
    SELECT 'artist' AS kind, first.id, first.title, first.listens, 'name' AS field,
        first.title AS value, second.title AS other, second.id AS other_id
    FROM (SELECT CASE WHEN a.rank < b.rank THEN a ELSE b END AS first,
            CASE WHEN a.rank < b.rank THEN b ELSE a END AS second
        FROM pair p JOIN named a ON a.letters = p.one JOIN named b ON b.letters = p.other
        WHERE (a.is_bare OR b.is_bare) AND (p.one <> p.other OR a.id < b.id))"""
"""Artists with nearly one name that nothing tells apart; the more popular first."""


def dates(on: date) -> str:
    """Dates that cannot be: none at all, in the future, before sound was recorded, an end before
    its beginning.

    Args:
        on: Today.
    """
    queries = [
        _bad_dates(kind, field, on, since)
        for kind, field, since in (
            ("recording", "first_release_date", FIRST_SOUND),
            ("release", "date", FIRST_SOUND),
            ("artist", "begin_date", 0),
            ("artist", "end_date", 0),
        )
    ]
    return " UNION ALL ".join([*queries, _ENDS_FIRST])


def _bad_dates(kind: str, field: str, on: date, since: int) -> str:
    text = f'e."{field}"'
    padded = f"({text} || CASE length({text}) WHEN 4 THEN '-01-01' WHEN 7 THEN '-01' ELSE '' END)"
    return f"""
    SELECT '{kind}' AS kind, c.id, c.title, c.listens, '{field}' AS field, {text} AS value,
        CASE WHEN try_cast({padded} AS DATE) IS NULL THEN 'no such date'
            WHEN {padded} > '{on.isoformat()}' THEN 'in the future'
            ELSE 'before {since}, when nothing was recorded yet' END AS other,
        NULL::BIGINT AS other_id
    FROM {kind} e LEFT JOIN away_{kind} w ON w.id = e.id
    JOIN {kind}_card c ON c.id = coalesce(w.canonical, e.id)
    WHERE {text} <> '' AND (try_cast({padded} AS DATE) IS NULL
        OR {padded} > '{on.isoformat()}' OR left({text}, 4) < '{since:04}')"""


_ENDS_FIRST = """
    SELECT 'artist' AS kind, c.id, c.title, c.listens, 'end_date' AS field, e.end_date AS value,
        'before its beginning in ' || e.begin_date AS other, NULL::BIGINT AS other_id
    FROM artist e LEFT JOIN away_artist w ON w.id = e.id
    JOIN artist_card c ON c.id = coalesce(w.canonical, e.id)
    WHERE e.end_date <> '' AND e.begin_date <> '' AND left(e.end_date, length(e.begin_date))
        < left(e.begin_date, length(e.end_date))"""
