"""Which packs have something of an object in them: what a removal must take away.

Law: a pack that cannot be read, and every dump of the catalogue, counts as having it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    wanted = {name.hex for name in names}
    return [pack.name for pack in packs if wanted and _has(disk, pack, wanted)]


def _has(disk: Disk, pack: Pack, names: set[str]) -> bool:
    if pack.kind == PackKind.METADATA:
        return True
    try:
        with OpenPack(disk, folder_of(pack.name)) as opened:
            if pack.kind == PackKind.REGISTER:
                return _speaks_of(opened, names)
            return any(not names.isdisjoint((one.key, *one.extra)) for one in opened.entries())
    except (NotHeldError, IntegrityError):
        return True


def _speaks_of(pack: OpenPack, names: set[str]) -> bool:
    """Whether a line of an extract names one of these objects, wherever in the line."""
    for entry in pack.entries():
        found = {text.decode() for text in _DIGEST.findall(pack.read(entry))}
        if not names.isdisjoint(found):
            return True
    return False
