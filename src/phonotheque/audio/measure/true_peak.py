"""The highest level between samples, by FFmpeg's `ebur128` filter, for whoever asks for it.

Laws: the graph lives as long as its filters (a filter of PyAV does not keep its graph alive, and
using it then is a use after free); one thread; what the filter cannot take has no true peak.

Source: ITU-R BS.1770-4, annex 2.
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

_LEAST_RATE_HZ = 4_000
_MOST_RATE_HZ = 1 << 20  # the filter keeps three seconds of every channel as doubles


class TruePeakMeter:
    """Takes blocks of one form."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._source: FilterContext | None = None
        self._sink: FilterContext | None = None
        self._latest: deque[AudioFrame] = deque(maxlen=2)
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
        except (*FOREIGN_ERRORS, MemoryError):  # more channels than it has places for
            self._is_deaf = True

    def result(self) -> float | None:
        """Return the peak as a share of full scale; None for silence."""
        if self._source is None or self._is_deaf:
            return None
        self._source.push(None)
        self._drain()
        readings: dict[str, str] = {}
        for frame in self._latest:  # a last one that is no whole tenth of a second has none
            readings = dict(frame.metadata) or readings
        peak = float(readings.get("lavfi.r128.true_peak", "nan"))
        return peak if math.isfinite(peak) and peak > 0 else None

    def _configure(self, block: AudioFrame) -> None:
        rate_hz = block.sample_rate
        if not _LEAST_RATE_HZ <= rate_hz <= _MOST_RATE_HZ:
            raise ValueError(f"not measured at {rate_hz} Hz")
        graph = self._graph = av.filter.Graph()
        graph.threads = 1
        source = graph.add(
            "abuffer",
            f"time_base=1/{rate_hz}:sample_rate={rate_hz}:sample_fmt={block.format.name}"
            f":channel_layout={block.layout.name}",
        )
        sink = graph.add("abuffersink")
        meter = graph.add("ebur128", "metadata=1:framelog=quiet:peak=true")
        graph.link_nodes(source, meter, sink).configure()
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
