"""The library behind the listening door: shelves, look-ups, lists, draws, asked in process.

A figure is the CPU time of one question, the 99th percentile over a class of questions, each of
which was asked once before; how they are answered over the wire is measured by `listen`.
`SEARCH_ROWS` takes another number of tracks than a million (ten million at full scale). Every row
is invented.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from bench.listen_material import wide_archive
from bench.lookup import rows_of, table_bytes
from bench.rows import Row, Sense
from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.values import Choice, Facet, Hit, Pool

MOST_MS = 50.0
MOST_BYTES_PER_ROW = 25
_QUESTIONS = 200
_KEYS = (None, "1000", "100000", "900000")

Ask = Callable[[Any], object]


def rows(scale: str) -> Iterator[Row]:
    """Make the archive, then ask."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as scratch:
        root, count = wide_archive(Path(scratch), rows_of(scale))
        yield from _size(serving_snapshot(root).browse, count)
        library = ArchiveLibrary(root)
        for name, ask, about in _classes(library, _some_songs(library)):
            taken = sorted(_cpu_ms(ask, about))
            p99 = taken[int(0.99 * (len(taken) - 1))]
            floor = None if name.startswith("a batch") else MOST_MS
            yield Row(f"  {name}: p99", p99, "CPU-ms", floor, sense=Sense.AT_MOST)
        library.close()


def _size(shelves: Path, count: int) -> Iterator[Row]:
    name = f"shelves of {count:,} synthetic tracks: bytes of a track"
    size = shelves.stat().st_size / count
    yield Row(name, size, "B", MOST_BYTES_PER_ROW, sense=Sense.AT_MOST)
    for table, of_table in sorted(table_bytes(shelves).items(), key=lambda one: -one[1])[:3]:
        yield Row(f"    {table}", of_table / count, "B")


def _some_songs(library: ArchiveLibrary) -> list[Hit]:
    pool = Pool(is_free=False, with_spoken_word=True)
    drawn = (library.draw(pool, seed=str(seed), limit=200) for seed in range(5))
    return [hit for one in drawn for hit in one.hits]


def _classes(library: ArchiveLibrary, songs: Sequence[Hit]) -> Iterator[tuple[str, Ask, list[Any]]]:
    gids = [song.gid for song in songs]
    named = [song for song in songs if song.artist and song.album and song.artist.gid]
    yield "a gid", lambda gid: library.by_gids([gid]), gids
    yield "a song", library.song, gids
    yield "an album with its songs", library.album, [song.album.gid for song in named if song.album]
    yield "an artist", library.artist, [song.artist.gid for song in named if song.artist]
    popular = library.listing(Choice(kind=Kind.ARTIST), limit=200).hits
    yield "one of the most heard artists", library.artist, [hit.gid for hit in popular]
    labels = library.listing(Choice(kind=Kind.LABEL), limit=200).hits
    yield "a label", library.label, [hit.gid for hit in labels]
    yield "searching for a title", library.search, [song.title for song in songs]
    typed = [song.title[:length] for song, length in zip(songs, range(2, 1_000), strict=False)]
    yield "four kinds, while somebody types", library.suggest, [text[:8] for text in typed]
    yield from _lists(library)
    yield "drawing 20", lambda seed: library.draw(Pool(), seed=seed), [str(n) for n in range(100)]
    yield "a batch of 1,000 gids", library.by_gids, [gids] * 5


def _lists(library: ArchiveLibrary) -> Iterator[tuple[str, Ask, list[Any]]]:
    genres = [shelf.name for shelf in library.shelves(Facet.GENRE)][:20]
    years = [int(shelf.name) for shelf in library.shelves(Facet.YEAR)][-10:]
    choices = {
        "50 songs of all": [Choice()],
        "50 songs of what is held": [Choice(is_held=True)],
        "50 songs of a genre": [Choice(genre=name, is_held=True) for name in genres],
        "50 albums of a year": [Choice(kind=Kind.RELEASE, years=(y, y)) for y in years],
        "50 songs of a licence": [Choice(licence=one) for one in ("cc-by", "cc0")],
        "50 songs of a genre and year": [
            Choice(genre=name, years=(y, y)) for name in genres[:5] for y in years[-3:]
        ],
        "50 songs of a genre, country, decade": [
            Choice(genre=name, country="DE", years=(1990, 1999)) for name in genres[:10]
        ],
    }
    for name, some in choices.items():
        yield f"{name}, anywhere", partial(_page, library), list(product(some, _KEYS))


def _page(library: ArchiveLibrary, asked: tuple[Choice, str | None]) -> object:
    return library.listing(asked[0], after=asked[1])


def _cpu_ms(ask: Ask, about: list[Any]) -> Iterator[float]:
    for one in about[:_QUESTIONS]:
        ask(one)
        start = time.thread_time()
        ask(one)
        yield (time.thread_time() - start) * 1e3
