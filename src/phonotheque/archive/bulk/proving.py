"""Hands that read objects before they are sealed; apart from `keeping.wiring`, whose load is heavy.

Law: a hand must be started before the archive is held and before there is any thread: it forks.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from phonotheque.disk import LocalDisk
from phonotheque.hands import ManyHands, Work
from phonotheque.publish.seal import Proof, prove
from phonotheque.store.objects import DiskStore, ObjectName


def provers(root: Path, count: int) -> ManyHands[ObjectName, Proof]:
    """Hands that prove objects before they are sealed."""
    return ManyHands(partial(_prover, root), count)


def _prover(root: Path) -> Work[ObjectName, Proof]:
    store = DiskStore(LocalDisk(root))
    return lambda name: prove(store, name)
