"""Synthetic catalogues that are kept between runs, with what it cost to make them.

A folder below ~/.cache/phonotheque/bench is named by what it holds, its rows, and a digest of the
code that made it, so that other code makes another and removes the one before. What was measured
while it was made stands beside it and is printed again as long as the code is the same.

With `PHONOTHEQUE_BENCH_CARDS=FOLDER` everything stands below FOLDER instead, as `cards`, `search`,
`lookup`, `match`, `browse` and `tantivy`. What is absent there is made; what is there is taken as
it is, whatever code made it, and never removed: so a catalogue of a hundred million tracks is made
once.

Disk, in MB for each million tracks above 50 million: 59 for cards, 105 while they are ranked;
40 for search files; 124 for look-up; 13 for matching.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import ROOT, own_cpu_s, own_peak_bytes, python_child, report_of
from phonotheque.catalogue.search.survey import count_rows

VARIABLE = "PHONOTHEQUE_BENCH_CARDS"
CACHE = Path.home() / ".cache/phonotheque/bench"
MOST_WITH_TABLES = 50_000_000
"""Above so many tracks tables are left out: with them the disk would have to be larger."""

_CATALOGUE = "src/phonotheque/catalogue"
_CODE = {
    "cards": (
        "bench/synthetic*.py",
        f"{_CATALOGUE}/cards.py",
        f"{_CATALOGUE}/tables.py",
        f"{_CATALOGUE}/ranking.py",
    ),
    "search": (f"{_CATALOGUE}/search/*.py", "src/phonotheque/music/folding.py"),
    "lookup": (f"{_CATALOGUE}/lookup/*.py", "src/phonotheque/music/folding.py"),
    "match": (
        *(f"{_CATALOGUE}/match/{name}.py" for name in ("build", "forms", "keys", "schema")),
        f"{_CATALOGUE}/match/transliteration.py",
        f"{_CATALOGUE}/lookup/block_writer.py",
        "src/phonotheque/music/title_key.py",
        "src/phonotheque/music/folding.py",
    ),
    "browse": (
        f"{_CATALOGUE}/browse/*.py",
        f"{_CATALOGUE}/search/*.py",
        "src/phonotheque/music/folding.py",
    ),
    "tantivy": ("bench/search_tantivy.py", f"{_CATALOGUE}/search/row_tokens.py"),
}


_MADE = {
    "cards": "snapshot/cards/recording",
    "search": "recording/search.json",
    "lookup": "ids.db",
    "match": "match.db",
    "browse": "browse.db",
    "tantivy": "index/meta.json",
}
"""What ready material has when a stage of it is done."""


class Material:
    """One synthetic catalogue: ranked cards, search files, the look-up file.

    Attributes:
        rows: Tracks in it; of ready material as many as there are, whatever was asked for.
    """

    def __init__(self, rows: int) -> None:
        self._ready = Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None
        self._digests = {stage: _digest(stage) for stage in _CODE}
        self.rows = rows
        if self._ready and (self._ready / "cards" / _MADE["cards"]).exists():
            self.rows = count_rows(_parts(self._ready / "cards/snapshot"))

    def cards(self) -> Path:
        """Return the folder of the snapshot: `cards` in rank order, `tables`."""
        return self._folder("cards") / "snapshot"

    def search(self) -> Path:
        """Return the folder of search files of recordings."""
        return self._folder("search") / "recording"

    def lookup(self) -> Path:
        """Return the path of the look-up file."""
        return self._folder("lookup") / "ids.db"

    def match(self) -> Path:
        """Return the path of the file by which lists are matched."""
        return self._folder("match") / "match.db"

    def browse(self) -> Path:
        """Return the folder of shelves, `browse.db`, and of search files of all other kinds."""
        return self._folder("browse")

    def tantivy(self) -> Path:
        """Return the folder of an index that tantivy made of the same rows."""
        return self._folder("tantivy") / "index"

    def cost(self, stage: str) -> dict[str, float]:
        """Return what making a stage cost: cpu_s, wall_s, peak_bytes of each step; bytes. Nothing
        of ready material that came without it."""
        path = self._folder(stage) / "cost.json"
        found: dict[str, float] = json.loads(path.read_text()) if path.is_file() else {}
        return found

    def _folder(self, stage: str) -> Path:
        digests = dict.fromkeys((self._digests["cards"], self._digests[stage]))
        name = f"{stage}-{self.rows}-{'-'.join(digests)}"
        folder = self._ready / stage if self._ready else CACHE / name
        made = _MADE[stage] if self._ready else "cost.json"
        if not (folder / made).exists():
            snapshot = folder / "snapshot" if stage == "cards" else self.cards()
            self._make(stage, folder, snapshot)
        return folder

    def _make(self, stage: str, folder: Path, snapshot: Path) -> None:
        if self._ready is None:
            for old in CACHE.glob(f"{stage}-{self.rows}-*"):
                shutil.rmtree(old)
        folder.mkdir(parents=True, exist_ok=True)
        cost: dict[str, float] = {}
        for step in _STEPS[stage]:
            told = report_of(
                python_child("bench.catalogue_material", step, snapshot, folder, str(self.rows))
            )
            cost |= {f"{step}_{name}": value for name, value in told.items()}
        cost["bytes"] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        (folder / "cost.json").write_text(json.dumps(cost))


def _parts(snapshot: Path) -> list[Path]:
    return sorted((snapshot / "cards/recording").glob("part-*.parquet"))


def _digest(stage: str) -> str:
    """Return a short digest of the code of a stage."""
    digest = hashlib.sha256()
    for pattern in _CODE[stage]:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _child_synthetic(snapshot: Path, folder: Path, rows: int) -> None:
    from bench.synthetic import Form, make
    from bench.synthetic_world import World

    del folder
    form = Form.SNAPSHOT if rows <= MOST_WITH_TABLES else Form.CARDS
    make(snapshot, World(rows), form, processes=os.cpu_count() or 1)
    (snapshot / "cards").rename(snapshot / "unranked")


def _child_rank(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.kinds import Kind
    from phonotheque.catalogue.ranking import rank_cards

    del folder, rows
    (snapshot / "cards").mkdir()
    for kind in Kind:
        unranked = sorted((snapshot / "unranked" / kind).glob("part-*.parquet"))
        rank_cards(unranked, snapshot / "cards" / kind, is_consuming=True)
    shutil.rmtree(snapshot / "unranked")


def _child_search(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.search.build import build_search_of_parts

    jobs = 1 if rows <= MOST_WITH_TABLES else os.cpu_count() or 1
    build_search_of_parts(_parts(snapshot), folder / "recording", jobs=jobs)


def _child_lookup(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.database import Machine
    from phonotheque.catalogue.lookup.build import build_lookup

    del rows
    build_lookup(snapshot, folder / "ids.db", machine=Machine(jobs=1, memory_bytes=1 << 30))


def _child_match(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.database import Machine
    from phonotheque.catalogue.match.build import build_match

    del rows
    build_match(snapshot, folder / "match.db", machine=Machine(jobs=1, memory_bytes=1 << 30))


def _child_others(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.bulk import parts_in
    from phonotheque.catalogue.kinds import Kind
    from phonotheque.catalogue.search.build import build_search_of_parts

    del rows
    for kind in Kind:
        if kind is not Kind.RECORDING:
            build_search_of_parts(parts_in(snapshot / "cards" / kind), folder / kind, jobs=1)


def _child_browse(snapshot: Path, folder: Path, rows: int) -> None:
    from phonotheque.catalogue.browse.build import build_browse
    from phonotheque.catalogue.database import Machine

    del rows
    machine = Machine(jobs=1, memory_bytes=1 << 30)
    build_browse(snapshot, folder / "browse.db", lambda _: None, machine=machine)


def _child_tantivy(snapshot: Path, folder: Path, rows: int) -> None:
    from bench.search_tantivy import build

    del rows
    build(_parts(snapshot), folder / "index")


_CHILDREN: dict[str, Callable[[Path, Path, int], None]] = {
    "synthetic": _child_synthetic,
    "rank": _child_rank,
    "search": _child_search,
    "lookup": _child_lookup,
    "match": _child_match,
    "others": _child_others,
    "browse": _child_browse,
    "tantivy": _child_tantivy,
}
_STEPS = {
    "cards": ("synthetic", "rank"),
    "search": ("search",),
    "lookup": ("lookup",),
    "match": ("match",),
    "browse": ("others", "browse"),
    "tantivy": ("tantivy",),
}


def _main(step: str, snapshot: str, folder: str, rows: str) -> dict[str, Any]:
    import time

    start, before = time.perf_counter(), own_cpu_s()
    _CHILDREN[step](Path(snapshot), Path(folder), int(rows))
    return {
        "cpu_s": own_cpu_s() - before,
        "wall_s": time.perf_counter() - start,
        "peak_bytes": own_peak_bytes(),
    }


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
