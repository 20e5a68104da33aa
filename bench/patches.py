"""Dressing and the way back: exactness, length of patches, speed, and three general delta tools.

Each original is tagged three times: texts by us, texts and a cover of 200 kB by us, the same by a
foreign tagger (mutagen). Megabytes are those of originals, CPU seconds have both SHA-256 in them.
Peers get the pairs of Ogg with a cover, at full scale those of every format; and fewer files, for
they are slow.
"""

from __future__ import annotations

import io
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from bench.patch_material import (
    COVER,
    TAGS,
    Original,
    Wardrobe,
    dressed,
    peer_bytes,
    retagged,
    wardrobes,
)
from bench.rows import Row, Sense
from phonotheque.dress.compose import Dressed
from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Overlay
from phonotheque.dress.patch_apply import apply_patch
from phonotheque.dress.patch_make import make_patch

MOST_PATCH_BYTES = 320
LEAST_MAKE_MB_S, LEAST_APPLY_MB_S = 200, 400
LEAST_OVER_PEERS = 8
LEAST_RENUMBERED_MB_S, LEAST_SLICED_MB_S = 500, 1000
PEERS = ("xdelta3", "bsdiff", "zstd")
_ROUNDS = 2
_KINDS: dict[str, Callable[[Original], bytes]] = {
    "text tags": lambda original: dressed(original, None),
    "tags and cover": lambda original: dressed(original, COVER),
    "foreign tagger": retagged,
}


@dataclass
class Tally:
    """What was measured over some pairs."""

    patches: list[int] = field(default_factory=list)
    exact: int = 0
    original_bytes: int = 0
    make_s: float = 0.0
    apply_s: float = 0.0

    def add(self, other: Tally) -> None:
        """Count other pairs as well."""
        self.patches += other.patches
        self.exact += other.exact
        self.original_bytes += other.original_bytes
        self.make_s += other.make_s
        self.apply_s += other.apply_s


def rows(scale: str) -> Iterator[Row]:
    """Measure, at `full` with every file there is."""
    most, most_for_peers = (10_000, 60) if scale == "full" else (12, 3)
    kinds = {kind: Tally() for kind in _KINDS}
    on_ogg: Counter[str] = Counter()
    closets = list(wardrobes(most))
    for closet in closets:
        tally = Tally()
        for kind in _KINDS:
            one = _measure(closet, kind)
            kinds[kind].add(one)
            tally.add(one)
        yield from _format_rows(closet, tally)
        is_ogg = closet.name.startswith("Ogg")
        if is_ogg or scale == "full":  # the floor is Ogg's, and peers take long over long files
            sizes = _peers(closet, most_for_peers)
            if is_ogg:
                on_ogg.update({name: size for name, size in sizes.items() if size is not None})
            yield from _peer_rows(sizes, None)
    yield Row("Ogg, tags and cover, all: our patches", on_ogg["ours"], "B")
    yield from _peer_rows({name: on_ogg.get(name) for name in ("ours", *PEERS)}, LEAST_OVER_PEERS)
    for kind, tally in kinds.items():
        size = tally.original_bytes / 1e6
        name = f"{kind}, {size:,.0f} MB"
        yield Row(f"make, {name}", size / tally.make_s, "MB/CPU-s", LEAST_MAKE_MB_S)
        yield Row(f"apply, {name}", size / tally.apply_s, "MB/CPU-s", LEAST_APPLY_MB_S)
    yield from _compose_rows(closets)


def _measure(closet: Wardrobe, kind: str) -> Tally:
    tally = Tally()
    for original in closet.originals:
        copy = _KINDS[kind](original)
        make_s, patch = _best(partial(make_patch, original.data, copy))
        apply_s, back = _best(partial(apply_patch, copy, patch))
        exact = int(back == original.data)
        tally.add(Tally([len(patch)], exact, len(original.data), make_s, apply_s))
    return tally


def _best(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Least CPU seconds of a few rounds, and what came out."""
    costs = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        made = work()
        costs.append(time.process_time() - start)
    return min(costs), made


def _format_rows(closet: Wardrobe, tally: Tally) -> Iterator[Row]:
    count = len(closet.originals)
    name = f"{closet.name}, {count} {closet.origin}, tagged in {len(_KINDS)} ways"
    yield Row(f"{name}: exact", 100 * tally.exact / len(tally.patches), "%", 100)
    median = statistics.median(tally.patches)
    yield Row("  median patch", median, "B", MOST_PATCH_BYTES, sense=Sense.AT_MOST)
    yield Row("  longest patch", max(tally.patches), "B")


def _peers(closet: Wardrobe, most: int) -> dict[str, int | None]:
    """Bytes of all patches of some pairs with a cover, by us and by each peer."""
    sizes: dict[str, int | None] = dict.fromkeys(("ours", *PEERS), 0)
    for original in closet.originals[:most]:
        copy = dressed(original, COVER)
        made: dict[str, int | None] = {"ours": len(make_patch(original.data, copy))}
        made |= {peer: peer_bytes(peer, original.data, copy) for peer in PEERS}
        for name, size in made.items():
            total = sizes[name]
            sizes[name] = None if size is None or total is None else total + size
    return sizes


def _peer_rows(sizes: dict[str, int | None], floor: float | None) -> Iterator[Row]:
    ours = sizes["ours"]
    assert ours
    told = {"xdelta3": "xdelta3 -9", "bsdiff": "bsdiff", "zstd": "zstd -19 --patch-from"}
    for peer in PEERS:
        size = sizes[peer]
        shown = "absent" if size is None else f"{size:,} B"
        ratio = None if size is None else size / ours
        yield Row("  smaller than", ours, "B", floor, f"{told[peer]}: {shown}", ratio)


def _read_through(copy: Dressed) -> bytes:
    """Read a copy block by block, as a server would, and keep nothing."""
    return bytes(sum(map(len, copy.iter_blocks())) == copy.size_bytes)


def _compose_rows(closets: list[Wardrobe]) -> Iterator[Row]:
    """How fast copies are put together, their sources in memory."""
    for name, floor in (("Ogg", LEAST_RENUMBERED_MB_S), ("MP3", LEAST_SLICED_MB_S)):
        chosen = [
            one for closet in closets if closet.name.startswith(name) for one in closet.originals
        ]
        size = cost = 0.0
        for original in chosen:
            file = io.BytesIO(original.data)
            copy = dress(file, original.container, Overlay(TAGS, COVER))
            spent, _ = _best(partial(_read_through, copy))
            size, cost = size + copy.size_bytes / 1e6, cost + spent
        how = "pages with other numbers" if name == "Ogg" else "slices"
        yield Row(f"compose {name}, {how}, {size:,.0f} MB", size / cost, "MB/CPU-s", floor)
