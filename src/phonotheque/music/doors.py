"""The doors: every way on which bytes leave the archive, and the use that each one makes of them.

Laws: a door asks the one resolver at the moment of leaving, and a door without a use fails a test,
so no new way out can forget to ask; what was removed passes no door, whatever is stated about it.

Not here: how the answer is found (`rights`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from phonotheque.music.rights import (
    Code,
    RightsStatement,
    Use,
    Verdict,
    may_share_in_torrent,
    resolve,
)


class Door(StrEnum):
    """A way out. A new one is added here first.

    PUBLISH: into a volume. SEED: from a volume to its swarm. WEB_SEED: from a volume over HTTP.
    PUSH: from a volume to a folder that others serve. PACK: a small thing, or one made of an
    object, into a pack. EXPORT: into a folder for others. DRESS: as a dressed copy, and as the
    original that a copy gives back. DERIVE: as an access copy or a picture.
    LISTEN: to somebody who hears all of it, and sees its cover. PREVIEW: half a minute of it, to
    anybody. PREMISES: to somebody who hears it in the archive's own rooms. DOWNLOAD: to somebody
    who keeps it. DOWNLOAD_DRESSED: the same as a copy with other tags.
    LISTING: named as something that can be had, in lists, indexes, pages, feeds and fact sheets.
    DUMP: named so in a dump of the catalogue. SEARCH: found in the catalogue.
    """

    PUBLISH = "publish"
    SEED = "seed"
    WEB_SEED = "web-seed"
    PUSH = "push"
    PACK = "pack"
    EXPORT = "export"
    DRESS = "dress"
    DERIVE = "derive"
    LISTEN = "listen"
    PREVIEW = "preview"
    PREMISES = "premises"
    DOWNLOAD = "download"
    DOWNLOAD_DRESSED = "download-dressed"
    LISTING = "listing"
    DUMP = "dump"
    SEARCH = "search"


DOOR_USES: dict[Door, Use | None] = {
    Door.PUBLISH: Use.REDISTRIBUTE,
    Door.SEED: Use.REDISTRIBUTE,
    Door.WEB_SEED: Use.REDISTRIBUTE,
    Door.PUSH: Use.REDISTRIBUTE,
    Door.PACK: Use.REDISTRIBUTE,
    Door.EXPORT: Use.REDISTRIBUTE,
    Door.DRESS: Use.DERIVE,
    Door.DERIVE: Use.STREAM,
    Door.LISTEN: Use.STREAM,
    Door.PREVIEW: Use.PREVIEW,
    Door.PREMISES: Use.ON_PREMISES,
    Door.DOWNLOAD: Use.REDISTRIBUTE,
    Door.DOWNLOAD_DRESSED: Use.DERIVE,
    Door.LISTING: None,
    Door.DUMP: None,
    Door.SEARCH: None,
}
"""What each door does with what passes it; None where words about a thing pass, and not the thing:
a removal alone closes these. A door missing here fails a test."""

TORRENT_DOORS = frozenset((Door.PUBLISH, Door.SEED, Door.WEB_SEED, Door.PUSH, Door.PACK))
"""Doors held to `may_share_in_torrent`: what leaves there is a torrent, or a part of one."""

OWN_DOORS = frozenset((Door.EXPORT, Door.DRESS, Door.DERIVE))
"""Doors that the archive opens to itself, by a command on its own machine. A use of its own needs
no leave; who hands on what came out there asks first."""

LISTENING_DOORS = frozenset(
    (Door.LISTEN, Door.PREVIEW, Door.PREMISES, Door.DOWNLOAD, Door.DOWNLOAD_DRESSED)
)
"""Doors to one person at a time, who is somewhere: what is limited to a country may leave there."""


def ask(
    door: Door,
    statements: Sequence[RightsStatement],
    on: date,
    territory: str | None = None,
    *,
    claims_count: bool = False,
    is_removed: bool = False,
) -> Verdict:
    """Ask at a door. A torrent has no territory: what is given is ignored there."""
    if is_removed:
        return Verdict(Code.REMOVED, "It was removed: the archive's register says when and why.")
    use = DOOR_USES[door]
    if use is None:
        return Verdict(Code.LICENSED, "What is said of a thing may be said by everybody.")
    if door in TORRENT_DOORS:
        return may_share_in_torrent(statements, on, claims_count)
    return resolve(statements, use, on, territory, claims_count=claims_count)
