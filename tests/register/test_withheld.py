"""Lines of which only the digest came back: the chain goes on through them, and only there."""

import hashlib

import pytest

from phonotheque.register.chain import (
    GENESIS,
    NotInChainError,
    Withheld,
    decode_line,
    encode_line,
    encode_withheld,
)
from phonotheque.register.events import Deposit

AT = "2026-11-21T05:00:00.000000Z"


def two_lines():
    first, head = encode_line(GENESIS, AT, Deposit("p1"))
    second, end = encode_line(head, AT, Deposit("p2"))
    return first, head, second, end


def test_the_chain_goes_on_through_a_withheld_line():
    """In the place of a line its number and SHA-256 lead to the same head."""
    first, head, second, end = two_lines()
    withheld = encode_withheld(1, hashlib.sha256(first).hexdigest())
    entry, after = decode_line(GENESIS, withheld)
    assert (after, entry.seq, entry.at) == (head, 1, "")
    assert isinstance(entry.event, Withheld)
    assert decode_line(after, second)[1] == end


@pytest.mark.parametrize(
    "line",
    [
        encode_withheld(2, "a" * 64),
        encode_withheld(1, "a" * 64)[:-1],
        encode_withheld(1, "a" * 64).replace(b",", b", "),
        encode_withheld(1, "A" * 64),
        encode_withheld(1, "a" * 63),
        encode_withheld(1, "a" * 64).replace(b"}", b',"more":1}'),
        b'{"seq":1,"sha256":"\xff"}\n',
    ],
)
def test_what_is_written_otherwise_is_no_withheld_line(line):
    """Number, digest and form are one way only."""
    with pytest.raises(NotInChainError):
        decode_line(GENESIS, line)


def test_a_wrong_digest_breaks_the_chain_at_the_next_line():
    """A digest that is not that of the line is found out like any changed byte."""
    _, _, second, _ = two_lines()
    _, after = decode_line(GENESIS, encode_withheld(1, "a" * 64))
    with pytest.raises(NotInChainError):
        decode_line(after, second)
