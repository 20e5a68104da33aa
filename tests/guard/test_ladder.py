"""What follows from what was found: rung by rung, never further than the evidence goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard import ladder
from phonotheque.guard.book.cases import cases_of
from phonotheque.guard.book.entries import Answered, Decided, Settled
from phonotheque.guard.decisions import DAY_S, Basis, Finding, Group, Permit, Recount, Use
from phonotheque.guard.ladder import (
    EVIDENCE_S,
    RESPITE_S,
    REVIEW_S,
    Past,
    Rules,
    Standing,
    decide,
    weigh,
)
from phonotheque.guard.rungs import Rung

NOW = 1_800_000_000
ACCOUNT = "00112233445566ff"
GROUP = Group(name="a1", accounts=312, shared=5, expected=80.4)
PERMIT = Permit(account=ACCOUNT, use=Use.DJ, factor=5, second=0, until=NOW * 2, by="ann")
RULES = Rules()

weights = st.lists(st.floats(0, 20), max_size=40).map(tuple)
recounts = st.builds(
    Recount,
    new_tracks=st.integers(0, 500),
    rare_tracks=st.integers(0, 500),
    rare_below=st.integers(1, 5),
    days=st.just(30),
    weights=weights,
    threshold=st.floats(1, 200),
)
findings = st.builds(
    Finding,
    account=st.just(ACCOUNT),
    second=st.just(NOW),
    score=st.floats(0, 5),
    group=st.none() | st.just(GROUP),
    canaries=st.integers(0, 4),
    over_budget=st.integers(0, 9),
    recount=st.none() | recounts,
    is_address=st.booleans(),
)
pasts = st.builds(
    Past,
    rung=st.sampled_from(Rung),
    basis=st.sampled_from(Basis),
    second=st.sampled_from([NOW - DAY_S, NOW]),
    is_shadow=st.booleans(),
    finding=findings,
)
standings = st.builds(
    Standing,
    permit=st.none() | st.just(PERMIT),
    answered_score=st.floats(0, 3),
    answered_groups=st.sampled_from([frozenset(), frozenset({"a1"})]),
    cleared_score=st.floats(0, 3),
    forgiven_canaries=st.integers(0, 3),
    asked_at=st.sampled_from([0, NOW, NOW - RESPITE_S + 1, NOW - RESPITE_S, NOW - DAY_S]),
    asked_score=st.floats(0, 3),
    past=st.lists(pasts, max_size=2).map(tuple),
)


def found(**what):
    return Finding(account=ACCOUNT, second=NOW, **what)


def counted(*bits, threshold=100.0, rare=69):
    return Recount(
        new_tracks=len(bits), rare_tracks=rare, rare_below=2, days=30, weights=bits,
        threshold=threshold,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "rung"),
    [
        (found(score=0.49), Rung.NONE),
        (found(score=0.5), Rung.BUDGET),
        (found(score=0.6), Rung.CHALLENGE),
        (found(score=50.0), Rung.CHALLENGE),
        (found(score=2.0, recount=counted(*[2.0] * 71)), Rung.CHALLENGE),
        (found(score=2.0, recount=counted(*[0.4] * 71)), Rung.NONE),
        (found(group=GROUP), Rung.CHALLENGE),
        (found(group=GROUP, score=0.9), Rung.CHALLENGE),
        (found(canaries=1), Rung.OBSERVE),
        (found(canaries=2), Rung.SUSPEND),
        (found(canaries=2, is_address=True), Rung.CHALLENGE),
        (found(over_budget=500), Rung.OBSERVE),
    ],
)
def test_each_evidence_goes_as_far_as_it_may(finding, rung):
    """Conduct by itself asks at most, and what only observes is no decision; nor does whatever came
    from an address, behind which there may be many, more than ask; canaries suspend."""
    assert weigh(finding, Standing(), RULES)[0] is rung


@pytest.mark.parametrize(
    ("asked", "rung"),
    [
        (Standing(asked_at=NOW - RESPITE_S, asked_score=1.1), Rung.SUSPEND),
        (Standing(asked_at=NOW - RESPITE_S + 1, asked_score=1.1), Rung.CHALLENGE),
        (Standing(asked_at=NOW - RESPITE_S, asked_score=1.2), Rung.CHALLENGE),
        (Standing(asked_at=NOW - RESPITE_S, answered_score=1.2), Rung.BUDGET),
        (Standing(), Rung.CHALLENGE),
    ],
)
def test_who_was_asked_and_goes_on_is_suspended_by_an_exact_count(asked, rung):
    """An exact count suspends whoever was asked hours before it and did a quarter more since; the
    same count asks whoever was not, or not yet, or had as much before; an estimate never does."""
    assert weigh(found(recount=counted(*[2.0] * 71)), asked, RULES)[0] is rung
    assert weigh(found(score=9.0), asked, RULES)[0] is Rung.CHALLENGE


@given(findings, standings)
def test_nobody_is_suspended_who_was_not_asked(finding, standing):
    """A suspension has ids that exist nowhere, or an exact count of what was done hours after a
    question and is more than what it was asked for; never a group alone, or an address."""
    rung, basis = weigh(finding, standing, RULES)
    if rung is Rung.SUSPEND:
        assert basis in (Basis.CANARY, Basis.CONDUCT)
        assert not finding.is_address
        if basis is not Basis.CANARY:
            assert finding.recount is not None
            assert standing.permit is None
            assert 0 < standing.asked_at <= finding.second - RESPITE_S
            before = max(standing.asked_score, standing.answered_score)
            assert finding.recount.score >= before * RULES.growth


@given(findings, standings)
def test_the_same_evidence_decides_once(finding, standing):
    """What a finding led to it leads to no more, also when nothing of it holds any longer."""
    decision = decide(finding, standing, RULES, NOW)
    if decision is not None:
        past = Past(
            rung=decision.rung, basis=decision.basis, second=NOW, is_shadow=False, finding=finding
        )
        after = replace(standing, past=(*standing.past, past))
        assert decide(finding, after, RULES, NOW + DAY_S) is None


@given(findings, standings, pasts, st.integers(EVIDENCE_S, 400 * DAY_S))
def test_a_decision_that_is_over_keeps_nothing_away(finding, standing, past, later):
    """What is found a month later, of conduct or of budgets, is decided as if nothing had been
    decided before: nobody who let a question pass is free for ever, be it the same or less."""
    unanswered = replace(standing, answered_score=0.0, past=(past,))
    after = replace(finding, second=past.second + later)
    rung, basis = weigh(after, unanswered, RULES)
    if basis in (Basis.CONDUCT, Basis.BUDGET):
        decided = decide(after, unanswered, RULES, after.second)
        assert decided == decide(after, replace(unanswered, past=()), RULES, after.second)
        assert (decided is not None) is (rung > Rung.NONE)


A_DAY = {
    "nobody answered": (None, {20: False, 29: False, 31: True, 400: True}),
    "taken back": (Settled("g1", 2 * DAY_S, Rung.NONE, 0, "ann", "mistake", is_wrong=True),
                   {3: False, 50: False, 91: False, 93: True, 400: True}),
    "answered": (Answered("g1", 2 * DAY_S, is_passed=True),
                 {3: False, 50: False, 91: False, 93: True, 400: True}),
}  # fmt: skip


@pytest.mark.parametrize("how", A_DAY)
def test_the_same_is_asked_again_when_what_was_decided_is_over(how):
    """A question that nobody answered is asked again when its month is over; one that was answered
    or taken back, for no more than that, after 90 days."""
    ended, days = A_DAY[how]
    first = replace(found(score=0.7), second=100)
    decision = decide(first, Standing(), RULES, 100)
    assert decision is not None
    cases = cases_of([Decided("g1", decision, first), *([ended] if ended else [])])
    for day, is_asked in days.items():
        again = replace(first, second=day * DAY_S)
        decided = decide(again, cases.standing(ACCOUNT, day * DAY_S), RULES, day * DAY_S)
        assert (decided is not None and decided.rung is Rung.CHALLENGE) is is_asked, day
        assert is_asked or decided is None


def test_counts_of_another_day_are_not_the_same():
    """Who went on over his budget ten times on one day is observed for a month, and again when he
    does so nine times on a later one."""
    first = replace(found(over_budget=10), second=0)
    decision = decide(first, Standing(), RULES, 0)
    assert decision is not None
    cases = cases_of([Decided("g1", decision, first)])
    for day, is_decided in ((0, False), (29, False), (30, True), (400, True)):
        again = replace(first, second=day * DAY_S, over_budget=9)
        decided = decide(again, cases.standing(ACCOUNT, day * DAY_S), RULES, day * DAY_S)
        assert (decided is not None and decided.rung is Rung.OBSERVE) is is_decided, day


@given(findings, standings, st.floats(0, 5), st.integers(0, 4), st.booleans())
def test_more_evidence_never_means_less(finding, standing, score, canaries, in_group):
    """Whatever is added to a finding, the rung is the same or higher."""
    more = replace(
        finding,
        score=finding.score + score,
        canaries=finding.canaries + canaries,
        group=GROUP if in_group else finding.group,
    )
    assert weigh(more, standing, RULES)[0] >= weigh(finding, standing, RULES)[0]


def rung_decided(finding, standing):
    """What follows from a finding, beside what holds."""
    decision = decide(finding, standing, RULES, NOW)
    return standing.rung if decision is None else decision.rung


@given(findings, standings, st.sampled_from(Rung), st.integers(0, 4), st.booleans())
def test_more_evidence_never_hides_other(finding, standing, rung, canaries, in_group):
    """Whatever was decided before on a part of the evidence: what another part leads to by itself
    it leads to beside it, too."""
    standing = replace(standing, rung=rung)
    more = replace(
        finding,
        canaries=finding.canaries + canaries,
        group=GROUP if in_group else finding.group,
    )
    assert rung_decided(more, standing) >= rung_decided(finding, standing)


@pytest.mark.parametrize("is_address", [False, True])
@pytest.mark.parametrize("more", [{"score": 0.7}, {"group": GROUP}])
def test_canaries_that_are_settled_protect_from_nothing(more, is_address):
    """Who was suspended for two of them and answered is asked for what he does afterwards: their
    hits stay in all that is found of him, and lead to nothing any more."""
    first = replace(found(canaries=2, is_address=is_address), second=100)
    decision = decide(first, Standing(), RULES, 100)
    assert decision is not None
    cases = cases_of([Decided("g1", decision, first), Answered("g1", 4 * DAY_S, is_passed=True)])
    standing = cases.standing(ACCOUNT, 6 * DAY_S)
    assert decide(replace(first, second=6 * DAY_S), standing, RULES, 6 * DAY_S) is None
    again = decide(replace(first, second=6 * DAY_S, **more), standing, RULES, 6 * DAY_S)
    assert again is not None
    assert (again.rung, again.basis is Basis.CANARY) == (Rung.CHALLENGE, False)


def test_who_was_suspended_for_canaries_was_not_asked():
    """A person took that back; conduct two days later asks him, as it asks everybody first."""
    first = replace(found(canaries=2, score=0.1), second=DAY_S)
    decision = decide(first, Standing(), RULES, DAY_S)
    assert decision is not None
    wrong = Settled("g1", DAY_S + 3_600, Rung.NONE, 0, "ann", "A list of theirs.", is_wrong=True)
    cases = cases_of([Decided("g1", decision, first), wrong])
    later = replace(found(canaries=2, score=1.05, recount=counted(*[2.0] * 71)), second=3 * DAY_S)
    decided = decide(later, cases.standing(ACCOUNT, 3 * DAY_S), RULES, 3 * DAY_S)
    assert decided is not None
    assert (decided.rung, decided.basis) == (Rung.CHALLENGE, Basis.CONDUCT)


@given(findings)
def test_a_permit_keeps_all_away_but_canaries(finding):
    """With a permit nothing is asked and nothing is smaller, unless canaries say so."""
    rung, basis = weigh(finding, Standing(permit=PERMIT), RULES)
    assert rung <= Rung.OBSERVE or basis is Basis.CANARY


@given(findings, standings, st.sampled_from(Rung))
def test_a_machine_only_goes_up(finding, standing, rung):
    """A decision is made only when it is stricter than what holds."""
    decision = decide(finding, replace(standing, rung=rung), RULES, NOW)
    assert decision is None or decision.rung > rung


@given(findings, standings)
def test_every_decision_says_all_that_a_person_may_ask(finding, standing):
    """Evidence, counterfactual, rule, end and time for an appeal are there; a suspension is looked
    at within 72 hours, and becomes a question when nobody did."""
    decision = decide(finding, standing, RULES, NOW)
    if decision is None:
        return
    assert decision.evidence.endswith(".")
    assert decision.counterfactual.endswith(".")
    assert decision.rule == RULES.version
    assert NOW < decision.until < decision.appeal_by
    assert decision.rung_at(decision.until) is Rung.NONE
    if decision.rung is Rung.SUSPEND:
        assert decision.review_by == NOW + REVIEW_S
        assert decision.rung_at(decision.review_by - 1) is Rung.SUSPEND
        assert decision.rung_at(decision.review_by) is Rung.CHALLENGE


@pytest.mark.parametrize(
    "name",
    ["FROM_SCORE", "LASTS_S", "CLEARED_S", "EVIDENCE_S", "REVIEW_S", "RESPITE_S", "APPEAL_S",
     "EDITION"],
)  # fmt: skip
def test_a_version_is_of_all_that_decides(monkeypatch, name):
    """Whatever number of the rules is another one, so is the version that decisions name; it is the
    same one in every process, and during the first days of a service."""
    before, value = RULES.version, getattr(ladder, name)
    assert before == "3-f8099cad"
    assert Rules(shadow_until=NOW).version == before
    more = value + 1 if isinstance(value, int) else {**value, Rung.BUDGET: 0.4}
    monkeypatch.setattr(ladder, name, more)
    assert RULES.version != before


@pytest.mark.parametrize("rules", [Rules(canaries=3), Rules(growth=1.2)])
def test_a_version_is_of_what_is_set_too(rules):
    """Other settings are other rules."""
    assert rules.version != RULES.version


def test_who_answered_is_not_asked_again_on_the_same_evidence():
    """The same score and the same group ask once; a quarter more, or another group, ask again."""
    answered = Standing(answered_score=0.8, answered_groups=frozenset({"a1"}))
    assert weigh(found(score=0.9, group=GROUP), answered, RULES)[0] is Rung.BUDGET
    assert weigh(found(score=1.0, group=GROUP), answered, RULES)[0] is Rung.CHALLENGE
    other = replace(GROUP, name="b2")
    assert weigh(found(score=0.1, group=other), answered, RULES)[0] is Rung.CHALLENGE


def test_what_was_taken_back_is_not_decided_again():
    """A count that a person looked at and took back does nothing until it is a quarter more."""
    cleared = Standing(cleared_score=1.42, asked_at=NOW - DAY_S)
    assert weigh(found(recount=counted(*[2.0] * 71)), cleared, RULES)[0] is Rung.NONE
    assert weigh(found(recount=counted(*[2.0] * 90)), cleared, RULES)[0] is Rung.SUSPEND


def test_a_new_service_only_writes_down():
    """In shadow mode a decision is made once, does nothing, and counts from the day it is over."""
    rules = Rules(shadow_until=NOW + DAY_S)
    finding = found(canaries=5)
    decision = decide(finding, Standing(), rules, NOW)
    assert decision is not None
    assert (decision.is_shadow, decision.rung_at(NOW)) == (True, Rung.NONE)
    past = Past(rung=Rung.SUSPEND, basis=Basis.CANARY, second=NOW, is_shadow=True, finding=finding)
    known = Standing(shadow_rung=Rung.SUSPEND, past=(past,))
    assert decide(finding, known, rules, NOW) is None
    assert decide(finding, replace(known, shadow_rung=Rung.NONE), rules, NOW) is None
    assert decide(finding, Standing(rung=Rung.SUSPEND), rules, NOW) is None
    real = decide(finding, known, rules, NOW + DAY_S)
    assert real is not None
    assert real.rung_at(NOW + DAY_S) is Rung.SUSPEND


@pytest.mark.parametrize(("tracks", "rung"), [(50, Rung.CHALLENGE), (45, Rung.BUDGET)])
def test_a_counterfactual_is_about_what_was_decided(tracks, rung):
    """It says what would have kept it from this rung, and not from a stricter one."""
    recount = replace(counted(*[1.0] * tracks, threshold=77.0), least=(24, 39, 47, 77))
    decision = decide(found(recount=recount), Standing(), RULES, NOW)
    assert decision is not None
    assert decision.rung is rung
    assert f"fewer than {recount.least[rung - 1]} new tracks" in decision.counterfactual


def test_a_sentence_says_what_was_seen():
    """The evidence is a sentence with its numbers, and so is what would have changed it."""
    finding = found(recount=replace(counted(*[2.1] * 71), least=(15, 24, 29, 48)))
    decision = decide(finding, Standing(asked_at=NOW - DAY_S), RULES, NOW)
    assert decision is not None
    assert decision.rung is Rung.SUSPEND
    assert decision.evidence == (
        "69 of the 71 new tracks of the last 30 days are played by fewer than 2 others."
    )
    assert decision.counterfactual == ("With fewer than 48 new tracks it could not have happened.")


def test_a_sentence_says_that_an_account_is_an_address():
    """What was seen of an address is not said of one person."""
    decision = decide(found(score=2.0, is_address=True), Standing(), RULES, NOW)
    assert decision is not None
    assert "is an address" in decision.evidence


@pytest.mark.parametrize("score", [float("nan"), -1.0])
def test_a_score_is_a_number_from_0_on(score):
    """What is no score cannot be found."""
    with pytest.raises(ValueError, match="score"):
        found(score=score)
