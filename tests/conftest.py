"""What holds for all tests.

What was imported for them stays to the end: the garbage collector does not look through it, nor
does a forked child that collects garbage copy it.

Hypothesis has no deadlines, since no assertion is about time. Folders lie in memory where there is
room: what survives a power loss is proven on simulated disks.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "here",
    deadline=None,
    derandomize=os.environ.get("PHONOTHEQUE_RANDOM") != "1",  # torture draws new examples
    max_examples=int(os.environ.get("PHONOTHEQUE_EXAMPLES", "25")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("here")

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 6 << 30
_OURS = pytest.StashKey[Path]()


def pytest_configure(config):
    """Choose where the folders of tests lie, unless that was said."""
    gc.disable()  # until all is imported
    is_worker = hasattr(config, "workerinput")
    if is_worker or config.option.basetemp or not os.access(_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        config.stash[_OURS] = Path(tempfile.mkdtemp(prefix="phonotheque-tests-", dir=_MEMORY))
        config.option.basetemp = str(config.stash[_OURS] / "all")


def pytest_collection_finish():
    """Take what was imported out of the collector's sight."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # libraries that count their objects at the end find none left
    gc.set_threshold(10_000, 10, 10)  # what a test makes ends with it, and Hypothesis counts rounds
    gc.enable()


def pytest_unconfigure(config):
    """Leave no folder behind in memory."""
    if _OURS in config.stash:
        shutil.rmtree(config.stash[_OURS], ignore_errors=True)
