"""Many tiny files of music in a blink: valid WAV, FLAC and MP3 with tags, each unlike the others.

libsndfile makes container, sound and tags of plain bytes; nothing is synthesised: 5 ms a file.
"""

from __future__ import annotations

import random
from pathlib import Path

import soundfile
from mutagen.id3 import ID3, TALB, TIT2, TPE1

RATE_HZ = 8000
FRAMES = 400
_FORMATS = (("wav", "WAV", "PCM_16"), ("flac", "FLAC", "PCM_16"), ("mp3", "MP3", "MPEG_LAYER_III"))
ARTISTS = ("Ada Ölund", "Bo", "ﾃｽﾄ", "The / Slashes")


def title_of(number: int) -> str:
    """The title in the tags of the file with this number."""
    return f"Piece {number:03d}"


def make_file(path: Path, number: int, seed: int = 0, frames: int = FRAMES) -> Path:
    """Write one file; its format follows from the ending of its name."""
    _, form, subtype = next(f for f in _FORMATS if f[0] == path.suffix[1:])
    rng = random.Random(f"{seed}/{number}")
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, format=form, subtype=subtype) as file:
        if form != "MP3":  # libsndfile calls its UTF-8 there Latin-1
            file.title, file.artist, file.album = _tags(number)
        file.buffer_write(rng.randbytes(frames * 2), "int16")
    if form == "MP3":
        tags = ID3()
        for frame, text in zip((TIT2, TPE1, TALB), _tags(number), strict=True):
            tags.add(frame(encoding=3, text=text))
        tags.save(path)
    return path


def _tags(number: int) -> tuple[str, str, str]:
    """Title, artist, release."""
    return title_of(number), ARTISTS[number % len(ARTISTS)], f"Release {number // 10}"


def make_music(folder: Path, count: int, *, seed: int = 0, frames: int = FRAMES) -> list[Path]:
    """Write `count` files into a folder and its subfolders, and a text beside them.

    Returns:
        All files written, the text last.
    """
    made = []
    for number in range(count):
        below = folder / f"release {number // 10}"
        below.mkdir(parents=True, exist_ok=True)
        ending = _FORMATS[number % len(_FORMATS)][0]
        made.append(make_file(below / f"{number:03d}.{ending}", number, seed, frames))
    notes = folder / "notes.txt"
    notes.write_text(f"Notes of {seed}\n", encoding="utf-8")
    return [*made, notes]
