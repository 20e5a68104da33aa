"""Copies to listen to: as long as their original, as loud as they say, and always the same."""

import hashlib
import io
import os
import struct

import av
import numpy as np
import pytest
from mutagen.oggopus import OggOpus
from tests.derive.sounds import (
    decoded,
    flac_in_layout,
    noise,
    real_file,
    tone,
    vorbis,
    wav,
    whole,
)

from phonotheque.audio.isolate import run_limited
from phonotheque.audio.sandbox import Limits
from phonotheque.derive import opus
from phonotheque.derive.opus import Original, encode_copy, encoder_version
from phonotheque.derive.recipes import COPY, FINE_COPY, PREVIEW, CopyRecipe
from phonotheque.errors import DiskFailedError, MalformedError
from phonotheque.music.facts import Tags

QUICK = CopyRecipe("quick", 75_000, complexity=0)
NAME = hashlib.sha256(b"original").hexdigest()


def original(data: bytes, **known) -> Original:
    samples, rate_hz = decoded(data)
    duration_ms = len(samples) * 1000 // rate_hz
    return Original(NAME, **{"duration_ms": duration_ms, "channels": samples.shape[1], **known})


def copy_of(data: bytes, recipe=QUICK, **known):
    with real_file(data) as source, real_file() as target:
        made = encode_copy(source, target, original(data, **known), recipe)
        return made, whole(target)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 311, 312, 313, 959, 960, 961, 47_999, 48_000, 100_003])
def test_a_copy_is_as_long_as_its_original(frames, channels):
    """At Opus's own rate the copy has exactly the samples of the original, however many."""
    made, copy = copy_of(wav(noise(frames, channels), 48_000))
    samples, rate_hz = decoded(copy)
    assert (len(samples), rate_hz, samples.shape[1]) == (frames, 48_000, channels)
    assert (made.samples, made.channels) == (frames, channels)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 88_200, 96_000])
def test_a_copy_at_another_rate_is_as_long_to_the_millisecond(rate_hz):
    """Bringing sound to 48 kHz changes its length by less than a sample of either rate."""
    frames = rate_hz + 1_237
    _, copy = copy_of(wav(noise(frames), rate_hz))
    assert abs(len(decoded(copy)[0]) / 48_000 - frames / rate_hz) <= 1 / min(rate_hz, 48_000)


def test_two_decoders_agree_on_the_length():
    """FFmpeg cuts what the codec adds at both ends just as libsndfile does."""
    _, copy = copy_of(wav(noise(48_000 + 77), 48_000))
    with av.open(io.BytesIO(copy)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 48_000 + 77


def test_a_copy_begins_where_its_original_does():
    """The sound of the copy lies on that of the original and not a sample beside it."""
    sound = noise(24_000, 1, peak=0.5)
    _, copy = copy_of(wav(sound, 48_000), CopyRecipe("fine", 256_000, complexity=0))
    heard = decoded(copy)[0][:, 0]
    spectra = np.fft.rfft(heard) * np.conj(np.fft.rfft(sound[:, 0]))
    assert int(np.argmax(np.fft.irfft(spectra))) == 0


@pytest.mark.parametrize("lufs", [-14.0, -23.0, -31.37, 3.0])
def test_the_gain_is_what_the_loudness_lacks(lufs):
    """R128_TRACK_GAIN brings the measured loudness to -23 LUFS in steps of 1/256 dB."""
    _, copy = copy_of(wav(tone(1000, 0.2, 48_000), 48_000), loudness_lufs=lufs)
    (gain,) = OggOpus(io.BytesIO(copy))["R128_TRACK_GAIN"]
    assert abs(lufs + int(gain) / 256 - -23.0) <= 1 / 512


def test_the_header_changes_no_level():
    """The output gain of the header is 0: players apply the tag, decoders nothing."""
    _, copy = copy_of(wav(tone(1000, 0.2, 48_000), 48_000), loudness_lufs=-10.0)
    head = copy[copy.index(b"OpusHead") :]
    version, channels, _skip, _rate, gain = struct.unpack_from("<BBHIh", head, 8)
    assert (version, channels, gain) == (1, 1, 0)


def test_silence_has_no_gain():
    """What has no loudness gets no gain, rather than one of 47 dB."""
    _, copy = copy_of(wav(np.zeros((4_800, 2)), 48_000), loudness_lufs=None)
    assert "R128_TRACK_GAIN" not in OggOpus(io.BytesIO(copy))


def test_a_mix_of_six_channels_says_how_loud_the_mix_is():
    """Of more than two channels two are made, never above full scale, and it is their loudness
    that stands in the gain: the original's would be another sound's."""
    sound = np.repeat(tone(1000, 2.0, 48_000, peak=0.9), 6, axis=1)
    data = flac_in_layout(sound, 48_000, "5.1")
    made, copy = copy_of(data, loudness_lufs=-3.0)
    samples, _ = decoded(copy)
    assert samples.shape[1] == 2
    assert np.abs(samples).max() <= 1.0
    # A sine of peak p in both channels: 20 log10(p) - 0.69 (BS.1770) + 0.69 (its mean at 1 kHz).
    peak = np.percentile(np.abs(samples), 99)
    assert made.loudness_lufs == pytest.approx(20 * np.log10(peak), abs=0.3)
    (gain,) = OggOpus(io.BytesIO(copy))["R128_TRACK_GAIN"]
    assert int(gain) == round((-23 - made.loudness_lufs) * 256)


def test_eight_planar_channels_come_through():
    """7.1, on whose planes PyAV crashes, is mixed down like any other."""
    sound = np.repeat(tone(440, 0.5, 48_000), 8, axis=1)
    made, _ = copy_of(flac_in_layout(sound, 48_000, "7.1"))
    assert (made.samples, made.channels) == (24_000, 2)


def test_a_copy_says_what_it_is_of():
    """The original's tags, its name and the encoder with its version stand in the copy."""
    tags = Tags(
        title="Ebbe",
        artists=("Ä", "B"),
        album="Flut",
        track_number=3,
        isrcs=("DEZ650700001",),
        musicbrainz=(("recording", "r-1"), ("artist", "a-1"), ("artist", "a-2")),
        licence="https://creativecommons.org/licenses/by/4.0/",
    )
    _, copy = copy_of(wav(tone(440, 0.1, 48_000), 48_000), tags=tags)
    said = dict(OggOpus(io.BytesIO(copy)))
    assert said == {
        "title": ["Ebbe"],
        "artist": ["Ä; B"],
        "album": ["Flut"],
        "tracknumber": ["3"],
        "isrc": ["DEZ650700001"],
        "license": ["https://creativecommons.org/licenses/by/4.0/"],
        "musicbrainz_trackid": ["r-1"],
        "musicbrainz_artistid": ["a-1; a-2"],
        "source_sha256": [NAME],
        "encoder": [encoder_version()],
    }
    assert encoder_version().startswith("libopus 1.")


def test_the_same_recipe_gives_the_same_copy():
    """Two runs give equal bytes, serial number included; another original gives another number."""
    data = wav(noise(30_000), 44_100)
    (_, first), (_, second) = copy_of(data), copy_of(data)
    assert first == second
    assert first[14:18] == (int(NAME[:8], 16) >> 1 | 1).to_bytes(4, "little")


@pytest.mark.parametrize(("recipe", "channels"), [(COPY, 2), (FINE_COPY, 2), (COPY, 1)])
def test_a_copy_is_about_as_large_as_its_recipe_says(recipe, channels):
    """The bit rate varies with the music around the aim; one channel gets two thirds of it."""
    seconds = 8
    data = wav(noise(seconds * 48_000, channels, peak=0.1), 48_000)
    _, copy = copy_of(data, recipe)
    assert len(copy) * 8 / seconds == pytest.approx(recipe.bit_rate_for(channels), rel=0.35)
    assert COPY.bit_rate_for(1) == 50_000


def test_a_preview_is_the_second_third_of_a_short_piece():
    """A preview lasts as long as its rule says, and rises from silence and falls back to it."""
    data = wav(tone(1000, 6.0, 48_000), 48_000)
    made, copy = copy_of(data, PREVIEW)
    samples, _ = decoded(copy)
    assert made.samples == len(samples) == 2 * 48_000
    edge, middle = np.abs(samples[:100]).max(), np.abs(samples[40_000:48_000]).max()
    assert edge < 0.01
    assert np.abs(samples[-100:]).max() < 0.01
    assert middle == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("data", [b"", b"no music", b"#EXTM3U\nhttp://localhost/\n", b"fLaC" * 9])
def test_what_is_no_sound_is_refused_with_a_type(data):
    """Text, playlists and headers without sound end in one error that names what is wrong."""
    with real_file(data) as source, real_file() as target, pytest.raises(MalformedError):
        encode_copy(source, target, Original(NAME, 1000), QUICK)


def test_a_file_that_breaks_off_gives_a_copy_of_what_is_there():
    """Damage in the middle costs what cannot be decoded, not the copy."""
    data = flac_in_layout(noise(96_000, peak=0.1), 48_000, "stereo")
    with real_file(data[: len(data) // 2]) as source, real_file() as target:
        made = encode_copy(source, target, Original(NAME, 2000), QUICK)
    assert 24_000 < made.samples < 72_000


def test_a_chain_is_copied_to_its_end():
    """Where a chained Ogg goes on at another rate with other channels, its copy goes on, too."""
    chain = vorbis(noise(44_100), 44_100, 1) + vorbis(noise(44_100, 1), 22_050, 2)
    chain += vorbis(noise(24_000), 48_000, 3)
    with real_file(chain) as source, real_file() as target:
        made = encode_copy(source, target, Original(NAME, 3500), QUICK)
        samples, _ = decoded(whole(target))
    assert made.samples == len(samples) == pytest.approx(3.5 * 48_000, abs=48)
    for second in range(3):  # sound from end to end
        assert np.abs(samples[second * 48_000 : second * 48_000 + 4_800]).max() > 0.1


@pytest.mark.parametrize("rate_hz", [1, 2, 7])
def test_a_rate_that_cannot_be_raised_is_refused(rate_hz):
    """Of sound with a few samples a second no empty copy is made: it is refused with a type."""
    data, known = wav(noise(4_000), rate_hz), Original(NAME, 4_000_000 // rate_hz)
    with real_file(data) as source, real_file() as target, pytest.raises(MalformedError):
        encode_copy(source, target, known, QUICK)


def test_a_child_writes_no_more_than_it_was_allowed(monkeypatch):
    """A recording that is far longer than was known fills no disk: it ends in a typed error."""
    monkeypatch.setattr(opus, "_FILE_BYTES_LEAST", 1_000)
    data = wav(noise(96_000), 48_000)
    with real_file(data) as source, real_file() as target:
        with pytest.raises(DiskFailedError):
            encode_copy(source, target, Original(NAME, 0), QUICK)
        assert os.fstat(target.fileno()).st_size <= 1_000


def write_through(descriptor: int) -> int:
    try:
        return os.write(descriptor, b"twelve bytes")
    except OSError as error:
        return -(error.errno or 1)


@pytest.mark.parametrize(("allowed", "written"), [(0, False), (12, True), (8, True)])
def test_a_file_may_grow_as_far_as_its_limit(allowed, written):
    """Without an allowance a child writes to no file; with one, not a byte beyond it."""
    with real_file() as target:
        handed = (target.fileno(),)
        limits = Limits(file_bytes=allowed)
        outcome = run_limited(write_through, *handed, limits=limits, descriptors=handed)
        assert outcome.failure == ""
        assert os.fstat(target.fileno()).st_size == (min(12, allowed) if written else 0)
