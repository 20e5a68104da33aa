"""What a parent asks of a child that starts in a fresh interpreter."""

from __future__ import annotations

from typing import Any

import msgspec

from phonotheque.audio.sandbox import Limits


class Order(msgspec.Struct, frozen=True):
    """What the parent asks for.

    Attributes:
        function: "module:name".
        args: Its arguments.
        limits: What may be used.
        descriptors: Open files that may be read.
        write_end: The pipe to answer on.
        parent: Process id of the parent.
    """

    function: str
    args: tuple[Any, ...]
    limits: Limits
    descriptors: tuple[int, ...]
    write_end: int
    parent: int
