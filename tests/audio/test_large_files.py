"""Masters of any length are read in blocks: little memory, and time in proportion."""

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from tests.audio import children, zoo

from phonotheque.audio import facts_in_child, warm_up, warmth
from phonotheque.audio.attempts import limits_for
from phonotheque.audio.isolate import Outcome, run_limited
from phonotheque.music.facts import AudioFacts, Readability

MOST_MEMORY_BYTES = 150 << 20
"""Beyond what the parent has: pages shared with it count as the child's."""

HELD_BYTES = 60_000_000  # read into memory as a whole
BLOCKWISE_BYTES = 100_000_000


def _master(path: Path, container: str, sound_bytes: int) -> None:
    """Write a master of silence; its sound is a hole and takes no disk."""
    fmt = zoo.chunk(b"fmt ", zoo.fmt_chunk())
    plain = zoo.riff(fmt) + b"data" + sound_bytes.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(zoo.rf64_head(sound_bytes) if container == "rf64" else plain)
        file.seek(sound_bytes, os.SEEK_CUR)
        file.write(zoo.INFO)


def _read(path: Path) -> Outcome:
    warm_up()
    with path.open("rb") as master:
        descriptor = master.fileno()
        limits = limits_for(path.stat().st_size)
        return run_limited(warmth.facts_of, descriptor, limits=limits, descriptors=(descriptor,))


def _check(outcome: Outcome, sound_bytes: int) -> None:
    assert outcome.failure == ""
    assert outcome.peak_bytes - run_limited(children.add, 1, 1).peak_bytes < MOST_MEMORY_BYTES
    assert outcome.result is not None
    facts = msgspec.msgpack.decode(outcome.result, type=AudioFacts)
    assert (facts.readability, facts.reason) == (Readability.READABLE, "")
    assert facts.sound is not None
    assert facts.sound.decoded_ms == pytest.approx(sound_bytes / 176.4, abs=2)
    assert facts.tags.title == "Nur INFO"


@pytest.mark.parametrize(
    ("container", "sound_bytes"),
    [("wav", HELD_BYTES), ("wav", BLOCKWISE_BYTES), ("rf64", BLOCKWISE_BYTES)],
)
def test_memory(container: str, sound_bytes: int, tmp_path: Path) -> None:
    """A long master is measured, tags behind its sound are read, in little memory."""
    path = tmp_path / "master"
    _master(path, container, sound_bytes)
    _check(_read(path), sound_bytes)


def test_a_long_file_may_take_long() -> None:
    """What a child may use grows with the file, from a minute to half an hour of processor."""
    assert limits_for(0).cpu_s == 60
    assert limits_for(5 << 20).cpu_s == 160
    assert limits_for(1 << 40).cpu_s == 1800
    assert limits_for(5 << 20).wall_s >= 2 * limits_for(5 << 20).cpu_s


def test_an_hour_of_silence(tmp_path: Path) -> None:
    """A small file that holds very long sound is read to its end."""
    path = tmp_path / "x.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8_000, np.int16))
    with path.open("rb") as opened:
        facts = facts_in_child(opened)
    assert facts.sound is not None
    assert (facts.sound.decoded_ms, facts.sound.leading_silence_ms) == (3_600_000, 3_600_000)
    assert facts.sound.loudness.integrated_lufs is None
