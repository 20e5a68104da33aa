"""What a person may write as granted to the archive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.music.statements import BY, BY_NC, BY_ND, IN_COPYRIGHT, TODAY

from phonotheque.errors import BadRequestError
from phonotheque.music.grants import parse_grants
from phonotheque.music.licence import parse_licence
from phonotheque.music.rights import Basis, Code, RightsStatement, Use, resolve

USES = st.lists(st.sampled_from(Use), max_size=8)


def grants(words: list[str], licence: str = IN_COPYRIGHT, *, onsite: bool = False):
    return parse_grants(words, parse_licence(licence), is_onsite_only=onsite)


@given(USES)
def test_what_is_granted_beside_no_licence_is_what_is_allowed(uses: list[Use]) -> None:
    """In copyright, each use that is written is granted, no other one, in one order, once."""
    found = grants([str(use) for use in uses])
    assert found == tuple(use for use in Use if use in uses)
    statement = RightsStatement(
        licence=IN_COPYRIGHT,
        basis=Basis.RULES,
        granted=found,
        stated_at="2026-01-01T00:00:00Z",
    )
    answers = {use: resolve([statement], use, TODAY, None).code for use in Use}
    assert {use for use, code in answers.items() if code is Code.GRANTED} == set(uses)
    assert set(answers.values()) <= {Code.GRANTED, Code.LICENCE_FORBIDS}


@pytest.mark.parametrize("word", ["sing", "", "STREAM", "stream, preview", "mine", "x" * 5000])
def test_an_unknown_use_is_refused_with_those_that_are_known(word: str) -> None:
    """Spelling counts, and the answer stays short."""
    with pytest.raises(BadRequestError) as caught:
        grants([word])
    assert caught.value.todo == (
        "One of: stream, preview, redistribute, commercial, derive, on-premises."
    )
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("use", Use)
def test_beside_a_free_licence_nothing_can_be_granted(use: Use) -> None:
    """What everybody may do is no grant: whoever writes one means something else."""
    with pytest.raises(BadRequestError, match="allows everybody"):
        grants([use.value], BY)


@pytest.mark.parametrize(
    ("licence", "left"), [(BY_NC, [Use.COMMERCIAL]), (BY_ND, [Use.PREVIEW, Use.DERIVE])]
)
def test_beside_another_licence_only_what_it_keeps_back_is_granted(licence, left) -> None:
    """Commerce under NC, changes and excerpts under ND, and nothing else."""
    for use in Use:
        if use in left:
            assert grants([use.value], licence) == (use,)
        else:
            with pytest.raises(BadRequestError, match="allows everybody"):
                grants([use.value], licence)


def test_in_the_rooms_only_is_in_the_rooms_only() -> None:
    """Beside that word nothing else is granted."""
    assert grants(["on-premises"], onsite=True) == (Use.ON_PREMISES,)
    with pytest.raises(BadRequestError, match="own rooms"):
        grants(["on-premises", "stream"], onsite=True)
