"""Archives to measure on, filled by the command itself, and that command as people run it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import ROOT
from bench.tracks import make_tracks, paths_of

_RATE_HZ = 44_100
_SOUND_BYTES = _RATE_HZ * 4 // 10
"""A tenth of a second in stereo."""

MEAN_BYTES = 3_490_000
"""Length of one recording: some minutes of lossy sound."""


def phono(*arguments: str | Path) -> list[str | Path]:
    """The command `phono` that was installed beside this Python."""
    return [Path(sys.executable).with_name("phono"), *arguments]


def as_installed() -> None:
    """Let all commands that follow keep their compiled modules, as an installed program does."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def wav_header(
    data_bytes: int, *, more_bytes: int = 0, rate_hz: int = _RATE_HZ, channels: int = 2
) -> bytes:
    """The first 44 bytes of a WAV file of 16-bit PCM.

    Args:
        data_bytes: Of sound.
        more_bytes: Of chunks behind the sound.
        rate_hz: Samples of a channel in a second.
        channels: How many.

    Source: "Multimedia Programming Interface and Data Specifications 1.0" (1991), "WAVE".
    """
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    size_bytes = 36 + data_bytes + more_bytes
    return b"RIFF" + struct.pack("<I", size_bytes) + chunks + struct.pack("<I", data_bytes)


def make_recordings(folder: Path, *, files: int, total_bytes: int) -> int:
    """Fill a folder with WAV files and return their exact bytes.

    A tenth of a second of each is noise; the rest is a chunk that no player plays, so that taking
    them in costs no more than it must where only bytes are measured.
    """
    size_bytes = make_tracks(folder, files=files, total_bytes=total_bytes)
    for path in paths_of(folder):
        more_bytes = path.stat().st_size - 44 - _SOUND_BYTES
        with open(path, "r+b", buffering=0) as file:
            file.write(wav_header(_SOUND_BYTES, more_bytes=more_bytes))
            file.seek(_SOUND_BYTES, os.SEEK_CUR)
            file.write(b"JUNK" + struct.pack("<I", more_bytes - 8))
        path.rename(path.with_suffix(".wav"))
    return size_bytes


@dataclass(frozen=True, slots=True)
class Filled:
    """An archive that holds recordings, and the folder they came from.

    Attributes:
        base: Where both lie, with room for more.
        archive: The archive.
        music: The folder.
        files: How many recordings there are.
        size_bytes: Of all of them.
    """

    base: Path
    archive: Path
    music: Path
    files: int
    size_bytes: int


@contextmanager
def filled_archive(total_bytes: int, *options: str) -> Iterator[Filled]:
    """Make recordings of a usual length and add them; all is gone on leaving.

    Args:
        total_bytes: About so much sound.
        options: Of `phono add`.
    """
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        archive, music, files = base / "archive", base / "music", total_bytes // MEAN_BYTES
        size_bytes = make_recordings(music, files=files, total_bytes=total_bytes)
        found(archive)
        run(phono("--archive", archive, "add", music, *options))
        yield Filled(base, archive, music, files, size_bytes)


def found(archive: Path) -> None:
    """Found an archive with the command; later commands find their modules compiled."""
    as_installed()
    run(phono("init", archive, "--name", "Bench"))


def run(command: list[str | Path], ends_with: int = 0) -> str:
    """Run a command to its end and return what it printed.

    Args:
        command: With its arguments.
        ends_with: Its exit status.

    Raises:
        RuntimeError: It failed; the message has what it wrote.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != ends_with:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def objects_of(archive: Path) -> list[Path]:
    """The files of all objects, in order of their names."""
    return sorted((archive / "objects").glob("??/??/*"))
