"""Proof of possession: who has the bytes of a torrent can answer, who has only its names cannot.

Of each torrent some ranges are drawn that nobody could know before the archive signed its newest
timestamp. Each is answered by a digest of the bytes there, and whoever has the bytes, too, can
recompute it.

    seed     = SHA-256("phonotheque possession v1\\n" + SHA-256(timestamp.json) + key + torrent)
    place i  = SHA-256(seed + "place" + i) as a big-endian number, modulo the torrent's bytes
    answer i = the first 16 bytes of SHA-256(seed + "answer" + i + the bytes of the range)

`key` is the mirror's public key, 32 bytes; `torrent` its name in UTF-8; `i` four bytes, big-endian.
Files lie end to end in the torrent's order, without padding; the range is the block of 16 KiB of
its file that the place falls into, the last one shorter.

Laws: what is drawn follows from timestamp, key and torrent alone; an answer of one mirror is never
that of another, nor that of another day.

Limits, said openly: it proves that the bytes could be had when the statement was made, not that
they lie on this mirror's own disk; a mirror that lacks a share f of a torrent passes one statement
with the chance (1 - f)^32, which every further timestamp multiplies.

Source: nonced possession proofs as in LOCKSS (Maniatis et al., "The LOCKSS peer-to-peer digital
preservation system", ACM TOCS 2005). Not here: files (`reporting`), judgement
(`phonotheque.archive.keeping.judging`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from phonotheque.mirror.contents import Part

DRAWS = 32
"""Ranges of each torrent: of mirrors that lack a tenth of it 97 % are found out by the first
statement, and of those that lack half all but one in four thousand million."""

BLOCK_BYTES = 16 << 10
"""A leaf of the v2 tree: one read of a disk, and enough that it cannot be guessed."""

ANSWER_BYTES = 16
_DOMAIN = b"phonotheque possession v1\n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One range that was drawn: `size_bytes` bytes of a file from `offset` on."""

    part: Part
    offset: int
    size_bytes: int


def seed_of(timestamp: bytes, key: bytes, torrent: str) -> bytes:
    """Return what all draws of one torrent in one statement follow from.

    Args:
        timestamp: The bytes of the archive's `timestamp.json`.
        key: Public key of the mirror, 32 bytes.
        torrent: Its name.
    """
    challenge = hashlib.sha256(timestamp).digest()
    return hashlib.sha256(_DOMAIN + challenge + key + torrent.encode()).digest()


def draw(seed: bytes, parts: Sequence[Part]) -> tuple[Drawn, ...]:
    """Draw the ranges of a torrent; nothing when it has no bytes."""
    ends = list(accumulate(part.size_bytes for part in parts))
    if not ends or not ends[-1]:
        return ()
    return tuple(_drawn(seed, number, parts, ends) for number in range(DRAWS))


def _drawn(seed: bytes, number: int, parts: Sequence[Part], ends: list[int]) -> Drawn:
    drawn = hashlib.sha256(seed + b"place" + number.to_bytes(4, "big")).digest()
    place = int.from_bytes(drawn, "big") % ends[-1]
    part = parts[bisect_right(ends, place)]
    within = place - (ends[bisect_right(ends, place)] - part.size_bytes)
    offset = within - within % BLOCK_BYTES
    return Drawn(part, offset, min(BLOCK_BYTES, part.size_bytes - offset))


def answer(seed: bytes, number: int, data: bytes) -> str:
    """Return the answer to a draw: 32 hexadecimal digits.

    Args:
        seed: As `seed_of` gives it.
        number: Of the draw, from 0.
        data: All bytes of its range.
    """
    said = hashlib.sha256(seed + b"answer" + number.to_bytes(4, "big") + data).digest()
    return said[:ANSWER_BYTES].hex()
