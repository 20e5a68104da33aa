"""Decisions by hand: two entities are one, or they are not. `decisions.jsonl`, only added to.

Laws: a decision is durable before it is acknowledged; the last one about a pair counts; decisions
name gids, which survive builds, imports and epochs. A line that a power cut left unfinished is no
decision and is cut off when the next one is written.

A decision takes effect with the next build. Not here: what links and redirects follow
(`phonotheque.catalogue.identity.linking`).
"""

from __future__ import annotations

import uuid
from typing import Literal

import msgspec

from phonotheque.catalogue.gids import gid_of
from phonotheque.disk import Disk, append_line, read_if_held
from phonotheque.errors import BadRequestError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

FILE = "decisions.jsonl"

LINKABLE = ("artist", "release", "recording", "label", "release_group")


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entity by its gid.

    Attributes:
        source: Source and source id of which the gid is made, where it is no MBID: with them it is
            found at once, without them all rows are looked through.
    """

    gid: uuid.UUID
    source: str = ""
    source_id: str = ""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.

    Attributes:
        action: "merge": `one` is `other`, and `other` speaks for both. "split": they are two.
        at: When, ISO 8601 in UTC.
        reason: Why, in words.
    """

    action: Literal["merge", "split"]
    entity_type: str
    one: Named
    other: Named
    at: str
    reason: str = ""


def merge(disk: Disk, entity_type: str, old: Named, into: Named, *, at: str, reason: str) -> None:
    """Decide that two entities are one; the old gid redirects to the other from the next build on.

    Args:
        disk: Folder of the catalogue.
        entity_type: Table of both.

    Raises:
        BadRequestError: It is one entity, it cannot be linked, or it would redirect in a circle.
    """
    ahead = {d.one.gid: d.other.gid for d in standing(disk) if d.action == "merge"}
    gid: uuid.UUID | None = into.gid
    for _ in range(len(ahead) + 1):
        if gid == old.gid:
            wrong = "it would be merged into itself"
            raise BadRequestError(str(old.gid), wrong, "Merge the other way round, or split first.")
        gid = ahead.get(gid) if gid else None
    _append(disk, Decision("merge", entity_type, old, into, at, reason))


def split(disk: Disk, entity_type: str, one: Named, other: Named, *, at: str, reason: str) -> None:
    """Decide that two entities are not one: no link joins them, whatever speaks for it.

    Raises:
        BadRequestError: It is one entity, or it cannot be linked.
    """
    _append(disk, Decision("split", entity_type, one, other, at, reason))


def standing(disk: Disk) -> list[Decision]:
    """Return the decisions that count, in the order in which they were made.

    Raises:
        MalformedError: A whole line cannot be read.
    """
    last: dict[tuple[str, frozenset[uuid.UUID]], Decision] = {}
    for decision in read_all(disk):
        pair = decision.entity_type, frozenset((decision.one.gid, decision.other.gid))
        last.pop(pair, None)
        last[pair] = decision
    return list(last.values())


def read_all(disk: Disk) -> list[Decision]:
    """Return every decision that was made. Raises `MalformedError` for a line that is damaged."""
    decisions = []
    for number, line in enumerate(_whole_lines(disk).splitlines(), 1):
        try:
            decisions.append(msgspec.json.decode(line, type=Decision))
        except UNDECODABLE as error:
            wrong = f"line {number} cannot be read: {error}"
            raise MalformedError(FILE, wrong, "Mend or remove that line.") from error
    return decisions


def _whole_lines(disk: Disk) -> bytes:
    data = read_if_held(disk, FILE) or b""
    return data[: data.rfind(b"\n") + 1]


def _append(disk: Disk, decision: Decision) -> None:
    if decision.entity_type not in LINKABLE:
        todo = f"There are {', '.join(LINKABLE)}."
        raise BadRequestError(decision.entity_type, "it is nothing that can be linked", todo)
    if decision.one.gid == decision.other.gid:
        raise BadRequestError(str(decision.one.gid), "it is given twice", "Name two entities.")
    for named in (decision.one, decision.other):
        made = gid_of(named.source, decision.entity_type, named.source_id)
        if named.source and named.gid != made:
            wrong = f"it is not the gid of {named.source_id!r} of {named.source}"
            raise BadRequestError(str(named.gid), wrong, "Leave out the source, or correct it.")
    append_line(disk, FILE, msgspec.json.encode(decision) + b"\n")
