"""How pages write sizes, days and names, and how they take the tricks out of strangers' texts.

Laws: whatever text comes in, `plain` gives back one line without control characters and without
signs that turn the direction of reading; numbers and days are written in one way everywhere; an
address that is no web address is never made a link.

Not here: escaping for HTML and XML (the templates and writers do that).
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from urllib.parse import urlsplit

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of Unicode that show nothing, or move what is shown: control, format (with all signs
of direction), surrogates, private use, unassigned, separators of lines and paragraphs."""

_KEPT = {"\u200c", "\u200d"}
"""Joiners, which many scripts need inside a word."""

_LONGEST_TEXT = 500
_ELLIPSIS = "\u2026"


def plain(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return one line that shows what it holds: tricks become a space, length is bounded."""
    if len(text) <= longest and text.isprintable():  # most are; nothing hidden is printable
        return " ".join(text.split())
    shown = "".join(
        c if c in _KEPT or unicodedata.category(c) not in _HIDDEN else " " for c in text
    )
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1] + _ELLIPSIS


def bound(text: str) -> str:
    """The same with every per cent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")


def format_size(size_bytes: int) -> str:
    """A size in powers of 1000 with three digits that count: "34.3 GB", "996 GB", "6.02 TB"."""
    value, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    if unit == "B":
        return f"{size_bytes} B"
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{places}f} {unit}"


def format_count(number: int) -> str:
    """A number with commas: "10,500"."""
    return f"{number:,}"


_SHARE_PLACES = 5
"""Decimal places of a percentage: one of ten million is told apart."""


def format_share(share: float) -> str:
    """A share, 0 to 1, in percent: "99.6 %", "0.0005 %", "less than 0.00001 %".

    As many decimal places, up to five, as it takes to be wrong by no more than a
    quarter of the share, and of what lacks: 100 % is said of all alone and 0 % of nothing alone.
    """
    percent = share * 100
    lesser = min(percent, 100 - percent)
    text = ""
    for places in range(1, _SHARE_PLACES + 1):
        text = f"{percent:.{places}f}".rstrip("0").rstrip(".")
        if abs(float(text) - percent) <= lesser / 4:
            return f"{text} %"
    least = 10**-_SHARE_PLACES
    if text == "0":
        return f"less than {least:.{_SHARE_PLACES}f} %"
    return f"more than {100 - least:.{_SHARE_PLACES}f} %" if text == "100" else f"{text} %"


_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def format_day(instant: str) -> str:
    """The day of an instant: "21 Nov 2026"; what is no instant comes back plain."""
    try:
        when = datetime.fromisoformat(instant)
    except ValueError:
        return plain(instant)
    return f"{when.day} {_MONTHS[3 * when.month - 3 : 3 * when.month]} {when.year}"


def format_moment(instant: str) -> str:
    """Day and minute: "21 Nov 2026, 18:05 UTC"."""
    try:
        when = datetime.fromisoformat(instant)
    except ValueError:
        return plain(instant)
    return f"{format_day(instant)}, {when:%H:%M} UTC"


def web_address(text: str) -> str:
    """Return an address that may be linked to, with a slash at its end, or "" for any other."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or plain(text) != text.strip():
        return ""
    return text.strip().rstrip("/") + "/"


KIND_WORDS = {
    "open": "Recordings under open licences",
    "nc": "Recordings not for money (NC)",
    "nd": "Recordings to be passed on unchanged (ND)",
    "nc-nd": "Recordings not for money and unchanged (NC-ND)",
    "metadata": "Catalogue: what is known of all music",
    "facts": "Facts about the files: hashes, loudness, fingerprints",
    "art": "Pictures and papers that came with recordings",
    "overlays": "Current tags for the originals",
    "patches": "Ways back from tagged copies to originals",
    "register": "The register of the archive",
    "index": "Older indexes",
}
"""What each kind of torrent holds, in the words of the page."""

TIER_WORDS = {
    "50": "first half of all listens",
    "90": "50 to 90 % of listens",
    "99": "90 to 99 % of listens",
    "996": "99 to 99.6 % of listens",
    "rest": "the rest",
    "all": "all",
}
"""Which part of the music a tier is, in the words of the page."""


def group_words(kind: str, tier: str) -> str:
    """What a group of torrents holds: "Recordings under open licences: the rest"."""
    words = KIND_WORDS.get(kind, plain(kind))
    return words if tier == "all" else f"{words}: {TIER_WORDS.get(tier, plain(tier))}"
