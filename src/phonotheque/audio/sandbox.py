"""Walls around the process that reads a stranger's bytes. Everything here runs inside the child.

Laws: after `confine` the process can read what it was handed, think, and answer; it can open
nothing (no descriptor is left to have), write nothing (unless `Limits.file_bytes` lets it, into a
file that it was handed), start nothing, connect to nothing, reach no other process and no memory
of one, and it ends with its parent. Walls that the system lacks (landlock, seccomp; most of them
on macOS) are left out; a wall that exists and cannot be put up ends the child.

Sources: setrlimit(2), prctl(2), landlock(7), Linux `uapi/linux/landlock.h` up to ABI 6, seccomp(2).
Not here: starting, waiting and killing (`phonotheque.audio.isolate`), which calls are allowed
(`phonotheque.audio.system_calls`), memory that is shared (`phonotheque.audio.shared_memory`).
"""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import functools
import gc
import os
import resource
import signal
import struct
import sys
from collections.abc import Collection
from dataclasses import dataclass

from phonotheque.audio.shared_memory import drop_shared_memory
from phonotheque.audio.system_calls import filter_program

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # the same on every architecture
_LANDLOCK_ASK_VERSION = 1
_LANDLOCK_FILE_BITS = (
    (1, 13),
    (2, 14),
    (3, 15),
    (5, 16),
)  # (ABI, how many kinds of access it knows)
_LANDLOCK_TCP_ABI, _LANDLOCK_SCOPE_ABI = 4, 6
_ALL_TCP = 0b11  # bind, connect
_ALL_SCOPES = 0b11  # abstract sockets, signals to processes outside
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_IS_LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use before it is stopped.

    Attributes:
        memory_bytes: Address space beyond what the parent has already mapped. The worst of 7,286
            hostile and damaged files needed 0.2 GB.
        cpu_s: Processor time; whole seconds, 1 or more. The worst needed 0.6.
        wall_s: Time on the clock, for what waits instead of working.
        result_bytes: Longest answer.
        niceness: Added to the process's own: people listening come first.
        file_bytes: Longest file it may leave behind a descriptor that was handed to it open for
            writing; 0 lets it write to none.
    """

    memory_bytes: int = 1 << 30
    cpu_s: int = 60
    wall_s: float = 90.0
    result_bytes: int = 4 << 20
    niceness: int = 10
    file_bytes: int = 0


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library, loaded before any fork: a child cannot open it any more."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


@functools.cache
def landlock_abi() -> int:
    """The version of landlock in this kernel; 0 when there is none. Asked before any fork."""
    if not _IS_LINUX:
        return 0
    none, size = ctypes.c_void_p(None), ctypes.c_size_t(0)
    return max(0, int(libc().syscall(_LANDLOCK_CREATE, none, size, _LANDLOCK_ASK_VERSION)))


@functools.cache
def has_seccomp() -> bool:
    """Whether this kernel filters system calls and their numbers are known. Asked before a fork.

    Asked without a filter, a kernel that knows filters says that there is none at address 0.
    """
    if filter_program(0) is None:
        return False
    libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, 0, 0, 0)
    return ctypes.get_errno() == errno.EFAULT


def confine(limits: Limits, keep: Collection[int], parent: int) -> None:
    """Put up every wall, in the order in which one still can.

    Args:
        limits: What may be used.
        keep: Descriptors that stay open; standard input, output and error are `/dev/null` already.
        parent: Process id of the parent; when it is gone, so is the reason to go on.

    Raises:
        OSError, ValueError: A wall that exists could not be put up; the child must end.
    """
    _end_with(parent)
    drop_shared_memory(libc())
    _forget_the_parent(keep)
    os.nice(limits.niceness)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    _limit(resource.RLIMIT_CPU, limits.cpu_s, grace=1)  # SIGXCPU first, SIGKILL a second later
    if _IS_LINUX:  # macOS refuses or ignores a limit on address space
        _limit(resource.RLIMIT_AS, _mapped_bytes() + limits.memory_bytes)
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if landlock_abi():
            _forbid_paths_and_tcp()
    _limit(resource.RLIMIT_NPROC, 0)  # decoders run on one thread; not enforced for root
    _limit(resource.RLIMIT_NOFILE, 0)  # stricter than landlock: no socket of any kind either
    if has_seccomp():
        _forbid_calls()
    _keep_freed_memory()


def _end_with(parent: int) -> None:
    if _IS_LINUX:
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _forget_the_parent(keep: Collection[int]) -> None:
    """Drop descriptors, handlers and habits that came with the fork."""
    faulthandler.disable()  # a crash is told by the exit status, not on standard error
    gc.disable()  # a collection would touch, and so copy, every page shared with the parent
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    last = 2
    for descriptor in sorted(keep):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, max(highest, last + 1))


def _limit(kind: int, value: int, grace: int = 0) -> None:
    """Lower a limit; never raise one that is lower already."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value, grace = min(value, hard), min(grace, max(0, hard - value))
    resource.setrlimit(kind, (value, value + grace))


def _mapped_bytes() -> int:
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.read(64).split()[0]) * resource.getpagesize()


def _forbid_paths_and_tcp() -> None:
    """Handle every kind of access there is and allow none of it."""
    abi = landlock_abi()
    file_bits = max(bits for since, bits in _LANDLOCK_FILE_BITS if abi >= since)
    words = [(1 << file_bits) - 1]
    if abi >= _LANDLOCK_TCP_ABI:
        words.append(_ALL_TCP)
    if abi >= _LANDLOCK_SCOPE_ABI:
        words.append(_ALL_SCOPES)
    rules = (ctypes.c_uint64 * len(words))(*words)
    size = ctypes.c_size_t(ctypes.sizeof(rules))
    descriptor = _call("syscall", _LANDLOCK_CREATE, ctypes.byref(rules), size, 0)
    _call("syscall", _LANDLOCK_RESTRICT, descriptor, 0)
    os.close(descriptor)


def _keep_freed_memory() -> None:
    """Let memory that is freed serve again, instead of giving it back and asking for it anew.

    The buffers of a decode are of 1 to 2 MB, which the GNU C library maps and unmaps one by one:
    on tracks of three minutes 38,000 page faults instead of 16,000, and 5 % of all CPU time.
    """
    if hasattr(libc(), "mallopt"):  # other C libraries have no such habit
        libc().mallopt(_M_MMAP_THRESHOLD, 32 << 20)  # the highest that it takes
        libc().mallopt(_M_TRIM_THRESHOLD, 1 << 30)


def _forbid_calls() -> None:
    """The last wall: behind it no other could be put up."""
    program = filter_program(os.getpid())
    assert program is not None
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    _call("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)


def _call(name: str, *args: object) -> int:
    result = int(getattr(libc(), name)(*args))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
