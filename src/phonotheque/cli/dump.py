"""`phono catalogue dump|restore`: the whole catalogue in files that open anywhere, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Jobs, Json, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable
from phonotheque.cli.watching import of_build, watched
from phonotheque.errors import BadRequestError
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.catalogue.dump.contents import Contents
    from phonotheque.catalogue.dump.dumping import Plan
    from phonotheque.catalogue.dump.frame import Wish
    from phonotheque.catalogue.increment.contents import Increment


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group of the catalogue."""
    group.command("dump")(dump)
    group.command("restore")(restore)


def dump(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder; an earlier dump is replaced.")
    ],
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME", help="Only what this source says; repeatable."),
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(
            "--licence",
            metavar="LICENCE",
            help="Only sources whose data are under this licence; repeatable.",
        ),
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help="parquet (always there), sqlite, json; repeatable; default: all.",
        ),
    ] = None,
    since: Annotated[
        int | None,
        typer.Option(
            "--since",
            metavar="N",
            min=1,
            help="Only what changed since dump N, as Parquet: an increment.",
        ),
    ] = None,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Write the whole catalogue as Parquet, as one SQLite file and as JSON lines.

    What every column means, and the terms of every source, is written into the dump. A dump that
    was stopped goes on after the last file that was whole. With --since, what changed since an
    earlier dump of the same sources is written: who restored that one applies it. Where nothing
    was built since, nothing is written, and the command ends with 0.

    Example: phono catalogue dump /srv/dump --licence CC0
    """
    from phonotheque.archive.finding.dumping import dump_catalogue, plan_dump, wish_of

    root = archive_of(context)
    wish = wish_of(tuple(source or ()), tuple(licence or ()), tuple(form or ()), job_count(jobs))
    if since is not None:
        if form:
            todo = "Leave out --form."
            raise BadRequestError("--form", "an increment is Parquet and nothing else", todo)
        return _dump_since(root, folder, wish, since, dry_run=dry_run, as_json=as_json)
    planned = plan_dump(root, wish)
    if dry_run:
        _say_plan(planned, as_json=as_json)
        return DONE
    with watched() as told:
        contents = dump_catalogue(root, folder, wish, of_build(told))
    _say_dump(contents, folder, as_json=as_json)
    return DONE


def _dump_since(
    root: Path, folder: Path, wish: Wish, since: int, *, dry_run: bool, as_json: bool
) -> int:
    from phonotheque.archive.finding.dumping import dump_increment, look_ahead_of

    if dry_run:
        ahead = look_ahead_of(root, wish, since)
        if as_json:
            print_json({"since": since, "sequence": ahead.sequence, "rows": ahead.rows})
        elif ahead.sequence == since:
            print(_NO_NEWS.format(since))
        else:
            print(f"{since} to {ahead.sequence}: {ahead.rows:,} rows would be compared.")
        return DONE
    with watched() as told:
        made = dump_increment(root, folder, wish, since, of_build(told))
    if made is not None:
        _say_increment(made, folder, as_json=as_json)
    elif as_json:
        print_json({"folder": None, "since": since, "sequence": since})
    else:
        print(f"{_NO_NEWS.format(since)} {printable(str(folder))} was not written.")
    return DONE


_NO_NEWS = "The catalogue is {0}: nothing was built since."


def _say_increment(made: Increment, folder: Path, *, as_json: bool) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    since, sequence = made.base.sequence, made.result.sequence
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "since": since,
                "sequence": sequence,
                "state": made.result.state,
                "rows": made.rows,
                "deleted": made.deleted,
                "size_bytes": size,
            }
        )
        return
    said = f"{counted(made.put, 'row')} put, {counted(sum(made.deleted.values()), 'key')} deleted"
    span = f"{since} to {sequence}"
    print(f"{printable(str(folder))} holds {span}, {format_bytes(size)}: {said}.")


def _say_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "snapshot": plan.snapshot,
                "sources": list(plan.sources),
                "rows": plan.rows,
                "size_bytes": plan.size_bytes,
                "work_bytes": plan.work_bytes,
            }
        )
        return
    print_table(
        [
            ("snapshot", plan.snapshot),
            ("sources", printable(", ".join(plan.sources))),
            ("rows", f"{plan.rows:,}"),
            ("size", f"about {format_bytes(plan.size_bytes)}"),
            ("room while it is made", f"about {format_bytes(plan.work_bytes)} more"),
        ]
    )


def _say_dump(contents: Contents, folder: Path, *, as_json: bool) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    names = [one.name for one in contents.sources]
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "snapshot": contents.snapshot,
                "epoch": contents.epoch,
                "sources": names,
                "rows": contents.rows,
                "size_bytes": size,
            }
        )
        return
    print(f"{printable(str(folder))} holds {contents.snapshot}, {format_bytes(size)}.")
    print(f"Sources: {printable(', '.join(names))}. README.txt says the rest.")


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A dump of a catalogue.")],
    jobs: Jobs = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Make the catalogue of an archive that has none from a dump.

    It answers every question as the one that was dumped. A restore that was stopped goes on when it
    is run again.

    Example: phono catalogue restore /srv/dump
    """
    from phonotheque.archive.finding.dumping import contents_of, restore_catalogue

    root = archive_of(context)
    contents = contents_of(folder)
    if not dry_run:
        with watched() as told:
            restore_catalogue(root, folder, job_count(jobs), of_build(told))
    recordings = contents.rows.get("parquet/recordings.parquet", 0)
    names = [one.name for one in contents.sources]
    if as_json:
        print_json({"snapshot": contents.snapshot, "recordings": recordings, "sources": names})
    else:
        verb = "would serve" if dry_run else "serves"
        print(f"{contents.snapshot} {verb}: {recordings:,} recordings of {', '.join(names)}.")
        if "holdings" in names:
            print("Its holdings are those of the archive that was dumped. The next")
            print("`phono catalogue build` puts those of this archive in their place.")
    return DONE
