"""E-mail addresses in texts: none may stand where everybody reads and nobody can erase.

An address is a word with something before an @, and a dot within what follows it. Time grows with
the length of a text, whatever is written in it.
"""

from __future__ import annotations

from itertools import pairwise


def has_email_address(text: str) -> bool:
    """Whether something in a text reads as an e-mail address."""
    return any(map(_is_address, text.split()))


def without_email_addresses(text: str) -> str:
    """Return a text without the words that read as one; the same text where there is none."""
    if "@" not in text:
        return text
    words = text.split()
    kept = [word for word in words if not _is_address(word)]
    return text if kept == words else " ".join(kept)


def _is_address(word: str) -> bool:
    return any(before and "." in after[1:-1] for before, after in pairwise(word.split("@")))
