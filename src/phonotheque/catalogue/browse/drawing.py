"""The order of a fair draw: any place of it at once, nothing remembered.

Laws: for one seed and count, places 0 to count - 1 give each number below count exactly once; every
order of numbers that the construction can give is as likely as any other to one who does not know
the seed; the same seed gives the same order for ever.

How: a Feistel network of four rounds permutes the numbers of the next power of four, and is walked
along until it gives a number below count, which takes less than four steps as a rule. A shuffled
list was rejected: it costs the whole pool for the first song.

Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002, section 5.
"""

from __future__ import annotations

from hashlib import blake2b

_ROUNDS = 4


def drawn(seed: str, count: int, place: int) -> int:
    """Return the number in a place of the order.

    Args:
        seed: Any text.
        count: How many numbers there are.
        place: From 0, below `count`.
    """
    if not 0 <= place < count:
        raise ValueError(f"{place} is not below {count}")
    half = max((count - 1).bit_length() + 1, 2) // 2
    key = blake2b(seed.encode("utf-8", "surrogatepass")).digest()
    number = place
    while True:
        number = _permuted(key, half, number)
        if number < count:
            return number


def _permuted(key: bytes, half: int, number: int) -> int:
    """Return where a number below 4 ** `half` goes."""
    mask = (1 << half) - 1
    left, right = number >> half, number & mask
    for turn in range(_ROUNDS):
        text = bytes((turn,)) + right.to_bytes(8)
        mixed = int.from_bytes(blake2b(text, digest_size=8, key=key).digest())
        left, right = right, left ^ mixed & mask
    return left << half | right
