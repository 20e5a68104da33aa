"""A source taken in: its keys get ids, its tables the form of a snapshot; or what was made of it
for the last snapshot is taken over, when the source did not change since.

What is taken over is not copied: the parts of the last snapshot get a second name (a hard link; a
copy where the file system has none). Nobody changes a part, so both snapshots may have it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.build.inputs import CONSUMED, Input
from phonotheque.catalogue.build.numbering import Keys, album_order, new_in_order, read_keys
from phonotheque.catalogue.build.site import Site
from phonotheque.catalogue.build.steps import make_once
from phonotheque.catalogue.build.union import IdSpace, RefusedKeys, TableReport, unite
from phonotheque.catalogue.bulk import (
    PartWriter,
    batches_of,
    fresh_folder,
    parts_in,
    remove_tree,
    translated,
)
from phonotheque.catalogue.epoch import Integers, extend, link_or_copy, open_epoch
from phonotheque.catalogue.tables import ENTITIES, TABLES
from phonotheque.disk import read_whole, write_whole
from phonotheque.errors import ConflictError

_MIXED = "gid_redirect"
"""The table of redirects: what becomes of one depends on those of other sources, too. So it is
never taken over, but from a source that was consumed."""


def take_in(
    site: Site, source: Input, number: int, on_progress: Callable[[float], None], *, consume: bool
) -> dict[str, TableReport]:
    """Make a source's part of every table, and return what became of its rows.

    Args:
        number: The source's number in the epoch.
        consume: Remove each of its imported tables as soon as it is taken in.

    Raises:
        ConflictError: Its tables were consumed, and what was made of them is gone, too.
    """
    is_unchanged = _is_unchanged(site, source, number)
    if not is_unchanged:
        _refuse_when_lost(site, source, number)
    refusals: dict[str, RefusedKeys] = {}
    if not is_unchanged:
        refusals = _number(site, source, number)
    on_progress(0.2)
    place = IdSpace(open_epoch(site.root, site.disk), number)
    reports = {}
    for done, table in enumerate(TABLES, 1):
        folder = site.scratch / f"united-{number:03d}-{table}"
        if is_unchanged and table != _MIXED:
            make_once(folder, partial(_take_over, site, table, number))
        elif is_unchanged and source.is_consumed:
            make_once(folder, partial(_pick_out, site, number))
        else:
            rows = source.folder / table
            make_once(folder, partial(_unite, site, rows, place, refusals.get(table)))
            reports[table] = msgspec.json.decode(
                (folder / "report.json").read_bytes(), type=TableReport
            )
        if consume:
            _consume(site, source, table)
        on_progress(0.2 + 0.8 * done / len(TABLES))
    return reports


def _is_unchanged(site: Site, source: Input, number: int) -> bool:
    if site.before is None:
        return False
    descriptor = site.before.descriptor
    is_same_epoch = descriptor.epoch == open_epoch(site.root, site.disk).record.epoch
    generations = {one.id: one.generation for one in descriptor.sources}
    return is_same_epoch and generations.get(number) == source.generation


def _refuse_when_lost(site: Site, source: Input, number: int) -> None:
    """Refuse a source of which a table was consumed and what was made of it is gone."""
    if not source.is_consumed:
        return
    path = f"{source.folder.relative_to(site.root).as_posix()}/{CONSUMED}"
    for table in read_whole(site.disk, path).decode().split():
        is_united = (site.scratch / f"united-{number:03d}-{table}").is_dir()
        if not is_united and not (source.folder / table).is_dir():
            wrong = f"an earlier build consumed its table {table}"
            raise ConflictError(source.name, wrong, f"Import {source.name} again.")


def _take_over(site: Site, table: str, number: int, out: Path) -> None:
    assert site.before is not None
    with translated(str(out)):
        fresh_folder(out)
        for part in sorted((site.before.tables / table).glob(f"part-{number:03d}-*")):
            link_or_copy(part, out / part.name)


def _pick_out(site: Site, number: int, out: Path) -> None:
    """Take a source's redirects out of those of all, which stand together."""
    assert site.before is not None
    fresh_folder(out)
    writer = PartWriter(out, source=number)
    for batch in batches_of(parts_in(site.before.tables / _MIXED)):
        rows = pa.Table.from_batches([batch])
        writer.write(rows.filter(pc.equal(rows["source"], number)))
    writer.close()


def _unite(
    site: Site, folder: Path, place: IdSpace, refusals: RefusedKeys | None, out: Path
) -> None:
    fresh_folder(out)
    report = unite(folder, out, place, site.machine, refusals)
    (out / "report.json").write_bytes(msgspec.json.encode(asdict(report)))


def _consume(site: Site, source: Input, table: str) -> None:
    """Remove a table, having noted which there were: without them nobody builds from the rest."""
    name = f"{source.folder.relative_to(site.root).as_posix()}/{CONSUMED}"
    if site.disk.stat(name) is None:
        tables = [one for one in TABLES if (source.folder / one).is_dir()]
        write_whole(site.disk, name, "\n".join([*tables, ""]).encode())
    remove_tree(source.folder / table)


def _number(site: Site, source: Input, number: int) -> dict[str, RefusedKeys]:
    """Give ids to all entities of a source, once; return whose rows are refused."""
    folder = site.scratch / f"numbered-{number:03d}"
    make_once(folder, lambda out: _number_all(site, source, number, fresh_folder(out)))
    return {
        table: RefusedKeys(
            np.load(folder / f"{table}-repeated.npy"), np.load(folder / f"{table}-refused.npy")
        )
        for table in ENTITIES
    }


def _number_all(site: Site, source: Input, number: int, out: Path) -> None:
    epoch = open_epoch(site.root, site.disk)
    new: dict[str, tuple[Integers, Integers]] = {}
    for table in ENTITIES:
        keys: Keys = read_keys(source.folder / table, out)
        np.save(out / f"{table}-repeated.npy", keys.repeated)
        np.save(out / f"{table}-refused.npy", keys.refused)
        fresh = new_in_order(keys, epoch.ids(table, number), out / f"{table}-new")
        if table == "recording":
            places = album_order(fresh, source.folder / "track", out / "album-order")
        else:
            places = np.arange(len(fresh))
        new[table] = fresh, places
    extend(site.root, site.disk, number, new)
    for path in out.iterdir():
        if path.suffix != ".npy":
            path.unlink()
