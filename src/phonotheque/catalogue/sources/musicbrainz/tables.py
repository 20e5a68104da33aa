"""MusicBrainz from its database dump: `mbdump.tar.*`, or a folder into which it was unpacked.

Laws: those of the port. The dump is gone through twice: first for small tables that others name by
number (`first_pass`), then for the rows; a place is a table, a byte and a line within it,
so that going on means to go to that byte (to unpack up to it, in an archive).

The core dump stands under CC0. The derived one (`mbdump-derived.tar.*`: tags) stands under
CC BY-NC-SA 3.0; its rows name those of the core dump by number, so that it can only be read along
with it, and then what was made of both stands under its licence. Without `has_tags` nothing of it
is read, also where it lies in the same folder. Dates of first release are derived, too, and left
out: they follow from the releases.

Source: musicbrainz.org/doc/MusicBrainz_Database/Download.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.musicbrainz.copy_text import Form, parse
from phonotheque.catalogue.sources.musicbrainz.dump import Dump, DumpTable, date_from, layout_from
from phonotheque.catalogue.sources.musicbrainz.first_pass import Lookups, read_lookups
from phonotheque.catalogue.sources.musicbrainz.rows import READINGS, make_rows
from phonotheque.catalogue.sources.musicbrainz.schema import TAG_TABLES, form_of
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.lines import STRETCH_BYTES, TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits
from phonotheque.errors import BadRequestError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

CORE = Terms(
    name="musicbrainz",
    title="MusicBrainz",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    attribution="MusicBrainz (MetaBrainz Foundation)",
    origin="https://musicbrainz.org/doc/MusicBrainz_Database/Download",
)
"""Terms of the core dump."""

DERIVED_LICENCE = "https://creativecommons.org/licenses/by-nc-sa/3.0/"
"""Licence of tags, and of all that they are put together with."""

LEADS_NOWHERE = "the entity that the identifier leads to is not in the dump"


class _Place(msgspec.Struct, frozen=True):
    """Where to go on.

    Attributes:
        where: Which path of the dump.
        table: Which table; "" before the first.
        offset: Byte of the table.
        line: Line that begins there.
        led: How many given-up identifiers were followed so far, by entity.
    """

    where: int = 0
    table: str = ""
    offset: int = 0
    line: int = 1
    led: dict[str, int] = msgspec.field(default_factory=dict)
    is_done: bool = False


class MusicBrainzTables:
    """A MusicBrainz dump of tables, as a source.

    Args:
        paths: `mbdump.tar.bz2`, .xz, .zst or .tar, or a folder with `mbdump/` in it; beside it
            `mbdump-derived.tar.*` for tags.
        has_tags: Read tags; the whole then stands under their licence.
        limits: How much an archive may unpack to.
        stretch_bytes: About how much of a table makes one batch.

    Raises:
        BadRequestError: A path is not there.
        MalformedError: The dump does not say which schema it has, or one that is not known.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        has_tags: bool = False,
        limits: Limits = DEFAULT,
        stretch_bytes: int = STRETCH_BYTES,
    ) -> None:
        self._dump = Dump(paths, limits)
        self._has_tags = has_tags
        self._stretch_bytes = stretch_bytes
        about = self._dump.about()
        self._layout = layout_from(about, self._dump.label)
        known = set(READINGS) & set(self._layout)
        self._tables = frozenset(known if has_tags else known - set(TAG_TABLES))
        licence = DERIVED_LICENCE if has_tags else CORE.licence
        self.terms = replace(CORE, licence=licence, as_of=date_from(about))

    @property
    def size_bytes(self) -> int:
        """Length of the tables that are read; of archives their own length."""
        return self._dump.size_bytes(self._tables)

    def state(self) -> str:
        """Names, sizes and times of the files."""
        return f"{self._dump.state()}\ntags {self._has_tags}\nstretch {self._stretch_bytes}"

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        Raises:
            MalformedError: The dump is damaged, or holds no table that can be read.
            UnavailableError: It cannot be read.
        """
        place = _decode(after)
        if place.is_done:
            return
        lookups = read_lookups(
            self._dump, self._layout, has_tags=self._has_tags, stretch_bytes=self._stretch_bytes
        )
        if not after:
            yield from self._of_lookups(lookups)
        led = dict(place.led)
        is_found, has_any = not place.table, False
        for table in self._dump.tables(self._tables):
            has_any = True
            is_here = (table.where, table.name) == (place.where, place.table)
            if is_here or is_found:
                yield from self._of_table(table, lookups, place if is_here else _Place(), led)
            is_found |= is_here
        if not is_found or not has_any:
            self._refuse(has_any=has_any)
        yield from self._of_end(lookups, led)

    def _refuse(self, *, has_any: bool) -> None:
        if has_any:
            raise BadRequestError(
                self._dump.label, "it has no such place to go on from", "Begin the import anew."
            )
        raise MalformedError(
            self._dump.label,
            "it holds no table of MusicBrainz's core dump",
            "Give mbdump.tar.*; mbdump-derived only goes along with it.",
        )

    def _of_lookups(self, lookups: Lookups) -> Iterator[Batch]:
        """Say what was read and refused of the tables that only the first pass reads."""
        parts = [
            refusals.batch({}, read=0, place="", done_bytes=0) for refusals in lookups.refusals
        ]
        yield Batch(
            {},
            lookups.read,
            _encode(_Place(is_done=False)),
            0,
            sum(part.refused for part in parts),
            tuple(told for part in parts for told in part.refusals)[:100],
            tuple(tally for part in parts for tally in part.tally),
        )

    def _of_table(
        self, table: DumpTable, lookups: Lookups, place: _Place, led: dict[str, int]
    ) -> Iterator[Batch]:
        reading = READINGS[table.name]
        form: Form = form_of(self._layout, table.name, reading.wanted, self._dump.label)
        refusals = Refusals(f"mbdump/{table.name}")
        table.data.skip(place.offset)
        lines = Lines(table.data, line=place.line, stretch_bytes=self._stretch_bytes)
        read = 0
        for stretch in lines:
            read += 1 if isinstance(stretch, LongLine) else stretch.lines
            rows = {}
            if isinstance(stretch, LongLine):
                refusals.row(stretch.line, TOO_LONG, stretch.sample)
            else:
                rows = make_rows(reading, parse(stretch, form, refusals), lookups, refusals)
                if "gid_redirect" in rows:
                    count = rows["gid_redirect"].num_rows
                    led[reading.table] = led.get(reading.table, 0) + count
            here = _Place(table.where, table.name, lines.offset, lines.line, dict(led))
            yield refusals.batch(rows, read=read, place=_encode(here), done_bytes=table.done())
            read = 0

    def _of_end(self, lookups: Lookups, led: dict[str, int]) -> Iterator[Batch]:
        """Count the given-up identifiers that lead nowhere."""
        refusals = Refusals("mbdump/*_gid_redirect")
        for entity, redirects in lookups.redirects.items():
            refusals.rows_somewhere(
                len(redirects.keys) - led.get(entity, 0), f"{entity}: {LEADS_NOWHERE}"
            )
        if refusals.rows:
            place = _encode(_Place(is_done=True))
            yield refusals.batch({}, read=0, place=place, done_bytes=self.size_bytes)


def _encode(place: _Place) -> str:
    return msgspec.json.encode(place).decode()


def _decode(text: str) -> _Place:
    try:
        return msgspec.json.decode(text, type=_Place) if text else _Place()
    except UNDECODABLE as error:
        raise BadRequestError(text[:80], "it is no place in a dump", "Begin anew.") from error
