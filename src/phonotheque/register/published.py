"""What the index knows of what was published: packs, what is not offered any more, indexes.

And which volumes hold what may have to leave them.

Law: rows come in the order of the register.
"""

from __future__ import annotations

from collections.abc import Mapping

from phonotheque.music.digest import Sha256
from phonotheque.register.events import Pack, Publication, Retirement, Volume
from phonotheque.register.index import Index
from phonotheque.register.rows import decode_row


def packs(index: Index) -> list[Pack]:
    """All packs ever made."""
    rows = index.db.execute("SELECT body FROM pack ORDER BY seq")
    return [decode_row(body, Pack) for (body,) in rows]


def packed_at(index: Index) -> dict[str, int]:
    """Number of the line that recorded each pack, by name."""
    return dict(index.db.execute("SELECT name, seq FROM pack"))


def retirements(index: Index) -> dict[str, Retirement]:
    """Volumes and packs that are not offered any more, by name."""
    rows = index.db.execute("SELECT name, body FROM retirement ORDER BY seq")
    return {name: decode_row(body, Retirement) for name, body in rows}


def heir_of(name: str, retired: Mapping[str, Retirement]) -> str:
    """Name of what stands for a volume or pack now: itself, or what took its place in the end.

    Args:
        name: Its name.
        retired: What is not offered any more, by name.

    Returns:
        "" when nothing took its place.
    """
    while name in retired:  # a volume is retired before its heir is recorded: there is no ring
        name = retired[name].superseded_by
    return name


def retired_since(index: Index, seq: int) -> list[str]:
    """Names of volumes and packs that this line of the register or a later one retires."""
    query = "SELECT name FROM retirement WHERE seq >= ? ORDER BY seq"
    return [name for (name,) in index.db.execute(query, (seq,))]


def added_at(index: Index) -> dict[str, str]:
    """When each volume and pack was recorded, by name."""
    query = "SELECT name, at FROM volume UNION ALL SELECT name, at FROM pack"
    return dict(index.db.execute(query))


def offered(index: Index) -> list[Volume | Pack]:
    """Volumes and packs that are offered now, in the order they were recorded."""
    rows = index.db.execute(
        """SELECT body FROM (SELECT * FROM volume UNION ALL SELECT * FROM pack)
           WHERE name NOT IN (SELECT name FROM retirement) ORDER BY seq"""
    )
    return [decode_row(body, Volume | Pack) for (body,) in rows]


def sealed(index: Index) -> list[tuple[Volume | Pack, str]]:
    """Every volume and pack ever recorded, each with the instant of its line, in order."""
    rows = index.db.execute(
        "SELECT body, at FROM (SELECT * FROM volume UNION ALL SELECT * FROM pack) ORDER BY seq"
    )
    return [(decode_row(body, Volume | Pack), at) for body, at in rows]


def index_digests(index: Index) -> dict[int, str]:
    """The SHA-256 of every index that was signed, by its number."""
    rows = index.db.execute("SELECT body FROM publication ORDER BY number")
    events = (decode_row(body, Publication) for (body,) in rows)
    return {event.number: event.index for event in events}


def is_retired(index: Index, name: str) -> bool:
    """Whether a volume or pack of this name is not offered any more."""
    query = "SELECT 1 FROM retirement WHERE name = ?"
    return index.db.execute(query, (name,)).fetchone() is not None


def offered_one(index: Index, name: str) -> Volume | Pack | None:
    """The volume or pack of this name, if it is offered now."""
    row = index.db.execute(
        """SELECT body FROM volume WHERE name = ?1
           UNION ALL SELECT body FROM pack WHERE name = ?1""",
        (name,),
    ).fetchone()
    if row is None or is_retired(index, name):
        return None
    return decode_row(row[0], Volume | Pack)


def last_publication(index: Index) -> Publication | None:
    """The index that was signed last; None when none was."""
    row = index.db.execute("SELECT body FROM publication ORDER BY number DESC LIMIT 1").fetchone()
    return decode_row(row[0], Publication) if row else None


def proven_at(index: Index, volume: str) -> str:
    """When the recordings of a volume were last proven by sealing.

    A volume that takes the place of others is made without reading a recording: what is in it was
    proven when those were sealed, the oldest of them first.
    """
    query = """SELECT name FROM retirement
               WHERE json_extract(CAST(body AS TEXT), '$.superseded_by') = ?"""
    before = [name for (name,) in index.db.execute(query, (volume,))]
    if before:
        return min(proven_at(index, name) for name in before)
    row = index.db.execute("SELECT at FROM volume WHERE name = ?", (volume,)).fetchone()
    return row[0] if row else ""


def restated_since_sealed(index: Index) -> list[tuple[str, Sha256]]:
    """Volumes and objects in them about which something was stated after they were sealed."""
    rows = index.db.execute(
        """SELECT DISTINCT v.name, o.sha256
           FROM object AS o JOIN volume AS v ON v.name = o.volume
           JOIN statement AS s ON s.sha256 = o.sha256 AND s.seq > v.seq"""
    )
    return [(name, Sha256(sha256)) for name, sha256 in rows]


def removed_from_volumes(index: Index) -> list[tuple[str, Sha256]]:
    """Volumes and removed objects that are in them still."""
    rows = index.db.execute(
        """SELECT volume, sha256 FROM object WHERE condition = 'removed'
           AND role IN ('recording', 'companion') AND volume IS NOT NULL"""
    )
    return [(name, Sha256(sha256)) for name, sha256 in rows]


def sealed_on_claims(index: Index) -> list[tuple[str, Sha256]]:
    """Volumes with a recording that nothing but tags in files speaks for, and one of these."""
    rows = index.db.execute(
        """SELECT volume, min(sha256) FROM object AS o WHERE volume IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM statement AS s WHERE s.sha256 = o.sha256
               AND json_extract(CAST(s.body AS TEXT), '$.basis') != 'claim'
           ) GROUP BY volume"""
    )
    return [(name, Sha256(sha256)) for name, sha256 in rows]
