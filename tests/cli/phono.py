"""The command line called in this process, and ways to look at what it left."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phonotheque.audio import warm_up
from phonotheque.cli.app import run

LICENSED = ("--licence", "CC-BY-4.0", "--evidence", "we made it")


@dataclass(frozen=True)
class Done:
    """How one command ended and what it said."""

    status: int
    out: str
    err: str

    def lines(self) -> list[Any]:
        """Standard output as JSON lines; fails when anything else stands there."""
        return [json.loads(line) for line in self.out.splitlines()]

    def one(self) -> Any:
        """Standard output as one JSON value."""
        (value,) = self.lines()
        return value

    def expect(self, status: int) -> Done:
        """This, if it ended so."""
        assert self.status == status, self
        return self


@dataclass(frozen=True)
class Phono:
    """`phono --archive root`, in this process and with one hand."""

    root: Path

    def __call__(self, *arguments: str | Path) -> Done:
        """Run one command on the archive."""
        return call("--archive", self.root, *arguments)

    def add(self, *arguments: str | Path, status: int = 0) -> dict[str, Any]:
        """Take files in. Returns what was told of each file, by its path."""
        done = self("add", *arguments, "--json", "--jobs", "1").expect(status)
        return {told["path"]: told for told in done.lines()}

    def publish(self, *arguments: str, status: int = 0) -> list[Any]:
        """Seal volumes. Returns what was told of each."""
        done = self("publish", "run", "--json", "--jobs", "1", *arguments).expect(status)
        return [told for told in done.lines() if "volume" in told]

    def show(self, reference: str) -> Any:
        """All that is known of an object or a volume."""
        return self("show", reference, "--json").expect(0).one()

    def object(self, sha256: str) -> Path:
        """The file of an object, whether it is there or not."""
        return Path(self.root, self.show(sha256)["path"])

    def set(self, name: str, value: str) -> None:
        """Write a setting that the new settings file has as a comment."""
        file = self.root / "phonotheque.toml"
        text = file.read_text(encoding="utf-8")
        key = name.rpartition(".")[2]
        lines = [
            f"{key} = {value}" if line.startswith(f"# {key} = ") else line
            for line in text.splitlines()
        ]
        assert f"{key} = {value}" in lines
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def events(self, kind: str = "") -> list[Any]:
        """Lines of the register, of one kind or all."""
        raw = b"".join(path.read_bytes() for path in sorted(self.root.glob("register/*.jsonl")))
        read = [json.loads(line) for line in raw.splitlines()]
        return [event for event in read if kind in ("", event["event"])]


def members(phono: Phono, volume: str) -> list[str]:
    """The names in a volume's manifest, in its order."""
    text = (phono.root / f"objects/lists/{volume}/manifest.tsv").read_text(encoding="utf-8")
    return [line.split("\t")[0] for line in text.splitlines()[1:]]


def names(told: dict[str, Any]) -> list[str]:
    """The digests of what `Phono.add` told."""
    return [one["sha256"] for one in told.values()]


def call(*arguments: str | Path) -> Done:
    """Run one command without naming an archive."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run([str(argument) for argument in arguments])
    return Done(status, out.getvalue(), err.getvalue())


def found(root: Path, name: str = "Small Records") -> Phono:
    """A new archive."""
    warm_up()  # here, so that hands forked from this process need not
    call("init", root, "--name", name).expect(0)
    return Phono(root)


def tree(root: Path, *leaving: str) -> dict[str, str]:
    """All below a folder but what lies under `leaving`: path -> digest of bytes, link or kind.

    Databases are told by their rows, since an SQLite file may change without a row changing.
    """
    told = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.startswith(leaving) or name.endswith(("-wal", "-shm", "-journal")):
            continue
        if path.is_symlink():
            told[name] = f"-> {os.readlink(path)}"
        elif path.suffix == ".sqlite":
            told[name] = repr(rows(path))
        elif path.is_file():
            told[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            told[name] = "folder"
    return told


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte, but what SQLite keeps beside an open database."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def rows(database: Path, *leaving: str) -> dict[str, list[Any]]:
    """Every row of every table but `leaving`."""
    db = sqlite3.connect(database)
    try:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = [name for (name,) in db.execute(query) if name not in leaving]
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    finally:
        db.close()


def copy_archive(source: Path, to: Path) -> Phono:
    """An archive of its own, with the modes that git and copies lose."""
    warm_up()  # as in `found`
    shutil.copytree(source, to, symlinks=True)
    for path in to.glob("objects/*/*/*"):
        path.chmod(0o444)
    return Phono(to)


def damage(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Put other bytes in a file of the archive."""
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(change(data))


def flip(place: int) -> Callable[[bytes], bytes]:
    """A change: one bit of the byte at `place`, which may count from the end."""

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1
        return bytes(changed)

    return change


SONG_LIST = """
format = 1
name = "songs"
title = "A list of songs"
licence = "CC-BY-4.0"

[[file]]
path = "songs.csv"

[[file.rows]]
table = "recording"
id = "id"
title = "title"
first_release_date = "year"
"""
"""How the mappings of spreadsheets in tests begin; more columns of recordings may follow."""

BY_ARTIST = 'artist_credit = { column = "artist", make = true }\n'


def import_of_songs(folder, mapping, rows):
    """Write a spreadsheet and its mapping into a folder; return the command that imports it."""
    (folder / "songs.csv").write_text(rows, encoding="utf-8")
    (folder / "songs.toml").write_text(mapping, encoding="utf-8")
    return ("catalogue", "import", "songs", folder, "--mapping", folder / "songs.toml")


def found_with_songs(folder, mapping, rows):
    """Found an archive in a folder, with a catalogue of the rows of one spreadsheet."""
    phono = found(folder / "archive")
    phono(*import_of_songs(folder, mapping, rows)).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono
