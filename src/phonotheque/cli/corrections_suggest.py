"""`phono corrections suggest`: what looks wrong in the catalogue, as a work list."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.finding.suggesting import Suggestion


class DoubtName(StrEnum):
    """What is looked for; the names of `phonotheque.catalogue.corrections.suspecting.Doubt`."""

    ISRC = "isrc"
    LENGTH = "length"
    DATE = "date"
    TWINS = "twins"


_DOUBTS = Annotated[
    list[DoubtName] | None,
    typer.Option("--only", help="Look for this alone; may be given several times."),
]


def register(group: typer.Typer) -> None:
    """Add the command to `phono corrections`."""
    group.command("suggest")(suggest)


def suggest(
    context: typer.Context,
    only: _DOUBTS = None,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="So many of each kind of doubt at most.")
    ] = 100,
    as_json: Json = False,
) -> int:
    """List what looks wrong in the catalogue, the most heard first.

    One ISRC on different songs, one recording with different lengths, dates that cannot be, two
    artists with nearly one name. Each with both values and a command that takes the one side:
    which of them is wrong only you can tell. Where the catalogue is right, say so with
    `phono edit GID --confirm FIELD`, or `phono catalogue split` of two artists: what was corrected,
    confirmed or decided is not listed again. Exit status 1 when something was found.

    Example: phono corrections suggest --only date
    """
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.archive.finding.suggesting import suggestions
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.corrections.suspecting import Doubt

    root = archive_of(context)
    doubts = [Doubt(one.value) for one in (only or DoubtName)]
    with open_to_read(root) as archive, open_catalogue(root) as catalogue:
        tell(archive.notices)
        found = suggestions(archive, catalogue, doubts, limit)
    for one in found:
        _say_suggestion(one, as_json=as_json)
    if not found and not as_json:
        print("Nothing looks wrong.")
    return FOUND if found else DONE


def _say_suggestion(one: Suggestion, *, as_json: bool) -> None:
    from phonotheque.catalogue.corrections.suspecting import words_for

    found = one.found
    if as_json:
        print_json(
            {
                "doubt": str(found.doubt),
                "kind": str(found.kind),
                "gid": str(one.card.gid),
                "title": found.title,
                "listens": found.listens,
                "field": found.field,
                "value": found.value,
                "other": found.other,
                "other_gid": str(one.other_gid) if one.other_gid else None,
                "command": one.command,
            }
        )
        return
    by = f" by {one.card.credit}" if one.card.credit else ""
    heard = f", {found.listens:,} listens" if found.listens else ""
    print(printable(f"{found.title}{by} ({found.kind}{heard}): {words_for(found)}"))
    values = dict.fromkeys((found.value, found.other))
    print(printable(f"  {found.field} {'; '.join(values)}"))
    print(f"  {printable(one.command)}")
