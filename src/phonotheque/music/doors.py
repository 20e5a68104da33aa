"""The doors: every way on which bytes leave the archive, and the use that each one makes of them.

Law: a door asks the one resolver at the moment of leaving, and a door without a use fails a test,
so no new way out can forget to ask.

Not here: how the answer is found (`rights`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from phonotheque.music.rights import RightsStatement, Use, Verdict, may_share_in_torrent, resolve


class Door(StrEnum):
    """A way out. A new one is added here first.

    PUBLISH: into a volume. SEED: from a volume to its swarm. EXPORT: into a folder for others.
    """

    PUBLISH = "publish"
    SEED = "seed"
    EXPORT = "export"


DOOR_USES = {
    Door.PUBLISH: Use.REDISTRIBUTE,
    Door.SEED: Use.REDISTRIBUTE,
    Door.EXPORT: Use.REDISTRIBUTE,
}
"""What each door does with what passes it. A door missing here fails a test."""

TORRENT_DOORS = frozenset((Door.PUBLISH, Door.SEED))
"""Doors held to `may_share_in_torrent`."""


def ask(
    door: Door,
    statements: Sequence[RightsStatement],
    on: date,
    territory: str | None = None,
    *,
    claims_count: bool = False,
) -> Verdict:
    """Ask at a door. A torrent has no territory: what is given is ignored there."""
    if door in TORRENT_DOORS:
        return may_share_in_torrent(statements, on, claims_count)
    return resolve(statements, DOOR_USES[door], on, territory, claims_count=claims_count)
