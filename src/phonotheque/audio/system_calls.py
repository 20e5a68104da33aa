"""Which calls of the system a child may make: those that compute and answer, and no other.

Landlock knows paths, TCP and signals. It lets pass what changes a file's mode, times or attributes,
what changes another process's limits or priority, shared memory, keys, mounts' relatives, and, for
root, whom no limit of processes binds, new processes. Here every call is forbidden (it fails with
EPERM) but for those that are named.

Law: nothing that is allowed can reach another process, a path, or a file but to read it.

Sources: seccomp(2), Linux `uapi/linux/filter.h`, `uapi/linux/seccomp.h`, `uapi/linux/audit.h`; the
numbers from `arch/x86/entry/syscalls/syscall_64.tbl` and `uapi/asm-generic/unistd.h`.
Not here: putting the filter up (`phonotheque.audio.sandbox`).
"""

from __future__ import annotations

import errno
import platform
import struct
import sys

_ALLOWED = {
    # name: number on x86_64, on aarch64
    "write": (1, 64),  # to the pipe; RLIMIT_FSIZE stands before files, here and in pwrite64
    "close": (3, 57),
    "fstat": (5, 80),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "pause": (34, None),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "uname": (63, 160),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "newfstatat": (262, 79),  # how newer C libraries spell fstat
    "ppoll": (271, 73),
    "preadv": (295, 69),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "preadv2": (327, 286),
    "rseq": (334, 293),
}
_MMAP = (9, 222)
_TGKILL = (234, 131)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH

STEP = struct.Struct("=HBBI")
"""One `struct sock_filter`: what to do, how many steps to skip if so, and if not, with what."""

_LOAD, _IS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD|W|ABS, JEQ|K, JSET|K, RET|K
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_MAP_SHARED = 0x01  # also set in MAP_SHARED_VALIDATE


def filter_program(process: int, machine: str = platform.machine()) -> bytes | None:
    """Return the filter for one process, as an array of `struct sock_filter`.

    Two calls are allowed in part: `mmap`, unless it shares memory (a file that was handed over
    open for writing would be changed through it), and `tgkill` at the process itself, which is
    how `abort` ends it.

    Args:
        process: Its process id.
        machine: As the kernel names it.

    Returns:
        None where the numbers of the calls are not known: other systems, other machines.
    """
    if sys.platform != "linux" or machine not in _MACHINES:
        return None
    column, audit = _MACHINES[machine]
    numbers = [pair[column] for pair in _ALLOWED.values()]
    allowed = sorted(number for number in numbers if number is not None)
    program = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IS, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for number in allowed:
        program += [(_IS, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    program += [
        (_IS, 0, 4, _MMAP[column]),
        (_LOAD, 0, 0, _ARGUMENTS_AT + 3 * 8),
        (_HAS, 1, 0, _MAP_SHARED),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR),
        (_IS, 0, 3, _TGKILL[column]),
        (_LOAD, 0, 0, _ARGUMENTS_AT),
        (_IS, 0, 1, process),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR),
    ]
    return b"".join(STEP.pack(*step) for step in program)
