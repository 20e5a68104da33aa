"""What a guard is made for: how many accounts there are, and which tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Service:
    """What a service knows before anything happens.

    Attributes:
        accounts: How many there are or will be; their numbers are below it.
        genres: Genre of each track, int32.
        album_of: Album of each track, int32.
    """

    accounts: int
    genres: Numbers
    album_of: Numbers

    @property
    def tracks(self) -> int:
        """How many tracks it has; their numbers are below it."""
        return len(self.genres)
