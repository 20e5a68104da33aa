"""Hours at which a mirror may use the network, by the local clock: "22-06". Pure."""

from __future__ import annotations


def is_open(hours: str, hour: int) -> bool:
    """Whether bytes may move in an hour of the day.

    Args:
        hours: "22-06": from 22:00 until 06:00, over midnight; "" for always. Two times the same
            hour means the whole day.
        hour: 0 to 23, of the local clock.
    """
    if not hours:
        return True
    first, _, end = hours.partition("-")
    start, stop = int(first), int(end)
    if start < stop:
        return start <= hour < stop
    return hour >= start or hour < stop
