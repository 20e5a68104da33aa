"""What the item pages are made from, and what they all ask of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from phonotheque.errors import BadReferenceError
from phonotheque.listen.item_values import Item
from phonotheque.listen.items.ports import BulkDoor, Reports
from phonotheque.listen.limits import Bucket
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.ports import Items, Library
from phonotheque.listen.values import Gone

LETTERS_A_DAY = 20
"""From one address; who has more to say writes it in one."""

_Letters = partial(Bucket, time.monotonic, per_s=LETTERS_A_DAY / 86_400, burst=LETTERS_A_DAY)


@dataclass(frozen=True, slots=True)
class ItemRoom:
    """What the item pages are made from, and how many letters are taken from one address."""

    library: Library
    items: Items
    reports: Reports
    bulk: BulkDoor
    pages: Pages
    letters: Bucket = field(default_factory=_Letters)

    def item(self, gid: UUID) -> Item | Gone:
        """Return the facts of a recording, or why it is gone.

        Raises:
            BadReferenceError: No recording has this gid.
        """
        found = self.items.item(gid)
        if found is None:
            todo = "Search for it in the catalogue."
            raise BadReferenceError(str(gid), "no recording has this gid", todo)
        return found
