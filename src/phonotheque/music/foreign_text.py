"""Text that somebody else wrote, in messages of ours."""

from __future__ import annotations

_LONGEST = 80


def one_line(text: str) -> str:
    """Make a foreign text fit for one line of a message: 80 signs of it, none that is hidden or
    moves what is shown."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_LONGEST])
    return shown + ("..." if len(text) > _LONGEST else "")
