"""A thousand mirrors of mixed sizes on thirty days, in arrays.

Each day some mirrors leave for ever and others come; counts of seeders are those of the evening
before; each mirror then lets go, and fetches as much as its line carries in a day. Seeded: the same
seed gives the same days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.mirror.values import PLENTY, PLENTY_DAYS
from phonotheque.publish.choice import FILL_PERCENT

DAYS = 30
TARGET = 4
SPACE_FACTOR = 1.3
CHURN = 0.2

_NOISE = 0.1
Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class World:
    """What is given.

    Attributes:
        size_bytes: Of each volume.
        names: Of each volume.
        space_bytes: Of each mirror; those who come later stand behind those who are there.
        line_bytes: What each mirror can fetch in a day.
        keepers: Name of each mirror.
        comes, goes: The day on which each mirror comes, and from which on it is gone.
        seed: Of the draws while it is played.
    """

    size_bytes: Ints
    names: tuple[str, ...]
    space_bytes: Ints
    line_bytes: Ints
    keepers: tuple[str, ...]
    comes: Ints
    goes: Ints
    seed: int

    @property
    def mirrors(self) -> int:
        """How many mirrors there are at a time."""
        return int((self.comes == 0).sum())

    @property
    def all_bytes(self) -> int:
        """Of all volumes."""
        return int(self.size_bytes.sum())

    @classmethod
    def made(cls, volumes: int, mirrors: int, *, seed: int) -> World:
        """Draw a world: volumes of 15 to 32 GB, mirrors of 50 GB to 100 TB, of which a few have
        most of the space, lines of 20 Mbit/s to 1 Gbit/s."""
        draw = np.random.default_rng(seed)
        sizes = draw.integers(15 * 10**9, 32 * 10**9, volumes)
        weights = np.clip(np.exp(draw.normal(0, 1.3, mirrors)), 0.05, 60)
        spaces = (weights / weights.sum() * SPACE_FACTOR * TARGET * int(sizes.sum())).astype(
            np.int64
        )
        lines = spaces / np.exp(draw.uniform(np.log(0.5), np.log(10), mirrors))
        leaving = draw.permutation(mirrors)[: int(mirrors * CHURN)]
        goes = np.full(mirrors, DAYS + 1)
        goes[leaving] = draw.integers(1, DAYS + 1, len(leaving))
        return cls(
            size_bytes=sizes,
            names=tuple(f"weir-open-rest-{number:05d}" for number in range(volumes)),
            space_bytes=np.concatenate([spaces, spaces[leaving]]),
            line_bytes=np.concatenate([lines, lines[leaving]]).astype(np.int64),
            keepers=tuple(f"{number:032x}" for number in range(mirrors + len(leaving))),
            comes=np.concatenate([np.zeros(mirrors, np.int64), goes[leaving]]),
            goes=np.concatenate([goes, np.full(len(leaving), DAYS + 1)]),
            seed=seed,
        )


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it.

    Attributes:
        at_target: Share of volumes with enough copies on the evening of each day.
        fewest: Copies of the volume that fewest have, on the evening of each day.
        ever: Share of volumes that had enough copies on some evening.
        fetched_bytes: By all mirrors together.
    """

    at_target: tuple[float, ...]
    fewest: tuple[int, ...]
    ever: float
    fetched_bytes: int


def ranks(keeper: str, names: npt.NDArray[np.uint8]) -> Ranks:
    """`publish.choice.rank` of one keeper for many names, in arrays.

    Args:
        keeper: Of the mirror.
        names: One row of bytes for each torrent, all of one length.
    """
    value = np.full(len(names), 0x811C9DC5, np.uint32)
    for byte in f"{keeper}\0".encode():
        value = (value ^ np.uint32(byte)) * np.uint32(0x01000193)
    for column in names.T:
        value = (value ^ column.astype(np.uint32)) * np.uint32(0x01000193)
    value = (value ^ value >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    value = (value ^ value >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return value ^ value >> np.uint32(16)


def rows_of(names: tuple[str, ...], more: str = "") -> npt.NDArray[np.uint8]:
    """Names of one length as rows of bytes."""
    return np.array([list(f"{name}{more}".encode()) for name in names], np.uint8)


def tickets_of(missing: Ints) -> Ints:
    """`phonotheque.mirror.needing.tickets`, in arrays; 1 where nothing is missing."""
    counts: Ints = np.maximum(missing * missing, 1)
    return counts


def lowest_tickets(drawn: Ranks, counts: Ints) -> npt.NDArray[np.uint64]:
    """`phonotheque.mirror.needing.lowest_ticket`, in arrays."""
    lowest = _mixed(drawn, 0)
    for number in range(1, int(counts.max(initial=1))):
        more = np.flatnonzero(counts > number)
        lowest[more] = np.minimum(lowest[more], _mixed(drawn[more], number))
    return lowest.astype(np.uint64)


def _mixed(drawn: Ranks, number: int) -> Ranks:
    value = drawn + np.uint32(number * 0x9E3779B9 & 0xFFFFFFFF)
    value = (value ^ value >> np.uint32(16)) * np.uint32(0x21F0AAAD)
    value = (value ^ value >> np.uint32(15)) * np.uint32(0x735A2D97)
    return value ^ value >> np.uint32(15)


def taken(order: Ints, size_bytes: Ints, room_bytes: int) -> list[int]:
    """What is taken greedily in this order: each that still fits."""
    sizes, found, at = size_bytes[order], [], 0
    while at < len(sizes):
        fits = sizes[at:] <= room_bytes
        if not fits.any():
            break
        at += int(fits.argmax())
        found.append(int(order[at]))
        room_bytes -= int(sizes[at])
        at += 1
    return found


class _Play:
    """One game under way: `holds` is who has what, `begun` since when others have plenty of it."""

    def __init__(self, world: World, rule: str) -> None:
        self.world, self.rule = world, rule
        self.draw = np.random.default_rng(world.seed)
        self.names = rows_of(world.names)
        mirrors, volumes = len(world.keepers), len(world.names)
        self.holds = np.zeros((mirrors, volumes), bool)
        self.since = np.full((mirrors, volumes), -1, np.int16)
        self.free = world.space_bytes // 100 * FILL_PERCENT
        self.ranks = [ranks(keeper, self.names) for keeper in world.keepers]
        self.plans: dict[int, list[int]] = {}
        self.fetched_bytes = 0

    def day(self, day: int) -> None:
        """One day: counts of the evening before, then every mirror in turn."""
        world = self.world
        self.holds[world.goes == day] = False
        seeders = self.holds.sum(axis=0)
        names = rows_of(world.names, f" day-{day:02d}")
        for mirror in np.flatnonzero((world.comes <= day) & (world.goes > day)):
            if self.rule != "noise":
                self._let_go(int(mirror), seeders, names, day)
            self._fetch(int(mirror), seeders)

    def _others(self, mirror: int, seeders: Ints) -> Ints:
        others: Ints = seeders - self.holds[mirror]
        return others

    def _fetch(self, mirror: int, seeders: Ints) -> None:
        """Take what is needed most, as much as the line carries today."""
        left = int(self.world.line_bytes[mirror])
        for volume in self._wanted(mirror, seeders):
            size = int(self.world.size_bytes[volume])
            if left <= 0:
                break
            if size <= self.free[mirror] and not self.holds[mirror, volume]:
                self.holds[mirror, volume] = True
                self.free[mirror] -= size
                self.fetched_bytes += size
                left -= size

    def _wanted(self, mirror: int, seeders: Ints) -> list[int]:
        if self.rule == "noise":
            if mirror not in self.plans:  # a list that is made once, when somebody comes
                order = np.argsort(seeders + self.draw.uniform(0, _NOISE, len(seeders)))
                self.plans[mirror] = taken(order, self.world.size_bytes, int(self.free[mirror]))
            return self.plans[mirror]
        if self.free[mirror] < self.world.size_bytes.min():
            return []
        return taken(self._order(mirror, seeders), self.world.size_bytes, int(self.free[mirror]))

    def _order(self, mirror: int, seeders: Ints) -> Ints:
        """What this mirror does not have, the most needed first."""
        new = np.flatnonzero(~self.holds[mirror])
        if self.rule == "rarest":
            key = seeders[new].astype(np.uint64) << np.uint64(32) | self.ranks[mirror][new]
        else:
            key = self._need(mirror, seeders[new], new)
        order: Ints = new[np.argsort(key, kind="stable")]
        return order

    def _need(self, mirror: int, seeders: Ints, new: Ints) -> npt.NDArray[np.uint64]:
        """`phonotheque.mirror.needing.need`, in arrays."""
        missing = np.maximum(TARGET - seeders, 0)
        drawn = lowest_tickets(self.ranks[mirror][new], tickets_of(missing))
        beyond = np.where(missing > 0, 0, seeders).astype(np.uint64) << np.uint64(32)
        key: npt.NDArray[np.uint64] = beyond | drawn
        return key

    def _let_go(self, mirror: int, seeders: Ints, names: npt.NDArray[np.uint8], day: int) -> None:
        """Let go of what others have had plenty of, where something needed takes its room."""
        held = np.flatnonzero(self.holds[mirror])
        others = seeders[held] - 1
        is_plenty = others >= TARGET + PLENTY
        since = self.since[mirror]
        since[held] = np.where(is_plenty, np.where(since[held] < 0, day, since[held]), -1)
        going = held[is_plenty & (day - since[held] >= PLENTY_DAYS)]
        if not len(going):
            return
        have = seeders[going].astype(np.uint64)
        draws = ranks(self.world.keepers[mirror], names[going]).astype(np.uint64)
        surplus = have - np.uint64(TARGET + PLENTY)
        going = going[draws * have < surplus << np.uint64(32)]
        self._swap(mirror, list(going[np.argsort(-seeders[going], kind="stable")]), seeders)

    def _swap(self, mirror: int, going: list[int], seeders: Ints) -> None:
        sizes, free = self.world.size_bytes, int(self.free[mirror])
        order = self._order(mirror, seeders)
        fitting = set(taken(order, sizes, free))
        free -= sum(int(sizes[one]) for one in fitting)
        for volume in order[: 50 * len(going)]:
            if not going or seeders[volume] >= TARGET:
                break
            size = int(sizes[volume])
            if volume in fitting or size > free + sum(int(sizes[one]) for one in going):
                continue
            while size > free:
                gone = going.pop(0)
                self.holds[mirror, gone] = False
                self.free[mirror] += sizes[gone]
                free += int(sizes[gone])
            free -= size


def play(world: World, rule: str) -> Played:
    """Play all days by a rule.

    Args:
        world: What is given.
        rule: "need" (ours); "rarest": the same, but strictly the rarest first; "noise": the least
            seeded with a little noise, chosen once and kept.
    """
    game = _Play(world, rule)
    at_target, fewest = [], []
    ever = np.zeros(len(world.names), bool)
    for day in range(DAYS + 1):
        game.day(day)
        copies = game.holds[world.goes > day].sum(axis=0)
        ever |= copies >= TARGET
        at_target.append(float((copies >= TARGET).mean()))
        fewest.append(int(copies.min()))
    return Played(tuple(at_target), tuple(fewest), float(ever.mean()), game.fetched_bytes)
