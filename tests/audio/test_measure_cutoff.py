"""The cut-off frequency is where the recording ends, not where its sample rate does."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audio import sounds

from phonotheque.audio.measure.cutoff import CutoffMeter

RATE_HZ = 44_100


def low_passed(edge_hz: float, beyond_db: float = -200) -> NDArray[np.float32]:
    """Ten seconds of stereo noise with nothing, or little, above an edge."""
    noise = np.random.default_rng(5).normal(0, 0.1, (2, 10 * RATE_HZ))
    spectrum = np.fft.rfft(noise)
    edge = round(edge_hz * noise.shape[1] / RATE_HZ)
    spectrum[:, edge:] *= 10 ** (beyond_db / 20)
    return np.fft.irfft(spectrum, noise.shape[1]).astype(np.float32)


def cutoff(rows: NDArray[np.float32], rate_hz: int = RATE_HZ) -> int | None:
    meter = CutoffMeter(rate_hz)
    for start in range(0, rows.shape[1], 131_072):
        meter.add([row[start : start + 131_072] for row in rows])
    return meter.result()


@pytest.mark.parametrize("edge_hz", [4_000, 11_000, 16_000, 19_000])
@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_low_passed_noise(edge_hz: int, gain: float) -> None:
    """Noise that ends at a frequency ends there, loud or quiet."""
    assert cutoff(low_passed(edge_hz) * np.float32(gain)) == pytest.approx(edge_hz, abs=200)


@pytest.mark.parametrize("edge_hz", [11_000, 16_000])
def test_in_sixteen_bits(edge_hz: int) -> None:
    """The rounding noise of 16 bits is not taken for music."""
    found = sounds.measured(sounds.wav16(low_passed(edge_hz)), "wav").sound.cutoff_hz
    assert found == pytest.approx(edge_hz, abs=200)


@pytest.mark.parametrize("edge_hz", [11_000, 16_000])
def test_behind_a_cliff(edge_hz: int) -> None:
    """What a bad filter lets through, 30 dB down, is not of the recording."""
    assert cutoff(low_passed(edge_hz, -30)) == pytest.approx(edge_hz, abs=500)


def test_full_band() -> None:
    """Noise that nobody filtered reaches half the sample rate, white or falling with frequency."""
    assert cutoff(low_passed(RATE_HZ)) == pytest.approx(RATE_HZ / 2, abs=150)
    white = np.fft.rfft(np.random.default_rng(2).normal(0, 0.3, 5 * RATE_HZ))
    pink = np.fft.irfft(white / np.sqrt(np.arange(1, len(white) + 1) / 50))
    assert cutoff(pink[None].astype(np.float32)) == pytest.approx(RATE_HZ / 2, abs=150)


def test_one_channel_is_enough() -> None:
    """A channel that goes further counts, though the other is silent there."""
    rows = low_passed(16_000)
    rows[0] = low_passed(11_000)[0]
    assert cutoff(rows) == pytest.approx(16_000, abs=200)


def test_nothing_to_tell() -> None:
    """Silence and less than one window have no cut-off."""
    assert cutoff(np.zeros((2, RATE_HZ), np.float32)) is None
    assert cutoff(low_passed(16_000)[:, :4_000]) is None
