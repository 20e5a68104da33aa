"""Options that several commands share, and how they find their archive."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON (one object a line where there are many).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait while another process writes.")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0: everywhere.")
]
Loopback = Annotated[
    bool, typer.Option("--loopback", help="This machine only: no discovery, 127.0.0.1.")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=256, help="Processes at work; default: one for each core."),
]


def archive_of(context: typer.Context) -> Path:
    """The archive that a command is about.

    Raises:
        NotAnArchiveError: There is none.
    """
    from phonotheque.archive.opening import locate

    return locate(context.obj, os.environ.get("PHONO_ARCHIVE"), Path.cwd())


def job_count(jobs: int | None) -> int:
    """How many processes or threads to use."""
    if jobs is not None:
        return jobs
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGTP]?)B?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Read a size as disks are sold, in powers of 1000.

    Raises:
        BadRequestError: It is none.
    """
    from phonotheque.errors import BadRequestError

    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise BadRequestError(text, "it is no size", "Write it as 500GB or 1.5TB.")
    power = " KMGTP".index(found[2].upper() or " ")
    return int(float(found[1]) * 1000**power)
