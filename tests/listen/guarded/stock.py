"""An archive with twelve recordings that may only be heard, one of them long, and a free one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import soundfile
from tests.cli.phono import found

SHORT = tuple(f"short{number}.wav" for number in range(11))
LONG, FREE = "long.wav", "free.wav"
LONG_FRAMES = 8_000_000
"""16 MB: more than the buffers between two ends of a connection hold."""

RIGHTS = f"""
[[rule]]
match = "*"
licence = "InC"
granted = ["stream"]
evidence = "Letter of 2026-01-12"

[[rule]]
match = "{FREE}"
licence = "CC-BY-4.0"
"""


def make(folder: Path) -> None:
    """The archive, and its catalogue."""
    music = folder / "music"
    music.mkdir()
    for number, name in enumerate((*SHORT, LONG, FREE)):
        with soundfile.SoundFile(music / name, "w", 44_100, 1, subtype="PCM_16") as file:
            file.title, file.artist, file.album = f"Piece {number}", "Bo", "Everything"
            frames = LONG_FRAMES if name == LONG else 4_000
            file.buffer_write(bytes([number + 1, 0]) * frames, "int16")
    (music / "rights.toml").write_text(RIGHTS)
    phono = found(folder / "archive")
    told = phono.add(music)
    names = {Path(path).name: one["sha256"] for path, one in told.items()}
    phono("catalogue", "build", "--jobs", "1").expect(0)
    (folder / "names.json").write_bytes(msgspec.json.encode(names))
