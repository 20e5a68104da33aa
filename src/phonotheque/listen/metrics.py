"""Counts of one server and all its workers, as Prometheus reads them.

Each worker has a row of its own in one small file that all of them map, so that whoever is asked
tells of all. A worker that was started again goes on in its row.

Source: Prometheus, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_left
from pathlib import Path

_CELL = struct.Struct("=d")

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper ends of what answers are sorted into by their time."""

KINDS = ("page", "api", "sound", "picture", "torrent", "paper", "other")
"""What is asked for, by the first part of its path."""

_STATUSES = ("2xx", "3xx", "4xx", "5xx")
_PLAIN = (
    ("phonotheque_sound_bytes_total", "counter", "Bytes of sound that were sent."),
    ("phonotheque_plays_total", "counter", "Plays that were counted."),
    ("phonotheque_refused_total", "counter", "Requests that a limit refused."),
    ("phonotheque_damaged_total", "counter", "Times that a file was found missing or damaged."),
    ("phonotheque_sending", "gauge", "Bodies of sound under way."),
    ("phonotheque_copies_waiting", "gauge", "Copies that are being made, or wait to be."),
)
_NAMES = tuple(name for name, _, _ in _PLAIN)
_CELLS = (
    [("plain", name) for name in _NAMES]
    + [("requests", f"{kind} {status}") for kind in KINDS for status in _STATUSES]
    + [("sum", kind) for kind in KINDS]
    + [("bucket", f"{kind} {number}") for kind in KINDS for number in range(len(SECONDS) + 1)]
)
_PLACES = {cell: place for place, cell in enumerate(_CELLS)}
_ROW_BYTES = _CELL.size * len(_CELLS)
_REQUESTS = {
    (kind, number): _PLACES["requests", f"{kind} {status}"]
    for kind in KINDS
    for number, status in enumerate(_STATUSES, start=2)
}
_SUMS = {kind: _PLACES["sum", kind] for kind in KINDS}
_BUCKETS = {kind: _PLACES["bucket", f"{kind} 0"] for kind in KINDS}


class Metrics:
    """The counts of one worker, and the sum of all.

    Args:
        path: The file, made by `make_metrics`.
        row: Number of this worker, from 0.
        rows: How many there are.
    """

    def __init__(self, path: Path, row: int, rows: int) -> None:
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), _ROW_BYTES * rows)
        begin = row * _ROW_BYTES
        self._own = memoryview(self._map)[begin : begin + _ROW_BYTES].cast("d")
        self._rows = rows

    def close(self) -> None:
        """Let go of the file."""
        self._own.release()
        self._map.close()

    def add(self, name: str, value: float = 1.0) -> None:
        """Count something that only grows."""
        self._own[_PLACES["plain", name]] += value

    def set(self, name: str, value: float) -> None:
        """Say how much of something there is now."""
        self._own[_PLACES["plain", name]] = value

    def answered(self, kind: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._own[_REQUESTS[kind, status // 100]] += 1.0
        self._own[_SUMS[kind]] += seconds
        self._own[_BUCKETS[kind] + bisect_left(SECONDS, seconds)] += 1.0

    def text(self) -> str:
        """All counts of all workers."""
        lines = []
        for name, kind, meaning in _PLAIN:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines.append(f"{name} {_number(self._sum(('plain', name)))}")
        name = "phonotheque_requests_total"
        lines += [f"# HELP {name} Requests by kind and status.", f"# TYPE {name} counter"]
        for kind in KINDS:
            for status in _STATUSES:
                value = _number(self._sum(("requests", f"{kind} {status}")))
                lines.append(f'{name}{{kind="{kind}",status="{status}"}} {value}')
        return "\n".join([*lines, *self._histogram(), ""])

    def _histogram(self) -> list[str]:
        name = "phonotheque_request_seconds"
        lines = [f"# HELP {name} Seconds until all was sent.", f"# TYPE {name} histogram"]
        for kind in KINDS:
            count = 0.0
            for number, end in enumerate([*map(str, SECONDS), "+Inf"]):
                count += self._sum(("bucket", f"{kind} {number}"))
                lines.append(f'{name}_bucket{{kind="{kind}",le="{end}"}} {_number(count)}')
            lines.append(f'{name}_sum{{kind="{kind}"}} {self._sum(("sum", kind)):.6f}')
            lines.append(f'{name}_count{{kind="{kind}"}} {_number(count)}')
        return lines

    def _sum(self, cell: tuple[str, str]) -> float:
        place = _PLACES[cell] * _CELL.size
        rows = (_CELL.unpack_from(self._map, place + row * _ROW_BYTES) for row in range(self._rows))
        return float(sum(value for (value,) in rows))


def make_metrics(path: Path, rows: int) -> None:
    """Make the file of counts, all of them 0."""
    path.write_bytes(bytes(_ROW_BYTES * rows))


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
