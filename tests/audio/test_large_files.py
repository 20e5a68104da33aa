"""Masters of several gigabytes are stepped over, not read: little memory, whatever the size."""

import os
from pathlib import Path

import msgspec
import pytest
from tests.audio import zoo

from phonotheque.audio import warm_up, warmth
from phonotheque.audio.isolate import run_limited
from phonotheque.music.facts import AudioFacts, Readability

SOUND_BYTES = 3_000_000_000
MOST_MEMORY_BYTES = 300 << 20


def _heads() -> dict[str, bytes]:
    fmt = zoo.chunk(b"fmt ", zoo.fmt_chunk())
    plain = zoo.riff(fmt) + b"data" + SOUND_BYTES.to_bytes(4, "little")
    return {"rf64": zoo.rf64_head(SOUND_BYTES), "wav": plain}


@pytest.mark.parametrize("container", ["rf64", "wav"])
def test_three_gigabytes(container: str, tmp_path: Path) -> None:
    """A 3 GB master is read, tags behind its sound included, by a child of under 300 MB."""
    path = tmp_path / "master"
    with path.open("wb") as file:
        file.write(_heads()[container])
        file.seek(SOUND_BYTES, os.SEEK_CUR)  # a hole: no disk is used
        file.write(zoo.INFO)
    warm_up()
    with path.open("rb") as master:
        descriptor = master.fileno()
        outcome = run_limited(warmth.facts_of, descriptor, descriptors=(descriptor,))
    assert outcome.result is not None
    facts = msgspec.msgpack.decode(outcome.result, type=AudioFacts)
    assert (facts.readability, facts.reason) == (Readability.READABLE, "")
    assert facts.technical is not None
    assert facts.technical.duration_ms == pytest.approx(SOUND_BYTES / 176.4, abs=2)
    assert facts.tags.title == "Nur INFO"
    assert outcome.peak_bytes < MOST_MEMORY_BYTES
