"""Who may be linked with whom: one query for each reason, over tables of any size.

Laws: a link between sources joins rows of two different ones; an identifier links where it names
one row in each source; of those that are alike by texts only nearest neighbours are linked, each
with one row of each other source. So links between two sources pair their rows, and the largest
group of links is no larger than the smaller source.

Every query gives `one`, `other` (the lower id first), `reason`.
"""

from __future__ import annotations

from phonotheque.catalogue.identity.reasons import LENGTH_TOLERANCE_MS, MOST_ALIKE, Reason

_MBID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NUMBER_KEY = "nullif(regexp_replace(upper({0}), '[^A-Z0-9]', '', 'g'), '')"


def _paired(rows: str, reason: Reason) -> str:
    """Pairs from `rows` (source, entity, value) where a value names one entity in each source."""
    return f"""
        WITH known AS (
            SELECT source, value, min(entity) AS entity FROM ({rows})
            WHERE value IS NOT NULL GROUP BY source, value HAVING count(DISTINCT entity) = 1)
        SELECT DISTINCT least(a.entity, b.entity) AS one, greatest(a.entity, b.entity) AS other,
            '{reason}' AS reason
        FROM known a JOIN known b ON a.value = b.value AND a.source < b.source"""


def by_mbid(kind: str) -> str:
    """The same MBID, or one that redirects to it."""
    rows = (
        f"SELECT e.source, e.id AS entity, coalesce(t.final, e.mbid) AS value FROM {kind} e "
        f"LEFT JOIN final_target t ON t.old = e.mbid AND t.entity_type = '{kind}' "
        "WHERE e.mbid IS NOT NULL"
    )
    # Within a source two rows may redirect to one: each of them is linked with the other source's.
    return f"""
        WITH known AS ({rows})
        SELECT DISTINCT least(a.entity, b.entity) AS one, greatest(a.entity, b.entity) AS other,
            '{Reason.MBID}' AS reason
        FROM known a JOIN known b ON a.value = b.value AND a.source < b.source"""


def by_claimed_mbid(kind: str) -> str:
    """An MBID that a row claims as an identifier of somebody else, because another has it already.

    So it is in an archive that holds one recording twice, as FLAC and as MP3: both are tagged with
    one MBID. Therefore it joins within a source, too.
    """
    return f"""
        SELECT DISTINCT least(x.entity, e.id) AS one, greatest(x.entity, e.id) AS other,
            '{Reason.CLAIMED_MBID}' AS reason
        FROM (
            SELECT entity, unhex(replace(value, '-', '')) AS mbid FROM external_id
            WHERE entity_type = '{kind}' AND scheme = 'musicbrainz'
                AND regexp_full_match(value, '{_MBID}')
        ) x JOIN {kind} e ON e.mbid = x.mbid AND e.id <> x.entity"""


def by_external_id(kind: str) -> str:
    """The same identifier of somebody else."""
    return _paired(
        "SELECT source, entity, scheme || ' ' || value AS value FROM external_id "
        f"WHERE entity_type = '{kind}'",
        Reason.EXTERNAL_ID,
    )


def by_barcode_and_number() -> str:
    """Releases with the same barcode and the same catalogue number."""
    return _paired(
        "SELECT r.source, r.id AS entity, r.barcode || ' ' || "
        f"{_NUMBER_KEY.format('n.catalog_number')} AS value FROM release r "
        "JOIN release_label n ON n.release = r.id WHERE r.barcode IS NOT NULL",
        Reason.BARCODE_AND_NUMBER,
    )


def by_barcode_and_title() -> str:
    """Releases with the same barcode and title."""
    return _paired(
        "SELECT r.source, r.id AS entity, r.barcode || ' ' || k.key AS value FROM release r "
        "JOIN release_title k ON k.text = r.title WHERE r.barcode IS NOT NULL",
        Reason.BARCODE_AND_TITLE,
    )


def by_name(kind: str) -> str:
    """Names that one row in each source has. Says little: there are namesakes."""
    return _paired(
        f"SELECT e.source, e.id AS entity, k.key AS value FROM {kind} e "
        f"JOIN {kind}_name k ON k.text = e.name",
        Reason.NAME,
    )


def _nearest(pairs: str, reason: str) -> str:
    """Of `pairs` (one, other, their sources, how far apart) those nearest to each other."""
    return f"""
        SELECT least(one, other) AS one, greatest(one, other) AS other, {reason} AS reason FROM (
            SELECT *,
                row_number() OVER (PARTITION BY one, other_source ORDER BY apart, other) AS mine,
                row_number() OVER (PARTITION BY other, one_source ORDER BY apart, one) AS theirs
            FROM ({pairs}))
        WHERE mine = 1 AND theirs = 1"""


def by_isrc() -> str:
    """Recordings with the same ISRC, title key and length."""
    return _nearest(
        f"""
        SELECT DISTINCT a.recording AS one, b.recording AS other, a.source AS one_source,
            b.source AS other_source, abs(a.length - b.length) AS apart
        FROM coded a JOIN coded b ON a.isrc = b.isrc AND a.source < b.source AND a.key = b.key
            AND abs(a.length - b.length) <= {LENGTH_TOLERANCE_MS}""",
        f"'{Reason.ISRC}'",
    )


CODED = f"""
    SELECT i.isrc, i.recording, r.source, r.length, k.key FROM isrc i
    JOIN (SELECT isrc FROM (SELECT isrc, source, count(*) AS rows FROM isrc GROUP BY ALL)
        GROUP BY isrc HAVING count(*) > 1 AND max(rows) <= {MOST_ALIKE}) s ON s.isrc = i.isrc
    JOIN recording r ON r.id = i.recording
    JOIN recording_title k ON k.text = r.title"""
"""Recordings with an ISRC that several sources have."""

TITLES_OF_CODED = """
    SELECT r.title AS text FROM isrc i
    JOIN (SELECT isrc FROM isrc GROUP BY isrc HAVING count(DISTINCT source) > 1) s
        ON s.isrc = i.isrc
    JOIN recording r ON r.id = i.recording"""
"""Their titles."""


def credited(kind: str) -> str:
    """Rows of a kind by somebody whose name several sources have: source, id, title, credit."""
    more = ", e.length" if kind == "recording" else ", NULL::INTEGER AS length"
    return f"""
        SELECT e.source, e.id, e.title, c.key AS credit{more} FROM {kind} e
        JOIN artist_credit w ON w.id = e.artist_credit
        JOIN shared_credit c ON c.text = w.name"""


SHARED_CREDITS = """
    SELECT text, key FROM credit_name WHERE key IN (
        SELECT k.key FROM artist_credit c JOIN credit_name k ON k.text = c.name
        GROUP BY k.key HAVING count(DISTINCT c.source) > 1)"""
"""Credits that several sources have."""


def _alike(kind: str) -> str:
    """Rows that share credit and title key with another source, unless too many do."""
    return f"""
        SELECT c.source, c.id, c.length, hash(c.credit, k.key) AS alike, c.credit, k.key
        FROM credited_{kind} c JOIN {kind}_title k ON k.text = c.title"""


def by_title(kind: str, amount: str, tolerance: int, sure: Reason, *, has_unsure: bool) -> str:
    """Same title key and credit, and an amount (a length, a number of tracks) that is near.

    Where an amount is not known and each source has one such row only, that is said with
    `Reason.TITLE`.
    """
    unsure = f"OR (a.{amount} IS NULL OR b.{amount} IS NULL) AND a.rows = 1 AND b.rows = 1"
    return _nearest(
        f"""
        SELECT a.id AS one, b.id AS other, a.source AS one_source, b.source AS other_source,
            coalesce(abs(a.{amount} - b.{amount}), {10**9}) AS apart
        FROM alike_{kind} a JOIN alike_{kind} b ON a.alike = b.alike AND a.source < b.source
            AND a.credit = b.credit AND a.key = b.key
            AND (abs(a.{amount} - b.{amount}) <= {tolerance} {unsure if has_unsure else ""})""",
        f"CASE WHEN apart < {10**9} THEN '{sure}' ELSE '{Reason.TITLE}' END",
    )


def alike(kind: str) -> str:
    """What `by_title` is asked of: rows of titles that are few enough in each source."""
    return f"""
        SELECT a.*, count(*) OVER (PARTITION BY alike, source) AS rows
        FROM ({_alike(kind)}) a
        QUALIFY rows <= {MOST_ALIKE}"""


SOUNDS = f"""
    SELECT least(one, other) AS one, greatest(one, other) AS other,
        CASE likeness WHEN 'same' THEN '{Reason.SAME_SOUND}'
            WHEN 'likely' THEN '{Reason.LIKELY_SOUND}' ELSE '{Reason.RELATED_SOUND}' END AS reason
    FROM likeness WHERE one <> other"""
"""Recordings of one source whose fingerprints are alike."""


def by_joined(kind: str) -> str:
    """Artists of linked recordings, or labels of linked releases, with the same name.

    Evidence beside the name: the same recording is by them, the same release was issued by them.
    """
    if kind == "artist":
        below, reason = "recording", Reason.NAME_AND_RECORDING
        link = (
            "SELECT r.id AS below, n.artist AS entity FROM recording r JOIN artist_credit_name n "
            "ON n.artist_credit = r.artist_credit WHERE n.artist IS NOT NULL"
        )
    else:
        below, reason = "release", Reason.NAME_AND_RELEASE
        link = "SELECT release AS below, label AS entity FROM release_label WHERE label IS NOT NULL"
    return _nearest(
        f"""
        SELECT x.entity AS one, y.entity AS other, a.source AS one_source,
            b.source AS other_source, -count(*) AS apart
        FROM link l JOIN ({link}) x ON x.below = l.one JOIN ({link}) y ON y.below = l.other
        JOIN {kind} a ON a.id = x.entity JOIN {kind} b ON b.id = y.entity
        JOIN {kind}_name k ON k.text = a.name JOIN {kind}_name q ON q.text = b.name
        WHERE l.entity_type = '{below}' AND l.is_joined AND k.key = q.key AND a.source <> b.source
        GROUP BY ALL""",
        f"'{reason}'",
    )
