"""What a tracker or the DHT says of one swarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Swarm:
    """Peers that have everything, and peers that still fetch."""

    seeders: int
    leechers: int


Ask: TypeAlias = Callable[[Sequence[bytes]], Mapping[bytes, Swarm]]
"""Asks for swarms by their info-hash of 20 bytes; those that it knows nothing of are absent."""
