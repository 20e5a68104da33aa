"""A terminal in which a command runs: what is typed into it, what it shows, how it is left."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_DEADLINE_S = 180
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Terminal:
    """The far end of a command's terminal."""

    def __init__(self, far: int, near: int, process: subprocess.Popen[bytes]) -> None:
        self._far = far
        self._near = near
        self.process = process
        self.shown = ""
        self._unread = ""

    def modes(self) -> list[object]:
        """How the terminal is set."""
        return termios.tcgetattr(self._near)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._far, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Change its size; the command is told by the system."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._far, termios.TIOCSWINSZ, size)

    def wait_for(self, text: str) -> str:
        """Return what was shown since the last wait, as soon as `text` is in it."""
        ends = time.monotonic() + _DEADLINE_S
        while text not in self._plain():
            if not self._read(ends - time.monotonic()):
                raise AssertionError(f"{text!r} was not shown, but {self._unread!r}")
        found, self._unread = self._plain(), ""
        return found

    def wait(self) -> int:
        """Return the exit status, when the command ended."""
        ends = time.monotonic() + _DEADLINE_S
        while self.process.poll() is None:
            self._read(min(0.1, ends - time.monotonic()))
            if time.monotonic() > ends:
                raise AssertionError(f"it does not end, and shows {self._unread!r}")
        while self._read(0):
            pass
        return self.process.returncode

    def _plain(self) -> str:
        return _CONTROL.sub("", self._unread)

    def _read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._far], [], [], max(0, timeout_s))
        if not ready:
            return False
        text = os.read(self._far, 1 << 16).decode("utf-8", "replace")
        self.shown += text
        self._unread += text
        return True


@contextmanager
def terminal(
    *arguments: str | Path,
    rows: int = 24,
    columns: int = 100,
    command: Sequence[str] = ("-m", "phonotheque"),
) -> Iterator[Terminal]:
    """Run `phono` with these arguments in a terminal of its own; `command` is it for Python."""
    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, *command, *map(str, arguments)],
        stdin=near,
        stdout=near,
        stderr=near,
        env={**environment, "TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        yield Terminal(far, near, process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(far)
        os.close(near)
