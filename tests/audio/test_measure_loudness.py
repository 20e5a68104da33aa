"""Loudness is that of EBU R 128, to a tenth of an LU."""

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.audio import sounds

from phonotheque.audio.measure import gating
from phonotheque.audio.measure.gating import Windows, loudness_of, power_of
from phonotheque.audio.measure.k_weighting import KWeighting
from phonotheque.audio.measure.loudness import LoudnessMeter
from phonotheque.audio.measure.true_peak import TruePeakMeter

NAMES = {
    1: ("FC",),
    2: ("FL", "FR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
BLOCK = 65_536


def heard(
    rows: NDArray[np.float32], rate_hz: int = 48_000, at_once: int = BLOCK
) -> tuple[float | None, float | None]:
    """Integrated loudness and range of rows."""
    meter = LoudnessMeter(rate_hz, NAMES[len(rows)])
    for start in range(0, rows.shape[1], at_once):
        meter.add(list(rows[:, start : start + at_once]))
    return meter.integrated_lufs(), meter.range_lu()


def heard_by_ffmpeg(rows: NDArray[np.float32], rate_hz: int) -> tuple[float, float]:
    """The same by FFmpeg's filter, the reference."""
    graph = av.filter.Graph()
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(rows)]
    form = f"time_base=1/{rate_hz}:sample_rate={rate_hz}:sample_fmt=flt:channel_layout={layout}"
    source, sink = graph.add("abuffer", form), graph.add("abuffersink")
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    graph.link_nodes(source, meter, sink).configure()
    said: dict[str, str] = {}
    for frame in (*sounds.frames(rows, rate_hz), None):
        source.push(frame)
        while True:
            try:
                said = dict(sink.pull().metadata) or said
            except (av.error.BlockingIOError, av.error.EOFError):
                break
    return float(said["lavfi.r128.I"]), float(said["lavfi.r128.LRA"])


def music(channels: int, seconds: float, rate_hz: int, seed: int = 5) -> NDArray[np.float32]:
    """Noise of several colours that swells and sinks, with deep tones and an offset."""
    rng = np.random.default_rng(seed)
    clock = np.arange(round(seconds * rate_hz)) / rate_hz
    rows = []
    for number in range(channels):
        swell = 10 ** (-1.2 + 0.8 * np.sin(clock * (0.31 + 0.07 * number)))
        noise = np.convolve(rng.normal(0, 0.5, len(clock)), [0.5, 0.3, 0.2], "same")
        deep = 0.4 * np.sin(2 * np.pi * 40 * clock)
        rows.append((swell * (noise + deep) + 0.02).clip(-1, 1))
    return np.stack(rows).astype(np.float32)


def tones(*parts: tuple[float, float]) -> NDArray[np.float32]:
    return np.concatenate([sounds.sine(level, seconds) for level, seconds in parts], axis=1)


class TestIntegrated:
    @pytest.mark.parametrize(
        ("parts", "lufs"),
        [
            (((-23, 20),), -23.0),
            (((-33, 20),), -33.0),
            (((-36, 10), (-23, 60), (-36, 10)), -23.0),
            (((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
            (((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
        ],
    )
    def test_signals_of_tech_3341(
        self, parts: tuple[tuple[float, float], ...], lufs: float
    ) -> None:
        """The gating cases 1 to 5 of EBU Tech 3341 give what it demands."""
        assert heard(tones(*parts))[0] == pytest.approx(lufs, abs=0.1)

    def test_surround(self) -> None:
        """Case 6: surround channels weigh 1.5 dB more, and five tones together are -23 LUFS."""
        levels = {0: -28.0, 1: -28.0, 2: -24.0, 4: -30.0, 5: -30.0}  # FL FR FC, BL BR
        rows = np.zeros((6, 20 * 48_000), np.float32)
        for row, level in levels.items():
            rows[row] = sounds.sine(level, 20)[0]
        assert heard(rows)[0] == pytest.approx(-23.0, abs=0.1)

    def test_deep_tones_apart(self) -> None:
        """What the channel of deep tones carries does not count."""
        rows = np.zeros((6, 5 * 48_000), np.float32)
        rows[3] = sounds.sine(-3, 5)[0]
        assert heard(rows) == (None, None)

    def test_silence_has_none(self) -> None:
        """What no gate lets through has neither loudness nor range."""
        assert heard(np.zeros((2, 5 * 48_000), np.float32)) == (None, None)
        assert heard(tones((-80, 5))) == (None, None)

    def test_too_short_to_tell(self) -> None:
        """Below a window of 400 ms there is no loudness, below 3 s no range."""
        assert heard(tones((-23, 0.3)))[0] is None
        lufs, range_lu = heard(tones((-23, 2)))
        assert lufs == pytest.approx(-23, abs=0.1)
        assert range_lu is None
        assert heard(tones((-23, 3)))[1] == pytest.approx(0, abs=0.01)

    @pytest.mark.parametrize("rate_hz", [0, 1_000, 3_999, 1 << 21])
    def test_a_rate_without_loudness(self, rate_hz: int) -> None:
        """Where the weighting is not defined there is no figure, and no error."""
        assert heard(sounds.sine(-20, 5, 100, 1_000), rate_hz) == (None, None)

    def test_beyond_all_measure(self) -> None:
        """Samples near the end of floating point have no loudness, and no warning."""
        rows = np.full((2, 48_000), 3e38, np.float32)
        rows[:, ::2] *= -1
        assert heard(rows) == (None, None)

    def test_channels_nobody_placed(self) -> None:
        """A channel whose place is not known counts as one in front."""
        row = sounds.sine(-20, 2)[0]
        found = []
        for names in (("FL", "FR", "FC"), ("NONE", "NONE", "NONE")):
            meter = LoudnessMeter(48_000, names)
            meter.add([row, row, row])
            found.append(meter.integrated_lufs())
        assert found[0] == found[1] == pytest.approx(-20 + 10 * np.log10(1.5), abs=0.1)


class TestLikeFfmpeg:
    @pytest.mark.parametrize("channels", [1, 2, 6, 8])
    def test_channels(self, channels: int) -> None:
        """FFmpeg's filter says the same of one, two, six and eight channels."""
        rows = music(channels, 40, 16_000)
        lufs, range_lu = heard_by_ffmpeg(rows, 16_000)
        found = heard(rows, 16_000)
        assert found[0] == pytest.approx(lufs, abs=0.05)
        assert found[1] == pytest.approx(range_lu, abs=0.2)

    @pytest.mark.parametrize(
        "rate_hz", [4_000, 5_513, 8_000, 11_025, 22_050, 44_100, 88_200, 192_000]
    )
    def test_rates(self, rate_hz: int) -> None:
        """FFmpeg's filter says the same at every rate, odd ones included."""
        rows = music(2, 5, rate_hz)
        lufs, _ = heard_by_ffmpeg(rows, rate_hz)
        assert heard(rows, rate_hz)[0] == pytest.approx(lufs, abs=0.05)

    @pytest.mark.parametrize("seconds", [0.4, 0.5, 1, 2.95])
    def test_short_ones(self, seconds: float) -> None:
        """FFmpeg's filter says the same of what lasts a moment."""
        rows = music(2, seconds, 44_100)
        lufs, _ = heard_by_ffmpeg(rows, 44_100)
        assert heard(rows, 44_100)[0] == pytest.approx(lufs, abs=0.05)


class TestWeighting:
    @pytest.mark.parametrize("rate_hz", [4_000, 44_100, 192_000, 1 << 20])
    def test_is_the_recursion(self, rate_hz: int) -> None:
        """Any block, cut anywhere, gives what the filters of the standard give, to 1e-6."""
        rng = np.random.default_rng(rate_hz)
        row = (rng.normal(0, 0.2, 9_000) + 0.4).astype(np.float32)
        wanted = recursion(row, rate_hz)
        weighting, found, start = KWeighting(rate_hz, 2), [], 0
        for count in (1, 31, 32, 33, 0, 5_000, 3_903):
            part = row[start : start + count]
            weighting.weigh(1, -part)  # the other channel does not leak
            found.append(weighting.weigh(0, part).copy())
            start += count
        assert start == len(row)
        assert np.abs(np.concatenate(found) - wanted).max() < 1e-6

    def test_coefficients_of_the_standard(self) -> None:
        """At 48 kHz the response is that of the coefficients printed in BS.1770-4."""
        impulse = np.zeros(400, np.float32)
        impulse[0] = 1
        first = ((1.53512485958697, -2.69169618940638, 1.19839281085285),
                 (1.0, -1.69065929318241, 0.73248077421585))  # fmt: skip
        second = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
        wanted = filtered(filtered(impulse.astype(float), *first), *second)
        assert np.abs(KWeighting(48_000, 1).weigh(0, impulse) - wanted).max() < 1e-6


def recursion(row: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """The two filters, sample after sample, in double precision."""
    shelf = np.tan(np.pi * 1681.974450955533 / rate_hz)
    top = 10 ** (3.999843853973347 / 20)
    bend = top**0.4996667741545416 * shelf / 0.7071752369554196
    low = shelf / 0.7071752369554196
    scale = 1 + low + shelf**2
    above = (top + bend + shelf**2, 2 * (shelf**2 - top), top - bend + shelf**2)
    below = (scale, 2 * (shelf**2 - 1), 1 - low + shelf**2)
    high = np.tan(np.pi * 38.13547087602444 / rate_hz)
    slope = high / 0.5003270373238773
    whole = 1 + slope + high**2
    head = filtered(
        row.astype(float), tuple(np.array(above) / scale), tuple(np.array(below) / scale)
    )
    return filtered(head, (1, -2, 1), (1, 2 * (high**2 - 1) / whole, (1 - slope + high**2) / whole))


def filtered(
    row: NDArray[np.float64], above: tuple[float, ...], below: tuple[float, ...]
) -> NDArray[np.float64]:
    found, one, two = [], 0.0, 0.0
    for value in row.tolist():
        out = above[0] * value + one
        one, two = above[1] * value - below[1] * out + two, above[2] * value - below[2] * out
        found.append(out)
    return np.array(found)


@given(cuts=st.lists(st.integers(0, 30_000), max_size=6))
def test_blocks_do_not_matter(cuts: list[int]) -> None:
    """However the sound is cut into blocks, its loudness is the same."""
    rows = music(2, 3.7, 8_000)
    meter = LoudnessMeter(8_000, NAMES[2])
    places = [0, *sorted(min(cut, rows.shape[1]) for cut in cuts), rows.shape[1]]
    for start, end in itertools.pairwise(places):
        meter.add(list(rows[:, start:end]))
    whole = heard(rows, 8_000)
    assert meter.integrated_lufs() == pytest.approx(whole[0], abs=0.01)
    assert meter.range_lu() == pytest.approx(whole[1], abs=0.01)


class TestRange:
    @pytest.mark.parametrize(
        ("parts", "range_lu"),
        [(((-20, 20), (-30, 20)), 10), (((-20, 20), (-15, 20)), 5), (((-40, 20), (-20, 20)), 20)],
    )
    def test_signals_of_tech_3342(
        self, parts: tuple[tuple[float, float], ...], range_lu: float
    ) -> None:
        """Cases 1 to 3 of EBU Tech 3342 give its range, within its tolerance of 1 LU."""
        assert heard(tones(*parts))[1] == pytest.approx(range_lu, abs=1)


class TestGating:
    def test_hours_need_no_more_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond the limit windows are merged, and the figures stay: 0.05 LU with 5,001 kept."""
        powers = 10 ** (np.random.default_rng(2).normal(-3, 0.6, 60_000))
        exact, merged = Windows(4), Windows(4)
        exact.add(powers)
        monkeypatch.setattr(gating, "MOST_KEPT", 5_001)
        for part in np.array_split(powers, 37):
            merged.add(part)
        assert merged.kept <= 5_001 < exact.kept
        assert merged.seen == exact.seen == 59_997
        assert merged.integrated_lufs() == pytest.approx(exact.integrated_lufs(), abs=0.01)
        assert merged.range_lu() == pytest.approx(exact.range_lu(), abs=0.05)

    def test_relative_gates(self) -> None:
        """Windows more than 10 LU below the mean do not count, nor 20 LU below it for the range."""
        loud, quiet = power_of(-20), power_of(-45)
        windows = Windows(1)
        windows.add(np.array([loud] * 50 + [quiet] * 50))
        assert windows.integrated_lufs() == pytest.approx(-20)
        assert windows.range_lu() == pytest.approx(0)
        assert loudness_of(0) == -np.inf


class TestTruePeak:
    def test_between_samples(self) -> None:
        """A sine whose samples miss its crests has the true peak of the crests."""
        clock = np.arange(5 * 48_000)
        swell = np.minimum(1, clock / 48_000)  # a sudden start would itself go higher
        wave = 0.5 * swell * np.sin(2 * np.pi * clock / 4 + np.pi / 4)
        meter = TruePeakMeter()
        for frame in sounds.frames(np.stack([wave, wave]).astype(np.float32), 48_000):
            meter.add(frame)
        found = meter.result()
        assert found is not None
        assert 20 * np.log10(found) == pytest.approx(-6.0, abs=0.3)

    def test_silence_has_none(self) -> None:
        """Nothing has no peak; nor has what the filter cannot take, and it is no error."""
        meter = TruePeakMeter()
        assert meter.result() is None
        for frame in sounds.frames(np.zeros((2, 2_000), np.float32), 1_000):
            meter.add(frame)
        assert meter.result() is None


def test_in_a_child_whatever_threads_the_parent_has() -> None:
    """A confined child measures loudness though OpenBLAS was told to use several threads."""
    script = (
        "import io, tempfile, numpy\n"
        "from phonotheque.audio import facts_in_child\n"
        "from phonotheque.audio.warmth import noisy_wav\n"
        "file = tempfile.TemporaryFile(); file.write(noisy_wav()); file.flush()\n"
        "print(facts_in_child(file).sound.loudness.integrated_lufs)\n"
    )
    several = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=several, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert -20 < float(done.stdout) < 0


@pytest.mark.skipif(shutil.which("loudgain") is None, reason="loudgain is not installed")
def test_like_loudgain(tmp_path: Path) -> None:
    """libebur128, through loudgain, says the same of noise that swells."""
    swell = np.linspace(0.02, 0.9, 20 * 44_100)
    noise = np.random.default_rng(3).uniform(-1, 1, (2, len(swell)))
    data = sounds.wav16((noise * swell).astype(np.float32))
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    said = subprocess.run(["loudgain", str(path)], capture_output=True, text=True, check=True)
    theirs = re.search(r"Loudness:\s+(-?[0-9.]+) LUFS", said.stdout + said.stderr)
    assert theirs is not None
    ours = sounds.measured(data, "wav").sound.loudness.integrated_lufs
    assert ours == pytest.approx(float(theirs[1]), abs=0.1)
