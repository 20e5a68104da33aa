"""The kinds of things that have cards, and so are searched for, shown and corrected."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What can be searched for: each has its cards."""

    RECORDING = "recording"
    RELEASE = "release"
    ARTIST = "artist"
    LABEL = "label"
