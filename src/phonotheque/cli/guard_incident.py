"""`phono guard incident`: what left, when, through whom, and whose it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.new_files import check_reports, write_report
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import format_bytes, print_table, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.guarding.incidents import Span
    from phonotheque.guard.incident import Incident

_MOST_ROWS = 20


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("incident")(incident)


def incident(
    context: typer.Context,
    subjects: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SUBJECT...",
            help="Cases or accounts; without any those that were asked or suspended, or would be.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3650, help="How far to look back.")
    ] = 30,
    html: Annotated[Path | None, typer.Option(help="Also write the report as a page.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Also write a table of what left, one recording a line.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Report what left through some accounts: when, which share, and whose.

    Reads the access log, as far back as it is kept. The status is 1 when anything left.

    Example: phono guard incident g12 --html incident.html --csv incident.csv
    """
    from phonotheque.archive.guarding.incidents import Span, accounts_of
    from phonotheque.archive.guarding.incidents import incident as gather
    from phonotheque.config import FILE_NAME, parse_config
    from phonotheque.disk import LocalDisk, read_whole
    from phonotheque.guard.papers.incident_paper import (
        incident_csv,
        incident_json,
        incident_page,
    )

    check_reports(html, csv)
    root, desk = archive_of(context), desk_in(context)
    cases = desk.read().cases
    span: Span = Span(desk.now - days * 86_400, desk.now + 1)
    found, read = gather(root, cases, accounts_of(cases, subjects or []), span)
    if read.unreadable:
        tell([f"{read.unreadable:,} of {read.lines:,} lines of the log cannot be read"])
    if html is not None:
        config = parse_config(read_whole(LocalDisk(root), FILE_NAME))
        write_report(html, incident_page(found, str(config["title"] or config.name)))
    if csv is not None:
        write_report(csv, incident_csv(found))
    if as_json:
        print(incident_json(found).decode(), end="")
    else:
        _print(found)
    return FOUND if found.recordings else DONE


def _print(found: Incident) -> None:
    from phonotheque.guard.papers.incident_paper import finding_of, listens_words, unseen_words

    for sentence in filter(None, (finding_of(found), unseen_words(found))):
        print(_plain(sentence))
    if not found.recordings:
        return
    size = format_bytes(found.size_bytes)
    print(_plain(f"Whole: {found.whole:,}. Bytes: {size}. {listens_words(found)}\n"))
    rows = [("whose", "recordings", "whole", "bytes")]
    for holder in found.holders[:_MOST_ROWS]:
        name = printable(holder.holder) or "not known"
        size = format_bytes(holder.size_bytes)
        rows.append((name, f"{holder.recordings:,}", f"{holder.whole:,}", size))
    print_table(rows, right=(1, 2, 3))
    print()
    rows = [("account", "case", "recordings", "last")]
    for one in found.accounts[:_MOST_ROWS]:
        rows.append((one.account, one.case or "-", f"{one.recordings:,}", one.last))
    print_table(rows, right=(2,))


def _plain(text: str) -> str:
    """Without spaces that only a page breaks lines by."""
    return text.replace("\u00a0", " ")
