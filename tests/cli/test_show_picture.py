"""`phono show ID --picture FILE`: how a recording sounds, to be looked at."""

import io

import numpy as np
import pytest
import soundfile
from PIL import Image
from tests.cli.phono import copy_archive, damage, flip, found

from phonotheque.archive.opening import open_to_read
from phonotheque.archive.recordings.derivatives import (
    hear,
    open_copy,
    open_spectrogram,
    open_thumbnail,
)
from phonotheque.archive.recordings.drawing import draw_into
from phonotheque.archive.reference import resolve_object
from phonotheque.derive.derivative import Origin
from phonotheque.derive.recipes import COPIES, COPY, PREVIEW, THUMBNAILS
from phonotheque.errors import DigestMismatchError, MalformedError, NotHeldError

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def sung(tmp_path_factory):
    """Made once: an archive with a recording of three seconds, quiet on the left, loud on the
    right, and its cover; and the names of both."""
    root = tmp_path_factory.mktemp("sung")
    folder = root / "song"
    folder.mkdir()
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    left, right = 0.1 * np.sin(2765 * time_s), 0.5 * np.sin(6911 * time_s)
    soundfile.write(folder / "song.wav", np.stack([left, right], axis=1), RATE_HZ, "PCM_16")
    Image.new("RGB", (300, 300), (190, 60, 40)).save(folder / "cover.png")
    phono = found(root / "archive")
    told = phono.add(folder)
    return phono.root, {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def phono(sung, tmp_path, monkeypatch):
    """A copy of the archive."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(sung[0], tmp_path / "archive")


@pytest.fixture
def song(sung):
    """The names of what it holds."""
    return sung[1]


def held_in(archive, name):
    return resolve_object(archive.index, name)


@pytest.mark.parametrize(
    ("of", "form"), [("waveform", "svg"), ("waveform", "png"), ("spectrogram", "png")]
)
def test_a_picture_is_drawn(phono, song, tmp_path, of, form):
    """The file holds the picture that was asked for, and what it shows is said in a sentence."""
    file = tmp_path / f"picture.{form}"
    done = phono("show", song["song.wav"], "--picture", file, "--of", of, "--json").expect(0).one()
    assert done["sha256"] == song["song.wav"]
    assert (done["picture"], done["of"]) == (str(file), of)
    assert done["shows"].startswith(f"{of.capitalize()}, 3 seconds")
    data = file.read_bytes()
    if form == "svg":
        assert data.startswith(b"<svg ")
        assert done["shows"].encode() in data
    else:
        Image.open(io.BytesIO(data)).verify()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_the_picture_is_the_sound(phono, song, tmp_path):
    """What is loud on the right is drawn below the line, in the colour of the cover."""
    file = tmp_path / "wave.png"
    phono("show", song["song.wav"], "--picture", file).expect(0)
    picture = np.asarray(Image.open(file).convert("RGB")).astype(int)
    band = picture[0, 0]
    inked = (np.abs(picture - band).max(axis=2) > 40)[36:356, 48:-48]
    above, below = inked[:160].sum(), inked[160:].sum()
    assert below > 4 * above
    assert band[0] > band[2]  # a red cover gives a warm ground


def test_a_picture_that_is_there_is_replaced(phono, song, tmp_path):
    """Drawing again gives the same picture in the same place."""
    file = tmp_path / "wave.svg"
    file.write_bytes(b"an older picture")
    phono("show", song["song.wav"], "--picture", file).expect(0)
    first = file.read_bytes()
    phono("show", song["song.wav"], "--picture", file).expect(0)
    assert file.read_bytes() == first != b"an older picture"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("wave.jpg", (), ".svg or .png"),
        ("wave", (), ".svg or .png"),
        ("lines.svg", ("--of", "spectrogram"), "Use .png"),
    ],
)
def test_an_ending_that_cannot_be_meant_is_refused(phono, song, tmp_path, name, options, words):
    """The ending names the form; nothing is guessed, nothing is written."""
    done = phono("show", song["song.wav"], "--picture", tmp_path / name, *options).expect(2)
    assert words in done.err
    assert not (tmp_path / name).exists()


def test_nothing_is_drawn_into_the_archive(phono, song):
    """A picture never lands among the objects."""
    file = phono.root / "objects" / "wave.svg"
    assert "inside the archive" in phono("show", song["song.wav"], "--picture", file).expect(2).err
    assert not file.exists()


def test_a_cover_has_no_waveform(phono, song, tmp_path):
    """What is no recording is refused with the reason."""
    file = tmp_path / "wave.svg"
    assert "no recording" in phono("show", song["cover.png"], "--picture", file).expect(2).err


def test_a_place_that_cannot_be_written_is_told(phono, song, tmp_path):
    """A folder that is not there is named; no half picture is left."""
    file = tmp_path / "nowhere" / "wave.svg"
    assert "nowhere" in phono("show", song["song.wav"], "--picture", file).expect(2).err


@pytest.mark.parametrize("of", ["waveform", "spectrogram"])
def test_what_no_decoder_reads_has_no_picture(phono, tmp_path, of):
    """An unreadable recording is told as such, with a type."""
    (tmp_path / "bad.ogg").write_bytes(b"OggS no more")
    name = phono.add(tmp_path / "bad.ogg", status=1)["bad.ogg"]["sha256"]
    phono("show", name, "--picture", tmp_path / "wave.png", "--of", of).expect(4)
    assert not (tmp_path / "wave.png").exists()


def test_what_was_measured_is_shown(phono, song):
    """People read sentences with units; programs get the structs as the register has them."""
    shown = phono.show(song["song.wav"])
    assert shown["sound"]["decoded_ms"] == 3000
    assert shown["integrity"] is None or shown["integrity"]["verdict"] in ("whole", "unknown")
    out = phono("show", song["song.wav"]).expect(0).out
    for words in ("length: 0:03.000", "LUFS", "peak: -6.0 dBFS", "clipping: none", "payload: "):
        assert words in out
    assert "decoded_ms" not in out


def test_a_companion_has_no_sound(phono, song):
    """Nothing is said of the sound of a picture."""
    shown = phono.show(song["cover.png"])
    assert (shown["integrity"], shown["sound"]) == (None, None)


def test_a_copy_is_made_once_and_kept(phono, song):
    """An access copy is as long as its master, says how loud it is, and is made once."""
    with open_to_read(phono.root) as archive:
        held = held_in(archive, song["song.wav"])
        with open_copy(archive, held) as kept:
            samples, rate_hz = soundfile.read(io.BytesIO(kept.file.read()), always_2d=True)
            assert kept.origin is Origin.MADE
            assert kept.record.facts["duration_ms"] == held.sound.decoded_ms
            assert kept.record.facts["loudness_lufs"] == held.sound.loudness.integrated_lufs
        assert abs(len(samples) * 1000 / rate_hz - held.sound.decoded_ms) <= 1
        with open_copy(archive, held) as kept:
            assert kept.origin is Origin.KEPT
        with open_copy(archive, held, PREVIEW) as kept:
            assert kept.record.facts["duration_ms"] == 1000


def test_a_thumbnail_has_the_hue_of_its_cover(phono, song):
    """The cover's thumbnail is kept with its size and its hue: that of rust."""
    with open_to_read(phono.root) as archive:
        held = held_in(archive, song["cover.png"])
        with open_thumbnail(archive, held, THUMBNAILS[250]) as kept:
            assert kept.record.facts == {"width": 250, "height": 250, "hue": 2}
            assert kept.file.read(2) == b"\xff\xd8"
        recording = held_in(archive, song["song.wav"])
        with pytest.raises(MalformedError):
            open_thumbnail(archive, recording, THUMBNAILS[250])


def test_the_room_for_copies_is_a_setting(phono, song):
    """With `copies.max_bytes` at 0 nothing is kept longer than somebody reads it."""
    settings = phono.root / "phonotheque.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[copies]", "[copies]\nmax_bytes = 0"), encoding="utf-8")
    with open_to_read(phono.root) as archive:
        held = held_in(archive, song["song.wav"])
        for _ in range(2):
            with open_spectrogram(archive, held) as kept:
                assert kept.origin is Origin.MADE
            with open_copy(archive, held) as kept:  # makes room by taking the picture's
                assert kept.origin is Origin.MADE


def test_nothing_is_made_of_a_damaged_master(phono, song, tmp_path):
    """A copy is never made of bytes that are not what their name says."""
    damage(phono.object(song["song.wav"]), flip(2_000))
    with open_to_read(phono.root) as archive:
        held = held_in(archive, song["song.wav"])
        for recipe in COPIES.values():
            with pytest.raises(DigestMismatchError):
                open_copy(archive, held, recipe)
        with pytest.raises(DigestMismatchError):
            open_spectrogram(archive, held)


def test_nothing_is_made_of_a_lost_master(phono, song):
    """An object that is not there is told as not held."""
    phono.object(song["song.wav"]).unlink()
    with open_to_read(phono.root) as archive, pytest.raises(NotHeldError):
        open_copy(archive, held_in(archive, song["song.wav"]), COPY)


def test_what_the_index_lacks_is_measured_on_the_spot(phono, song, tmp_path):
    """Objects that were taken in before waveforms were kept can be drawn all the same."""
    import dataclasses

    with open_to_read(phono.root) as archive:
        held = held_in(archive, song["song.wav"])
        known = hear(archive, held)
        older = dataclasses.replace(held, sound=None)
        assert hear(archive, older) == known
        said = draw_into(archive, older, tmp_path / "wave.svg", is_spectrogram=False)
        assert said.startswith("Waveform, 3 seconds")
