"""One writer: a lock that dies with the process that holds it.

The archive's lock is an advisory `flock` on the folder `register/`, because the register is the
authority: a lock file in `state/` could be deleted under its holder and taken twice. Who holds it
is written to `state/writer.json`, for people; the lock itself trusts no file and no clock. What is
written beside the register, such as the catalogue, has a folder and so a lock of its own.

A forked child would share the lock and keep it alive when its parent was killed, so every child
lets go of it at once.

Source: flock(2). It does not work across NFS clients; `docs/how-to` says so.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from phonotheque.disk import refusal
from phonotheque.errors import ArchiveBusyError

_RETRY_S = 0.2

_held: set[int] = set()
"""Descriptors of the locks that this process holds."""


def _let_go() -> None:
    """Close, in a forked child, its share of the parent's locks; the parent keeps them."""
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def hold_lock(root: Path, *, purpose: str, is_patient: bool = False) -> Iterator[None]:
    """Hold the archive as its one writer.

    Args:
        root: The archive's folder.
        purpose: What the holder does, for those who find the archive busy: "add music/".
        is_patient: Wait until the other writer is done.

    Raises:
        ArchiveBusyError: Another process holds the archive, and `is_patient` is false.
    """
    with _held_folder(root / "register") as try_lock:
        while not try_lock():
            if not is_patient:
                raise ArchiveBusyError(
                    str(root), f"it is being written by {_holder(root)}", "Wait, or use --wait."
                )
            time.sleep(_RETRY_S)
        _leave_name(root, purpose)
        yield


@contextmanager
def hold_folder(folder: Path, what: str) -> Iterator[None]:
    """Hold a folder as the one who writes there.

    Args:
        folder: The folder; it exists.
        what: What else is doing this, for those who find it held: "an import of freemusi".

    Raises:
        ArchiveBusyError: Another process holds it.
    """
    with _held_folder(folder) as try_lock:
        if not try_lock():
            raise ArchiveBusyError(
                str(folder), f"{what} is under way", "Wait until it is done, then try again."
            )
        yield


@contextmanager
def _held_folder(folder: Path) -> Iterator[Callable[[], bool]]:
    """Give what tries to lock a folder; what was locked is let go of at the end."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refusal(folder.name, error) from error
    _held.add(descriptor)
    try:
        yield partial(_try_lock, descriptor, folder.name)
    finally:
        if descriptor in _held:  # not in a forked child, where it may be another file by now
            _held.discard(descriptor)
            os.close(descriptor)  # releases the lock


def _try_lock(descriptor: int, name: str) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise refusal(name, error) from error
    return True


def _leave_name(root: Path, purpose: str) -> None:
    """Say who we are. Where that cannot be written the refusal of others is only less telling."""
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "purpose": purpose}
    with suppress(OSError):
        (root / "state").mkdir(exist_ok=True)
        (root / "state" / "writer.json").write_text(json.dumps(holder), encoding="utf-8")


def _holder(root: Path) -> str:
    try:
        holder = json.loads((root / "state" / "writer.json").read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} (phono {holder['purpose']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
