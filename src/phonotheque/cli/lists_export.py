"""`phono lists export`: a private list for other programs, whole or what of it is in one state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.match_telling import Only, check_only
from phonotheque.cli.new_files import check_targets, refuse_inside, written_whole
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json
from phonotheque.cli.watching import watched
from phonotheque.errors import BadRequestError
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.catalogue.private_lists.exporting import Form
    from phonotheque.catalogue.private_lists.keeping import PrivateLists
    from phonotheque.catalogue.private_lists.song import Song


def register(group: typer.Typer) -> None:
    """Add the command of this module to the group of lists."""
    group.command("export")(export)


def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the list.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file: .csv, .jspf or .m3u8.")],
    only: Only = None,
    as_json: Json = False,
) -> int:
    """Write a private list to a file for other programs.

    CSV has all that is kept, and read again it is the same list; JSPF and M3U8 have the songs in
    their order. With --only the list is matched with the catalogue first: `--only wanted` is what
    to look for elsewhere.

    Example: phono lists export heard wanted.csv --only wanted
    """
    from phonotheque.archive.finding.private_lists import open_list
    from phonotheque.catalogue.private_lists.exporting import written

    check_only(only)
    root, form = archive_of(context), _form_of(file)
    check_targets(file)
    refuse_inside(root, file)
    with open_list(root, name) as (lists, _), written_whole(file) as write, watched() as told:
        songs = _Counted(lists.songs(name) if only is None else _in_state(root, lists, name, only))
        for part in written(songs, name, form):
            write(part)
            told(f"{songs.count:,} songs", None, None)
    if as_json:
        print_json({"list": name, "file": str(file), "songs": songs.count})
    else:
        print(f"{counted(songs.count, 'song')} in {file}.")
    return DONE


class _Counted:
    """Songs, counted as they are given."""

    def __init__(self, songs: Iterable[Song]) -> None:
        self._songs = songs
        self.count = 0

    def __iter__(self) -> Iterator[Song]:
        for song in self._songs:
            self.count += 1
            yield song


def _in_state(root: Path, lists: PrivateLists, name: str, only: str) -> Iterator[Song]:
    """Give the songs that are in a state now."""
    from phonotheque.archive.finding.matching import open_matcher
    from phonotheque.catalogue.match.matching import match_all
    from phonotheque.catalogue.match.telling import states_of
    from phonotheque.catalogue.private_lists.song import song_of

    with open_matcher(root) as (matcher, _):
        for some in match_all(matcher, (song.entry() for song in lists.songs(name))):
            yield from (song_of(one.entry) for one in some if only in states_of(one))


def _form_of(file: Path) -> Form:
    """Tell by the ending of its name how a file is to be written."""
    from phonotheque.catalogue.private_lists.exporting import Form

    try:
        return Form(file.suffix.lower().removeprefix("."))
    except ValueError:
        todo = f"Let its name end with {', '.join('.' + one for one in Form)}."
        raise BadRequestError(str(file), "its name says no form", todo) from None
