"""`phono reports list|show|close|forget`: what people wrote through the listening door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from phonotheque.archive.listening.reports import FiledReports
    from phonotheque.listen.items.values import Report

_NUMBER = Annotated[str, typer.Argument(metavar="NUMBER", help="The report, as `list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="What people reported through `phono serve`: problems, corrections, removals.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_reports)
    group.command("show")(show)
    group.command("close")(close)
    group.command("forget")(forget)
    app.add_typer(group, name="reports")


def list_reports(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    as_json: Json = False,
) -> int:
    """List the reports that wait to be read, the oldest first.

    Example: phono reports list
    """
    found = [one for one in _reports(context).all() if everything or not one.closed_at]
    if as_json:
        for one in found:
            print_json(_record(one))
        return DONE
    if not found:
        print("No report waits to be read.")
        return DONE
    rows = [("number", "about", "items", "")]
    for one in found:
        words = printable(" ".join(one.message.words.split())[:60])
        count = str(len(one.message.items))
        rows.append((one.number, one.message.concern.value, count, words))
    print_table(rows, right=(2,))
    return DONE


def show(context: typer.Context, number: _NUMBER, as_json: Json = False) -> int:
    """Show a report whole, with who sent it.

    Example: phono reports show 2026-11-22-3f9ac1d07b52
    """
    report = _known(context, number)
    if as_json:
        print_json(_record(report))
        return DONE
    message = report.message
    rows = [
        ("number", report.number),
        ("came", report.at),
        ("about", message.concern.value),
        *(("item", str(gid)) for gid in message.items),
        ("from", message.name or "nobody named"),
        ("write to", message.contact or "nowhere"),
        ("says it is true", "yes" if message.is_sworn else "no"),
        ("closed", report.closed_at or "no"),
        *((("answer", report.answer),) if report.answer else ()),
    ]
    print_table([(name, printable(text)) for name, text in rows])
    print()
    for line in message.words.splitlines():
        print(printable(line))
    return DONE


def close(
    context: typer.Context,
    number: _NUMBER,
    answer: Annotated[
        str,
        typer.Option("--answer", help="What came of it, for whoever has the report's address."),
    ],
) -> int:
    """Close a report, with an answer that its page shows. Removing is `phono takedown`.

    Example: phono reports close 2026-11-22-3f9ac1d07b52 --answer "Removed, case 2026-4."
    """
    _reports(context).close(number, answer)
    print(f"{number} is closed.")
    return DONE


def forget(context: typer.Context, number: _NUMBER) -> int:
    """Forget who sent a report, and their words; what it was about and its answer stay.

    Example: phono reports forget 2026-11-22-3f9ac1d07b52
    """
    _reports(context).forget(number)
    print(f"Who sent {number} is forgotten, and what they wrote.")
    return DONE


def _reports(context: typer.Context) -> FiledReports:
    from phonotheque.archive.listening.reports import FiledReports, private_disk

    return FiledReports(private_disk(archive_of(context)))


def _known(context: typer.Context, number: str) -> Report:
    from phonotheque.errors import BadReferenceError

    found = _reports(context).report(number)
    if found is None:
        todo = "`phono reports list` lists them."
        raise BadReferenceError(number, "there is no report of this number", todo)
    return found


def _record(report: Report) -> dict[str, Any]:
    import msgspec

    record: dict[str, Any] = msgspec.to_builtins(report)
    return record
