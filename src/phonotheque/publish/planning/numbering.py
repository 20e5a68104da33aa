"""From rows in order to a plan: places, words for numbers, and where the space ends. Pure.

Laws: place 1 is first and none is missing; what is shared counts into the space wherever it stands;
of what is to be shared all goes up to the first that does not fit, and nothing after it, so that
the order is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from phonotheque.publish.planning.tables import PLAN
from phonotheque.publish.planning.words import MEANINGS, TIERS, Form, Status, Wish

_SAYS_ITSELF = (
    Status.SHARED,
    Status.BETTER_COPY_HELD,
    Status.BELOW_THRESHOLD,
    Status.BEYOND_SPACE,
    Status.WANTED,
)
"""Statuses of which the reason is always the same."""

_IS_SAID = np.array([status in _SAYS_ITSELF for status in MEANINGS])
"""The same by number of status: looked up 256 million times."""


@dataclass(slots=True)
class Numbering:
    """Numbers the rows of one plan, which come in batches.

    Attributes:
        reasons: What the column `reason` of copies counts in.
        shared_bytes: Bytes of all that is shared already.
    """

    wish: Wish
    reasons: Sequence[str]
    shared_bytes: int
    _rows: int = field(default=0, init=False)
    _taken_bytes: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._taken_bytes = self.shared_bytes

    def tables(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Give the rows of `expressions.planned` as rows of a plan, lazily and in order."""
        words = _Words([str(status) for status in MEANINGS])
        reasons = _Words([*MEANINGS.values(), *self.reasons])
        tiers = _Words([tier.word for tier in TIERS])
        forms = _Words(list(map(str, Form)))
        for batch in batches:
            status = self._within_space(batch)
            columns = {
                "place": pa.array(np.arange(self._rows + 1, self._rows + len(batch) + 1)),
                "status": words.column(status),
                "reason": reasons.column(_reasons(batch, status)),
                "tier": tiers.column(_numbers(batch, "tier")),
                "form": forms.column(_numbers(batch, "form")),
            }
            self._rows += len(batch)
            rest = [name for name in PLAN.names if name not in columns]
            columns |= {name: batch.column(name) for name in rest}
            yield pa.table([columns[name] for name in PLAN.names], schema=PLAN)

    def _within_space(self, batch: pa.RecordBatch) -> npt.NDArray[np.int32]:
        status = _numbers(batch, "status")
        if self.wish.space_bytes is None:
            return status
        waits = status == Status.TO_SHARE.number
        sizes = batch.column("size_bytes").fill_null(0).to_numpy(zero_copy_only=False)
        taken = self._taken_bytes + np.cumsum(np.where(waits, sizes, 0))
        self._taken_bytes = int(taken[-1]) if len(taken) else self._taken_bytes
        is_beyond = waits & (taken > self.wish.space_bytes)
        return np.where(is_beyond, np.int32(Status.BEYOND_SPACE.number), status)


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.int32]:
    numbers: npt.NDArray[np.int32] = batch.column(name).to_numpy(zero_copy_only=False)
    return numbers.astype(np.int32)


def _reasons(batch: pa.RecordBatch, status: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return rows of the list of all reasons: the meanings of statuses, then those of copies."""
    given = batch.column("reason").fill_null(-1).to_numpy(zero_copy_only=False)
    own = _IS_SAID[status] | (given < 0)
    return np.where(own, status, given + len(MEANINGS)).astype(np.int32)


class _Words:
    """Words that numbers stand for, each once in what is written.

    Given a dictionary with doubles, Arrow's Parquet writer leaves a page of memory in the file that
    nobody filled: equal plans would differ, and hold what was in that memory before.
    """

    def __init__(self, words: Sequence[str]) -> None:
        places = {word: place for place, word in enumerate(dict.fromkeys(words))}
        self._words = pa.array(list(places), pa.string())
        self._places = np.array([places[word] for word in words], np.int32)

    def column(self, numbers: npt.NDArray[np.int32]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(self._places[numbers]), self._words)
