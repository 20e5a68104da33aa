"""How the commands of `phono mirror` find their mirror."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

MirrorDir = Annotated[
    Path | None,
    typer.Option(
        "--mirror",
        metavar="DIR",
        help="The mirror; else $PHONO_MIRROR, else the nearest parent folder that is one.",
    ),
]


def mirror_of(given: Path | None) -> Path:
    """The mirror that a command is about.

    Raises:
        NotAnArchiveError: There is none.
    """
    from phonotheque.mirror.home import locate_mirror

    return locate_mirror(given, os.environ.get("PHONO_MIRROR"), Path.cwd())
