"""Running `phono` as a process that can be watched, stopped and killed.

Laws: every wait ends at an event or at a deadline, and a missed deadline is a failure; no process
outlives its `Running`. A command leads a process group of its own, so that one signal reaches it
and all it started. What is only run to its end is a fork of a process that has imported everything
(`tests.torture.warm`); what is watched or bounded is started as users start it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.torture.warm import warm_command

DEADLINE_S = 120.0
"""Longest wait for anything that must happen; far above what a loaded machine needs."""

_COMMAND = (sys.executable, "-m", "phonotheque")


@dataclass(frozen=True)
class Ended:
    """How a command ended. A status below 0 is the signal that killed it."""

    command: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines of standard output; a last line without its newline was not printed."""
        return parse_lines(self.out)

    def expect(self, *statuses: int) -> Ended:
        """Fail, showing everything, unless it ended with one of these statuses."""
        if self.status not in statuses:
            raise AssertionError(
                f"phono {' '.join(self.command)} ended with {self.status}, not {statuses}\n"
                f"--- out\n{self.out[-4000:]}\n--- err\n{self.err[-4000:]}"
            )
        if "Traceback" in self.err:
            raise AssertionError(f"phono {' '.join(self.command)} met a bug\n{self.err[-6000:]}")
        return self


def parse_lines(text: str) -> list[dict[str, Any]]:
    """Whole JSON lines only."""
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Running:
    """A started command."""

    def __init__(
        self,
        arguments: Sequence[str],
        command: Sequence[str] = _COMMAND,
        *,
        env: dict[str, str] | None = None,
        preexec: Callable[[], None] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.arguments = tuple(map(str, arguments))
        self._said = bytearray()
        # Not a pipe, which could fill and block the command.
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self.process = subprocess.Popen(
            [*command, *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._err,
            start_new_session=True,
            env={**os.environ, **(env or {})},
            preexec_fn=preexec,
            cwd=cwd or tempfile.gettempdir(),
        )
        assert self.process.stdout is not None
        self._out = self.process.stdout
        self.pid = self.process.pid
        self.is_at_end = False

    @property
    def lines(self) -> int:
        """How many whole lines were read so far."""
        return self._said.count(b"\n")

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines read so far."""
        return parse_lines(self._text())

    def read(self, *, lines: int | None = None, until_s: float = DEADLINE_S) -> bool:
        """Read output until so many lines, its end, or `until_s` from now.

        Returns:
            Whether the lines came, or, when none were asked for, whether the output ended. It ends
            when every process that could write to it is gone.
        """
        deadline = time.monotonic() + until_s
        while not self.is_at_end and (lines is None or self.lines < lines):
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([self._out], [], [], left_s)[0]:
                return False
            block = os.read(self._out.fileno(), 1 << 16)
            self._said += block
            self.is_at_end = not block
        return self.is_at_end if lines is None else self.lines >= lines

    def await_stop(self, until_s: float = DEADLINE_S) -> None:
        """Wait until it stands still, as `stopped_at` makes it; Linux.

        Raises:
            AssertionError: It goes on, or has ended.
        """
        deadline = time.monotonic() + until_s
        while (state := _state_of(self.pid)) != "T":
            assert state not in ("", "Z", "X"), f"it ended: {self._errors()}"
            assert time.monotonic() < deadline, "it does not stop"
            select.select([], [], [], 0.01)

    def signal(self, number: int, *, group: bool) -> None:
        """Send a signal to the command alone or to all it started; it may be gone."""
        with suppress(ProcessLookupError):
            if group:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)

    def end(self, until_s: float = DEADLINE_S) -> Ended:
        """Wait for its end, and that of all it started, and say how it was."""
        try:
            is_over = self.read(until_s=until_s)
            if is_over:
                self.process.wait(timeout=until_s)
                is_over = _all_gone(self.pid, until_s)
        finally:
            self.close()
        err = self._errors()
        ended = Ended(self.arguments, self.process.returncode, self._text(), err)
        if not is_over:
            raise AssertionError(f"still alive after {until_s:g} s: {ended}")
        return ended

    def close(self) -> None:
        """End it by force, if it has not ended, and let go of it."""
        self.signal(signal.SIGKILL, group=True)
        self.process.wait()
        self._out.close()

    def _text(self) -> str:
        return self._said.decode("utf-8", "replace")

    def _errors(self) -> str:
        with self._err as file:
            file.seek(0)
            return file.read().decode("utf-8", "replace")


def _all_gone(group: int, until_s: float) -> bool:
    """Wait until no process of a group is left but zombies that nobody here can reap."""
    deadline = time.monotonic() + until_s
    while living := _living(group):
        if not hasattr(os, "pidfd_open"):
            return False
        for pid in living:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            try:
                left_s = max(0.0, deadline - time.monotonic())
                if not select.select([descriptor], [], [], left_s)[0]:
                    return False
            finally:
                os.close(descriptor)
    return True


def _state_of(pid: int) -> str:
    """A letter of proc(5); "" when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _living(group: int) -> list[int]:
    if not os.path.isdir("/proc/self"):  # macOS
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return []
        return [group]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] not in "ZX":
                    found.append(int(name))
    return found


@dataclass
class Phono:
    """The command with one archive. `env` is added to the environment."""

    archive: Path
    env: dict[str, str] = field(default_factory=dict)

    def start_and_stop(self, lines: int, *arguments: str | Path) -> Running:
        """Start a command that stops behind so many lines; it goes on at SIGCONT."""
        command = (sys.executable, "-m", "tests.torture.stopped_at", str(lines))
        running = self.start(*arguments, command=command, cwd=Path(__file__).parents[2])
        try:
            running.await_stop()
            assert running.read(lines=lines)
        except BaseException:
            running.close()
            raise
        return running

    def start(self, *arguments: str | Path, **how: Any) -> Running:
        """Start a command on the archive."""
        given = ("--archive", str(self.archive), *map(str, arguments))
        return Running(given, env=self.env, **how)

    def run(self, *arguments: str | Path, **how: Any) -> Ended:
        """Run a command on the archive to its end; see `Running` for how.

        One that is bound before it starts is started as users start it.
        """
        if "preexec" not in how:
            how = {"command": warm_command(), **how}
        return self.start(*arguments, **how).end()


def found(archive: Path, name: str = "Torture Records") -> Phono:
    """Found an archive."""
    Running(("init", str(archive), "--name", name), warm_command()).end().expect(0)
    return Phono(archive)
