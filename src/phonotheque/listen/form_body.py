"""The bytes of a form, bounded while they come."""

from __future__ import annotations

from fastapi import Request

from phonotheque.errors import BadRequestError


async def form_body(request: Request, most_bytes: int) -> bytes:
    """Return the body of a request, no longer than a form of ours can be.

    Raises:
        BadRequestError: It is longer.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most_bytes:
            raise BadRequestError("The form", "it is too long", "Write less, or send a link.")
    return bytes(data)
