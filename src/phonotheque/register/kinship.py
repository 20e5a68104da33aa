"""What the index knows of objects that are alike: in bytes, in payload, by fingerprint.

Law: rows come in the order in which their objects were taken in, so that what is shown of them
does not change from one asking to the next.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonotheque.music.digest import Sha256
from phonotheque.register.events import Link
from phonotheque.register.index import Index
from phonotheque.register.rows import decode_row


def links(index: Index) -> list[Link]:
    """Every link between recordings that are still held."""
    rows = index.db.execute(
        """SELECT link.body FROM link
           JOIN object AS a ON a.sha256 = link.one JOIN object AS b ON b.sha256 = link.other
           WHERE a.condition != 'removed' AND b.condition != 'removed'
           ORDER BY link.seq, link.other"""
    )
    return [decode_row(body, Link) for (body,) in rows]


def payload_twins(index: Index) -> list[tuple[Sha256, ...]]:
    """Groups of objects whose coded packets are alike although their files are not."""
    rows = index.db.execute(
        """SELECT payload, sha256 FROM object WHERE condition != 'removed' AND payload IN (
               SELECT payload FROM object WHERE payload IS NOT NULL AND condition != 'removed'
               GROUP BY payload HAVING count(*) > 1)
           ORDER BY payload, first_seq, sha256"""
    )
    groups: dict[bytes, list[Sha256]] = {}
    for payload, name in rows:
        groups.setdefault(payload, []).append(Sha256(name))
    return [tuple(names) for names in groups.values()]


def same_sound(index: Index, sha256: Sha256) -> set[Sha256]:
    """Recordings that are linked with this one as the same sound, held or not."""
    rows = index.db.execute(
        """SELECT one, other FROM link WHERE (one = ?1 OR other = ?1)
           AND json_extract(CAST(body AS TEXT), '$.likeness') = 'same'""",
        (sha256.raw,),
    )
    return {Sha256(name) for pair in rows for name in pair} - {sha256}


def access_copies(index: Index, sha256: Sha256) -> list[Sha256]:
    """Return the names of the access copies that were made of a recording, held or not."""
    query = "SELECT sha256 FROM access_copy WHERE parent = ? ORDER BY sha256"
    return [Sha256(name) for (name,) in index.db.execute(query, (sha256.raw,))]


def original_of(index: Index, sha256: Sha256) -> Sha256:
    """Return the recording that an access copy was made of, or the object itself."""
    query = "SELECT parent FROM access_copy WHERE sha256 = ?"
    row = index.db.execute(query, (sha256.raw,)).fetchone()
    return Sha256(row[0]) if row else sha256


def taken_in_often(index: Index) -> list[Sha256]:
    """Recordings whose very bytes came in from more than one place."""
    rows = index.db.execute(
        """SELECT sha256 FROM accession WHERE role = 'recording'
           GROUP BY sha256 HAVING count(DISTINCT path) > 1 ORDER BY min(seq)"""
    )
    return [Sha256(name) for (name,) in rows]


def fingerprints_after(index: Index, number: int) -> Iterator[tuple[int, Sha256, bytes]]:
    """Numbers, names and encoded fingerprints of objects numbered above `number`, in order."""
    rows = index.db.execute(
        """SELECT number, sha256, fingerprint FROM curves
           WHERE number > ? AND fingerprint != x'' ORDER BY number""",
        (number,),
    )
    return ((found, Sha256(name), fingerprint) for found, name, fingerprint in rows)


def fingerprints_of(index: Index, numbers: list[int]) -> dict[int, tuple[Sha256, bytes]]:
    """Names and encoded fingerprints of objects by their numbers; unknown numbers are left out."""
    marks = ", ".join("?" * len(numbers))
    rows = index.db.execute(
        f"SELECT number, sha256, fingerprint FROM curves WHERE number IN ({marks})", numbers
    )
    return {number: (Sha256(name), fingerprint) for number, name, fingerprint in rows}


def last_number(index: Index) -> int:
    """The highest number an object has; 0 when none has one."""
    row = index.db.execute("SELECT max(number) FROM curves").fetchone()
    return row[0] or 0


def count_up_to(index: Index, number: int) -> int:
    """How many objects numbered up to `number` have a fingerprint."""
    query = "SELECT count(*) FROM curves WHERE number <= ? AND fingerprint != x''"
    (count,) = index.db.execute(query, (number,)).fetchone()
    return int(count)


def are_linked(index: Index, one: Sha256, other: Sha256) -> bool:
    """Whether a link joins two objects, whichever of them it begins with."""
    names = (one.raw, other.raw, other.raw, one.raw)
    query = "SELECT 1 FROM link WHERE (one, other) = (?, ?) OR (one, other) = (?, ?)"
    return index.db.execute(query, names).fetchone() is not None
