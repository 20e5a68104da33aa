"""A spectrogram shows what sounds, where it sounds."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image
from tests.derive.sounds import noise, real_file, tone, vorbis, wav

from phonotheque.derive import spectrogram as drawing
from phonotheque.derive.recipes import SPECTROGRAM, SpectrogramRecipe
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.spectrum import WINDOW, measure_spectrum, spectrum
from phonotheque.errors import MalformedError

RATE_HZ = 44_100


def row_of(hz: float, rate_hz: int = RATE_HZ, rows: int = SPECTROGRAM.rows) -> int:
    return rows - 1 - int(hz / (rate_hz / 2) * rows)


def level(db: float) -> float:
    span = SPECTROGRAM.ceiling_db - SPECTROGRAM.floor_db
    return (db - SPECTROGRAM.floor_db) / span * 255


def measured(samples, rate_hz=RATE_HZ, duration_ms=None):
    block = samples.astype(np.float32)
    known = len(block) * 1000 // rate_hz if duration_ms is None else duration_ms
    return spectrum([block], rate_hz, known, SPECTROGRAM)


def test_two_tones_lie_in_their_rows():
    """1 kHz and 10 kHz make two lines where 1 and 10 kHz are, through file, child and grid."""
    sound = tone(1000, 2, RATE_HZ, peak=0.1) + tone(10_000, 2, RATE_HZ, peak=0.1)
    with real_file(wav(np.repeat(sound, 2, axis=1), RATE_HZ)) as file:
        found = measure_spectrum(file, 2000)
    assert (found.rate_hz, found.duration_ms, found.rows) == (RATE_HZ, 2000, SPECTROGRAM.rows)
    middle = found.grid()[:, found.columns // 2].astype(int)
    loudest = set(np.flatnonzero(middle > middle.max() - 8).tolist())
    for hz in (1000, 10_000):
        assert loudest & {row_of(hz) + by for by in (-1, 0, 1)}
    assert all(min(abs(row - row_of(hz)) for hz in (1000, 10_000)) <= 2 for row in loudest)


@pytest.mark.parametrize("hz", [500, 1000, 5512.5, 20_000])
@pytest.mark.parametrize("db", [-12, -40, -80])
def test_a_tone_has_its_level(hz, db):
    """A sine reads as many dB under full scale as it is, wherever it lies, within 1.6 dB."""
    found = measured(tone(hz, 1, RATE_HZ, peak=10 ** (db / 20)))
    middle = found.grid()[:, found.columns // 2]
    per_db = 255 / (SPECTROGRAM.ceiling_db - SPECTROGRAM.floor_db)
    assert middle.max() == pytest.approx(min(255, level(db)), abs=1.6 * per_db)


def test_time_runs_to_the_right():
    """What sounds in the second half of the time is seen in the right half alone."""
    sound = np.concatenate([np.zeros((RATE_HZ, 1)), tone(3000, 1, RATE_HZ)])
    line = measured(sound).grid()[row_of(3000)].astype(int)
    half = len(line) // 2
    assert line[: half - 30].max() == 0
    assert line[half + 30 :].min() > level(-20)


@pytest.mark.parametrize("channel", [0, 1])
def test_one_channel_is_enough_to_be_seen(channel):
    """A sound on one side alone is seen in every column, at half its power."""
    sound = np.zeros((RATE_HZ, 2))
    sound[:, channel] = tone(2000, 1, RATE_HZ, peak=0.1)[:, 0]
    seen = measured(sound).grid()[row_of(2000) - 1 : row_of(2000) + 2].max(axis=0)
    assert seen.min() == pytest.approx(level(-23), abs=5)
    assert seen.max() == pytest.approx(level(-23), abs=5)


def test_channels_against_each_other_do_not_cancel_out():
    """Left minus right is as visible as left plus right."""
    sound = tone(2000, 1, RATE_HZ, peak=0.1)
    against, together = measured(np.hstack([sound, -sound])), measured(np.hstack([sound, sound]))
    assert against.levels == together.levels


def test_silence_is_the_floor():
    """Nothing is drawn where nothing sounds."""
    assert set(measured(np.zeros((RATE_HZ, 2))).levels) == {0}


@pytest.mark.parametrize("frames", [1, 63, WINDOW - 1, WINDOW, WINDOW + 1, 5_000])
def test_the_shortest_sounds_have_a_spectrum(frames):
    """One sample is enough for a column; the grid is whole whatever the length."""
    found = measured(noise(frames, 1))
    assert found.columns >= 1
    assert len(found.levels) == found.columns * found.rows


@pytest.mark.parametrize("known_ms", [0, 1, 500, 2_000, 4_000_000])
def test_a_wrong_length_costs_detail_and_no_more(known_ms):
    """Whatever length a header claims, the tone is seen from the first column to the last."""
    found = measured(tone(3000, 2, RATE_HZ), duration_ms=known_ms)
    line = found.grid()[row_of(3000) - 1 : row_of(3000) + 2].max(axis=0)
    assert found.duration_ms == 2000
    assert line.min() > level(-30)


def test_blocks_make_no_difference():
    """The same sound in one block or in many uneven ones gives the same grid."""
    sound = noise(60_000, 2).astype(np.float32)
    edges = [0, 1, 700, 2_048, 2_049, 30_000, 59_999, 60_000]
    pieces = [sound[a:b] for a, b in itertools.pairwise(edges)]
    whole = spectrum([sound], RATE_HZ, 1360, SPECTROGRAM)
    assert spectrum(pieces, RATE_HZ, 1360, SPECTROGRAM) == whole


def test_memory_does_not_grow_with_the_length():
    """A sound a hundred times longer than was known is folded, and still ends where it ends."""
    block = tone(3000, 1, RATE_HZ).astype(np.float32)
    found = spectrum((block for _ in range(100)), RATE_HZ, 1000, SPECTROGRAM)
    assert (found.columns, found.duration_ms) == (SPECTROGRAM.columns, 100_000)
    assert found.grid()[row_of(3000) - 1 : row_of(3000) + 2].max(axis=0).min() > level(-30)


def test_a_chain_is_seen_to_its_end():
    """Where a chained Ogg goes on at another rate, so does its spectrum, at the first."""
    chain = vorbis(tone(3000, 1, RATE_HZ), RATE_HZ, 1) + vorbis(tone(3000, 1, 22_050), 22_050, 2)
    with real_file(chain) as file:
        found = measure_spectrum(file, 2000)
    assert (found.rate_hz, found.duration_ms) == (RATE_HZ, pytest.approx(2000, abs=20))
    line = found.grid()[row_of(3000)].astype(int)
    assert line[len(line) // 2 + 30 : -30].min() > level(-20)


def test_the_picture_has_its_lines_at_the_right_heights():
    """In the PNG the tone's pixels are the lightest of the plot, at the height of its frequency."""
    found = measured(tone(10_000, 2, RATE_HZ))
    picture = np.asarray(Image.open(io.BytesIO(spectrogram_png(found))).convert("L")).astype(int)
    rows, columns = SPECTROGRAM.rows, SPECTROGRAM.columns
    plot = picture[drawing.TOP : drawing.TOP + rows, drawing.LEFT : drawing.LEFT + columns]
    assert picture.shape == (
        rows + drawing.TOP + drawing.BOTTOM,
        columns + drawing.LEFT + drawing.RIGHT,
    )
    assert abs(int(np.argmax(plot[:, columns // 2])) - row_of(10_000)) <= 1


def test_the_axes_are_written():
    """Beside and below the plot there is ink, and the scale of levels runs from light to dark."""
    found = measured(tone(10_000, 2, RATE_HZ))
    picture = np.asarray(Image.open(io.BytesIO(spectrogram_png(found))).convert("L")).astype(int)
    paper = picture[0, 0]
    assert (picture[:, : drawing.LEFT] < paper - 80).any()
    assert (picture[-drawing.BOTTOM :] < paper - 80).any()
    scale = picture[drawing.TOP : -drawing.BOTTOM, drawing.LEFT + SPECTROGRAM.columns + 30]
    assert scale[0] > 200
    assert scale[-1] < 40
    assert (np.diff(scale) <= 0).all()


def test_the_same_levels_give_the_same_picture():
    """Drawing has no memory and no clock."""
    found = measured(noise(40_000))
    assert spectrogram_png(found) == spectrogram_png(found)


@pytest.mark.parametrize("rate_hz", [1, 2, 3_000_000])
def test_any_rate_can_be_drawn(rate_hz):
    """A header may claim any sample rate: the picture has its axes all the same."""
    with real_file(wav(noise(400), rate_hz)) as file:
        assert spectrogram_png(measure_spectrum(file, 1000))[:4] == b"\x89PNG"


def test_another_recipe_gives_another_size():
    """Rows and columns are the recipe's."""
    recipe = SpectrogramRecipe("small", columns=120, rows=64)
    found = spectrum([noise(400_000).astype(np.float32)], RATE_HZ, 9_000, recipe)
    assert found.grid().shape == (64, 120)
    Image.open(io.BytesIO(spectrogram_png(found, recipe))).verify()


@pytest.mark.parametrize("data", [b"", b"just text", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_sound_is_refused(data):
    """There is no picture of what nobody can decode."""
    with real_file(data) as file, pytest.raises(MalformedError):
        measure_spectrum(file, 1000)
