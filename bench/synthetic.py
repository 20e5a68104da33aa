"""`python -m bench.synthetic OUT --tracks 10_000_000`: a synthetic catalogue of any size.

Every row is invented; say "synthetic" wherever a number made with it is shown. What is written does
not depend on the number of processes, and memory does not grow with the catalogue: each process
makes a stretch of a million tracks and writes it.

`cards` writes OUT/cards/<kind>/part-00001.parquet ...: cards without ranks, in order of id; and of
the tables only which ids there are, which is what look-up needs to tell gids.
`snapshot` writes these cards and OUT/tables/<table>/part-00001.parquet ...: all tables.
`source` writes OUT/sources/synthetic: a source as it stands after its import.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import synthetic_forms as forms
from bench.synthetic_stretch import Stretch
from bench.synthetic_world import STRETCH, World

LABEL = "synthetic: every row is invented"
GENERATION = "000001"
_ROW_GROUP = 100_000


class Form(StrEnum):
    """What is written."""

    CARDS = "cards"
    SNAPSHOT = "snapshot"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Job:
    """One part of every table that it has rows of.

    Attributes:
        subject: Tracks, artists or labels.
        number: Which part, from 0.
    """

    world: World
    out: Path
    form: Form
    subject: str
    number: int


def make(out: Path, world: World, form: Form, *, processes: int = 1) -> None:
    """Write a synthetic catalogue below a folder, which is made when it is absent."""
    jobs = list(_jobs(out, world, form))
    out.mkdir(parents=True, exist_ok=True)
    if processes == 1:
        for job in jobs:
            _run(job)
    else:
        with ProcessPoolExecutor(processes) as pool:
            for _ in pool.map(_run, jobs):
                pass
    match form:
        case Form.SOURCE:
            _close_source(out, world)
        case Form.SNAPSHOT | Form.CARDS:
            sources = pa.table({"id": pa.array([1], pa.int32()), "name": [forms.SOURCE]})
            pq.write_table(sources, out / "tables/sources.parquet")


def _jobs(out: Path, world: World, form: Form) -> Iterator[Job]:
    for subject, rows in (
        ("tracks", world.tracks),
        ("artists", world.artists),
        ("labels", world.labels),
    ):
        for number in range(-(-rows // STRETCH)):
            yield Job(world, out, form, subject, number)


def _run(job: Job) -> None:
    pa.set_cpu_count(1)
    if job.form is not Form.SOURCE:
        for kind, rows in _cards(job).items():
            _write(rows, job.out / "cards" / kind, job.number)
            if job.form is Form.CARDS:
                bare = forms.bare_table(kind, rows["id"])
                _write(bare, job.out / "tables" / kind, job.number)
    if job.form is not Form.CARDS:
        for name, rows in _tables(job).items():
            is_source = job.form is Form.SOURCE
            made = rows if is_source else forms.snapshot_form(name, rows)
            folder = _generation(job.out) if is_source else job.out / "tables"
            _write(made, folder / name, _part(job, name))


def _part(job: Job, name: str) -> int:
    """Return which part of a table a job writes; of some tables tracks and artists have rows."""
    artists_first = name in ("artist_credit", "artist_credit_name") and job.subject == "tracks"
    behind = name == "popularity" and job.subject == "artists"
    before = -(-job.world.artists // STRETCH) if artists_first else 0
    return job.number + before + (job.world.stretches if behind else 0)


def _numbers(job: Job) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    rows = job.world.artists if job.subject == "artists" else job.world.labels
    first = job.number * STRETCH
    return np.arange(first, min(first + STRETCH, rows))


def _cards(job: Job) -> dict[str, pa.Table]:
    match job.subject:
        case "tracks":
            stretch = Stretch(job.world, job.number)
            return {
                "recording": forms.recording_cards(stretch),
                "release": forms.release_cards(stretch),
            }
        case "artists":
            return {"artist": forms.artist_cards(job.world, _numbers(job))}
        case _:
            return {"label": forms.label_cards(job.world, _numbers(job))}


def _tables(job: Job) -> dict[str, pa.Table]:
    match job.subject:
        case "tracks":
            return forms.stretch_tables(Stretch(job.world, job.number))
        case "artists":
            return forms.artist_tables(job.world, _numbers(job))
        case _:
            return forms.label_tables(job.world, _numbers(job))


def _write(rows: pa.Table, folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{number + 1:05d}.parquet"
    pq.write_table(
        rows,
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=_ROW_GROUP,
        use_dictionary=_repeating(rows.schema),
    )


def _repeating(schema: pa.Schema) -> list[str]:
    """Return the columns of few values: looking for repetition in the others costs time."""
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return [*words, "genres.list.element"]


def _generation(out: Path) -> Path:
    return out / "sources" / forms.SOURCE / GENERATION


def _close_source(out: Path, world: World) -> None:
    """Say whose the rows are, and let the generation be the current one."""
    terms = {
        "name": forms.SOURCE,
        "title": f"A synthetic catalogue of {world.tracks:,} tracks",
        "licence": "https://creativecommons.org/publicdomain/zero/1.0/",
        "attribution": LABEL,
        "origin": f"bench/synthetic.py, {world.tracks} tracks, seed {world.seed}",
        "as_of": forms.AS_OF,
    }
    folder = _generation(out)
    (folder / "terms.json").write_text(json.dumps(terms, indent=1) + "\n", encoding="utf-8")
    (folder / "report.json").write_text("{}\n", encoding="utf-8")
    (folder.parent / "current").write_text(f"{GENERATION}\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.synthetic", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--tracks", type=int, default=STRETCH)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--as", dest="form", type=Form, choices=tuple(Form), default=Form.CARDS)
    asked = parser.parse_args(arguments)
    make(asked.out, World(asked.tracks, asked.seed), asked.form, processes=asked.jobs)
    print(f"{asked.tracks:,} tracks below {asked.out}; {LABEL}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
