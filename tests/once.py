"""What many tests start from, made once in a run, however many workers there are."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker to ask for it has made; the others wait for it.

    Args:
        factory: The fixture `tmp_path_factory`.
        name: Of the folder.
        make: Gets a folder that is there and empty, of which no path may remain in what it makes:
            it is renamed.

    Returns:
        The folder, to be read and copied, not to be changed.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has a folder of its own in that of the run
    folder, new = base / name, base / f"{name}.new"
    with Path(base, f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            new.mkdir()
            make(new)
            new.rename(folder)
    return folder
