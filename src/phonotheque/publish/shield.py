"""A wall inside the process: threads that the kernel lets read and never write.

The torrent engine has no business writing, and it is told so by its own flags. That is a promise of
its code; this is a refusal by the kernel (Landlock, Linux 5.13 and later): a thread that asked for
it, and every thread it starts afterwards, can no longer open a file for writing, nor make, remove
or rename a name, anywhere. The rest of the process keeps its rights.

An engine that fetches must write. It stands behind the same wall with one opening: it may make,
fill and remove files and folders below one folder, whatever links lead out of it.

Laws: the wall can only be raised, never lowered; where the kernel has none, that is said.

Weighed and left: mode 0444 does not stop root; `RLIMIT_FSIZE` 0 holds for the whole process, stops
neither deleting nor shortening a file, and breaks a log on standard output; a read-only mount needs
privileges (the service manager has them: see `docs/how-to/seed-with-systemd.md`).

Source: linux/Documentation/userspace-api/landlock.rst, ABI 1 to 7.
Not here: access to the network, which a seeder needs; changes of mode, owner and times, which
Landlock does not cover and the engine does not make.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import TypeVar

Made = TypeVar("Made")


class Wall(StrEnum):
    """What the kernel refuses to the threads behind the wall."""

    WHOLE = "the kernel refuses every write"
    NO_TRUNCATE = "the kernel refuses writes, but for shortening a file by its name"
    NONE = "this kernel has no such wall: only the engine's own flags keep it from writing"


# The numbers are the same on every architecture but Alpha; glibc has no wrappers.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_PATH_BENEATH = 1
_ASK_VERSION = 1
_SET_NO_NEW_PRIVILEGES = 38

# LANDLOCK_ACCESS_FS_*: write to a file; remove a folder, a file; make a device, folder, file,
# socket, pipe, block device, link (ABI 1).
_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 13))
_MOVE = 1 << 13  # rename or link across folders (ABI 2)
_TRUNCATE = 1 << 14  # shorten by name (ABI 3); an open file needs the right to write anyway
_FILLS = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | _MOVE | _TRUNCATE
"""What is allowed below the opening: files and folders, and neither links nor devices."""


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr as ABI 1 has it; later kernels take the shorter form."""

    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def wall_version() -> int:
    """Return the kernel's Landlock ABI, 0 when it has none, switched it off or hides it."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    version: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(0, version)


def forbid_writing(but_below: Path | None = None) -> Wall:
    """Take the right to write from the calling thread and all it will start, for ever.

    Args:
        but_below: The one folder below which files may be made and changed; it exists.

    Returns:
        What is refused from now on. `Wall.NONE` means that nothing changed.

    A file that is already open for writing stays so.
    """
    version = wall_version()
    if version == 0:
        return Wall.NONE
    refused = _WRITES | (_MOVE if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    libc = ctypes.CDLL(None, use_errno=True)
    rules = _Ruleset(refused)
    size = ctypes.c_size_t(ctypes.sizeof(rules))
    descriptor: int = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if descriptor < 0:
        return Wall.NONE
    try:
        if but_below is not None and not _open_below(libc, descriptor, but_below, refused):
            return Wall.NONE
        # The kernel asks for this first, so that a set-uid program cannot be led astray.
        if libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return Wall.NONE
        if libc.syscall(_RESTRICT_SELF, descriptor, 0) != 0:
            return Wall.NONE
    finally:
        os.close(descriptor)
    return Wall.WHOLE if version >= 3 else Wall.NO_TRUNCATE


def _open_below(libc: ctypes.CDLL, ruleset: int, folder: Path, refused: int) -> bool:
    """Let a rule set allow what fills a folder; False when the kernel does not take the rule."""
    parent = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rule = _Beneath(refused & _FILLS, parent)
        taken: int = libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        return taken == 0
    finally:
        os.close(parent)


def behind_wall(make: Callable[[], Made], but_below: Path | None = None) -> tuple[Made, Wall]:
    """Make something in a thread that may not write, and say what kind of wall it stands behind.

    Threads that `make` starts (a torrent session starts all of its own) inherit the wall. What
    `make` raises is raised here. `but_below` is as in `forbid_writing`.
    """
    made: list[tuple[Made, Wall]] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            wall = forbid_writing(but_below)
            made.append((make(), wall))
        except BaseException as error:  # handed over to the caller's thread below
            failed.append(error)

    thread = Thread(target=run, name="phono-wall")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]
