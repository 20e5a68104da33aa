"""What a warm process has imported, and the functions its children run.

Law: after `warm_up` reading any file imports nothing and looks up no codec: a confined child could
not, and would call good files unreadable.
"""

from __future__ import annotations

import codecs
import functools
import io
import os
import random
import struct
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from phonotheque.audio.private_file import open_private
from phonotheque.music.facts import AudioFacts

Result = TypeVar("Result")

_RATE_HZ = 8_000
_CODECS = ("ascii", "latin-1", "cp1252", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "idna")


@functools.cache
def warm_up() -> None:
    """Import the readers and let each read something once. Does it only the first time."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from phonotheque.audio import facts

    for name in _CODECS:
        codecs.lookup(name)
    sound = io.BytesIO(noisy_wav())
    for read in (facts.read_facts, facts.read_facts_by_sndfile):
        read(sound)


def facts_of(descriptor: int) -> AudioFacts:
    """In a child: all facts, by the usual readers."""
    from phonotheque.audio.facts import read_facts

    return _through(descriptor, read_facts)


def facts_by_sndfile_of(descriptor: int) -> AudioFacts:
    """In a child: all facts, by the second decoder."""
    from phonotheque.audio.facts import read_facts_by_sndfile

    return _through(descriptor, read_facts_by_sndfile)


def facts_of_tags_of(descriptor: int) -> AudioFacts:
    """In a child: the tags alone."""
    from phonotheque.audio.facts import read_facts_of_tags

    return _through(descriptor, read_facts_of_tags)


def picture_of(descriptor: int, sha256: str) -> bytes | None:
    """In a child: a picture that stands in the tags of a file."""
    from phonotheque.audio.containers import sniff_file
    from phonotheque.audio.tags import read_picture

    def read(file: BinaryIO) -> bytes | None:
        container = sniff_file(file)
        return read_picture(file, container, sha256) if container else None

    return _through(descriptor, read)


def _through(descriptor: int, read: Callable[[BinaryIO], Result]) -> Result:
    """Read a descriptor; an error of the disk is raised even when a library swallowed it."""
    # Block by block, although two or three readers look at it: to read a block again is cheaper
    # than the page faults of memory that holds it all (1 ms for each MB).
    file, raw = open_private(descriptor)
    result = read(file)
    if raw.failure is not None:
        raise raw.failure
    return result


def tiny_wav() -> bytes:
    """64 samples of silence, with a text of each kind that a chunk can hold."""
    return _wav(bytes(128))


def noisy_wav() -> bytes:
    """Three seconds of noise: long enough for every meter, the fingerprint's too."""
    return _wav(random.Random(0).randbytes(3 * 2 * _RATE_HZ))


def _wav(samples: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, _RATE_HZ, 2 * _RATE_HZ, 2, 16)
    ixml = b"<BWFXML><PROJECT>-</PROJECT></BWFXML>\0"
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"iXML", ixml) + _chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) & 1)
