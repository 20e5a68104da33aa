"""Music whose tags, pictures and names try to become markup, scripts or links of a page."""

from __future__ import annotations

import random
from pathlib import Path

import soundfile
from mutagen.flac import FLAC, Picture

MARK = "xssmark"
"""Stands in every hostile text: wherever it shows up, a page had to say it."""

TRICKS = (
    f"<script>window.{MARK}=1</script>",
    f'"><img src=x onerror="window.{MARK}=1">',
    f"'><svg/onload=window.{MARK}=1>",
    f"javascript:window.{MARK}=1",
    f"</title></textarea><iframe srcdoc='<script>window.{MARK}=1</script>'>",
    f"{{{{ {MARK}.__class__ }}}}{{% raw %}}",
    f"\u202e<b {MARK}>\u2066 ]]>--><!--",
    f'{MARK}" autofocus onfocus="window.{MARK}=1" x="',
)

SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>window.{MARK}=1</script>'
    f'<image href="x" onerror="window.{MARK}=1"/></svg>'
).encode()

FIELDS = (
    *("title", "artist", "album", "albumartist", "date", "genre", "organization", "label"),
    *("catalognumber", "isrc", "barcode", "comment", "copyright", "language", "description"),
    *("musicbrainz_trackid", "musicbrainz_albumid", "musicbrainz_artistid"),
)
"""Every field that is read from a FLAC file, but the licence."""


def make_hostile_music(folder: Path) -> None:
    """Write a file for each trick, with it in every field, in its name and as its picture."""
    for number, trick in enumerate(TRICKS):
        below = folder / f"{number} {_name(trick)}"
        below.mkdir(parents=True)
        file = below / f"{_name(trick)}.flac"
        rng = random.Random(number)
        with soundfile.SoundFile(file, "w", 8000, 1, format="FLAC", subtype="PCM_16") as sound:
            sound.buffer_write(rng.randbytes(16_000), "int16")
        tags = FLAC(file)
        for field in FIELDS:
            tags[field] = trick
        tags["tracknumber"] = "1"
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/svg+xml", SVG
        picture.desc = trick
        tags.add_picture(picture)
        tags.save()
        Path(below, "cover.svg").write_bytes(SVG)


def _name(trick: str) -> str:
    """As much of a trick as a file system takes for a name."""
    return trick.replace("/", "_").replace("\0", "_")[:60]
