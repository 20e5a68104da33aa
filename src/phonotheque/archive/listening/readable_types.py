"""Types that msgspec reads, looked at before threads read them.

msgspec looks at the fields of a type when it reads the first value of it, and remembers what it saw
before it has seen all. Another thread that reads its first value in that moment ends the process.
So the door has it look at all types of ours while there is one thread.

Not here: types of modules that are loaded later; nothing that answers loads any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import is_dataclass

import msgspec

_OURS = f"{__name__.partition('.')[0]}."


def prepare_types() -> tuple[type, ...]:
    """Have all types looked at that modules of ours define. Takes 0.1 ms for each, once.

    Returns:
        Those that can be read now; of others, that msgspec cannot read, nobody asks it.
    """
    prepared: list[type] = []
    for kind in _types():
        with suppress(TypeError, NameError):  # of names that are there for a type checker alone
            msgspec.json.Decoder(kind)
            prepared.append(kind)
    return tuple(prepared)


def _types() -> Iterator[type]:
    for name, module in sorted(sys.modules.items()):
        if not name.startswith(_OURS):
            continue
        for one in list(vars(module).values()):
            if not isinstance(one, type) or one.__module__ != name:
                continue
            if issubclass(one, msgspec.Struct) or is_dataclass(one):
                yield one
