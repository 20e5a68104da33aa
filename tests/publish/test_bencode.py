"""Bencode has one spelling for each value, and hostile bytes get a refusal and nothing worse."""

from __future__ import annotations

import libtorrent as lt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonotheque.errors import MalformedError
from phonotheque.publish.bencode import Decoded, decode, encode

VALUES = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.binary(max_size=8), inner, max_size=6)
    ),
    max_leaves=40,
)


@settings(deadline=None)
@given(VALUES)
def test_decode_undoes_encode(value: Decoded) -> None:
    """A value that was encoded is decoded to itself."""
    assert decode(encode(value)) == value


@settings(deadline=None)
@given(VALUES)
def test_libtorrent_spells_values_the_same(value: Decoded) -> None:
    """The canonical bytes are those that libtorrent writes."""
    assert encode(value) == lt.bencode(value)


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text("0123456789ilde:-", max_size=80).map(str.encode)
    | st.tuples(VALUES, st.integers(0, 10_000), st.binary(min_size=1, max_size=2)).map(
        lambda t: _overwritten(encode(t[0]), t[1], t[2])
    )
)
@example(b"i-e")
@example(b"ie")
@example(b"i" + b"9" * 10_000 + b"e")
@example(b"9" * 10_000 + b":")
@example("i²e".encode())
@example("²:ab".encode())
@example(b"i\xd9\xa1e")
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    """Whatever bytes come, decoding gives a value that encodes to them again, or MalformedError."""
    try:
        value = decode(data)
    except MalformedError:
        return
    assert encode(value) == data


def _overwritten(data: bytes, at: int, patch: bytes) -> bytes:
    at %= len(data)
    return data[:at] + patch + data[at + len(patch) :]


@pytest.mark.parametrize(
    ("data", "at", "wrong"),
    [
        (b"", 0, "ends too early"),
        (b"i1", 0, "not a number"),
        (b"i01e", 0, "not a number"),
        (b"i-0e", 0, "not a number"),
        (b"i+1e", 0, "not a number"),
        (b"i 1e", 0, "not a number"),
        (b"i1_0e", 0, "not a number"),
        (b"li9223372036854775808ee", 1, "more than 64 bits"),
        (b"01:a", 0, "neither value nor end"),
        (b"-1:a", 0, "neither value nor end"),
        (b"x", 0, "neither value nor end"),
        (b"5:four", 0, "longer than the data"),
        (b"l", 1, "ends too early"),
        (b"e", 0, "end without a beginning"),
        (b"d1:ae", 4, "key without a value"),
        (b"di1ei2ee", 1, "neither value nor end"),
        (b"d1:b0:1:a0:e", 6, "keys out of order"),
        (b"d1:a0:1:a0:e", 6, "a key twice"),
        (b"i1ei2e", 3, "the value ends here"),
        (b"de ", 2, "the value ends here"),
    ],
)
def test_a_refusal_names_the_byte(data: bytes, at: int, wrong: str) -> None:
    """Every way of not being canonical is refused at the byte where it shows."""
    with pytest.raises(MalformedError) as refused:
        decode(data, thing="some.torrent")

    assert refused.value.thing == "some.torrent"
    assert refused.value.wrong.startswith(f"at byte {at}: ")
    assert wrong in refused.value.wrong


@pytest.mark.parametrize("opening", [b"l", b"d0:", b"ld0:"])
def test_a_bomb_of_depth_is_refused(opening: bytes) -> None:
    """A million open containers exhaust a limit, not the stack."""
    with pytest.raises(MalformedError, match="nested more than 100 deep"):
        decode(opening * 1_000_000)


def test_depth_is_counted_exactly() -> None:
    """The deepest value allowed is taken, and one deeper is not."""
    assert decode(b"l" * 100 + b"e" * 100)
    with pytest.raises(MalformedError, match="nested"):
        decode(b"l" * 101 + b"e" * 101)


def test_a_bomb_of_tokens_is_refused() -> None:
    """More tokens than allowed are refused when the limit is reached; exactly as many are not."""
    assert decode(b"l" + b"le" * 4 + b"e", max_tokens=10) == [[], [], [], []]
    with pytest.raises(MalformedError, match="more than 9 tokens"):
        decode(b"l" + b"le" * 4 + b"e", max_tokens=9)


def test_text_and_tuples_are_written_as_bytes_and_lists() -> None:
    """Text becomes UTF-8, and keys are ordered as raw bytes, not as text."""
    value = {"\U0001d11e": 1, "\uffff": 2, "é": ("a", b"b"), "": 0}

    assert list(decode(encode(value)).items()) == [  # type: ignore[union-attr]
        (b"", 0),
        ("é".encode(), [b"a", b"b"]),
        ("\uffff".encode(), 2),
        ("\U0001d11e".encode(), 1),
    ]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, {"a": 1, b"a": 2}, "\ud800"])
def test_values_without_a_spelling_are_mistakes(value: object) -> None:
    """A number of more than 64 bits, a key twice and a lone surrogate cannot be written."""
    with pytest.raises(ValueError, match=r"64 bits|twice|surrogates"):
        encode(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, True, 1.0, {1: 2}, [None], {"a": {"b": False}}])
def test_kinds_without_a_spelling_are_mistakes(value: object) -> None:
    """Truth values are no numbers, and nothing else is guessed either."""
    with pytest.raises(TypeError, match="bencode"):
        encode(value)  # type: ignore[arg-type]
