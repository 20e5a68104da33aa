"""`phono lists add|show|match|export|erase`: playlists and histories of one's own, kept private."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.catalogue.match.reading.format import Format
from phonotheque.cli import lists_export
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.match_telling import Csv, Jspf, Only, Wish, tell_matches
from phonotheque.cli.new_files import refuse_inside
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell
from phonotheque.cli.watching import watched
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phonotheque.catalogue.private_lists.gathering import Gathered, Gathering
    from phonotheque.catalogue.private_lists.keeping import Kept
    from phonotheque.catalogue.private_lists.song import Song

Named = Annotated[str, typer.Argument(metavar="NAME", help="Name of the list.")]
_FILES = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="A playlist, a history, a table, a zip; - for input."),
]
_NAME = Annotated[str, typer.Option("--name", metavar="NAME", help="How the list is called here.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        help="Private lists: playlists and listening histories of your own, never published.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("add")(add)
    group.command("show")(show)
    group.command("match")(match)
    lists_export.register(group)
    group.command("erase")(erase)
    app.add_typer(group, name="lists")


def add(
    context: typer.Context,
    files: _FILES,
    name: _NAME,
    chosen: Annotated[
        Format | None, typer.Option("--format", help="Default: told by what stands in it.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Erase the list of this name that is there.")
    ] = False,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Keep a playlist or a listening history as a private list.

    Of each song its names, identifiers and length are kept; of a history how often it was played
    and the first and last day. It stands in people.sqlite alone: not in the register, the
    catalogue, its counts, or anything that is published. Several files make one list. Exit status 1
    when a line cannot be read.

    Example: phono lists add listenbrainz_ada.zip --name heard
    """
    from phonotheque.archive.finding.private_lists import keep_list, refuse_empty, refuse_taken
    from phonotheque.catalogue.private_lists.gathering import gathering
    from phonotheque.catalogue.private_lists.keeping import check_name

    root, name = archive_of(context), check_name(name)
    if not replace:
        refuse_taken(root, name)
    with gathering() as gathered:
        _take_all(gathered, files, chosen)
        refuse_empty(name, gathered)
        if not dry_run:
            keep_list(root, name, gathered, is_replacing=replace, is_patient=wait, on_notices=tell)
        counts = gathered.counts
    if as_json:
        print_json({"list": name, **counts.record(), "is_kept": not dry_run})
    else:
        _say(name, counts, is_kept=not dry_run)
    return FOUND if counts.refused else DONE


def _take_all(gathered: Gathered, files: Sequence[Path], chosen: Format | None) -> None:
    from phonotheque.catalogue.match.reading.formats import read_list
    from phonotheque.cli.identifiers import opened

    with watched() as told:
        for file in files:
            with opened(file) as stream:
                entries = read_list(stream, str(file), chosen)
                gathered.take(entries, str(file), lambda n: told(f"{n:,} lines", None, None))


def _say(name: str, counts: Gathering, *, is_kept: bool) -> None:
    plays = "" if counts.plays is None else f", {counted(counts.plays, 'play')}"
    begun = f"; {counted(counts.begun, 'play')} of less than half a minute" if counts.begun else ""
    what = f"{counted(counts.lines, 'line')}: {counted(counts.songs, 'song')}{plays}{begun}"
    print(printable(f"{what}; {'kept' if is_kept else 'would be kept'} as {name}."))
    for one in counts.told:
        print(printable(f"refused  {one.file}, {one.number}: {one.reason}"))
    if counts.refused > len(counts.told):
        print(f"refused  {counts.refused - len(counts.told)} more")


def show(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A list; default: which there are.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Show which private lists there are, or the songs of one as they are kept.

    Example: phono lists show heard
    """
    from phonotheque.archive.finding.private_lists import open_list, open_lists

    root = archive_of(context)
    if name is not None:
        with open_list(root, name) as (lists, _):
            for song in lists.songs(name):
                if as_json:
                    print_json(_record(song))
                else:
                    print(printable(_line(song)))
        return DONE
    with open_lists(root) as opened:
        kept = opened.all() if opened else []
    if as_json:
        for one in kept:
            print_json(_kept_record(one))
    elif kept:
        print_table([_row(one) for one in kept], right=(1, 2))
    else:
        print("There are no private lists.")
    return DONE


def _kept_record(one: Kept) -> dict[str, Any]:
    return {"list": one.name, "kept_at": one.kept_at, "songs": one.songs, "plays": one.plays}


def _row(one: Kept) -> tuple[str, ...]:
    plays = "" if one.plays is None else counted(one.plays, "play")
    return printable(one.name), counted(one.songs, "song"), plays, f"kept {one.kept_at[:10]}"


def _record(song: Song) -> dict[str, Any]:
    artist, title = song.named
    plays = song.plays
    return {
        "place": song.place,
        "artist": artist,
        "title": title,
        "album": song.album or None,
        "length_ms": song.length_ms,
        "mbids": list(song.mbids),
        "isrcs": list(song.isrcs),
        "plays": plays.times if plays else None,
        "first_on": plays.first_on.isoformat() if plays and plays.first_on else None,
        "last_on": plays.last_on.isoformat() if plays and plays.last_on else None,
    }


def _line(song: Song) -> str:
    plays = song.plays
    if plays is None:
        return f"{song.place:>5}  {song.entry().asked}"
    days = dict.fromkeys(day.isoformat() for day in (plays.first_on, plays.last_on) if day)
    told = ", ".join(filter(None, (counted(plays.times, "play"), " to ".join(days))))
    return f"{song.place:>5}  {song.entry().asked}  ({told})"


def match(
    context: typer.Context,
    name: Named,
    only: Only = None,
    csv: Csv = None,
    jspf: Jspf = None,
    as_json: Json = False,
) -> int:
    """Match a private list with the catalogue as it is now: what is known, held, free or wanted.

    Example: phono lists match heard --only free
    """
    from phonotheque.archive.finding.private_lists import open_list

    root, wish = archive_of(context), Wish(only, csv, jspf, as_json)
    refuse_inside(root, csv, jspf)
    with open_list(root, name) as (lists, _):
        return tell_matches(root, (song.entry() for song in lists.songs(name)), wish)


def erase(
    context: typer.Context,
    name: Named,
    wait: Wait = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Erase a private list: its name, its songs, and that it was there.

    What it said is overwritten in people.sqlite. Backups of that file may still have it: erase
    it there, too.

    Example: phono lists erase heard
    """
    from phonotheque.archive.finding.private_lists import erase_list, open_list

    root = archive_of(context)
    if dry_run:
        with open_list(root, name) as (_, found):
            kept = found
    else:
        kept = erase_list(root, name, is_patient=wait, on_notices=tell)
    if as_json:
        print_json({**_kept_record(kept), "is_erased": not dry_run})
    else:
        done = (
            "would be erased" if dry_run else "erased; backups of people.sqlite may still have it"
        )
        print(printable(f"{name}: {counted(kept.songs, 'song')} {done}."))
    return DONE
