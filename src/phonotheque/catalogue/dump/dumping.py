"""A catalogue written whole into a folder, in files that open anywhere.

`dump` reads like the list of its steps. Laws: the folder has its name only when all in it is whole;
the dump that stood there stays until then; what was stopped, whenever, is gone on with by the next
run of the same snapshot and the same choices; nothing of what serves is changed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from phonotheque.catalogue.build.steps import OnProgress, Pace, make_once, quietly
from phonotheque.catalogue.bulk import (
    fresh_folder,
    parts_in,
    remove_tree,
    rows_of,
    sync_file,
    sync_tree,
    translated,
)
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump import sqlite_file
from phonotheque.catalogue.dump.choosing import Chosen, Wanted, choose
from phonotheque.catalogue.dump.contents import (
    DECISIONS_FILE,
    Contents,
    encode_contents,
    public_decisions,
    read_contents,
    take_digests,
    write_sums,
    write_text,
)
from phonotheque.catalogue.dump.excerpt import Excerpt, excerpt, excerpt_in, whole
from phonotheque.catalogue.dump.json_lines import write_json_lines
from phonotheque.catalogue.dump.layout import (
    CONTENTS,
    DATABASE,
    FORMAT,
    FORMS,
    JSON_LINES,
    SQLITE,
    SUMS,
    WORK,
)
from phonotheque.catalogue.dump.papers import write_papers
from phonotheque.catalogue.dump.parquet_tables import Origin, write_parquet
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.snapshot import Snapshot, current_snapshot
from phonotheque.catalogue.tables import ENTITIES, TABLES
from phonotheque.disk import Disk
from phonotheque.errors import ConflictError, NoCatalogueError, PhonothequeError
from phonotheque.store.lock import hold_folder

_PLAN = "plan"

_PARQUET_SHARE, _SQLITE_SHARE, _JSON_SHARE = 0.75, 0.9, 1.1
"""Length of each form as a share of the tables and cards that it is made from, roughly."""


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dump would be.

    Attributes:
        rows: Rows of the tables.
        size_bytes: About how long it would be.
        work_bytes: About how much more room it takes while it is made.
    """

    snapshot: str
    sources: tuple[str, ...]
    rows: int
    size_bytes: int
    work_bytes: int


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


def plan(snapshot: Snapshot, wish: Wish) -> Plan:
    """Say what a dump would be, from the lengths of what it would be made of.

    Raises:
        BadReferenceError: There is no such source.
        NotHeldError: No source is on such terms.
    """
    chosen = choose(snapshot.descriptor, wish.wanted)
    rows = size = whole_size = 0
    for name in TABLES:
        for part in parts_in(snapshot.tables / name):
            length = part.stat().st_size
            whole_size += length
            is_in = any(part.name.startswith(f"part-{one.id:03d}-") for one in chosen.sources)
            if chosen.is_whole or is_in:
                size += length
                rows += rows_of(part)
    cards = sum(
        entry.size_bytes
        for path, entry in snapshot.descriptor.files.items()
        if path.startswith("cards/")
    )
    size += cards * size // max(whole_size, 1)
    shares = _PARQUET_SHARE
    shares += _SQLITE_SHARE if SQLITE in wish.forms else 0
    shares += _JSON_SHARE if JSON_LINES in wish.forms else 0
    work = size * (2.5 if SQLITE in wish.forms else 0.5) + (0 if chosen.is_whole else size)
    names = tuple(one.name for one in chosen.sources)
    return Plan(snapshot.descriptor.name, names, rows, int(size * shares), int(work))


def dump(
    root: Path, disk: Disk, out: Path, wish: Wish, on_progress: OnProgress = quietly
) -> Contents:
    """Write the catalogue that serves into a folder.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.
        out: Folder to make; a dump that stands there is replaced when the new one is whole.

    Raises:
        NoCatalogueError: None was built.
        BadReferenceError: There is no such source.
        NotHeldError: No source is on such terms.
        ConflictError: What stands at `out` is no dump.
        ArchiveBusyError: Another process is making it.
        DiskFullError: No room is left; run again to go on.
    """
    snapshot = serving(root, disk)
    chosen = choose(snapshot.descriptor, wish.wanted)
    standing = decisions.standing(disk)
    previous = _previous(out, snapshot)
    unfinished = out.with_name(f"{out.name}.part")
    with translated(str(unfinished)):
        unfinished.mkdir(parents=True, exist_ok=True)
    with hold_folder(unfinished, "a dump"):
        _begin(unfinished, snapshot, wish, standing)
        pace = Pace(_weights(wish, chosen), on_progress)
        made_from = _made_from(unfinished, snapshot, chosen, wish, standing, pace)
        _write_parquet(unfinished, made_from, snapshot, chosen, wish, pace)
        contents = Contents(
            snapshot.descriptor.name,
            snapshot.descriptor.made_at,
            snapshot.descriptor.epoch,
            previous,
            snapshot.descriptor.inputs,
            chosen.is_whole,
            chosen.sources,
            _next_ids(root, disk, snapshot),
            _rows(unfinished),
        )
        _write_sqlite(unfinished, contents, chosen, wish, pace)
        _write_json_lines(unfinished, chosen, wish, pace)
        left_out = (one.name for one in chosen.left_out)
        if lines := public_decisions(standing, left_out):  # a torrent carries no empty file
            write_text(unfinished / DECISIONS_FILE, lines)
        write_text(unfinished / CONTENTS, encode_contents(contents))
        _finish(unfinished, out, contents, wish, pace)
    return contents


def _previous(out: Path, snapshot: Snapshot) -> str:
    """Return the snapshot that the dump at a path is of, when ids of both mean the same.

    A dump of the same snapshot comes after what the one before it came after.

    Raises:
        ConflictError: Something else stands there.
    """
    try:
        with translated(str(out)):
            is_free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
        found = None if is_free else read_contents(out)
    except PhonothequeError as error:
        raise ConflictError(
            str(out), "it is there and is no dump of a catalogue", "Name a folder that is free."
        ) from error
    if found is None or found.epoch != snapshot.descriptor.epoch:
        return ""
    is_same = found.snapshot == snapshot.descriptor.name
    return found.previous if is_same else found.snapshot


def _begin(unfinished: Path, snapshot: Snapshot, wish: Wish, standing: Sequence[Decision]) -> None:
    """Go on with what an earlier run of the same left, or begin anew."""
    facts = (
        FORMAT,
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


def _weights(wish: Wish, chosen: Chosen) -> dict[str, float]:
    """What each step takes: CPU seconds for a million recordings, roughly."""
    weights = {} if chosen.is_whole else {"choosing rows": 15.0}
    weights["writing Parquet"] = 40.0
    if SQLITE in wish.forms:
        weights |= {"filling SQLite": 15.0, "compressing SQLite": 75.0}
    if JSON_LINES in wish.forms:
        weights["writing JSON lines"] = 60.0
    return weights | {"taking digests": 1.0}


def _made_from(
    unfinished: Path,
    snapshot: Snapshot,
    chosen: Chosen,
    wish: Wish,
    standing: Sequence[Decision],
    pace: Pace,
) -> Excerpt:
    if chosen.is_whole:
        return whole(snapshot)
    folder = unfinished / WORK / "excerpt"
    with pace.step("choosing rows", is_done=folder.is_dir()):
        make_once(folder, lambda out: excerpt(snapshot, chosen, out, wish.machine, standing))
    return excerpt_in(folder)


def _write_parquet(
    unfinished: Path,
    made_from: Excerpt,
    snapshot: Snapshot,
    chosen: Chosen,
    wish: Wish,
    pace: Pace,
) -> None:
    made = snapshot.descriptor
    done = unfinished / WORK / "parquet-written"
    origin = Origin(made.name, made.epoch, made.made_at)
    with pace.step("writing Parquet", is_done=done.is_dir()) as tell:
        if not done.is_dir():
            write_parquet(made_from, chosen.tables_of, unfinished, origin, wish.machine, tell)
        make_once(done, lambda _: None)


def _rows(unfinished: Path) -> dict[str, int]:
    paths = sorted((unfinished / "parquet").rglob("*.parquet"))
    return {path.relative_to(unfinished).as_posix(): rows_of(path) for path in paths}


def _next_ids(root: Path, disk: Disk, snapshot: Snapshot) -> dict[str, int]:
    """Return which ids the epoch has not given yet; from the tables, where it was lost."""
    record = open_epoch(root, disk).record
    if record.epoch == snapshot.descriptor.epoch:
        return record.next_ids
    return {table: _after_last(snapshot.tables / table) for table in ENTITIES}


def _after_last(table: Path) -> int:
    import pyarrow.parquet as pq

    last = -1
    for part in parts_in(table):
        with translated(str(part)):
            ids = pq.read_table(part, columns=["id"])["id"].to_numpy()
        last = max(last, int(ids.max(initial=-1)))
    return last + 1


def _write_sqlite(
    unfinished: Path, contents: Contents, chosen: Chosen, wish: Wish, pace: Pace
) -> None:
    if SQLITE not in wish.forms:
        return
    plain, out = unfinished / WORK / "catalogue.sqlite", unfinished / DATABASE
    is_done, is_filled = out.exists(), unfinished / WORK / "sqlite-filled"
    names = [one.name for one in chosen.tables_of]
    about = [
        ("snapshot", contents.snapshot),
        ("made_at", contents.made_at),
        ("epoch", contents.epoch),
        ("format", str(contents.format)),
    ]
    with pace.step("filling SQLite", is_done=is_done or is_filled.is_dir()) as tell:
        if not is_done and not is_filled.is_dir():
            sqlite_file.write_database(unfinished, names, about, plain, wish.machine, tell)
            make_once(is_filled, lambda _: None)
    with pace.step("compressing SQLite", is_done=is_done) as tell, translated(str(plain)):
        if not is_done:
            sqlite_file.compress(plain, out, wish.machine, tell)
        plain.unlink(missing_ok=True)


def _write_json_lines(unfinished: Path, chosen: Chosen, wish: Wish, pace: Pace) -> None:
    if JSON_LINES in wish.forms:
        with pace.step("writing JSON lines") as tell:
            write_json_lines(unfinished, chosen.sources, wish.machine, tell)


def _finish(unfinished: Path, out: Path, contents: Contents, wish: Wish, pace: Pace) -> None:
    """Take digests, and let the new dump stand where the old one did."""
    with pace.step("taking digests") as tell, translated(str(unfinished)):
        digests = take_digests(unfinished, tell)
        write_papers(unfinished, contents, wish.forms, digests)
        write_sums(unfinished, digests)
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


def is_dump(folder: Path) -> bool:
    """Return whether a folder is a dump that is whole."""
    return (folder / SUMS).is_file() and (folder / CONTENTS).is_file()
