"""All routes of the door, found by the first part of an address.

The framework holds an address against each of some hundred routes in turn, which takes as long as a
look-up. What begins otherwise cannot match, so only the few that begin alike are asked, in the
order in which they were given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

_TAKEN = "phonotheque.route"


class RouteTable(BaseRoute):
    """Routes as one route.

    Args:
        routes: What is asked for goes to the first that has it.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_first: dict[str, list[BaseRoute]] = {}
        self._open: list[BaseRoute] = []
        for route in cast(Iterable[Route], routes):
            first = first_of(route.path)
            if "{" in first:
                self._add_open(route)
            else:
                self._by_first.setdefault(first, [*self._open]).append(route)

    def _add_open(self, route: BaseRoute) -> None:
        """Any first part may be meant."""
        for some in (*self._by_first.values(), self._open):
            some.append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether one of them has what is asked for: all of it, or but for the method."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._by_first.get(first_of(scope["path"]), self._open):
            match, given = route.matches(scope)
            if match is Match.FULL:
                return match, {**given, _TAKEN: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**given, _TAKEN: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the one that matched answer."""
        await scope[_TAKEN].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Addresses are written where they are needed, never looked up."""
        raise NoMatchFound(name, path_params)


def first_of(path: str) -> str:
    """Return the first part of a path, "" of "/"."""
    return path[1:].partition("/")[0]
