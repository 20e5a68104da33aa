"""Waveform, silence, clipping and dual mono are those of the samples, however they are cut."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.audio import sounds

from phonotheque.audio.measure.clipping import ClippingMeter, full_scale
from phonotheque.audio.measure.levels import LevelMeter
from phonotheque.audio.measure.planes import RowReader
from phonotheque.audio.measure.slices import MOST_SLICES, Slices
from phonotheque.audio.measure.waveform import POINTS, WAVEFORM_BYTES, fold

RATE_HZ = 8_000
STEP = RATE_HZ // 100
STEREO = ("FL", "FR")


def looked_at(
    rows: NDArray[np.float32], names: tuple[str, ...] = STEREO, slices_at_once: int = 1_000
) -> LevelMeter:
    meter = LevelMeter(RATE_HZ, names, 16)
    for start in range(0, rows.shape[1], slices_at_once * STEP):
        meter.add([row[start : start + slices_at_once * STEP] for row in rows])
    return meter


def points(meter: LevelMeter) -> NDArray[np.uint8]:
    return np.frombuffer(meter.waveform(), np.uint8).reshape(POINTS, 4)


def stereo(left: float, right: float, seconds: float = 10) -> NDArray[np.float32]:
    return np.tile(np.float32([[left], [right]]), round(seconds * RATE_HZ))


class TestWaveform:
    def test_left_and_right(self) -> None:
        """Each point holds peak and mean of the left channel, then of the right."""
        rows = stereo(0.5, -1.0)
        rows[0, ::2] = 0.3
        assert points(looked_at(rows)).tolist() == [[128, 102, 255, 255]] * POINTS

    def test_mono(self) -> None:
        """One channel stands on both sides."""
        assert points(looked_at(stereo(0.4, 0)[:1], ("FC",))).tolist() == [[102] * 4] * POINTS

    def test_surround(self) -> None:
        """Of many channels front left and right are drawn, wherever they stand."""
        rows = np.concatenate([stereo(0.9, 0.2), stereo(0.4, 0)])
        names = ("FC", "FL", "FR", "LFE")
        assert points(looked_at(rows, names)).tolist() == [[51, 51, 102, 102]] * POINTS

    def test_time_runs_evenly(self) -> None:
        """A sound in the third quarter stands in the points of the third quarter."""
        rows = stereo(0, 0, 40)
        rows[:, 20 * RATE_HZ : 30 * RATE_HZ] = 0.5
        heard = np.flatnonzero(points(looked_at(rows))[:, 0])
        assert (heard[0], heard[-1]) == (200, 299)

    @pytest.mark.parametrize("samples", [1, STEP - 1, STEP + 1, 100 * STEP])
    def test_shorter_than_the_points(self, samples: int) -> None:
        """However short, there are 400 points; each shows what there is at its time."""
        found = points(looked_at(stereo(1, 0.2, 1)[:, :samples]))
        assert found.tolist() == [[255, 255, 51, 51]] * POINTS

    def test_no_sound(self) -> None:
        """Nothing gives no bytes."""
        assert fold(np.zeros((0, 4), np.float32)) == b""

    @given(data=st.data(), seconds=st.integers(1, 12))
    @settings(max_examples=20, deadline=None)
    def test_blocks_do_not_matter(self, data: st.DataObject, seconds: int) -> None:
        """Any cutting at whole slices gives the same waveform, edges and counts."""
        rng = np.random.default_rng(data.draw(st.integers(0, 99)))
        rows = rng.normal(0, 0.6, (2, seconds * RATE_HZ + 17)).clip(-1, 1).astype(np.float32)
        whole = looked_at(rows, slices_at_once=10_000)
        parts = looked_at(rows, slices_at_once=data.draw(st.integers(1, 300)))
        assert parts.waveform() == whole.waveform()
        assert parts.clipped_samples == whole.clipped_samples
        assert (parts.silence_ms, parts.peak) == (whole.silence_ms, whole.peak)


class TestSlices:
    def test_hours_take_no_more_memory(self) -> None:
        """Past the limit slices are merged: never more are held, no peak is lost, means stay."""
        slices, lonely = Slices(), np.full((1, 4), 0.25, np.float32)
        rows = np.tile(lonely, (999, 1))
        for number in range(300):
            part = rows.copy()
            if number == 123:
                part[500, 0] = 1.0
            slices.add(part)
        found = slices.result()
        assert MOST_SLICES // 2 <= len(found) <= MOST_SLICES + 1
        assert found[:, 0].max() == 1.0
        assert np.flatnonzero(found[:, 0] == 1.0)[0] / len(found) == pytest.approx(
            123.5 / 300, abs=0.001
        )
        assert found[:, 1].tolist() == [0.25] * len(found)
        assert len(fold(found)) == WAVEFORM_BYTES

    @given(lengths=st.lists(st.integers(1, 5_000), min_size=1, max_size=60))
    @settings(max_examples=20, deadline=None)
    def test_order_and_sum_stay(self, lengths: list[int]) -> None:
        """However slices come in, the first and last stay there and the mean of all is kept."""
        slices, total = Slices(), sum(lengths)
        numbers = np.linspace(0, 1, total, dtype=np.float32)
        start = 0
        for length in lengths:
            slices.add(np.tile(numbers[start : start + length, None], (1, 4)))
            start += length
        found = slices.result()
        assert np.all(np.diff(found[:, 0]) >= 0)
        assert found[-1, 0] == numbers[-1]
        assert found[:, 1].mean() == pytest.approx(numbers.mean(), abs=0.002)


class TestSilence:
    def test_edges(self) -> None:
        """Leading and trailing silence end at the very sample that is louder than -60 dBFS."""
        rows = stereo(0.0009, 0, 10)
        rows[1, 12_345] = -0.0011
        rows[0, 60_000] = 0.5
        assert looked_at(rows).silence_ms == (12_345 * 1000 // RATE_HZ, 19_999 * 1000 // RATE_HZ)

    def test_nothing_but_silence(self) -> None:
        """Silence from end to end is all leading."""
        assert looked_at(stereo(0, 0.001, 3)).silence_ms == (3000, 0)

    def test_sound_from_end_to_end(self) -> None:
        """Sound without silence has none."""
        assert looked_at(stereo(0.5, 0.5, 3)).silence_ms == (0, 0)


def clipped_slowly(values: list[int]) -> int:
    """Count as one would by hand."""
    count, at = 0, 0
    while at < len(values):
        end = at
        while end < len(values) and values[end] == values[at]:
            end += 1
        if values[at] and end - at >= 3:
            count += end - at
        at = end
    return count


class TestClipping:
    @given(values=st.lists(st.sampled_from((-1, 0, 1, 1)), max_size=200), cut=st.integers(1, 50))
    def test_like_by_hand(self, values: list[int], cut: int) -> None:
        """Runs of three or more on one side count in full, also across blocks."""
        meter = ClippingMeter(1.0)
        for start in range(0, len(values), cut):
            row = np.array(values[start : start + cut], np.float32)
            if row.any():
                meter.add(row, np.abs(row))
            else:
                meter.add_quiet()
        assert meter.result() == clipped_slowly(values)

    def test_full_scale_of_each_width(self) -> None:
        """The highest step of 16 bits is full scale, of 8 bits its own, of 24 that of 16."""
        assert full_scale(8) == 127 / 128
        assert full_scale(None) == full_scale(24) == full_scale(16) == 32767 / 32768

    def test_through_the_meter(self) -> None:
        """A sine driven to twice full scale loses samples; at full scale it loses none."""
        clock = np.arange(RATE_HZ) * 2 * np.pi * 50 / RATE_HZ
        loud = np.clip(2 * np.sin(clock), -1, 1).astype(np.float32)
        fair = (0.999 * np.sin(clock)).astype(np.float32)
        meter = looked_at(np.stack([loud, fair]))
        assert meter.clipped_samples == np.count_nonzero(np.abs(loud) == 1)


class TestDualMono:
    def test_one_sample_decides(self) -> None:
        """Channels are dual mono until one sample differs, however late."""
        rows = np.tile(np.random.default_rng(1).normal(0, 0.2, 50_000).astype(np.float32), (2, 1))
        assert looked_at(rows).is_dual_mono
        rows[1, -1] += 1e-6
        assert not looked_at(rows).is_dual_mono

    def test_one_channel_is_not_dual(self) -> None:
        """Mono is mono."""
        assert not looked_at(stereo(0.1, 0)[:1], ("FC",)).is_dual_mono


class TestRows:
    @pytest.mark.parametrize("form", ["u8", "s16", "s16p", "s32", "flt", "fltp", "dbl", "dblp"])
    @pytest.mark.parametrize("channels", [1, 2, 8])
    def test_every_form(self, form: str, channels: int) -> None:
        """Rows are the channels in their order, full scale at 1.0, whatever the form."""
        wanted = np.linspace(-0.5, 0.5, channels * 100, dtype=np.float32).reshape(channels, 100)
        (frame,) = sounds.frames(wanted, RATE_HZ)
        for block in av.AudioResampler(form).resample(frame):
            rows = RowReader().rows(block)
            assert len(rows) == channels
            assert np.abs(np.stack(rows) - wanted).max() < (0.01 if form == "u8" else 1e-4)

    def test_what_is_no_number(self) -> None:
        """Samples that are no number become silence, endless ones full scale."""
        (frame,) = sounds.frames(np.float32([[0.5, np.nan, np.inf, -np.inf]]), RATE_HZ)
        assert RowReader().rows(frame)[0].tolist() == [0.5, 0.0, 1.0, -1.0]
