"""The ladder: from what was found about an account to what happens to it; pure.

Laws:
- nobody is suspended for his conduct before he was really asked, and before an exact recount of
  what he did afterwards, hours later, is a quarter more than what he was asked for, or answered;
- what a group did never does more than ask;
- an address, behind which there may be many, is asked at most;
- what was decided on some evidence is not decided again on the same, however often it is found;
  what a person looked at and took back is not decided again on it; but what is found when that
  evidence is over, be it as strong or weaker, is other evidence, and so is another kind of it;
- a permit keeps everything automatic away but what canaries prove;
- conduct that only observes is no decision: what such an account opens is written down
  (`guard.ledger`), which touches nobody and stands on no paper;
- more evidence never means a lower rung (an exact count replaces an estimate); a machine never
  takes a rung back: time and people do;
- in the first days of a service all is written down and nothing is carried out.

A suspension that no person looked at within 72 hours becomes a question.

Source: Regulation (EU) 2022/2065, articles 17 (reasons) and 20 (complaints, six months), and
Regulation (EU) 2016/679, article 22 (decisions by machines alone).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from phonotheque.guard.canaries import HITS_THAT_SUSPEND
from phonotheque.guard.decisions import DAY_S, HOUR_S, Basis, Decision, Finding, Permit
from phonotheque.guard.evidence import sentences
from phonotheque.guard.rungs import FROM_SCORE, Rung, rung_of

EDITION = 3
"""Of what is decided here, by whichever numbers: one more when the rules themselves change."""

LASTS_S = {
    Rung.OBSERVE: 30 * DAY_S,
    Rung.BUDGET: 7 * DAY_S,
    Rung.CHALLENGE: 30 * DAY_S,
    Rung.SUSPEND: 30 * DAY_S,
}
"""After so many seconds a decision ends by itself."""

CLEARED_S = 90 * DAY_S
"""What a person took back, or somebody answered for, is not decided again on no more so long."""

EVIDENCE_S = 30 * DAY_S
"""So long is conduct counted, track by track: what is found later shares none of it."""

REVIEW_S = 72 * HOUR_S
RESPITE_S = 6 * HOUR_S
"""What happened so soon after a question was asked, or answered, suspends nobody."""
APPEAL_S = 184 * DAY_S
"""Six months and a day, whichever months they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may be set.

    Attributes:
        shadow_until: Before this second nothing is carried out.
        canaries: So many of them suspend.
        growth: Evidence is new when its score is so many times that of what was decided on.
    """

    shadow_until: int = 0
    canaries: int = HITS_THAT_SUSPEND
    growth: float = 1.25

    @property
    def version(self) -> str:
        """What decisions name: the edition of these rules, and eight digits that are others when
        any number that decides is another one. Not of it: limits, which stand in each decision, and
        the first days of a service, of which a decision says that it was made in them."""
        numbers = (
            FROM_SCORE, LASTS_S, CLEARED_S, EVIDENCE_S, REVIEW_S, RESPITE_S, APPEAL_S,
            self.canaries, self.growth,
        )  # fmt: skip
        text = json.dumps(numbers, sort_keys=True)
        return f"{EDITION}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A decision that the guard made before, and on what."""

    rung: Rung
    basis: Basis
    second: int
    is_shadow: bool
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of an account already.

    Attributes:
        rung: What happens to it now.
        permit: A permit that counts now.
        answered_score: Its score when it answered a question, not long ago; 0 when it did not.
        answered_groups: Groups for which it answered.
        cleared_score: Its score when a person took back what was decided, not long ago; 0 when
            nobody did.
        asked_at: Second of the last question that was really asked, or answered; 0 when none was.
        asked_score: The highest score at which it was asked.
        forgiven_canaries: Ids of canaries that were explained in an appeal.
        shadow_rung: What would happen to it now, did shadow mode carry anything out.
        past: What the guard decided before.
    """

    rung: Rung = Rung.NONE
    permit: Permit | None = None
    answered_score: float = 0.0
    answered_groups: frozenset[str] = field(default=frozenset())
    cleared_score: float = 0.0
    forgiven_canaries: int = 0
    asked_at: int = 0
    asked_score: float = 0.0
    shadow_rung: Rung = Rung.NONE
    past: tuple[Past, ...] = ()


def decide(finding: Finding, standing: Standing, rules: Rules, now: int) -> Decision | None:
    """Return what is decided at an instant; None when nothing new follows.

    Args:
        now: Seconds since 1970; what was found may have happened long before.
    """
    is_shadow = now < rules.shadow_until
    holds = max(standing.rung, standing.shadow_rung) if is_shadow else standing.rung
    made = [past for past in standing.past if is_shadow or not past.is_shadow]

    def is_new(rung: Rung, basis: Basis) -> bool:
        return rung > holds and not any(
            past.rung >= rung and _is_same(finding, basis, past, standing, rules) for past in made
        )

    new = (one for one in _supported(finding, standing, rules) if is_new(*one))
    rung, basis = next(new, (Rung.NONE, Basis.BUDGET))
    if rung is Rung.NONE:
        return None
    evidence, counterfactual = sentences(finding, basis, rung)
    return Decision(
        account=finding.account,
        rung=rung,
        second=now,
        rule=rules.version,
        basis=basis,
        evidence=evidence,
        counterfactual=counterfactual,
        thresholds=finding.thresholds,
        until=now + LASTS_S[rung],
        review_by=now + REVIEW_S if rung is Rung.SUSPEND else 0,
        appeal_by=now + APPEAL_S,
        is_shadow=is_shadow,
    )


def weigh(finding: Finding, standing: Standing, rules: Rules) -> tuple[Rung, Basis]:
    """Return the highest rung that the evidence supports, and which evidence does."""
    return _supported(finding, standing, rules)[0]


def _supported(finding: Finding, standing: Standing, rules: Rules) -> list[tuple[Rung, Basis]]:
    """Return the rung that each kind of evidence supports, the highest first; of equals the
    strongest evidence."""
    found = [(_by_canaries(finding, standing, rules), Basis.CANARY)]
    if standing.permit is None:
        found += [
            (_by_conduct(finding, standing, rules), Basis.CONDUCT),
            (_by_group(finding, standing), Basis.GROUP),
        ]
    found.append((Rung.OBSERVE if finding.over_budget else Rung.NONE, Basis.BUDGET))
    found.sort(key=lambda one: -one[0])
    if finding.is_address:
        found = [(min(rung, Rung.CHALLENGE), basis) for rung, basis in found]
    return found


def _is_same(finding: Finding, basis: Basis, past: Past, standing: Standing, rules: Rules) -> bool:
    """Whether what is found now is what a decision was made on before."""
    before = past.finding
    is_over = finding.second >= past.second + EVIDENCE_S
    match basis:
        case Basis.CONDUCT:
            is_answered = finding.best_score < standing.answered_score * rules.growth
            is_no_more = finding.best_score < before.best_score * rules.growth
            return finding.second <= past.second or (is_no_more and (is_answered or not is_over))
        case Basis.GROUP:
            names = [one.group.name if one.group else "" for one in (finding, before)]
            return names[0] == names[1]
        case Basis.CANARY:
            return finding.canaries <= before.canaries
        case _:  # a count of one day: of others it says nothing
            return finding.over_budget <= before.over_budget and not is_over


def _by_canaries(finding: Finding, standing: Standing, rules: Rules) -> Rung:
    left = finding.canaries - standing.forgiven_canaries
    if left >= rules.canaries:
        return Rung.SUSPEND
    return Rung.OBSERVE if left > 0 else Rung.NONE


def _by_conduct(finding: Finding, standing: Standing, rules: Rules) -> Rung:
    score = finding.best_score
    if score < standing.cleared_score * rules.growth:
        return Rung.NONE
    rung = rung_of(score)
    if finding.recount is None or not _went_on(finding, standing, rules):
        rung = min(rung, Rung.CHALLENGE)
    if rung is Rung.CHALLENGE and score < standing.answered_score * rules.growth:
        return Rung.BUDGET
    return rung if rung > Rung.OBSERVE else Rung.NONE


def _went_on(finding: Finding, standing: Standing, rules: Rules) -> bool:
    """Whether an account did a quarter more than it was asked for, hours after the question."""
    before = max(standing.asked_score, standing.answered_score)
    is_later = 0 < standing.asked_at <= finding.second - RESPITE_S
    return is_later and finding.best_score >= before * rules.growth


def _by_group(finding: Finding, standing: Standing) -> Rung:
    if finding.group is None or finding.group.name in standing.answered_groups:
        return Rung.NONE
    return Rung.CHALLENGE
