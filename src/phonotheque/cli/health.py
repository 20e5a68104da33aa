"""`phono publish health`: how many people keep each torrent."""

from __future__ import annotations

from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import format_bytes, print_json, print_table, tell
from phonotheque.music.number_words import counted

Observer = Annotated[
    str, typer.Option("--observer", help="By what name the count is published.", metavar="NAME")
]
Tracker = Annotated[
    list[str] | None,
    typer.Option("--tracker", help="Ask this one too; may be given again.", metavar="URL"),
]
Bootstrap = Annotated[
    list[str] | None,
    typer.Option("--bootstrap", help="Begin in the DHT with this node.", metavar="HOST:PORT"),
]
WithDht = Annotated[
    bool | None, typer.Option("--dht/--no-dht", help="Ask the DHT; else as `seed.dht` says.")
]


def register(group: typer.Typer) -> None:
    """Add the command of this module to `phono publish`."""
    group.command("health")(health)


def health(
    context: typer.Context,
    observer: Observer = "",
    tracker: Tracker = None,
    dht: WithDht = None,
    bootstrap: Bootstrap = None,
    as_json: Json = False,
) -> int:
    """Ask trackers and the DHT who keeps each torrent; publish the count, make the page anew.

    Example: phono publish health --observer "Archive of the Weir"
    """
    from phonotheque.archive.bulk.health import Counting, count_health
    from phonotheque.publish.health.dht import BOOTSTRAP
    from phonotheque.publish.health.report import Level

    nodes = tuple(bootstrap or BOOTSTRAP)
    counting = Counting(observer, tuple(tracker or ()), dht, nodes)
    found = count_health(archive_of(context), counting, lambda trouble: tell([trouble]))
    if as_json:
        levels = {
            level.value: {"torrents": found.torrents[level], "bytes": found.bytes[level]}
            for level in Level
        }
        print_json({"observer": found.observer, "observed_at": found.at, "levels": levels})
        return DONE
    print_table(
        [("level", "torrents", "bytes")]
        + [(one.value, str(found.torrents[one]), format_bytes(found.bytes[one])) for one in Level],
        right=(1, 2),
    )
    total = sum(found.torrents.values())
    print(f"{counted(total, 'torrent')} counted for; published/health.json says who and when.")
    return DONE
