"""Hostile and broken files, all made here: each with a name, bytes, and what must become of it.

    python -m tests.zoo FOLDER      write every animal into a folder, to look at it with other tools

Laws: the same bytes every time; nothing of anybody else's; an animal is small unless its size is
the point. Healthy specimens with full tags are in `tests.audio.zoo`; these here are their enemies.

- `animals`: what an animal is; `bricks`: pages, boxes, chunks and tags, written by hand
- `impostors`: what is no audio at all, playlists and scripts that name other places among them
- `odd`: sound, but strange: many channels, few samples, chained, not a number, tags by the thousand
- `lies_riff`, `lies_mpeg`, `lies_xiph`, `lies_mp4`: headers that say what is not so
- `cuts`: every healthy specimen cut at each border of its structure, flipped, and with holes
"""

from __future__ import annotations

import functools

from tests.zoo import cuts, impostors, lies_mp4, lies_mpeg, lies_riff, lies_xiph, odd
from tests.zoo.animals import Animal, Fate

__all__ = ["Animal", "Fate", "animals"]


@functools.cache
def animals() -> tuple[Animal, ...]:
    """Every animal, in an order that stays; names differ."""
    houses = (impostors, odd, lies_riff, lies_mpeg, lies_xiph, lies_mp4, cuts)
    return tuple(animal for house in houses for animal in house.animals())
