"""What programs and items are called, kept in files under numbers.

Law: what is told of them does not hang on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.columns import Column
from phonotheque.guard.score.items import NO_ITEM, is_picture
from phonotheque.guard.score.kept import Kept, Texts

LONGEST_BYTES = 200
_MOST_REMEMBERED = 1 << 16
_PLACES = 1 << 22

_ROBOT = (b"bot", b"crawl", b"spider", b"slurp", b"archiver")


class Agents:
    """What programs called themselves: a code for each, odd for those that say they are robots."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        """Begin with the one that says nothing, whose code is 0."""
        self._texts = Texts(folder, "agents", files)
        self._codes: dict[bytes, int] = {}
        self._code(b"")

    def codes(self, agent: Column | None, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the code of each of some lines."""
        if agent is None:
            return np.zeros(len(lines), np.int32)
        return agent.each(self._code, 0)[lines].astype(np.int32)

    def name(self, codes: Iterable[int]) -> str:
        """Return what a program was called when it went by all of these at once: what a robot is
        called before all others."""
        apart = sorted(set(codes))
        named = zip(apart, self._texts.at(code >> 1 for code in apart), strict=True)
        return text_of(min((not code & 1, text) for code, text in named)[1])

    def _code(self, agent: bytes) -> int:
        agent = agent[:LONGEST_BYTES]
        code = self._codes.get(agent)
        if code is None:
            if len(self._codes) >= _MOST_REMEMBERED:  # some stand in the file twice then
                self._codes.clear()
            code = self._codes[agent] = 2 * self._texts.count + is_robot(agent)
            self._texts.add([agent])
        return code


class _Named(NamedTuple):
    """Items whose names are kept, by place of the name."""

    item: npt.NDArray[np.uint32]
    is_picture: npt.NDArray[np.bool_]


class ItemNames:
    """Names of items, by the numbers that stand for them."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        """Begin with none."""
        self._texts = Texts(folder, "items", files)
        self._kept: Kept[_Named] = Kept(_Named, "u4 ?", folder, "named", files)
        self._last = np.full(_PLACES, NO_ITEM, np.int64)  # item that came last to each place

    def add(self, numbers: npt.NDArray[np.int64], names: Sequence[bytes | None]) -> None:
        """Keep names; those that came a while ago are kept again."""
        fresh = np.flatnonzero((numbers >= 0) & (self._last[numbers % _PLACES] != numbers))
        self._last[numbers[fresh] % _PLACES] = numbers[fresh]
        added = [names[place] or b"" for place in fresh.tolist()]
        self._texts.add(name[:LONGEST_BYTES] for name in added)
        pictures = np.array([is_picture(one) for one in added], bool)
        self._kept.add(_Named(numbers[fresh].astype(np.uint32), pictures))

    def names(self, items: Iterable[int]) -> dict[int, str]:
        """Return what items are called."""
        wanted = np.array(sorted(set(items)), np.uint32)
        places = self._kept.where(0, lambda part: np.isin(part, wanted))
        numbers = self._kept.column(0)[places].tolist()
        found: dict[int, bytes] = {}
        for number, text in zip(numbers, self._texts.at(places.tolist()), strict=True):
            found[number] = min(text, found.get(number, text))
        return {number: text_of(text) for number, text in found.items()}

    def share_of_pictures(self) -> float:
        """Return the share of different items whose names end as those of pictures do."""
        named = self._kept.all()
        items, first = np.unique(named.item, return_index=True)
        return float(np.count_nonzero(named.is_picture[first])) / max(len(items), 1)


def is_robot(agent: bytes) -> bool:
    """Return whether a program says by its name that it is a robot."""
    low = agent.lower()
    return any(word in low for word in _ROBOT)


def text_of(word: bytes) -> str:
    """Return what stands in a log as text, whatever its bytes are."""
    return word.decode("utf-8", "replace")
