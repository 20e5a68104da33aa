"""What reading JSON of ours, or of strangers, can raise: one list for every room that reads some.

A text can be no JSON or of another shape, have bytes that are no UTF-8 in a string, or be nested
deeper than a reader goes.
"""

from __future__ import annotations

from typing import Final

import msgspec

UNDECODABLE: Final = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
)
"""What `msgspec.json.decode` raises for bytes that cannot be read."""
