"""Slices folded to the few points that a page draws.

Law: 400 points of 4 bytes each, however long the sound: left peak, left mean, right peak, right
mean, each 0 to 255 of full scale; no sound gives no bytes. A mean is of absolute values and never
above its peak.
"""

from __future__ import annotations

import numpy as np

from phonotheque.audio.measure.slices import Numbers

POINTS = 400
WAVEFORM_BYTES = POINTS * 4


def fold(slices: Numbers) -> bytes:
    """Fold slices (rows of four shares of full scale) to a waveform."""
    count = len(slices)
    if not count:
        return b""
    places = np.arange(POINTS + 1) * count // POINTS
    starts = places[:-1]
    widths = np.maximum(np.diff(places), 1)[:, None]  # below 400 slices, points share them
    points = np.empty((POINTS, 4))
    points[:, 0::2] = np.maximum.reduceat(slices[:, 0::2], starts, axis=0)
    points[:, 1::2] = np.add.reduceat(slices[:, 1::2].astype(np.float64), starts, axis=0) / widths
    return np.rint(np.clip(points * 255, 0, 255)).astype(np.uint8).tobytes()
