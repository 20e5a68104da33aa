"""A small record label that never was: music, sleeves, notes and rights, made out of nothing.

What a netlabel would hand in: a folder for each release, its files tagged, its cover beside them,
and one `rights.toml` that says what may be done and on what evidence. The way of one track: a plan
(`plans`) is composed (`score`), played (`synth`), brought to one loudness (`mastering`) and coded
with its tags (`encode`).

Laws: the same seed gives the same music, pictures and texts; names, artists and codes are invented.

Not here: taking the label into an archive (`phonotheque.cli.demo`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phonotheque.demo.covers import draw_cover
from phonotheque.demo.encode import Coding, encode
from phonotheque.demo.mastering import mastered
from phonotheque.demo.plans import PLANS, Plan, file_name
from phonotheque.demo.score import compose
from phonotheque.demo.sheet import encode_png
from phonotheque.demo.synth import render
from phonotheque.demo.texts import about, liner_notes, rights_text, tags
from phonotheque.disk import refusal
from phonotheque.errors import ConflictError

NAME = "Kettle & Comet"
"""The label's name, in tags and texts."""


@dataclass(frozen=True, slots=True)
class MadeTrack:
    """A track that was made. `path` is relative to the label's folder, with forward slashes."""

    title: str
    artist: str
    path: str
    coding: Coding
    seconds: float


@dataclass(frozen=True, slots=True)
class MadeRelease:
    """A release that was made.

    Attributes:
        licence: SPDX identifier that `rights.toml` states, None where there is no evidence.
        folder: Name of its folder in the label's folder.
    """

    artist: str
    title: str
    catalogue_number: str
    licence: str | None
    folder: str
    tracks: tuple[MadeTrack, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """All that `make_label` made."""

    folder: Path
    releases: tuple[MadeRelease, ...]


def make_label(
    folder: Path,
    *,
    seed: int = 1,
    on_track: Callable[[int, int, str], None] | None = None,
    seconds: float | None = None,
) -> Label:
    """Make the label in a new or empty folder.

    Args:
        seed: 0 or more; another seed gives other tunes, the releases keep their names.
        on_track: Called after each track with how many are made, of how many, and its title.
        seconds: Longest length of a track, 0.5 or more, for trials; None leaves 25 to 31 s.

    Raises:
        ConflictError: There is something in the folder.
        DiskFullError: No room is left.
        DiskFailedError: The folder cannot be written.

    Cost: about 11 s of CPU, of which MP3 is 3, and 16 MB of disk.
    """
    releases: list[MadeRelease] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConflictError(
                str(folder), "the folder is not empty", "Give a new folder for the made-up label."
            )
        total = sum(len(plan.takes) for plan in PLANS)
        for number, plan in enumerate(PLANS):
            done = sum(len(release.tracks) for release in releases)
            step = None if on_track is None else _counting(on_track, done, total)
            releases.append(_make_release(folder, plan, (seed, number), seconds, step))
        _write(folder / "rights.toml", rights_text(NAME, PLANS))
        _write(folder / "about-this-label.txt", about(NAME))
    except OSError as error:
        raise refusal(str(folder), error) from error
    return Label(folder, tuple(releases))


def _counting(
    on_track: Callable[[int, int, str], None], done: int, total: int
) -> Callable[[int, str], None]:
    """Return a report that counts on from the tracks of earlier releases."""
    return lambda number, title: on_track(done + number, total, title)


def _make_release(
    label: Path,
    plan: Plan,
    seed: tuple[int, int],
    seconds: float | None,
    on_made: Callable[[int, str], None] | None,
) -> MadeRelease:
    """Make the files of one release."""
    folder = label / plan.folder
    folder.mkdir()
    tracks = []
    for number, take in enumerate(plan.takes, 1):
        length_s = take.seconds if seconds is None else min(seconds, take.seconds)
        piece = compose(take.sketch, length_s, (*seed, number))
        rate_hz = take.coding.sample_rate_hz
        samples = mastered(render(piece, rate_hz, (*seed, number)), rate_hz)
        name = f"{number:02} {file_name(take.title)}{take.coding.suffix}"
        encode(folder / name, samples, take.coding, tags(NAME, plan, number))
        path = f"{plan.folder}/{name}"
        tracks.append(MadeTrack(take.title, plan.artist, path, take.coding, length_s))
        if on_made is not None:
            on_made(number, take.title)
    (folder / "cover.png").write_bytes(encode_png(draw_cover(plan.design, seed)))
    _write(folder / "liner-notes.txt", liner_notes(NAME, plan))
    return MadeRelease(
        plan.artist, plan.title, plan.catalogue_number, plan.licence, plan.folder, tuple(tracks)
    )


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
