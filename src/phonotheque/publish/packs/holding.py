"""Which packs have something of an object in them: what a removal must take away.

Law: a pack that cannot be read, and every dump of the catalogue, counts as having it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress

from phonotheque.disk import Disk
from phonotheque.errors import IntegrityError, NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.form import PackKind, folder_of
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.register.events import Pack

_BLOCK_BYTES = 4 << 20
_DIGEST = re.compile(rb"[0-9a-f]{64}")


def packs_holding(disk: Disk, packs: Sequence[Pack], names: frozenset[Sha256]) -> list[str]:
    """Return the names of packs that have something of these objects in them.

    Cost: reads the index of each pack, and all of those that extract the register.
    """
    return [pack.name for pack in packs if one_held(disk, pack, names) is not None]


def one_held(disk: Disk, pack: Pack, names: Collection[Sha256]) -> Sha256 | None:
    """Return one of these objects of which a pack has something; None when it has of none.

    Cost: reads the pack's index once, however many objects there are.
    """
    if not names:
        return None
    wanted = {name.hex for name in names}
    found = min(wanted)
    if pack.kind != PackKind.METADATA:
        with suppress(NotHeldError, IntegrityError), OpenPack(disk, folder_of(pack.name)) as opened:
            is_extract = pack.kind == PackKind.REGISTER
            found = _spoken_of(opened, wanted) if is_extract else _listed(opened, wanted)
    return Sha256.parse(found) if found else None


def _listed(pack: OpenPack, names: set[str]) -> str:
    """One of these objects of which an entry is; "" for none."""
    for entry in pack.entries():
        if not names.isdisjoint((entry.key, *entry.extra)):
            return min(names.intersection((entry.key, *entry.extra)))
    return ""


def _spoken_of(pack: OpenPack, names: set[str]) -> str:
    """One of these objects that a line of an extract names, wherever in the line; "" for none."""
    for entry in pack.entries():
        found = {text.decode() for text in _DIGEST.findall(pack.read(entry))}
        if not names.isdisjoint(found):
            return min(names & found)
    return ""
