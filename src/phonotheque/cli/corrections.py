"""`phono corrections`: what is corrected in the catalogue, and what may have to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from phonotheque.cli import corrections_sheet, corrections_suggest
from phonotheque.cli.edit import said
from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        help="Corrections to the catalogue: in a spreadsheet, and what may need one.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    corrections_sheet.register(group)
    corrections_suggest.register(group)
    group.command("list")(list_)
    app.add_typer(group, name="corrections")


def list_(context: typer.Context, as_json: Json = False) -> int:
    """List the corrections to the catalogue that count, in the order in which they were made.

    One whose thing is in the catalogue no more is marked "gone": it waits until a source has the
    thing again, or until `phono edit GID --undo FIELD` takes it back.

    Example: phono corrections list
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.register.catalogue_corrections import standing_corrections

    root = archive_of(context)
    with open_to_read(root) as archive:
        tell(archive.notices)
        standing = standing_corrections(archive.index)
        gone = _gone(root, {one.gid for one in standing})
        records: list[dict[str, Any]] = [
            {
                "kind": one.entity_type,
                "gid": str(one.gid),
                "field": one.made.field,
                "value": one.made.value,
                "reason": one.made.reason,
                "by": archive.people.name_of(one.made.decided_by) or one.made.decided_by,
                "at": one.made.at,
                "is_gone": None if gone is None else one.gid in gone,
            }
            for one in standing
        ]
    if as_json:
        for record in records:
            print_json(record)
    elif records:
        print_table([_row(one) for one in records])
    else:
        print("Nothing is corrected.")
    return DONE


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    from phonotheque.catalogue.corrections.fields import readable

    value, mark = said(readable(one["field"], one["value"])), "gone" if one["is_gone"] else ""
    told = (one["kind"], one["gid"], mark, one["field"], value, one["by"], one["reason"])
    return tuple(map(printable, told))


def _gone(root: Path, gids: set[UUID]) -> set[UUID] | None:
    """Return the gids that nothing in the catalogue has; None where there is no catalogue."""
    from phonotheque.archive.finding.correcting import cards_by_gid
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.errors import NoCatalogueError

    try:
        with open_catalogue(root) as catalogue:
            return gids - {gid for gid, _ in cards_by_gid(catalogue, gids)}
    except NoCatalogueError:
        return None
