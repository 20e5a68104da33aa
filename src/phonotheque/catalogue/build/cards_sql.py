"""Cards of one range of ids: one query for each kind.

Each query is about the subjects `$low` to `$high` and gives the columns of `cards.SCHEMA` but for
`rank` and `score`. `docs/reference/catalogue-snapshot.md` says what each field is made of.
"""

from __future__ import annotations

from collections.abc import Mapping

from phonotheque.catalogue.build.subjects import Subjects

_NOWHERE = "('XW', 'XU', 'ZZ')"
"""Codes that stand where a country's could and name none."""


def year(column: str) -> str:
    """SQL for the year of a partial date."""
    return f"try_cast(left({column}, 4) AS SMALLINT)"


def country(column: str) -> str:
    """SQL for a country's code where there is one: an area may be a name of a place."""
    return (
        f"CASE WHEN length({column}) = 2 AND regexp_matches({column}, '[A-Z]{{2}}') "
        f"AND {column} NOT IN {_NOWHERE} THEN {column} END"
    )


def total(column: str) -> str:
    """SQL for a sum that stays within 64 bits, and unknown where every part is.

    Written out: `least` leaves out nulls.
    """
    known = f"least(sum({column}::DECIMAL(38)), {10**18})::BIGINT"
    return f"CASE WHEN count({column}) > 0 THEN {known} END"


def prepared_artist(subjects: Mapping[str, Subjects]) -> str:
    """What is needed of an artist for every card: `id`, name, country, year, genres ..."""
    artist = subjects["artist"]
    return f"""
        SELECT e.id, e.name AS title, e.disambiguation AS credit, {country("e.area")} AS country,
            {year("e.begin_date")} AS year, g.genres, l.licence, l.is_free, h.listens
        FROM {artist.entities(["name", "disambiguation", "area", "begin_date"])} e
        LEFT JOIN {artist.genres()} g ON g.id = e.id
        LEFT JOIN {artist.licence()} l ON l.id = e.id
        LEFT JOIN {artist.heard()} h ON h.id = e.id
        ORDER BY e.id"""


def prepared_credit() -> str:
    """What is needed of a credit: `id`, its text, the artist named first, with what he is of."""
    return """
        SELECT c.id, coalesce(nullif(c.name, ''), n.composed) AS name, n.artist,
            a.country, a.genres
        FROM (SELECT id, name FROM artist_credit WHERE id BETWEEN $low AND $high) c
        LEFT JOIN (
            SELECT n.artist_credit AS id,
                arg_min(coalesce(w.canonical, n.artist), n.position)
                    FILTER (n.artist IS NOT NULL) AS artist,
                string_agg(coalesce(n.name, '') || coalesce(n.join_phrase, ''), ''
                    ORDER BY n.position) AS composed
            FROM artist_credit_name n LEFT JOIN away_artist w ON w.id = n.artist
            WHERE n.artist_credit BETWEEN $low AND $high GROUP BY 1
        ) n ON n.id = c.id
        LEFT JOIN prepared_artist a ON a.id = n.artist
        ORDER BY c.id"""


def prepared_release(subjects: Mapping[str, Subjects]) -> str:
    """What is needed of a release: `id`, `date` as a number to find the earliest, and its card."""
    release = subjects["release"]
    columns = ["title", "artist_credit", "release_group", "date", "country", "barcode"]
    label = (
        "SELECT subject AS id, min({'e': early, 'n': coalesce(catalog_number, '\U0010ffff'), "
        "'u': label IS NULL, 'l': label}) AS first FROM "
        f"{release.about('release_label', 'release', 'catalog_number, label')} GROUP BY subject"
    )
    return f"""
        SELECT e.id, e.title, e.artist_credit, {country("e.country")} AS country, e.barcode,
            coalesce({year("e.date")}, {year("p.first_release_date")}) AS year,
            coalesce(try_cast(rpad(replace(e.date, '-', ''), 8, '9') AS BIGINT), 99999999) AS date,
            nullif(n.first.n, '\U0010ffff') AS catalog_number, b.name AS label,
            g.genres, l.licence, l.is_free, h.listens
        FROM {release.entities(columns)} e
        LEFT JOIN release_group p ON p.id = e.release_group
        LEFT JOIN ({label}) n ON n.id = e.id
        LEFT JOIN label b ON b.id = n.first.l
        LEFT JOIN {release.genres()} g ON g.id = e.id
        LEFT JOIN {release.licence()} l ON l.id = e.id
        LEFT JOIN {release.heard()} h ON h.id = e.id
        ORDER BY e.id"""


def recording_cards(subjects: Mapping[str, Subjects]) -> str:
    """Cards of recordings."""
    recording = subjects["recording"]
    columns = ["title", "artist_credit", "length", "first_release_date"]
    files = (
        "SELECT subject AS id, bool_or(state = 'held') AS is_held, "
        "bool_or(is_free AND state <> 'removed') AS is_free FROM "
        f"{recording.about('file', 'recording', 'state, is_free')} GROUP BY subject"
    )
    isrc = (
        "SELECT subject AS id, min({'e': early, 'i': isrc}).i AS isrc FROM "
        f"{recording.about('isrc', 'recording', 'isrc')} GROUP BY subject"
    )
    first = (
        "SELECT t.subject AS id, min({'d': r.date, 'i': r.id}).i AS release FROM "
        f"{recording.about('track', 'recording', 'release')} t "
        "LEFT JOIN away_release w ON w.id = t.release "
        "JOIN prepared_release r ON r.id = coalesce(w.canonical, t.release) GROUP BY t.subject"
    )
    return f"""
        SELECT e.id, e.title, coalesce(w.credit, c.name) AS credit, c.artist, r.id AS release,
            r.title AS release_title, e.length,
            coalesce({year("e.first_release_date")}, r.year) AS year,
            coalesce(r.country, c.country) AS country, coalesce(l.licence, r.licence) AS licence,
            coalesce(f.is_held, false) AS is_held,
            coalesce(f.is_free, false) OR coalesce(l.is_free, r.is_free, false) AS is_free,
            coalesce(g.genres, r.genres, c.genres) AS genres, h.listens, i.isrc,
            NULL AS barcode, NULL AS catalog_number, NULL AS label, NULL AS tracks
        FROM {recording.entities(columns)} e
        LEFT JOIN ({first}) t ON t.id = e.id
        LEFT JOIN prepared_release r ON r.id = t.release
        LEFT JOIN prepared_credit c ON c.id = e.artist_credit
        LEFT JOIN printed_credit_recording w ON w.id = e.id
        LEFT JOIN ({isrc}) i ON i.id = e.id
        LEFT JOIN ({files}) f ON f.id = e.id
        LEFT JOIN {recording.licence()} l ON l.id = e.id
        LEFT JOIN {recording.genres()} g ON g.id = e.id
        LEFT JOIN {recording.heard()} h ON h.id = e.id
        WHERE e.title <> '' ORDER BY e.id"""


def release_cards(subjects: Mapping[str, Subjects]) -> str:
    """Cards of releases: held and free as any of their recordings, heard as all together.

    Where nothing is said of the release itself, its licence is the one that all its recordings
    have, its genres are those of the first of them that has any.
    """
    release = subjects["release"]
    tracks = (
        "SELECT t.subject AS id, t.member, coalesce(w.canonical, t.recording) AS recording "
        f"FROM {release.about('track', 'release', 'recording')} t "
        "LEFT JOIN away_recording w ON w.id = t.recording"
    )
    return f"""
        WITH tracks AS ({tracks}),
        counted AS (
            SELECT id, max(tracks)::INTEGER AS tracks
            FROM (SELECT id, member, count(*) AS tracks FROM tracks GROUP BY id, member)
            GROUP BY id),
        rolled AS (
            SELECT t.id, bool_or(d.is_held) AS is_held, bool_or(d.is_free) AS is_free,
                CASE WHEN count(*) = count(d.licence) AND min(d.licence) = max(d.licence)
                    THEN min(d.licence) END AS licence,
                arg_min(d.genres, d.id) FILTER (d.genres IS NOT NULL) AS genres,
                {total("d.listens")} AS listens
            FROM (SELECT DISTINCT id, recording FROM tracks) t
            LEFT JOIN recording_card d ON d.id = t.recording GROUP BY t.id)
        SELECT r.id, r.title, coalesce(w.credit, c.name) AS credit, c.artist,
            NULL AS release, NULL AS release_title,
            NULL AS length, r.year, coalesce(r.country, c.country) AS country,
            coalesce(r.licence, o.licence) AS licence,
            coalesce(o.is_held, false) AS is_held,
            coalesce(r.is_free, o.is_free, false) AS is_free,
            coalesce(r.genres, o.genres, c.genres) AS genres,
            coalesce(r.listens, o.listens) AS listens,
            NULL AS isrc, r.barcode, r.catalog_number, r.label, n.tracks
        FROM (SELECT * FROM prepared_release WHERE id BETWEEN $low AND $high) r
        LEFT JOIN prepared_credit c ON c.id = r.artist_credit
        LEFT JOIN printed_credit_release w ON w.id = r.id
        LEFT JOIN counted n ON n.id = r.id
        LEFT JOIN rolled o ON o.id = r.id
        WHERE r.title <> '' ORDER BY r.id"""


ROLLED_TO_ARTISTS = f"""
    SELECT artist AS id, bool_or(is_held) AS is_held, bool_or(is_free) AS is_free,
        {total("listens")} AS listens
    FROM recording_card WHERE artist IS NOT NULL GROUP BY artist ORDER BY id"""
"""What follows for artists from the recordings that name them first."""

ROLLED_TO_LABELS = f"""
    SELECT b.label AS id, bool_or(d.is_held) AS is_held, bool_or(d.is_free) AS is_free,
        {total("d.listens")} AS listens
    FROM (SELECT DISTINCT coalesce(v.canonical, n.label) AS label,
            coalesce(w.canonical, n.release) AS release
        FROM release_label n LEFT JOIN away_release w ON w.id = n.release
        LEFT JOIN away_label v ON v.id = n.label WHERE n.label IS NOT NULL) b
    JOIN release_card d ON d.id = b.release GROUP BY b.label ORDER BY id"""
"""What follows for labels from the releases they issued."""


def artist_cards() -> str:
    """Cards of artists; `credit` tells them apart."""
    return _of_names("(SELECT * FROM prepared_artist WHERE id BETWEEN $low AND $high)", "artist")


def label_cards(subjects: Mapping[str, Subjects]) -> str:
    """Cards of labels; `credit` tells them apart."""
    label = subjects["label"]
    rows = f"""(
        SELECT e.id, e.name AS title, e.disambiguation AS credit, {country("e.area")} AS country,
            NULL AS year, g.genres, l.licence, l.is_free, h.listens
        FROM {label.entities(["name", "disambiguation", "area"])} e
        LEFT JOIN {label.genres()} g ON g.id = e.id
        LEFT JOIN {label.licence()} l ON l.id = e.id
        LEFT JOIN {label.heard()} h ON h.id = e.id)"""
    return _of_names(rows, "label")


def _of_names(rows: str, kind: str) -> str:
    return f"""
        SELECT e.id, e.title, e.credit, NULL AS artist, NULL AS release, NULL AS release_title,
            NULL AS length, e.year, e.country, e.licence, coalesce(o.is_held, false) AS is_held,
            coalesce(e.is_free, o.is_free, false) AS is_free, e.genres,
            coalesce(e.listens, o.listens) AS listens, NULL AS isrc, NULL AS barcode,
            NULL AS catalog_number, NULL AS label, NULL AS tracks
        FROM {rows} e LEFT JOIN rolled_to_{kind} o ON o.id = e.id
        WHERE e.title <> '' ORDER BY e.id"""
