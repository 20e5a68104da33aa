"""From an entry of the register to rows of the index.

Law: the rows depend on the entries and their order alone, so that an index made again is equal.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

import msgspec

from phonotheque.music.finding import FindingKind
from phonotheque.music.rights import RightsStatement
from phonotheque.register.chain import Entry, Withheld
from phonotheque.register.events import (
    Accession,
    Correction,
    CounterNotice,
    Deposit,
    Dressing,
    Edit,
    Examination,
    Export,
    Fixity,
    Founding,
    Link,
    Pack,
    Publication,
    Removal,
    Restoration,
    Retirement,
    Rights,
    Volume,
)
from phonotheque.register.schema import IN_VOLUME

_json = msgspec.json.encode


def project(db: sqlite3.Connection, entry: Entry) -> None:
    """Write the rows that follow from one entry. The caller commits."""
    at, seq = entry.at, entry.seq
    match entry.event:
        case Founding(archive=archive):
            db.execute("INSERT OR REPLACE INTO note VALUES ('archive', ?)", (archive,))
        case Deposit(depositor, collection):
            db.execute("INSERT INTO deposit VALUES (?, ?, ?, ?)", (seq, depositor, collection, at))
        case Accession():
            _accession(db, entry, entry.event)
        case Examination() | Link() | Dressing():
            _of_sound(db, seq, entry.event)
        case Rights(sha256, statement):
            _stated(db, seq, bytes.fromhex(sha256), (statement,))
        case Fixity():
            _fixity(db, entry, entry.event)
        case Removal() | CounterNotice():
            _of_case(db, entry, entry.event)
        case Edit() | Correction():
            _corrected(db, entry, entry.event)
        case Volume() | Pack() | Retirement() | Publication():
            _published(db, entry, entry.event)
        case Restoration() | Withheld():
            _restored(db, entry.event)
        case Export():
            pass  # a copy handed out changes nothing that is held
        case _:
            assert_never(entry.event)


def _accession(db: sqlite3.Connection, entry: Entry, event: Accession) -> None:
    name = bytes.fromhex(event.sha256)
    technical = _json(event.technical) if event.technical else None
    db.execute(
        """INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intact', NULL, ?, ?, ?)
           ON CONFLICT (sha256) DO UPDATE SET
               checked_at = CASE  -- what was intact may have gained provenance without being read
                   WHEN condition = 'intact' THEN checked_at ELSE excluded.checked_at END,
               condition = 'intact',
               role = CASE WHEN role = 'companion' THEN excluded.role ELSE role END""",
        (
            name,
            event.size_bytes,
            bytes.fromhex(event.pieces_root),
            event.extension,
            event.role,
            event.readability,
            event.reason,
            technical,
            entry.seq,
            entry.at,
            *_measured(event),
        ),
    )
    folder = event.path.rpartition("/")[0]
    row = (entry.seq, name, event.deposit, event.path, folder, event.path_base64, event.role)
    db.execute("INSERT INTO accession VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, entry.at))
    _stated(db, entry.seq, name, event.rights)
    if event.parent:
        _copied(db, name, bytes.fromhex(event.parent))


def _stated(
    db: sqlite3.Connection, seq: int, name: bytes, statements: Sequence[RightsStatement]
) -> None:
    """Write what is stated about an object, and so about the access copies of it."""
    for position, statement in enumerate(statements):
        row = {"seq": seq, "position": position, "name": name, "body": _json(statement)}
        db.execute("INSERT INTO statement VALUES (:seq, :position, :name, :body)", row)
        db.execute(
            """INSERT OR IGNORE INTO statement
               SELECT :seq, :position, sha256, :body FROM access_copy WHERE parent = :name""",
            row,
        )


def _copied(db: sqlite3.Connection, name: bytes, parent: bytes) -> None:
    """Say of an access copy what was stated about its recording until now."""
    db.execute("INSERT OR REPLACE INTO access_copy VALUES (?, ?)", (name, parent))
    db.execute(
        """INSERT OR IGNORE INTO statement
           SELECT seq, position, ?, body FROM statement WHERE sha256 = ?""",
        (name, parent),
    )


def _of_sound(db: sqlite3.Connection, seq: int, event: Examination | Link | Dressing) -> None:
    match event:
        case Examination():
            _examination(db, event)
        case Link(sha256, other):
            pair = (bytes.fromhex(sha256), bytes.fromhex(other))
            db.execute(
                "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?)", (seq, *pair, _json(event))
            )
        case Dressing(sha256, copy, size_bytes, patch):
            names = (bytes.fromhex(copy), bytes.fromhex(sha256))
            row = (*names, size_bytes, base64.b64decode(patch), seq)
            db.execute("INSERT OR REPLACE INTO dressing VALUES (?, ?, ?, ?, ?)", row)
        case _:
            assert_never(event)


def _examination(db: sqlite3.Connection, event: Examination) -> None:
    facts = (event.readability, event.reason, _json(event.technical) if event.technical else None)
    db.execute(
        """UPDATE object SET readability = ?, reason = ?, technical = ?,
               integrity = ?, sound = ?, payload = ? WHERE sha256 = ?""",
        (*facts, *_measured(event), bytes.fromhex(event.sha256)),
    )


def _measured(event: Accession | Examination) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Columns of what a decode found: the verdict, the figures, the digest of the payload."""
    sound = event.sound
    return (
        _json(event.integrity) if event.integrity else None,
        _json(sound) if sound else None,
        bytes.fromhex(sound.payload_sha256) if sound and sound.payload_sha256 else None,
    )


def _corrected(db: sqlite3.Connection, entry: Entry, event: Edit | Correction) -> None:
    """Write what was corrected, of an object or of a thing of the catalogue."""
    of = (event.field, event.value, event.reason, event.decided_by, event.is_undone)
    if isinstance(event, Edit):
        made = (entry.seq, bytes.fromhex(event.sha256), entry.at)
        db.execute("INSERT INTO edit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*made, *of))
    else:
        thing = (UUID(event.gid).bytes, event.entity_type, event.source)
        row = (entry.seq, *thing, entry.at)
        db.execute("INSERT INTO correction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, *of))


def _of_case(db: sqlite3.Connection, entry: Entry, event: Removal | CounterNotice) -> None:
    name = b""
    if isinstance(event, Removal):
        name = bytes.fromhex(event.sha256)
        db.execute("UPDATE object SET condition = 'removed' WHERE sha256 = ?", (name,))
        # What was read from its bytes goes with them; the number in `curves` is not given again.
        db.execute("DELETE FROM layer WHERE sha256 = ?", (name,))
        db.execute("UPDATE curves SET fingerprint = x'', waveform = x'' WHERE sha256 = ?", (name,))
        db.execute("INSERT OR IGNORE INTO note VALUES ('removing', ?)", (str(entry.seq),))
    row = (entry.seq, event.case, name, _json(event), entry.at)
    db.execute("INSERT INTO case_line VALUES (?, ?, ?, ?, ?)", row)


def _restored(db: sqlite3.Connection, event: Restoration | Withheld) -> None:
    """Count the lines that are withheld, and as how many they were declared last."""
    if isinstance(event, Restoration):
        row = ("withheld_declared", str(event.withheld))
        db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", row)
    else:
        db.execute(
            """INSERT INTO note VALUES ('withheld', '1')
               ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"""
        )


def _published(
    db: sqlite3.Connection, entry: Entry, event: Volume | Pack | Retirement | Publication
) -> None:
    seq, at, body = entry.seq, entry.at, _json(event)
    match event:
        case Volume(name) | Pack(name):
            table = "volume" if isinstance(event, Volume) else "pack"
            db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", (name, seq, body, at))
        case Retirement(name):
            row = (name, seq, body, at)
            db.execute("INSERT OR REPLACE INTO retirement VALUES (?, ?, ?, ?)", row)
            # What was in it is in no volume now: its successor's line follows, or a later run.
            db.execute(f"UPDATE object SET volume = NULL WHERE {IN_VOLUME}", (name,))
        case Publication(number):
            db.execute("INSERT INTO publication VALUES (?, ?, ?, ?)", (number, seq, body, at))
        case _:
            assert_never(event)


def _fixity(db: sqlite3.Connection, entry: Entry, event: Fixity) -> None:
    """Mark what was examined as checked now, then what was found as what it is."""
    if event.objects:
        names = [(entry.at, bytes.fromhex(name)) for name in event.objects]
        db.executemany(f"{_CHECKED} sha256 = ?", names)
    elif event.through:
        through = (entry.at, event.as_of, event.through_at, bytes.fromhex(event.through))
        db.execute(f"{_CHECKED} first_seq <= ? AND (checked_at, sha256) <= (?, ?)", through)
    for finding in event.findings:
        name = _OBJECT.fullmatch(finding.path)
        if name and finding.kind not in (FindingKind.FOREIGN, FindingKind.UNREFERENCED):
            condition = (finding.kind, bytes.fromhex(name[1]))
            db.execute(_FOUND, condition)
    row = (entry.seq, entry.at, event.examined, event.examined_bytes, len(event.findings))
    db.execute("INSERT INTO fixity_run VALUES (?, ?, ?, ?, ?)", row)


_OBJECT = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})(?:\.[a-z0-9]+)?")
_FOUND = "UPDATE object SET condition = ? WHERE sha256 = ? AND condition != 'removed'"
_CHECKED = "UPDATE object SET checked_at = ?, condition = 'intact' WHERE condition != 'removed' AND"
