"""Lines that follow from each other: what makes a file that only grows one whole.

Laws: a line is one JSON object in UTF-8 ending in one newline, starting with `seq`, `prev` and
`at`; `seq` counts from 1; `prev` is the SHA-256 of the whole previous line with its newline (64
zeros for the first), so that `sed -n 5p FILE | sha256sum` gives what line 6 says. A byte changed
anywhere breaks the chain at the next line.

Source: the idea is Haber and Stornetta, "How to time-stamp a digital document" (1991).
Not here: what lines say (`phonotheque.register.chain`, `phonotheque.guard.book`), files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

MAX_LINE_BYTES: Final = 1 << 20
"""No line is longer: a reader needs bounded memory. Long findings are split over several lines."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the number and the SHA-256 (hexadecimal) of its last line."""

    seq: int
    digest: str


GENESIS: Final = Head(0, "0" * 64)
"""What the first line follows from."""


class NotInChainError(ValueError):
    """A line that cannot follow from the head it was held against; says why."""


class DoesNotFollowError(NotInChainError):
    """A line that follows from another one than the one before it: one of the two was changed."""


class _Envelope(msgspec.Struct, frozen=True):
    seq: int
    prev: str
    at: str


_encoder = msgspec.json.Encoder()
_envelope = msgspec.json.Decoder(_Envelope)
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


def format_instant(moment: datetime) -> str:
    """Write an aware instant as `2026-11-21T05:00:00.123456Z`: fixed width, sorts by time."""
    return moment.astimezone(UTC).strftime(_INSTANT)


def parse_instant(text: str) -> datetime:
    """Read what `format_instant` wrote.

    Raises:
        ValueError: It is no instant.
    """
    return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)


def not_before(moment: str, last: str) -> str:
    """The instant for a new line: now, or just after the last line if a clock was set back.

    What is newer governs, so the order of lines must never depend on a clock alone.
    """
    if moment > last:
        return moment
    return format_instant(parse_instant(last) + timedelta(microseconds=1))


def chain_line(head: Head, at: str, said: bytes) -> tuple[bytes, Head]:
    """Write the line that follows `head`.

    Args:
        at: Instant of the line.
        said: What it says: a JSON object with at least one field.

    Returns:
        The line with its newline, and the head after it.

    Raises:
        ValueError: The line would be longer than `MAX_LINE_BYTES`.
    """
    envelope = _encoder.encode(_Envelope(head.seq + 1, head.digest, at))
    line = envelope[:-1] + b"," + said[1:] + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a line of {len(line)} bytes; the longest is {MAX_LINE_BYTES}")
    return line, Head(head.seq + 1, hashlib.sha256(line).hexdigest())


def check_line(head: Head, line: bytes) -> tuple[str, Head]:
    """Prove that a line follows `head`.

    Returns:
        Its instant, and the head after it.

    Raises:
        NotInChainError: It has no newline, is no line of a chain, or does not follow.
    """
    if not line.endswith(b"\n"):
        raise NotInChainError("it ends without a newline")
    try:
        envelope = _envelope.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotInChainError(f"it is no line of a chain ({error})") from error
    if envelope.prev != head.digest:
        raise DoesNotFollowError("it does not follow from the line before it")
    if envelope.seq != head.seq + 1:
        raise NotInChainError(f"its number is {envelope.seq}, not {head.seq + 1}")
    return envelope.at, Head(envelope.seq, hashlib.sha256(line).hexdigest())
