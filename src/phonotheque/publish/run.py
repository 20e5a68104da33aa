"""`phono publish run`, its first half: choose, prove, seal.

Laws: what is shared is decided by the one resolver at this moment, whatever the order says that it
was handed; every recording that is not shared has a reason; a volume is sealed before the next one
is begun, so a stop loses no volume. The order is gone through twice, once to tell what will be
done, once to do it; neither needs it in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import chain

from phonotheque.hands import Hands
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.facts import Readability
from phonotheque.music.rights import RightsStatement, Verdict
from phonotheque.publish.mint import Press
from phonotheque.publish.names import last_numbers as numbers_after
from phonotheque.publish.plan import ALL, Candidate, Filled, Limits, PlannedVolume, fill
from phonotheque.publish.seal import Proof, Sealed, prove_all, seal
from phonotheque.publish.sealed import finish, live
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.store.objects import ObjectName

Place = tuple[Sha256, str, int | None]
"""A recording that is to be shared, its tier, and its listens, None when they are unknown."""

Order = Callable[[], Iterable[Place]]
"""Gives recordings in the order of the plan, the same each time."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What decides a plan, beside what the register knows.

    Attributes:
        archive: The archive's short name.
        on: The day for which rights are asked.
        limits: Most objects and bytes of a volume.
        claims_count: Whether a licence tag in a file is enough.
        order: What to share, in order; None: all that may be, as it was taken in.
        freed: What is in a volume that is to be replaced, and will be in none.
        names: Of volumes that are to be sealed before; those of the register are known.
    """

    archive: str
    on: date
    limits: Limits
    claims_count: bool
    order: Order | None = None
    freed: frozenset[Sha256] = frozenset()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would seal, and what it would leave.

    Attributes:
        volumes: To be sealed, in order.
        left: Recordings that may not be shared: reason -> number.
        conditions: What it was made for.
        last_numbers: Highest number of a volume by stem, before the run.
    """

    volumes: tuple[PlannedVolume, ...]
    left: Counter[str]
    conditions: Conditions
    last_numbers: dict[str, int]

    def filled(self, index: Index) -> Iterator[Filled]:
        """The volumes with their recordings, read again and decided again, in order."""
        candidates = _candidates(index, self.conditions, Counter())
        return fill(candidates, self.conditions.archive, self.last_numbers, self.conditions.limits)


def plan(index: Index, conditions: Conditions) -> Plan:
    """Decide what to seal today. Memory does not grow with the number of recordings."""
    left: Counter[str] = Counter()
    last = numbers_after(chain((volume.name for volume in index.volumes()), conditions.names))
    candidates = _candidates(index, conditions, left)
    filled = fill(candidates, conditions.archive, last, conditions.limits)
    return Plan(tuple(one.planned for one in filled), left, conditions, last)


def _candidates(index: Index, conditions: Conditions, left: Counter[str]) -> Iterator[Candidate]:
    """The recordings of an order that may be shared; `left` counts the reasons of the others."""
    for held, tier, listens in _placed(index, conditions.order):
        if held is not None and held.sha256 in conditions.freed:
            held = replace(held, volume=None)
        if obstacle := _obstacle(held):
            left[obstacle] += 1
            continue
        assert held is not None
        verdict = _asked(
            tuple(index.statements(held.sha256)), conditions.on, conditions.claims_count
        )
        if verdict.allowed:
            yield Candidate(held, verdict, tier, listens)
        else:
            left[verdict.reason] += 1


@lru_cache(maxsize=4096)  # a deposit states the same of all its files
def _asked(statements: tuple[RightsStatement, ...], on: date, claims_count: bool) -> Verdict:  # noqa: FBT001
    return ask(Door.PUBLISH, statements, on, claims_count=claims_count)


def _placed(index: Index, order: Order | None) -> Iterator[tuple[Held | None, str, int | None]]:
    if order is None:
        for held in index.unsealed():
            yield held, ALL, None
        return
    for sha256, tier, listens in order():
        yield index.held(sha256), tier, listens


def _obstacle(held: Held | None) -> str:
    """Why a recording that an order names cannot be sealed now, "" when it can."""
    if held is None or held.condition == "removed":
        return "It is not held."
    if held.condition != "intact":
        return "Its file is damaged or missing: `phono verify` has the findings."
    if held.role is Role.COMPANION or held.readability is not Readability.READABLE:
        return "It is no recording that can be read."
    return f"It is in {held.volume} already." if held.volume else ""


def seal_all(
    press: Press,
    hands: Hands[ObjectName, Proof],
    plan: Plan,
    on_proof: Callable[[int], None],
) -> Iterator[Sealed]:
    """Prove and seal volumes one after the other.

    Args:
        press: The archive's parts.
        hands: Who reads each object (`seal.prove`).
        plan: What `plan` decided.
        on_proof: Told of each object's size in bytes when it was read.
    """
    finish(press.disk, (volume.name for volume in live(press.index)))
    for filled in plan.filled(press.index):
        proofs: dict[Sha256, Proof] = {}
        sizes = {member.name: member.size_bytes for member in filled.members}
        for name, proof in prove_all(hands, filled):
            proofs[name.sha256] = proof
            on_proof(sizes[name])
        yield seal(press, filled, proofs)
