"""E-mail addresses are found in texts and left out of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.email_addresses import has_email_address, without_email_addresses

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@given(st.text("ab@. \n\u00a0", max_size=20))
def test_a_word_with_an_address_is_left_out(text):
    """What reads as an address is found, and in what is left nothing does; a text without one is
    the same to the letter."""
    assert has_email_address(text) == bool(ADDRESS.search(text))
    left = without_email_addresses(text)
    assert not has_email_address(left)
    assert has_email_address(text) or left == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Odile Marrow <odile@example.org>", "Odile Marrow"),
        ("mailto:odile@example.org", ""),
        ("Me@Home,  live @ the Weir", "Me@Home,  live @ the Weir"),
    ],
)
def test_what_is_left(text, left):
    """The words around an address stay; an @ alone is none."""
    assert without_email_addresses(text) == left
