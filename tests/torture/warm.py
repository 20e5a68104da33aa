"""`phono` at once: each command runs in a fork of a process that has imported all of it.

To import takes most of a short command's time, and a page of the manual types twenty of them. The
command is a process of its own all the same: arguments, folder, environment, standard files and
processors are the caller's, SIGINT and SIGTERM reach it, and its exit status comes back. Whatever
kills commands, or counts their calls, starts real ones (`tests.torture.command`).

    with Warm(folder) as warm:
        subprocess.run([*warm.command, "status"], cwd=archive)
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import marshal
import os
import pkgutil
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import redirect_stdout, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Never

_CLIENT = Path(__file__).with_name("warm_client.py")


class Warm:
    """The warm process, from `with` to its end; the commands that are left end with it.

    Args:
        folder: Where its socket lies.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "phono.socket"
        # -I -S: the client needs the standard library alone, and starts in a tenth of the time.
        self.command = (sys.executable, "-I", "-S", str(_CLIENT), str(self._socket))

    def __enter__(self) -> Warm:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self._socket))
            listening.listen(64)  # whoever comes while it still imports waits here
            # The shell ends at once, so that the warm process is nobody's child: tests look
            # whether anything left one behind.
            warm = [sys.executable, "-m", "tests.torture.warm", str(listening.fileno())]
            free = 8 if listening.fileno() == 9 else 9
            self._shell = subprocess.Popen(
                ["sh", "-c", f'exec {free}<&0; "$@" <&{free} {free}<&- &', "sh", *warm],
                cwd=Path(__file__).parents[2],
                pass_fds=[listening.fileno()],
                stdin=subprocess.PIPE,  # whose end is the end of this process, however it comes
                start_new_session=True,
            )
            self._shell.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)
        self._socket.unlink()

    def put_command(self, path: Path) -> None:
        """Write a program that is `phono`."""
        path.write_text(f'#!/bin/sh\nexec {shlex.join(self.command)} "$@"\n', encoding="utf-8")
        path.chmod(0o755)


@cache
def warm() -> Warm:
    """The warm process of this one, for as long as this one lives."""
    folder = tempfile.TemporaryDirectory(prefix="phonotheque-warm-")
    begun = Warm(Path(folder.name)).__enter__()
    atexit.register(folder.cleanup)
    atexit.register(begun.__exit__, None, None, None)
    return begun


def warm_command() -> tuple[str, ...]:
    """What runs a command of `phono` at once, for as long as this process lives."""
    return warm().command


def _serve(listening: socket.socket) -> Never:
    """Fork for every caller; once standard input ends, kill all that is left, and oneself."""
    import phonotheque
    from phonotheque.audio import warm_up
    from phonotheque.cli.app import run
    from phonotheque.publish.pages.rendering import environment

    for module in pkgutil.walk_packages(phonotheque.__path__, "phonotheque."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of what is installed only when asked for
                importlib.import_module(module.name)
    warm_up()
    with redirect_stdout(io.StringIO()):
        run(["--version"])  # which builds the grammar of all commands, half a short one's time
    for filled in (environment(), environment("phonotheque.publish.facts")):
        for name in filled.list_templates():
            filled.get_template(name)  # compiled now: that takes as long as all else of a page
    gc.collect()
    gc.freeze()  # so that no child's garbage collection touches, and copies, what all share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits: each tells its end itself
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        caller, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _be_the_command(caller)
        caller.close()
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("it was not killed")


def _be_the_command(caller: socket.socket) -> Never:
    """Take on what the caller is, run the command, and say how it ended."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        size, files, _, _ = socket.recv_fds(caller, 8, 3)
        request = caller.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        folder, environment, processors, arguments = marshal.loads(request)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None  # which is remembered from the environment before
        if processors is not None:
            os.sched_setaffinity(0, processors)
        sys.argv = ["phono", *arguments]
        caller.sendall(os.getpid().to_bytes(8, "big"))
        caller.recv(1)
        status = _phono()
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        caller.sendall(bytes([status]))
        os._exit(status)


def _phono() -> int:
    from phonotheque.__main__ import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
