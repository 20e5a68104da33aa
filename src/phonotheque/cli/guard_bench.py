"""`phono guard bench`: what detectors make of labelled synthetic listeners and farms.

Not here: worlds, detectors and figures (`phonotheque.guard.bench`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.new_files import check_reports
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json, print_table
from phonotheque.cli.watching import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonotheque.cli.watching import Tell
    from phonotheque.guard.bench.run import Entrant, Record
    from phonotheque.guard.bench.scenarios import Setting


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("bench")(bench)


def bench(
    scale: Annotated[
        str, typer.Option(metavar="SCALE", help="small (a minute), middle or full (hours).")
    ] = "small",
    seed: Annotated[int, typer.Option(min=1, metavar="N", help="Of all draws.")] = 21,
    farm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this world: people, loners, L2, L4p…; repeatable."),
    ] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this one: guard, plays per day…; repeatable."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End every world after so many days.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Draw the parameters of every kind anew, by the seed.")
    ] = False,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="No key has more than 5 % of a farm, in place of 20 %.")
    ] = False,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep what is found here, and go on from what it has."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show how much of a catalogue farms take before each detector stops them, and who else pays.

    Listeners and farms are made up, and labelled; detectors never see a label. Without an archive.

    Example: phono guard bench --farm people --farm L3
    """
    from phonotheque.guard.bench.entrants import OWN, absent
    from phonotheque.guard.bench.telling import tables

    check_reports(results)
    settings = _settings(scale, seed, farm, days, fresh=fresh, hidden=hidden)
    chosen = _chosen(detector)
    with watched() as told:
        found = list(_run(settings, chosen, results, told, as_json=as_json))
    if not as_json:
        for number, table in enumerate(tables(found, OWN)):
            print(f"{'' if not number else chr(10)}{table.title}")
            print_table(table.rows, right=range(1, len(table.rows[0])))
        if not detector and (missing := absent()):
            print(f"\nAbsent, as they cannot be loaded here: {', '.join(missing)}.")
    return DONE


def _settings(
    scale: str, seed: int, names: list[str] | None, days: int | None, *, fresh: bool, hidden: bool
) -> list[Setting]:
    from dataclasses import replace

    from phonotheque.errors import UnavailableError

    try:
        import numba  # noqa: F401 (worlds are made by compiled code)
    except ImportError as error:
        todo = "Install it with `pip install 'phonotheque[guard]'`."
        raise UnavailableError("GuardBench", "numba is not installed", todo) from error
    from phonotheque.guard.bench import scenarios
    from phonotheque.guard.bench.keys import CAPS

    worlds = tuple(one.name for one in scenarios.SCENARIOS)
    _require("scale", scale, tuple(scenarios.SCALES))
    for name in names or ():
        _require_world(name)
    wanted = names or (scenarios.QUICK if scale == "small" else worlds)
    size, cap = scenarios.SCALES[scale], CAPS[hidden]
    size = replace(size, days=days or size.days)
    return [
        scenarios.Setting(shape.name, name, size, seed, is_fresh=fresh, cap=cap)
        for shape in scenarios.SHAPES
        for name in worlds
        if name in wanted
    ]


def _require_world(name: str) -> None:
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.bench.scenarios import SCENARIOS

    worlds = tuple(one.name for one in SCENARIOS)
    homes = {kind: one.name for one in SCENARIOS for kind, _ in one.farms}
    if name in homes and name not in worlds:
        home = homes[name]
        todo = f"Run: phono guard bench --farm {home}"
        raise BadRequestError(
            name, f"it has no world of its own, and lives in the world {home}", todo
        )
    _require("world", name, worlds)


def _require(noun: str, word: str, known: tuple[str, ...]) -> None:
    from phonotheque.errors import BadRequestError

    if word not in known:
        raise BadRequestError(word, f"there is no such {noun}", f"Take one of {', '.join(known)}.")


def _chosen(names: list[str] | None) -> list[Entrant]:
    from phonotheque.guard.bench.entrants import everybody

    there = everybody()
    for name in names or ():
        _require("detector", name, tuple(one.name for one in there))
    return [one for one in there if not names or one.name in names]


def _run(
    settings: list[Setting],
    entrants: list[Entrant],
    results: Path | None,
    told: Tell,
    *,
    as_json: bool,
) -> Iterator[Record]:
    """Yield what is known and what is found, each record kept as soon as it is there."""
    import msgspec

    from phonotheque.disk import LocalDisk
    from phonotheque.guard.bench.records import keep_record, read_records
    from phonotheque.guard.bench.run import run

    disk = None if results is None else LocalDisk(results.parent)
    name = "" if results is None else results.name
    known = {} if disk is None else read_records(disk, name)

    def shown(world: str, share: float) -> None:
        told(world, share, None)

    for record in run(settings, entrants, known, shown):
        if disk is not None and record.key not in known:
            keep_record(disk, name, record)
        if as_json:
            print_json(msgspec.to_builtins(record))
        yield record
