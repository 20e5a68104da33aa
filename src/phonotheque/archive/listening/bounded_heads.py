"""Heads as h11 reads them, but for those that would take it seconds.

h11 reads a header with a pattern that tries every way to share a run of blanks between what stands
before a value and what stands after it; likewise the extensions of a chunk. The time grows with the
square of the run: a head of 16 KiB would keep everybody waiting. No listener writes such a thing,
so it is refused before h11 looks at it.

Source: RFC 9112, 5.2 (folded lines may be refused) and 6.3 (so may a body that names no length).
"""

from __future__ import annotations

import re
from typing import Any

import h11

_END = re.compile(rb"\n\r?\n")
_RUN = b" " * 256


class BoundedHeads(h11.Connection):
    """A connection of h11 that refuses heads which are costly to read."""

    def next_event(self) -> Any:
        """Return what comes next.

        Raises:
            h11.RemoteProtocolError: It is not as it should be, or costly to read.
        """
        if self.their_state is h11.IDLE and is_costly(self.trailing_data[0]):
            raise h11.RemoteProtocolError("it is costly to read")
        return super().next_event()


def is_costly(data: bytes) -> bool:
    """Whether the head that data begins with has long blanks, folded lines or a body in chunks."""
    end = _END.search(data)
    head = (data[: end.start()] if end else data).replace(b"\t", b" ")
    return _RUN in head or b"\n " in head or b"\ntransfer-encoding:" in head.lower()
