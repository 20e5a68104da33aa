"""Numbers as titles of charts say them, so that a finding reads as a sentence."""

from __future__ import annotations

from phonotheque.music.licence import parse_licence

LISTEN = "weighed listen"
"""What the `listens` of a card are: counts of all sources, each by what it is worth
(`phonotheque.music.popularity`); no source has so many."""


def percent(part: float, whole: float) -> str:
    """A share of a hundred: "74 %", "0.3 %", "under 0.1 %"; nothing of nothing is "0 %"."""
    share = 100 * part / whole if whole else 0.0
    if share == 0 or share >= 9.95:
        # What is not all is not called 100 %.
        return f"{min(round(share), 99 if part < whole else 100)} %"
    if share < 0.1:
        return "under 0.1 %"
    return f"{share:.1f} %".replace(".0 %", " %")


_FEW = 100
"""Of fewer things a share is told as what it is: a per cent of four is a fourth."""


def share(part: int, whole: int, noun: str) -> str:
    """A part of so many things: "74 % of 1,624 releases", "1 of 2 releases"."""
    told = number(part) if whole < _FEW else percent(part, whole)
    return f"{told} of {counted(whole, noun)}"


def sentence(text: str) -> str:
    """A text that begins with a share, as a sentence: "Under 0.1 % of ..."."""
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """A count: "1,624"."""
    return f"{value:,.0f}"


def counted(value: int, noun: str) -> str:
    """A count with its noun: "1 release", "1,624 releases"."""
    return f"{number(value)} {noun}" if value == 1 else f"{number(value)} {noun}s"


def clock(seconds: int) -> str:
    """A length of time: "3:05", "1:02:00"."""
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def listed(words: list[str]) -> str:
    """Words as a sentence joins them: "2:00, 3:00 and 4:00"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def licence_name(uri: str | None) -> str:
    """A licence as people write it: "CC BY 4.0"; its address where it has no name."""
    return (parse_licence(uri).name or uri) if uri else "unknown"
