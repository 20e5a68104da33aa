"""What is said for everybody names nobody; cases have names of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BadRequestError
from phonotheque.publish.removal.request import MAX_REASON, Objection, Request, next_case


@pytest.mark.parametrize(
    ("reason", "person"),
    [
        ("", ""),
        ("   ", ""),
        ("x" * (MAX_REASON + 1), ""),
        ("two\nlines", ""),
        ("a\u202etrick", ""),
        ("ask ada@label.example for more", ""),
        ("Ada LOVELACE asked for it", "Ada Lovelace"),
    ],
)
def test_a_reason_that_cannot_be_published_is_refused(reason, person):
    """A public reason is one line of bounded length without the name or address of a person."""
    with pytest.raises(BadRequestError, match="--reason"):
        Request(reason, requested_by=person)
    with pytest.raises(BadRequestError, match="--summary"):
        Objection("2026-1", reason, received_from=person)


def test_a_plain_reason_is_taken_as_it_is():
    """Names of works and labels may stand in it; who asked stands beside it."""
    request = Request("The label Café Noir asked for it", requested_by="Ada Lovelace")
    assert request.reason == "The label Café Noir asked for it"


@pytest.mark.parametrize("case", ["a b", "../x", "-x", "x" * 65, "é"])
def test_a_case_has_a_name_that_fits_everywhere(case):
    """Names of cases are told on the web and typed by people."""
    with pytest.raises(BadRequestError, match="--case"):
        Request("why", case=case)


@given(st.lists(st.integers(1, 10**6).map(lambda n: f"2026-{n}") | st.text(max_size=12)))
def test_a_new_case_has_a_new_name(known):
    """Whatever cases there are, the next one is none of them, and of this year."""
    case = next_case(known, 2026)
    assert case not in known
    assert case.startswith("2026-")
    assert next_case([*known, case], 2026) != case
    assert next_case(known, 2027) == "2027-1" or any(one.startswith("2027-") for one in known)
