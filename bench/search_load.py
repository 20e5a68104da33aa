"""Asking in processes of their own: several at once, and with nothing in memory."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench.catalogue_material import Material
from bench.catalogue_queries import ByClass
from bench.measure import ROOT, python_child
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.search.question import Question
from phonotheque.catalogue.search.searcher import Searcher

PROCESSES = 2
_SECONDS = 4.0
_COLD = 60


def searcher_of(folder: Path, lookup: Lookup, withdrawn: Collection[int] = ()) -> Searcher:
    """Open search files as an archive does."""
    texts, years = lookup.texts_at(Kind.RECORDING), lookup.years_at(Kind.RECORDING)
    return Searcher(folder, texts, withdrawn, years=years)


def load(material: Material, by_class: ByClass) -> list[dict[str, Any]]:
    """Ask all classes mixed with two processes at once; return what each of them tells:
    per_second, private_bytes, p99_ms."""
    questions = [query.question for queries in by_class.values() for query in queries]
    command = python_child("bench.search_load", material.search(), material.lookup())
    children = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(pickle.dumps(questions))
        child.stdin.close()
    told = []
    for child in children:
        assert child.stdout is not None
        told.append(json.loads(child.stdout.read()))
        child.wait()
    return told


def cold_walls(material: Material, by_class: ByClass) -> list[float]:
    """Return how long first answers with their cards took, in ms, rising, when all files had been
    dropped from memory."""
    asked = [query.question for queries in by_class.values() for query in (queries[0], queries[-1])]
    walls = []
    for question in asked[:_COLD]:
        for path in (*material.search().iterdir(), material.lookup()):
            _drop(path)
        start = time.perf_counter()
        with (
            Lookup(material.lookup()) as lookup,
            searcher_of(material.search(), lookup) as searcher,
        ):
            lookup.cards_at(Kind.RECORDING, searcher.ask(question).ranks)
            walls.append((time.perf_counter() - start) * 1e3)
    return sorted(walls)


def _drop(path: Path) -> None:
    """Let the system forget the pages of a file, where it can be asked to."""
    if hasattr(os, "posix_fadvise") and path.is_file():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _child(folder: Path, ids: Path) -> dict[str, float]:
    questions: list[Question] = pickle.load(sys.stdin.buffer)
    random.Random(os.getpid()).shuffle(questions)
    walls: list[float] = []
    with Lookup(ids) as lookup, searcher_of(folder, lookup) as searcher:
        for question in questions:
            searcher.ask(question)
        begin = now = time.perf_counter()
        while now - begin < _SECONDS:
            searcher.ask(questions[len(walls) % len(questions)])
            now, before = time.perf_counter(), now
            walls.append(now - before)
        private = private_bytes()
    p99_ms = sorted(walls)[int(0.99 * len(walls))] * 1e3
    return {"per_second": len(walls) / (now - begin), "private_bytes": private, "p99_ms": p99_ms}


def private_bytes() -> float:
    """Return the memory of this process that is no page of a file."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), Path(sys.argv[2]))))
