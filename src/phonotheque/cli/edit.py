"""`phono edit`: corrections to what is said about a recording."""

from __future__ import annotations

from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("edit", short_help="Correct what is said about a recording.")(edit)


def edit(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="ID", help="A recording.")],
    corrections: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE",
            help="What is right. A field of several values is given once for each; "
            "FIELD= takes it away.",
        ),
    ],
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Correct tags on record; the file stays as it came.

    What is corrected is shown, searched and put into dressed copies from then on; the register
    keeps every correction, and the newest of a field counts.

    Example: phono edit 3f9ac1 title="Moorings (live)" artists="Odile Marrow"
    """
    import msgspec

    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.archive.recordings.edits import edit as write
    from phonotheque.archive.recordings.edits import parse_corrections
    from phonotheque.archive.reference import resolve_object
    from phonotheque.register.corrections import corrected, edited

    wanted = parse_corrections(corrections)
    root = archive_of(context)
    with open_to_read(root) as archive:
        held = resolve_object(archive.index, reference)
        before = edited(archive.index, held.sha256)
    after = before
    for field, text in wanted.items():
        after = corrected(after, field, text)
    if not dry_run:
        with open_to_write(root, "edit", is_patient=wait) as archive:
            after = write(archive, held, wanted)
    was, now = (msgspec.to_builtins(tags) for tags in (before, after))
    changed = {name: (was.get(name), now.get(name)) for name in wanted}
    if as_json:
        changes = {name: {"was": old, "is": new} for name, (old, new) in changed.items()}
        print_json({"sha256": held.sha256.hex, "changes": changes})
    else:
        print_table(
            [(name, f"{_said(old)} -> {_said(new)}") for name, (old, new) in changed.items()]
        )
    return DONE


def _said(value: object) -> str:
    if value is None:
        return "(nothing)"
    return printable("; ".join(value) if isinstance(value, list | tuple) else str(value))
