"""The attempts at one file, each in a limited child of its own.

Laws: a child that dies never takes the file's facts with it: another tries with fewer means, down
to the tags alone; what the children could not tell is the reason why the file is unreadable; an
error of the disk is no fact about the file and is raised.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import msgspec

from phonotheque.audio import warmth
from phonotheque.audio.isolate import Outcome, run_limited, warm_up
from phonotheque.audio.sandbox import Limits
from phonotheque.disk import refusal
from phonotheque.music.facts import AudioFacts, Readability

_FILE = "the file being read"


_CPU_S_PER_MIB = 20
_LEAST_CPU_S, _MOST_CPU_S = 60, 1_800
_WALL_PER_CPU = 4  # children are nice: on a busy machine they get a small part of a processor


def limits_for(size_bytes: int) -> Limits:
    """Return what reading a file of this length may cost.

    A MiB can hold 20 minutes of speech in Opus or an hour of silence in FLAC, which take 5 to 10 s
    to decode and measure; 10 GB of the widest PCM take 80 s. Half an hour is the most.
    """
    cpu_s = min(_LEAST_CPU_S + _CPU_S_PER_MIB * (size_bytes >> 20), _MOST_CPU_S)
    return Limits(cpu_s=cpu_s, wall_s=float(_WALL_PER_CPU * cpu_s))


def facts_in_child(file: BinaryIO, limits: Limits | None = None) -> AudioFacts:
    """Read all facts of a file in a limited child; its position is neither used nor moved.

    A child that dies is followed by one that uses the second decoder, then by one that reads the
    tags alone.

    Args:
        file: A regular file open for reading, or anything readable (copied to a temporary file).
        limits: What each child may use; None for what the length of the file allows.

    Raises:
        UnavailableError: The disk failed under the child, or no process could be started.
    """
    warm_up()
    with descriptor_of(file) as descriptor:
        return _climb(descriptor, limits)


@contextmanager
def descriptor_of(file: BinaryIO) -> Iterator[int]:
    """Give the descriptor of a file; of a temporary copy when it lives in memory."""
    try:
        descriptor = file.fileno()
    except OSError:  # io.UnsupportedOperation
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            while block := file.read(1 << 20):
                copy.write(block)
            copy.flush()
            yield copy.fileno()
    else:
        yield descriptor


def _climb(descriptor: int, limits: Limits | None) -> AudioFacts:
    limits = limits or limits_for(os.fstat(descriptor).st_size)
    deaths: list[str] = []
    for attempt in (warmth.facts_of, warmth.facts_by_sndfile_of, warmth.facts_of_tags_of):
        outcome = run_limited(attempt, descriptor, limits=limits, descriptors=(descriptor,))
        pass_on(outcome)
        facts = _decode(outcome.result)
        if facts is not None:
            return _with_deaths(facts, deaths)
        deaths.append(outcome.failure or "a reader answered nonsense")
    return AudioFacts(Readability.UNREADABLE, reason="; ".join(dict.fromkeys(deaths)))


def pass_on(outcome: Outcome) -> None:
    """Raise what the disk did under a child.

    Raises:
        UnavailableError: The disk failed.
    """
    if outcome.os_error is not None:
        number = outcome.os_error
        raise refusal(_FILE, OSError(number, os.strerror(number)))


def _decode(result: bytes | None) -> AudioFacts | None:
    if result is None:
        return None
    try:
        return msgspec.msgpack.decode(result, type=AudioFacts)
    except (msgspec.DecodeError, ValueError):
        return None


def _with_deaths(facts: AudioFacts, deaths: Sequence[str]) -> AudioFacts:
    if facts.readability is Readability.READABLE or not deaths:
        return facts
    reasons = "; ".join(dict.fromkeys((*deaths, facts.reason)))
    return msgspec.structs.replace(facts, reason=reasons)
