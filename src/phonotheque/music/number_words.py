"""Numbers as people say them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number of things: "1 file", "1,706 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
