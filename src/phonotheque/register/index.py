"""The index: rows that follow from the register, and the questions asked of them.

Laws: rows and the place in the register they stand for are committed together, so the index is
never ahead of itself; it may be behind, and then catches up from its place. It is a cache:
`synchronous=NORMAL` may forget the last commits in a power loss, never half of one.
Not here: what a row means (`projection`), reading the register (`journal`).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from phonotheque.errors import DiskFullError, UnavailableError
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import Readability, Tags, Technical
from phonotheque.music.rights import RightsStatement
from phonotheque.register import schema
from phonotheque.register.chain import Entry, Head
from phonotheque.register.events import Role, Volume
from phonotheque.register.holdings import Held, Provenance, SourceFile
from phonotheque.register.journal import START, Position
from phonotheque.register.projection import project

_HELD = """SELECT sha256, size_bytes, pieces_root, extension, role, readability, reason, technical,
                  first_seq, checked_at, condition, volume FROM object"""


def _held(row: tuple[Any, ...]) -> Held:
    technical = msgspec.json.decode(row[7], type=Technical) if row[7] else None
    readability = Readability(row[5]) if row[5] else None
    facts = (Role(row[4]), readability, row[6], technical)
    return Held(Sha256(row[0]), row[1], row[2], row[3], *facts, *row[8:])


_MAKE = f"{schema.TABLES} PRAGMA user_version = {schema.VERSION}"


def _make(path: Path) -> None:
    """Make an empty index under another name first: a reader sees it with its tables or not."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    db = sqlite3.connect(new, isolation_level=None)
    try:
        db.executescript(_MAKE)
    finally:
        db.close()
    for ending in ("-wal", "-shm"):  # of an index that was deleted: they would be played back
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
    new.rename(path)


def _writer(path: Path | str) -> sqlite3.Connection:
    if path != ":memory:" and not Path(path).exists():
        _make(Path(path))
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        db.executescript(_MAKE)
    return db


def _reader(path: Path) -> sqlite3.Connection:
    """Open to read. Without leave to write beside the file, nobody else can be writing either."""
    may_write = os.access(path.parent, os.W_OK)
    mode = "mode=ro" if may_write else "mode=ro&immutable=1"
    uri = f"file:{quote(str(path))}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)


_NEEDED_BYTES = 1 << 16
"""With less than this free, SQLite's own files beside the index (32 KiB at a time) do not fit."""


def _refusal(path: Path | str, error: sqlite3.Error | OSError) -> UnavailableError:
    """Say in our words why SQLite refused. Beside "full", a full disk also looks like a bad one."""
    name = getattr(error, "sqlite_errorname", "")
    free_bytes = _NEEDED_BYTES
    with suppress(OSError):
        free_bytes = shutil.disk_usage(Path(path).parent).free
    if name == "SQLITE_FULL" or free_bytes < _NEEDED_BYTES:
        return DiskFullError(
            str(path), "no room is left on the disk", "Free some space and run again."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UnavailableError(str(path), str(error), "Wait, then run again.")
    return UnavailableError(str(path), f"the index cannot be used: {error}", "Run `phono rebuild`.")


class Index:
    """The index of one archive.

    Args:
        path: `state/index.sqlite`, or ":memory:".
        is_reading: Open what is there, write nothing, and work on a read-only file system too.
    """

    def __init__(self, path: Path | str, *, is_reading: bool = False) -> None:
        self._path = path
        try:
            self.db = _reader(Path(path)) if is_reading else _writer(path)
            if self.db.execute("PRAGMA user_version").fetchone()[0] != schema.VERSION:
                raise sqlite3.DatabaseError("it was made by another version")
        except (sqlite3.Error, OSError) as error:
            raise _refusal(path, error) from error

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All rows written inside become visible together, or none."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            yield
            self.db.execute("COMMIT")
        except BaseException as error:
            if self.db.in_transaction:
                with suppress(sqlite3.Error):  # a full disk can refuse that too; closing undoes all
                    self.db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _refusal(self._path, error) from error
            raise

    @property
    def place(self) -> Position:
        """How far the register is in here."""
        row = self.db.execute("SELECT segment, offset, seq, digest FROM place").fetchone()
        return Position(row[0], row[1], Head(row[2], row[3])) if row else START

    def apply(self, entries: Iterable[tuple[Entry, Position]]) -> None:
        """Take in entries of the register; call inside a `transaction`."""
        taken = list(entries)
        for entry, _ in taken:
            project(self.db, entry)
        if taken:
            last, place = taken[-1]
            row = (place.segment, place.offset, place.head.seq, place.head.digest, last.at)
            self.db.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?, ?, ?, ?)", row)

    @property
    def last_at(self) -> str:
        """The instant of the register's last line in here, "" when there is none."""
        row = self.db.execute("SELECT at FROM place").fetchone()
        return row[0] if row else ""

    def note(self, name: str) -> str:
        """A fact about this file, "" when it was not noted."""
        row = self.db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def set_note(self, name: str, value: str) -> None:
        """Note a fact about this file; "" forgets it."""
        self.db.execute("DELETE FROM note WHERE name = ?", (name,))
        if value:
            self.db.execute("INSERT INTO note VALUES (?, ?)", (name, value))

    # -- objects ---------------------------------------------------------------------------

    def held(self, sha256: Sha256) -> Held | None:
        """The object of that name, also when it is damaged or removed; None if never taken in."""
        row = self.db.execute(f"{_HELD} WHERE sha256 = ?", (sha256.raw,)).fetchone()
        return _held(row) if row else None

    def find(self, prefix: str) -> list[Held]:
        """Objects whose name starts with these hexadecimal digits; at most 10."""
        whole = prefix[: len(prefix) // 2 * 2]
        low = bytes.fromhex(whole)
        rows = self.db.execute(
            f"{_HELD} WHERE sha256 >= ? AND substr(hex(sha256), 1, ?) = ? LIMIT 10",
            (low, len(prefix), prefix.upper()),
        )
        return [_held(row) for row in rows]

    def oldest_checked(self, limit: int = -1) -> Iterator[Held]:
        """Objects that should be on the disk, the one unproven for longest first."""
        query = f"{_HELD} WHERE condition != 'removed' ORDER BY checked_at, sha256 LIMIT ?"
        return (_held(row) for row in self.db.execute(query, (limit,)).fetchall())

    def unsealed(self) -> Iterator[Held]:
        """Readable recordings in no volume, in the order they were taken in."""
        rows = self.db.execute(
            f"""{_HELD} WHERE condition = 'sound' AND role = 'recording' AND volume IS NULL
                AND readability = 'readable' ORDER BY first_seq"""
        )
        return (_held(row) for row in rows.fetchall())

    def in_volume(self, name: str) -> list[Held]:
        """The objects sealed in a volume, in order of their names."""
        query = f"{_HELD} WHERE volume = ? ORDER BY sha256"
        return [_held(row) for row in self.db.execute(query, (name,))]

    def seal_into(self, volume: str, at: str, objects: Iterable[Sha256]) -> None:
        """Say that these objects are in a volume, and were proven then; in a `transaction`."""
        rows = [(volume, at, sha256.raw) for sha256 in objects]
        self.db.executemany(
            "UPDATE object SET volume = ?, checked_at = max(checked_at, ?) WHERE sha256 = ?", rows
        )

    # -- provenance and rights ---------------------------------------------------------------

    def accessions(self, sha256: Sha256) -> list[Provenance]:
        """How an object came in, first time first."""
        rows = self.db.execute(
            """SELECT seq, deposit, path, path_base64, role, at FROM accession
               WHERE sha256 = ? ORDER BY seq""",
            (sha256.raw,),
        )
        return [
            Provenance(seq, deposit, path, raw, Role(role), at)
            for seq, deposit, path, raw, role, at in rows
        ]

    def companions(self, accession: Provenance) -> list[tuple[Sha256, str]]:
        """Names and paths of the companions that lay in the same folder of the same deposit."""
        rows = self.db.execute(
            """SELECT sha256, path FROM accession
               WHERE deposit = ? AND folder = ? AND role = 'companion' ORDER BY path""",
            (accession.deposit, accession.path.rpartition("/")[0]),
        )
        return [(Sha256(name), path) for name, path in rows]

    def depositor_and_collection(self, deposit: int) -> tuple[str, str]:
        """Local id of who made a deposit, and the collection it was made for; "" for neither."""
        row = self.db.execute(
            "SELECT depositor, collection FROM deposit WHERE seq = ?", (deposit,)
        ).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def statements_made(self, seq: int) -> list[RightsStatement]:
        """The statements of one line of the register."""
        rows = self.db.execute(
            """SELECT s.body FROM accession AS a JOIN statement AS s
               ON s.sha256 = a.sha256 AND s.seq = a.seq WHERE a.seq = ? ORDER BY position""",
            (seq,),
        )
        return [msgspec.json.decode(body, type=RightsStatement) for (body,) in rows]

    def statements(self, sha256: Sha256) -> list[RightsStatement]:
        """All that was stated or decided about an object's rights, oldest first."""
        rows = self.db.execute(
            "SELECT body FROM statement WHERE sha256 = ? ORDER BY seq, position", (sha256.raw,)
        )
        return [msgspec.json.decode(body, type=RightsStatement) for (body,) in rows]

    # -- volumes -----------------------------------------------------------------------------

    def volumes(self) -> list[Volume]:
        """All volumes ever sealed, in the order they were."""
        rows = self.db.execute("SELECT body FROM volume ORDER BY seq")
        return [msgspec.json.decode(body, type=Volume) for (body,) in rows]

    def restated_since_sealed(self) -> list[tuple[str, Sha256]]:
        """Volumes and objects in them about which something was stated after they were sealed."""
        rows = self.db.execute(
            """SELECT DISTINCT v.name, o.sha256
               FROM object AS o JOIN volume AS v ON v.name = o.volume
               JOIN statement AS s ON s.sha256 = o.sha256 AND s.seq > v.seq"""
        )
        return [(name, Sha256(sha256)) for name, sha256 in rows]

    def highest_person(self) -> int:
        """The highest number of a local id that the register names, 0 when it names nobody."""
        row = self.db.execute(
            """SELECT max(number) FROM (
                   SELECT CAST(substr(depositor, 2) AS INTEGER) AS number FROM deposit
                   UNION ALL
                   SELECT CAST(substr(json_extract(CAST(body AS TEXT), '$.holder'), 2) AS INTEGER)
                   FROM statement)"""
        ).fetchone()
        return row[0] or 0

    # -- what was read from objects -------------------------------------------------------------

    def remember(self, digests: Digests, tags: Tags | None) -> None:
        """Keep what one reading of an object gave beyond its register line."""
        row = (digests.sha256.raw, digests.layer, digests.sha1s)
        self.db.execute("INSERT OR REPLACE INTO layer VALUES (?, ?, ?)", row)
        if tags is not None:
            self.remember_tags(digests.sha256, tags)

    def remember_tags(self, sha256: Sha256, tags: Tags) -> None:
        """Keep the tags of an object."""
        row = (sha256.raw, msgspec.json.encode(tags))
        self.db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?)", row)

    def names_without(self, table: Literal["layer", "tags"]) -> set[Sha256]:
        """Objects whose layers or tags are not known here."""
        rows = self.db.execute(
            f"SELECT sha256 FROM object WHERE sha256 NOT IN (SELECT sha256 FROM {table})"
        )
        return {Sha256(name) for (name,) in rows}

    def digests(self, held: Held) -> Digests | None:
        """All digests of an object, or None when its layers must be read again."""
        row = self.db.execute(
            "SELECT layer, sha1s FROM layer WHERE sha256 = ?", (held.sha256.raw,)
        ).fetchone()
        return Digests(held.size_bytes, held.sha256, held.pieces_root, *row) if row else None

    def tags(self, sha256: Sha256) -> Tags:
        """The tags of an object; empty when it has none or they were not read yet."""
        row = self.db.execute("SELECT body FROM tags WHERE sha256 = ?", (sha256.raw,)).fetchone()
        return msgspec.json.decode(row[0], type=Tags) if row else Tags()

    def known_source(self, source: SourceFile) -> Sha256 | None:
        """The name of a file's bytes, if it was read before and has not changed since."""
        row = self.db.execute(
            """SELECT sha256 FROM source WHERE device = ? AND inode = ? AND size_bytes = ?
               AND modified_ns = ? AND changed_ns = ?""",
            (source.device, source.inode, source.size_bytes, source.modified_ns, source.changed_ns),
        ).fetchone()
        return Sha256(row[0]) if row else None

    def remember_source(self, source: SourceFile, sha256: Sha256) -> None:
        """Keep that a file had these bytes."""
        row = (source.device, source.inode, source.size_bytes, source.modified_ns)
        self.db.execute(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?, ?)",
            (*row, source.changed_ns, sha256.raw),
        )
