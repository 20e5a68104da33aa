"""`phono mirror report|accept|forget`: a mirror says what it holds, and the archive counts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.mirror_options import MirrorDir, mirror_of
from phonotheque.cli.new_files import write_report
from phonotheque.cli.options import DryRun, Json, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.keeping.accepting import Accepted
    from phonotheque.mirror.sending import Answer
    from phonotheque.mirror.statement import Statement


def register(group: typer.Typer) -> None:
    """Add the commands of this module to `phono mirror`."""
    group.command("report")(report)
    group.command("accept")(accept)
    group.command("forget")(forget)


def report(
    archive: Annotated[
        str, typer.Option(metavar="NAME", help="Of which archive; needed when there are several.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to; default: statement-NAME.jsonl in the mirror."),
    ] = None,
    send: Annotated[
        str, typer.Option(metavar="URL", help="Also send it to the archive's listening door.")
    ] = "",
    mirror: MirrorDir = None,
    as_json: Json = False,
) -> int:
    """Write a signed statement of what this mirror holds, with proof that the bytes are there.

    Send the file to the archive: its people run `phono mirror accept FILE`. Once they have, later
    ones can be sent to the address where it plays its music (--send). Works beside a running
    mirror. The key that signs is made at the first time, in key.pem: keep it, and show it nobody.
    Exit status 1 when the archive found an answer wrong.

    Example: phono mirror report
    """
    from phonotheque.mirror.home import open_mirror_to_read
    from phonotheque.mirror.reporting import key_of
    from phonotheque.mirror.reporting import report as make
    from phonotheque.mirror.sending import send as send_statement
    from phonotheque.mirror.statement import encode_statement

    root = mirror_of(mirror)
    with open_mirror_to_read(root) as opened:
        copy = opened.copy(archive)
        key = key_of(root)
        made = make(opened, copy, key)
    path = (to or root / f"statement-{copy.name}.jsonl").resolve()
    data = encode_statement(made.statement, key)
    write_report(path, data)
    sent = send_statement(send, data) if send else None
    header, claims = made.statement.header, made.statement.claims
    tell(made.notices)
    if as_json:
        print_json(_made_record(path, copy.name, made.statement, sent))
    else:
        print(printable(f"{path}: {counted(len(claims), 'torrent')}, signed by {header.key}."))
        print(printable(_told(send, sent)))
    return FOUND if sent and sent.torrents.get("refuted") else DONE


def _made_record(
    path: Path, archive: str, statement: Statement, sent: Answer | None
) -> dict[str, Any]:
    states = [claim.state.value for claim in statement.claims]
    answers = [claim.answers for claim in statement.claims]
    return {
        "file": str(path),
        "mirror": statement.header.mirror,
        "key": statement.header.key,
        "archive": archive,
        "torrents": {state: states.count(state) for state in sorted(set(states))},
        "unanswered": sum(not one or not all(one) for one in answers),
        "sent": {"new": sent.new, "torrents": sent.torrents} if sent else None,
    }


def _told(address: str, sent: Answer | None) -> str:
    if sent is None:
        return "Send it to the archive; there: phono mirror accept FILE"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sent.torrents.items())
    return f"{address} counts: {counts or 'nothing'}."


def accept(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The statement, as `phono mirror report` made it."),
    ],
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Yes, the mirror's key is another one now.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Prove what a mirror says that it holds, and count its copies from now on.

    Reads from this archive what the mirror had to read, and compares. Exit status 1 when an answer
    was wrong, 5 when the statement cannot be believed at all.

    Example: phono mirror accept statement-small-records.jsonl
    """
    from phonotheque.archive.keeping.accepting import accept as do_accept
    from phonotheque.archive.keeping.mirrors import Verdict
    from phonotheque.mirror.statement import read_statement

    data = read_statement(file)
    done = do_accept(archive_of(context), data, may_change_key=new_key, is_rehearsed=dry_run)
    tell(done.notices)
    if as_json:
        print_json(_record(done))
    else:
        for line in _sentences(done, is_rehearsed=dry_run):
            print(printable(line))
        print_table(_rows(done))
    refuted = any(one.verdict is Verdict.REFUTED for one in done.judged)
    return FOUND if refuted else DONE


def forget(
    context: typer.Context,
    mirror: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, or enough of it, as `phono status` shows.")
    ],
) -> int:
    """Count on a mirror no more, until it reports again. Its statements stay in the journal.

    Example: phono mirror forget 3f9ac1
    """
    from phonotheque.archive.keeping.accepting import forget as do_forget

    gone = do_forget(archive_of(context), mirror)
    name = gone.operator or "nobody named"
    print(printable(f"The mirror {gone.mirror} of {name} is not counted on any more."))
    return DONE


def _record(done: Accepted) -> dict[str, Any]:
    import msgspec

    said = msgspec.to_builtins(done.reported)
    names = ("mirror", "key", "operator", "country", "medium", "proven_at", "made_at", "index")
    return {
        **{name: said.get(name, "online" if name == "medium" else "") for name in names},
        "excluded": done.reported.excluded,
        "is_new": done.is_new,
        "torrents": [
            {
                "torrent": one.claim.torrent,
                "verdict": one.verdict.value,
                "right": one.right,
                "wrong": one.wrong,
                "silent": one.silent,
            }
            for one in done.judged
        ],
    }


def _sentences(done: Accepted, *, is_rehearsed: bool) -> list[str]:
    said = done.reported
    keeper, country = said.operator or "nobody named", said.country or "country not said"
    proven_at = said.proven_at[:16].replace("T", " ")
    who = f"Mirror {said.mirror[:12]} of {keeper} ({country}, {said.medium.value})"
    lines = [f"{who}, proven by {proven_at} UTC."]
    if said.excluded:
        lines.append(f"By its own decision it does not hold {counted(said.excluded, 'thing')}.")
    if is_rehearsed:
        lines.append("Nothing was noted.")
    elif not done.is_new:
        lines.append("This statement was accepted before; nothing changes.")
    return lines


def _rows(done: Accepted) -> list[tuple[str, str, str]]:
    rows = []
    for one in done.judged:
        asked = one.right + one.wrong + one.silent
        detail = f"{one.right} of {asked} ranges right" if asked else "nothing to compare"
        rows.append((printable(one.claim.torrent), one.verdict.value, detail))
    return rows
