"""The resolver of rights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.music.statements import (
    BY,
    BY_NC,
    BY_ND,
    IN_COPYRIGHT,
    TODAY,
    stated,
    statements,
)

from phonotheque.music.licence import parse_licence
from phonotheque.music.rights import (
    ALLOWING,
    Basis,
    Code,
    LicenceClass,
    RightsStatement,
    Use,
    Verdict,
    may_share_in_torrent,
    resolve,
    uses_of,
)

USES = st.sampled_from(Use)
DAYS = st.dates(date(2026, 6, 8), date(2026, 6, 22))
PLACES = st.sampled_from([None, "DE", "AT", "FR"])
MANY = st.lists(statements(), max_size=4)


def code_of(*stated_: RightsStatement, use: Use = Use.REDISTRIBUTE, **asked: Any) -> Code:
    question = {"on": TODAY, "territory": None, **asked}
    return resolve(stated_, use, **question).code


# -- laws ------------------------------------------------------------------------------------------


@given(many=MANY, use=USES, on=DAYS, place=PLACES, counts=st.booleans())
def test_order_of_statements_makes_no_difference(
    *, many: list[RightsStatement], use: Use, on: date, place: str | None, counts: bool
) -> None:
    """Every order of the same statements gives the same answer, word for word."""
    answers = {resolve(order, use, on, place, claims_count=counts) for order in permutations(many)}
    assert len(answers) == 1
    assert len({may_share_in_torrent(order, on, counts) for order in permutations(many)}) == 1


@given(MANY, st.lists(statements(Basis.CLAIM), min_size=1, max_size=3), USES, DAYS, PLACES)
def test_claims_never_grant_when_they_do_not_count(
    many: list[RightsStatement],
    claims: list[RightsStatement],
    use: Use,
    on: date,
    place: str | None,
) -> None:
    """Whatever tags say, what is allowed with them is what is allowed without."""
    without = [one for one in many if one.basis is not Basis.CLAIM]
    answer = resolve([*many, *claims], use, on, place)
    assert answer.allowed == resolve(without, use, on, place).allowed
    shared = may_share_in_torrent([*many, *claims], on)
    assert shared.allowed == may_share_in_torrent(without, on).allowed


@given(st.lists(statements(), min_size=1, max_size=4), USES, DAYS, PLACES)
def test_claims_that_count_give_way_to_every_other_word(
    many: list[RightsStatement], use: Use, on: date, place: str | None
) -> None:
    """Even when claims count they change nothing beside a statement or decision."""
    without = [one for one in many if one.basis is not Basis.CLAIM]
    if without:
        answer = resolve(many, use, on, place, claims_count=True)
        assert answer == resolve(without, use, on, place)


@given(many=MANY, use=USES, on=DAYS, place=PLACES, counts=st.booleans())
def test_every_verdict_has_a_reason(
    *, many: list[RightsStatement], use: Use, on: date, place: str | None, counts: bool
) -> None:
    """A reason is one sentence, and the code says whether the use is allowed."""
    for verdict in (
        resolve(many, use, on, place, claims_count=counts),
        may_share_in_torrent(many, on, counts),
    ):
        assert verdict.reason[0].isupper()
        assert verdict.reason.endswith(".")
        assert verdict.reason.isprintable()
        assert verdict.allowed == (verdict.code in ALLOWING)
        assert not verdict.allowed or verdict.statement in many


@given(statements(), USES, DAYS, PLACES)
def test_an_answer_follows_from_its_statement(
    one: RightsStatement, use: Use, on: date, place: str | None
) -> None:
    """Yes means: in the half-open window, in the territory, and among the uses it allows."""
    is_in_window = (one.valid_from or "") <= on.isoformat() < (one.valid_until or "9999")
    is_there = not one.territories or place in one.territories
    expected = is_in_window and is_there and use in uses_of(one)
    assert resolve([one], use, on, place, claims_count=True).allowed == expected


@given(many=MANY, on=DAYS, counts=st.booleans())
def test_a_torrent_takes_no_more_than_copies_everywhere(
    *, many: list[RightsStatement], on: date, counts: bool
) -> None:
    """What goes into a torrent may be copied everywhere, on every later day, and has a class."""
    verdict = may_share_in_torrent(many, on, counts)
    if verdict.allowed:
        assert verdict.licence_class is not None
        assert verdict.statement is not None
        for later in (on, on + timedelta(days=30), date(9999, 12, 31)):
            for place in (None, "DE", "FR"):
                asked = resolve(many, Use.REDISTRIBUTE, later, place, claims_count=counts)
                assert asked.allowed


@given(MANY, DAYS)
def test_a_decision_ends_all_sharing(many: list[RightsStatement], on: date) -> None:
    """A newest decision that nothing is known allows nothing, whatever was stated before."""
    end = stated("", Basis.DECISION, stated_at="2027-01-01T00:00:00Z")
    for use in Use:
        answer = resolve([*many, end], use, on, None, claims_count=True)
        assert (answer.allowed, answer.code) == (False, Code.NOT_EVALUATED)


# -- which statement governs -----------------------------------------------------------------------


def test_nothing_known_allows_nothing() -> None:
    """Without a statement every use is refused: kept, never served, never shared."""
    for use in Use:
        verdict = resolve([], use, TODAY, "DE", claims_count=True)
        assert (verdict.code, verdict.statement) == (Code.NOT_EVALUATED, None)


def test_a_licence_tag_is_a_claim() -> None:
    """A tag alone is refused with that reason, and is enough where the settings say so."""
    tag = stated(BY, Basis.CLAIM)
    assert code_of(tag) is Code.CLAIM_ONLY
    assert code_of(tag, claims_count=True) is Code.LICENSED
    assert code_of(stated("", Basis.CLAIM)) is Code.NOT_EVALUATED


@pytest.mark.parametrize("basis", [Basis.DEPOSITOR, Basis.RULES])
def test_a_decision_goes_before_statements(basis: Basis) -> None:
    """An archivist's decision governs, also when a later deposit says otherwise."""
    decision = stated(IN_COPYRIGHT, Basis.DECISION)
    later = stated(BY, basis, stated_at="2026-05-01T00:00:00Z")
    assert code_of(decision, later) is Code.LICENCE_FORBIDS


@pytest.mark.parametrize("basis", [Basis.DECISION, Basis.DEPOSITOR, Basis.RULES])
def test_the_newest_governs(basis: Basis) -> None:
    """Of two words of one rank the later one counts, to the fraction of a second."""
    older = stated(BY, basis, stated_at="2026-01-01T00:00:00Z")
    newer = stated(BY_NC, basis, stated_at="2026-01-01T00:00:00.5Z")
    assert code_of(older, newer, use=Use.COMMERCIAL) is Code.LICENCE_FORBIDS
    assert code_of(newer, older, use=Use.COMMERCIAL) is Code.LICENCE_FORBIDS


@pytest.mark.parametrize(
    ("rule", "depositor", "code"),
    [(BY, BY_NC, Code.LICENSED), (BY_NC, BY, Code.LICENCE_FORBIDS)],
)
def test_a_rule_goes_before_the_depositor_of_the_same_moment(
    rule: str, depositor: str, code: Code
) -> None:
    """What was said of this file counts more than what was said of all, narrower or wider."""
    both = stated(rule, Basis.RULES), stated(depositor, Basis.DEPOSITOR)
    assert code_of(*both, use=Use.COMMERCIAL) is code
    assert code_of(*reversed(both), use=Use.COMMERCIAL) is code


def test_a_tie_goes_to_the_narrower_statement() -> None:
    """Two equal words at one moment: the one that allows less governs."""
    verdict = resolve([stated(BY), stated(BY_NC)], Use.REDISTRIBUTE, TODAY, None)
    assert verdict.licence_class is LicenceClass.NC


def test_a_tie_between_equals_is_decided_by_their_texts() -> None:
    """Two statements that allow the same at one moment: the same one governs in both orders."""
    equals = [stated("MIT"), stated(BY)]
    answers = {resolve(order, Use.STREAM, TODAY, None) for order in permutations(equals)}
    assert len(answers) == 1


def test_what_ended_is_not_revived() -> None:
    """When the governing statement has run out, an older one does not take its place."""
    older = stated(BY, Basis.DECISION)
    ended = stated(BY, Basis.DECISION, stated_at="2026-02-01T00:00:00Z", valid_until="2026-03-01")
    assert code_of(older, ended) is Code.EXPIRED


# -- what a statement says -------------------------------------------------------------------------


def test_days_are_half_open() -> None:
    """The first day counts, the last one does not."""
    window = stated(valid_from="2026-06-15", valid_until="2026-06-16")
    assert code_of(window, on=date(2026, 6, 14)) is Code.NOT_YET
    assert code_of(window, on=date(2026, 6, 15)) is Code.LICENSED
    assert code_of(window, on=date(2026, 6, 16)) is Code.EXPIRED


def test_territories() -> None:
    """A limited statement needs a place, and one of its own."""
    limited = stated(territories=("AT", "DE"))
    assert code_of(limited, territory="DE") is Code.LICENSED
    assert code_of(limited, territory="FR") is Code.TERRITORY
    assert code_of(limited, territory=None) is Code.TERRITORY_LIMITED


def test_onsite_only() -> None:
    """On the premises only: one use, whatever the licence would allow."""
    onsite = stated(BY, onsite_only=True)
    assert code_of(onsite, use=Use.ON_PREMISES) is Code.ONSITE
    for use in set(Use) - {Use.ON_PREMISES}:
        assert code_of(onsite, use=use) is Code.ONSITE_ONLY
    barred = stated("", onsite_only=True, excluded=(Use.ON_PREMISES,))
    assert code_of(barred, use=Use.ON_PREMISES) is Code.EXCLUDED


def test_a_contract_without_a_licence_is_enough() -> None:
    """Where only a contract is known, its uses are allowed and all others are not."""
    contract = stated("", Basis.DECISION, granted=(Use.STREAM,))
    assert code_of(contract, use=Use.STREAM) is Code.GRANTED
    assert code_of(contract, use=Use.DERIVE) is Code.LICENCE_FORBIDS


def test_a_contract_grants_to_this_archive() -> None:
    """A granted use is allowed beside a licence that forbids it, and nothing else is."""
    contract = stated(IN_COPYRIGHT, Basis.DECISION, granted=(Use.STREAM, Use.PREVIEW))
    assert code_of(contract, use=Use.STREAM) is Code.GRANTED
    assert code_of(contract, use=Use.PREVIEW) is Code.GRANTED
    assert code_of(contract, use=Use.REDISTRIBUTE) is Code.LICENCE_FORBIDS


def test_an_exclusion_wins() -> None:
    """A use that a statement excludes is refused although the licence allows it."""
    assert code_of(stated(excluded=(Use.STREAM,)), use=Use.STREAM) is Code.EXCLUDED


LICENSED = {
    BY: {Use.STREAM, Use.PREVIEW, Use.REDISTRIBUTE, Use.COMMERCIAL, Use.DERIVE, Use.ON_PREMISES},
    BY_NC: {Use.STREAM, Use.PREVIEW, Use.REDISTRIBUTE, Use.DERIVE, Use.ON_PREMISES},
    BY_ND: {Use.STREAM, Use.REDISTRIBUTE, Use.COMMERCIAL, Use.ON_PREMISES},
    "https://creativecommons.org/licenses/nc-sampling+/1.0/": set(),
    "https://freemusicarchive.org/FMA_License": set(),
    "LicenseRef-Band": set(),
    IN_COPYRIGHT: set(),
}


@pytest.mark.parametrize("licence", LICENSED)
def test_licences_allow_these_uses(licence: str) -> None:
    """Under ND nothing is cut, so no excerpt; a licence nobody read allows nothing."""
    allowed = {use for use in Use if resolve([stated(licence)], use, TODAY, None).allowed}
    assert allowed == LICENSED[licence] == uses_of(stated(licence))


@pytest.mark.parametrize("licence", ["http://rightsstatements.org/vocab/CNE/1.0/", "x of 2041", ""])
def test_what_says_nothing_is_not_evaluated(licence: str) -> None:
    """CNE, and a licence that this version cannot name, allow nothing."""
    assert not parse_licence(licence).is_evaluated
    assert code_of(stated(licence)) is Code.NOT_EVALUATED


# -- torrents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, Code.LICENSED),
        ({"valid_from": "2026-06-15"}, Code.LICENSED),
        ({"valid_from": "2026-06-16"}, Code.NOT_YET),
        ({"valid_until": "2099-01-01"}, Code.EXPIRES),
        ({"valid_until": "2026-06-15"}, Code.EXPIRED),
        ({"territories": ("DE",)}, Code.TERRITORY_LIMITED),
        ({"onsite_only": True}, Code.ONSITE_ONLY),
        ({"excluded": (Use.REDISTRIBUTE,)}, Code.EXCLUDED),
        ({"excluded": (Use.COMMERCIAL,)}, Code.NARROWED),
        ({"excluded": (Use.DERIVE,)}, Code.NARROWED),
        ({"excluded": (Use.STREAM,)}, Code.LICENSED),
    ],
)
def test_what_goes_into_a_torrent(fields: dict[str, Any], code: Code) -> None:
    """A torrent has no end, no border and no exceptions; our own doors may still be narrower."""
    verdict = may_share_in_torrent([stated(BY, **fields)], TODAY)
    assert verdict.code is code


def test_a_contract_does_not_fill_torrents() -> None:
    """Copies granted to this archive are not granted to everybody who mirrors it."""
    contract = stated(IN_COPYRIGHT, Basis.DECISION, granted=(Use.REDISTRIBUTE,))
    assert code_of(contract) is Code.GRANTED
    verdict = may_share_in_torrent([contract], TODAY)
    assert (verdict.code, verdict.licence_class) == (Code.NOT_PUBLIC, None)


@pytest.mark.parametrize(
    ("licence", "licence_class"),
    [
        (BY, "open"),
        (BY_NC, "nc"),
        (BY_ND, "nd"),
        ("https://creativecommons.org/licenses/by-nc-nd/2.5/ca/", "nc-nd"),
    ],
)
def test_the_class_comes_with_the_answer(licence: str, licence_class: str) -> None:
    """NC and ND are shared as they are, each in its own class."""
    verdict = may_share_in_torrent([stated(licence)], TODAY)
    assert verdict.allowed
    assert verdict.licence_class == licence_class


# -- values that protect their users ---------------------------------------------------------------


def test_a_verdict_is_not_a_boolean() -> None:
    """`if verdict:` would always be true; it fails instead."""
    with pytest.raises(TypeError, match="allowed"):
        bool(Verdict(Code.EXPIRED, "Over."))


def test_an_instant_is_not_a_day() -> None:
    """The day of an instant depends on a time zone, so it is not guessed."""
    with pytest.raises(TypeError, match="day"):
        resolve([], Use.STREAM, datetime(2026, 1, 1, tzinfo=UTC), None)


def test_reasons_name_the_licence_and_who_said_it() -> None:
    """A person reads which licence, on whose word, and when."""
    verdict = resolve([stated(BY_NC)], Use.COMMERCIAL, TODAY, None)
    assert verdict.reason == (
        "CC BY-NC 4.0 does not allow commercial use (stated by the depositor on 2026-01-01)."
    )
