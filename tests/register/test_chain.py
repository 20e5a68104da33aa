"""The line format of the register and the chain that holds it together."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.finding import Finding, FindingKind
from phonotheque.register.chain import (
    GENESIS,
    MAX_LINE_BYTES,
    Head,
    NotInChainError,
    decode_line,
    encode_line,
)
from phonotheque.register.events import Deposit, Edit, Fixity, Founding

AT = "2026-11-21T05:00:00.000000Z"

texts = st.text(max_size=80)
events = st.one_of(
    st.builds(Founding, st.integers(1, 9), texts),
    st.builds(Deposit, texts, texts),
    st.builds(Edit, texts, texts, texts),
    st.builds(
        Fixity,
        st.integers(0, 10**9),
        st.integers(0, 2**60),
        findings=st.lists(
            st.builds(Finding, st.sampled_from(FindingKind), texts, texts), max_size=3
        ).map(tuple),
    ),
)


@given(events)
def test_what_is_written_is_read(event):
    """Decoding a line gives back the event, its number and its instant."""
    line, head = encode_line(GENESIS, AT, event)
    entry, after = decode_line(GENESIS, line)
    assert (entry.seq, entry.at, entry.event) == (1, AT, event)
    assert after == head


@given(st.lists(events, min_size=2, max_size=6), st.data())
def test_any_changed_byte_breaks_the_chain(batch, data):
    """Whatever byte of whatever line but the last is changed, some line no longer follows."""
    head, lines = GENESIS, []
    for event in batch:
        line, head = encode_line(head, AT, event)
        lines.append(line)
    which = data.draw(st.integers(0, len(lines) - 2))
    place = data.draw(st.integers(0, len(lines[which]) - 2))
    changed = bytearray(lines[which])
    changed[place] ^= data.draw(st.integers(1, 255))
    lines[which] = bytes(changed)
    with pytest.raises(NotInChainError):
        _read_all(b"".join(lines))


def _read_all(data):
    head = GENESIS
    for line in data.splitlines(keepends=True) if b"\r" not in data else data.split(b"\n"):
        _, head = decode_line(head, line)


def test_the_previous_digest_is_that_of_coreutils():
    """`prev` is the SHA-256 of the whole previous line with its newline, as sha256sum prints it."""
    first, head = encode_line(GENESIS, AT, Founding(1, "x"))
    second, _ = encode_line(head, AT, Deposit())
    assert json.loads(second)["prev"] == hashlib.sha256(first).hexdigest()


def test_a_line_has_a_fixed_order_of_keys():
    """Keys stand in one order, so that the same event has the same bytes for ever."""
    line, _ = encode_line(Head(6, "ab" * 32), AT, Deposit("p1", "Live"))
    assert line == (
        b'{"seq":7,"prev":"' + b"ab" * 32 + b'","at":"2026-11-21T05:00:00.000000Z",'
        b'"event":"deposit","depositor":"p1","collection":"Live"}\n'
    )


def test_a_line_too_long_to_read_back_is_not_written():
    """What a reader would refuse for its length is refused when it is written."""
    with pytest.raises(ValueError, match="longest"):
        encode_line(GENESIS, AT, Edit("0" * 64, "title", "x" * MAX_LINE_BYTES))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "newline"),
        (b"{}\n", "not an event"),
        (b'{"seq":1,"prev":"' + b"0" * 64 + b'","at":"x","event":"unheard"}\n', "not an event"),
        (b'{"seq":2,"prev":"' + b"0" * 64 + b'","at":"x","event":"deposit"}\n', "number is 2"),
        (b'{"seq":1,"prev":"' + b"1" * 64 + b'","at":"x","event":"deposit"}\n', "not follow"),
        (b"[" * 100_000 + b"\n", "not an event"),
    ],
)
def test_what_cannot_follow_is_refused_with_its_reason(line, why):
    """A line that is no event, has another number or another past is refused, saying which."""
    with pytest.raises(NotInChainError, match=why):
        decode_line(GENESIS, line)
