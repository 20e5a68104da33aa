"""The made-up label: complete, deterministic, well tagged, and honest about its rights."""

from __future__ import annotations

import tomllib
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest

from phonotheque.audio import read_facts
from phonotheque.demo.encode import Coding
from phonotheque.demo.label import NAME, Label, MadeTrack, make_label
from phonotheque.demo.mastering import CEILING, LOUDNESS_LUFS, loudness_lufs
from phonotheque.errors import ConflictError, DiskFailedError

SECONDS = 4.0


@pytest.fixture(scope="module")
def reports() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory, reports: list[tuple[int, int, str]]) -> Label:
    folder = tmp_path_factory.mktemp("label") / "music"
    return make_label(
        folder,
        seconds=SECONDS,
        on_track=lambda done, total, title: reports.append((done, total, title)),
    )


def tracks(label: Label) -> list[MadeTrack]:
    return [track for release in label.releases for track in release.tracks]


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Return (frames, 2) samples and the rate, as FFmpeg hears them."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", "stereo", stream.rate)
        heard = [r.to_ndarray() for f in container.decode(stream) for r in resampler.resample(f)]
        return np.concatenate(heard, axis=1).T, stream.rate


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_label_has_what_the_demo_shows(label: Label) -> None:
    """Three artists, five releases of different rights, twelve tracks or more, all formats."""
    assert len({release.artist for release in label.releases}) >= 3
    assert {release.licence for release in label.releases} == {
        "CC0-1.0",
        "CC-BY-4.0",
        "CC-BY-SA-4.0",
        "CC-BY-NC-SA-4.0",
        None,
    }
    assert len(tracks(label)) >= 12
    assert {track.coding for track in tracks(label)} == set(Coding)


def test_every_file_that_is_named_is_there_and_no_other(label: Label) -> None:
    """The value that is returned tells the whole of the folder."""
    named = {track.path for track in tracks(label)} | {"rights.toml", "about-this-label.txt"}
    for release in label.releases:
        named |= {f"{release.folder}/cover.png", f"{release.folder}/liner-notes.txt"}
    assert set(contents(label.folder)) == named
    assert all(name.isascii() for name in named)


def test_the_same_seed_gives_the_same_bytes(label: Label, tmp_path: Path) -> None:
    """Nothing in any file comes from a clock, a random serial number or an order of sets."""
    again = make_label(tmp_path / "again", seconds=SECONDS)
    assert again.releases == label.releases
    assert contents(again.folder) == contents(label.folder)


def test_progress_counts_every_track_once(
    label: Label, reports: list[tuple[int, int, str]]
) -> None:
    """`on_track` counts from 1 to the number of tracks and names each as it is done."""
    made = tracks(label)
    expected = [(done, len(made), track.title) for done, track in enumerate(made, 1)]
    assert reports == expected


def test_every_track_decodes_to_its_length_at_its_rate(label: Label) -> None:
    """Lossless and lossy files alike give back exactly the frames that went in."""
    for track in tracks(label):
        samples, rate_hz = decode(label.folder / track.path)
        assert rate_hz == track.coding.sample_rate_hz, track.path
        assert len(samples) == round(track.seconds * rate_hz), track.path


def test_every_track_is_loud_enough_and_clips_nowhere(label: Label) -> None:
    """Decoded sound stays under -1 dBFS, near the wanted loudness, centred, silent at its ends."""
    for track in tracks(label):
        samples, rate_hz = decode(label.folder / track.path)
        assert np.abs(samples).max() < 10 ** (-1 / 20), track.path
        assert abs(loudness_lufs(samples, rate_hz) - LOUDNESS_LUFS) < 1.5, track.path
        assert np.abs(samples.mean(axis=0)).max() < 1e-3, track.path
        assert np.abs(samples[[0, -1]]).max() < 0.01, track.path
        left, right = np.sqrt(np.mean(samples**2, axis=0))
        assert 0.7 < left / right < 1.4, track.path


def test_lossless_tracks_hold_the_ceiling(label: Label) -> None:
    """What is coded without loss is nowhere above the limiter's ceiling."""
    lossless = [t for t in tracks(label) if t.coding in (Coding.FLAC_16, Coding.FLAC_24)]
    assert lossless
    for track in lossless:
        samples, _ = decode(label.folder / track.path)
        assert np.abs(samples).max() <= CEILING + 1e-4, track.path


def test_one_track_has_24_bits(label: Label) -> None:
    """The label has a file of 24 bits at 48 kHz."""
    path = next(t.path for t in tracks(label) if t.coding is Coding.FLAC_24)
    info = mutagen.File(label.folder / path).info
    assert (info.bits_per_sample, info.sample_rate) == (24, 48000)


def test_our_reader_finds_every_tag(label: Label) -> None:
    """All formats carry title, artists, album, numbers, date, genre, label and catalogue number."""
    for release in label.releases:
        for number, track in enumerate(release.tracks, 1):
            with (label.folder / track.path).open("rb") as file:
                tags = read_facts(file).tags
            assert tags.title == track.title
            assert tags.artists == (release.artist,)
            assert tags.album == release.title
            assert tags.album_artists == (release.artist,)
            assert (tags.track_number, tags.track_total) == (number, len(release.tracks))
            assert tags.date is not None
            assert tags.date.startswith("20")
            assert len(tags.genres) == 1
            assert (tags.label, tags.catalogue_number) == (NAME, release.catalogue_number)
            assert tags.comments == ()


def test_some_tracks_have_an_isrc_and_some_have_not(label: Label) -> None:
    """Codes are there to be found, are never used twice, and cannot belong to anybody."""
    codes = []
    for track in tracks(label):
        with (label.folder / track.path).open("rb") as file:
            codes += read_facts(file).tags.isrcs
    assert 0 < len(codes) < len(tracks(label))
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 12 and code.startswith("XXKNC") for code in codes)


def test_licence_tags_agree_with_the_rules_where_there_are_rules(label: Label) -> None:
    """A release with evidence names its licence in its files; the one without has a bare claim."""
    for release in label.releases:
        claims = set()
        for track in release.tracks:
            with (label.folder / track.path).open("rb") as file:
                claims.add(read_facts(file).tags.licence)
        if release.licence is None:
            assert claims == {None, "https://creativecommons.org/licenses/by/4.0/"}
        else:
            (claim,) = claims
            assert claim is not None
            assert claim.startswith("https://creativecommons.org/")


def test_the_rules_cover_each_release_with_evidence_and_no_other(label: Label) -> None:
    """`rights.toml` is TOML, and its rules are one to one with the releases that have a licence."""
    rules = tomllib.loads((label.folder / "rights.toml").read_text("utf-8"))["rule"]
    stated = {rule["match"]: (rule["licence"], rule["holder"]) for rule in rules}
    assert stated == {
        f"{release.folder}/**": (release.licence, release.artist)
        for release in label.releases
        if release.licence is not None
    }
    assert all(rule["evidence"] for rule in rules)


def test_another_seed_gives_other_music_under_the_same_names(label: Label, tmp_path: Path) -> None:
    """A seed changes the tunes and sleeves, not the catalogue."""
    other = make_label(tmp_path / "other", seed=2, seconds=1.0)
    ours, theirs = contents(label.folder), contents(other.folder)
    assert set(ours) == set(theirs)
    assert all(ours[t.path] != theirs[t.path] for t in tracks(label))
    assert ours["rights.toml"] == theirs["rights.toml"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """The label never mixes with files that are there already."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConflictError):
        make_label(tmp_path, seconds=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_be_a_folder_is_refused_in_our_words(tmp_path: Path) -> None:
    """What the operating system refuses comes out as an error of ours."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskFailedError):
        make_label(tmp_path / "file" / "label", seconds=1.0)
