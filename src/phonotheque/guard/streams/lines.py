"""Lines about accounts that are no plays: how a question was answered, and canaries; pure.

`{"account": "a name", "second": 1767225600, "answered": "passed"}` (or `"failed"`), and
`{"account": "a name", "second": 1767225600, "canary": "what was asked for"}`.

Laws: what was asked for leaves here as a keyed hash only; what is of another time is refused here,
and whatever else a line is stays with the lines of plays, and is refused there with its reason;
every line keeps its place.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
import numpy as np

from phonotheque.guard.intake import FUTURE_S, LONGEST_LINE, PAST_S, Numbers
from phonotheque.guard.numbering import Names
from phonotheque.guard.streams.rows import CANARY, FAILED, PASSED, ROW, Rows, put_canaries
from phonotheque.music.decoding import UNDECODABLE


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    account: str
    second: int
    answered: Literal["passed", "failed"] | None = None
    canary: Annotated[str, msgspec.Meta(min_length=1)] | None = None


_decoder = msgspec.json.Decoder(_Line)
_FLAGS = {"passed": PASSED, "failed": FAILED, None: CANARY}
_MARKS = (b'"answered"', b'"canary"')


Refused = dict[str, list[int]]
"""Numbers of lines that are refused, from 0, by reason."""


def answers_in(text: bytes, key: bytes, now: int) -> tuple[bytes, Rows, Numbers, Refused]:
    """Return lines with nothing in the places of answers and canaries, those as rows, the numbers
    of their lines, from 0, and those of others of another time.

    Args:
        text: Whole lines.
        key: For the hashes of names and of what was asked for.
        now: Seconds since 1970, to judge the lines' own by.
    """
    if not any(mark in text for mark in _MARKS):
        return text, np.zeros(0, ROW), np.zeros(0, np.int64), {}
    lines = text.split(b"\n")
    places, found, refused = list[int](), list[_Line](), Refused()
    for place, line in enumerate(lines):
        if any(mark in line for mark in _MARKS) and (read := _read(line)) is not None:
            lines[place] = b""
            if wrong := _wrong_with(read.second, now):
                refused.setdefault(wrong, []).append(place)
                continue
            places.append(place)
            found.append(read)
    return b"\n".join(lines), _rows(found, key), np.array(places, np.int64), refused


def _wrong_with(second: int, now: int) -> str:
    """Why something of a second is refused, as a play would be; empty when it is not."""
    if second > now + FUTURE_S:
        return "of the future"
    return "long ago" if second < now - PAST_S else ""


def _rows(found: list[_Line], key: bytes) -> Rows:
    names = Names(key, 1 << 31)
    numbers = names.numbers(line.account for line in found).tolist()
    digests = names.digests()
    rows = np.zeros(len(found), ROW)
    rows["account"] = [int.from_bytes(digests[one][:8], "big") for one in numbers]
    rows["second"] = [line.second for line in found]
    rows["flags"] = [_FLAGS[line.answered] for line in found]
    put_canaries(rows, [_hash(line.canary, key) for line in found])
    return rows


def _read(line: bytes) -> _Line | None:
    if len(line) > LONGEST_LINE:
        return None
    try:
        read = _decoder.decode(line)
    except UNDECODABLE:
        return None
    is_one = (read.answered is None) != (read.canary is None)
    return read if is_one else None


def _hash(canary: str | None, key: bytes) -> int:
    """A keyed hash of an identifier, unlike that of a name; 0 for none."""
    if canary is None:
        return 0
    digest = hashlib.blake2b(canary.encode(), digest_size=8, key=key, person=b"canary").digest()
    return int.from_bytes(digest, "little")
