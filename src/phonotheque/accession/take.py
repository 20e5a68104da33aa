"""Taking one file in: one read that copies, hashes and asks what it is.

Laws: the source is opened read-only and left as it was; a file that changes while it is read is
refused, never stored under a name its bytes do not have; bytes are durable in the staging area
before this returns; the decoder runs in a limited child and cannot hurt us.

Not here: publishing and recording (`ingest`), so that this can run in a process of its own.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.accession.walk import Source
from phonotheque.audio import AUDIO_EXTENSIONS, sniff_file
from phonotheque.music.digest import Digests
from phonotheque.music.facts import AudioFacts
from phonotheque.register.holdings import SourceFile
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import Store, extension_of

FactsReader = Callable[[BinaryIO], AudioFacts]
"""Reads facts of an open file without ever failing: `phonotheque.audio.facts_in_child`."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to take in. `token` names its place in the staging area."""

    path: bytes
    token: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What one read of a file gave. Its bytes stand staged under the job's token.

    Attributes:
        facts: None for a companion: a file that is no audio and was not deposited as audio.
        identity: What the file system said of the file; None when it was touched so recently that
            a later change might not show in its times.
    """

    digests: Digests
    extension: str
    facts: AudioFacts | None
    identity: SourceFile | None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file that could not be read as one unchanging sequence of bytes, and why."""

    reason: str


def identity_of(found: os.stat_result) -> SourceFile:
    """What a file system says about a file: while these are the same, so are the bytes."""
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return SourceFile(found.st_dev, found.st_ino, found.st_size, *times)


def identify(source: Source) -> SourceFile | None:
    """What the file system says of a source file now; None when it is gone."""
    try:
        return identity_of(os.lstat(source.absolute))
    except OSError:
        return None


_SETTLED_NS = 2_000_000_000
"""Times of a file tick coarsely, on some systems once in 2 s: a change within the same tick as the
one before cannot be seen, so only an older file is recognised by its times."""


def take(store: Store, job: Job, facts_of: FactsReader) -> Taken | NotTaken:
    """Read a file once; stage, hash and describe it.

    Raises:
        UnavailableError: The archive's disk refused. What the source's disk refuses is `NotTaken`.
    """
    try:
        # O_NONBLOCK: a pipe put in the file's place since it was listed must not hold us.
        descriptor = os.open(job.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return NotTaken(f"cannot be opened: {_words(error)}")
    with open(descriptor, "rb", buffering=0) as source:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return NotTaken("not a regular file")
        if before.st_size == 0:
            return NotTaken("empty file")
        digests = _stage(store, job.token, _Source(source, before.st_size))
        if isinstance(digests, NotTaken):
            store.discard(job.token)
            return digests
        after = os.fstat(descriptor)
    if identity_of(before) != identity_of(after) or digests.size_bytes != before.st_size:
        store.discard(job.token)
        return NotTaken(_CHANGED)
    extension = extension_of(os.path.basename(job.path).decode("ascii", "replace"))
    with store.open_staged(job.token) as staged:
        is_audio = extension in AUDIO_EXTENSIONS or sniff_file(staged) is not None
        facts = facts_of(staged) if is_audio else None
    is_settled = time.time_ns() - max(before.st_mtime_ns, before.st_ctime_ns) > _SETTLED_NS
    identity = identity_of(before) if is_settled else None
    return Taken(digests, extension, facts, identity)


_CHANGED = "changed while it was being read; add it again when it is still"


class _SourceFailedError(Exception):
    """The disk that the source lies on refused: not our disk, so not our error."""


class _Source:
    """A source file whose failures can be told from those of the archive's disk.

    It ends one byte after the length it had at first: a file that is written as fast as it is read
    would otherwise never end.
    """

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._left = size_bytes + 1

    def readinto(self, buffer: memoryview) -> int:
        try:
            count = self._file.readinto(memoryview(buffer)[: self._left])  # type: ignore[attr-defined]
        except OSError as error:
            raise _SourceFailedError(_words(error)) from error
        self._left -= count or 0
        return count or 0


def _stage(store: Store, token: str, source: _Source) -> Digests | NotTaken:
    staged = store.stage(token)
    try:
        digests = digest_file(source, into=staged.write)  # type: ignore[arg-type]
        staged.finish()
    except _SourceFailedError as error:
        return NotTaken(f"cannot be read: {error}")
    except ValueError:  # it shrank to nothing after it was opened
        return NotTaken(_CHANGED)
    finally:
        staged.close()
    return digests


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
