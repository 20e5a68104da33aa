"""Every door asks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.music.statements import BY, IN_COPYRIGHT, TODAY, stated, statements

from phonotheque.music.doors import DOOR_USES, TORRENT_DOORS, Door, ask
from phonotheque.music.rights import Basis, Code, RightsStatement, Use, may_share_in_torrent


def test_every_door_has_a_use() -> None:
    """A door that is not mapped to a use is a way out that forgot to ask."""
    assert set(DOOR_USES) == set(Door)
    assert set(DOOR_USES.values()) <= set(Use)


def test_doors_of_torrents_share() -> None:
    """What leads into a swarm is sharing copies."""
    assert {Door.PUBLISH, Door.SEED} <= TORRENT_DOORS <= set(Door)
    assert {DOOR_USES[door] for door in TORRENT_DOORS} == {Use.REDISTRIBUTE}


@given(st.lists(statements(), max_size=3), st.dates(date(2026, 6, 8), date(2026, 6, 22)))
def test_doors_of_torrents_answer_alike(many: list[RightsStatement], on: date) -> None:
    """Publishing and seeding cannot disagree, and no place makes them wider."""
    answers = {ask(door, many, on, place) for door in TORRENT_DOORS for place in (None, "DE")}
    assert answers == {may_share_in_torrent(many, on)}


@pytest.mark.parametrize("door", Door)
def test_every_door_refuses_what_is_not_known(door: Door) -> None:
    """Nothing known, or only a claim, opens no door."""
    assert ask(door, [], TODAY).code is Code.NOT_EVALUATED
    assert ask(door, [stated(BY, Basis.CLAIM)], TODAY).code is Code.CLAIM_ONLY
    assert not ask(door, [stated(IN_COPYRIGHT)], TODAY).allowed
    assert ask(door, [stated(BY, Basis.CLAIM)], TODAY, claims_count=True).allowed


def test_a_copy_handed_over_may_have_a_place() -> None:
    """A folder for somebody in one country may hold what is limited to that country."""
    limited = [stated(BY, territories=("DE",))]
    assert ask(Door.EXPORT, limited, TODAY, "DE").allowed
    assert not ask(Door.EXPORT, limited, TODAY, "FR").allowed
    assert not ask(Door.PUBLISH, limited, TODAY, "DE").allowed
