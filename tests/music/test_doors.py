"""Every door asks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.music.statements import BY, IN_COPYRIGHT, TODAY, stated, statements

from phonotheque.music.doors import (
    DOOR_USES,
    LISTENING_DOORS,
    OWN_DOORS,
    TORRENT_DOORS,
    Door,
    ask,
)
from phonotheque.music.rights import Basis, Code, RightsStatement, Use, may_share_in_torrent

DOORS_OF_THINGS = sorted(door for door in Door if DOOR_USES[door] is not None)
DOORS_OF_WORDS = sorted(set(Door) - set(DOORS_OF_THINGS))


def test_every_door_has_a_use() -> None:
    """A door that is not mapped to a use, or to none, is a way out that forgot to ask."""
    assert set(DOOR_USES) == set(Door)
    assert set(DOOR_USES.values()) <= {*Use, None}
    assert set(DOORS_OF_THINGS) == TORRENT_DOORS | OWN_DOORS | LISTENING_DOORS


def test_doors_of_torrents_share() -> None:
    """What leads into a swarm is sharing copies."""
    assert {Door.PUBLISH, Door.SEED, Door.WEB_SEED, Door.PUSH, Door.PACK} == TORRENT_DOORS
    assert {DOOR_USES[door] for door in TORRENT_DOORS} == {Use.REDISTRIBUTE}


@given(st.lists(statements(), max_size=3), st.dates(date(2026, 6, 8), date(2026, 6, 22)))
def test_doors_of_torrents_answer_alike(many: list[RightsStatement], on: date) -> None:
    """Publishing and seeding cannot disagree, and no place makes them wider."""
    answers = {ask(door, many, on, place) for door in TORRENT_DOORS for place in (None, "DE")}
    assert answers == {may_share_in_torrent(many, on)}


@pytest.mark.parametrize("door", DOORS_OF_THINGS)
def test_every_door_refuses_what_is_not_known(door: Door) -> None:
    """Nothing known, or only a claim, opens no door."""
    assert ask(door, [], TODAY).code is Code.NOT_EVALUATED
    assert ask(door, [stated(BY, Basis.CLAIM)], TODAY).code is Code.CLAIM_ONLY
    assert not ask(door, [stated(IN_COPYRIGHT)], TODAY).allowed
    assert ask(door, [stated(BY, Basis.CLAIM)], TODAY, claims_count=True).allowed


@given(st.sampled_from(Door), st.lists(statements(), max_size=3))
def test_what_was_removed_passes_no_door(door: Door, many: list[RightsStatement]) -> None:
    """Whatever is stated about it, in whatever order, by whomever."""
    verdict = ask(door, many, TODAY, "DE", claims_count=True, is_removed=True)
    assert (verdict.code, verdict.allowed) == (Code.REMOVED, False)


@pytest.mark.parametrize("door", DOORS_OF_WORDS)
def test_words_about_a_thing_pass_until_it_is_removed(door: Door) -> None:
    """That something exists is no secret, whatever its rights are."""
    assert ask(door, [], TODAY).allowed
    assert not ask(door, [stated(BY)], TODAY, is_removed=True).allowed


def test_a_copy_handed_over_may_have_a_place() -> None:
    """A folder for somebody in one country may hold what is limited to that country."""
    limited = [stated(BY, territories=("DE",))]
    assert ask(Door.EXPORT, limited, TODAY, "DE").allowed
    assert not ask(Door.EXPORT, limited, TODAY, "FR").allowed
    assert not ask(Door.PUBLISH, limited, TODAY, "DE").allowed


def test_listening_doors_let_out_what_their_use_allows() -> None:
    """What may be streamed may not be kept; a preview is a cut, which ND does not allow."""
    streamed = [stated(IN_COPYRIGHT, granted=(Use.STREAM,))]
    assert ask(Door.LISTEN, streamed, TODAY).allowed
    refused = LISTENING_DOORS - {Door.LISTEN}
    assert not any(ask(door, streamed, TODAY).allowed for door in refused)
    assert all(ask(door, [stated(BY)], TODAY).allowed for door in LISTENING_DOORS)
    limited = [stated(BY, territories=("DE",))]
    assert ask(Door.LISTEN, limited, TODAY, "DE").allowed
    assert not ask(Door.LISTEN, limited, TODAY).allowed
