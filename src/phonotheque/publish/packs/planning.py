"""Which packs stay, and what goes into new ones: values in, values out.

What is new goes into a new pack. A pack that has something in it that must not be given away any
more, or that says what is not true any more, is made again without it. Small packs next to a new
one are folded into it, so that their number grows with the logarithm of what they hold: each has at
least twice the length of the next one, and a thing is packed again a few times in its life. Adding
a thousand recordings to a million so publishes a thousand things, not a million.

Laws: what stays and what is made anew hold every wanted thing, and nothing that is not wanted; the
answer depends on the arguments alone; nothing is done when nothing changed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from phonotheque.publish.packs.form import FULL_BYTES, MOST_BYTES
from phonotheque.publish.packs.source import Wanted

_STALE_SHARE = 0.25
"""A pack of which this much is spoken for by newer ones is made again."""

_FOLD_RATIO = 2
"""A pack is folded into a new one when it is at most this many times as long."""


class Version(NamedTuple):
    """A thing as a standing pack has it."""

    key: str
    version: str


class Met(NamedTuple):
    """A key, what is wanted of it, and which packs have it in which version, oldest first."""

    key: str
    wanted: Wanted | None
    holders: tuple[tuple[int, str], ...]

    @property
    def is_spoken_for(self) -> bool:
        """Whether the newest pack that has it says what is wanted."""
        if self.wanted is None or not self.holders:
            return False
        return self.holders[-1][1] == self.wanted.version


@dataclass(slots=True)
class State:
    """How a standing pack compares with what is wanted.

    Attributes:
        name: Its name.
        size_bytes: Its length.
        items: How many things are in it.
        gone: Of these, how many may not be given away any more.
        changed: How many say what is not true any more, and no newer pack speaks for them.
        shadowed: For how many a newer pack speaks.
        is_passing: It holds a thing that will soon be another one.
    """

    name: str
    size_bytes: int
    items: int
    gone: int = 0
    changed: int = 0
    shadowed: int = 0
    is_passing: bool = False

    @property
    def sound_bytes(self) -> int:
        """About how long what is still wanted of it is."""
        sound = self.items - self.gone - self.changed - self.shadowed
        return self.size_bytes * max(0, sound) // max(1, self.items)


class News(NamedTuple):
    """How many things need a new pack: those that stay, and those that pass."""

    steady: int
    passing: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of standing packs.

    Attributes:
        withdrawn: Names of those that must not be offered for another moment.
        outdated: Names of those that say what is not true any more; they go at once, too.
        folded: Names of those that new ones take the place of.
        kept: Names of those that stay, oldest first.
    """

    withdrawn: tuple[str, ...]
    outdated: tuple[str, ...]
    folded: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def leave(self) -> tuple[str, ...]:
        """Names of those that do not stay."""
        return (*self.withdrawn, *self.outdated, *self.folded)

    def without_replacing(self) -> Decision:
        """The same, with everything kept that new packs were to take the place of."""
        kept = sorted((*self.kept, *self.outdated, *self.folded))
        return Decision(self.withdrawn, (), (), tuple(kept))


def meet(wanted: Iterable[Wanted], packs: Sequence[Iterable[Version]]) -> Iterator[Met]:
    """Bring what is wanted and what stands together, key by key.

    Args:
        wanted: In order of key.
        packs: What each standing pack has, in order of key; the oldest pack first.
    """
    streams: list[Iterable[tuple[str, int, object]]] = [((one.key, -1, one) for one in wanted)]
    for number, versions in enumerate(packs):
        streams.append(_numbered(number, versions))
    merged = heapq.merge(*streams, key=itemgetter(0, 1))
    for key, group in groupby(merged, key=itemgetter(0)):
        found: Wanted | None = None
        holders = []
        for _, number, thing in group:
            if isinstance(thing, Wanted):
                found = thing
            else:
                holders.append((number, str(thing)))
        yield Met(key, found, tuple(holders))


def _numbered(number: int, versions: Iterable[Version]) -> Iterator[tuple[str, int, object]]:
    for one in versions:
        yield one.key, number, one.version


def compare(met: Iterable[Met], states: Sequence[State]) -> News:
    """Count into the states how each pack stands, and return how many things need a new pack."""
    steady = passing = 0
    for one in met:
        if one.wanted is None:
            for number, _ in one.holders:
                states[number].gone += 1
            continue
        if not one.is_spoken_for:
            passing += one.wanted.is_passing
            steady += not one.wanted.is_passing
        for number, _ in one.holders[:-1]:
            states[number].shadowed += 1
        if one.holders:
            newest = states[one.holders[-1][0]]
            newest.changed += not one.is_spoken_for
            newest.is_passing |= one.wanted.is_passing and one.is_spoken_for
    return News(steady, passing)


def decide(states: Sequence[State], steady: int, *, may_be_stale: bool) -> Decision:
    """Decide what becomes of each pack.

    Args:
        states: The oldest first.
        steady: How many things need a new pack; those that pass have one of their own.
        may_be_stale: Whether an older version may stay in a pack while a newer pack speaks.
    """
    withdrawn, outdated, folded = [], [], []
    for one in states:
        stale = one.changed + one.shadowed
        if one.gone:
            withdrawn.append(one.name)
        elif stale and not may_be_stale:
            outdated.append(one.name)
        elif stale and stale >= _STALE_SHARE * one.items:
            folded.append(one.name)
    left = {*withdrawn, *outdated, *folded}
    items = sum(one.items for one in states)
    gathered = -(-sum(one.size_bytes for one in states) * steady // max(1, items))
    gathered += sum(one.sound_bytes for one in states if one.name in left)
    for one in reversed(states):
        if one.name in left or one.is_passing:
            continue
        if not gathered or not _folds(one, gathered):
            break
        folded.append(one.name)
        gathered += one.size_bytes
    left |= {*folded}
    kept = tuple(one.name for one in states if one.name not in left)
    return Decision(tuple(withdrawn), tuple(outdated), tuple(sorted(folded)), kept)


def _folds(one: State, gathered_bytes: int) -> bool:
    """Whether a pack goes into a new one of about this length."""
    if one.size_bytes >= FULL_BYTES or one.size_bytes + gathered_bytes > MOST_BYTES:
        return False
    return one.size_bytes <= _FOLD_RATIO * gathered_bytes
