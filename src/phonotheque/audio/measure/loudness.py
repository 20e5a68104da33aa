"""Loudness after EBU R 128, by FFmpeg's `ebur128` filter.

Laws: silence, and whatever the filter cannot take, has no loudness: None, never -70; the graph
lives as long as its filters (a filter of PyAV does not keep its graph alive, and using it then is
a use after free); one thread.

Sources: ITU-R BS.1770-4; EBU Tech 3341, 3342.
"""

from __future__ import annotations

import math
from collections import deque

import av
import av.error
import av.filter
from av.audio.frame import AudioFrame
from av.filter.context import FilterContext

from phonotheque.audio.decoding import FOREIGN_ERRORS
from phonotheque.music.sound import Loudness

_GATE_LUFS = -70.0
_LEAST_RATE_HZ = 4_000  # the K-weighting turns at 1,682 Hz
_MOST_RATE_HZ = 1 << 20  # three seconds of every channel are kept as doubles
_RANGE_FROM_S = 3.0  # one short-term window
_PREFIX = "lavfi.r128."


class LoudnessMeter:
    """Takes blocks of one form; gives the loudness of all of them."""

    def __init__(self, *, true_peak: bool = False) -> None:
        self._options = "metadata=1:framelog=quiet" + (":peak=true" if true_peak else "")
        self._graph: av.filter.Graph | None = None
        self._source: FilterContext | None = None
        self._sink: FilterContext | None = None
        self._latest: deque[AudioFrame] = deque(maxlen=2)
        self._heard_s = 0.0
        self._is_deaf = False

    def add(self, block: AudioFrame) -> None:
        """Listen to a block."""
        if self._is_deaf:
            return
        try:
            if self._source is None:
                self._configure(block)
            assert self._source is not None
            self._source.push(block)
            self._drain()
            self._heard_s += block.samples / block.sample_rate
        except (*FOREIGN_ERRORS, MemoryError):  # more channels than it has places for
            self._is_deaf = True

    def result(self, sample_peak: float | None) -> Loudness:
        """Return what was heard.

        Args:
            sample_peak: Highest sample as a share of full scale, measured elsewhere: the filter
                rounds it to 1/1000.
        """
        readings: dict[str, str] = {}
        if self._source is not None and not self._is_deaf:
            self._source.push(None)
            self._drain()
            for frame in self._latest:  # a last one that is no whole tenth of a second has none
                readings = dict(frame.metadata) or readings
        integrated = _finite(readings.get(_PREFIX + "I"))
        if integrated is not None and integrated <= _GATE_LUFS:
            integrated = None
        has_range = integrated is not None and self._heard_s >= _RANGE_FROM_S
        true_peak = _finite(readings.get(_PREFIX + "true_peak"))
        return Loudness(
            integrated_lufs=_rounded(integrated),
            range_lu=_rounded(_finite(readings.get(_PREFIX + "LRA"))) if has_range else None,
            sample_peak_dbfs=_decibels(sample_peak),
            true_peak_dbtp=_decibels(true_peak),
        )

    def _configure(self, block: AudioFrame) -> None:
        rate_hz = block.sample_rate
        if not _LEAST_RATE_HZ <= rate_hz <= _MOST_RATE_HZ:
            raise ValueError(f"no loudness is defined at {rate_hz} Hz")
        graph = self._graph = av.filter.Graph()
        graph.threads = 1
        source = graph.add(
            "abuffer",
            f"time_base=1/{rate_hz}:sample_rate={rate_hz}:sample_fmt={block.format.name}"
            f":channel_layout={block.layout.name}",
        )
        sink = graph.add("abuffersink")
        graph.link_nodes(source, graph.add("ebur128", self._options), sink).configure()
        self._source, self._sink = source, sink

    def _drain(self) -> None:
        """Pull every frame, and leave the metadata of nearly all unread: that costs 6 µs each."""
        assert self._sink is not None
        while True:
            try:
                frame = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, AudioFrame)
            self._latest.append(frame)


def _finite(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _decibels(share: float | None) -> float | None:
    return round(20 * math.log10(share), 2) if share else None
