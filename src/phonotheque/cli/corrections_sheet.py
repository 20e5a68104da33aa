"""`phono corrections export|apply`: many corrections at once, in a spreadsheet of one's own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.catalogue.kinds import Kind
from phonotheque.cli.edit import REBUILD, By, Reason, said
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from phonotheque.archive.finding.correcting_sheets import Judged
    from phonotheque.archive.finding.searching import Catalogue
    from phonotheque.archive.opening import Archive
    from phonotheque.archive.recordings.edits import Why
    from phonotheque.catalogue.corrections.sheet import Sheet
    from phonotheque.catalogue.lookup.card import Card


class Separator(StrEnum):
    """What stands between the cells of a sheet."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


_SIGNS = {Separator.COMMA: ",", Separator.SEMICOLON: ";", Separator.TAB: "\t"}
_FILE = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `phono corrections`."""
    group.command("export")(export)
    group.command("apply")(apply)


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
    from phonotheque.archive.finding.searching import SearchOptions
    from phonotheque.catalogue.query.parsing import parse

    found = catalogue.find(parse(query), SearchOptions(limit, None, kind))
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
