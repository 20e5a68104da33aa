"""Waiting for something to come true, and asking without reading."""

from __future__ import annotations

import select
import socket
from contextlib import contextmanager
from time import monotonic

PATIENCE_S = 120.0


def until(is_true, what):
    """Wait until it is, or fail naming it."""
    deadline = monotonic() + PATIENCE_S
    while not is_true():
        assert monotonic() < deadline, what
        select.select([], [], [], 0.02)


@contextmanager
def asked_and_not_read(door, head):
    """Send something, and take next to nothing of what comes."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", door.port))
        slow.settimeout(PATIENCE_S)
        slow.sendall(head)
        yield slow


def rest(connection):
    """All that comes until the other end closes."""
    data = b""
    try:
        while block := connection.recv(65536):
            data += block
    except ConnectionResetError:
        pass
    return data
