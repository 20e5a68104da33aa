"""The real command, which stops itself and all it started behind its k-th line.

    python -m tests.torture.stopped_at 3 --archive A add MUSIC

Whoever reads three lines and then sends a signal may come too late: on a busy machine the command
has ended meanwhile. This one waits for SIGCONT, and for as long as one likes.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import IO, Any


class _Stopping:
    """Standard output, until so many lines are out."""

    def __init__(self, out: IO[str], lines: int) -> None:
        self._out = out
        self._left = lines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)

    def write(self, text: str) -> int:
        self._left -= text.count("\n")
        return self._out.write(text)

    def flush(self) -> None:
        self._out.flush()
        if self._left <= 0:
            sys.stdout = self._out
            os.killpg(0, signal.SIGSTOP)


def main() -> None:
    """Arm, then be `phono`."""
    lines, *arguments = sys.argv[1:]
    from phonotheque.__main__ import main as phono

    sys.argv = ["phono", *arguments]
    sys.stdout = _Stopping(sys.stdout, int(lines))  # type: ignore[assignment]
    phono()


if __name__ == "__main__":
    main()
