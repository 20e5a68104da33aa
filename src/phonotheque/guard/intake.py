"""Lines of JSON from a service, as columns that the engine takes.

One line is one play: `{"account": "a name", "track": 17, "second": 1767225600, "played_ms": 201000,
"copied": true, "chosen": false}`; the last two may be left out, and are then what the time heard
says, and no.

Laws: what cannot be read is counted by reason and never stops what can; whether a line is refused
follows from the line, the clock and the room left, and not from the lines beside it; an event of
the future or of long ago is refused, so that no clock that jumps can move an account's.

Not here: names and their numbers (`phonotheque.guard.numbering`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Events
from phonotheque.guard.numbering import Names
from phonotheque.music.decoding import UNDECODABLE

COPIED_MS = 60_000
FUTURE_S = 300
PAST_S = 7 * 86_400
LONGEST_LINE = 4_096
"""Bytes, the end of the line not counted."""

Numbers = npt.NDArray[np.int64]
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class IntakeLine(msgspec.Struct, gc=False):
    """One line."""

    account: str
    track: Whole
    second: Whole
    played_ms: Whole
    copied: bool | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Taken:
    """What was read of a text.

    Attributes:
        events: In the order of the lines.
        chosen: For each event whether the service chose the track.
        lines: Of each event the number of its line in the text, from 0; empty ones count.
        refused: How many lines were refused, by reason.
        first_refused: Of each reason the number of the first such line.
    """

    events: Events
    chosen: npt.NDArray[np.bool_]
    lines: Numbers
    refused: dict[str, int]
    first_refused: dict[str, int]


_plays = msgspec.json.Decoder(IntakeLine)


def take(text: bytes, names: Names, tracks: int, now: int) -> Taken:
    """Read lines of JSON.

    Args:
        text: Whole lines, each ended by a line feed; those with nothing in them are passed over.
        names: Numbers of accounts; new ones are added.
        tracks: How many tracks there are: their numbers are below.
        now: Seconds since 1970, to judge the events' own by.
    """
    plays, lines, refused = _decoded(text.split(b"\n"))
    numbers = ("track", "second", "played_ms")
    track, second, played = (_column(plays, name, np.float64) for name in numbers)
    reasons = {
        "no such track": (track < 0) | (track >= tracks),
        "of the future": second > now + FUTURE_S,
        "long ago": second < now - PAST_S,
        "no such length": (played < 0) | (played >= 2**31),
    }
    kept = np.ones(len(plays), np.bool_)
    for reason, wrong in reasons.items():
        refused[reason] = lines[kept & wrong]
        kept &= ~wrong
    chosen_plays = plays if kept.all() else [plays[row] for row in np.flatnonzero(kept)]
    called = map(attrgetter("account"), chosen_plays)
    account = names.numbers(called)
    copied = np.fromiter(map(_is_copied, chosen_plays), np.bool_, len(chosen_plays))
    by_service = _column(chosen_plays, "chosen", np.bool_)
    has_room = account >= 0
    refused["no room for the account"] = lines[kept][~has_room]
    columns = (
        account, track[kept].astype(np.int32), second[kept].astype(np.int64),
        played[kept].astype(np.int32), copied,
    )  # fmt: skip
    events = Events._make(column[has_room] for column in columns)
    told = {why: len(those) for why, those in refused.items() if len(those)}
    first = {why: int(refused[why][0]) for why in told}
    return Taken(events, by_service[has_room], lines[kept][has_room], told, first)


def _column(plays: list[IntakeLine], name: str, kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.fromiter(map(attrgetter(name), plays), kind, len(plays))


def _is_copied(play: IntakeLine) -> bool:
    return play.played_ms >= COPIED_MS if play.copied is None else play.copied


def _decoded(lines: list[bytes]) -> tuple[list[IntakeLine], Numbers, dict[str, Numbers]]:
    """Read lines, each by itself, and return the plays with the numbers of their lines, and those
    of others by what is wrong with them.

    Not by `decode_lines`, which takes two plays in one line, and one in two.
    """
    lengths = np.fromiter(map(len, lines), np.int64, len(lines))
    is_readable = (lengths > 0) & (lengths <= LONGEST_LINE)
    refused = {"too long": np.flatnonzero(lengths > LONGEST_LINE)}
    readable, places = list(compress(lines, is_readable.tolist())), np.flatnonzero(is_readable)
    try:
        return list(map(_plays.decode, readable)), places, refused
    except UNDECODABLE:
        read = [_one(line) for line in readable]
    found = [play for play in read if play is not None]
    is_read = np.fromiter((play is not None for play in read), np.bool_, len(read))
    is_blank = np.fromiter(map(bytes.isspace, readable), np.bool_, len(readable))
    return found, places[is_read], refused | {"not as it should be": places[~is_read & ~is_blank]}


def _one(line: bytes) -> IntakeLine | None:
    try:
        return _plays.decode(line)
    except UNDECODABLE:
        return None
