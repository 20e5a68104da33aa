"""One line of the register, and what makes it follow from the line before.

Laws: a line is one JSON object in UTF-8 ending in one newline, starting with `seq`, `prev`, `at`
and `event`; `seq` counts from 1; `prev` is the SHA-256 of the whole previous line with its newline
(64 zeros for the first), so that `sed -n 5p 000001.jsonl | sha256sum` gives what line 6 says.
A byte changed anywhere breaks the chain at the next line, at the latest at the next checkpoint.
A line that was not given to others came back from their copies as its number and SHA-256 alone: the
next line follows from it as before.

Source: the idea is Haber and Stornetta, "How to time-stamp a digital document" (1991).
Not here: files and durability (`journal`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec

from phonotheque.music.chain import (
    GENESIS,
    MAX_LINE_BYTES,
    Head,
    NotInChainError,
    chain_line,
    check_line,
    format_instant,
    not_before,
)
from phonotheque.register.events import Event

__all__ = [
    "GENESIS",
    "MAX_LINE_BYTES",
    "Entry",
    "Head",
    "Item",
    "NotInChainError",
    "Withheld",
    "decode_line",
    "encode_line",
    "encode_withheld",
    "format_instant",
    "in_lines",
    "not_before",
]


_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Withheld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of which only the number and the SHA-256 are known."""

    seq: int
    sha256: _Digest


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in its place: the `seq`-th of the register, written at `at` (UTC, ISO 8601).

    Of a line that is withheld nobody knows when it was written: `at` is "".
    """

    seq: int
    at: str
    event: Event | Withheld


_encoder = msgspec.json.Encoder()
_event = msgspec.json.Decoder(Event)
_withheld = msgspec.json.Decoder(Withheld)
_BEGIN = re.compile(rb'\{"seq":[0-9]+,"sha256":')


_PART_BYTES = MAX_LINE_BYTES // 4
"""Room for one list in a line: two of them and all else fit."""

Item = TypeVar("Item")


def in_lines(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Divide what will not fit one line into parts that each do, by what they take as JSON."""
    part: list[Item] = []
    size_bytes = 0
    for item in items:
        size_bytes += len(_encoder.encode(item)) + 1
        if part and size_bytes > _PART_BYTES:
            yield tuple(part)
            part, size_bytes = [], len(_encoder.encode(item)) + 1
        part.append(item)
    if part:
        yield tuple(part)


def encode_line(head: Head, at: str, event: Event) -> tuple[bytes, Head]:
    """Write the line that follows `head`.

    Returns:
        The line with its newline, and the head after it.

    Raises:
        ValueError: The line would be longer than `MAX_LINE_BYTES`.
    """
    return chain_line(head, at, _encoder.encode(event))


def decode_line(head: Head, line: bytes) -> tuple[Entry, Head]:
    """Read the line that should follow `head`.

    Raises:
        NotInChainError: It has no newline, is no event, or does not follow.
    """
    if not line.endswith(b"\n"):
        raise NotInChainError("it ends without a newline")
    if _BEGIN.match(line):
        return _decode_withheld(head, line)
    try:
        event = _event.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotInChainError(f"it is not an event ({error})") from error
    at, after = check_line(head, line)
    return Entry(after.seq, at, event), after


def encode_withheld(seq: int, sha256: str) -> bytes:
    """Write a line of which no more is to be known."""
    return _encoder.encode(Withheld(seq, sha256)) + b"\n"


def _decode_withheld(head: Head, line: bytes) -> tuple[Entry, Head]:
    try:
        found = _withheld.decode(line)
    except (msgspec.DecodeError, ValueError) as error:
        raise NotInChainError(f"it is not a line that is withheld ({error})") from error
    if found.seq != head.seq + 1 or encode_withheld(found.seq, found.sha256) != line:
        raise NotInChainError(f"its number is not {head.seq + 1}, or it is written otherwise")
    return Entry(found.seq, "", found), Head(found.seq, found.sha256)
