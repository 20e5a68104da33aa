"""What a dump and an increment have alike: how they begin, choose sources, and take their place.

Laws: nothing has its name before all in it is whole; what was stopped is gone on with by the next
run of the same snapshot and the same choices.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from phonotheque.catalogue.build.steps import Pace, make_once
from phonotheque.catalogue.bulk import (
    fresh_folder,
    remove_tree,
    rows_of,
    sync_file,
    sync_tree,
    translated,
)
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import Chosen, Wanted
from phonotheque.catalogue.dump.contents import DECISIONS_FILE, public_decisions, write_text
from phonotheque.catalogue.dump.excerpt import Excerpt, excerpt, excerpt_in, whole
from phonotheque.catalogue.dump.layout import FORMAT, FORMS, WORK
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.snapshot import Snapshot, current_snapshot
from phonotheque.disk import Disk
from phonotheque.errors import NoCatalogueError
from phonotheque.store.lock import hold_folder

_PLAN = "plan"

CHOOSING = 15.0
"""CPU seconds for a million recordings that choosing sources takes, roughly."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be dumped.

    Attributes:
        wanted: Which sources.
        forms: Beside Parquet, which is always there.
    """

    wanted: Wanted = field(default_factory=Wanted)
    forms: tuple[str, ...] = FORMS
    machine: Machine = field(default_factory=Machine)


def serving(root: Path, disk: Disk) -> Snapshot:
    """Return the snapshot that would be dumped.

    Raises:
        NoCatalogueError: None was built.
    """
    found = current_snapshot(root, disk)
    if found is None:
        todo = "Make one with `phono catalogue build`."
        raise NoCatalogueError(str(root), "there is no catalogue yet", todo)
    return found


def is_free(out: Path) -> bool:
    """Return whether nothing stands at a path, or an empty folder."""
    with translated(str(out)):
        return not out.exists() or (out.is_dir() and not any(out.iterdir()))


@contextmanager
def unfinished_beside(out: Path) -> Iterator[Path]:
    """Give a folder, held, in which a dump is made before it has its name.

    Raises:
        ArchiveBusyError: Another process is making it.
    """
    unfinished = out.with_name(f"{out.name}.part")
    with translated(str(unfinished)):
        unfinished.mkdir(parents=True, exist_ok=True)
    with hold_folder(unfinished, "a dump"):
        yield unfinished


def begin(
    unfinished: Path,
    snapshot: Snapshot,
    wish: Wish,
    standing: Sequence[Decision],
    since: int | None = None,
) -> None:
    """Go on with what an earlier run of the same left, or begin anew.

    Args:
        since: Number of the dump that an increment begins with; None: all is dumped.
    """
    facts = (
        FORMAT,
        since,
        snapshot.descriptor.name,
        snapshot.descriptor.inputs,
        sorted(wish.forms),
        wish.wanted,
        standing,
    )
    wanted = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
    path = unfinished / WORK / _PLAN
    with translated(str(unfinished)):
        if path.exists() and path.read_text() == wanted:
            return
        for entry in list(unfinished.iterdir()):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    fresh_folder(unfinished / WORK)
    write_text(path, wanted)


def excerpt_of(
    unfinished: Path,
    snapshot: Snapshot,
    chosen: Chosen,
    wish: Wish,
    standing: Sequence[Decision],
    pace: Pace,
) -> Excerpt:
    """Return what a dump is made from: all of a snapshot, or the sources that were chosen.

    Args:
        pace: Of steps among which is "choosing rows", where something is left out.
    """
    if chosen.is_whole:
        return whole(snapshot)
    folder = unfinished / WORK / "excerpt"
    with pace.step("choosing rows", is_done=folder.is_dir()):
        make_once(folder, lambda out: excerpt(snapshot, chosen, out, wish.machine, standing))
    return excerpt_in(folder)


def write_decisions(unfinished: Path, chosen: Chosen, standing: Sequence[Decision]) -> None:
    """Write the decisions by hand that go along, where there are any."""
    left_out = (one.name for one in chosen.left_out)
    if lines := public_decisions(standing, left_out):  # a torrent carries no empty file
        write_text(unfinished / DECISIONS_FILE, lines)


def rows_in(unfinished: Path) -> dict[str, int]:
    """Return the rows of every Parquet file of a dump, by its path."""
    paths = sorted((unfinished / "parquet").rglob("*.parquet"))
    return {path.relative_to(unfinished).as_posix(): rows_of(path) for path in paths}


def stand(unfinished: Path, out: Path) -> None:
    """Let a folder that is whole stand where an earlier one may be."""
    sync_tree(unfinished)
    remove_tree(unfinished / WORK)
    old = out.with_name(f"{out.name}.old")
    with translated(str(out)):
        if out.exists():
            remove_tree(old)
            out.replace(old)
        unfinished.replace(out)
        sync_file(out.parent)
    remove_tree(old)
