"""What the item pages are handed beside `phonotheque.listen.ports`.

The laws of these ports are those of that module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from phonotheque.listen.items.values import Message, Removal, Report
from phonotheque.listen.sound.ports import Resource


class Reports(Protocol):
    """What people wrote to the archive, for its operator to read."""

    def take(self, message: Message) -> str:
        """Keep a message, durable when this returns.

        Returns:
            The number of the report, with which whoever wrote finds out what came of it.

        Raises:
            UnavailableError: The disk refused, or too many wait to be read.
        """

    def report(self, number: str) -> Report | None:
        """Return a report; None when there is none of this number."""


class BulkDoor(Protocol):
    """What the archive publishes, under the roof of this door."""

    def find(self, path: tuple[str, ...]) -> Resource | None:
        """Open what is published under a path; None when that is nothing that may be given.

        Args:
            path: Parts of it below `/torrents/`; `("index.html",)` is the torrents page.

        Raises:
            PhonothequeError: It cannot be read now, or is damaged.
        """

    def removals(self, page: int) -> tuple[Sequence[Removal], bool]:
        """Return a page of the public log, the newest first, and whether there is another.

        Args:
            page: From 1.
        """
