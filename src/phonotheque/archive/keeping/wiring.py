"""Hands for every trade that listens: what each process is given before it waits for jobs.

Not here: hands that only read (`archive.bulk.proving`).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from phonotheque.accession.access_copy import CopyJob, CopyMade, make_copy
from phonotheque.accession.take import Job, NotTaken, Taken, take
from phonotheque.archive.keeping.examine import Examined, Subject, examine
from phonotheque.archive.keeping.rebuild import Reread, Task, reread
from phonotheque.audio import facts_in_child, warm_up
from phonotheque.disk import LocalDisk
from phonotheque.hands import ManyHands, Work
from phonotheque.store.objects import INCOMING, DiskStore


def takers(root: Path, count: int) -> ManyHands[Job, Taken | NotTaken]:
    """Hands that take files in."""
    return ManyHands(partial(_taker, root), count)


def copyists(root: Path, count: int) -> ManyHands[CopyJob, CopyMade]:
    """Hands that make access copies."""
    return ManyHands(partial(_copyist, root), count)


def rereaders(root: Path, count: int) -> ManyHands[Task, Reread]:
    """Hands that read objects again to rebuild what was lost."""
    return ManyHands(partial(_rereader, root), count)


def examiners(root: Path, count: int) -> ManyHands[Subject, Examined]:
    """Hands that check objects and decode their sound again."""
    return ManyHands(partial(_examiner, root), count)


def _taker(root: Path) -> Work[Job, Taken | NotTaken]:
    warm_up()
    store = DiskStore(LocalDisk(root))
    return lambda job: take(store, job, facts_in_child)


def _copyist(root: Path) -> Work[CopyJob, CopyMade]:
    warm_up()
    store = DiskStore(LocalDisk(root))
    return lambda job: make_copy(store, root / INCOMING, job, facts_in_child)


def _examiner(root: Path) -> Work[Subject, Examined]:
    warm_up()
    store = DiskStore(LocalDisk(root))
    return lambda subject: examine(store, subject, facts_in_child)


def _rereader(root: Path) -> Work[Task, Reread]:
    warm_up()
    store = DiskStore(LocalDisk(root))
    return lambda task: reread(store, task, facts_in_child)
