"""The verdict map as a worker of the listening door reads it: where it lies, at each question.

Laws: what the case book says is heard at the next question, in every worker, because each one looks
whether the file is another one; a file that is not there, or no map, says nothing about anybody; of
one that cannot be opened now the last one counts, and the next question tries again.

Cost: a look at the folder's entry and 20 comparisons: some microseconds.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from threading import Lock

from phonotheque.archive.guarding.desk import MAP
from phonotheque.guard.verdicts import VerdictRow, is_map, look_up


class VerdictMap:
    """What holds for whom. Threads may share it.

    Args:
        root: The archive's folder.
    """

    def __init__(self, root: Path) -> None:
        self._path = str(root / MAP)
        self._known: tuple[int, int, int] | None = None
        self._data: mmap.mmap | bytes = b""
        self._lock = Lock()

    def of(self, account: str) -> VerdictRow | None:
        """Return what holds for an account; None when nothing does."""
        data = self._now()
        return look_up(memoryview(data), account) if data else None

    def _now(self) -> mmap.mmap | bytes:
        try:
            found = os.stat(self._path)
        except OSError:
            return b""
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if version != self._known:
            with self._lock:
                data = self._mapped()
                if data is not None:
                    self._data, self._known = data, version  # the old one goes with its last reader
        return self._data

    def _mapped(self) -> mmap.mmap | bytes | None:
        """The file as it is; None when it cannot be opened, as where too many others are."""
        try:
            with open(self._path, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError:
            return None
        except ValueError:  # it is empty
            return b""
        return data if is_map(memoryview(data)) else b""
