"""Ports for programs that cannot be handed a socket and do not say which one they took."""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress

_FIRST, _END = 20_000, 32_000
"""The system gives none of these to whoever takes any (Linux: 32,768 to 60,999)."""


def free_ports(count: int) -> list[int]:
    """Ports that are free, and that no other worker of this run is given."""
    ports: set[int] = set()
    own = own_range()
    while len(ports) < count:
        port = random.choice(own)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.add(port)
    return list(ports)


def own_range() -> range:
    """The ports of this worker of pytest-xdist; all of them where there is but one."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (_END - _FIRST) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return range(_FIRST + worker * width, _FIRST + (worker + 1) * width)
