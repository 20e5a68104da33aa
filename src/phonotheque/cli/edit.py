"""`phono edit`: corrections to what is said about a recording, or anything in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell

if TYPE_CHECKING:
    from pathlib import Path

    from phonotheque.archive.finding.correcting import Thing
    from phonotheque.archive.opening import Archive
    from phonotheque.archive.recordings.edits import Why
    from phonotheque.catalogue.corrections.comparing import Change
    from phonotheque.catalogue.query.parsed import Identifier
    from phonotheque.register.provenance import Corrected

REBUILD = "The catalogue shows it from the next `phono catalogue build` on."

Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for everybody to read.")
]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who corrects; kept, not published.")]
_ID = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A held recording (6 digits or more), or a gid of the catalogue."
    ),
]
_CORRECTIONS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE",
        help="What is right. A field of several values is given once for each; "
        "FIELD= takes it away. None: show what was corrected.",
    ),
]
_UNDONE = Annotated[
    list[str] | None, typer.Option(metavar="FIELD", help="Take corrections of a field back.")
]
_CONFIRMED = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD",
        help="A field of a thing of the catalogue is right as it is: that holds from now on.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to become of the fields of one thing; each field stands in one of these.

    Attributes:
        wanted: FIELD=VALUE texts.
        undone: Fields whose corrections are taken back.
        confirmed: Fields that are right as they are.

    Raises:
        BadRequestError: A field stands in two of them.
    """

    wanted: tuple[str, ...]
    undone: tuple[str, ...]
    confirmed: tuple[str, ...]

    def __post_init__(self) -> None:
        from phonotheque.errors import BadRequestError

        given = {one.partition("=")[0] for one in self.wanted}
        for some, others in ((self.undone, given), (self.confirmed, given | {*self.undone})):
            for field in some:
                if field in others:
                    wrong = "two things are asked for it at once"
                    todo = "Correct it, confirm it, or take its corrections back."
                    raise BadRequestError(field, wrong, todo)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.undone or self.confirmed)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("edit", short_help="Correct what is said about anything.")(edit)


def edit(
    context: typer.Context,
    reference: _ID,
    corrections: _CORRECTIONS = None,
    undo: _UNDONE = None,
    confirm: _CONFIRMED = None,
    reason: Reason = "",
    by: By = "",
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Correct on record what is said; the file stays as it came, and so does every source.

    Of a held recording its tags are corrected, which are shown, searched and put into dressed
    copies from then on. Of a thing of the catalogue what is said there is corrected, whatever its
    sources say now or after the next import. The register keeps every correction; the newest of a
    field counts, until it is taken back.

    Example: phono edit 3f9ac1 title="Moorings (live)" artists="Odile Marrow"
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.recordings.edits import Why

    root, why = archive_of(context), Why(reason, by)
    asked = Asked(*(tuple(some or ()) for some in (corrections, undo, confirm)))
    with open_to_read(root) as archive:
        tell(archive.notices)
        named = _named(archive, reference)
        if not asked:
            _show(archive, reference, named, as_json=as_json)
            return DONE
    if named is not None:
        thing, changes = _correct_thing(
            root, (reference, named), asked, why, is_dry=dry_run, is_patient=wait
        )
        told = {"kind": str(thing.kind), "gid": str(thing.asked), "title": thing.title}
        _say(told, {one.place.field: _pair(one) for one in changes}, as_json=as_json)
        if not as_json and not dry_run:
            print(REBUILD)
        return DONE
    told, changed = _correct_tags(root, reference, asked, why, is_dry=dry_run, is_patient=wait)
    _say(told, changed, as_json=as_json)
    return DONE


def _named(archive: Archive, reference: str) -> Identifier | None:
    """Return what a reference names in the catalogue; None for a held recording.

    Raises:
        BadReferenceError: It can be the name of neither.
    """
    from phonotheque.archive.reference import resolve_object
    from phonotheque.cli.entry import named_in_catalogue
    from phonotheque.errors import BadReferenceError

    named = named_in_catalogue(archive, reference)
    if named is None:
        try:
            resolve_object(archive.index, reference)
        except BadReferenceError as error:
            todo = f"{error.todo} `phono search --json` lists gids."
            raise BadReferenceError(reference, f"{error.wrong}; nor is it a gid", todo) from error
    return named


def _correct_tags(
    root: Path,
    reference: str,
    asked: Asked,
    why: Why,
    *,
    is_dry: bool,
    is_patient: bool,
) -> tuple[dict[str, Any], dict[str, tuple[Any, Any]]]:
    """Correct the tags of a held recording; what was and what is, by field."""
    import msgspec

    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.archive.recordings.edits import edit as write
    from phonotheque.archive.recordings.edits import parse_corrections, planned
    from phonotheque.archive.reference import resolve_object
    from phonotheque.errors import BadRequestError
    from phonotheque.register.corrections import edited

    if asked.confirmed:
        todo = "Correct its tags with FIELD=VALUE, or name a gid."
        raise BadRequestError("--confirm", "only things of the catalogue are confirmed", todo)
    wanted, undone = parse_corrections(asked.wanted), asked.undone
    with open_to_read(root) as archive:
        held = resolve_object(archive.index, reference)
        before = edited(archive.index, held.sha256)
        after, _ = planned(archive.index, held, wanted, undone)
    if not is_dry:
        with open_to_write(root, "edit", is_patient=is_patient) as archive:
            after = write(archive, held, wanted, undone, why)
    was, now = (msgspec.to_builtins(tags) for tags in (before, after))
    changed = {name: (was.get(name), now.get(name)) for name in (*wanted, *undone)}
    return {"sha256": held.sha256.hex}, changed


def _correct_thing(
    root: Path,
    reference: tuple[str, Identifier],
    asked: Asked,
    why: Why,
    *,
    is_dry: bool,
    is_patient: bool,
) -> tuple[Thing, list[Change]]:
    """Correct a thing of the catalogue; what is compared is what holds while nobody else writes."""
    from phonotheque.archive.finding import correcting
    from phonotheque.archive.finding.searching import open_catalogue
    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.archive.recordings.edits import person_of

    given, named = reference
    opened = open_to_read(root) if is_dry else open_to_write(root, "edit", is_patient=is_patient)
    with open_catalogue(root) as catalogue, opened as archive:
        thing = correcting.thing_named(archive, catalogue, named, given)
        changes = correcting.parse_changes(thing, asked.wanted)
        changes += correcting.confirmed_fields(thing, asked.confirmed)
        back = correcting.undone_fields(thing, asked.undone)
        if not is_dry:
            person = person_of(archive, why)
            lines = correcting.lines_for(
                thing, changes, asked.undone, why, person, confirmed=asked.confirmed
            )
            correcting.record(archive, lines)
    return thing, [*changes, *back]


def _pair(change: Change) -> tuple[str | None, str | None]:
    from phonotheque.catalogue.corrections.fields import format_value

    was, now = (format_value(change.place.form, one) or None for one in (change.was, change.now))
    return was, now


def _say(told: dict[str, Any], changed: dict[str, tuple[Any, Any]], *, as_json: bool) -> None:
    if as_json:
        changes = {name: {"was": old, "is": new} for name, (old, new) in changed.items()}
        print_json({**told, "changes": changes})
    else:
        print_table([(name, f"{said(old)} -> {said(new)}") for name, (old, new) in changed.items()])


def said(value: object) -> str:
    """A value for people, on one line."""
    if value in (None, ""):
        return "(nothing)"
    return printable("; ".join(value) if isinstance(value, list | tuple) else str(value))


def _show(archive: Archive, reference: str, named: Identifier | None, *, as_json: bool) -> None:
    """Show what was corrected of a thing, when, why and by whom."""
    from phonotheque.archive.reference import resolve_object
    from phonotheque.catalogue.corrections.fields import readable
    from phonotheque.register.provenance import corrections_of

    read: Callable[[str, str], object]
    if named is None:
        held = resolve_object(archive.index, reference)
        told, history = {"sha256": held.sha256.hex}, corrections_of(archive.index, held.sha256)
        read = _tag
    else:
        from phonotheque.archive.finding.correcting import thing_named
        from phonotheque.archive.finding.searching import open_catalogue

        with open_catalogue(archive.root) as catalogue:
            thing = thing_named(archive, catalogue, named, reference)
        told = {"kind": str(thing.kind), "gid": str(thing.asked), "title": thing.title}
        history, read = [one.made for one in thing.history], readable
        if thing.card is None:
            tell([f"{reference}: nothing in the catalogue has it now; if it is back, this counts"])
    records = list(_records(archive, history))
    if as_json:
        print_json({**told, "corrections": records})
    elif not records:
        print("Nothing was corrected.")
    else:
        print_table([_line(one, read) for one in records])


def _records(archive: Archive, history: Iterable[Corrected]) -> Iterable[dict[str, Any]]:
    for one in history:
        yield {
            "field": one.field,
            "value": None if one.is_undone else one.value,
            "is_undone": one.is_undone,
            "reason": one.reason,
            "by": archive.people.name_of(one.decided_by) or one.decided_by,
            "at": one.at,
        }


def _tag(field: str, stored: str) -> object:
    """A corrected tag as people read it."""
    from phonotheque.register.corrections import SEVERAL, value_of

    return value_of(field, stored) if field in SEVERAL else stored


def _line(one: dict[str, Any], read: Callable[[str, str], object]) -> tuple[str, ...]:
    value = "(taken back)" if one["is_undone"] else said(read(one["field"], one["value"]))
    told = (one["at"][:19] + "Z", one["field"], value, one["by"], one["reason"])
    return tuple(map(printable, told))
