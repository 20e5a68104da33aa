"""One writer: a lock that dies with the process that holds it.

The lock is an advisory `flock` on the folder `register/`, because the register is the authority:
a lock file in `state/` could be deleted under its holder and taken twice. Who holds it is written
to `state/writer.json`, for people; the lock itself trusts no file and no clock.

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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    try:
        folder = os.open(root / "register", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refusal("register", error) from error
    _held.add(folder)
    try:
        while not _try_lock(folder):
            if not is_patient:
                raise ArchiveBusyError(
                    str(root), f"it is being written by {_holder(root)}", "Wait, or use --wait."
                )
            time.sleep(_RETRY_S)
        _leave_name(root, purpose)
        yield
    finally:
        if folder in _held:  # not in a forked child, where it may be another file by now
            _held.discard(folder)
            os.close(folder)  # releases the lock


def _try_lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise refusal("register", error) from error
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
