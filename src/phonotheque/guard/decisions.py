"""What was found about an account, and what was decided: frozen values that can be replayed.

Laws: a decision says by itself when and by which version of the rules it was made, what was seen,
what would have changed it, when it ends and until when it can be objected to; nothing here names a
person or a piece of music: an account is a hash.

Not here: how one follows from the other (`phonotheque.guard.ladder`), lines (`guard.book`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from phonotheque.guard.rungs import Rung

HOUR_S, DAY_S = 3_600, 86_400
MOST_WEIGHTS = 500
"""Of a recount: a line of the case book stays short, however much somebody took."""


class Basis(StrEnum):
    """What a decision rests on."""

    CONDUCT = "conduct"
    """What this account opened, by itself."""
    GROUP = "group"
    """That it is one of many that do not overlap as people do."""
    CANARY = "canary"
    """It asked for what was never here, and that this service showed to nobody."""
    BUDGET = "budget"
    """It went on when its budget was used."""
    PERSON = "person"
    """Somebody who runs the service decided it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """The new tracks of an account, counted one by one and not estimated.

    Attributes:
        new_tracks: Restricted tracks that were new to it; hits, which say nothing, may be left out.
        rare_tracks: Those of them that fewer than `rare_below` other accounts played.
        rare_below: So many.
        days: Within how many days.
        weights: For how much each of the new tracks counts now, in bits of surprise, any order; of
            many, the heaviest `MOST_WEIGHTS`.
        threshold: The sum that hardly any honest account reaches, in bits.
        rest: What those count for together that are not among `weights`, none of which weighs more
            than the lightest there.
        least: Of each rung from `observe` on, with how many tracks at least its score can be
            reached, on any clock; () where nobody worked it out.
    """

    new_tracks: int
    rare_tracks: int
    rare_below: int
    days: int
    weights: tuple[float, ...]
    threshold: float
    rest: float = 0.0
    least: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        weights = (*self.weights, self.rest)
        if not self.threshold > 0 or not all(weight >= 0 for weight in weights):
            raise ValueError("weights are not below 0, and a threshold is above it")

    @property
    def score(self) -> float:
        """How near it is to the threshold: 1 is at it."""
        return (sum(self.weights) + self.rest) / self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of accounts that share too little.

    Attributes:
        name: What tells it from others; the same group found again has the same.
        accounts: How many they are.
        shared: Tracks that members have in common.
        expected: How many people with their tastes would have in common.
    """

    name: str
    accounts: int
    shared: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen of one account, by whatever looked.

    Attributes:
        account: Its keyed hash, 16 hexadecimal digits.
        second: Since 1970: what was seen had happened by then.
        score: Of its own conduct, as estimated; 1 is at the threshold.
        thresholds: Names and values that were in force.
        group: A group that it was found in.
        canaries: Ids that exist nowhere for which it asked.
        over_budget: How often it went on within the last day when its budget was used.
        recount: Its tracks, counted exactly; None when nobody did.
        is_address: It is an address, and may be many people.
        canary_ids: Which ids these are; () where nobody kept them.
    """

    account: str
    second: int
    score: float = 0.0
    thresholds: tuple[tuple[str, float], ...] = ()
    group: Group | None = None
    canaries: int = 0
    over_budget: int = 0
    recount: Recount | None = None
    is_address: bool = False
    canary_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.score >= 0:  # also not a number
            raise ValueError(f"a score of {self.score}")

    @property
    def best_score(self) -> float:
        """The exact score where tracks were counted, else the estimate."""
        return self.score if self.recount is None else self.recount.score


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happens to an account, and why.

    Attributes:
        account: Its keyed hash.
        rung: What happens.
        second: Since when, in seconds since 1970.
        rule: Version of the rules.
        basis: What it rests on.
        evidence: What was seen, in one sentence.
        counterfactual: What would have changed it, in one sentence.
        thresholds: Names and values that were in force.
        until: When it ends by itself, in seconds since 1970.
        review_by: Until when a person must have looked at it; 0 where none has to. A suspension at
            which nobody looked becomes a challenge then.
        appeal_by: Until when it can be objected to.
        is_shadow: It is written down and not carried out: the service is new.
        by: Who decided: "guard", or a person's name with this service.
    """

    account: str
    rung: Rung
    second: int
    rule: str
    basis: Basis
    evidence: str
    counterfactual: str
    thresholds: tuple[tuple[str, float], ...] = ()
    until: int
    review_by: int = 0
    appeal_by: int
    is_shadow: bool = False
    by: str = "guard"

    def rung_at(self, second: int) -> Rung:
        """What it does at an instant, if nobody changes it."""
        if self.is_shadow or second >= self.until:
            return Rung.NONE
        if self.rung is Rung.SUSPEND and self.review_by and second >= self.review_by:
            return Rung.CHALLENGE
        return self.rung


class Use(StrEnum):
    """What somebody declares that he opens much for."""

    DJ = "dj"
    RADIO = "radio"
    SHOP = "shop"
    RESEARCH = "research"
    LIBRARY = "library"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """That an account may open more than others do, because it said why.

    Attributes:
        account: Its keyed hash.
        use: What for.
        factor: Its budget is so many times the ordinary one.
        second: Since when.
        until: When it ends.
        by: Who gave it.
        case: The case whose appeal it follows from; "" when it was asked for before.
    """

    account: str
    use: Use
    factor: int
    second: int
    until: int
    by: str
    case: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= 1_000:
            raise ValueError(f"a budget {self.factor} times the ordinary one")

    def is_valid_at(self, second: int) -> bool:
        """Whether it counts at an instant."""
        return self.second <= second < self.until
