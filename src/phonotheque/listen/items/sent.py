"""A resource as the answer of a route."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.sound.sending import Sending
from phonotheque.listen.sound.traffic import Traffic


class Sent(Response):
    """Sends what is open, with ranges and all that belongs to them.

    Args:
        resource: What. It is closed when it was sent.
        traffic: Of this process.
        is_kept: It is to be saved under its name, and not shown.
    """

    def __init__(self, resource: Resource, traffic: Traffic, *, is_kept: bool = False) -> None:
        super().__init__()
        self._sending = Sending(resource, traffic, is_kept=is_kept)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer a GET or HEAD."""
        await self._sending(scope, send)
