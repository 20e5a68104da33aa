"""Lines of JSON from a service, as columns that the engine takes: names become numbers here.

One line is one play: `{"account": "a name", "track": 17, "second": 1767225600, "played_ms": 201000,
"copied": true, "chosen": false}`; the last two may be left out, and are then what the time heard
says, and no.

Laws: what cannot be read is counted by reason and never stops what can; a name leaves this module
only as a keyed hash; the same name is the same number until the key changes; an event of the future
or of long ago is refused, so that no clock that jumps can move an account's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Events

COPIED_MS = 60_000
FUTURE_S = 300
PAST_S = 7 * 86_400
LONGEST_LINE = 4_096

_DIGEST_BYTES = 16


Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Play(msgspec.Struct):
    """One line."""

    account: str
    track: Whole
    second: Whole
    played_ms: Whole
    copied: bool | None = None
    chosen: bool = False


class Names:
    """Numbers of accounts, by a keyed hash of their names; changed in place."""

    def __init__(self, key: bytes, most: int) -> None:
        """Begin with no account.

        Args:
            key: 16 to 64 bytes; another one makes others of all accounts.
            most: How many accounts there is room for; those beyond it have no number.
        """
        self._key, self._most = key, most
        self._numbers: dict[bytes, int] = {}

    def number(self, name: str) -> int:
        """Return the number of an account, a new one for a new name; -1 when there is no room."""
        digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST_BYTES, key=self._key).digest()
        number = self._numbers.get(digest)
        if number is None:
            if len(self._numbers) >= self._most:
                return -1
            number = self._numbers[digest] = len(self._numbers)
        return number

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers)

    def digests(self) -> list[bytes]:
        """Return the keyed hashes of all names, in order of their numbers."""
        return list(self._numbers)


@dataclass(frozen=True)
class Taken:
    """What was read of a text.

    Attributes:
        events: In the order of the lines.
        chosen: For each event whether the service chose the track.
        refused: How many lines were refused, by reason.
    """

    events: Events
    chosen: npt.NDArray[np.bool_]
    refused: dict[str, int]


_plays = msgspec.json.Decoder(Play)


def take(text: bytes, names: Names, tracks: int, now: int) -> Taken:
    """Read lines of JSON.

    Args:
        text: Whole lines.
        names: Numbers of accounts; new ones are added.
        tracks: How many tracks there are: their numbers are below.
        now: Seconds since 1970, to judge the events' own by.
    """
    refused: Counter[str] = Counter()
    plays = _decoded(text, refused)
    count = len(plays)
    track = np.fromiter((play.track for play in plays), np.float64, count)
    second = np.fromiter((play.second for play in plays), np.float64, count)
    played = np.fromiter((play.played_ms for play in plays), np.float64, count)
    reasons = {
        "no such track": (track < 0) | (track >= tracks),
        "of the future": second > now + FUTURE_S,
        "long ago": second < now - PAST_S,
        "no such length": (played < 0) | (played >= 2**31),
    }
    kept = np.ones(count, np.bool_)
    for reason, wrong in reasons.items():
        refused[reason] += int((kept & wrong).sum())
        kept &= ~wrong
    chosen_plays = plays if kept.all() else [plays[row] for row in np.flatnonzero(kept)]
    account = np.fromiter(
        map(names.number, (play.account for play in chosen_plays)), np.int32, len(chosen_plays)
    )
    copied = np.fromiter(map(_is_copied, chosen_plays), np.bool_, len(chosen_plays))
    by_service = np.fromiter((p.chosen for p in chosen_plays), np.bool_, len(chosen_plays))
    has_room = account >= 0
    refused["no room for the account"] += int((~has_room).sum())
    columns = (
        account, track[kept].astype(np.int32), second[kept].astype(np.int64),
        played[kept].astype(np.int32), copied,
    )  # fmt: skip
    events = Events._make(column[has_room] for column in columns)
    return Taken(events, by_service[has_room], {why: n for why, n in refused.items() if n})


def _is_copied(play: Play) -> bool:
    return play.played_ms >= COPIED_MS if play.copied is None else play.copied


def _decoded(text: bytes, refused: Counter[str]) -> list[Play]:
    """Read all lines at once; one by one where a line among them cannot be read."""
    try:
        return _plays.decode_lines(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        plays = []
        for line, play in zip(lines := text.splitlines(), map(_one, lines), strict=True):
            if play is None:
                refused["too long" if len(line) > LONGEST_LINE else "not as it should be"] += 1
            else:
                plays.append(play)
        return plays


def _one(line: bytes) -> Play | None:
    if len(line) > LONGEST_LINE:
        return None
    try:
        return _plays.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
