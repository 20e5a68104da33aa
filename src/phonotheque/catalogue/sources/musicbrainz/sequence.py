"""Which increment follows which: MusicBrainz numbers every hour, and hours follow one another.

Laws: what is applied follows what stands by exactly one, each hour once; what does not is refused
before anything is read of it, with the number that is wanted next. The order in which files are
given means nothing: their numbers do.

Source: musicbrainz-server, `admin/replication/LoadReplicationChanges`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.errors import BadRequestError, ConflictError

REPLICATION, SCHEMA = "REPLICATION_SEQUENCE", "SCHEMA_SEQUENCE"
"""Files that have the number of the hour, and that of the schema."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How far data are.

    Attributes:
        where: What they are, for messages.
        sequence: Number of the last hour that is in them; None when nothing tells.
        schema: Number of their schema; None when nothing tells.
    """

    where: str
    sequence: int | None
    schema: int | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    """What changed within an hour.

    Attributes:
        path: The file.
        sequence: Number of the hour.
        schema: Number of its schema; None where that does not matter.
        as_of: Its date, ISO; "" when it does not tell.
    """

    path: Path
    sequence: int
    schema: int | None = None
    as_of: str = ""


def number_in(about: Mapping[str, bytes], name: str) -> int | None:
    """Return the number in one of the small files of a dump, None where there is none."""
    text = about.get(name, b"").strip()
    return int(text) if re.fullmatch(rb"[0-9]{1,9}", text) else None


def in_order(stand: Stand, given: Sequence[Increment]) -> tuple[Increment, ...]:
    """Return increments in the order in which they are applied.

    Args:
        stand: What they are applied to.
        given: Of one hour only one.

    Raises:
        BadRequestError: An hour was given twice.
        ConflictError: They do not follow: one is missing, or applied already, or of another schema.
    """
    if not given:
        return ()
    if stand.sequence is None:
        raise ConflictError(
            stand.where,
            f"it has no {REPLICATION}, or several: nothing tells which increment follows",
            "Give a full dump of one hour as it was downloaded, with the increments after it.",
        )
    ordered = sorted(given, key=lambda one: one.sequence)
    at = stand.sequence
    for number, one in enumerate(ordered):
        if number and one.sequence == ordered[number - 1].sequence:
            raise BadRequestError(
                str(one.path),
                f"it is increment {one.sequence}, and so is {ordered[number - 1].path}",
                "Give each once.",
            )
        _want_next(one, at, stand)
        at = one.sequence
    return tuple(ordered)


def _want_next(one: Increment, at: int, stand: Stand) -> None:
    if one.sequence <= at:
        raise ConflictError(
            str(one.path),
            f"increment {one.sequence} is in it already: {stand.where} stands at {at}",
            f"Increment {at + 1} comes next.",
        )
    if one.sequence > at + 1:
        raise ConflictError(
            str(one.path),
            f"it is increment {one.sequence}, and {stand.where} "
            f"{'stands at' if at == stand.sequence else 'would stand at'} {at}",
            f"Increment {at + 1} comes next: give all up to {one.sequence - 1}, too, "
            "or a newer full dump.",
        )
    if one.schema is not None and one.schema != stand.schema:
        raise ConflictError(
            str(one.path),
            f"it has schema sequence {one.schema}, and {stand.where} {stand.schema or 'none'}",
            f"Import a full dump of schema sequence {one.schema}, and go on from there.",
        )
