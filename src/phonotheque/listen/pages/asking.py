"""What pages ask the library for: the thing that an address names, or where it is now.

Laws: an address that once was good leads somewhere for ever: to what stands for the thing now, or
to a page that says why it is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from phonotheque.errors import BadReferenceError
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.pages.said import PATHS
from phonotheque.listen.ports import Ports
from phonotheque.listen.sound.ports import Place
from phonotheque.listen.values import Album, Artist, Gone, Hit, Label, Song

Thing = TypeVar("Thing", Song, Album, Artist, Label)


@dataclass(frozen=True, slots=True)
class House:
    """What every route of the pages is handed."""

    ports: Ports
    pages: Pages

    def find(
        self, request: Request, text: str, ask: Callable[[UUID], Thing | Gone | None]
    ) -> Thing | Response:
        """Return the thing that a path names, or the answer that says where it is or why not.

        Args:
            text: What stands in the path.
            ask: The library's own way to it.

        Raises:
            BadReferenceError: Nothing has that gid.
        """
        gid = gid_of(request, text)
        found = ask(gid)
        if isinstance(found, Gone):
            return self.pages.html(request, "gone.html", status=410, gone=found)
        if found is not None and found.hit.gid == gid:
            return found
        other = found.hit if found else self._other(request, gid)
        if isinstance(other, Gone):
            return self.pages.html(request, "gone.html", status=410, gone=other)
        return RedirectResponse(f"{PATHS[other.kind]}{other.gid}", 301)

    def _other(self, request: Request, gid: UUID) -> Hit | Gone:
        (other,) = self.ports.library.by_gids([gid])
        if other is None:
            raise unknown(request)
        return other


def gid_of(request: Request, text: str) -> UUID:
    """Read a gid in a path.

    Raises:
        BadReferenceError: It is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise unknown(request) from None


def unknown(request: Request) -> BadReferenceError:
    """Return the error for an address that leads nowhere."""
    return BadReferenceError(
        request.url.path,
        "nothing in this archive has that address",
        "Search for what you meant.",
    )


def place_of(request: Request) -> Place:
    """Return where somebody listens, as the rim found it."""
    listener = request.scope.get("listener")
    return listener.place if listener is not None else Place()
