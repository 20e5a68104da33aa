"""`phono corrections export|apply|suggest|list`: corrections in a spreadsheet, and work lists."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.catalogue.kinds import Kind
from phonotheque.cli.edit import REBUILD, By, Reason, said
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import counted, print_json, print_table, printable, tell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from phonotheque.archive.finding.correcting_sheets import Judged
    from phonotheque.archive.finding.searching import Catalogue
    from phonotheque.archive.finding.suggesting import Suggestion
    from phonotheque.archive.opening import Archive
    from phonotheque.archive.recordings.edits import Why
    from phonotheque.catalogue.corrections.sheet import Sheet
    from phonotheque.catalogue.lookup.card import Card


class DoubtName(StrEnum):
    """What is looked for; the names of `phonotheque.catalogue.corrections.suspecting.Doubt`."""

    ISRC = "isrc"
    LENGTH = "length"
    DATE = "date"
    TWINS = "twins"


class Separator(StrEnum):
    """What stands between the cells of a sheet."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


_SIGNS = {Separator.COMMA: ",", Separator.SEMICOLON: ";", Separator.TAB: "\t"}
_FILE = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file.")]
_DOUBTS = Annotated[
    list[DoubtName] | None,
    typer.Option("--only", help="Look for this alone; may be given several times."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Corrections to the catalogue: in a spreadsheet, and what may need one.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("export")(export)
    group.command("apply")(apply)
    group.command("suggest")(suggest)
    group.command("list")(list_)
    app.add_typer(group, name="corrections")


def export(
    context: typer.Context,
    file: _FILE,
    query: Annotated[
        str, typer.Option(metavar="TEXT", help="What `phono search` finds with this.")
    ] = "",
    kind: Annotated[Kind | None, typer.Option(help="What is searched for.")] = None,
    suggested: Annotated[
        bool, typer.Option("--suggested", help="What `phono corrections suggest` lists.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most rows.")] = 1000,
    separator: Annotated[
        Separator, typer.Option(help="Semicolon where the decimal sign is a comma.")
    ] = Separator.COMMA,
    as_json: Json = False,
) -> int:
    """Write a sheet of things of the catalogue, to be corrected in a spreadsheet program.

    A row for each, a column for each field. Leave the columns id and was as they are, and tell in
    the column reason why. A file that is there is not replaced.

    Example: phono corrections export sheet.csv --query "artist:marrow"
    """
    from phonotheque.archive.finding.correcting import things_of
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.corrections.sheet import write_sheet

    if bool(query) == suggested:
        raise typer.BadParameter("give either --query TEXT or --suggested")
    root = archive_of(context)
    with open_to_read(root) as archive, open_catalogue(root) as catalogue:
        tell(archive.notices)
        if suggested:
            cards = _suggested(archive, catalogue, limit)
        else:
            cards = _found(catalogue, query, kind, limit)
        rows = (
            (one.kind, str(one.asked), one.held) for one in things_of(archive, catalogue, cards)
        )
        lines = list(write_sheet(rows, _SIGNS[separator]))
    _write(file, lines)
    if as_json:
        print_json({"path": str(file), "rows": len(lines) - 1})
    else:
        print(f"{file}: {counted(len(lines) - 1, 'row')}. `phono corrections apply` reads it back.")
    return DONE


def _found(catalogue: Catalogue, query: str, kind: Kind | None, limit: int) -> dict[UUID, Card]:
    from phonotheque.archive.finding.searching import Wanted
    from phonotheque.catalogue.query.parsing import parse

    found = catalogue.find(parse(query), Wanted(limit, None, kind))
    return {card.gid: card for card in found.cards}


def _suggested(archive: Archive, catalogue: Catalogue, limit: int) -> dict[UUID, Card]:
    from phonotheque.archive.finding.suggesting import suggestions
    from phonotheque.catalogue.corrections.suspecting import Doubt

    found = suggestions(archive, catalogue, list(Doubt), limit)
    cards = {one.card.gid: one.card for one in found}
    return dict(list(cards.items())[:limit])


def _write(file: Path, lines: Iterable[str]) -> None:
    from phonotheque.errors import BadRequestError

    try:
        with file.open("x", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
    except FileExistsError as error:
        todo = "Apply or remove it first, or give another name."
        raise BadRequestError(str(file), "it is there already", todo) from error
    except OSError as error:
        wrong = f"it cannot be written: {error.strerror}"
        raise BadRequestError(str(file), wrong, "Give another name.") from error


def apply(
    context: typer.Context,
    file: _FILE,
    reason: Reason = "",
    by: By = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also what was corrected meanwhile.")
    ] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Show what a sheet corrects, and put it on record.

    Cells that nobody touched correct nothing. What cannot be corrected is told with its line and
    the rest is done; exit status 1. A field that was corrected since the sheet was made is told
    with both values. Applying a sheet again does nothing.

    Example: phono corrections apply sheet.csv --as "Odile" --reason "from the booklet"
    """
    from phonotheque.archive.recordings.edits import Why
    from phonotheque.catalogue.corrections.sheet import read_sheet

    root, why = archive_of(context), Why(reason, by)
    sheet = read_sheet(_read(file), file.name)
    judged = _apply(root, sheet, why, (force, dry_run, wait), as_json=as_json)
    refused = len(sheet.refused) + sum(len(one.refused) for one in judged)
    corrected = sum(len(one.changes) for one in judged)
    if as_json:
        print_json({"rows": len(sheet.rows), "corrected": corrected, "refused": refused})
    else:
        verb = "would be " if dry_run else ""
        print(f"{counted(corrected, 'field')} {verb}corrected, {refused} refused.")
        if corrected and not dry_run:
            print(REBUILD)
    return FOUND if refused else DONE


def _read(file: Path) -> bytes:
    """Return a sheet; of one that is too long as much as shows that it is."""
    from phonotheque.catalogue.corrections.sheet import MOST_BYTES
    from phonotheque.errors import BadRequestError

    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        wrong = f"it cannot be read: {error.strerror}"
        raise BadRequestError(str(file), wrong, "Check the path.") from error


def _apply(
    root: Path, sheet: Sheet, why: Why, how: tuple[bool, bool, bool], *, as_json: bool
) -> list[Judged]:
    """Show what a sheet corrects, then record it, while nobody else writes."""
    from phonotheque.archive.finding.correcting import record
    from phonotheque.archive.finding.correcting_sheets import judge, lines_of_sheet
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.archive.recordings.edits import person_of

    is_forced, is_dry, is_patient = how
    opened = open_to_read(root) if is_dry else open_to_write(root, "edit", is_patient=is_patient)
    with open_catalogue(root) as catalogue, opened as archive:
        tell(archive.notices)
        judged = judge(archive, catalogue, sheet, is_forced=is_forced)
        lines_of_sheet(judged, why, "")  # refuses reasons before anything is shown
        for place, wrong in sheet.refused:
            _say_refused_line(place, wrong, as_json=as_json)
        for one in judged:
            if one.changes or one.refused:
                _say_row(one, as_json=as_json)
        if not is_dry:
            lines = lines_of_sheet(judged, why, person_of(archive, why))
            record(archive, lines)
    return judged


def _say_refused_line(place: str, wrong: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"place": place, "wrong": wrong})
    else:
        print(printable(f"{place}: {wrong}"))


def _say_row(one: Judged, *, as_json: bool) -> None:
    from phonotheque.catalogue.corrections.fields import format_value

    shown = [
        (
            change.place.field,
            *(format_value(change.place.form, v) for v in (change.was, change.now)),
        )
        for change in one.changes
    ]
    if as_json:
        print_json(
            {
                "line": one.row.line,
                "gid": one.row.id,
                "changes": {name: {"was": was, "is": now} for name, was, now in shown},
                "refused": [
                    {"field": r.field, "wrong": r.wrong, "mine": r.mine, "theirs": r.theirs,
                     "is_stale": r.is_stale}
                    for r in one.refused
                ],
            }
        )  # fmt: skip
        return
    title = f" {one.thing.title}" if one.thing else ""
    print(printable(f"line {one.row.line}: {one.row.id}{title}"))
    for name, was, now in shown:
        print(f"  {name}: {said(was)} -> {said(now)}")
    for r in one.refused:
        both = f" (here {said(r.mine)}, now {said(r.theirs)})" if r.theirs else f" ({said(r.mine)})"
        print(f"  {printable(r.field)} is not corrected: {printable(r.wrong)}{both}")


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
    from phonotheque.catalogue.corrections.suspecting import WORDS

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
    print(printable(f"{found.title}{by} ({found.kind}{heard}): {WORDS[found.doubt]}"))
    print(printable(f"  {found.field} {found.value}; {found.other}"))
    print(f"  {printable(one.command)}")


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
