"""`phono publish where`: which torrents contain an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.bulk.whereabouts import Place, Whereabouts


def register(group: typer.Typer) -> None:
    """Add the command of this module to the group `publish`."""
    group.command("where")(where)


def where(
    context: typer.Context,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="An object (6 digits or more), or what the catalogue knows: a gid, MBID, ISRC, "
            "barcode, catalogue:NUMBER, id:SCHEME:VALUE. A release is all its recordings.",
        ),
    ],
    as_json: Json = False,
) -> int:
    """Say which torrents contain an item, also those that are not offered any more.

    The magnet link asks for the one file (BEP 53).

    Example: phono publish where 3f9ac1
    """
    from phonotheque.archive.bulk.whereabouts import where as whereabouts
    from phonotheque.archive.opening import open_to_read

    with open_to_read(archive_of(context)) as archive:
        tell(archive.notices)
        found = whereabouts(archive, reference)
    for one in found:
        if as_json:
            print_json(_record(one))
        else:
            _say(one)
    return DONE


def _record(one: Whereabouts) -> dict[str, Any]:
    return {
        "sha256": one.held.sha256.hex,
        "title": one.title,
        "artists": list(one.artists),
        "condition": one.held.condition,
        "torrents": [_place(place) for place in one.places],
        "packs": list(one.packs),
        "why_not": one.why_not,
        "lists_taken_away": list(one.unknown),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "torrent": place.torrent,
        "is_offered": place.is_offered,
        "because": place.because,
        "superseded_by": place.superseded_by,
        "path": place.path,
        "file_index": place.file_index,
        "magnet": place.magnet,
    }


def _say(one: Whereabouts) -> None:
    by = f" by {', '.join(one.artists)}" if one.artists else ""
    print(printable(f"{one.title}{by} ({one.held.sha256.hex[:12]})"))
    for place in one.places:
        rows = [("  in", place.torrent), ("  file", place.path)]
        if place.is_offered:
            rows.append(("  magnet", place.magnet))
        else:
            after = f" Now in {place.superseded_by}." if place.superseded_by else ""
            rows.append(("  not offered any more", f"{place.because}{after}"))
        print_table([(name, printable(text)) for name, text in rows])
    if one.packs:
        print(f"  Something of it is in {', '.join(one.packs)}.")
    if one.why_not:
        print(printable(f"  In no torrent that is offered. {one.why_not}"))
    if one.unknown:
        print(f"  May have been in {', '.join(one.unknown)}: their lists were taken away.")
