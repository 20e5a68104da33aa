"""A catalogue written whole into a folder, in files that open anywhere.

`dump` reads like the list of its steps. Laws: the folder has its name only when all in it is whole;
the dump that stood there stays until then; what was stopped, whenever, is gone on with by the next
run of the same snapshot and the same choices; nothing of what serves is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.build.steps import OnProgress, Pace, make_once, quietly
from phonotheque.catalogue.bulk import parts_in, rows_of, translated
from phonotheque.catalogue.dump import sqlite_file
from phonotheque.catalogue.dump.choosing import Chosen, choose
from phonotheque.catalogue.dump.contents import (
    Contents,
    encode_contents,
    read_contents,
    take_digests,
    write_sums,
    write_text,
)
from phonotheque.catalogue.dump.excerpt import Excerpt
from phonotheque.catalogue.dump.frame import (
    CHOOSING,
    Wish,
    begin,
    excerpt_of,
    is_free,
    rows_in,
    serving,
    stand,
    unfinished_beside,
    write_decisions,
)
from phonotheque.catalogue.dump.json_lines import write_json_lines
from phonotheque.catalogue.dump.kept import KeptState, forget_old, keep
from phonotheque.catalogue.dump.layout import CONTENTS, DATABASE, JSON_LINES, SQLITE, WORK
from phonotheque.catalogue.dump.papers import write_papers
from phonotheque.catalogue.dump.parquet_tables import Origin, write_parquet
from phonotheque.catalogue.dump.state import state_of, tables_digests
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.snapshot import Snapshot, number_of
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import Disk
from phonotheque.errors import ConflictError, FormatTooOldError, PhonothequeError

_PARQUET_SHARE, _SQLITE_SHARE, _JSON_SHARE = 0.75, 0.9, 1.1
"""Length of each form as a share of the tables and cards that it is made from, roughly."""


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
    with unfinished_beside(out) as unfinished:
        begin(unfinished, snapshot, wish, standing)
        pace = Pace(_weights(wish, chosen), on_progress)
        made_from = excerpt_of(unfinished, snapshot, chosen, wish, standing, pace)
        _write_parquet(unfinished, made_from, snapshot, chosen, wish, pace)
        with pace.step("taking the state") as tell:
            tables = tables_digests(made_from.tables, chosen.sources, on_progress=tell)
        contents = _contents(unfinished, snapshot, chosen, previous, tables)
        _write_sqlite(unfinished, contents, chosen, wish, pace)
        _write_json_lines(unfinished, chosen, wish, pace)
        write_decisions(unfinished, chosen, standing)
        write_text(unfinished / CONTENTS, encode_contents(contents))
        given = contents.next_ids
        state = KeptState(contents.snapshot, contents.epoch, chosen.sources, tables, given)
        keep(root, wish.wanted, contents.sequence, made_from.tables, state)
        _finish(unfinished, out, contents, wish, pace)
        forget_old(root, wish.wanted)
    return contents


def _previous(out: Path, snapshot: Snapshot) -> str:
    """Return the snapshot that the dump at a path is of, when ids of both mean the same.

    A dump of the same snapshot comes after what the one before it came after.

    Raises:
        ConflictError: Something else stands there.
    """
    is_new = is_free(out)
    try:
        found = None if is_new else read_contents(out)
    except FormatTooOldError:
        return ""  # a dump, of which nothing is said
    except PhonothequeError as error:
        raise ConflictError(
            str(out), "it is there and is no dump of a catalogue", "Name a folder that is free."
        ) from error
    if found is None or found.epoch != snapshot.descriptor.epoch:
        return ""
    is_same = found.snapshot == snapshot.descriptor.name
    return found.previous if is_same else found.snapshot


def _weights(wish: Wish, chosen: Chosen) -> dict[str, float]:
    """What each step takes: CPU seconds for a million recordings, roughly."""
    weights = {} if chosen.is_whole else {"choosing rows": CHOOSING}
    weights |= {"writing Parquet": 40.0, "taking the state": 2.0}
    if SQLITE in wish.forms:
        weights |= {"filling SQLite": 15.0, "compressing SQLite": 75.0}
    if JSON_LINES in wish.forms:
        weights["writing JSON lines"] = 60.0
    return weights | {"taking digests": 1.0}


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


def _contents(
    unfinished: Path,
    snapshot: Snapshot,
    chosen: Chosen,
    previous: str,
    tables: dict[str, str],
) -> Contents:
    made = snapshot.descriptor
    return Contents(
        made.name,
        made.made_at,
        made.epoch,
        previous,
        made.inputs,
        chosen.is_whole,
        chosen.sources,
        made.next_ids,
        rows_in(unfinished),
        number_of(made.name),
        state_of(tables, made.next_ids),
        tables,
    )


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
    stand(unfinished, out)
