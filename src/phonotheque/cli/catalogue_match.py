"""`phono catalogue match FILE`: what of somebody's list is known, held, free, wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonotheque.catalogue.match.reading.format import Format
from phonotheque.cli.match_telling import Csv, Jspf, Only, Wish, tell_matches
from phonotheque.cli.options import Json, archive_of


def register(group: typer.Typer) -> None:
    """Add the command of this module to the catalogue's."""
    group.command("match")(match)


def match(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A playlist, a history, a table; - for input.")
    ],
    chosen: Annotated[
        Format | None, typer.Option("--format", help="Default: told by what stands in it.")
    ] = None,
    only: Only = None,
    csv: Csv = None,
    jspf: Jspf = None,
    as_json: Json = False,
) -> int:
    """Match a list with the catalogue: for each line what is known, held, free or wanted, and why.

    Reads M3U, JSPF, XSPF, histories as ListenBrainz, Last.fm and Spotify give them, JSON and CSV
    tables, and "Artist - Title" a line. A recording must agree in who, what and which version; what
    is only near is told as a reason, never as a match. The list stays private: nothing of it is
    kept or sent; `phono lists add` keeps one. Exit status 1 when a line cannot be read.

    Example: phono catalogue match road-trip.m3u8 --only wanted
    """
    from phonotheque.catalogue.match.reading.formats import read_list
    from phonotheque.cli.identifiers import opened

    root, wish = archive_of(context), Wish(only, csv, jspf, as_json)
    with opened(file) as stream:
        return tell_matches(root, read_list(stream, str(file), chosen), wish)
