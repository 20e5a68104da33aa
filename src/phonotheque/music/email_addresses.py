"""E-mail addresses in texts: none may stand where everybody reads and nobody can erase."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def has_email_address(text: str) -> bool:
    """Whether something in a text reads as an e-mail address."""
    return _ADDRESS.search(text) is not None
