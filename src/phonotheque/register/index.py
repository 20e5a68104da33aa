"""The index: rows that follow from the register, and the questions asked of them.

Laws: rows and the place in the register they stand for are committed together, so the index is
never ahead of itself; it may be behind, and then catches up from its place. It is a cache:
`synchronous=NORMAL` may forget the last commits in a power loss, never half of one.
Not here: what a row means (`projection`), reading the register (`journal`).
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.music.rights import RightsStatement
from phonotheque.music.sound import Integrity, Sound
from phonotheque.register import index_file, schema
from phonotheque.register.chain import Entry, Head
from phonotheque.register.events import Dressing, Role, Volume
from phonotheque.register.findings import project_findings
from phonotheque.register.holdings import Curves, Held, Provenance, SourceFile
from phonotheque.register.journal import START, Position
from phonotheque.register.projection import project
from phonotheque.register.rows import decode_row

_HELD = """SELECT sha256, size_bytes, pieces_root, extension, role, readability, reason, technical,
                  first_seq, checked_at, condition, volume, integrity, sound FROM object"""

_ON_DISK = "condition != 'removed'"
_UNSEALED = """condition = 'intact' AND role = 'recording' AND volume IS NULL
               AND readability = 'readable'"""
_PAGE = 1000


def _held(row: tuple[Any, ...]) -> Held:
    name, size_bytes, pieces_root, extension, role, readability, reason, technical = row[:8]
    first_seq, checked_at, condition, volume, integrity, sound = row[8:]
    return Held(
        Sha256(name),
        size_bytes,
        pieces_root,
        extension,
        Role(role),
        Readability(readability) if readability else None,
        reason,
        decode_row(technical, Technical) if technical else None,
        first_seq,
        checked_at,
        condition,
        volume,
        decode_row(integrity, Integrity) if integrity else None,
        decode_row(sound, Sound) if sound else None,
    )


@lru_cache(maxsize=4096)  # a deposit states the same of all its files
def read_statement(body: bytes) -> RightsStatement:
    """Read a row of `statement`."""
    return decode_row(body, RightsStatement)


class Index:
    """The index of one archive.

    Args:
        path: `state/index.sqlite`, or ":memory:".
        is_reading: Open what is there, write nothing, and work on a read-only file system too.
    """

    def __init__(self, path: Path | str, *, is_reading: bool = False) -> None:
        self._path = path
        try:
            self.db = index_file.reader(Path(path)) if is_reading else index_file.writer(path)
            if self.db.execute("PRAGMA user_version").fetchone()[0] != schema.VERSION:
                raise sqlite3.DatabaseError("it was made by another version")
        except (sqlite3.Error, OSError) as error:
            raise index_file.refusal(path, error) from error

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
                raise index_file.refusal(self._path, error) from error
            raise

    def make_durable(self) -> None:
        """Bring what was committed to the disk: nothing of it is forgotten in a power loss."""
        try:
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.OperationalError as error:
            raise index_file.refusal(self._path, error) from error

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
            project_findings(self.db, entry)
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
        """Objects that should be on the disk, the one unproven for longest first.

        Read a page at a time: memory is bounded, no writer waits, and what is proven by others
        meanwhile moves behind the place where it began, and is passed over.
        """
        order = "ORDER BY checked_at DESC, sha256 DESC"
        newest = f"SELECT checked_at, sha256 FROM object WHERE {_ON_DISK} {order} LIMIT 1"
        end = self.db.execute(newest).fetchone() or ("", b"")
        query = f"""{_HELD} WHERE {_ON_DISK} AND (checked_at, sha256) > (?, ?)
                    AND (checked_at, sha256) <= (?, ?) ORDER BY checked_at, sha256 LIMIT ?"""
        after = ("", b"")
        while limit:
            size = _PAGE if limit < 0 else min(_PAGE, limit)
            page = [_held(row) for row in self.db.execute(query, (*after, *end, size))]
            yield from page
            if len(page) < size:
                return
            after = (page[-1].checked_at, page[-1].sha256.raw)
            limit -= size if limit > 0 else 0

    def count_checked(self, limit: int = -1) -> tuple[int, int]:
        """How many objects `oldest_checked` gives, and their bytes."""
        rows = f"SELECT size_bytes FROM object WHERE {_ON_DISK} ORDER BY checked_at, sha256"
        query = f"SELECT count(*), total(size_bytes) FROM ({rows} LIMIT ?)"
        count, size_bytes = self.db.execute(query, (limit,)).fetchone()
        return count, int(size_bytes)

    def has_on_disk(self, sha256: Sha256, extension: str) -> bool:
        """Whether an object should be on the disk under this very name."""
        query = f"SELECT extension FROM object WHERE sha256 = ? AND {_ON_DISK}"
        row = self.db.execute(query, (sha256.raw,)).fetchone()
        return row is not None and row[0] == extension

    def unsealed(self, first: int = 1, last: int | None = None) -> Iterator[Held]:
        """Readable recordings in no volume, in the order they were taken in; a page at a time.

        Args:
            first: Only those taken in by this line of the register, or a later one.
            last: Only those taken in by this line or an earlier one; None for all.
        """
        if last is None:
            ends = f"SELECT min(first_seq), max(first_seq) FROM object WHERE {_UNSEALED}"
            lowest, last = self.db.execute(ends).fetchone()
            if lowest is None or last is None:
                return
            first = max(first, lowest)
        # Along the accessions, which lie in order: sorting all objects for a page would not do. The
        # sign before a column keeps SQLite from reading all that are unsealed for each page.
        query = f"""{_HELD} WHERE +{_UNSEALED} AND first_seq BETWEEN :first AND :last AND sha256 IN
                    (SELECT sha256 FROM accession WHERE seq BETWEEN :first AND :last)
                    ORDER BY first_seq"""
        for begin in range(first, last + 1, _PAGE):
            page = {"first": begin, "last": min(begin + _PAGE - 1, last)}
            yield from [_held(row) for row in self.db.execute(query, page)]

    def count_untagged(self) -> int:
        """How many recordings `unsealed` gives whose tags are not known here."""
        query = f"""SELECT count(*) FROM object WHERE {_UNSEALED}
                    AND sha256 NOT IN (SELECT sha256 FROM tags)"""
        return int(self.db.execute(query).fetchone()[0])

    def in_volume(self, name: str) -> list[Held]:
        """The objects sealed in a volume, in order of their names."""
        query = f"{_HELD} WHERE {schema.IN_VOLUME} ORDER BY sha256"
        return [_held(row) for row in self.db.execute(query, (name,))]

    def seal_into(self, volume: str, at: str, objects: Iterable[Sha256]) -> None:
        """Say that these objects are in a volume, and were proven then; in a `transaction`."""
        rows = [(volume, at, raw) for raw in sorted(sha256.raw for sha256 in objects)]
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
        return [decode_row(body, RightsStatement) for (body,) in rows]

    def statements(self, sha256: Sha256) -> list[RightsStatement]:
        """All that was stated or decided about an object's rights, oldest first."""
        rows = self.db.execute(
            "SELECT body FROM statement WHERE sha256 = ? ORDER BY seq, position", (sha256.raw,)
        )
        return [read_statement(body) for (body,) in rows]

    # -- the same sound, other bytes -----------------------------------------------------------

    def with_payload(self, payload_sha256: str) -> list[Held]:
        """Objects whose coded packets are these, whatever tags stand around them."""
        query = f"{_HELD} WHERE payload = ? AND condition != 'removed' ORDER BY first_seq"
        rows = self.db.execute(query, (bytes.fromhex(payload_sha256),))
        return [_held(row) for row in rows]

    def dressing(self, copy: Sha256) -> Dressing | None:
        """How a dressed copy was made, and the way back; None when it was not made here."""
        row = self.db.execute(
            "SELECT hex(sha256), size_bytes, patch FROM dressing WHERE copy = ?", (copy.raw,)
        ).fetchone()
        if row is None:
            return None
        return Dressing(row[0].lower(), copy.hex, row[1], base64.b64encode(row[2]).decode())

    # -- volumes -----------------------------------------------------------------------------

    def volumes(self) -> list[Volume]:
        """All volumes ever sealed, in the order they were."""
        rows = self.db.execute("SELECT body FROM volume ORDER BY seq")
        return [decode_row(body, Volume) for (body,) in rows]

    def set_unlisted(self, volume: str) -> None:
        """Note that nobody knows any more which objects a volume holds; a rebuild may find out."""
        self.set_note(f"unlisted {volume}", "yes")

    def unlisted(self) -> list[str]:
        """Volumes of which it is not known which objects they hold, in order of name.

        Of one that is retired nobody needs to know.
        """
        query = """SELECT substr(name, 10) AS volume FROM note WHERE name LIKE 'unlisted %'
                   AND volume NOT IN (SELECT name FROM retirement) ORDER BY name"""
        return [name for (name,) in self.db.execute(query)]

    def highest_person(self) -> int:
        """The highest number of a local id that the register names, 0 when it names nobody."""
        row = self.db.execute(
            """SELECT max(number) FROM (
                   SELECT CAST(substr(depositor, 2) AS INTEGER) AS number FROM deposit
                   UNION ALL
                   SELECT CAST(substr(json_extract(CAST(body AS TEXT), '$.holder'), 2) AS INTEGER)
                   FROM statement UNION ALL
                   SELECT CAST(substr(decided_by, 2) AS INTEGER) FROM edit UNION ALL
                   SELECT CAST(substr(decided_by, 2) AS INTEGER) FROM correction UNION ALL
                   SELECT CAST(substr(p.value, 2) AS INTEGER) FROM case_line AS c,
                   json_each(CAST(c.body AS TEXT)) AS p
                   WHERE p.key IN ('decided_by', 'requested_by', 'received_from'))"""
        ).fetchone()
        return row[0] or 0

    # -- what was read from objects -------------------------------------------------------------

    def remember(self, digests: Digests) -> None:
        """Keep the digests that one reading of an object gave beyond its register line."""
        row = (digests.sha256.raw, digests.layer, digests.sha1s)
        self.db.execute("INSERT OR REPLACE INTO layer VALUES (?, ?, ?)", row)

    def remember_facts(self, sha256: Sha256, facts: AudioFacts) -> None:
        """Keep the tags and curves of an object. Its number is given once and stays."""
        self.remember_tags(sha256, facts.tags)
        self.db.execute(
            """INSERT INTO curves (sha256, fingerprint, waveform) VALUES (?, ?, ?)
               ON CONFLICT (sha256) DO UPDATE SET
                   fingerprint = excluded.fingerprint, waveform = excluded.waveform""",
            (sha256.raw, facts.fingerprint, facts.waveform),
        )

    def remember_tags(self, sha256: Sha256, tags: Tags) -> None:
        """Keep the tags of an object."""
        row = (sha256.raw, msgspec.json.encode(tags))
        self.db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?)", row)

    def lacks(self, table: Literal["layer", "tags", "curves"], sha256: Sha256) -> bool:
        """Whether the layer, tags or curves of an object are not known here."""
        query = f"SELECT 1 FROM {table} WHERE sha256 = ?"
        return self.db.execute(query, (sha256.raw,)).fetchone() is None

    def digests(self, held: Held) -> Digests | None:
        """All digests of an object, or None when its layers must be read again."""
        row = self.db.execute(
            "SELECT layer, sha1s FROM layer WHERE sha256 = ?", (held.sha256.raw,)
        ).fetchone()
        return Digests(held.size_bytes, held.sha256, held.pieces_root, *row) if row else None

    def tags(self, sha256: Sha256) -> Tags:
        """The tags of an object; empty when it has none or they were not read yet."""
        row = self.db.execute("SELECT body FROM tags WHERE sha256 = ?", (sha256.raw,)).fetchone()
        return decode_row(row[0], Tags) if row else Tags()

    def curves(self, sha256: Sha256) -> Curves | None:
        """What was measured on an object; None when nobody has yet."""
        query = "SELECT number, fingerprint, waveform FROM curves WHERE sha256 = ?"
        row = self.db.execute(query, (sha256.raw,)).fetchone()
        return Curves(*row) if row else None

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
