"""Requests of every kind at a steady rate: pages, searches and look-ups, from a wide catalogue."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from bench.listen_material import Running
from bench.rows import Row, Sense

MOST_P99_MS = 50.0
LEAST_LOOKUPS = 300.0
PER_S = 50
_REQUESTS = 1_000
_WARM = 300
_LOOKUPS = 2_000
_SEED = 20260101

Load = Callable[[str, dict[str, Any]], Any]
Asked = list[tuple[str, str]]


def mixed_rows(running: Running, load: Load, songs: int) -> Iterator[Row]:
    """Measure 50 requests a second of all kinds, then look-ups as fast as they come."""
    paths = _paths(running)
    what = f"{songs:,} synthetic tracks, {PER_S} mixed requests/s"
    load("mixed", {"paths": paths[:_WARM], "connections": 16, "per_s": PER_S})
    before = running.cpu_s()
    told = load("mixed", {"paths": paths, "connections": 32, "per_s": PER_S})
    cost_ms = (running.cpu_s() - before) / len(paths) * 1000
    times: dict[str, list[float]] = told["times_ms"]
    every = sorted(ms for found in times.values() for ms in found)
    yield Row(f"{what}: p99", _p(every, 0.99), "ms", MOST_P99_MS, sense=Sense.AT_MOST)
    yield Row("  p50", _p(every, 0.5), "ms")
    yield Row("  CPU of the door for each", cost_ms, "CPU-ms")
    for kind in sorted(times):
        yield Row(f"  {kind}: p99", _p(sorted(times[kind]), 0.99), "ms")
    lookups = [one for one in paths if one[0].startswith("API: look")]
    lookups = [lookups[number % len(lookups)] for number in range(_LOOKUPS)]
    before = running.cpu_s()
    told = load("mixed", {"paths": lookups, "connections": 4, "per_s": 0})
    cost_s = running.cpu_s() - before
    yield Row("look-ups, as fast as they come", _LOOKUPS / told["seconds"], "1/s", LEAST_LOOKUPS)
    yield Row("  for a CPU second of the door", _LOOKUPS / cost_s, "1/CPU-s")


def _p(times: list[float], share: float) -> float:
    return times[min(int(len(times) * share), len(times) - 1)]


def _paths(running: Running) -> Asked:
    """Addresses of every kind, of things that were drawn fairly and of the most popular."""
    drawn = [
        hit
        for seed in range(8)
        for hit in running.json(
            f"/api/v1/draw?limit=100&seed=bench{seed}&free=false&spoken_word=true"
        )["hits"]
    ]
    heard = running.json("/api/v1/songs?limit=100")["hits"]
    rng = random.Random(_SEED)
    hits = [*drawn, *heard]
    rng.shuffle(hits)
    asked: Asked = []
    for number in range(_REQUESTS):
        hit = hits[number % len(hits)]
        asked += rng.choices(*_of(hit))
    return asked


def _of(hit: dict[str, Any]) -> tuple[Asked, list[int]]:
    """What can be asked about a song, and how often each is."""
    title, gid = hit["title"], hit["gid"]
    found: list[tuple[str, str, int]] = [
        ("home", "/", 4),
        ("page: search", f"/search?q={quote(title)}", 10),
        ("page: song", f"/song/{gid}", 12),
        ("page: item", f"/item/{gid}", 4),
        ("page: browse", "/browse", 2),
        ("page: is my work in here?", f"/work?q={quote(hit.get('credit') or title)}", 1),
        ("page: removals", "/log", 1),
        ("page: torrents", "/torrents/", 1),
        ("page: shuffle", "/shuffle", 1),
        ("API: search", f"/api/v1/search?q={quote(title)}", 6),
        ("API: suggest", f"/api/v1/suggest?q={quote(title[:4])}", 10),
        ("API: look up a gid", f"/api/v1/gid/{gid}", 12),
        ("API: item", f"/api/v1/items/{gid}", 3),
        ("API: draw", "/api/v1/draw", 1),
        ("API: songs", "/api/v1/songs", 1),
    ]
    if hit.get("isrc"):
        found.append(("API: look up an ISRC", f"/api/v1/isrc/{hit['isrc']}", 6))
    if hit.get("album") and hit["album"].get("gid"):
        found.append(("page: album", f"/album/{hit['album']['gid']}", 12))
    if hit.get("artist") and hit["artist"].get("gid"):
        found.append(("page: artist", f"/artist/{hit['artist']['gid']}", 10))
    if hit.get("year"):
        found.append(("page: year", f"/year/{hit['year']}", 2))
    for genre in hit.get("genres", [])[:1]:
        found.append(("page: genre", f"/genre/{quote(genre, safe='')}", 2))
    return [(kind, path) for kind, path, _ in found], [weight for _, _, weight in found]
