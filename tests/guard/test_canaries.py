"""Canaries: few, known from themselves and a secret, and only the second one counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard.canaries import HITS_THAT_SUSPEND, ONE_IN, Hits, is_canary

SECRET = b"of this service"


def test_one_in_two_hundred_is_one() -> None:
    """So that somebody who goes through all meets the first after 140 (the median)."""
    canaries = sum(is_canary(f"{number:08x}", SECRET) for number in range(40_000))
    assert 0.8 < canaries * ONE_IN / 40_000 < 1.2


def test_another_service_has_other_canaries() -> None:
    """Nobody learns them anywhere else."""
    names = [f"{number:08x}" for number in range(20_000)]
    mine, other = ({name for name in names if is_canary(name, key)} for key in (SECRET, b"other"))
    assert mine
    assert len(mine & other) < len(mine) / 4


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcde")), max_size=40))
def test_an_account_is_told_of_once_at_its_second_canary(asks: list[tuple[int, str]]) -> None:
    """However often it asks for the same one."""
    hits = Hits()
    told = [account for account, name in asks if hits.note(account, name)]
    several = {one for one in range(4) if len({n for a, n in asks if a == one}) > 1}
    assert sorted(told) == sorted(several)
    assert all(hits.of(account) >= HITS_THAT_SUSPEND for account in told)
    for one in range(4):
        assert hits.ids(one) == tuple(sorted({name for account, name in asks if account == one}))
