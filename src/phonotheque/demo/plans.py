"""The catalogue of the made-up label: five releases as they were planned, before anything is made.

One release has no evidence of its rights, and one of its tracks even claims a licence: an archive
has to keep it and share nothing of it.

Laws: names, artists and codes are invented; titles need not be ASCII, names of folders are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from phonotheque.demo.covers import Design
from phonotheque.demo.encode import Coding
from phonotheque.demo.manners import Manner
from phonotheque.demo.score import Sketch

LICENCE_URLS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
}
"""Where the terms of a licence are, by its SPDX identifier."""


@dataclass(frozen=True, slots=True)
class Take:
    """A track to be made.

    Attributes:
        seconds: Length when nobody asks for a shorter one.
        claims: URL of a licence that the tags claim and no evidence bears out, or None.
    """

    title: str
    coding: Coding
    seconds: float
    sketch: Sketch
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A release to be made.

    Attributes:
        date: "2024-03-01".
        licence: SPDX identifier that the artist has put in writing, or None.
        notes: A line for the sleeve.
    """

    artist: str
    title: str
    catalogue_number: str
    date: str
    genre: str
    licence: str | None
    design: Design
    notes: str
    takes: tuple[Take, ...]

    @property
    def folder(self) -> str:
        """Name of the folder that the release is handed in with."""
        return file_name(f"{self.artist} - {self.title}")


def file_name(text: str) -> str:
    """Return a name that every file system spells alike: ASCII, no signs with a meaning."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(sign for sign in plain if sign.isalnum() or sign in " -&,'")


PLANS = (
    Plan(
        "Odile Marrow",
        "Harbour at Rest",
        "KNC-001",
        "2021-03-19",
        "Ambient",
        "CC0-1.0",
        Design.HARBOUR,
        "Three evenings at the same quay. Play it quietly, with a window open.",
        (
            Take(
                "Low Water, Early",
                Coding.FLAC_24,
                30,
                Sketch(Manner.TIDE, 46, "D major", "Dmaj9 Bm9 Gmaj9 A6"),
            ),
            Take(
                "Moorings",
                Coding.FLAC_16,
                28,
                Sketch(Manner.TIDE, 50, "A minor", "Am9 Fmaj9 Cadd9 Em7", colour=1),
            ),
            Take(
                "What the Buoys Say",
                Coding.FLAC_16,
                31,
                Sketch(Manner.TIDE, 44, "Eb major", "Ebmaj9 Cm9 Abmaj9 Bb6"),
            ),
        ),
    ),
    Plan(
        "Gantry Nine",
        "Warm Machinery",
        "KNC-002",
        "2022-06-03",
        "House",
        "CC-BY-4.0",
        Design.MACHINERY,
        "Recorded in a workshop after hours. All rhythms by the machines, all rests by us.",
        (
            Take(
                "Belt Drive",
                Coding.MP3,
                27,
                Sketch(Manner.HOUSE, 118, "C major", "Dm9 G9 Cmaj9 Am7"),
            ),
            Take(
                "Café, After Closing",
                Coding.MP3,
                28,
                Sketch(Manner.HOUSE, 112, "C major", "Fmaj9 Em7 Dm9 Cmaj9", colour=1),
            ),
            Take(
                "Seven Grams of Oil",
                Coding.MP3,
                26,
                Sketch(Manner.HOUSE, 121, "A minor", "Am9 Dm9 Fmaj7 Em7"),
            ),
        ),
    ),
    Plan(
        "The Clockwork Tea Room",
        "Waltzes for a Quiet Drawer",
        "KNC-003",
        "2023-11-24",
        "Music Box",
        "CC-BY-NC-SA-4.0",
        Design.DRAWER,
        "Each waltz lasts as long as one turn of the spring, and slows down as the spring does.",
        (
            Take(
                "The Drawer Opens",
                Coding.VORBIS,
                26,
                Sketch(Manner.WALTZ, 132, "F major", "F Dm Gm7 C7 Am7 Dm Gm7 C7"),
            ),
            Take(
                "Waltz for a Missing Key",
                Coding.VORBIS,
                28,
                Sketch(Manner.WALTZ, 120, "D minor", "Dm Gm7 C Fmaj7 Bbmaj7 Gm7 Am7 Dm", colour=1),
            ),
            Take(
                "Two Spoons, One Cup",
                Coding.VORBIS,
                25,
                Sketch(Manner.WALTZ, 144, "G major", "G Em Cadd9 D7 G Em Am7 D7"),
            ),
        ),
    ),
    Plan(
        "Odile Marrow & Gantry Nine",
        "Slow Ferry",
        "KNC-004",
        "2024-05-17",
        "Downtempo",
        "CC-BY-SA-4.0",
        Design.FERRY,
        "Made on the night boat, he below with the engines, she above with the weather.",
        (
            Take(
                "Car Deck",
                Coding.OPUS,
                29,
                Sketch(Manner.FERRY, 82, "A minor", "Am9 Fmaj7 C Em7"),
            ),
            Take(
                "Halfway, Engines Idle",
                Coding.OPUS,
                30,
                Sketch(Manner.FERRY, 76, "D dorian", "Dm9 Am7 Cmaj9 G6", colour=1),
            ),
        ),
    ),
    Plan(
        "Weir & Daughter",
        "Letters from the Weir",
        "KNC-005",
        "2019-09-07",
        "Folk",
        None,
        Design.WEIR,
        "Two guitars, one kitchen, no second takes.",
        (
            Take(
                "Dear Upstream",
                Coding.FLAC_16,
                27,
                Sketch(Manner.FINGERS, 96, "G major", "G Cadd9 Em7 D"),
            ),
            Take(
                "Dear Rain",
                Coding.MP3,
                28,
                Sketch(Manner.FINGERS, 88, "D major", "Dadd9 Bm7 Gmaj7 A", colour=1),
                claims=LICENCE_URLS["CC-BY-4.0"],
            ),
        ),
    ),
)
