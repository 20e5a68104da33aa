"""`phono publish run`, as one operation: choose, prove, seal.

Laws: what is shared is decided by the one resolver at this moment; every recording that is not
shared has a reason; a volume is sealed before the next one is begun, so a stop loses no volume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.publish.plan import Candidate, Limits, PlannedVolume, number_of, plan_volumes
from phonotheque.publish.seal import Press, Proof, Sealed, finish, prove_all, seal
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would seal, and what it would leave.

    Attributes:
        volumes: To be sealed, in order.
        left: Recordings that may not be shared: reason -> number.
    """

    volumes: tuple[PlannedVolume, ...]
    left: Counter[str]


def plan(index: Index, archive: str, on: date, limits: Limits, *, claims_count: bool) -> Plan:
    """Decide what to seal today."""
    candidates = [
        Candidate(
            held,
            ask(Door.PUBLISH, index.statements(held.sha256), on, claims_count=claims_count),
        )
        for held in index.unsealed()
    ]
    left = Counter(c.verdict.reason for c in candidates if not c.verdict.allowed)
    last: dict[str, int] = {}
    for volume in index.volumes():  # not their count: what was wholly damaged left a gap
        last[volume.licence_class] = max(last.get(volume.licence_class, 0), number_of(volume.name))
    return Plan(plan_volumes(candidates, archive, last, limits), left)


def seal_all(
    press: Press, volumes: Sequence[PlannedVolume], on_proof: Callable[[Held], None]
) -> Iterator[Sealed]:
    """Prove and seal volumes one after the other.

    Args:
        press: The archive's parts.
        volumes: What `plan` decided.
        on_proof: Told of each object when it was read.
    """
    finish(press.disk, (volume.name for volume in press.index.volumes()))
    for volume in volumes:
        proofs: dict[Sha256, Proof] = {}
        for candidate, proof in prove_all(press, volume.candidates):
            proofs[candidate.held.sha256] = proof
            on_proof(candidate.held)
        yield seal(press, volume, proofs)
