"""Cards in order of rank: the most listened first, larger than memory.

Laws: rank 1 has the most listens; what is unknown comes last; among equals the lower id comes
first, so that the order does not depend on the order of the input; every card has one rank, without
gaps. What was stopped goes on where it stopped, also when its input is consumed.

Ranks come first: they need 8 bytes for each card (2 GB for 256 million) and twice that for a while
when the cards do not come in order of id. Then the cards are spread over ranges of ranks in files,
and each range is put in order in memory.

Not here: how listens are counted (`phonotheque.catalogue.build.cards_sql`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue import cards
from phonotheque.catalogue.bulk import (
    ROWS_IN_PART,
    Progress,
    finish_folder,
    part_name,
    parts_in,
    remove_tree,
    rows_of,
    sync_file,
    translated,
    write_part,
)
from phonotheque.music.decoding import UNDECODABLE

"""Is told which share of the work is done, 0 to 1."""

_SLICE = 1 << 22
"""Rows for which a step of the ranking makes temporary arrays."""

_RANKING_SHARE, _SPREADING_SHARE = 0.15, 0.5
"""How far the work is when ranks are known, and when cards are spread."""


def quietly(_: float) -> None:
    """Tell nobody."""


def rank_cards(
    unranked: Sequence[Path],
    out: Path,
    *,
    rows_in_memory: int = 8_000_000,
    is_consuming: bool = False,
    on_progress: Progress = quietly,
) -> int:
    """Write cards in order of rank as parts of a million.

    Args:
        unranked: Parts of cards without the column `rank`, in any order.
        out: Folder to make; while it is made it is called `<out>.part`.
        rows_in_memory: How many cards may be held at once; a card takes some 250 bytes.
        is_consuming: Remove each part of the input as soon as its cards are safe elsewhere. A run
            that goes on after one that was stopped may be given what is left of the input.
        on_progress: Is told the share that is done.

    Returns:
        How many cards there are.

    Raises:
        UnavailableError: The disk refused; run again to go on.
        MalformedError: A part is no part of cards.
    """
    if out.is_dir():
        _consume(unranked if is_consuming else ())
        return sum(rows_of(part) for part in parts_in(out))
    ranking = _Ranking(list(unranked), out.with_name(f"{out.name}.part"), rows_in_memory)
    with translated(str(out)):
        ranking.rank()
        on_progress(_RANKING_SHARE)
        if ranking.ranges > 1:
            ranking.spread(is_consuming, on_progress)
        ranking.gather(on_progress)
        ranking.clear()
        finish_folder(ranking.work, out)
    _consume(unranked if is_consuming else ())
    on_progress(1.0)
    return ranking.count


def _consume(parts: Sequence[Path]) -> None:
    for part in parts:
        with translated(str(part)):
            part.unlink(missing_ok=True)


class _Plan(msgspec.Struct, frozen=True):
    """What a ranking under way is of: names of its parts, the rows of each, rows of a range."""

    parts: tuple[str, ...]
    rows: tuple[int, ...]
    range_rows: int


class _Ranking:
    """One ranking under way. Everything it knows is in its folder, so that another goes on."""

    def __init__(self, parts: list[Path], work: Path, rows_in_memory: int) -> None:
        self.work = work
        self._parts = parts
        # A range is a whole number of parts, so that parts end where ranges do.
        self._range_rows = max(rows_in_memory // ROWS_IN_PART, 1) * ROWS_IN_PART
        self.count = 0
        self.ranges = 0
        self._starts: list[int] = []
        self._places: npt.NDArray[np.uint32] = np.empty(0, np.uint32)

    def rank(self) -> None:
        """Find the rank of every card, or take what an earlier run found."""
        plan = self._plan_of_earlier_run()
        if plan is None:
            remove_tree(self.work)
            self.work.mkdir(parents=True)
            rows = tuple(rows_of(part) for part in self._parts)
            _save(self.work / "places.npy", places_of(self._parts, sum(rows)))
            plan = _Plan(tuple(part.name for part in self._parts), rows, self._range_rows)
            _save_text(self.work / "plan.json", msgspec.json.encode(plan))
        else:
            folder = self._parts[0].parent if self._parts else self.work
            self._parts = [folder / name for name in plan.parts]
            self._range_rows = plan.range_rows
        self.count = sum(plan.rows)
        self.ranges = -(-self.count // self._range_rows)
        self._starts = [0, *np.cumsum(plan.rows).tolist()]
        self._places = np.load(self.work / "places.npy", mmap_mode="r")

    def _plan_of_earlier_run(self) -> _Plan | None:
        """What an earlier run ranked, when it was this input or what is left of it."""
        try:
            plan = msgspec.json.decode((self.work / "plan.json").read_bytes(), type=_Plan)
        except (FileNotFoundError, *UNDECODABLE):
            return None
        mine = {part.name for part in self._parts}
        if self._parts and not mine <= set(plan.parts):
            return None
        gone = (number for number, name in enumerate(plan.parts) if name not in mine)
        return plan if all(self._is_spread(number) for number in gone) else None

    def _is_spread(self, number: int) -> bool:
        return (self.work / f"spread-{number}").exists()

    def spread(self, is_consuming: bool, on_progress: Progress) -> None:  # noqa: FBT001
        """Put the cards of each part into files, one for each range of ranks."""
        for number, part in enumerate(self._parts):
            if not self._is_spread(number):
                self._spread_one(number, part)
                (self.work / f"spread-{number}").touch()
                sync_file(self.work)
            if is_consuming:
                part.unlink(missing_ok=True)
            done = (number + 1) / len(self._parts)
            on_progress(_RANKING_SHARE + done * (_SPREADING_SHARE - _RANKING_SHARE))

    def _spread_one(self, number: int, part: Path) -> None:
        places = self._places_of_part(number)
        order = np.argsort(places)
        rows = _with_places(part, places).take(order)
        edges = np.searchsorted(
            places[order], np.arange(self.ranges + 1, dtype=np.int64) * self._range_rows
        )
        for index in range(self.ranges):
            folder = self.work / f"range-{index}"
            if index * self._range_rows < self.count and not self._is_gathered(index):
                folder.mkdir(exist_ok=True)
                low, high = int(edges[index]), int(edges[index + 1])
                _write_run(folder / f"{number}.arrow", rows.slice(low, high - low))

    def _places_of_part(self, number: int) -> npt.NDArray[np.uint32]:
        return np.asarray(self._places[self._starts[number] : self._starts[number + 1]])

    def _is_gathered(self, index: int) -> bool:
        return (self.work / f"gathered-{index}").exists()

    def gather(self, on_progress: Progress) -> None:
        """Put each range of ranks in order."""
        for index in range(self.ranges):
            if not self._is_gathered(index):
                self._gather_one(index)
                (self.work / f"gathered-{index}").touch()
                sync_file(self.work)
            remove_tree(self.work / f"range-{index}")
            done = (index + 1) / self.ranges
            on_progress(_SPREADING_SHARE + done * (1 - _SPREADING_SHARE))

    def _gather_one(self, index: int) -> None:
        if self.ranges == 1:
            runs = [_with_places(p, self._places_of_part(n)) for n, p in enumerate(self._parts)]
        else:
            files = sorted((self.work / f"range-{index}").glob("*.arrow"))
            runs = [_read_run(file) for file in files]
        rows = _wide(pa.concat_tables(runs))
        del runs
        ranks = rows["rank"].to_numpy()
        order = np.argsort(ranks)
        first = index * self._range_rows // ROWS_IN_PART
        for number, low in enumerate(range(0, len(order), ROWS_IN_PART)):
            part = rows.take(order[low : low + ROWS_IN_PART])
            write_part(self.work / part_name(first + number + 1), part.cast(cards.SCHEMA))

    def clear(self) -> None:
        """Remove what only the ranking needed."""
        for path in self.work.iterdir():
            if not path.name.startswith("part-"):
                path.unlink()


def places_of(parts: Sequence[Path], count: int) -> npt.NDArray[np.uint32]:
    """Return the place of each card, from 0, in the order of rank; cards in the order of parts.

    Cost: 8 bytes a card, 24 where cards are not in order of id.
    """
    if count >= 1 << 32:
        raise ValueError(f"{count} cards are more than can be ranked")
    heard, ids = _heard_and_ids(parts, count)
    # Position among ids, not among rows, breaks ties; they are one where cards are in id order.
    by_id = None if ids is None else np.argsort(ids, kind="stable")
    del ids
    bits = max(count - 1, 1).bit_length()
    most = int(heard.max(initial=0))
    if most.bit_length() + bits > 64:
        heard = np.unique(heard, return_inverse=True)[1].astype(np.uint64)
        most = int(heard.max(initial=0))
    position = np.uint64(bits)
    if by_id is not None:
        heard = heard[by_id]
    for low in range(0, count, _SLICE):
        part = heard[low : low + _SLICE]
        np.subtract(np.uint64(most), part, out=part)
        np.left_shift(part, position, out=part)
        part |= np.arange(low, low + len(part), dtype=np.uint64)
    heard.sort()  # every value differs, so that any sort is a stable one
    places = np.empty(count, np.uint32)
    mask = np.uint64((1 << bits) - 1)
    for low in range(0, count, _SLICE):
        rows = (heard[low : low + _SLICE] & mask).astype(np.int64)
        rows = rows if by_id is None else by_id[rows]
        places[rows] = np.arange(low, low + len(rows), dtype=np.uint32)
    return places


def _heard_and_ids(
    parts: Sequence[Path], count: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64] | None]:
    """Return listens + 1, 0 for unknown, and the ids unless they rise from row to row."""
    heard = np.zeros(count, np.uint64)
    ids: npt.NDArray[np.int64] | None = None
    low, last = 0, -1
    for part in parts:
        rows = pq.read_table(part, columns=["id", "listens"], use_threads=False)
        some = rows["id"].to_numpy()
        known = rows["listens"].combine_chunks()
        listens = np.maximum(known.fill_null(-1).to_numpy(zero_copy_only=False), -1) + 1
        heard[low : low + len(some)] = listens.astype(np.uint64)
        is_rising = len(some) == 0 or (some[0] > last and bool((np.diff(some) > 0).all()))
        if ids is None and not is_rising:
            ids = _ids_before(parts, part, count)
        if ids is not None:
            ids[low : low + len(some)] = some
        low += len(some)
        last = int(some[-1]) if len(some) else last
    return heard, ids


def _ids_before(parts: Sequence[Path], end: Path, count: int) -> npt.NDArray[np.int64]:
    ids = np.empty(count, np.int64)
    low = 0
    for part in parts[: list(parts).index(end)]:
        some = pq.read_table(part, columns=["id"], use_threads=False)["id"].to_numpy()
        ids[low : low + len(some)] = some
        low += len(some)
    return ids


def _with_places(part: Path, places: npt.NDArray[np.uint32]) -> pa.Table:
    rows = pq.read_table(part, use_threads=False).select(cards.SCHEMA.names[1:])
    return rows.add_column(0, "rank", pa.array(places.astype(np.int64) + 1))


def _wide(rows: pa.Table) -> pa.Table:
    """Join the chunks of each column, text with offsets of 64 bits: a range may pass 2 GB."""
    fields = [
        field.with_type(pa.large_string()) if field.type == pa.string() else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields)).unify_dictionaries().combine_chunks()


def _write_run(path: Path, rows: pa.Table) -> None:
    unfinished = path.with_suffix(".new")
    options = pa.ipc.IpcWriteOptions(compression="lz4", unify_dictionaries=True)
    with (
        pa.OSFile(str(unfinished), "wb") as file,
        pa.ipc.new_file(file, rows.schema, options=options) as writer,
    ):
        writer.write_table(rows)
    sync_file(unfinished)
    os.replace(unfinished, path)


def _read_run(path: Path) -> pa.Table:
    with pa.OSFile(str(path), "rb") as file:
        return pa.ipc.open_file(file).read_all()


def _save(path: Path, array: npt.NDArray[np.uint32]) -> None:
    with path.open("wb") as file:
        np.save(file, array)
    sync_file(path)


def _save_text(path: Path, text: bytes) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(text)
    sync_file(unfinished)
    os.replace(unfinished, path)
    sync_file(path.parent)
