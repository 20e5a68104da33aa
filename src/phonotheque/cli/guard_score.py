"""`phono guard score`: who copies a catalogue out, told from any access log."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.guard_score_refusing import (
    refuse_apart,
    refuse_losing,
    refuse_missing,
    refuse_timeless,
    refuse_unfit,
)
from phonotheque.cli.guard_score_telling import tell
from phonotheque.cli.new_files import write_report
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json
from phonotheque.cli.signals import until_stopped
from phonotheque.cli.watching import watched

if TYPE_CHECKING:
    from phonotheque.guard.score.following import Watch
    from phonotheque.guard.score.gathering import Gathering
    from phonotheque.guard.score.handing import Handing
    from phonotheque.guard.score.reading import Gathered
    from phonotheque.guard.score.report import Report

_MOMENT_S = 0.5

_STOPPED = (
    "Stopped. Verdicts hold until they end; the same command reads the log anew, hands on what "
    "holds then, and goes on."
)

_LOGS = Annotated[
    list[str],
    typer.Argument(metavar="LOG...", help="Access logs, also packed ones; - reads input."),
]
_ITEM = Annotated[
    str | None,
    typer.Option(help="Regular expression whose one group names the item in an address."),
]
_FIELDS = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FIELD",
        help="Where lines of JSON say what: account, item, time, status, method, agent, "
        "played_ms, limited.",
    ),
]
_BY_NETWORK = Annotated[
    bool, typer.Option("--by-network", help="Take neighbouring addresses together.")
]
_PAGE = Annotated[Path | None, typer.Option(help="Also write the report as a page.")]
_RULE = Annotated[Path | None, typer.Option(help="Also write a Sigma rule.")]
_FOLLOW = Annotated[
    bool, typer.Option("--follow", help="Then go on reading as the last log grows.")
]
_SINKS = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SINK",
        help="Where verdicts go that --follow finds: file:PATH, nft:FAMILY:TABLE:SET[:SET6], "
        "valkey://HOST:PORT/DB.",
    ),
]


def register(group: typer.Typer) -> None:
    """Add the command to `phono guard`."""
    group.command("score")(score)


def score(
    logs: _LOGS,
    item: _ITEM = None,
    field: _FIELDS = None,
    by_network: _BY_NETWORK = False,
    html: _PAGE = None,
    sigma: _RULE = None,
    follow: _FOLLOW = False,
    to: _SINKS = None,
    as_json: Json = False,
) -> int:
    """Say who goes through a catalogue, from the access log of any service.

    Reads the common and the combined log format of nginx and Apache, Caddy's JSON, the log of
    `phono serve`, and other lines of JSON when it is told where they say what. Needs no archive.
    The status is 1 when somebody stands out who does not call himself a robot, 2 when `--item` fits
    no line, or no line has a field that was named.

    Example: phono guard score /var/log/nginx/access.log --html report.html
    """
    from phonotheque.guard.score.courses import drawing_of
    from phonotheque.guard.score.following import Watch
    from phonotheque.guard.score.gathering import Gathering
    from phonotheque.guard.score.handing import Handing
    from phonotheque.guard.score.items import item_rule
    from phonotheque.guard.score.judging import judge
    from phonotheque.guard.score.page import page_of
    from phonotheque.guard.score.reading import gather
    from phonotheque.guard.score.sigma import sigma_rule
    from phonotheque.guard.score.sinks import sink_of

    refuse_losing(logs, html, sigma, sinks=to or [])
    refuse_apart(logs, is_following=follow, has_sinks=bool(to), is_rule=by_network and bool(sigma))
    said, rule = _named(field or []), item_rule(item)
    handing = Handing([sink_of(one) for one in to or []], _say)
    handing.probe()
    clock = time if follow else None
    with Gathering(rule, by_network=by_network, clock=clock) as gathering:
        with watched() as told:

            def on_progress(name: str, done: int, size: int) -> None:
                told(f"reading {name}", done / size if size else None, None)

            read = gather(gathering, logs, said, on_progress, keep_last=follow)
            refuse_missing(said, read, is_following=follow)
            refuse_timeless(said, gathering, logs[0])
            refuse_unfit(item, gathering, is_following=follow)
            told("counting", None, None)
            report, learned = judge(gathering, tuple(logs), read.notes)
        _give(report, as_json=as_json)
        if html is not None:
            write_report(html, page_of(report, drawing_of(report, gathering)))
        if sigma is not None:
            write_report(sigma, sigma_rule(report, rule, read.fields).encode())
        if follow:
            sys.stdout.flush()
            _follow(Watch(gathering, learned), gathering, report, Path(logs[-1]), read, handing)
    return FOUND if any(not one.account.is_robot for one in report.suspects) else DONE


def _say(text: str) -> None:
    print(f"phono: {text}", file=sys.stderr)


def _give(report: Report, *, as_json: bool) -> None:
    from phonotheque.guard.score.reasons import record_of

    if as_json:
        print_json(record_of(report))
    else:
        tell(report)


def _follow(
    watch: Watch,
    gathering: Gathering,
    report: Report,
    log: Path,
    read: Gathered,
    handing: Handing,
) -> None:
    """Print verdicts as lines of JSON, and hand them on, until Ctrl-C."""
    from phonotheque.guard.score.following import follow
    from phonotheque.guard.score.sinks import record_of
    from phonotheque.guard.score.tailing import new_lines

    with until_stopped(_STOPPED) as stop:

        def wait() -> bool:
            handing.try_again()
            return not stop.wait(_MOMENT_S)

        blocks = new_lines(log, read.from_byte, wait)
        suspects = [one.number for one in report.suspects]
        standing = watch.standing(suspects, int(time()))
        for verdict in chain(standing, follow(watch, gathering, blocks, read.read, _say)):
            print_json({"account": verdict.account, **record_of(verdict)})
            handing.take(verdict)


def _named(given: list[str]) -> dict[str, str]:
    from phonotheque.errors import BadMappingError

    said = {}
    for one in given:
        name, equals, place = one.partition("=")
        if not equals or not place:
            raise BadMappingError(one, "it names no field", "Write --field account=remote_user.")
        said[name] = place
    return said
