"""The emptiest door that can stand behind nginx: it allows whatever is asked for, unread.

`python -m bench.empty_door` prints the port on which it answers. What nginx costs before it
is nginx's own price for asking anybody at all.
"""

from __future__ import annotations

import asyncio
import sys


class _Allowing(asyncio.Protocol):
    """Sends the file below `/archive/` that has the path asked for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1].removeprefix(b"/empty/")  # a head comes in one piece here
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Accel-Redirect: /archive/%b\r\n\r\n" % path
        )


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Allowing, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve()))
