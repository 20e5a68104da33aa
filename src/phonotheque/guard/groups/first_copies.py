"""Who had which track for the first time: rows in order of time, each pair once.

The exact memory beside the sketches of `engine`, for accounts that are observed. Groups are grown
on it, and nobody is suspended before it was recounted on it.

Laws: a pair that is there is never added again, in whatever order events come; a row is forgotten
after its days, and its track is then new to the account again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.jit import compiled

Numbers = npt.NDArray[np.int32]

_FULL = 0.6
"""Share of the places of the table of pairs that may be taken: above, searches get long."""


class Rows(NamedTuple):
    """First copies, in order of time; columns of one length.

    Attributes:
        account, track: Their numbers.
        second: Since 1970 in UTC.
    """

    account: Numbers
    track: Numbers
    second: npt.NDArray[np.int64]


class FirstCopies:
    """First copies of the accounts that are observed."""

    def __init__(self, tracks: int, room: int = 1 << 16) -> None:
        """Begin with nothing; `room` is for how many rows at first."""
        self._tracks = tracks
        self._rows = _room(room)
        self._keys = np.zeros(_places(room), np.int64)
        self._count = 0

    @property
    def rows(self) -> Rows:
        """All rows; they stay as they are until the next `forget`."""
        return Rows._make(column[: self._count] for column in self._rows)

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    def note(
        self, account: Numbers, track: Numbers, second: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Add what was not there; returns which of the pairs were new."""
        self._make_room(len(account))
        is_new = _added(account, track, self._tracks, self._keys)
        end = self._count + int(is_new.sum())
        room = slice(self._count, end)
        self._rows.account[room] = account[is_new]
        self._rows.track[room] = track[is_new]
        self._rows.second[room] = second[is_new]
        self._count = end
        return is_new

    def forget(self, before: int) -> None:
        """Forget rows of before a second; what is forgotten would be new again."""
        rows = self.rows
        kept = rows.second >= before
        if kept.all():
            return
        self._rows = Rows._make(column[kept] for column in rows)
        self._count = len(self._rows.account)
        self._index()

    def of(self, accounts: npt.NDArray[np.int64], total: int) -> Rows:
        """Return the rows of some accounts, of `total` that there are."""
        chosen = np.zeros(total, np.bool_)
        chosen[accounts] = True
        rows = self.rows
        places = _where(chosen, rows.account)
        return Rows._make(column[places] for column in rows)

    def _make_room(self, more: int) -> None:
        wanted = self._count + more
        if wanted > len(self._rows.account):
            more = max(wanted, 2 * len(self._rows.account)) - self._count
            old, new = self.rows, _room(more)
            self._rows = Rows(
                np.concatenate([old.account, new.account]),
                np.concatenate([old.track, new.track]),
                np.concatenate([old.second, new.second]),
            )
        if wanted > _FULL * len(self._keys):
            self._index(wanted)

    def _index(self, wanted: int = 0) -> None:
        self._keys = np.zeros(_places(max(wanted, self._count)), np.int64)
        _added(self.rows.account, self.rows.track, self._tracks, self._keys)


def _room(rows: int) -> Rows:
    return Rows(np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows, np.int64))


def _places(rows: int) -> int:
    return 1 << max(10, int(rows / _FULL * 1.5).bit_length())


@compiled
def _where(
    chosen: npt.NDArray[np.bool_], account: Numbers
) -> npt.NDArray[np.int64]:  # pragma: no cover - compiled
    """Return the rows of chosen accounts."""
    count = 0
    for one in account:
        count += chosen[one]
    found, at = np.empty(count, np.int64), 0
    for row, one in enumerate(account):
        if chosen[one]:
            found[at] = row
            at += 1
    return found


@compiled
def _added(
    account: Numbers, track: Numbers, tracks: int, keys: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:  # pragma: no cover - compiled
    """Put pairs into a table of open addressing (linear search); returns which were not there."""
    is_new = np.zeros(len(account), np.bool_)
    last = len(keys) - 1
    for row in range(len(account)):
        key = np.int64(account[row]) * tracks + track[row] + 1
        mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
        place = np.int64(mixed >> np.uint64(20)) & last
        while keys[place] not in (0, key):
            place = (place + 1) & last
        if keys[place] == 0:
            keys[place] = key
            is_new[row] = True
    return is_new
