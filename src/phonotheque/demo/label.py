"""A small record label that never was: music, sleeves, notes and rights, made out of nothing.

What a netlabel would hand in: a folder for each release, its files tagged, its cover beside them,
and one `rights.toml` that says what may be done and on what evidence. One release has no evidence,
and one of its files even claims a licence: an archive has to keep it and share nothing of it.

Laws: the same seed gives the same music, pictures and texts; names, artists and codes are invented.

Not here: taking the label into an archive (`phonotheque.demo`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phonotheque.demo.covers import Design, draw_cover, encode_png
from phonotheque.demo.encode import Coding, WrittenTags, encode, mastered
from phonotheque.demo.score import Manner, Sketch, compose
from phonotheque.demo.synth import render
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


@dataclass(frozen=True, slots=True)
class _Take:
    """A track to be made. `claims` is a licence written into the tags only."""

    title: str
    coding: Coding
    seconds: float
    sketch: Sketch
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A release to be made."""

    artist: str
    title: str
    catalogue_number: str
    date: str
    genre: str
    licence: str | None
    design: Design
    notes: str
    takes: tuple[_Take, ...]

    @property
    def folder(self) -> str:
        return _file_name(f"{self.artist} - {self.title}")


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

    Cost: about 15 s of CPU and 16 MB of disk.
    """
    releases: list[MadeRelease] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConflictError(
                str(folder), "the folder is not empty", "Give a new folder for the made-up label."
            )
        total = sum(len(plan.takes) for plan in _PLANS)
        for number, plan in enumerate(_PLANS):
            done = sum(len(release.tracks) for release in releases)
            step = None if on_track is None else _counting(on_track, done, total)
            releases.append(_make_release(folder, plan, (seed, number), seconds, step))
        _write(folder / "rights.toml", _rights_text())
        _write(folder / "about-this-label.txt", _ABOUT)
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
    plan: _Plan,
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
        name = f"{number:02} {_file_name(take.title)}{take.coding.suffix}"
        encode(folder / name, samples, take.coding, _tags(plan, number))
        path = f"{plan.folder}/{name}"
        tracks.append(MadeTrack(take.title, plan.artist, path, take.coding, length_s))
        if on_made is not None:
            on_made(number, take.title)
    (folder / "cover.png").write_bytes(encode_png(draw_cover(plan.design, seed)))
    _write(folder / "liner-notes.txt", _liner_notes(plan))
    return MadeRelease(
        plan.artist, plan.title, plan.catalogue_number, plan.licence, plan.folder, tuple(tracks)
    )


def _tags(plan: _Plan, number: int) -> WrittenTags:
    """Return what is written into a track's file: ISRCs only where somebody cared to register."""
    take = plan.takes[number - 1]
    licence = take.claims or (_LICENCE_URLS[plan.licence] if plan.licence else None)
    # XX is user-assigned in ISO 3166-1: no registrant can ever be given these codes (ISO 3901)
    isrc = f"XXKNC{plan.date[2:4]}{int(plan.catalogue_number[-3:]):03}{number:02}"
    return WrittenTags(
        title=take.title,
        artist=plan.artist,
        album=plan.title,
        album_artist=plan.artist,
        track_number=number,
        track_total=len(plan.takes),
        date=plan.date,
        genre=plan.genre,
        label=NAME,
        catalogue_number=plan.catalogue_number,
        isrc=isrc if plan.licence and number != 2 else None,
        licence=licence,
    )


def _file_name(text: str) -> str:
    """Return a name that every file system spells alike: ASCII, no signs with a meaning."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(sign for sign in plain if sign.isalnum() or sign in " -&,'")


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _rights_text() -> str:
    """Return `rights.toml`: one rule for each release that has evidence."""
    text = f"# What may be done with the recordings of {NAME}, and on what evidence.\n"
    for plan in _PLANS:
        if plan.licence is None:
            continue
        evidence = (
            f"Letter from {plan.artist} to {NAME}, {plan.date}: "
            f'"{plan.title}" ({plan.catalogue_number}) is released under {plan.licence}.'
        )
        # a JSON string is also a basic string of TOML 1.0
        rule = {
            "match": f"{plan.folder}/**",
            "licence": plan.licence,
            "evidence": evidence,
            "holder": plan.artist,
        }
        lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rule.items())
        text += "\n[[rule]]\n" + "\n".join(lines) + "\n"
    return text


def _liner_notes(plan: _Plan) -> str:
    """Return the text that lies in the sleeve."""
    terms = (
        f"Licence: {plan.licence}, {_LICENCE_URLS[plan.licence]}"
        if plan.licence
        else "We have lost the artists' address, and with it their answer about rights."
    )
    listed = [f"{number}. {take.title}" for number, take in enumerate(plan.takes, 1)]
    head = f"{plan.title}\n{plan.artist}\n{NAME} {plan.catalogue_number}, {plan.date}"
    return "\n\n".join((head, "\n".join(listed), plan.notes, terms)) + "\n"


_ABOUT = f"""{NAME} is a label that never was.

Its artists, releases, letters and codes are invented, and a program played its music, so that
Phonotheque can be tried without anybody's recordings. Every sound was computed from a seed.
"""

_LICENCE_URLS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
}

_PLANS = (
    _Plan(
        "Odile Marrow",
        "Harbour at Rest",
        "KNC-001",
        "2021-03-19",
        "Ambient",
        "CC0-1.0",
        Design.HARBOUR,
        "Three evenings at the same quay. Play it quietly, with a window open.",
        (
            _Take(
                "Low Water, Early",
                Coding.FLAC_24,
                30,
                Sketch(Manner.TIDE, 46, "D major", "Dmaj9 Bm9 Gmaj9 A6"),
            ),
            _Take(
                "Moorings",
                Coding.FLAC_16,
                28,
                Sketch(Manner.TIDE, 50, "A minor", "Am9 Fmaj9 Cadd9 Em7", colour=1),
            ),
            _Take(
                "What the Buoys Say",
                Coding.FLAC_16,
                31,
                Sketch(Manner.TIDE, 44, "Eb major", "Ebmaj9 Cm9 Abmaj9 Bb6"),
            ),
        ),
    ),
    _Plan(
        "Gantry Nine",
        "Warm Machinery",
        "KNC-002",
        "2022-06-03",
        "House",
        "CC-BY-4.0",
        Design.MACHINERY,
        "Recorded in a workshop after hours. All rhythms by the machines, all rests by us.",
        (
            _Take(
                "Belt Drive",
                Coding.MP3,
                27,
                Sketch(Manner.HOUSE, 118, "C major", "Dm9 G9 Cmaj9 Am7"),
            ),
            _Take(
                "Café, After Closing",
                Coding.MP3,
                28,
                Sketch(Manner.HOUSE, 112, "C major", "Fmaj9 Em7 Dm9 Cmaj9", colour=1),
            ),
            _Take(
                "Seven Grams of Oil",
                Coding.MP3,
                26,
                Sketch(Manner.HOUSE, 121, "A minor", "Am9 Dm9 Fmaj7 Em7"),
            ),
        ),
    ),
    _Plan(
        "The Clockwork Tea Room",
        "Waltzes for a Quiet Drawer",
        "KNC-003",
        "2023-11-24",
        "Music Box",
        "CC-BY-NC-SA-4.0",
        Design.DRAWER,
        "Each waltz lasts as long as one turn of the spring, and slows down as the spring does.",
        (
            _Take(
                "The Drawer Opens",
                Coding.VORBIS,
                26,
                Sketch(Manner.WALTZ, 132, "F major", "F Dm Gm7 C7 Am7 Dm Gm7 C7"),
            ),
            _Take(
                "Waltz for a Missing Key",
                Coding.VORBIS,
                28,
                Sketch(Manner.WALTZ, 120, "D minor", "Dm Gm7 C Fmaj7 Bbmaj7 Gm7 Am7 Dm", colour=1),
            ),
            _Take(
                "Two Spoons, One Cup",
                Coding.VORBIS,
                25,
                Sketch(Manner.WALTZ, 144, "G major", "G Em Cadd9 D7 G Em Am7 D7"),
            ),
        ),
    ),
    _Plan(
        "Odile Marrow & Gantry Nine",
        "Slow Ferry",
        "KNC-004",
        "2024-05-17",
        "Downtempo",
        "CC-BY-SA-4.0",
        Design.FERRY,
        "Made on the night boat, he below with the engines, she above with the weather.",
        (
            _Take(
                "Car Deck",
                Coding.OPUS,
                29,
                Sketch(Manner.FERRY, 82, "A minor", "Am9 Fmaj7 C Em7"),
            ),
            _Take(
                "Halfway, Engines Idle",
                Coding.OPUS,
                30,
                Sketch(Manner.FERRY, 76, "D dorian", "Dm9 Am7 Cmaj9 G6", colour=1),
            ),
        ),
    ),
    _Plan(
        "Weir & Daughter",
        "Letters from the Weir",
        "KNC-005",
        "2019-09-07",
        "Folk",
        None,
        Design.WEIR,
        "Two guitars, one kitchen, no second takes.",
        (
            _Take(
                "Dear Upstream",
                Coding.FLAC_16,
                27,
                Sketch(Manner.FINGERS, 96, "G major", "G Cadd9 Em7 D"),
            ),
            _Take(
                "Dear Rain",
                Coding.MP3,
                28,
                Sketch(Manner.FINGERS, 88, "D major", "Dadd9 Bm7 Gmaj7 A", colour=1),
                claims=_LICENCE_URLS["CC-BY-4.0"],
            ),
        ),
    ),
)
