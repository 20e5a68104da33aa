"""`phono rights show|set|check`: what may be done with a recording, and on what evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell

if TYPE_CHECKING:
    from pathlib import Path

    from phonotheque.accession.statements import Decision
    from phonotheque.archive.opening import Archive
    from phonotheque.music.rights import RightsStatement

SEARCHED = (
    "Pages and answers say so at once; by its licence the catalogue finds it from the next "
    "`phono catalogue build` on."
)

_ID = Annotated[str, typer.Argument(metavar="ID", help="An object: 6 digits or more of its name.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="What may be done with a recording, and on what evidence.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("show")(show)
    group.command("set")(set_rights)
    group.command("check")(check)
    app.add_typer(group, name="rights")


def show(context: typer.Context, reference: _ID, as_json: Json = False) -> int:
    """Show all that was stated and decided, oldest first.

    Example: phono rights show 3f9ac1
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.reference import resolve_object

    with open_to_read(archive_of(context)) as archive:
        held = resolve_object(archive.index, reference)
        records = [_record(archive, one) for one in archive.index.statements(held.sha256)]
    if as_json:
        for record in records:
            print_json(record)
    elif not records:
        print("Nothing is known: copyright not evaluated. It is kept, never served, never shared.")
    else:
        for record in records:
            print_table(
                [
                    (key.replace("_", " ") if number == 0 else "", printable(line))
                    for key, value in record.items()
                    for number, line in enumerate(value.splitlines())
                ]
            )
            print()
    return DONE


def _record(archive: Archive, statement: RightsStatement) -> dict[str, str]:
    people = archive.people
    return {
        "licence": statement.licence or "copyright not evaluated",
        "stated_by": statement.basis,
        "at": statement.stated_at,
        "evidence": people.text_of(statement.evidence) or statement.evidence,
        "holder": people.name_of(statement.holder) or statement.holder,
        "from": statement.valid_from or "",
        "until": statement.valid_until or "",
        "territories": ", ".join(statement.territories),
        "on_the_premises_only": "yes" if statement.onsite_only else "",
        "granted": ", ".join(statement.granted),
        "text_and_data_mining": statement.tdm,
    }


def set_rights(
    context: typer.Context,
    reference: _ID,
    licence: Annotated[
        str,
        typer.Option("--licence", metavar="ID|URL", help="The licence that holds; InC for none."),
    ],
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="TEXT|URL", help="Why it holds.")
    ] = "",
    holder: Annotated[
        str, typer.Option("--holder", metavar="NAME", help="Who holds the rights.")
    ] = "",
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day it holds.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="First day it holds no more.")
    ] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option("--territory", metavar="XX", help="Only there; may be given again."),
    ] = None,
    onsite_only: Annotated[
        bool, typer.Option("--onsite-only", help="On the premises only.")
    ] = False,
    grant: Annotated[
        list[str] | None,
        typer.Option(
            "--grant",
            metavar="USE",
            help="What a contract allows this archive alone: stream, preview, redistribute, "
            "commercial, derive, on-premises; may be given again.",
        ),
    ] = None,
    tdm: Annotated[
        str,
        typer.Option("--tdm", help="Text and data mining (AI): reserved, not-reserved or unknown."),
    ] = "unknown",
    tdm_by: Annotated[
        str, typer.Option("--tdm-by", help="Who says so: holder, society, registry or law.")
    ] = "",
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Decide what governs; the newest decision counts, the older ones stay on record.

    A decision that ends the sharing of a sealed volume says so before it is written.
    With --licence InC --grant stream a recording may be heard at your door and not be kept.

    Example: phono rights set 3f9ac1 --licence CC-BY-4.0 --evidence "letter of 2026-03-02"
    """
    from phonotheque.accession.statements import Decision
    from phonotheque.archive.opening import open_to_write
    from phonotheque.archive.recordings.decide import closing, decide
    from phonotheque.archive.reference import resolve_object

    dates = (valid_from, valid_until)
    places, granted = tuple(territory or ()), tuple(grant or ())
    decision = Decision(
        licence, evidence, holder, *dates, places, onsite_only, granted, tdm, tdm_by
    )
    root = archive_of(context)
    if dry_run:
        return _foretold(root, reference, decision, as_json=as_json)
    with open_to_write(root, "rights set", is_patient=wait) as archive:
        held = resolve_object(archive.index, reference)
        tell(filter(None, [closing(archive, held, decision)]))
        statement = decide(archive, held, decision)
        record = _record(archive, statement)
    if as_json:
        print_json({"sha256": held.sha256.hex, **record})
    else:
        also = f"; granted to this archive: {record['granted']}" if statement.granted else ""
        print(f"{held.sha256.hex[:12]}: {statement.licence} from now on{also}.")
        print(SEARCHED)
    return DONE


def _foretold(root: Path, reference: str, decision: Decision, *, as_json: bool) -> int:
    """Say which volume a decision would close, and write nothing."""
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.recordings.decide import closing
    from phonotheque.archive.reference import resolve_object

    with open_to_read(root) as archive:
        held = resolve_object(archive.index, reference)
        consequence = closing(archive, held, decision)
    if as_json:
        print_json({"sha256": held.sha256.hex, "volume": held.volume, "closes": consequence})
    else:
        print(consequence or f"{held.sha256.hex[:12]}: no volume would be closed.")
    return DONE


def check(
    context: typer.Context,
    reference: _ID,
    use: Annotated[
        str,
        typer.Option(
            "--use", help="stream, preview, redistribute, commercial, derive, on-premises."
        ),
    ] = "redistribute",
    day: Annotated[str, typer.Option("--on", metavar="DATE", help="On that day.")] = "",
    territory: Annotated[str, typer.Option("--in", metavar="XX", help="In that country.")] = "",
    as_json: Json = False,
) -> int:
    """Ask whether a use is allowed; exit status 3 when it is not.

    Example: phono rights check 3f9ac1 --use stream --on 2027-01-01 --in DE
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.recordings.decide import ask
    from phonotheque.archive.reference import resolve_object
    from phonotheque.errors import NotShareableError

    with open_to_read(archive_of(context)) as archive:
        held = resolve_object(archive.index, reference)
        verdict = ask(archive, held, use, day, territory)
    if as_json:
        print_json({"allowed": verdict.allowed, "code": verdict.code, "reason": verdict.reason})
    elif verdict.allowed:
        print(f"Yes: {verdict.reason}")
    if not verdict.allowed:
        raise NotShareableError(
            held.sha256.hex[:12],
            verdict.reason.rstrip("."),
            "`phono rights show` has the evidence.",
        )
    return DONE
