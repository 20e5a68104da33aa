"""Small made-up catalogues and shelves, and the plan of them made the slow and obvious way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from phonotheque.catalogue.database import Machine
from phonotheque.publish.planning.making import Material, make_plan, on_one_machine
from phonotheque.publish.planning.tables import HELD, KNOWN, UNCATALOGUED
from phonotheque.publish.planning.words import TIERS, Form, Order, Status, Tier, Wish

MACHINE = Machine(1, 1 << 28)
REASONS = ("first reason", "second reason")


@dataclass
class Shelves:
    """What a plan is made of, as rows."""

    known: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)

    def material(self, folder: Path) -> Material:
        """Write the rows as tables, in the order in which they stand here."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows, schema in (("known", self.known, KNOWN), ("held", self.held, HELD)):
            pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet")
        return Material([folder / "known.parquet"], [folder / "held.parquet"], REASONS, {})


def plan(shelves: Shelves, folder: Path, wish: Wish | None = None) -> list[dict[str, Any]]:
    """Make a plan and return its rows."""
    engine = on_one_machine(MACHINE)
    make_plan(shelves.material(folder), wish or Wish(), folder / "plan", engine, lambda _: None, 1)
    parts = sorted((folder / "plan").glob("part-*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def copy(object_: int, recording: int, status: Status, **more: Any) -> dict[str, Any]:
    """A row of `held`."""
    row = {
        "recording": recording,
        "object": object_,
        "size_bytes": 100,
        "status": status.number,
        "reason": 0,
        "quality": 1,
        "is_decaying": False,
        "seeders": None,
        "elsewhere": 0,
        "copy_bytes": 10,
        "is_copy_shared": False,
    }
    return row | more


def songs(*listens: int | None) -> list[dict[str, Any]]:
    """Rows of `known`, the most heard first: ids 1, 2 ... in that order, each its own release."""
    return [
        {"rank": rank, "id": rank, "listens": heard, "release": rank, "year": None}
        for rank, heard in enumerate(listens, 1)
    ]


_SINGLE = (
    Status.SHARED,
    Status.TO_SHARE,
    Status.HELD_NOT_SHARED,
    Status.DAMAGED,
    Status.UNREADABLE,
    Status.REMOVED,
)
"""What a copy can be when it is looked at alone."""

_listens = st.one_of(st.none(), st.integers(0, 40), st.sampled_from([0, 5, 5, 1000, 10**12]))


@st.composite
def shelves(draw: st.DrawFn) -> Shelves:
    """Any small catalogue with any copies, in any order."""
    heard = draw(st.lists(_listens, max_size=12))
    ids = draw(st.permutations(range(1, len(heard) + 1)))
    known = [
        {
            "id": number,
            "listens": count,
            "release": draw(st.one_of(st.none(), st.integers(1, 4))),
            "year": draw(st.one_of(st.none(), st.integers(1900, 2030))),
        }
        for number, count in zip(ids, heard, strict=True)
    ]
    known.sort(key=lambda row: (-(-1 if row["listens"] is None else row["listens"]), row["id"]))
    known = [{"rank": rank, **row} for rank, row in enumerate(known, 1)]
    of = st.one_of(
        st.integers(UNCATALOGUED + 1, UNCATALOGUED + 3),
        *([st.sampled_from(ids)] if ids else []),
    )
    held = [
        copy(
            object_,
            draw(of),
            draw(st.sampled_from(_SINGLE)),
            size_bytes=draw(st.integers(0, 50)),
            reason=draw(st.integers(0, 1)),
            quality=draw(st.integers(0, 3)),
            is_decaying=draw(st.booleans()),
            seeders=draw(st.one_of(st.none(), st.integers(0, 3))),
            elsewhere=draw(st.integers(0, 2)),
            copy_bytes=draw(st.integers(0, 50)),
            is_copy_shared=draw(st.booleans()),
        )
        for object_ in draw(st.lists(st.integers(1, 30), unique=True, max_size=12))
    ]
    return Shelves(draw(st.permutations(known)), held)


wishes = st.builds(
    Wish,
    st.sampled_from(Order),
    st.sampled_from(
        [frozenset(Tier), frozenset(), frozenset({Tier.T50}), frozenset({Tier.T90, Tier.REST})]
    ),
    st.one_of(st.none(), st.integers(0, 200)),
    st.sampled_from([frozenset(), frozenset({Tier.T90, Tier.REST, Tier.ALL})]),
)


def obvious_plan(shelves: Shelves, wish: Wish) -> list[dict[str, Any]]:
    """The same plan by loops over rows, as the documentation tells it."""
    of_recording = defaultdict(list)
    for row in shelves.held:
        of_recording[row["recording"]].append(row)
    heard = {row["id"]: _believed(row["listens"]) for row in shelves.known}
    total = sum(count or 0 for count in heard.values())
    known = {row["id"]: row for row in shelves.known}
    rows = []
    for recording in sorted({*known, *of_recording}):
        listens = heard.get(recording)
        tier, share = _tier(listens, heard, total)
        first = min(of_recording[recording], key=_speaks, default=None)
        for row in of_recording[recording] or [None]:
            rows.append(
                {
                    **_row(row, of_recording[recording]),
                    "recording": recording,
                    "rank": known.get(recording, {}).get("rank", recording),
                    "year": known.get(recording, {}).get("year"),
                    "release": known.get(recording, {}).get("release"),
                    "is_first": row is first,
                    "listens": listens,
                    "tier": tier,
                    "share": share,
                }
            )
    for row in rows:
        waits = row["status"] in (Status.TO_SHARE, Status.WANTED)
        if waits and row["tier"] not in wish.tiers and row["tier"] is not Tier.ALL:
            row["status"] = Status.BELOW_THRESHOLD
    for row in rows:
        _as_access_copy(row, wish)
    rows.sort(key=lambda row: _order(row, wish.order))
    _fill(rows, wish, sum(map(_shared_bytes, shelves.held)))
    return rows


def _believed(listens: int | None) -> int | None:
    return None if listens is None else min(listens, 10**10)


def _tier(listens: int | None, heard: dict[int, int | None], total: int) -> tuple[Tier, Any]:
    if not total:
        return Tier.ALL, None
    if listens is None:
        return Tier.REST, None
    before = sum(count for count in heard.values() if count is not None and count > listens)
    through = sum(count for count in heard.values() if count is not None and count >= listens)
    reached = [tier for tier in TIERS if tier.value and before / total < tier.value]
    return (reached or [Tier.REST])[0], through / total


def _speaks(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["status"], -row["quality"], row["object"]


def _row(row: dict[str, Any] | None, copies: list[dict[str, Any]]) -> dict[str, Any]:
    if row is None:
        return {"object": None, "size_bytes": None, "status": Status.WANTED, "reason": None}
    status = tuple(Status)[row["status"]]
    waiting = [one for one in copies if one["status"] == Status.TO_SHARE.number]
    if status is Status.TO_SHARE:
        shared = [one["quality"] for one in copies if one["status"] == Status.SHARED.number]
        is_best = row is min(waiting, key=_speaks) and row["quality"] > max(shared, default=-1)
        status = Status.TO_SHARE if is_best else Status.BETTER_COPY_HELD
    return {**row, "status": status}


def _order(row: dict[str, Any], order: Order) -> tuple[Any, ...]:
    last = 1 << 61
    is_counted = row["listens"] is not None
    popular = (row["rank"] if is_counted else last, row["object"] or last, row["rank"])
    if order is Order.NEWEST:
        year = -1 if row["year"] is None else row["year"]
        return (-(row["object"] or -1), -year, *popular)
    if order is Order.AT_RISK:
        is_held = row["object"] is not None and row["status"] is not Status.REMOVED
        copies = (row.get("elsewhere") or 0) + (row.get("seeders") or 0)
        return (not is_held, copies, not row.get("is_decaying"), *popular)
    return popular


def _as_access_copy(row: dict[str, Any], wish: Wish) -> None:
    row["form"] = Form.ORIGINAL
    is_open = row["status"] is Status.TO_SHARE and row["tier"] in wish.access_copies
    if is_open and row["copy_bytes"] < row["size_bytes"]:
        row["form"], row["size_bytes"] = Form.ACCESS_COPY, row["copy_bytes"]
        row["status"] = Status.SHARED if row["is_copy_shared"] else row["status"]


def _shared_bytes(row: dict[str, Any]) -> int:
    if row["status"] == Status.SHARED.number:
        return int(row["size_bytes"])
    return int(row["copy_bytes"]) if row["is_copy_shared"] else 0


def _fill(rows: list[dict[str, Any]], wish: Wish, taken: int) -> None:
    for row in rows:
        if row["status"] is Status.TO_SHARE and wish.space_bytes is not None:
            taken += row["size_bytes"]
            if taken > wish.space_bytes:
                row["status"] = Status.BEYOND_SPACE
