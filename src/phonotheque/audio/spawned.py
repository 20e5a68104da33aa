"""A limited child in a fresh interpreter: `python -m phonotheque.audio.spawned ORDER`.

For systems where a fork of a warm process does not live (macOS). It imports first, then confines
itself as a forked child does, then answers on its pipe.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from phonotheque.audio import isolate, sandbox
from phonotheque.audio.order import Order


def main(text: str) -> None:
    """Do what an order in JSON says, then end."""
    try:
        order = msgspec.json.decode(text, type=Order)
        function = _find(order.function)
        isolate.warm_up()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        sandbox.confine(order.limits, (order.write_end, *order.descriptors), order.parent)
        isolate.answer(function, order.args, order.write_end, order.limits)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _find(name: str) -> Callable[..., object]:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


if __name__ == "__main__":
    main(sys.argv[1])
