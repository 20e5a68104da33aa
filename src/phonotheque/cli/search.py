"""`phono search`: what there is, by words and fields, once or as somebody types."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.catalogue.kinds import Kind
from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, printable, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from phonotheque.archive.finding.searching import Catalogue, Found, SearchOptions
    from phonotheque.archive.finding.serving import Behind
    from phonotheque.archive.finding.standing import Standings
    from phonotheque.catalogue.lookup.card import Card
    from phonotheque.catalogue.query.parsed import Parsed
    from phonotheque.cli.live import Shown

_TYPING_DEADLINE_S = 0.15
"""While somebody types: longer than nearly every search takes, shorter than a pause."""

_WAITING_DEADLINE_S = 5.0
"""When that was too short and nobody types on; a key that comes meanwhile waits as long."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("search", short_help="Find recordings, releases, artists, labels.")(search)


def search(
    context: typer.Context,
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="Words, and fields such as artist:NAME year:1990.."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What is searched for; default: recording.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most answers shown.")] = 20,
    deadline: Annotated[
        int | None,
        typer.Option(min=1, metavar="MS", help="Answer after so many ms with the best till then."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Search as you type.")] = False,
    ids: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Look up the identifiers in FILE (- for input) instead."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Search the catalogue: whole titles and names first, the most popular of them before others.

    Fields: artist, title, release, label, year, licence, country, genre, held, free, kind, isrc,
    barcode, catalogue, gid, id. What has a space in it stands in quotes: artist:"pink floyd".
    The end of the last word and typing errors are forgiven when nothing has the words as they
    stand.

    A file for --ids has one identifier a line: gids, MBIDs, ISRCs and barcodes as they are,
    others with their field, as catalogue:"KC 001" or id:discogs:249504. Exit status 1 when a line
    cannot be read.

    Example: phono search moorings artist:marrow year:1990..
    """
    root = archive_of(context)
    if ids is not None:
        if live or text:
            raise typer.BadParameter("--ids looks up what is in FILE: give no TEXT and no --live")
        return _identify(root, ids, kind, limit, as_json=as_json)
    if live:
        if as_json:
            raise typer.BadParameter("--live is for people, --json for programs: give one")
        return _live(context, root, " ".join(text or []), kind)
    from phonotheque.archive.finding.searching import SearchOptions, open_catalogue
    from phonotheque.archive.finding.standing import as_now

    queries = _queries(text or [])
    wanted = SearchOptions(limit, deadline / 1000 if deadline else None, kind)
    with open_catalogue(root) as catalogue:
        found = _best(catalogue.find(query, wanted) for query in queries)
        found = replace(found, cards=as_now(root, catalogue, found.cards))
        missing = _behind(root, catalogue)
    if as_json:
        _print_json(found, missing)
    else:
        _print(found, missing, limit)
    return DONE


def _queries(arguments: Sequence[str]) -> list[Parsed]:
    """What the arguments may mean, the likelier first; refused when they can mean nothing."""
    from phonotheque.catalogue.query.parsing import parse
    from phonotheque.catalogue.query.terms import readings
    from phonotheque.errors import BadRequestError

    parsed: list[Parsed] = []
    refused: BadRequestError | None = None
    for text in readings(arguments):
        try:
            parsed.append(parse(text))
        except BadRequestError as error:
            refused = error
    if refused is not None and not parsed:
        raise refused
    return parsed


def _best(answers: Iterable[Found]) -> Found:
    """The first answer that has what was typed; else the one that has what is nearest to it."""
    seen: list[Found] = []
    for found in answers:
        if found.cards and found.used in _AS_TYPED:
            return found
        seen.append(found)
    return min(seen, key=lambda found: (not found.cards, found.used == "typos"))


_AS_TYPED = ("identifier", "exact")


def _identify(root: Path, ids: Path, kind: Kind | None, limit: int, *, as_json: bool) -> int:
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.archive.finding.standing import open_standings
    from phonotheque.cli.identifiers import summary, tell_identified

    with open_catalogue(root) as catalogue, open_standings(root, catalogue) as standings:
        asked = (kind, limit)
        status, counts = tell_identified(catalogue, standings, ids, asked, as_json=as_json)
        missing = _behind(root, catalogue)
    if as_json:
        print_json({**counts, "added_since": missing.added})
    else:
        print(summary(counts))
        if missing.added:
            print(missing)
    return status


def _behind(root: Path, catalogue: Catalogue) -> Behind:
    from phonotheque.archive.finding.serving import behind
    from phonotheque.archive.opening import open_to_read

    with open_to_read(root) as archive:
        tell(archive.notices)
        return behind(archive.index, catalogue.snapshot)


def _print_json(found: Found, missing: Behind) -> None:
    from phonotheque.cli.answers import card_record

    for card in found.cards:
        print_json(card_record(card))
    print_json(
        {
            "found": len(found.cards),
            "used": found.used,
            "is_partial": found.is_partial,
            "added_since": missing.added,
        }
    )


def _print(found: Found, missing: Behind, limit: int) -> None:
    from phonotheque.cli.answers import columns_of, lay_out, terminal_width

    kinds = dict.fromkeys(card.kind for card in found.cards)
    for number, kind in enumerate(kinds):
        print("\n" if number else "", end="")
        cards = [card for card in found.cards if card.kind is kind]
        print("\n".join(lay_out(columns_of(kind, cards), terminal_width())))
    for note in _notes(found, missing, limit):
        print(note)


def _notes(found: Found, missing: Behind, limit: int) -> list[str]:
    notes = []
    if not found.cards:
        notes.append("Nothing was found.")
    elif found.instead_of:
        notes.append(f"No {found.instead_of} has these words; {_this_kind(found)}.")
    elif found.used in _OTHERWISE:
        notes.append(f"Nothing has these words as they were typed; {_OTHERWISE[found.used]}.")
    if found.is_partial:
        notes.append("Time was up before all was looked through: these are the best found so far.")
    if len(found.cards) == limit:
        notes.append(f"The first {limit}; there may be more: --limit.")
    if missing.added:
        notes.append(str(missing))
    return notes


_OTHERWISE = {
    "prefix": "here the last one goes on",
    "typos": "these have words near to them",
}


def _this_kind(found: Found) -> str:
    kind = found.cards[0].kind
    told = f"these {kind}s have" if len(found.cards) > 1 else f"this {kind} has"
    return f"{told}, and the last one goes on" if found.used == "prefix" else told


def _live(context: typer.Context, root: Path, text: str, kind: Kind | None) -> int:
    from phonotheque.archive.finding.searching import SearchOptions, open_catalogue
    from phonotheque.archive.finding.standing import open_standings
    from phonotheque.cli.live import choose
    from phonotheque.cli.look import show

    cards: list[Card] = []
    with open_catalogue(root) as catalogue, open_standings(root, catalogue) as standings:

        def answer(
            typed: str, rows: int, width: int, deadline_s: float = _TYPING_DEADLINE_S
        ) -> Shown:
            wanted = SearchOptions(
                min(rows, 20), deadline_s, kind, is_typing=not typed.endswith(" ")
            )
            cards[:], shown, is_partial = _while_typing(catalogue, standings, typed, wanted, width)
            if is_partial and deadline_s < _WAITING_DEADLINE_S:
                rest = partial(answer, typed, rows, width, _WAITING_DEADLINE_S)
                shown = replace(shown, rest=rest)
            return shown

        chosen = choose(answer, text)
    if chosen is None:
        return DONE
    return show(context, str(cards[chosen].gid), picture=None)


def _while_typing(
    catalogue: Catalogue, standings: Standings, typed: str, wanted: SearchOptions, width: int
) -> tuple[Sequence[Card], Shown, bool]:
    """Search for what was typed so far; what it lacks to be a query is told, not refused.

    Returns:
        What was found, as it is shown, and whether time was up before all was looked through.
    """
    from phonotheque.catalogue.query.parsing import parse
    from phonotheque.cli.answers import columns_of, lay_out
    from phonotheque.cli.live import Shown
    from phonotheque.errors import BadRequestError

    try:
        parsed = parse(typed, is_typing=True)
        if parsed.is_empty:
            return (), Shown(), False
        found = catalogue.find(parsed, wanted)
    except BadRequestError as error:
        return (), Shown(note=printable(str(error))), False
    if not found.cards:
        note = "Nothing was found so far." if found.is_partial else "Nothing was found."
        return (), Shown(note=note), found.is_partial
    first = found.cards[0].kind
    cards = standings.cards([card for card in found.cards if card.kind is first])
    head, *lines = lay_out(columns_of(first, cards), width - 2)
    note = "near words; " if found.used == "typos" else ""
    keys = "arrows choose, Enter shows, Esc leaves"
    return cards, Shown(head, tuple(lines), f"{note}{keys}"), found.is_partial
