"""What holds for the facts of any bytes whatever, and for the process that asked for them."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from phonotheque.audio import CONTAINERS
from phonotheque.audio.tag_values import MAX_ALL_TEXTS_BYTES, MAX_TEXT_BYTES, MAX_VALUES
from phonotheque.music.facts import AudioFacts, Readability

LARGEST_NUMBER = (1 << 63) - 1
"""Beyond it the index cannot hold a number."""


def check(facts: AudioFacts) -> None:
    """The outcome is typed: every field within the bounds that records and index rely on."""
    assert (facts.technical is None) == (facts.readability is Readability.UNREADABLE), facts
    assert bool(facts.reason) == (facts.readability is Readability.UNREADABLE), facts
    assert "Error:" not in facts.reason, f"an exception that no reader translated: {facts.reason}"
    if facts.technical is not None:
        assert facts.technical.container in CONTAINERS
        assert facts.technical.codec
        assert facts.technical.duration_ms is None or facts.technical.duration_ms > 0
    sizes = [_check_value(value) for value in _values(msgspec.to_builtins(facts))]
    assert sum(sizes) <= 2 * MAX_ALL_TEXTS_BYTES
    assert msgspec.json.decode(msgspec.json.encode(facts), type=AudioFacts) == facts


def _values(value: object) -> Iterator[object]:
    """Every text and number in a tree of builtins; lists are bounded."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list | tuple):
        if value and not isinstance(value[0], list | tuple | dict):
            assert len(value) <= MAX_VALUES
        for inner in value:
            yield from _values(inner)
    else:
        yield value


def _check_value(value: object) -> int:
    """Its size as a text."""
    if isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, int):
        assert -LARGEST_NUMBER <= value <= LARGEST_NUMBER
    elif isinstance(value, str):
        size = len(value.encode())  # raises for a surrogate
        assert "\0" not in value
        assert size <= MAX_TEXT_BYTES
        return size
    return 0


def open_descriptors() -> dict[int, str]:
    """What this process has open: number and, where the system tells, name."""
    found = {}
    for number in range(4096):
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            try:
                os.fstat(number)
            except OSError:
                continue
            found[number] = "?"
    return found


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@contextmanager
def unharmed(growth_bytes: int | None = None) -> Iterator[None]:
    """What happens inside leaves no child, not even a dead one, no descriptor, no file position,
    and no more than so much memory; None when memory is not looked at."""
    before = open_descriptors()
    gc.collect()
    resident = resident_bytes()
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert open_descriptors() == before
    if growth_bytes is not None:
        gc.collect()
        assert resident_bytes() - resident <= growth_bytes
