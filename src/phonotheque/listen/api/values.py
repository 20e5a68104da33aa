"""What the API answers with beside the values that pages show."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from phonotheque.listen.values import Gone, Hit, Shelf


@dataclass(frozen=True, slots=True)
class Hits:
    """What a code stands for.

    Attributes:
        hits: The most popular first, at most 100.
    """

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Shelves:
    """By what one can browse."""

    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, slots=True)
class OfGid:
    """What a gid stands for.

    Attributes:
        asked: The gid that was asked for; `hit.gid` is another one when it was given up for that.
        hit: Null when nothing has the gid, or what had it was withdrawn.
        gone: Why it was withdrawn.
    """

    asked: UUID
    hit: Hit | None = None
    gone: Gone | None = None


@dataclass(frozen=True, slots=True)
class OfCode:
    """What an ISRC or a barcode stands for.

    Attributes:
        asked: As it was given.
        hits: The most popular first, at most 100; none when nothing has the code.
    """

    asked: str
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What many identifiers stand for, each list in the order asked for."""

    gids: tuple[OfGid, ...] = ()
    isrcs: tuple[OfCode, ...] = ()
    barcodes: tuple[OfCode, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """A song on the chart of this door.

    Attributes:
        plays: How often half of it, or four minutes, was heard.
        listeners: By how many; nobody is named, and nobody can be.
    """

    hit: Hit
    plays: int
    listeners: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What was heard most here, by the number of listeners.

    Attributes:
        days: Within how many days.
    """

    days: int
    entries: tuple[ChartEntry, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was not answered (RFC 9457).

    Attributes:
        type: Names the kind of problem: `urn:phonotheque:error:` and the code.
        title: The kind of problem in words.
        status: The HTTP status.
        detail: What it is about, what is wrong, what to do.
        instance: The path that was asked for.
        code: The same code as commands print, see the reference of errors.
        thing: What it is about.
        wrong: What is wrong with it.
        todo: What to do next.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    thing: str
    wrong: str
    todo: str
