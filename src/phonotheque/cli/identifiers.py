"""`phono search --ids FILE`: what a list of identifiers names, a thousand at a time."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from phonotheque.catalogue.kinds import Kind
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.output import print_json, printable
from phonotheque.errors import BadRequestError
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.finding.searching import Catalogue
    from phonotheque.archive.finding.standing import Standings
    from phonotheque.catalogue.lookup.card import Card
    from phonotheque.catalogue.query.parsed import Identifier

_AT_ONCE = 1_000
_LONGEST = 8_192
"""Bytes of a line that are read: above the longest query in any script."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of a list.

    Attributes:
        named: What is looked up; None when the line cannot be read.
        wrong: Why it cannot be read.
    """

    line: str
    named: Identifier | None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer to one line.

    Attributes:
        state: "found", "unknown", "withdrawn" or "refused".
        reason: Of what was withdrawn or refused.
    """

    asked: str
    state: str
    card: Card | None = None
    reason: str = ""


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a list; "-" is standard input.

    Raises:
        BadRequestError: It cannot be read.
    """
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise BadRequestError(
            str(file), f"it cannot be read: {error.strerror}", "Give a file, or - for input."
        ) from error


def iter_wishes(stream: BinaryIO) -> Iterator[Wish]:
    """Read identifiers, one a line; empty lines and those that begin with # are passed over."""
    for line in _lines(stream):
        if line and not line.startswith("#"):
            yield _wish(line)


def _lines(stream: BinaryIO) -> Iterator[str]:
    while line := stream.readline(_LONGEST):
        whole = line
        while len(line) == _LONGEST and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST)
        yield whole.decode("utf-8-sig", "replace").strip()


def _wish(line: str) -> Wish:
    from phonotheque.catalogue.query.parsing import parse
    from phonotheque.catalogue.query.terms import readings

    try:
        parsed = parse(readings([line])[0])
    except BadRequestError as error:
        return Wish(line, None, str(error))
    return Wish(line, parsed.identifier, "" if parsed.identifier else "it names no thing by itself")


def look_up_all(
    catalogue: Catalogue, wishes: Iterator[Wish], kind: Kind | None, limit: int
) -> Iterator[list[Told]]:
    """Yield what is told of the lines of a list, in order and in bounded memory.

    Args:
        limit: Things of one identifier that are told at most.

    Raises:
        MalformedError: The catalogue is damaged.
    """
    from phonotheque.archive.finding.identifying import look_up

    while some := list(islice(wishes, _AT_ONCE)):
        named = [wish.named for wish in some if wish.named is not None]
        found = iter(look_up(catalogue.lookup, named))
        yield [
            told
            for wish in some
            for told in (
                [Told(wish.line, "refused", reason=wish.wrong)]
                if wish.named is None
                else _told(wish.line, next(found), kind)[:limit]
            )
        ]


def _told(line: str, found: Sequence[object], kind: Kind | None) -> list[Told]:
    from phonotheque.catalogue.lookup.card import Card, Tombstone

    told = []
    for one in found:
        if isinstance(one, Tombstone):
            told.append(Told(line, "withdrawn", reason=one.public_note or one.reason or ""))
        elif isinstance(one, Card) and kind in (None, one.kind):
            told.append(Told(line, "found", one))
    return told or [Told(line, "unknown")]


def _now(standings: Standings, told: Sequence[Told]) -> list[Told]:
    """The same, with cards that say what holds now."""
    cards = iter(standings.cards([one.card for one in told if one.card]))
    return [replace(one, card=next(cards)) if one.card else one for one in told]


def tell_identified(
    catalogue: Catalogue,
    standings: Standings,
    file: Path,
    asked: tuple[Kind | None, int],
    *,
    as_json: bool,
) -> tuple[int, dict[str, int]]:
    """Print what a list of identifiers names.

    Args:
        asked: Things of which kind, None for any, and how many of each line at most.

    Returns:
        The exit status, 1 when a line could not be read, and how many answers of which state.

    Raises:
        BadRequestError: The list cannot be read.
        MalformedError: The catalogue is damaged.
    """
    counts: Counter[str] = Counter(found=0, unknown=0, withdrawn=0, refused=0)
    with opened(file) as stream:
        for found in look_up_all(catalogue, iter_wishes(stream), *asked):
            told = _now(standings, found)
            counts.update(one.state for one in told)
            if as_json:
                for one in told:
                    print_json(_record(one))
            else:
                _print(told)
    return (FOUND if counts["refused"] else DONE), dict(counts)


def _record(told: Told) -> dict[str, Any]:
    from phonotheque.cli.answers import card_record

    told_of_it = {"asked": told.asked, "state": told.state, "reason": told.reason}
    return {**told_of_it, **card_record(told.card)}


def _print(told: Sequence[Told]) -> None:
    from phonotheque.cli.answers import Column, columns_of, lay_out, terminal_width

    is_first = True
    for kind in Kind:
        found = [(one.asked, one.card) for one in told if one.card and one.card.kind is kind]
        if found:
            print("" if is_first else "\n", end="")
            is_first = False
            asked = Column("asked", tuple(printable(line) for line, _ in found), is_text=True)
            columns = [asked, *columns_of(kind, [card for _, card in found])]
            print("\n".join(lay_out(columns, terminal_width())))
    for one in told:
        if one.card is None:
            reason = f": {one.reason}" if one.reason else ""
            print(printable(f"{one.state}  {one.asked}{reason}"))


def summary(counts: dict[str, int]) -> str:
    """How many were found, in words: "2 found, 1 unknown"."""
    told = [f"{count:,} {state}" for state, count in counts.items() if count]
    return ", ".join(told) or f"The list is empty: {counted(0, 'line')}."
