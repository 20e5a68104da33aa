"""MusicBrainz from its database dump: `mbdump.tar.*`, or a folder into which it was unpacked.

Laws: those of the port. The dump is gone through twice: first for small tables that others name by
number (`first_pass`), then for the rows; a place is a table, a byte and a line within it,
so that going on means to go to that byte (to unpack up to it, in an archive).

Replication packets may follow the dump: rows that they touched are left out of it, and the newest
come after all its tables (`changes`). A packet stands as a whole under CC BY-NC-SA 3.0, whatever
the tables in it, so with packets the whole import does.

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

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.musicbrainz.changes import Changes, read_changes
from phonotheque.catalogue.sources.musicbrainz.copy_text import Form, parse
from phonotheque.catalogue.sources.musicbrainz.course import (
    Course,
    ResumePoint,
    decode_place,
    encode_place,
)
from phonotheque.catalogue.sources.musicbrainz.dump import Dump, DumpTable, date_from, layout_from
from phonotheque.catalogue.sources.musicbrainz.first_pass import (
    DUMP,
    PACKETS,
    Lookups,
    read_lookups,
    wanted_here,
)
from phonotheque.catalogue.sources.musicbrainz.packet import head_of
from phonotheque.catalogue.sources.musicbrainz.rows import READINGS
from phonotheque.catalogue.sources.musicbrainz.schema import TAG_TABLES, form_of
from phonotheque.catalogue.sources.musicbrainz.sequence import (
    REPLICATION,
    SCHEMA,
    Stand,
    in_order,
    number_in,
)
from phonotheque.catalogue.sources.musicbrainz.standing import (
    TABLES,
    File,
    Standing,
    digest_of,
    encode_standing,
    files_of,
    kept_path,
    said,
)
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.lines import STRETCH_BYTES, TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits
from phonotheque.errors import BadRequestError, MalformedError

CORE = Terms(
    name="musicbrainz",
    title="MusicBrainz",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    attribution="MusicBrainz (MetaBrainz Foundation)",
    origin="https://musicbrainz.org/doc/MusicBrainz_Database/Download",
)
"""Terms of the core dump."""

DERIVED_LICENCE = "https://creativecommons.org/licenses/by-nc-sa/3.0/"
"""Licence of tags and of replication packets, and of all that they are put together with."""

ABSENT = "a row that a packet changes is not in the dump"
LEADS_NOWHERE = "the entity that the identifier leads to is not in the dump"


class MusicBrainzTables:
    """A MusicBrainz dump of tables, as a source.

    Args:
        paths: `mbdump.tar.bz2`, .xz, .zst or .tar, or a folder with `mbdump/` in it; beside it
            `mbdump-derived.tar.*` for tags.
        packets: Replication packets that follow it, in any order.
        has_tags: Read tags; the whole then stands under their licence.
        limits: How much an archive may unpack to.
        stretch_bytes: About how much of a table makes one batch.

    Raises:
        BadRequestError: A path is not there, or a packet was given twice.
        ConflictError: A packet does not follow.
        MalformedError: The dump does not say which schema it has, or one that is not known.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        packets: Sequence[Path] = (),
        has_tags: bool = False,
        limits: Limits = DEFAULT,
        stretch_bytes: int = STRETCH_BYTES,
    ) -> None:
        self._paths = tuple(path.absolute() for path in paths)
        self._dump = Dump(self._paths, limits)
        self._has_tags = has_tags
        self._stretch_bytes = stretch_bytes
        about = self._dump.about()
        self._layout = layout_from(about, self._dump.label)
        known = set(READINGS) & set(self._layout)
        self._tables = frozenset(known if has_tags else known - set(TAG_TABLES))
        numbers = (number_in(about, name) for name in (REPLICATION, SCHEMA))
        self._base = Stand(self._dump.label, *numbers)
        self._packets = in_order(self._base, [head_of(path.absolute()) for path in packets])
        licence = DERIVED_LICENCE if has_tags or packets else CORE.licence
        as_of = self._packets[-1].as_of if packets else ""
        self.terms = replace(CORE, licence=licence, as_of=as_of or date_from(about))

    @property
    def size_bytes(self) -> int:
        """Length of the tables that are read; of archives their own length."""
        return self._dump.size_bytes(self._tables)

    def state(self) -> str:
        """Names, sizes and times of the files."""
        files = (f"{one.path} {one.size_bytes} {one.modified_ns}" for one in self._files())
        form = f"tags {self._has_tags}\nstretch {self._stretch_bytes}"
        return "\n".join((self._dump.state(), *files, form))

    def _files(self) -> tuple[File, ...]:
        return files_of([packet.path for packet in self._packets])

    def standing(self) -> bytes:
        """What packets that follow need to know."""
        return encode_standing(
            Standing(
                form=TABLES,
                sequence=self._sequence,
                schema=self._base.schema,
                dump=tuple(map(kept_path, self._paths)),
                dump_state=digest_of(self._dump.state()),
                files=self._files(),
            )
        )

    def stands_at(self) -> str:
        """Which packet comes next."""
        return said(self._sequence, "Packet")

    @property
    def _sequence(self) -> int | None:
        return self._packets[-1].sequence if self._packets else self._base.sequence

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        Raises:
            MalformedError: The dump or a packet is damaged, or the dump holds no table that can be
                read.
            UnavailableError: It cannot be read.
        """
        place = decode_place(after)
        if place.is_done:
            return
        changed = self._tables | wanted_here(has_tags=self._has_tags).keys()
        changes = read_changes(self._packets, self._layout, changed)
        lookups = read_lookups(
            self._dump,
            self._layout,
            changes,
            has_tags=self._has_tags,
            stretch_bytes=self._stretch_bytes,
        )
        if not after:
            yield from self._of_lookups(lookups)
        course = Course(lookups, changes, dict(place.led), dict(place.replaced))
        if not place.is_added:
            yield from self._of_dump(course, place)
        yield from self._of_packets(course, place)
        yield from self._of_end(course)

    def _of_dump(self, course: Course, place: ResumePoint) -> Iterator[Batch]:
        is_found, has_any = not place.table, False
        for table in self._dump.tables(self._tables):
            has_any = True
            is_here = (table.where, table.name) == (place.where, place.table)
            if is_here or is_found:
                yield from self._of_table(table, course, place if is_here else ResumePoint())
            is_found |= is_here
        if not is_found or not has_any:
            self._refuse(has_any=has_any)

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
            encode_place(ResumePoint(is_done=False)),
            0,
            sum(part.refused for part in parts),
            tuple(told for part in parts for told in part.refusals)[:100],
            tuple(tally for part in parts for tally in part.tally),
        )

    def _form(self, table: str, changes: Changes) -> Form:
        wanted = changes.wanted(table, READINGS[table].wanted)
        return form_of(self._layout, table, wanted, self._dump.label)

    def _of_table(self, table: DumpTable, course: Course, place: ResumePoint) -> Iterator[Batch]:
        form = self._form(table.name, course.changes)
        refusals = Refusals(f"{DUMP}/{table.name}")
        table.data.skip(place.offset)
        lines = Lines(table.data, line=place.line, stretch_bytes=self._stretch_bytes)
        for stretch in lines:
            read, made = 1, {}
            if isinstance(stretch, LongLine):
                refusals.row(stretch.line, TOO_LONG, stretch.sample)
            else:
                read = stretch.lines
                rows = course.left(table.name, parse(stretch, form, refusals), refusals)
                made = course.make(table.name, rows, refusals)
            here = ResumePoint(
                table.where,
                table.name,
                lines.offset,
                lines.line,
                dict(course.led),
                dict(course.replaced),
            )
            yield refusals.batch(made, read=read, place=encode_place(here), done_bytes=table.done())

    def _of_packets(self, course: Course, place: ResumePoint) -> Iterator[Batch]:
        """Give the newest of all rows that packets changed."""
        for name in sorted(self._tables):
            if place.is_added and name < place.table:
                continue
            is_here = place.is_added and name == place.table
            form = self._form(name, course.changes)
            refusals = Refusals(f"{PACKETS}/{name}")
            for stretch in course.changes.added(name, self._stretch_bytes):
                line = stretch.line + stretch.lines
                if is_here and line <= place.line:
                    continue
                made = course.make(name, parse(stretch, form, refusals), refusals)
                counted = dict(course.led), dict(course.replaced)
                here = encode_place(ResumePoint(0, name, 0, line, *counted, is_added=True))
                done = self.size_bytes
                yield refusals.batch(made, read=stretch.lines, place=here, done_bytes=done)

    def _of_end(self, course: Course) -> Iterator[Batch]:
        """Count what leads nowhere: given-up identifiers, changes of rows that are not there."""
        place, done = encode_place(ResumePoint(is_done=True)), self.size_bytes
        refusals = Refusals("mbdump/*_gid_redirect")
        for entity, redirects in course.lookups.redirects.items():
            refusals.rows_somewhere(
                len(redirects.keys) - course.led.get(entity, 0), f"{entity}: {LEADS_NOWHERE}"
            )
        absent = Refusals(PACKETS)
        for table in sorted(self._tables):
            lacking = course.changes.expected(table) - course.replaced.get(table, 0)
            absent.values((), f"{table}: {ABSENT}", str, max(lacking, 0))
        parts = [one.batch({}, read=0, place=place, done_bytes=done) for one in (refusals, absent)]
        if parts[0].refused or parts[1].tally:
            yield replace(parts[0], tally=parts[0].tally + parts[1].tally)
