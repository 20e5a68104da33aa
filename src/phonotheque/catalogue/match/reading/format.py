"""How a list may be written: what a command offers before anything is read."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How a list is written."""

    M3U = "m3u"
    JSPF = "jspf"
    XSPF = "xspf"
    LISTENS = "listens"
    CSV = "csv"
    TEXT = "text"
