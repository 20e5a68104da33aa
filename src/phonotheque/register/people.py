"""Names of persons and texts of evidence: kept apart, because they must be erasable.

Laws: the register knows a person by a local id and a document by a digest; the digest covers a
random nonce beside the text, so that an erased document cannot be guessed back from its digest;
erasing leaves every id and digest valid. This file is not rebuildable: it is synced in full.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
from pathlib import Path

from phonotheque.errors import DiskFailedError, DiskFullError, NotHeldError, UnavailableError

_TABLES = """
CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, contact TEXT
);
CREATE TABLE IF NOT EXISTS document (
    digest TEXT PRIMARY KEY, body TEXT,            -- body is NULL once erased
    text TEXT                                      -- what was given, to find the same one again
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_by_text ON document (text);
"""
_NAME_OF = "SELECT name FROM person WHERE id = ?"
_PERSON = re.compile(r"p([0-9]{1,18})")


def _number(person: str) -> int:
    """The row behind a local id; 0, which no row has, when it is none."""
    match = _PERSON.fullmatch(person)
    return int(match[1]) if match else 0


def refusal(
    error: sqlite3.Error | UnicodeDecodeError, todo: str, name: str = "people.sqlite"
) -> UnavailableError:
    """Say in our words what SQLite refused, and what to do."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return DiskFullError(name, "no room is left on the disk", "Free some space and run again.")
    return DiskFailedError(name, str(error), todo)


class People:
    """Persons and evidence documents of one archive.

    Args:
        path: `people.sqlite`, or ":memory:" for one that is forgotten.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            if path != ":memory:":
                Path(path).touch(mode=0o600)  # for nobody else's eyes; kept as it is when there
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA synchronous = EXTRA")  # the folder too, after each change
            self._db.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
            self._db.executescript(_TABLES)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise refusal(error, "Check the disk; bring the file back from a backup.") from error

    def begin_after(self, highest: int) -> None:
        """Give no id up to `highest` again: they belong to people whose names were lost."""
        if highest:
            self._change("INSERT OR IGNORE INTO person (id) VALUES (?)", (highest,))

    def _change(self, query: str, values: tuple[str | int, ...]) -> sqlite3.Cursor:
        try:
            return self._db.execute(query, values)
        except sqlite3.OperationalError as error:
            raise refusal(error, "Check the disk, then run again.") from error

    def person(self, name: str) -> str:
        """Return the local id ("p3") of a person, making one for a new name."""
        self._change("INSERT OR IGNORE INTO person (name) VALUES (?)", (name,))
        row = self._db.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
        return f"p{row[0]}"

    def name_of(self, person: str) -> str | None:
        """Return the name behind a local id, None when it was erased or never known."""
        row = self._db.execute(_NAME_OF, (_number(person),)).fetchone()
        return row[0] if row else None

    def document(self, text: str) -> str:
        """Keep a text of evidence.

        Returns:
            Its digest, "sha256:" and 64 hexadecimal digits; the same text has the same digest.
        """
        found = self._db.execute("SELECT digest FROM document WHERE text = ?", (text,)).fetchone()
        if found:
            return str(found[0])
        body = json.dumps({"nonce": secrets.token_hex(16), "text": text}, ensure_ascii=False)
        digest = f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
        self._change("INSERT INTO document VALUES (?, ?, ?)", (digest, body, text))
        return digest

    def text_of(self, digest: str) -> str | None:
        """Return the text behind a digest, None when it was erased or never known."""
        row = self._db.execute("SELECT text FROM document WHERE digest = ?", (digest,)).fetchone()
        return row[0] if row else None

    def all(self) -> list[tuple[str, str | None]]:
        """Return every local id with its name, and every digest with its text; None when erased."""
        persons = self._db.execute("SELECT 'p' || id, name FROM person ORDER BY id").fetchall()
        return persons + self._db.execute("SELECT digest, text FROM document").fetchall()

    def expect(self, person_or_document: str) -> None:
        """Refuse an id or digest of nobody.

        Raises:
            NotHeldError: Nothing of that id or digest is known.
        """
        known = "SELECT 1 FROM person WHERE id = ? UNION SELECT 1 FROM document WHERE digest = ?"
        ids = (_number(person_or_document), person_or_document)
        if self._db.execute(known, ids).fetchone() is None:
            raise NotHeldError(person_or_document, "no person or document has this id", "Check it.")

    def erase(self, person_or_document: str) -> None:
        """Forget a person's name or a document's text. The register stays valid.

        Raises:
            NotHeldError: Nothing of that id or digest is known.
            UnavailableError: The disk refused; it says so where it is erased already, and pieces
                may be left.
        """
        self.expect(person_or_document)
        if person_or_document.startswith("sha256:"):
            query = "UPDATE document SET body = NULL, text = NULL WHERE digest = ?"
            self._change(query, (person_or_document,))
        else:
            query = "UPDATE person SET name = NULL, contact = NULL WHERE id = ?"
            self._change(query, (_number(person_or_document),))
        try:
            self._change("VACUUM", ())  # a page keeps pieces of rows that were moved within it
        except UnavailableError as error:
            wrong = f"it is erased, but pieces of it may be left in the file: {error.wrong}"
            todo = "Free some space and erase it again."
            raise type(error)(error.thing, wrong, todo) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
