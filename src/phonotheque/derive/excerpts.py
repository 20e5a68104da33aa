"""Cutting an excerpt out of a recording that flows past in blocks. Pure.

Laws: the excerpt is exactly as long as its span; fades rise and fall as a half cosine, which
begins and ends without a corner that would be heard as a click.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from phonotheque.derive.recipes import Excerpt


def cut(
    blocks: Iterable[NDArray[np.float32]], excerpt: Excerpt, whole_ms: int, rate_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of an excerpt, faded; stops reading where it ends.

    Args:
        blocks: The whole recording as (frames, channels).
        excerpt: Which part.
        whole_ms: Length of the recording as measured. Of a shorter one less is left.
        rate_hz: Of the blocks.
    """
    start_ms, end_ms = excerpt.span_ms(whole_ms)
    start, end = start_ms * rate_hz // 1000, end_ms * rate_hz // 1000
    at = 0
    for block in blocks:
        low, high = max(0, start - at), min(len(block), end - at)
        if low < high:
            places = np.arange(at + low - start, at + high - start, dtype=np.float64)
            gain = fade(places, end - start, excerpt, rate_hz)
            yield block[low:high] * gain[:, None]
        at += len(block)
        if at >= end:
            return


def fade(
    places: NDArray[np.float64], length: int, excerpt: Excerpt, rate_hz: int
) -> NDArray[np.float32]:
    """Return the gain at each place of an excerpt of that length, in frames; 0 to 1."""
    into = min(excerpt.fade_in_ms * rate_hz // 1000, length // 2)
    out = min(excerpt.fade_out_ms * rate_hz // 1000, length // 2)
    rising = np.clip((places + 0.5) / max(into, 1), 0, 1)
    falling = np.clip((length - places - 0.5) / max(out, 1), 0, 1)
    gain: NDArray[np.float64] = (
        np.sin(rising * (np.pi / 2)) ** 2 * np.sin(falling * (np.pi / 2)) ** 2
    )
    single: NDArray[np.float32] = gain.astype(np.float32)
    return single
