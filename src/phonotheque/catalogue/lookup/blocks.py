"""Sorted numbers in blocks: how an index of 256 million entries needs seven bytes for each.

An index is a table `(first INTEGER PRIMARY KEY, entries BLOB)`. A row, called block, holds about
`BLOCK` entries (key, value) in order; `first` is the key of its first entry, and all entries of one
key are in one block. To find a key is one step down SQLite's tree and a search within the block.

A block: one byte, the width w of a key; one byte, the width v of a value; then the keys less
`first`, w bytes each; then the values, v bytes each; all numbers big-endian. w is 0 when all keys
are equal. A list is a block of values alone, each of `LIST_WIDTH` bytes.

Here is what reads them, in plain Python, because a command that answers one question must not wait
for numpy. What writes them: `block_writer`.
"""

from __future__ import annotations

BLOCK = 64
"""Entries of a block: five blocks fill a page of 4,096 bytes."""

LIST_WIDTH = 4
"""Bytes of a number in a list: ranks and ids are below 2**32."""

IDS = 128
"""Ids of a block of ids."""

_HEAD = 2
"""Bytes before the keys: the two widths."""


def find(first: int, entries: bytes, key: int) -> list[int]:
    """Return the values of a key in a block, in order.

    Raises:
        ValueError: It is no block.
    """
    size = len(entries) - _HEAD
    if size < 0 or not entries[1] or size % (entries[0] + entries[1]):
        raise ValueError("not a block of an index")
    width, of_values = entries[0], entries[1]
    count = size // (width + of_values)
    begin, end = _places(entries, count, key - first)
    at = _HEAD + count * width + begin * of_values
    if end - begin == 1:  # as a rule
        return [int.from_bytes(entries[at : at + of_values])]
    steps = range(at, at + (end - begin) * of_values, of_values)
    return [int.from_bytes(entries[step : step + of_values]) for step in steps]


def _places(entries: bytes, count: int, key: int) -> tuple[int, int]:
    """Return where a key stands among the keys of a block: its first place and the one behind it.

    Bytes are searched for bytes, which takes a fifth of the time of a bisection in Python.
    """
    width = entries[0]
    if not width:
        return 0, 0 if key else count
    if not 0 <= key < 1 << 8 * width:
        return 0, 0
    wanted, stop = key.to_bytes(width), _HEAD + count * width
    at = entries.find(wanted, _HEAD, stop)
    while at >= 0 and (at - _HEAD) % width:  # it lies across two keys
        at = entries.find(wanted, at + 1, stop)
    if at < 0:
        return 0, 0
    begin = (at - _HEAD) // width
    end = begin + 1
    while entries.startswith(wanted, at := at + width, stop):
        end += 1
    return begin, end


def read_list(numbers: bytes) -> list[int]:
    """Return the numbers of a list.

    Raises:
        ValueError: It is no list.
    """
    if len(numbers) % LIST_WIDTH:
        raise ValueError("not a list of numbers")
    steps = range(0, len(numbers), LIST_WIDTH)
    return [int.from_bytes(numbers[at : at + LIST_WIDTH]) for at in steps]
