"""A map made: releases in their order, laid along the curve, with what each pixel is.

Laws: every release of the catalogue has one pixel, in the order of `expressions.on_map`; whatever
is larger than memory comes in batches.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa

from phonotheque.catalogue.bulk import Progress, fresh_folder, translated
from phonotheque.catalogue.charts.counting import opened
from phonotheque.catalogue.charts.writing import write_whole_file
from phonotheque.catalogue.coverage import expressions
from phonotheque.catalogue.coverage.counting import names_of
from phonotheque.catalogue.coverage.curve import Layout, layout_of
from phonotheque.catalogue.coverage.groups import Groups
from phonotheque.catalogue.coverage.tiles import PALETTES, levels_of, png_of, tiles_of, zoom_of
from phonotheque.catalogue.coverage.words import By, Pixel
from phonotheque.catalogue.database import Machine, number
from phonotheque.catalogue.gids import gid_of_row
from phonotheque.catalogue.kinds import Kind

READS = frozenset({"release_card", "release", "census"})

BLOCK = 1024
"""Releases in one file of records: a square of 32 x 32 pixels."""

FOLDERS = _RECORDS, _TILES = "records", "tiles"
"""What is drawn of a map, beside its page."""

_ROWS_AT_ONCE = 1 << 17
_SHARE_OF_RECORDS = 0.85


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map that was written, but for its page.

    Attributes:
        layout: Of its pixels.
        count: How many releases it has.
        groups: What it is ordered by, with counts.
    """

    layout: Layout
    count: int
    groups: Groups


def draw_map(
    out: Path,
    snapshot: Path,
    by: By,
    names: dict[int, str],
    work: tuple[Path, Machine],
    on_progress: Progress,
) -> Drawn:
    """Write tiles and records of a map.

    Args:
        out: An empty folder for `tiles` and `records`.
        by: What it is ordered by: year, label or registrant.
        names: Names of the snapshot's sources, of which gids are made.
        work: Folder in which sorting may spill, and what it may use.

    Raises:
        MalformedError: A table cannot be read.
        UnavailableError: The disk refused.
    """
    records = fresh_folder(out / _RECORDS)
    with opened(snapshot, set(READS), *work) as db:
        count = number(db, "SELECT count(*) FROM release_card") or 0
        layout, groups = layout_of(count), Groups()
        whole = np.zeros((layout.side, layout.width), np.uint8)
        query = str(ibis.to_sql(expressions.on_map(by), dialect="duckdb"))
        place = 0
        for batch in _blocks(db.sql(query).to_arrow_reader(_ROWS_AT_ONCE)):
            seen = batch["pixel"].to_numpy().astype(np.uint8)
            x, y = layout.pixels(np.arange(place, place + len(seen)))
            whole[y, x] = seen
            batch = batch.set_column(0, "group", names_of(batch["group"].combine_chunks(), by))
            groups.add(batch["group"].to_pylist(), seen)
            _write_records(records, place, batch, names)
            place += len(seen)
            on_progress(_SHARE_OF_RECORDS * place / count)
    _write_tiles(out, whole, zoom_of(layout))
    on_progress(1.0)
    return Drawn(layout, count, groups)


def _blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Give rows in tables of whole blocks, the last one of what is left."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        if count >= _ROWS_AT_ONCE:
            whole = pa.Table.from_batches(waiting)
            cut = count // BLOCK * BLOCK
            yield whole.slice(0, cut)
            waiting, count = whole.slice(cut).to_batches(), count - cut
    if count:
        yield pa.Table.from_batches(waiting)


def _write_records(folder: Path, place: int, rows: pa.Table, names: dict[int, str]) -> None:
    """Write what a map tells of releases: pixel, group, title, credit, year, gid, in blocks."""
    columns: list[Sequence[Any]] = [
        rows[name].to_pylist() for name in ("pixel", "group", "title", "credit", "year")
    ]
    columns.append(_gids(rows, names))
    records = list(zip(*columns, strict=True))
    for low in range(0, len(records), BLOCK):
        data = zlib.compress(msgspec.json.encode(records[low : low + BLOCK]), 3)
        path = folder / f"{(place + low) // BLOCK:06d}.json.z"
        with translated(str(path)):
            path.write_bytes(data)


def _gids(rows: pa.Table, names: dict[int, str]) -> list[str]:
    columns = (rows[name].to_pylist() for name in ("source", "key", "source_id", "mbid"))
    return [
        str(gid_of_row(names[source], Kind.RELEASE, key, source_id, mbid))
        for source, key, source_id, mbid in zip(*columns, strict=True)
    ]


def _write_tiles(out: Path, whole: Any, zoom: int) -> None:
    folder = fresh_folder(out / _TILES)
    for level, pixels in levels_of(whole, zoom):
        for mode in PALETTES:
            if level == 0:
                write_whole_file(folder / f"{mode}.png", png_of(pixels, mode))
                continue
            below = folder / mode / str(level)
            with translated(str(below)):
                below.mkdir(parents=True)
            for column, row, part in tiles_of(pixels):
                path = below / f"{column}-{row}.png"
                with translated(str(path)):
                    path.write_bytes(png_of(part, mode))


def pixel_counts(groups: Groups) -> dict[Pixel, int]:
    """Return how many releases are what."""
    return {one: groups.total(one) for one in Pixel if one is not Pixel.NOTHING}
