"""What changed since a dump, written into a folder in the form of a dump.

`write_increment` reads like the list of its steps. Laws: the folder has its name only when all in
it is whole; every key that went away is named with the reason; a table that did not change is not
read where both states have it in the same files.

Only the tables are compared, and `links` and `canonical`: the flat tables, SQLite and JSON lines
are made of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.steps import OnProgress, Pace, quietly
from phonotheque.catalogue.bulk import Progress, parts_in, rows_of, translated
from phonotheque.catalogue.dump.choosing import Chosen, choose
from phonotheque.catalogue.dump.contents import take_digests, write_sums, write_text
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
from phonotheque.catalogue.dump.kept import Kept, KeptState, forget_old, keep, kept
from phonotheque.catalogue.dump.layout import DELETED, INCREMENT, SOURCES, WORK, single_path
from phonotheque.catalogue.dump.ordered import key_of, plain_schema, rows_in_order
from phonotheque.catalogue.dump.papers import sheet_of
from phonotheque.catalogue.dump.parquet_files import write_sheet
from phonotheque.catalogue.dump.parquet_tables import Origin
from phonotheque.catalogue.dump.state import (
    NOTHING,
    RowsDigest,
    digested,
    places_of,
    sources_digest,
)
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.increment.comparing import Change, changes
from phonotheque.catalogue.increment.contents import (
    Increment,
    encode_increment,
    read_increment,
    state_with,
)
from phonotheque.catalogue.increment.deleted import Deletions, gathered, rows_gathered
from phonotheque.catalogue.increment.papers import write_increment_papers
from phonotheque.catalogue.snapshot import Snapshot, SourceEntry, number_of
from phonotheque.disk import Disk
from phonotheque.errors import (
    BadRequestError,
    ConflictError,
    FormatTooOldError,
    NotHeldError,
    PhonothequeError,
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an increment would be.

    Attributes:
        since: Number of the dump that it begins with.
        sequence: Number of what it leads to; `since` where nothing was built since.
        rows: Rows that would be compared; those in files that both have are not.
    """

    since: int
    sequence: int
    sources: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class _Two:
    """Two states that are compared, and where what changed is written.

    Attributes:
        before: The state that the increment begins with.
        after: Folder of the tables as they are now.
        sources: Those of both, decisions by hand apart.
    """

    out: Path
    before: Kept
    after: Path
    sources: tuple[SourceEntry, ...]
    origin: Origin


def look_ahead(root: Path, disk: Disk, wish: Wish, since: int) -> Outlook:
    """Say what an increment would be of.

    Raises:
        PhonothequeError: What `write_increment` raises before it writes.
    """
    snapshot = serving(root, disk)
    chosen = choose(snapshot.descriptor, wish.wanted)
    before = _base(root, snapshot, wish, since)
    names = tuple(one.name for one in chosen.sources)
    rows = 0
    for _, name, source in places_of(chosen.sources):
        ends = before.tables, snapshot.tables
        if source is not None and not _is_same(*ends, name, source):
            rows += sum(rows_of(part) for part in _parts(snapshot.tables, name, source))
    return Outlook(since, number_of(snapshot.descriptor.name), names, rows)


def write_increment(
    root: Path, disk: Disk, out: Path, wish: Wish, since: int, on_progress: OnProgress = quietly
) -> Increment | None:
    """Write what changed since a dump into a folder.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.
        out: Folder to make; an increment between the same two that stands there is replaced.
        wish: The sources, as that dump was asked for; forms mean nothing here.
        since: Number of the dump.

    Returns:
        What was written; None, and nothing is written, where nothing was built since.

    Raises:
        NoCatalogueError: None was built.
        BadRequestError: There is no such dump yet.
        NotHeldError: What that dump had is not kept here, or is of another epoch.
        ConflictError: Something else stands at `out`.
        ArchiveBusyError: Another process is making it.
        DiskFullError: No room is left; run again.
    """
    snapshot = serving(root, disk)
    chosen = choose(snapshot.descriptor, wish.wanted)
    before = _base(root, snapshot, wish, since)
    if number_of(snapshot.descriptor.name) == since:
        return None
    standing = decisions.standing(disk)
    _refuse_what_stands(out, snapshot, since)
    with unfinished_beside(out) as unfinished:
        begin(unfinished, snapshot, wish, standing, since)
        pace = Pace(_weights(chosen), on_progress)
        made_from = excerpt_of(unfinished, snapshot, chosen, wish, standing, pace)
        two = _two(unfinished, before, made_from.tables, chosen, snapshot)
        with pace.step("comparing rows") as tell:
            tables, deleted = _write_changes(two, tell)
            tables[single_path(SOURCES)] = sources_digest(chosen.sources)
        increment = _increment(two, snapshot, chosen, tables, deleted)
        write_decisions(unfinished, chosen, standing)
        write_text(unfinished / INCREMENT, encode_increment(increment))
        _give_name(root, out, wish, two, increment, pace)
    return increment


def _give_name(
    root: Path, out: Path, wish: Wish, two: _Two, increment: Increment, pace: Pace
) -> None:
    """Make a written folder the increment, in an order that holds through a kill at any step.

    The state that it leads to is kept first: whoever sees the increment can ask for the next one.
    The sums come when all files stand, and prove them; the name after the sums; and older states
    go when this one need not be made again.
    """
    _keep(root, wish, increment, two.after)
    with pace.step("taking digests") as tell:
        digests = take_digests(two.out, tell)
        write_increment_papers(two.out, increment, digests)
        write_sums(two.out, digests)
    stand(two.out, out)
    forget_old(root, wish.wanted, increment.base.sequence)


def _keep(root: Path, wish: Wish, increment: Increment, tables: Path) -> None:
    """Keep the state that an increment leads to: the next one begins with it."""
    made = increment.result
    state = KeptState(
        increment.snapshot, increment.epoch, increment.sources, made.tables, made.next_ids
    )
    keep(root, wish.wanted, made.sequence, tables, state)


def _base(root: Path, snapshot: Snapshot, wish: Wish, since: int) -> Kept:
    """Return the state that an increment begins with."""
    made, now = snapshot.descriptor, number_of(snapshot.descriptor.name)
    if since > now:
        wrong = f"there is no dump {since} yet: the catalogue is {now}"
        raise BadRequestError(f"--since {since}", wrong, "Name the number of a dump made here.")
    before = kept(root, wish.wanted, since)
    if before.state.epoch != made.epoch:
        wrong = "its ids are of another epoch, so that nothing can be compared"
        raise NotHeldError(f"dump {since}", wrong, "Make a full dump.")
    return before


def _refuse_what_stands(out: Path, snapshot: Snapshot, since: int) -> None:
    todo = "Name a folder that is free."
    try:
        found = None if is_free(out) else read_increment(out)
    except FormatTooOldError as error:
        raise ConflictError(str(out), "an increment of an earlier form is there", todo) from error
    except PhonothequeError as error:
        raise ConflictError(str(out), "it is there and is no increment", todo) from error
    ends = (since, number_of(snapshot.descriptor.name))
    if found is not None and (found.base.sequence, found.result.sequence) != ends:
        raise ConflictError(str(out), "another increment is there", todo)


def _weights(chosen: Chosen) -> dict[str, float]:
    weights = {} if chosen.is_whole else {"choosing rows": CHOOSING}
    return weights | {"comparing rows": 5.0, "taking digests": 0.1}


def _two(unfinished: Path, before: Kept, after: Path, chosen: Chosen, snapshot: Snapshot) -> _Two:
    now = {one.name for one in chosen.sources}
    left = tuple(one for one in before.state.sources if one.name not in now)
    made = snapshot.descriptor
    origin = Origin(made.name, made.epoch, made.made_at)
    return _Two(unfinished, before, after, (*chosen.sources, *left), origin)


def _increment(
    two: _Two,
    snapshot: Snapshot,
    chosen: Chosen,
    tables: dict[str, str],
    deleted: dict[str, int],
) -> Increment:
    made, state = snapshot.descriptor, two.before.state
    return Increment(
        made.name,
        made.made_at,
        made.epoch,
        made.inputs,
        chosen.is_whole,
        chosen.sources,
        rows_in(two.out),
        deleted,
        state_with(number_of(state.snapshot), state.tables, state.next_ids),
        state_with(number_of(made.name), tables, made.next_ids),
    )


def _write_changes(two: _Two, on_progress: Progress) -> tuple[dict[str, str], dict[str, int]]:
    """Write the rows of every table that are put, and the keys that are deleted.

    Returns:
        Digest of each table as it is now, and how many keys of each are deleted.
    """
    tables: dict[str, str] = {}
    places = list(places_of(two.sources))
    gone = two.out / WORK / "deleted.arrow"
    with gathered(gone, two.after) as deleted:
        for done, (path, name, source) in enumerate(places, 1):
            if _is_same(two.before.tables, two.after, name, source):
                digest = two.before.state.tables.get(path, NOTHING)
            else:
                digest = _write_table(two, path, name, source, deleted)
            if digest != NOTHING:
                tables[path] = digest
            on_progress(done / len(places))
    _write_single(two, single_path(DELETED), rows_gathered(gone))
    with translated(str(two.after)):
        sources = pq.read_table(two.after / "sources.parquet", columns=SOURCES.schema.names)
    _write_single(two, single_path(SOURCES), [sources])
    return tables, deleted.counts


def _write_table(
    two: _Two, path: str, name: str, source: SourceEntry | None, deleted: Deletions
) -> str:
    """Write the rows of a table that are put, gather those deleted, and return its digest."""
    sheet, digest = sheet_of(path), RowsDigest()
    before = rows_in_order(two.before.tables, name, source)
    after = digested(rows_in_order(two.after, name, source), digest)
    found = changes(before, after, plain_schema(sheet.schema), key_of(name))
    put = _put(found, name, source, deleted)
    first = next(put, None)
    if first is not None:
        whose = two.sources if source is None else (source,)
        write_sheet(two.out / path, sheet, chain([first], put), two.origin.facts(whose))
    deleted.end_table(name, source)
    return digest.hexdigest()


def _put(
    found: Iterator[Change], name: str, source: SourceEntry | None, deleted: Deletions
) -> Iterator[pa.Table]:
    for one in found:
        if one.deleted.num_rows:
            deleted.add(one.deleted, name, source)
        if one.put.num_rows:
            yield one.put


def _write_single(two: _Two, path: str, rows: Iterable[pa.Table]) -> None:
    write_sheet(two.out / path, sheet_of(path), rows, two.origin.facts(two.sources))


def _is_same(before: Path, after: Path, name: str, source: SourceEntry | None) -> bool:
    """Whether both states have a table in the same files, so that it has the same rows."""
    ends = (_parts(before, name, source), _parts(after, name, source))
    with translated(name):
        return len(ends[0]) == len(ends[1]) and all(
            one.samefile(other) for one, other in zip(*ends, strict=True)
        )


def _parts(tables: Path, name: str, source: SourceEntry | None) -> list[Path]:
    """Return the parts in which rows of a source may stand."""
    if source is None:
        single = tables / f"{name}.parquet"
        return [single] if single.exists() else []
    own = f"part-{source.id:03d}-"
    return [
        part
        for part in parts_in(tables / name)
        if part.name.startswith(own) or part.name.count("-") == 1
    ]
