"""Numbers of names, in the order in which they came.

Laws: a name leaves this module only as a keyed hash; the same name is the same number until the key
changes, also when there is no room for a new one.

A table of open addressing, compiled. In a dictionary of a million names each is a chain of places
in memory that no cache has: to find one took twice as long as to hash it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from phonotheque.guard.jit import compiled

_DIGEST_BYTES = 16
_ROOM = 1_024

Digests = npt.NDArray[np.uint64]
"""Keyed hashes, two columns each."""

Places = npt.NDArray[np.int32]


class Names:
    """Numbers of names, by a keyed hash; changed in place."""

    def __init__(self, key: bytes, most: int) -> None:
        """Begin with none.

        Args:
            key: 16 to 64 bytes; another one makes others of all names.
            most: For how many there is room; those beyond it have no number.
        """
        self._hash = hashlib.blake2b(digest_size=_DIGEST_BYTES, key=key)
        self._most, self._count = most, 0
        self._digests = np.zeros((_ROOM, 2), np.uint64)
        self._table = np.zeros(2 * _ROOM, np.int32)

    def numbers(self, names: Iterable[str]) -> Places:
        """Return the number of each name, a new one for a new name; -1 where there is no room."""
        hashed = []
        for name in names:
            digest = self._hash.copy()
            digest.update(name.encode())
            hashed.append(digest.digest())
        digests = np.frombuffer(b"".join(hashed), np.uint64).reshape(-1, 2)
        self._make_room(len(digests))
        numbers, self._count = _numbered(
            digests, self._digests, self._table, self._count, self._most
        )
        return numbers

    def number(self, name: str) -> int:
        """Return the number of one name, likewise."""
        return int(self.numbers([name])[0])

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def digests(self) -> list[bytes]:
        """Return the keyed hashes of all names, in order of their numbers."""
        data = self._digests[: self._count].tobytes()
        return [data[at : at + _DIGEST_BYTES] for at in range(0, len(data), _DIGEST_BYTES)]

    def _make_room(self, more: int) -> None:
        """Have room for so many new names: at most half of the table is taken."""
        wanted = self._count + more
        if wanted <= len(self._digests):
            return
        room, known = 1 << wanted.bit_length(), self._digests[: self._count]
        self._digests, self._table = np.zeros((room, 2), np.uint64), np.zeros(2 * room, np.int32)
        _numbered(known, self._digests, self._table, 0, len(known))


@compiled
def _numbered(
    digests: Digests, known: Digests, table: Places, count: int, most: int
) -> tuple[Places, int]:  # pragma: no cover - compiled
    """Find the number of each of some hashes, and give one to those that have none.

    Args:
        known: Hashes that have one, in their order, with room for more; filled in.
        table: Numbers, and one more, where the first half of a hash leads; 0 for nothing.
        count: How many are known.
    """
    numbers = np.empty(len(digests), np.int32)
    last = len(table) - 1
    for row in range(len(digests)):
        place = np.int64(digests[row, 0] >> np.uint64(20)) & last
        at = table[place] - 1
        while at >= 0 and (known[at, 0] != digests[row, 0] or known[at, 1] != digests[row, 1]):
            place = (place + 1) & last
            at = table[place] - 1
        if at < 0 and count < most:
            at, known[count, 0], known[count, 1] = count, digests[row, 0], digests[row, 1]
            count += 1
            table[place] = count
        numbers[row] = at
    return numbers, count
