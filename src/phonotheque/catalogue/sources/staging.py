"""What was imported, on the disk: `sources/<name>/<generation>/<table>/part-00001.parquet`.

Laws: a generation is a folder under its own name only when it is whole; until then it is called
`<generation>.part` and nobody reads it. `current` names the one that serves and is written last;
the one before is removed after that. A checkpoint is written when the parts it speaks of are
durable: what was read up to it is never read again, unless the input changed, and then all is begun
anew. Whatever fails, the generation that serves goes on serving.

Paths are relative to the folder of the catalogue. One import of a source at a time (`store.lock`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.report import Counts, Report, decode_report, encode_report
from phonotheque.disk import Disk, Kind, make_folders, read_whole, write_whole
from phonotheque.errors import MalformedError
from phonotheque.music.decoding import UNDECODABLE

FOLDER = "sources"
PART_BYTES = 64 << 20
"""About how much of a table is gathered in memory before it is written as a part."""

UNFINISHED = ".part"
"""Ending of the folder of a generation that is not whole."""

_STANDING = "standing.json"


class Checkpoint(msgspec.Struct):
    """How far an import came.

    Attributes:
        state: What the input was (`Source.state`).
        place: Where to go on.
        done_bytes: How much of the input was read.
        parts: How many parts of each table are written.
        counts: What was counted up to here.
    """

    state: str
    place: str = ""
    done_bytes: int = 0
    parts: dict[str, int] = msgspec.field(default_factory=dict)
    counts: Counts = msgspec.field(default_factory=Counts)


def current_generation(disk: Disk, name: str) -> str | None:
    """Return the generation of a source that serves, or None."""
    path = f"{FOLDER}/{name}/current"
    if disk.stat(path) is None:
        return None
    generation = read_whole(disk, path).decode("utf-8", "replace").strip()
    if not generation.isdigit() or disk.stat(f"{FOLDER}/{name}/{generation}") is None:
        raise MalformedError(
            path, f"it names {generation!r}, which is not there", f"Import {name} again."
        )
    return generation


def source_names(disk: Disk) -> list[str]:
    """Return the names of all sources of which a generation serves."""
    return [
        entry.name
        for entry in disk.list(FOLDER)
        if entry.kind is Kind.FOLDER and disk.stat(f"{FOLDER}/{entry.name}/current") is not None
    ]


def read_terms(disk: Disk, name: str, generation: str) -> Terms:
    """Return the terms under which a generation was imported."""
    path = f"{FOLDER}/{name}/{generation}/terms.json"
    try:
        return msgspec.json.decode(read_whole(disk, path), type=Terms)
    except UNDECODABLE as error:
        raise MalformedError(path, str(error), f"Import {name} again.") from error


def read_report(disk: Disk, name: str, generation: str) -> Report:
    """Return the report of the import that made a generation."""
    path = f"{FOLDER}/{name}/{generation}/report.json"
    try:
        return decode_report(read_whole(disk, path))
    except UNDECODABLE as error:
        raise MalformedError(path, str(error), f"Import {name} again.") from error


def read_standing(disk: Disk, name: str, generation: str) -> bytes | None:
    """Return what was kept for increments that may follow; None where nothing was."""
    path = f"{FOLDER}/{name}/{generation}/{_STANDING}"
    return None if disk.stat(path) is None else read_whole(disk, path)


class Staging:
    """A generation in the making.

    Args:
        disk: The folder of the catalogue.
        name: Name of the source.
        state: What its input is now.
        part_bytes: About how much is gathered before it is written.

    Attributes:
        checkpoint: How far it came.
        is_anew: Why an unfinished import was thrown away; "" when none was.
        is_going_on: Whether an unfinished import is gone on with.
    """

    def __init__(self, disk: Disk, name: str, state: str, *, part_bytes: int = PART_BYTES) -> None:
        self._disk = disk
        self._base = f"{FOLDER}/{name}"
        self._part_bytes = part_bytes
        self._gathered: dict[str, list[pa.Table]] = {}
        self._gathered_bytes = 0
        make_folders(disk, self._base)
        self.generation, self._folder = self._choose()
        self.is_anew = ""
        self.checkpoint = self._resume(state)
        self.is_going_on = bool(self.checkpoint.place)

    def _choose(self) -> tuple[str, str]:
        """Return the unfinished generation if there is one, else the next."""
        names = [entry.name for entry in self._disk.list(self._base)]
        numbers = [int(name.removesuffix(UNFINISHED)) for name in names if _is_generation(name)]
        unfinished = [name for name in names if name.endswith(UNFINISHED) and _is_generation(name)]
        if unfinished:
            generation = unfinished[-1].removesuffix(UNFINISHED)
        else:
            generation = f"{max(numbers, default=0) + 1:06}"
        folder = f"{self._base}/{generation}{UNFINISHED}"
        make_folders(self._disk, folder)
        return generation, folder

    def _resume(self, state: str) -> Checkpoint:
        fresh = Checkpoint(state)
        path = f"{self._folder}/checkpoint.json"
        if self._disk.stat(path) is None:
            self._remove_parts_after(fresh)
            return fresh
        try:
            found = msgspec.json.decode(read_whole(self._disk, path), type=Checkpoint)
        except UNDECODABLE:
            found, self.is_anew = fresh, "its checkpoint could not be read"
        if found.state != state:
            found, self.is_anew = fresh, "its input has changed since"
        if found is fresh:
            self._disk.remove(path)
            self._disk.sync_folder(self._folder)
        self._remove_parts_after(found)
        return found

    def _remove_parts_after(self, checkpoint: Checkpoint) -> None:
        """Remove parts that were written after the checkpoint: they will be written again."""
        for table in self._disk.list(self._folder):
            if table.kind is not Kind.FOLDER:
                continue
            kept = {_part(n) for n in range(1, checkpoint.parts.get(table.name, 0) + 1)}
            for part in self._disk.list(f"{self._folder}/{table.name}"):
                if part.name not in kept:
                    self._disk.remove(f"{self._folder}/{table.name}/{part.name}")

    def add(self, batch: Batch) -> None:
        """Take the rows of a batch; every now and then all that was taken is made durable."""
        self.checkpoint.counts.add(batch)
        self.checkpoint.place = batch.place
        self.checkpoint.done_bytes = batch.done_bytes
        for name, table in batch.rows.items():
            self._gathered.setdefault(name, []).append(table)
            self._gathered_bytes += table.nbytes
        if self._gathered_bytes >= self._part_bytes:
            self.save()

    def save(self) -> None:
        """Make all that was taken durable, then say so in the checkpoint."""
        for name, tables in self._gathered.items():
            number = self.checkpoint.parts.get(name, 0) + 1
            self._write_part(f"{self._folder}/{name}", _part(number), tables)
            self.checkpoint.parts[name] = number
        self._gathered, self._gathered_bytes = {}, 0
        data = msgspec.json.encode(self.checkpoint)
        write_whole(self._disk, f"{self._folder}/checkpoint.json", data)

    def _write_part(self, folder: str, part: str, tables: Sequence[pa.Table]) -> None:
        make_folders(self._disk, folder)
        sink = pa.BufferOutputStream()
        table = pa.concat_tables(tables).unify_dictionaries()
        pq.write_table(table, sink, compression="zstd", compression_level=1)
        write_whole(self._disk, f"{folder}/{part}", sink.getvalue().to_pybytes())

    def finish(self, terms: Terms, report: Report, standing: bytes = b"") -> None:
        """Make the generation whole, let it serve, and remove the ones before.

        Args:
            terms: Terms of the source.
            report: What came of the import.
            standing: What increments need to know, where they may follow.
        """
        self.save()
        if standing:
            write_whole(self._disk, f"{self._folder}/{_STANDING}", standing)
        write_whole(self._disk, f"{self._folder}/terms.json", _json(asdict(terms)))
        write_whole(self._disk, f"{self._folder}/report.json", encode_report(report))
        self._disk.rename(self._folder, f"{self._base}/{self.generation}")
        self._disk.sync_folder(self._base)
        switch(self._disk, self._base, self.generation)


def switch(disk: Disk, base: str, generation: str) -> None:
    """Let a whole generation serve, and remove all others of its source."""
    write_whole(disk, f"{base}/current", f"{generation}\n".encode())
    for entry in disk.list(base):
        if _is_generation(entry.name) and entry.name != generation:
            remove_files(disk, f"{base}/{entry.name}")
    disk.remove(f"{base}/{generation}/checkpoint.json")


def remove_files(disk: Disk, folder: str) -> None:
    """Remove all files below a folder. Folders stay: the port cannot remove them."""
    for entry in disk.list(folder):
        path = f"{folder}/{entry.name}"
        if entry.kind is Kind.FOLDER:
            remove_files(disk, path)
        else:
            disk.remove(path)


def finish_interrupted(disk: Disk, name: str, state: str) -> Report | None:
    """Let a generation serve that was whole when the process ended before it could say so.

    Returns:
        Its report, when it is of the same input; None when there is nothing to finish.
    """
    base = f"{FOLDER}/{name}"
    whole = [e.name for e in disk.list(base) if e.name.isdigit() and disk.list(f"{base}/{e.name}")]
    if not whole or disk.stat(f"{base}/{whole[-1]}/checkpoint.json") is None:
        return None
    path = f"{base}/{whole[-1]}/checkpoint.json"
    try:
        found = msgspec.json.decode(read_whole(disk, path), type=Checkpoint)
    except UNDECODABLE:
        return None
    if found.state != state:
        return None
    report = read_report(disk, name, whole[-1])
    switch(disk, base, whole[-1])
    return report


def _is_generation(name: str) -> bool:
    return name.removesuffix(UNFINISHED).isdigit()


def _part(number: int) -> str:
    return f"part-{number:05}.parquet"


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
