"""`phono takedown`: taking an item out of everything, the log of it, and counter-notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, exit_status
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from pathlib import Path

    from phonotheque.archive.bulk.takedown import Consequences, TakenDown
    from phonotheque.archive.opening import Archive
    from phonotheque.errors import PhonothequeError
    from phonotheque.publish.removal.request import Objection, Request
    from phonotheque.register.holdings import Held


_MOST_SHOWN = 10
"""Companions that stay, as people are told of them: a folder of songs may have hundreds."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("takedown", short_help="Remove items for good, everywhere.")(takedown)


def takedown(
    context: typer.Context,
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Objects, or the gids of recordings and releases."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for everybody to read.")
    ] = "",
    evidence: Annotated[
        str,
        typer.Option("--evidence", metavar="TEXT|URL", help="What was sent; kept, not published."),
    ] = "",
    requested_by: Annotated[
        str,
        typer.Option("--requested-by", metavar="NAME", help="Who asked; kept, not published."),
    ] = "",
    case: Annotated[
        str, typer.Option("--case", metavar="CASE", help="Name of the case; default: a new one.")
    ] = "",
    counter_notice: Annotated[
        str,
        typer.Option("--counter-notice", metavar="CASE", help="Keep an objection to that case."),
    ] = "",
    summary: Annotated[
        str, typer.Option("--summary", metavar="TEXT", help="What it says, for everybody to read.")
    ] = "",
    log: Annotated[
        bool, typer.Option("--log", help="Show all cases, or those of the given IDs.")
    ] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Remove items for good: bytes, torrents, packs, copies, search; sign a tombstone.

    The reason is public and stays: no name and no address in it. Nothing brings an item back but
    adding it anew. Without an ID, a removal that was interrupted goes on.

    Example: phono takedown 3f9ac1 --reason "The label asked for it" --dry-run
    """
    from phonotheque.errors import BadRequestError
    from phonotheque.publish.removal.request import Objection, Request

    root = archive_of(context)
    if log:
        return _show_log(root, references or [], as_json=as_json)
    if counter_notice:
        if references or reason:
            todo = "Give --counter-notice CASE with --summary, and no ID."
            raise BadRequestError("--counter-notice", "it removes nothing", todo)
        objection = Objection(counter_notice, summary, evidence, requested_by)
        return _object(root, objection, is_patient=wait, as_json=as_json)
    request = Request(reason, evidence, requested_by, case) if references else None
    if dry_run and request:
        return _rehearse(root, references or [], as_json=as_json)
    return _remove(root, references or [], request, is_patient=wait, as_json=as_json)


def _rehearse(root: Path, references: list[str], *, as_json: bool) -> int:
    from phonotheque.archive.bulk.takedown import consequences, meant
    from phonotheque.archive.opening import open_to_read

    with open_to_read(root) as archive:
        found = consequences(archive, meant(archive, references))
        record = _foreseen(archive, found)
    if as_json:
        print_json(record)
    else:
        print(f"Would be removed for good: {counted(len(found.objects), 'object')}.")
        _print_objects(record["objects"])
        for name, left in ((volume.name, left) for volume, left in found.volumes):
            what = f"gets a successor with {counted(left, 'recording')}" if left else "ends"
            print(f"{name}: retired; {what}.")
        for name in found.packs:
            print(f"{name}: retired; `phono publish run` makes it again.")
        _print_left(record)
    return DONE


def _foreseen(archive: Archive, found: Consequences) -> dict[str, Any]:
    return {
        "objects": [_object_record(archive, held) for held in found.objects],
        "gone_already": [held.sha256.hex for held in found.gone],
        "volumes": [{"volume": volume.name, "left": left} for volume, left in found.volumes],
        "packs": list(found.packs),
        "alike": [_object_record(archive, held) for held in found.alike],
        "shared": [
            {**_object_record(archive, one.companion), "recordings": one.recordings}
            for one in found.shared
        ],
    }


def _object_record(archive: Archive, held: Held) -> dict[str, Any]:
    tags = archive.index.tags(held.sha256)
    accessions = archive.index.accessions(held.sha256)
    return {
        "sha256": held.sha256.hex,
        "role": held.role.value,
        "size_bytes": held.size_bytes,
        "title": tags.title or accessions[0].path.rpartition("/")[2],
        "artists": list(tags.artists),
        "volume": held.volume,
    }


def _print_objects(objects: list[dict[str, Any]]) -> None:
    """Print what goes, what only came beside it below a line of its own."""
    named, brought = (
        [_row(one) for one in objects if (one["role"] == "companion") is is_beside]
        for is_beside in (False, True)
    )
    print_table(named, right=(1,))
    if named and brought:
        print("With it goes what came beside it, and belongs to nothing else that is held:")
    print_table(brought, right=(1,))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    size = format_bytes(one["size_bytes"])
    return one["sha256"][:12], size, printable(one["title"]), printable("; ".join(one["artists"]))


def _print_left(record: dict[str, Any]) -> None:
    """Print what stays, though it is like what goes or came beside it, and why."""
    if record["alike"]:
        print("Held beside it, with the same sound; these stay unless they are named, too:")
        print_table([_row(one) for one in record["alike"]], right=(1,))
    if shared := record["shared"]:
        print("Came beside it and stays unless it is named, too: it belongs to others as well:")
        rows = [(*_row(one)[:3], f"of {counted(one['recordings'], 'recording')}") for one in shared]
        print_table(rows[:_MOST_SHOWN], right=(1,))
        if len(rows) > _MOST_SHOWN:
            print(f"and {len(rows) - _MOST_SHOWN:,} more; --json names all.")


def _remove(
    root: Path, references: list[str], request: Request | None, *, is_patient: bool, as_json: bool
) -> int:
    from phonotheque.archive.bulk.removing import finish_removals
    from phonotheque.archive.bulk.takedown import meant, take_down
    from phonotheque.archive.opening import open_to_write

    with open_to_write(root, "takedown", is_patient=is_patient) as archive:
        tell(archive.notices)
        if request is None:
            settled = finish_removals(archive)
            text = f"{counted(settled.objects, 'object')} left by an earlier removal went."
            if as_json:
                print_json({"objects": settled.objects, "freed_bytes": settled.freed_bytes})
            else:
                print(text if settled.objects else "No removal was left undone.")
            return DONE
        done = take_down(archive, meant(archive, references), request)
        record = {**_foreseen(archive, done.consequences), **_done(done)}
    if as_json:
        print_json(record)
    else:
        _say_done(done, record)
    return _unannounced(done.settled.unannounced)


def _done(done: TakenDown) -> dict[str, Any]:
    settled = done.settled
    return {
        "case": done.case,
        "successors": {one.name: one.successor for one in settled.volumes},
        "packs": [one.name for one in settled.packs],
        "freed_bytes": settled.freed_bytes,
        "copies": settled.copies,
        "announced": settled.unannounced is None,
    }


def _say_done(done: TakenDown, record: dict[str, Any]) -> None:
    found, settled = done.consequences, done.settled
    if found.objects:
        size = format_bytes(settled.freed_bytes)
        print(f"Case {done.case}: {counted(len(found.objects), 'object')} removed, {size} freed.")
        _print_objects(record["objects"])
    else:
        print("Nothing new: all of it was removed before.")
    for one in settled.volumes:
        print(f"{one.name} is retired{f'; {one.successor} is in its place' * bool(one.successor)}.")
    for pack in settled.packs:
        print(f"{pack.name} is retired; `phono publish run` makes it again.")
    if settled.copies:
        print(f"Removed, too, what was made of it: {_copies(settled.copies)}.")
    _print_left(record)
    print("Copies that others fetched stay with them; tombstones.jsonl tells their mirrors.")


def _copies(count: int) -> str:
    return "1 copy or picture" if count == 1 else f"{count:,} copies or pictures"


def _object(root: Path, objection: Objection, *, is_patient: bool, as_json: bool) -> int:
    from phonotheque.archive.bulk.takedown import object_to
    from phonotheque.archive.opening import open_to_write

    with open_to_write(root, "takedown", is_patient=is_patient) as archive:
        tell(archive.notices)
        error = object_to(archive, objection)
    if as_json:
        print_json({"case": objection.case, "summary": objection.summary})
    else:
        print(
            f"Kept with case {objection.case}. It brings nothing back: when the case is decided, "
            "`phono add --again` does."
        )
    return _unannounced(error)


def _unannounced(error: PhonothequeError | None) -> int:
    """Tell why no index could be signed; the exit status."""
    if error is None:
        return DONE
    tell([f"Done here, but no index that says so could be signed: {error}"])
    return exit_status(error)


def _show_log(root: Path, references: list[str], *, as_json: bool) -> int:
    import msgspec

    from phonotheque.archive.bulk.takedown import meant
    from phonotheque.archive.opening import open_to_read
    from phonotheque.publish.removal.tombstones import lines

    with open_to_read(root) as archive:
        names = {held.sha256.hex for held in meant(archive, references)}
        told = [msgspec.to_builtins(line) for line in lines(archive.index)]
        cases = {line["case"] for line in told if line.get("sha256") in names and "case" in line}
    shown = [
        line
        for line in told
        if not references or line.get("sha256") in names or line.get("case") in cases
    ]
    if as_json:
        for line in shown:
            print_json(line)
    elif not shown:
        print("Nothing was ever removed.")
    else:
        print_table(
            [
                (
                    line["at"][:10],
                    line["event"],
                    line.get("case", ""),
                    line.get("sha256", "")[:12],
                    printable(line.get("reason", line.get("summary", ""))),
                )
                for line in shown
            ]
        )
    return DONE
