"""Part of `phono publish run`: v1-only twins of torrents, for clients that cannot read hybrids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from phonotheque.cli.output import print_json, printable, progress

Compat = Annotated[
    list[str] | None,
    typer.Option(
        "--compat",
        metavar="v1[:VOLUME]",
        help="Also make v1-only twins for old clients: of all volumes, or of one; repeatable.",
    ),
]


def volumes_named(compat: Sequence[str] | None) -> frozenset[str] | None:
    """Read what `--compat` said: volumes that are to have twins; empty for all, None for none.

    Raises:
        BadRequestError: There is no such form.
    """
    from phonotheque.errors import BadRequestError

    if not compat:
        return None
    names = set()
    for text in compat:
        form, _, name = text.partition(":")
        if form != "v1":
            todo = "There is one: --compat v1, or --compat v1:VOLUME."
            raise BadRequestError(f"--compat {text}", "it is no form of torrent", todo)
        names.add(name)
    return frozenset() if "" in names else frozenset(names)


def make_twins(root: Path, named: frozenset[str] | None, *, as_json: bool) -> bool:
    """Make the twins that were asked for and are lacking, tell of each; whether one could not be.

    Args:
        root: The archive, which nobody holds.
        named: What `volumes_named` read.
        as_json: Tell it for machines.
    """
    if named is None:
        return False
    from phonotheque.archive.bulk.twins import make_twins as make
    from phonotheque.archive.bulk.twins import without_twin

    lacking, has_trouble = without_twin(root, named), False
    files = sum(volume.objects for volume in lacking)
    with progress("making twins", files, sum(one.size_bytes for one in lacking)) as shown:
        for made in make(root, lacking, shown.advance):
            has_trouble |= not made.path
            if as_json:
                print_json({"volume": made.volume, "twin": made.path, "why_not": made.why_not})
            elif made.path:
                print(f"{made.path} is the v1-only twin of {made.volume}.", flush=True)
            else:
                print(f"{made.volume} gets no twin: {printable(made.why_not)}", flush=True)
    if not lacking and not as_json:
        print("No volume lacks a v1-only twin.")
    return has_trouble
