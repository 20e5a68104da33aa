"""The key under which listeners are hashed: another one every 90 days, and the old one is gone.

Laws: all workers of a server use the same key at the same time; a key lies in `keys/`, readable by
the operator alone, and nowhere else; when its 90 days are over it is overwritten, and what was
hashed with it stands for nobody any more.
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
from phonotheque.errors import UnavailableError

FILE = "keys/listeners.json"
EPOCH_S = 90 * 24 * 3600


class _Kept(msgspec.Struct, frozen=True):
    epoch: int
    key: str


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
        self._current: tuple[int, bytes] = (-1, b"")
        self.key()

    @property
    def epoch(self) -> int:
        """Number of these 90 days."""
        return int(self._clock()) // EPOCH_S

    def key(self) -> bytes:
        """The key now, 32 bytes."""
        epoch = self.epoch
        if self._current[0] != epoch:
            self._current = (epoch, self._agreed(epoch))
        return self._current[1]

    def hash(self, *texts: str) -> bytes:
        """16 bytes that stand for some texts together while the key is the same."""
        text = "\n".join(texts).encode()
        return hmac.new(self.key(), text, hashlib.sha256).digest()[:16]

    def _agreed(self, epoch: int) -> bytes:
        """The key that all workers have: whoever comes first makes it."""
        try:
            folder = os.open(self._root / "keys", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return self._of_memory(epoch)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            data = read_if_held(self._disk, FILE)
            with suppress(msgspec.DecodeError, UnicodeDecodeError, ValueError):
                kept = msgspec.json.decode(data or b"", type=_Kept)
                if kept.epoch == epoch and len(bytes.fromhex(kept.key)) == 32:
                    return bytes.fromhex(kept.key)
            key = secrets.token_bytes(32)
            write_whole(self._disk, FILE, msgspec.json.encode(_Kept(epoch, key.hex())) + b"\n")
            return key
        except UnavailableError:
            return self._of_memory(epoch)
        finally:
            os.close(folder)

    def _of_memory(self, epoch: int) -> bytes:
        return hashlib.sha256(self._fallback + str(epoch).encode()).digest()
