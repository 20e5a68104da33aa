"""The key under which listeners are hashed: another one every 90 days, and the old one is gone.

Laws: all workers of a server use the same key at the same time; a key lies in `keys/`, readable by
the operator alone, and nowhere else; when its 90 days are over nothing is hashed with it any more,
and it is destroyed, unless a decision that was made meanwhile can still be objected to: then it is
kept, so that whoever it is about can prove that it is he, until no such decision is left. What is
not needed is destroyed when a door opens, and when keys are replaced.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import time

import msgspec

from phonotheque.disk import LocalDisk, read_if_held, write_whole
from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.guard.book.file import read_book
from phonotheque.guard.ladder import APPEAL_S

FILE = "keys/listeners.json"
EPOCH_S = 90 * 24 * 3600


_LATE_S = 14 * 24 * 3600
"""What is decided may rest on what the access log had so long before."""


class _Older(msgspec.Struct, frozen=True):
    epoch: int
    key: str


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    epoch: int
    key: str
    older: tuple[_Older, ...] = ()


_decoder = msgspec.json.Decoder(_Kept)


class ListenerKeys:
    """The key of these 90 days. Make it before workers are started. Threads may share it.

    Args:
        root: The archive's folder.
        clock: Seconds since 1970.

    On a disk that cannot be written the key lives as long as the server.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time) -> None:
        self._root = root
        self._disk = LocalDisk(root, mode=0o600)
        self._clock = clock
        self._fallback = secrets.token_bytes(32)
        self._current: tuple[int, bytes, tuple[bytes, ...]] = (-1, b"", ())
        self.key()

    @property
    def epoch(self) -> int:
        """Number of these 90 days."""
        return int(self._clock()) // EPOCH_S

    def key(self) -> bytes:
        """The key now, 32 bytes."""
        epoch = self.epoch
        if self._current[0] != epoch:
            self._current = (epoch, *self._agreed(epoch))
        return self._current[1]

    def older(self) -> tuple[bytes, ...]:
        """Keys of before that are kept for who may still object: to prove who it is, for nothing
        else."""
        self.key()
        return self._current[2]

    def hash(self, *texts: str) -> bytes:
        """16 bytes that stand for some texts together while the key is the same."""
        text = "\n".join(texts).encode()
        return hmac.new(self.key(), text, hashlib.sha256).digest()[:16]

    def _agreed(self, epoch: int) -> tuple[bytes, tuple[bytes, ...]]:
        """The keys that all workers have: whoever comes first makes the new one."""
        try:
            folder = os.open(self._root / "keys", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return self._of_memory(epoch), ()
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            kept = self._kept()
            older = () if kept is None else kept.older
            if kept is None or kept.epoch != epoch:
                if kept is not None:
                    older = (_Older(kept.epoch, kept.key), *older)
                key = secrets.token_bytes(32).hex()
            else:
                key = kept.key
            needed = self._needed() if older else frozenset()
            new = _Kept(epoch, key, tuple(one for one in older if one.epoch in needed))
            if new != kept:
                write_whole(self._disk, FILE, msgspec.json.encode(new) + b"\n")
            return bytes.fromhex(key), tuple(bytes.fromhex(one.key) for one in new.older)
        except UnavailableError:
            return self._of_memory(epoch), ()
        finally:
            os.close(folder)

    def _kept(self) -> _Kept | None:
        """What the file says; None where it says nothing that can be used."""
        data = read_if_held(self._disk, FILE)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, ValueError):
            kept = _decoder.decode(data or b"")
            keys = [kept.key, *(one.key for one in kept.older)]
            return kept if all(len(bytes.fromhex(key)) == 32 for key in keys) else None
        return None

    def _needed(self) -> frozenset[int]:
        """The 90 days in which somebody was decided about who may still object; of a case book that
        cannot be read all of the last half year."""
        now = int(self._clock())
        try:
            cases = read_book(self._disk).cases
        except PhonothequeError:
            return frozenset(range((now - APPEAL_S) // EPOCH_S, now // EPOCH_S + 1))
        return frozenset(
            (second - late_s) // EPOCH_S
            for case in cases.by_number.values()
            if case.is_open_at(now) or case.may_appeal_at(now)
            for second in (one.decision.second for one in case.decisions)
            for late_s in (0, _LATE_S)
        )

    def _of_memory(self, epoch: int) -> bytes:
        return hashlib.sha256(self._fallback + str(epoch).encode()).digest()
