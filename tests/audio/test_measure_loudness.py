"""Loudness is that of EBU R 128, to a tenth of an LU."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audio import sounds

from phonotheque.audio.measure.loudness import LoudnessMeter
from phonotheque.music.sound import Loudness


def loudness(
    rows: NDArray[np.float32], *, rate_hz: int = 48_000, true_peak: bool = False
) -> Loudness:
    meter = LoudnessMeter(true_peak=true_peak)
    for frame in sounds.frames(rows, rate_hz):
        meter.add(frame)
    return meter.result(float(np.abs(rows).max()))


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
        assert loudness(tones(*parts)).integrated_lufs == pytest.approx(lufs, abs=0.1)

    def test_surround(self) -> None:
        """Case 6: surround channels weigh 1.5 dB more, and five tones together are -23 LUFS."""
        levels = {0: -28.0, 1: -28.0, 2: -24.0, 4: -30.0, 5: -30.0}  # FL FR FC, SL SR
        rows = np.zeros((6, 20 * 48_000), np.float32)
        for row, level in levels.items():
            rows[row] = sounds.sine(level, 20)[0]
        assert loudness(rows).integrated_lufs == pytest.approx(-23.0, abs=0.1)

    @pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 96_000])
    def test_rates(self, rate_hz: int) -> None:
        """The same sound is as loud at every sample rate."""
        rows = sounds.sine(-23, 5, 997, rate_hz)
        assert loudness(rows, rate_hz=rate_hz).integrated_lufs == pytest.approx(-23.0, abs=0.1)

    def test_silence_has_none(self) -> None:
        """What no gate lets through has neither loudness nor range nor peak."""
        assert loudness(np.zeros((2, 5 * 48_000), np.float32)) == Loudness()
        assert loudness(tones((-80, 5))).integrated_lufs is None

    def test_too_short_to_tell(self) -> None:
        """Below a window of 400 ms there is no loudness, below 3 s no range."""
        assert loudness(tones((-23, 0.3))).integrated_lufs is None
        short = loudness(tones((-23, 2)))
        assert (short.integrated_lufs, short.range_lu) == (pytest.approx(-23, abs=0.1), None)

    def test_a_rate_without_loudness(self) -> None:
        """Where the weighting is not defined there is no figure, and no error."""
        assert loudness(sounds.sine(-20, 5, 100, 1_000), rate_hz=1_000).integrated_lufs is None


@pytest.mark.parametrize(
    ("parts", "range_lu"),
    [(((-20, 20), (-30, 20)), 10), (((-20, 20), (-15, 20)), 5), (((-40, 20), (-20, 20)), 20)],
)
def test_range_of_tech_3342(parts: tuple[tuple[float, float], ...], range_lu: float) -> None:
    """Cases 1 to 3 of EBU Tech 3342 give its range, within its tolerance of 1 LU."""
    assert loudness(tones(*parts)).range_lu == pytest.approx(range_lu, abs=1)


class TestPeaks:
    def test_true_peak(self) -> None:
        """A sine whose samples miss its crests has the true peak of the crests, when asked."""
        clock = np.arange(5 * 48_000)
        swell = np.minimum(1, clock / 48_000)  # a sudden start would itself go higher
        wave = 0.5 * swell * np.sin(2 * np.pi * clock / 4 + np.pi / 4)
        rows = np.stack([wave, wave]).astype(np.float32)
        found = loudness(rows, true_peak=True)
        assert found.sample_peak_dbfs == pytest.approx(-9.03, abs=0.01)
        assert found.true_peak_dbtp == pytest.approx(-6.0, abs=0.3)

    def test_not_unless_asked(self) -> None:
        """True peak costs as much as all else: without being asked for there is none."""
        assert loudness(tones((-23, 1))).true_peak_dbtp is None


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
