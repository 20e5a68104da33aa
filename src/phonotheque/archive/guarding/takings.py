"""What accounts had of what may be heard and not kept: bytes that went out, added up.

An account had a recording when so many bytes of it went out to it, in one play or in many, as a
minute of an access copy takes, or nearly all of a shorter one.

Law: it has it once in a week, however often it is sent; what was begun and left counts nothing
after a week or two, and is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.archive.guarding.incidents import is_taking
from phonotheque.archive.guarding.log_reading import LogReader
from phonotheque.listen.log import Line
from phonotheque.music.decoding import UNDECODABLE

COPIED_BYTES = 480_000
"""A minute at 64 kbit/s."""

_WHOLE = 0.95
"""Of a file's bytes: a player skips the end of what nobody hears."""

TRACKS = 1 << 31
"""A pair is the number of its account so many times, and that of its recording."""

_WEEK_S = 7 * 86_400
HAD = -1
"""In place of bytes: it had it."""

Numbers = npt.NDArray[np.int64]


@dataclass
class Takings:
    """Bytes of each recording that went to each account, of this week and the one before.

    Attributes:
        week: Number of this week; -1 before the first.
        recent, before: By account and recording: bytes, or that it was had.
    """

    week: int = -1
    recent: dict[int, int] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)

    def took(self, account: int, track: int, second: int, line: Line) -> bool:
        """Add an answer; returns whether it is the one with which the recording was had."""
        self._turn(second // _WEEK_S)
        pair = account * TRACKS + track
        bytes_before = self.recent.get(pair)
        if bytes_before is None:
            bytes_before = self.before.get(pair, 0)
        if bytes_before == HAD:
            self.recent[pair] = HAD
            return False
        enough = COPIED_BYTES
        if line.of_bytes:
            enough = min(enough, int(line.of_bytes * _WHOLE))
        is_had = bytes_before + line.bytes >= enough
        self.recent[pair] = HAD if is_had else bytes_before + line.bytes
        return is_had

    def kept(self) -> dict[str, Numbers]:
        """Return all of it as columns."""
        return {
            "takings.week": np.array([self.week], np.int64),
            **{
                f"takings.{name}": np.array([list(one), list(one.values())], np.int64)
                for name, one in (("recent", self.recent), ("before", self.before))
            },
        }

    def _turn(self, week: int) -> None:
        if week <= self.week:
            return
        self.before = self.recent if week == self.week + 1 else {}
        self.recent, self.week = {}, week


def takings_of(arrays: dict[str, Numbers]) -> Takings:
    """Return what `Takings.kept` returned the columns of."""
    recent, before = (
        dict(zip(*arrays[f"takings.{name}"].tolist(), strict=True)) for name in ("recent", "before")
    )
    return Takings(int(arrays["takings.week"][0]), recent, before)


_decoder = msgspec.json.Decoder(Line)


def read_lines(block: bytes, refused: Callable[[], None]) -> Iterator[tuple[int, Line]]:
    """Read lines of the access log, each with its second since 1970.

    Args:
        block: Whole lines.
        refused: Called for each that cannot be read.
    """
    for text in block[:-1].split(b"\n"):
        try:
            line = _decoder.decode(text)
            second = int(datetime.fromisoformat(line.at).timestamp())
        except (*UNDECODABLE, ValueError):
            refused()
            continue
        yield second, line


@dataclass(frozen=True, slots=True)
class Had:
    """That an account had a recording."""

    second: int
    account: str
    item: str


def read_had(root: Path, fault: Callable[[str], None]) -> list[Had]:
    """Return what accounts had, in order of time, from all of the access log that is kept.

    Raises:
        UnavailableError: A file cannot be read.
    """
    takings, numbers, found = Takings(), dict[str, int](), []
    for block in LogReader(root, fault).blocks():
        for second, line in read_lines(block, lambda: None):
            if is_taking(line):
                name = line.account or line.address
                account = numbers.setdefault(name, len(numbers))
                track = numbers.setdefault(line.item, len(numbers))
                if takings.took(account, track, second, line):
                    found.append(Had(second, name, line.item))
    return sorted(found, key=lambda had: had.second)
