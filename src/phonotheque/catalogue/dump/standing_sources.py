"""Sources that stand in a catalogue as if an earlier build had consumed them.

So does what came with a dump: the next build takes the tables over, adds what was imported since,
and makes all else anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from phonotheque.catalogue.build.inputs import CONSUMED, read_inputs
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.excerpt import write_sources
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.sources.report import Report, encode_report
from phonotheque.catalogue.sources.staging import FOLDER
from phonotheque.disk import Disk, make_folders, write_whole

_CAME_ALONG = "came-along"
"""Name of an empty file in a generation that no import made here: nothing is lost with it."""


def write_consumed(
    disk: Disk, source: SourceEntry, generation: str, used: Mapping[str, int], note: str
) -> None:
    """Write a generation of a source that has been built, and let it be the current one.

    Args:
        disk: The folder of the catalogue.
        generation: Its name: digits.
        used: Rows of each table that the snapshot has of it.
        note: What is said of it to people.
    """
    folder = f"{FOLDER}/{source.name}/{generation}"
    make_folders(disk, folder)
    terms = Terms(
        source.name, source.title, source.licence, source.attribution, source.origin, source.as_of
    )
    report = Report(
        source.name,
        source.title,
        source.licence,
        generation,
        False,
        0,
        dict(used),
        0,
        0,
        notes=(note,),
    )
    write_whole(disk, f"{folder}/terms.json", msgspec.json.encode(asdict(terms)))
    write_whole(disk, f"{folder}/report.json", encode_report(report))
    write_whole(disk, f"{folder}/{CONSUMED}", "\n".join([*used, ""]).encode())
    write_whole(disk, f"{folder}/{_CAME_ALONG}", b"")
    write_whole(disk, f"{FOLDER}/{source.name}/current", f"{generation}\n".encode())


def imported_here(root: Path, disk: Disk, built: Sequence[SourceEntry]) -> list[str]:
    """Return the names of sources that were imported here and are in no snapshot yet.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.
        built: Sources of the snapshot that serves.
    """
    generations = {one.name: one.generation for one in built}
    return [
        one.name
        for one in read_inputs(root, disk)
        if one.generation != generations.get(one.name) and not (one.folder / _CAME_ALONG).exists()
    ]


def names_that_came_along(root: Path, disk: Disk) -> set[str]:
    """Return the names of sources of which no import made here is the current generation."""
    return {one.name for one in read_inputs(root, disk) if (one.folder / _CAME_ALONG).exists()}


def entries_in(
    root: Path, disk: Disk, snapshot: Path, sources: Sequence[SourceEntry]
) -> tuple[SourceEntry, ...]:
    """Return sources with the generations that stand, and write the table of them.

    Args:
        root: Folder of the catalogue.
        snapshot: Folder of the snapshot in the making.
        sources: Decisions by hand apart.
    """
    generations = {one.name: one.generation for one in read_inputs(root, disk)}
    entries = tuple(
        msgspec.structs.replace(one, generation=generations[one.name]) for one in sources
    )
    write_sources(snapshot / "tables" / "sources.parquet", (DECISIONS, *entries))
    return entries
