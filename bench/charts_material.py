"""Snapshots for the benches of charts and of the map: a catalogue in order of rank, or releases."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.synthetic import Form, make
from bench.synthetic_stretch import Stretch
from bench.synthetic_world import World
from phonotheque.catalogue import cards, census
from phonotheque.catalogue.build.census_making import make_census
from phonotheque.catalogue.bulk import ROWS_IN_PART, part_name, write_part
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.ranking import rank_cards
from phonotheque.catalogue.tables import snapshot_schema

_SEED = 20261001
_RELEASES_OF_A_LABEL = 40


def make_catalogue(snapshot: Path, tracks: int) -> None:
    """Write a synthetic snapshot: tables, census, and cards in order of rank."""
    make(snapshot, World(tracks), Form.SNAPSHOT, processes=2)
    unranked = (snapshot / "cards").rename(snapshot / "unranked")
    (snapshot / "cards").mkdir()
    work = snapshot / "work", Machine(jobs=2)
    out = snapshot / census.FOLDER
    make_census(snapshot, lambda kind: unranked / kind, out, work, lambda _: None)
    for kind in Kind:
        parts = sorted((unranked / kind).glob("part-*.parquet"))
        rank_cards(parts, snapshot / "cards" / kind, is_consuming=True)
    shutil.rmtree(unranked)


def make_codes(snapshot: Path, tracks: int) -> None:
    """Write the ISRCs of a synthetic snapshot, and nothing else."""
    folder = snapshot / "tables/isrc"
    folder.mkdir(parents=True)
    world = World(tracks)
    with ProcessPoolExecutor(2) as pool:
        for _ in pool.map(partial(_write_codes, folder, world), range(world.stretches)):
            pass


def _write_codes(folder: Path, world: World, number: int) -> None:
    stretch = Stretch(world, number)
    columns = {"source": np.ones(len(stretch.tracks), np.int32), "recording": stretch.tracks}
    rows = _filled(snapshot_schema("isrc"), columns | {"isrc": stretch.isrcs})
    write_part(folder / part_name(number + 1), rows)


def make_releases(snapshot: Path, count: int) -> None:
    """Write what a map is made of: releases of labels, each with a recording and a third rare."""
    for number, low in enumerate(range(0, count, ROWS_IN_PART), 1):
        ids = np.arange(low, min(low + ROWS_IN_PART, count))
        draws = np.random.default_rng((_SEED, low)).random(len(ids))
        labels = ids // _RELEASES_OF_A_LABEL
        is_held = (labels * 2_654_435_761 % 97 < 30) & (draws < 0.9)
        titles = pa.array([f"Synthetic release {one}" for one in ids.tolist()])
        release = {
            "rank": ids + 1,
            "id": ids,
            "title": titles,
            "credit": pa.array([f"Band {one}" for one in (ids // 5).tolist()]),
            "year": (1950 + labels * 7 % 75).astype(np.int16),
            "label": pa.array([f"Label {one}" for one in labels.tolist()]),
            "is_held": is_held,
            "is_free": draws > 0.6,
        }
        holder = pa.array(["1"]).take(pa.array(np.zeros(len(ids), np.int64), mask=draws >= 1 / 3))
        recording = {"id": ids, "release": ids, "first_holder": holder, "last_holder": holder}
        tables = {
            "cards/release": _filled(cards.SCHEMA, release),
            census.FOLDER: _filled(census.SCHEMA, recording | {"is_held": is_held}),
            "tables/release": _filled(
                snapshot_schema("release"),
                {"id": ids, "source": np.ones(len(ids), np.int32), "key": ids},
            ),
        }
        for name, rows in tables.items():
            (snapshot / name).mkdir(parents=True, exist_ok=True)
            write_part(snapshot / name / part_name(number), rows)


def _filled(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.Table:
    """A table with all columns of a schema; those that are not given are unknown."""
    count = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        found = columns.get(field.name)
        column = pa.nulls(count, field.type) if found is None else pa.array(found)
        arrays.append(column.cast(field.type))
    return pa.table(arrays, schema=schema)
