"""`phono catalogue import|build|status|merge|split`: making the catalogue from its sources.

Not here: `dump` and `restore` (`cli.dump`), `apply` (`cli.catalogue_apply`), `charts`
(`cli.catalogue_charts`), `coverage` (`cli.catalogue_coverage`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli import catalogue_apply as applying
from phonotheque.cli import catalogue_charts as charting
from phonotheque.cli import catalogue_coverage as covering
from phonotheque.cli import catalogue_match as matching
from phonotheque.cli import dump as dumping
from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Jobs, Json, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, tell
from phonotheque.cli.watching import Tell, of_build, watched
from phonotheque.errors import BadRequestError
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.finding.catalogue import State
    from phonotheque.catalogue.build.engines import Opens
    from phonotheque.catalogue.identity.hand import Waiting
    from phonotheque.catalogue.snapshot import Snapshot
    from phonotheque.catalogue.sources.importing import Progress
    from phonotheque.catalogue.sources.report import Report


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="The catalogue: from open data and our own holdings to what can be searched.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("import")(import_)
    group.command("build")(build)
    group.command("status")(status)
    group.command("merge")(merge)
    group.command("split")(split)
    matching.register(group)
    dumping.register(group)
    applying.register(group)
    charting.register(group)
    covering.register(group)
    app.add_typer(group, name="catalogue")


def import_(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="musicbrainz, discogs, internet-archive, cover-art, listenbrainz, or the name "
            "in a mapping file.",
        ),
    ],
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Its files, or the folder they are in.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Says how to read tables of anybody's: CSV, JSON lines."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Import a source of open data; what was imported of it before is replaced.

    Rows that cannot be used are left out and reported with the reason and the place; that is no
    error. An import that was stopped goes on where it stood. Increments of MusicBrainz follow what
    was imported of it; one that does not follow is refused, with the one that comes next.

    Example: phono catalogue import musicbrainz mbdump.tar.bz2
    """
    from phonotheque.archive.finding.catalogue import import_into
    from phonotheque.archive.finding.serving import FOLDER
    from phonotheque.archive.finding.sources import source_named

    root = archive_of(context)
    named = source_named(source, paths, mapping, root / FOLDER)
    with watched() as told:
        report = import_into(
            root, named, is_rehearsal=dry_run, on_progress=_of_import(told, source)
        )
    _say_import(report, as_json=as_json)
    return DONE


def _say_import(report: Report, *, as_json: bool) -> None:
    import msgspec

    from phonotheque.catalogue.sources.report import format_report

    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        for line in format_report(report).splitlines():
            print(printable(line))


class EngineName(StrEnum):
    """Who makes the cards."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def build(
    context: typer.Context,
    jobs: Jobs = None,
    engine: Annotated[
        EngineName,
        typer.Option(help="Who joins tables to cards; spark is for more than one machine."),
    ] = EngineName.DUCKDB,
    master: Annotated[
        str,
        typer.Option(metavar="URL", help="Where Spark is, such as spark://host:7077."),
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Take in what the archive holds, build a catalogue of all sources and let it serve.

    The catalogue that serves goes on serving until the new one is whole. A build that was stopped
    goes on after the last step that was whole.

    Example: phono catalogue build
    """
    from phonotheque.archive.finding.catalogue import build_snapshot, state_of, take_in_holdings
    from phonotheque.archive.opening import open_to_read

    root = archive_of(context)
    opens = _opens(engine, master)
    with open_to_read(root) as archive:
        tell(archive.notices)
        with watched() as told:
            taken = take_in_holdings(
                archive, is_rehearsal=dry_run, on_progress=_of_import(told, "holdings")
            )
    if dry_run:
        _say_import(taken.report, as_json=as_json)
        if not as_json:
            _say_sources(state_of(root))
        return DONE
    with watched() as told:
        snapshot = build_snapshot(root, job_count(jobs), of_build(told), opens)
    _say_build(taken.report, snapshot, as_json=as_json)
    return DONE


def _opens(engine: EngineName, master: str) -> Opens:
    from phonotheque.catalogue.build.engines import on_one_machine

    if engine is EngineName.SPARK:
        from phonotheque.catalogue.build.spark import spark_at

        return spark_at(master)
    if master:
        raise BadRequestError(
            "--master", "it says where Spark is, and DuckDB is asked", "Add `--engine spark`."
        )
    return on_one_machine


def _say_build(holdings: Report, snapshot: Snapshot, *, as_json: bool) -> None:
    from phonotheque.catalogue.corrections.resolving import waiting_in
    from phonotheque.catalogue.identity.hand import merges_waiting_in

    merges = merges_waiting_in(snapshot.folder)
    made, waiting = snapshot.descriptor, waiting_in(snapshot.folder)
    if as_json:
        print_json(
            {
                "snapshot": made.name,
                "epoch": made.epoch,
                "made_at": made.made_at,
                "sources": [one.name for one in made.sources],
                "holdings_refused": holdings.refused,
                "corrections_waiting": waiting,
                "merges_waiting": [_waiting(one) for one in merges],
                "cards": made.cards,
                "links": made.links,
            }
        )
        return
    print(f"{made.name} serves: {_counts(made.cards)}.")
    print(f"Sources: {', '.join(one.title or one.name for one in made.sources)}.")
    if holdings.refused:
        print(f"Of the holdings {counted(holdings.refused, 'row')} could not be used.")
    if waiting:
        print(
            f"No source has {counted(len(waiting), 'thing')} any more that you corrected: "
            "`phono corrections list` marks them."
        )
    _say_waiting(merges)


def _say_waiting(merges: Iterable[Waiting]) -> None:
    for one in merges:
        print(
            f"The merge of {one.entity_type} {one.one} into {one.into} waits: no source has the "
            "second any more."
        )


def _waiting(one: Waiting) -> dict[str, str]:
    return {"kind": one.entity_type, "one": one.one, "into": one.into}


def status(context: typer.Context, as_json: Json = False) -> int:
    """Show what the catalogue is made of, and which snapshot serves.

    Example: phono catalogue status
    """
    from phonotheque.archive.finding.catalogue import state_of
    from phonotheque.archive.finding.serving import behind
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.identity.hand import merges_waiting_in

    root = archive_of(context)
    found = state_of(root)
    missing = None
    merges: tuple[Waiting, ...] = ()
    if found.snapshot is not None:
        merges = merges_waiting_in(found.snapshot.folder)
        with open_to_read(root) as archive:
            tell(archive.notices)
            missing = behind(archive.index, found.snapshot)
    if as_json:
        waiting = [_waiting(one) for one in merges]
        added = missing.added if missing else None
        print_json({**_record(found), "added_since": added, "merges_waiting": waiting})
        return DONE
    _say_sources(found)
    if found.snapshot is None:
        print("No snapshot was built yet: `phono catalogue build`.")
        return DONE
    made = found.snapshot.descriptor
    rows = [
        ("snapshot", made.name),
        ("made at", made.made_at),
        ("epoch", made.epoch),
        ("size", format_bytes(found.size_bytes)),
        ("cards", _counts(made.cards)),
        ("links between", _counts(made.links)),
    ]
    print_table(rows)
    for name in found.not_built:
        print(f"{name} was imported since: `phono catalogue build`.")
    if missing is not None and missing.added:
        print(missing)
    _say_waiting(merges)
    return DONE


def _counts(of_kinds: dict[str, int]) -> str:
    """How many of each kind there are: "13 recordings, 1 label"."""
    named = [f"{count:,} {kind}{'s' * (count > 1)}" for kind, count in of_kinds.items() if count]
    return ", ".join(named) or "none"


def _say_sources(found: State) -> None:
    rows = [("source", "rows", "refused", "licence of its data", "as of")]
    rows += [
        (
            one.name,
            f"{one.rows:,}",
            f"{one.refused:,}",
            one.licence or "unknown",
            one.as_of[:10],
        )
        for one in found.sources
    ]
    print_table([tuple(map(printable, row)) for row in rows], right=(1, 2))
    for one in found.sources:
        if one.sequence is not None:
            print(f"{one.name} stands at {one.sequence}: {one.sequence + 1} comes next.")
    print()


def _record(found: State) -> dict[str, Any]:
    import dataclasses

    made = found.snapshot.descriptor if found.snapshot else None
    return {
        "sources": [dataclasses.asdict(one) for one in found.sources],
        "snapshot": made.name if made else None,
        "epoch": made.epoch if made else None,
        "made_at": made.made_at if made else None,
        "size_bytes": found.size_bytes,
        "cards": made.cards if made else {},
        "links": made.links if made else {},
        "not_built": list(found.not_built),
    }


_GID = Annotated[str, typer.Argument(metavar="GID", help="A thing in the catalogue.")]


def merge(
    context: typer.Context,
    one: _GID,
    into: Annotated[str, typer.Argument(metavar="INTO-GID", help="The one that stands for both.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why they are one.")],
    as_json: Json = False,
) -> int:
    """Decide that two things are one: the first gid leads to the second from the next build on.

    Example: phono catalogue merge GID INTO-GID --reason "the same band, misspelt"
    """
    from phonotheque.archive.finding.catalogue import decide

    decided = decide(archive_of(context), "merge", (one, into), reason)
    _say_decision(decided, "leads to", as_json=as_json)
    return DONE


def split(
    context: typer.Context,
    one: _GID,
    other: _GID,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why they are two.")] = "",
    as_json: Json = False,
) -> int:
    """Decide that two things are two: nothing links them from the next build on.

    Example: phono catalogue split GID GID
    """
    from phonotheque.archive.finding.catalogue import decide

    decided = decide(archive_of(context), "split", (one, other), reason)
    _say_decision(decided, "is another than", as_json=as_json)
    return DONE


def _say_decision(decided: dict[str, str], word: str, *, as_json: bool) -> None:
    if as_json:
        print_json(decided)
    else:
        print(f"{decided['one']} {word} {decided['other']} from the next build on.")
        print("Run `phono catalogue build`.")


def _of_import(told: Tell, name: str) -> Callable[[Progress], None]:
    def on_progress(made: Progress) -> None:
        share = made.done_bytes / made.size_bytes if made.size_bytes else None
        told(f"{name}: {made.read:,} rows", share, None)

    return on_progress
