"""What the index knows of what was published: packs, what is not offered any more, indexes.

Law: rows come in the order of the register.
"""

from __future__ import annotations

import msgspec

from phonotheque.register.events import Pack, Publication, Retirement, Volume
from phonotheque.register.index import Index


def packs(index: Index) -> list[Pack]:
    """All packs ever made."""
    rows = index.db.execute("SELECT body FROM pack ORDER BY seq")
    return [msgspec.json.decode(body, type=Pack) for (body,) in rows]


def retirements(index: Index) -> dict[str, Retirement]:
    """Volumes and packs that are not offered any more, by name."""
    rows = index.db.execute("SELECT name, body FROM retirement ORDER BY seq")
    return {name: msgspec.json.decode(body, type=Retirement) for name, body in rows}


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
    return [msgspec.json.decode(body, type=Volume | Pack) for (body,) in rows]


def last_publication(index: Index) -> Publication | None:
    """The index that was signed last; None when none was."""
    row = index.db.execute("SELECT body FROM publication ORDER BY number DESC LIMIT 1").fetchone()
    return msgspec.json.decode(row[0], type=Publication) if row else None
