"""How much of all that is known an archive offers: as recordings, releases, listens. Pure.

Formula. T are the listens of all recordings that somebody counted (n of them), S those of the ones
that are offered. The coverage is S / T. Of u recordings nobody counted anything, of which v are
offered. The error bar supposes that what nobody counted was heard, one with another, at most as
often as what was counted: m = T / n. At worst all that is lacking was heard so often and nothing
that is offered: S / (T + m (u - v)); at best the other way round: (S + m v) / (T + m v).

Laws: low <= share <= high; with everything counted all three are one; with nothing counted there is
no share, and the bar goes from nothing to everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from phonotheque.publish.planning.words import PLANNED, TIERS, Status, Tier

OWN_PLAYS_ONLY = (
    "Listens are known only of what this archive holds: measured by its own plays every archive "
    "looks complete. Import counts of others to learn what is lacking."
)
NOTHING_COUNTED = "Nobody counted any listens: what is offered cannot be weighed against the rest."


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of recordings, with what they weigh.

    Attributes:
        counted: Those of which listens are known.
        size_bytes: Of all their copies that have the status.
    """

    recordings: int = 0
    counted: int = 0
    listens: int = 0
    size_bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.recordings + other.recordings,
            self.counted + other.counted,
            self.listens + other.listens,
            self.size_bytes + other.size_bytes,
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """A share with its error bar, each 0 to 1.

    Attributes:
        share: None when nobody counted anything.
    """

    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases by how much of them is offered: first those now, then when the plan is done."""

    known: int = 0
    whole: int = 0
    some: int = 0
    whole_shared: int = 0
    some_shared: int = 0


@dataclass(frozen=True, slots=True)
class PlanCoverage:
    """What a plan comes to.

    Attributes:
        tallies: By tier and status.
        note: What a reader has to know of the figures; "" for nothing.
    """

    tallies: Mapping[tuple[Tier, Status], Tally]
    releases: Releases
    note: str

    def tally(
        self, tiers: Iterable[Tier] = TIERS, statuses: Iterable[Status] = tuple(Status)
    ) -> Tally:
        """Add up what is in some tiers and has one of some statuses."""
        wanted = set(statuses)
        return sum(
            (self.tallies.get((tier, status), Tally()) for tier in tiers for status in wanted),
            Tally(),
        )

    @property
    def shared(self) -> Bar:
        """Share of listens that is offered now."""
        return bar(self.tally(), self.tally(statuses=[Status.SHARED]))

    @property
    def planned(self) -> Bar:
        """Share of listens that is offered when the plan is carried out."""
        return bar(self.tally(), self.tally(statuses=PLANNED))


def bar(known: Tally, offered: Tally) -> Bar:
    """Return the share of listens that is offered, with its error bar."""
    uncounted, offered_uncounted = (one.recordings - one.counted for one in (known, offered))
    if not known.listens:
        is_certain = not known.recordings or offered.recordings == known.recordings
        return Bar(None, 1.0 if is_certain and known.recordings else 0.0, 1.0)
    mean = known.listens / known.counted
    lacking = mean * (uncounted - offered_uncounted)
    gained = mean * offered_uncounted
    return Bar(
        offered.listens / known.listens,
        offered.listens / (known.listens + lacking),
        (offered.listens + gained) / (known.listens + gained),
    )


def coverage_of(totals: Iterable[Mapping[str, Any]], releases: Mapping[str, int]) -> PlanCoverage:
    """Make a coverage of the sums over a plan.

    Args:
        totals: Rows of `figures.totals`.
        releases: The row of `figures.releases`.
    """
    tiers = {tier.word: tier for tier in Tier}
    tallies, lacking = {}, 0
    for row in totals:
        sums = Tally(row["recordings"], row["counted"], row["listens"], row["size_bytes"])
        tallies[tiers[row["tier"]], Status(row["status"])] = sums
        lacking += row["lacking"]
    everything = sum(tallies.values(), Tally())
    note = OWN_PLAYS_ONLY if everything.listens and not lacking else ""
    return PlanCoverage(
        tallies, Releases(**releases), note if everything.listens else NOTHING_COUNTED
    )
