"""Asking an application in this process, one request after the other."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class Api:
    """An application, asked as a program asks a server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __enter__(self) -> Api:
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(self._app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://archive.test")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request below `/api/v1`."""
        return self._loop.run_until_complete(self._client.request(method, f"/api/v1{path}", **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask for a path below `/api/v1`, with parameters as `params`."""
        return self.ask("GET", path, **more)

    def json(self, path: str, **more: Any) -> Any:
        """Return what a path answers, which must be well."""
        reply = self.get(path, **more)
        assert reply.status_code == 200, reply.text
        return reply.json()
