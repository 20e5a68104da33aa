"""`phono publish refresh|check`: how long what is published is believed, and whether it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, Wait, archive_of
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, tell
from phonotheque.cli.trust import Elsewhere
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.signing.expiry import Expiry


def refresh(
    context: typer.Context, more: Elsewhere = None, wait: Wait = False, as_json: Json = False
) -> int:
    """Renew for how long what is published is believed: a line for cron, once a day.

    Exit status 1 when something runs out soon all the same, as the root does without its key.

    Example: phono publish refresh
    """
    from phonotheque.archive import rekeying
    from phonotheque.archive.opening import open_to_write
    from phonotheque.archive.signing.expiry import Urgency, expiries
    from phonotheque.archive.signing.keyring import instant

    with open_to_write(archive_of(context), "refresh", is_patient=wait) as archive:
        tell(archive.notices)
        rekeying.refresh(archive, more or [])
        found = expiries(archive, instant(archive))
    if as_json:
        print_json({"signatures": [_expiry_record(one) for one in found]})
    else:
        print_table([_expiry_row(one) for one in found])
    return FOUND if any(one.urgency is not Urgency.NONE for one in found) else DONE


def check(
    address: Annotated[
        str, typer.Argument(metavar="PLACE", help="Where something is published, yours or not.")
    ],
    fingerprint: Annotated[
        str,
        typer.Option(metavar="SHA256", help="Of its 1.root.json, as its `phono keys show` tells."),
    ] = "",
    as_json: Json = False,
) -> int:
    """Prove what an archive publishes as a stranger would, who comes for the first time.

    Example: phono publish check https://archive.example/
    """
    from phonotheque.archive.signing.checking import check_published

    found = check_published(address, fingerprint)
    header, offered = found.header, [line for line in found.lines if not line.obsolete]
    if as_json:
        record = {"title": header.title, "archive": header.archive, "index": header.seq}
        record |= {"created": header.created, "expires": header.expires}
        print_json({**record, "torrents": len(offered), "size_bytes": header.size_bytes})
        return DONE
    print(printable(f"{header.title}: index {header.seq}, made {header.created[:10]}"))
    torrents = counted(len(offered), "torrent")
    print(
        f"{torrents} offered, {format_bytes(header.size_bytes)}; good until {header.expires[:10]}"
    )
    print("Signed by who may sign it" + (", and by whom you named." if fingerprint else "."))
    return DONE


def _expiry_record(one: Expiry) -> dict[str, Any]:
    """An expiry as `--json` tells it."""
    record = {"role": one.role, "expires": one.expires, "days_left": one.days_left}
    return {**record, "urgency": one.urgency.value}


def _expiry_row(one: Expiry) -> tuple[str, str, str]:
    """An expiry as a row for people."""
    left = f"{counted(one.days_left, 'day')} left" if one.days_left >= 0 else ""
    told = f", {one.urgency}!" if one.urgency.value != "good" else ""
    return one.role, f"until {one.expires[:10]}", (left + told).removeprefix(", ")
