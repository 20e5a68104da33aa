"""`phono publish run`, as one operation: choose, prove, seal.

Laws: what is shared is decided by the one resolver at this moment; every recording that is not
shared has a reason; a volume is sealed before the next one is begun, so a stop loses no volume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.publish.plan import Candidate, Limits, PlannedVolume, number_of, plan_volumes
from phonotheque.publish.seal import Press, Proof, Sealed, prove_all, seal
from phonotheque.publish.sealed import finish
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would seal, and what it would leave.

    Attributes:
        volumes: To be sealed, in order.
        left: Recordings that may not be shared: reason -> number.
        on: The day for which that was decided.
        claims_count: Whether a licence tag in a file was enough.
    """

    volumes: tuple[PlannedVolume, ...]
    left: Counter[str]
    on: date
    claims_count: bool

    def candidates(self, index: Index, volume: PlannedVolume) -> list[Candidate]:
        """The recordings of a volume, read again and decided again, in order."""
        held = index.unsealed(volume.first_seq, volume.last_seq)
        asked = _asked(index, held, self.on, claims_count=self.claims_count)
        return [candidate for candidate in asked if volume.holds(candidate)]


def plan(index: Index, archive: str, on: date, limits: Limits, *, claims_count: bool) -> Plan:
    """Decide what to seal today. Memory does not grow with the number of recordings."""
    left: Counter[str] = Counter()
    last: dict[str, int] = {}
    for volume in index.volumes():  # not their count: what was wholly damaged left a gap
        last[volume.licence_class] = max(last.get(volume.licence_class, 0), number_of(volume.name))
    asked = _asked(index, index.unsealed(), on, claims_count=claims_count)
    volumes = plan_volumes(_counting(asked, left), archive, last, limits)
    return Plan(volumes, left, on, claims_count)


def _asked(
    index: Index, recordings: Iterable[Held], on: date, *, claims_count: bool
) -> Iterator[Candidate]:
    for held in recordings:
        statements = index.statements(held.sha256)
        yield Candidate(held, ask(Door.PUBLISH, statements, on, claims_count=claims_count))


def _counting(candidates: Iterable[Candidate], left: Counter[str]) -> Iterator[Candidate]:
    """Pass candidates on, counting the reasons of those that are left."""
    for candidate in candidates:
        if not candidate.verdict.allowed:
            left[candidate.verdict.reason] += 1
        yield candidate


def seal_all(press: Press, plan: Plan, on_proof: Callable[[Held], None]) -> Iterator[Sealed]:
    """Prove and seal volumes one after the other.

    Args:
        press: The archive's parts.
        plan: What `plan` decided.
        on_proof: Told of each object when it was read.
    """
    finish(press.disk, (volume.name for volume in press.index.volumes()))
    for volume in plan.volumes:
        candidates = plan.candidates(press.index, volume)
        proofs: dict[Sha256, Proof] = {}
        for candidate, proof in prove_all(press, candidates):
            proofs[candidate.held.sha256] = proof
            on_proof(candidate.held)
        yield seal(press, volume, candidates, proofs)
