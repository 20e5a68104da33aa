"""An import: from a source to a generation of its rows that serves, or to nothing at all.

`run` is the whole of it on any disk; `import_source` is it on a folder of this machine, alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources import staging
from phonotheque.catalogue.sources.port import Followed, Source
from phonotheque.catalogue.sources.report import Counts, Report
from phonotheque.catalogue.sources.staging import FOLDER, PART_BYTES, Staging
from phonotheque.disk import Disk, LocalDisk, make_folders
from phonotheque.errors import BadRequestError, MalformedError
from phonotheque.store.lock import hold_folder


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is.

    Attributes:
        read: Rows read.
        done_bytes: How much of the input was read.
        size_bytes: How much there is; 0 when it is not known.
    """

    read: int
    done_bytes: int
    size_bytes: int


OnProgress = Callable[[Progress], None]


def _tell_nobody(progress: Progress) -> None:
    del progress


def run(
    source: Source,
    disk: Disk,
    *,
    is_rehearsal: bool = False,
    on_progress: OnProgress = _tell_nobody,
    part_bytes: int = PART_BYTES,
) -> Report:
    """Import a source; nobody else may be importing it.

    Args:
        source: What is imported.
        disk: The folder of the catalogue.
        is_rehearsal: Write nothing at all, and report as if it had been done.
        on_progress: Told after each batch.
        part_bytes: About how much is gathered in memory before it is made durable.

    Returns:
        The report, which also lies beside the rows.

    Raises:
        MalformedError: The input as a whole cannot be what it is said to be.
        DiskFullError: There is no room. What is durable stays, and the next run goes on there.
        UnavailableError: The input cannot be read, or the disk refused a call.
    """
    name = _checked_name(source.terms.name)
    notes = _licence_notes(source, disk, name)
    standing = b""
    if isinstance(source, Followed):
        standing = source.standing()
        notes += [source.stands_at()] if source.stands_at() else []
    if is_rehearsal:
        counts = Counts()
        for batch in source.batches():
            counts.add(batch)
            on_progress(Progress(counts.read, batch.done_bytes, source.size_bytes))
        return counts.report(source.terms, "", notes)
    # a name on the disk may be no UTF-8, and what is compared with later is kept as JSON
    state = source.state().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if (report := staging.finish_interrupted(disk, name, state)) is not None:
        return report
    made = Staging(disk, name, state, part_bytes=part_bytes)
    notes += _resume_notes(made)
    for batch in source.batches(after=made.checkpoint.place):
        made.add(batch)
        on_progress(Progress(made.checkpoint.counts.read, batch.done_bytes, source.size_bytes))
    report = made.checkpoint.counts.report(source.terms, made.generation, notes)
    made.finish(source.terms, report, standing)
    return report


def import_source(
    folder: Path,
    source: Source,
    *,
    is_rehearsal: bool = False,
    on_progress: OnProgress = _tell_nobody,
) -> Report:
    """Import a source into the catalogue in a folder, as the only one who does.

    Args:
        folder: The folder of the catalogue; it is made when it is not there.
        source: What is imported.
        is_rehearsal: Write nothing at all, and report as if it had been done.
        on_progress: Told after each batch.

    Raises:
        ArchiveBusyError: Another process is importing this source.
        PhonothequeError: What `run` raises.
    """
    disk = LocalDisk(folder)
    if is_rehearsal:
        return run(source, disk, is_rehearsal=True, on_progress=on_progress)
    name = _checked_name(source.terms.name)
    folder.mkdir(parents=True, exist_ok=True)
    make_folders(disk, f"{FOLDER}/{name}")
    with hold_folder(folder / FOLDER / name, f"another import of {name}"):
        report = run(source, disk, on_progress=on_progress)
        _sweep(folder / FOLDER / name)
    return report


_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadRequestError(
            repr(name), "it is no short name for a source", "Use 1 to 64 of a-z, 0-9 and -."
        )
    return name


def _licence_notes(source: Source, disk: Disk, name: str) -> list[str]:
    """Say so when the data come under another licence than last time."""
    try:
        generation = staging.current_generation(disk, name)
        if generation is None:
            return []
        before = staging.read_terms(disk, name, generation).licence or "unknown"
    except MalformedError:
        return ["What was imported before is damaged; it is replaced."]
    now = source.terms.licence or "unknown"
    return [] if before == now else [f"The data's licence changed from {before} to {now}."]


def _resume_notes(made: Staging) -> list[str]:
    if made.is_anew:
        return [f"An unfinished import was begun anew: {made.is_anew}."]
    if made.is_going_on:
        return [
            f"An unfinished import was gone on with after {made.checkpoint.counts.read:,} rows."
        ]
    return []


def _sweep(folder: Path) -> None:
    """Remove empty folders that are left of generations before."""
    for base, _, _ in sorted(os.walk(folder), reverse=True):
        if base != str(folder):
            with suppress(OSError):  # it is not empty
                os.rmdir(base)
