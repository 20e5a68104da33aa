"""Part of `phono publish run`: access copies for tiers that are shared so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from phonotheque.cli.output import tell
from phonotheque.cli.watching import watched

if TYPE_CHECKING:
    from phonotheque.accession.access_copy import CopyJob, CopyMade
    from phonotheque.archive.opening import Archive
    from phonotheque.hands import Hands


@contextmanager
def copy_hands(root: Path, count: int) -> Iterator[Hands[CopyJob, CopyMade] | None]:
    """Start the processes that make access copies; none where the settings ask for none."""
    from phonotheque.archive.bulk.plan_wish import wants_copies

    if not wants_copies(root):
        yield None
        return
    from phonotheque.archive.keeping.wiring import copyists

    with copyists(root, count) as hands:
        yield hands


def make_access_copies(
    archive: Archive, hands: Hands[CopyJob, CopyMade] | None, *, as_json: bool
) -> None:
    """Make the access copies that are asked for and lacking, and tell how many."""
    if hands is None:
        return
    from phonotheque.archive.bulk.access_copies import make_copies

    made = 0
    with watched() as told:
        for one in make_copies(archive, hands):
            made += one.copy is not None
            told(f"making access copies: {made}", None, None)
            if one.copy is None:
                tell([f"{one.master.sha256}: no access copy, {one.reason}"])
    if made and not as_json:
        print(f"Made {made} access {'copy' if made == 1 else 'copies'}.")
