"""Where the reading of a MusicBrainz dump stands, and what is known meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.musicbrainz.changes import Changes
from phonotheque.catalogue.sources.musicbrainz.copy_text import Rows
from phonotheque.catalogue.sources.musicbrainz.first_pass import Lookups
from phonotheque.catalogue.sources.musicbrainz.rows import READINGS, Made, make_rows
from phonotheque.errors import BadRequestError
from phonotheque.music.decoding import UNDECODABLE

UNFORESEEN = "a row that a packet adds is in the dump already"


class ResumePoint(msgspec.Struct, frozen=True):
    """Where to go on.

    Attributes:
        where: Which path of the dump.
        table: Which table; "" before the first.
        offset: Byte of the table.
        line: Line that begins there.
        led: How many given-up identifiers were followed so far, by entity.
        replaced: How many rows were left out so far for those of packets, by table.
        is_added: Whether the dump is behind, and this is a table of what packets add.
    """

    where: int = 0
    table: str = ""
    offset: int = 0
    line: int = 1
    led: dict[str, int] = msgspec.field(default_factory=dict)
    replaced: dict[str, int] = msgspec.field(default_factory=dict)
    is_added: bool = False
    is_done: bool = False


def encode_place(place: ResumePoint) -> str:
    """Write a place down."""
    return msgspec.json.encode(place).decode()


def decode_place(text: str) -> ResumePoint:
    """Read a place; "" is the beginning. Raises `BadRequestError` when it is none."""
    try:
        return msgspec.json.decode(text, type=ResumePoint) if text else ResumePoint()
    except UNDECODABLE as error:
        raise BadRequestError(text[:80], "it is no place in a dump", "Begin anew.") from error


@dataclass(frozen=True, slots=True)
class Course:
    """What is known while the rows are read; `led` and `replaced` are the place's."""

    lookups: Lookups
    changes: Changes
    led: dict[str, int]
    replaced: dict[str, int]

    def make(self, table: str, rows: Rows, refusals: Refusals) -> Made:
        """Make our rows of rows of a table."""
        made = make_rows(READINGS[table], rows, self.lookups, refusals)
        if "gid_redirect" in made:
            entity = READINGS[table].table
            self.led[entity] = self.led.get(entity, 0) + made["gid_redirect"].num_rows
        return made

    def left(self, table: str, rows: Rows, refusals: Refusals) -> Rows:
        """Leave out what packets touched."""
        left = self.changes.left(table, rows)
        self.replaced[table] = self.replaced.get(table, 0) + left.replaced
        refusals.values((), UNFORESEEN, str, left.unforeseen)
        return left.rows
