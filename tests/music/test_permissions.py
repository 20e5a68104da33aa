"""How grants combine."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.permissions import NOTHING, LicenceClass, Permissions, all_of, best_of


@st.composite
def some_permissions(draw: st.DrawFn) -> Permissions:
    flags = [draw(st.booleans()) for _ in range(5)]
    if not flags[0]:
        flags[1:3] = [False, False]
    return Permissions(*flags)


PARTS = st.lists(some_permissions(), min_size=1, max_size=4)


def grants(permissions: Permissions) -> set[str]:
    names = ("redistribute", "commercial", "derive")
    return {name for name in names if getattr(permissions, name)}


@given(PARTS)
def test_and_never_allows_what_a_part_forbids(parts: list[Permissions]) -> None:
    """`A AND B` grants no more than each part, and asks for at least what each part asks."""
    whole = all_of(parts)
    for part in parts:
        assert grants(whole) <= grants(part)
        if whole.redistribute:
            assert whole.attribution >= part.attribution
            assert whole.share_alike >= part.share_alike


@given(PARTS)
def test_or_is_one_of_its_parts(parts: list[Permissions]) -> None:
    """`A OR B` is one part whole, and no part grants strictly more."""
    chosen = best_of(parts)
    assert chosen in parts
    assert not any(grants(chosen) < grants(part) for part in parts)


@given(PARTS)
def test_order_makes_no_difference(parts: list[Permissions]) -> None:
    """Both combinations give the same for every order of their parts."""
    assert len({all_of(order) for order in permutations(parts)}) == 1
    assert len({best_of(order) for order in permutations(parts)}) == 1


def test_nothing_combines_to_nothing() -> None:
    """No licence at all grants nothing, whichever way it is combined."""
    assert all_of([]) == best_of([]) == NOTHING
    assert NOTHING.licence_class is None


@pytest.mark.parametrize("flag", ["commercial", "derive"])
def test_permissions_without_copies_cannot_be_made(flag: str) -> None:
    """Whoever may not pass copies on may neither sell nor change them."""
    with pytest.raises(ValueError, match="forbids copies"):
        Permissions(**{flag: True})


def test_the_four_classes() -> None:
    """The class follows from commerce and changes."""
    found = [
        Permissions(redistribute=True, commercial=commercial, derive=derive).licence_class
        for commercial, derive in ((True, True), (False, True), (True, False), (False, False))
    ]
    assert found == list(LicenceClass)
    assert [licence_class.value for licence_class in LicenceClass] == ["open", "nc", "nd", "nc-nd"]
