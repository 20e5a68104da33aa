"""The samples of a block as rows of numbers, one row for each channel, full scale at 1.0.

Law: the planes of planar sound with eight channels or more are never touched. PyAV 18 counts one
plane too many for exactly eight, and crashes; such a block is packed first, by a resampler.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from numpy.typing import NDArray

Rows = list[NDArray[np.float32]]
"""One row for each channel, all of one length."""

_MOST_PLANES = 7

_Kind = TypeVar("_Kind", bound=np.generic)


def values_of(plane: AudioPlane, kind: type[_Kind], count: int) -> NDArray[_Kind]:
    """Return a plane's first `count` values without copying them; its end may be padding."""
    return np.frombuffer(cast(Any, plane), kind, count)


class RowReader:
    """Brings blocks of one form to rows. Integers up to 24 bits keep every bit."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None

    def rows(self, block: AudioFrame) -> Rows:
        """Return the block's channels. Rows may share memory with `block`: do not change them.

        Raises:
            FOREIGN_ERRORS: The form of the block cannot be brought to 32-bit floating point.
        """
        channels = block.layout.nb_channels
        form = "fltp" if channels <= _MOST_PLANES else "flt"
        if block.format.name != form:
            if self._resampler is None:
                self._resampler = av.AudioResampler(form)
            block.pts = None
            (block,) = self._resampler.resample(block)
        if form == "fltp":
            planes = (values_of(plane, np.float32, block.samples) for plane in block.planes)
            return [finite(plane) for plane in planes]
        packed = values_of(block.planes[0], np.float32, block.samples * channels)
        turned = np.ascontiguousarray(packed.reshape(-1, channels).T)  # rows are folded later
        return [finite(row) for row in turned]


def finite(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace what is no number, which files of floating point may hold, by silence or 1.0."""
    with np.errstate(over="ignore", invalid="ignore"):
        is_finite = bool(np.isfinite(np.add.reduce(row)))
    return row if is_finite else np.nan_to_num(row, nan=0.0, posinf=1.0, neginf=-1.0)
