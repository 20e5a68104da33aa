"""What a decoder that was taken over would try, by name: each tells with which errno it failed.

Every attempt is made with the bare call of the system, as a stranger's code would, on targets that
the test made. 0 means that it succeeded.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import struct
from collections.abc import Callable
from typing import NoReturn

_PTRACE_ATTACH = 16
_IPC_PRIVATE, _IPC_CREAT = 0, 0o1000
_PUNCH_HOLE, _KEEP_SIZE = 2, 1


def _tried(attempts: dict[str, Callable[[], object]]) -> dict[str, int]:
    found = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            found[name] = error.errno or -1
        except ValueError:  # how Python words some refusals of the system
            found[name] = errno.EINVAL
        else:
            found[name] = 0
    return found


def _bare(name: str, *args: object) -> int:
    """Call a function of the C library. Raises `OSError` when it says -1."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    result = int(function(*args))
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result


def on_parent(parent: int) -> dict[str, int]:
    """Reach the process that started this one."""
    own = ctypes.create_string_buffer(8)
    vector = struct.pack("@PN", ctypes.addressof(own), 8)
    there = struct.pack("@PN", id(own), 8)
    return _tried(
        {
            "signal": lambda: os.kill(parent, signal.SIGWINCH),
            "signal to all": lambda: os.killpg(os.getpgid(parent), signal.SIGWINCH),
            "signal to a thread": lambda: _bare("tgkill", parent, parent, signal.SIGWINCH),
            "limit": lambda: resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0)),
            "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
            "processors": lambda: os.sched_setaffinity(parent, {0}),
            "scheduler": lambda: os.sched_setscheduler(parent, os.SCHED_IDLE, os.sched_param(0)),
            "trace": lambda: _bare("ptrace", _PTRACE_ATTACH, parent, None, None),
            "read memory": lambda: _bare("process_vm_readv", parent, vector, 1, there, 1, 0),
            "write memory": lambda: _bare("process_vm_writev", parent, vector, 1, there, 1, 0),
            "open memory": lambda: os.open(f"/proc/{parent}/mem", os.O_RDWR),
            "open files": lambda: os.open(f"/proc/{parent}/fd/0", os.O_RDONLY),
            "hold by descriptor": lambda: os.pidfd_open(parent),
        }
    )


def on_paths(victim: str) -> dict[str, int]:
    """Change a file by its path, without opening it."""
    return _tried(
        {
            "mode": lambda: os.chmod(victim, 0o777),
            "owner": lambda: os.chown(victim, os.getuid(), os.getgid()),
            "times": lambda: os.utime(victim, (1, 1)),
            "attribute": lambda: os.setxattr(victim, "user.x", b"y"),
            "length": lambda: os.truncate(victim, 0),
            "link": lambda: os.link(victim, victim + ".link"),
            "symbolic link": lambda: os.symlink(victim, victim + ".symlink"),
            "pipe": lambda: os.mkfifo(victim + ".pipe"),
            "remove": lambda: os.unlink(victim),
            "root": lambda: os.chroot("/"),
            "program": lambda: os.execv("/bin/true", ["true"]),
        }
    )


def on_handed(descriptor: int) -> dict[str, int]:
    """Change the very file that was handed over, which its parent goes on to keep."""

    def map_and_write() -> None:
        with mmap.mmap(descriptor, 4096, mmap.MAP_SHARED) as memory:
            memory[0] ^= 0xFF

    return _tried(
        {
            "write": lambda: os.pwrite(descriptor, b"x", 0),
            "length": lambda: os.ftruncate(descriptor, 0),
            "hole": lambda: _bare(
                "fallocate",
                descriptor,
                _PUNCH_HOLE | _KEEP_SIZE,
                ctypes.c_long(0),
                ctypes.c_long(4096),
            ),
            "memory": map_and_write,
            "mode": lambda: os.fchmod(descriptor, 0o777),
            "times": lambda: os.utime(descriptor, (1, 1)),
            "attribute": lambda: os.setxattr(descriptor, "user.x", b"y"),
            "lock": lambda: fcntl.flock(descriptor, fcntl.LOCK_EX),
            "flags": lambda: fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK),
            "signals": lambda: fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getppid()),
        }
    )


def on_system() -> dict[str, int]:
    """Start what outlives this process, or leave something behind in the kernel."""

    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    def thread() -> None:
        import _thread

        try:
            _thread.start_new_thread(int, ())
        except RuntimeError as error:
            raise OSError(errno.EAGAIN, str(error)) from error

    return _tried(
        {
            "process": fork,
            "thread": thread,
            "session": os.setsid,
            "shared segment": lambda: _bare("shmget", _IPC_PRIVATE, 4096, _IPC_CREAT | 0o600),
            "message queue": lambda: _bare("msgget", _IPC_PRIVATE, _IPC_CREAT | 0o600),
            "semaphores": lambda: _bare("semget", _IPC_PRIVATE, 1, _IPC_CREAT | 0o600),
            "memory file": lambda: os.memfd_create("x"),
            "name space": lambda: _bare("unshare", 0),
            "name of the machine": lambda: _bare("sethostname", None, 0),
            "own limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)),
            "outlive the parent": lambda: _bare("prctl", 1, 0, 0, 0, 0),
            "timer": lambda: signal.setitimer(signal.ITIMER_REAL, 1000),
            "event descriptor": lambda: _bare("eventfd", 0, 0),
            "ring": lambda: _bare("syscall", 425, 1, None),
        }
    )


def write_memory(address: int, value: int) -> NoReturn:
    """Write a byte where the parent has shared memory."""
    ctypes.memset(address, value, 1)
    raise AssertionError("the memory is still there")


def write_own_memory(address: int) -> int:
    """Write a byte into private memory, which the fork copied."""
    ctypes.memset(address, 1, 1)
    return ctypes.string_at(address, 1)[0]


def move_position(descriptor: int) -> int:
    return os.lseek(descriptor, 77, os.SEEK_SET)


def abort() -> NoReturn:
    os.abort()


def drip(write_end: int = -1) -> NoReturn:
    """Say one byte at a time, without end and without sense."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"+")
            while True:
                os.write(descriptor, b"\xff")
        except OSError:
            continue
    os._exit(0)
