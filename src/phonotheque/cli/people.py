"""`phono people list|erase`: names and evidence, which stand apart from the register."""

from __future__ import annotations

from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell

_ID = Annotated[str, typer.Argument(metavar="ID", help="A person, p3; or a document, sha256:....")]


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        help="Names and evidence: kept apart from the register, so that they can be erased.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_)
    group.command("erase")(erase)
    app.add_typer(group, name="people")


def list_(context: typer.Context, as_json: Json = False) -> int:
    """Tell who is known by name, and which texts of evidence are kept.

    Example: phono people list
    """
    from phonotheque.archive.opening import open_to_read

    with open_to_read(archive_of(context)) as archive:
        known = archive.people.all()
    if as_json:
        for id_, text in known:
            print_json({"id": id_, "text": text})
    elif not known:
        print("Nobody is known by name, and no text of evidence is kept.")
    else:
        print_table([(id_, "erased" if text is None else printable(text)) for id_, text in known])
    return DONE


def erase(
    context: typer.Context,
    id_: _ID,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Erase a person's name, or a text of evidence; the register stays as it is, and valid.

    Its entries keep the number of the person and the digest of the text, which say nothing by
    themselves. Backups of people.sqlite may still have both: erase them there, too.

    Example: phono people erase p3
    """
    from phonotheque.archive.opening import open_to_read, open_to_write

    root = archive_of(context)
    with open_to_read(root) as archive:
        archive.people.expect(id_)  # before the archive is held
    if not dry_run:
        with open_to_write(root, "erase a name", is_patient=wait) as archive:
            tell(archive.notices)
            archive.people.erase(id_)
    if as_json:
        print_json({"id": id_, "is_erased": not dry_run})
    else:
        done = (
            "would be erased" if dry_run else "erased; backups of people.sqlite may still have it"
        )
        print(f"{id_}: {done}.")
    return DONE
