"""Answers of a search: a table for people that fits the width there is, a record for programs.

A letter of Han, kana or Hangul takes two places on a terminal, a combining mark none; so widths are
counted in places, not in letters.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phonotheque.cli.output import printable

if TYPE_CHECKING:
    from phonotheque.catalogue.lookup.card import Card

_GAP = 2
_NARROWEST, _NARROWEST_OF_ALL = 10, 20
"""Places below which a text is not cut while a column may be left out, the least needed first; the
second figure is that of the column that is never left out."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        head: Its title.
        cells: One for each row.
        is_text: Whether it may be cut; figures and words in short never are.
        need: The higher, the longer it is kept where there is little room; 0: never left out.
    """

    head: str
    cells: tuple[str, ...]
    is_text: bool = False
    is_right: bool = False
    need: int = 0


def columns_of(kind: str, cards: Sequence[Card]) -> list[Column]:
    """Return what is shown of cards of one kind; columns with nothing in them are left out."""
    recording, release = kind == "recording", kind == "release"
    named = recording or release

    def text(head: str, name: str, need: int) -> Column:
        cells = tuple(printable(getattr(card, name) or "") for card in cards)
        return Column(head, cells, is_text=True, need=need)

    def figures(head: str, cells: tuple[str, ...], need: int) -> Column:
        return Column(head, cells, is_right=True, need=need)

    shown = [
        text("title" if named else "name", "title", 0),
        text("artist" if named else "which one", "credit", 9),
        *([text("release", "release_title", 2)] if recording else ()),
        *([text("label", "label", 3)] if release else ()),
        *([text("number", "catalog_number", 1)] if release else ()),
        figures("year" if named else "since", tuple(str(card.year or "") for card in cards), 7),
        *([figures("length", tuple(map(_length, cards)), 6)] if recording else ()),
        *([figures("tracks", tuple(str(card.tracks or "") for card in cards), 4)] * release),
        Column("country", tuple(card.country or "" for card in cards), need=4 if not named else 1),
        Column("licence", tuple(_licence(card) for card in cards), need=5),
        Column("status", tuple(_marks(card) for card in cards), need=8),
        figures("popularity", tuple(_score(card) for card in cards), 3),
    ]
    return [column for column in shown if any(column.cells) or not column.need]


def _length(card: Card) -> str:
    """A length as sleeves print it: 3:08, 1:02:03."""
    if card.length is None:
        return ""
    minutes, seconds = divmod(round(card.length / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _licence(card: Card) -> str:
    from phonotheque.catalogue.query.licences import short_name

    return short_name(card.licence or "")


def _marks(card: Card) -> str:
    return ", ".join(
        word for word, is_so in (("held", card.is_held), ("free", card.is_free)) if is_so
    )


def _score(card: Card) -> str:
    return "" if card.score is None else str(card.score)


def lay_out(columns: Sequence[Column], width: int | None) -> list[str]:
    """Return the head and one line for each row, none of them wider than asked.

    Args:
        columns: At least one that is never left out.
        width: Places of a line; None for as many as it takes.
    """
    shown = list(columns)
    widths = [_widest(column) for column in shown]
    if width is not None:
        while (fitted := _fitted(shown, widths, width)) is None:
            least = min(
                (i for i, column in enumerate(shown) if column.need), key=lambda i: shown[i].need
            )
            del shown[least], widths[least]
        widths = fitted
    rows = zip(*((column.head, *column.cells) for column in shown), strict=True)
    return [_line(shown, widths, row) for row in rows]


def terminal_width() -> int | None:
    """Return the places of a line of the terminal; None without one: lines are as they are."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _widest(column: Column) -> int:
    return max(places(cell) for cell in (column.head, *column.cells))


def _fitted(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int] | None:
    """Return widths that fit: of texts the widest are cut, evenly; None when one is too narrow."""
    is_last = len(columns) == 1
    fitted = [
        min(wide, width) if one.is_text else wide for one, wide in zip(columns, widths, strict=True)
    ]
    texts = [place for place, one in enumerate(columns) if one.is_text]
    while sum(fitted) + _GAP * (len(fitted) - 1) > width:
        widest = max(texts, key=lambda place: (fitted[place], place))  # of equals the last
        least = 1 if is_last else _NARROWEST if columns[widest].need else _NARROWEST_OF_ALL
        if fitted[widest] <= least:
            return fitted if is_last else None
        fitted[widest] -= 1
    return fitted


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    parts = []
    for column, wide, cell in zip(columns, widths, cells, strict=True):
        text = cut(cell, wide)
        blank = " " * (wide - places(text))
        parts.append(blank + text if column.is_right else text + blank)
    return (" " * _GAP).join(parts).rstrip()


def places(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """Return as much of a text as fits, with an ellipsis where something is left out."""
    if places(text) <= width:
        return text
    kept = text[:width]
    while places(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept}…" if width > 0 else ""


_CARD_KEYS = {
    **{name: name for name in ("kind", "gid", "title", "credit")},
    "release": "release_title",
    **{name: name for name in ("label", "catalog_number", "year", "country")},
    "length_ms": "length",
    **{name: name for name in ("tracks", "licence", "is_held", "is_free", "genres", "isrc")},
    **{name: name for name in ("barcode", "score", "listens")},
}
"""Keys of a card in JSON, in order, and what stands behind them."""


def card_record(card: Card | None) -> dict[str, Any]:
    """A card as `--json` prints it; all keys are null where there is none."""
    import msgspec

    values = {key: getattr(card, name) if card else None for key, name in _CARD_KEYS.items()}
    return {key: msgspec.to_builtins(value) for key, value in values.items()}
