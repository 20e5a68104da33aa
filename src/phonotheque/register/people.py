"""Names of persons and texts of evidence: kept apart, because they must be erasable.

Laws: the register knows a person by a local id and a document by a digest; the digest covers a
random nonce beside the text, so that an erased document cannot be guessed back from its digest;
erasing leaves every id and digest valid. This file is not rebuildable: it is synced in full. It is
there with all its tables or not at all; who only reads makes none, and needs no leave to write.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from phonotheque.disk import LocalDisk
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.sqlite_refusals import refusals

_TABLES = """
CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, contact TEXT
);
CREATE TABLE document (
    digest TEXT PRIMARY KEY, body TEXT,            -- body is NULL once erased
    text TEXT                                      -- what was given, to find the same one again
) WITHOUT ROWID;
CREATE INDEX document_by_text ON document (text);
"""
_NAME_OF = "SELECT name FROM person WHERE id = ?"
_CHECK = "Check the disk; bring the file back from a backup."
_PERSON = re.compile(r"p([0-9]{1,18})")


def _number(person: str) -> int:
    """The row behind a local id; 0, which no row has, when it is none."""
    match = _PERSON.fullmatch(person)
    return int(match[1]) if match else 0


def _make(path: Path) -> None:
    """Make an empty file under another name first, for nobody else's eyes."""
    disk = LocalDisk(path.parent, mode=0o600)
    new = f"{path.name}.new"
    disk.remove(new)
    disk.create(new).close()
    db = sqlite3.connect(path.with_name(new), isolation_level=None)
    try:
        db.executescript(_TABLES)
    finally:
        db.close()
    disk.remove(f"{path.name}-journal")  # of a file that was lost: it would be played back
    disk.rename(new, path.name)
    disk.sync_folder("")


class People:
    """Persons and evidence documents of one archive.

    Args:
        path: `people.sqlite`, or ":memory:" for one that is forgotten.
        is_reading: Open what is there, change no row, and work on a read-only file system too.
    """

    def __init__(self, path: Path | str, *, is_reading: bool = False) -> None:
        self._path = path
        with refusals(path, _CHECK):
            if not is_reading and isinstance(path, Path) and not path.exists():
                _make(path)
            # Never made here. Opened to write where that is permitted, also by who only reads: what
            # a killed writer left half-done is taken back so, and nothing else is written.
            where = f"file:{quote(str(path))}?mode={'memory' if path == ':memory:' else 'rw'}"
            self._db = sqlite3.connect(where, uri=True, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA synchronous = EXTRA")  # the folder too, after each change
            self._db.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
            if path == ":memory:":
                self._db.executescript(_TABLES)
            self._db.execute(f"PRAGMA query_only = {int(is_reading)}")

    def begin_after(self, highest: int) -> None:
        """Give no id up to `highest` again: they belong to people whose names were lost."""
        if not self._rows(
            "SELECT 1 WHERE ? <= (SELECT coalesce(max(id), 0) FROM person)", (highest,)
        ):
            self._change("INSERT OR IGNORE INTO person (id) VALUES (?)", (highest,))

    def _change(self, query: str, values: tuple[str | int, ...] = ()) -> None:
        with refusals(self._path, _CHECK):
            self._db.execute(query, values)

    def _rows(self, query: str, values: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
        with refusals(self._path, _CHECK):
            return self._db.execute(query, values).fetchall()

    def person(self, name: str) -> str:
        """Return the local id ("p3") of a person, making one for a new name."""
        self._change("INSERT OR IGNORE INTO person (name) VALUES (?)", (name,))
        ((number,),) = self._rows("SELECT id FROM person WHERE name = ?", (name,))
        return f"p{number}"

    def name_of(self, person: str) -> str | None:
        """Return the name behind a local id, None when it was erased or never known."""
        rows = self._rows(_NAME_OF, (_number(person),))
        return rows[0][0] if rows else None

    def document(self, text: str) -> str:
        """Keep a text of evidence.

        Returns:
            Its digest, "sha256:" and 64 hexadecimal digits; the same text has the same digest.
        """
        found = self._rows("SELECT digest FROM document WHERE text = ?", (text,))
        if found:
            return str(found[0][0])
        body = json.dumps({"nonce": secrets.token_hex(16), "text": text}, ensure_ascii=False)
        digest = f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
        self._change("INSERT INTO document VALUES (?, ?, ?)", (digest, body, text))
        return digest

    def text_of(self, digest: str) -> str | None:
        """Return the text behind a digest, None when it was erased or never known."""
        rows = self._rows("SELECT text FROM document WHERE digest = ?", (digest,))
        return rows[0][0] if rows else None

    def all(self) -> list[tuple[str, str | None]]:
        """Return every local id with its name, and every digest with its text; None when erased."""
        persons = self._rows("SELECT 'p' || id, name FROM person ORDER BY id")
        return persons + self._rows("SELECT digest, text FROM document")

    def expect(self, person_or_document: str) -> None:
        """Refuse an id or digest of nobody.

        Raises:
            NotHeldError: Nothing of that id or digest is known.
        """
        known = "SELECT 1 FROM person WHERE id = ? UNION SELECT 1 FROM document WHERE digest = ?"
        ids = (_number(person_or_document), person_or_document)
        if not self._rows(known, ids):
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
            self._change("VACUUM")  # a page keeps pieces of rows that were moved within it
        except UnavailableError as error:
            wrong = f"it is erased, but pieces of it may be left in the file: {error.wrong}"
            todo = "Free some space and erase it again."
            raise type(error)(error.thing, wrong, todo) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
