"""The laws of every source, proven of each by a subclass of `SourceContract`.

A subclass says how records are written down in its own form (`write`) and which fields that form
has (`FIELDS`); all else is inherited. What it cannot have is skipped, saying so.

    class TestTables(SourceContract):
        FIELDS = ALL_FIELDS
        BAD_ROWS = (("columns", b"1\\t2\\n"),)
        def write(self, folder, records, bad_rows=()):
            ...
            return MusicBrainzTables(folder, rows_in_batch=ROWS_IN_BATCH)

`write` must make a source that gives a batch for about every `ROWS_IN_BATCH` records: then forty
records have several places to go on from.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

from phonotheque.catalogue.sources.port import Batch, Source
from phonotheque.catalogue.tables import ENTITIES, TABLES, imported_schema

ROWS_IN_BATCH = 8
"""About how many records the subclass's source puts into one batch."""

MOST_TOLD = 100


@dataclass(frozen=True)
class Record:
    """One recording, on one release of its own, as a subclass writes it down.

    `number` is its identity, from 1. Values are as somebody typed them.
    """

    number: int
    title: str
    artist: str
    length_ms: int | None = None
    date: str | None = None
    isrc: str | None = None
    barcode: str | None = None


ALL_FIELDS = frozenset(("title", "artist", "length_ms", "date", "isrc", "barcode"))


def numbered(count: int) -> list[Record]:
    """Ordinary records, all different, some with little known."""
    return [
        Record(
            number,
            f"Títle {number} さくら" if number % 3 == 0 else f"Title {number}",
            f"Artist {number}",
            1000 * number + 345 if number % 5 else None,
            ("2001-03-09", "1987-12", "1999", None)[number % 4],
            f"GBAAA{number:07}" if number % 2 else None,
            "4006381333931" if number % 4 == 1 else None,
        )
        for number in range(1, count + 1)
    ]


def joined(batches: Iterable[Batch]) -> dict[str, pa.Table]:
    """All rows of some batches by table, without dictionaries, so that they compare by value."""
    parts: dict[str, list[pa.Table]] = {}
    for batch in batches:
        for name, table in batch.rows.items():
            parts.setdefault(name, []).append(_plain(table))
    return {name: pa.concat_tables(tables).combine_chunks() for name, tables in parts.items()}


def _plain(table: pa.Table) -> pa.Table:
    fields = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def records_of(tables: Mapping[str, pa.Table]) -> list[dict[str, object]]:
    """Put records together again from rows: recording, credit, track, release, ISRC."""

    def rows(name: str) -> list[dict[str, object]]:
        return tables[name].to_pylist() if name in tables else []

    credits = {row["key"]: row["name"] for row in rows("artist_credit")}
    releases = {row["key"]: row for row in rows("release")}
    on = {row["recording"]: releases.get(row["release"], {}) for row in rows("track")}
    isrcs = {row["recording"]: row["isrc"] for row in rows("isrc")}
    return [
        {
            "title": row["title"],
            "artist": credits.get(row["artist_credit"]),
            "length_ms": row["length"],
            "date": on.get(row["key"], {}).get("date"),
            "isrc": isrcs.get(row["key"]),
            "barcode": on.get(row["key"], {}).get("barcode"),
        }
        for row in rows("recording")
    ]


class SourceContract:
    """Laws of the port `phonotheque.catalogue.sources.port.Source`."""

    FIELDS: frozenset[str] = ALL_FIELDS
    """What a record can say in this form."""

    BAD_ROWS: Sequence[tuple[str, bytes]] = ()
    """Lines that are no rows, each with words that stand in the reason of its refusal."""

    MEMORY_RECORDS = 1_000
    """Size of the small input of the law about memory; the large one has 8 times as many."""

    def write(
        self, folder: Path, records: Sequence[Record], bad_rows: Sequence[bytes] = ()
    ) -> Source:
        """Write records in the source's own form into a folder, and return a source that reads it.

        `bad_rows` stand after the first record, in the file of recordings.
        """
        raise NotImplementedError

    def write_large(self, folder: Path, records: Sequence[Record]) -> Source:
        """The same for many records: override it to make larger batches, which are quicker."""
        return self.write(folder, records)

    def records_of(self, tables: Mapping[str, pa.Table]) -> list[dict[str, object]]:
        """Put records together again; override it when the source has other tables."""
        return records_of(tables)

    def need(self, *fields: str) -> None:
        """Skip a law that speaks of fields which this form has not."""
        if lacking := set(fields) - self.FIELDS:
            pytest.skip(f"this form has no {', '.join(sorted(lacking))}")

    def read(self, folder: Path, records: Sequence[Record], **options: object) -> list[Batch]:
        folder.mkdir(exist_ok=True)
        return list(self.write(folder, records, **options).batches())  # type: ignore[arg-type]

    # -- shape

    def test_terms_are_whole(self, tmp_path: Path) -> None:
        """A source has a short name and a title."""
        terms = self.write(tmp_path, numbered(3)).terms
        assert terms.name
        assert not terms.name.strip("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert terms.title

    def test_only_tables_in_their_imported_form(self, tmp_path: Path) -> None:
        """Every table of every batch is known and has exactly the schema of its imported form."""
        batches = self.read(tmp_path, numbered(40))
        assert batches
        for batch in batches:
            assert set(batch.rows) <= set(TABLES)
            for name, table in batch.rows.items():
                assert table.schema.equals(imported_schema(name)), name
                table.validate(full=True)

    def test_there_are_several_places(self, tmp_path: Path) -> None:
        """A longer input is given in several batches, each with a place of its own."""
        places = [batch.place for batch in self.read(tmp_path, numbered(40))]
        assert len(places) >= 3
        assert len(set(places)) == len(places)
        assert all(places)

    def test_progress_never_goes_back(self, tmp_path: Path) -> None:
        """`done_bytes` never falls and never passes `size_bytes`, where that is known."""
        source = self.write(tmp_path, numbered(40))
        done = [batch.done_bytes for batch in source.batches()]
        assert done == sorted(done)
        assert not source.size_bytes or done[-1] <= source.size_bytes

    def test_keys_are_given_once(self, tmp_path: Path) -> None:
        """No two rows of an entity have one key, and none is without."""
        tables = joined(self.read(tmp_path, numbered(40)))
        for name in set(ENTITIES) & set(tables):
            keys = tables[name]["key"].to_pylist()
            assert None not in keys, name
            assert len(set(keys)) == len(keys), name

    def test_references_lead_to_rows(self, tmp_path: Path) -> None:
        """In an input where nothing is lacking every reference names a row of the same source."""
        tables = joined(self.read(tmp_path, numbered(40)))
        keys = {name: set(tables[name]["key"].to_pylist()) for name in set(ENTITIES) & set(tables)}
        for name, table in tables.items():
            for column in TABLES[name].columns:
                if column.refers:
                    named = set(table[column.name].to_pylist()) - {None}
                    assert named <= keys.get(column.refers, set()), f"{name}.{column.name}"

    # -- sameness

    def test_the_same_input_gives_the_same_rows(self, tmp_path: Path) -> None:
        """Reading twice gives the same rows, places and state."""
        source = self.write(tmp_path, numbered(40))
        one, other = list(source.batches()), list(source.batches())
        assert joined(one) == joined(other)
        assert [batch.place for batch in one] == [batch.place for batch in other]
        assert source.state() == source.state()

    def test_it_goes_on_exactly_at_every_place(self, tmp_path: Path) -> None:
        """`batches(after=place)` gives exactly what came after that place, at every place."""
        source = self.write(tmp_path, numbered(20), [row for _, row in self.BAD_ROWS])
        batches = list(source.batches())
        for number, batch in enumerate(batches, 1):
            rest = list(self._again(source).batches(after=batch.place))
            assert joined(rest) == joined(batches[number:]), f"after batch {number}"
            assert sum(b.read for b in rest) == sum(b.read for b in batches[number:])
            assert sum(b.refused for b in rest) == sum(b.refused for b in batches[number:])

    def _again(self, source: Source) -> Source:
        """The same source as another process would open it; override where that differs."""
        return source

    def test_a_changed_input_has_another_state(self, tmp_path: Path) -> None:
        """The state tells an input with one record more from the one without."""
        (tmp_path / "one").mkdir()
        (tmp_path / "other").mkdir()
        one = self.write(tmp_path / "one", numbered(3)).state()
        assert self.write(tmp_path / "other", numbered(4)).state() != one

    # -- content

    def test_rows_rebuild_the_record(self, tmp_path: Path) -> None:
        """What the source said can be put together again from the rows."""
        records = numbered(40)
        found = self.records_of(joined(self.read(tmp_path, records)))
        wanted = [self._as_kept(record) for record in records]
        assert _sorted(_only(found, self.FIELDS)) == _sorted(_only(wanted, self.FIELDS))

    def _as_kept(self, record: Record) -> dict[str, object]:
        barcode = record.barcode.zfill(14) if record.barcode else None
        kept = replace(record, barcode=barcode)
        return {name: getattr(kept, name) for name in ALL_FIELDS}

    def test_all_records_are_read_and_used(self, tmp_path: Path) -> None:
        """Nothing is refused in an input without fault."""
        batches = self.read(tmp_path, numbered(40))
        assert sum(batch.refused for batch in batches) == 0
        assert [batch.refusals for batch in batches if batch.refusals] == []
        assert sum(batch.read for batch in batches) >= 40

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("Two  spaces", "Two  spaces"),
            ("Cafe\u0301", "Café"),
            ("\u2067\u05d0\u05d1\u2069", "\u2067\u05d0\u05d1\u2069"),
            ('5" of "quotes"', '5" of "quotes"'),
            ("back\\slash \\N", "back\\slash \\N"),
            ("comma, semicolon; tab", "comma, semicolon; tab"),
        ],
    )
    def test_texts_arrive_as_they_are(self, tmp_path: Path, written: str, kept: str) -> None:
        """A title arrives in normal form C, letter by letter, whatever stands in it."""
        self.need("title")
        record = replace(numbered(1)[0], title=written)
        assert self._values(tmp_path, [record], "title") == [kept]

    # -- values that cannot be meant

    @pytest.mark.parametrize(
        ("written", "kept", "is_dropped"),
        [
            ("0000-00-00", None, True),
            ("2001-02-31", "2001-02", True),
            ("2001-13-01", "2001", True),
            ("1999-00-00", "1999", False),
            ("1999-05-00", "1999-05", False),
            ("2000-02-29", "2000-02-29", False),
            ("1900-02-29", "1900-02", True),
        ],
    )
    def test_dates(
        self, tmp_path: Path, written: str, kept: str | None, *, is_dropped: bool
    ) -> None:
        """Of a date that is none, what can be believed is kept; the rest is counted as dropped."""
        self.need("date")
        self._one_value(tmp_path, "date", written, kept, is_dropped=is_dropped)

    @pytest.mark.parametrize(
        ("written", "kept", "is_dropped"),
        [
            (-5, None, True),
            (0, None, True),
            (1, 1, False),
            (365 * 24 * 3_600_000, None, True),
            (2**40, None, True),
            (3_600_000, 3_600_000, False),
        ],
    )
    def test_lengths(self, tmp_path: Path, written: int, kept: int, *, is_dropped: bool) -> None:
        """A length of nothing, below nothing or of years is dropped as a value; the row stays."""
        self.need("length_ms")
        self._one_value(tmp_path, "length_ms", written, kept, is_dropped=is_dropped)

    @pytest.mark.parametrize(
        ("written", "kept", "is_dropped"),
        [
            ("GB-AAA-99-00303", "GBAAA9900303", False),
            ("gb aaa 99 00303", "GBAAA9900303", False),
            ("ISRC GBAAA9900303", "GBAAA9900303", False),
            ("GBAAA990030", None, True),
            ("1BAAA9900303", None, True),
        ],
    )
    def test_isrcs(
        self, tmp_path: Path, written: str, kept: str | None, *, is_dropped: bool
    ) -> None:
        """An ISRC is read in every disorder people write it in; what is none is dropped."""
        self.need("isrc")
        self._one_value(tmp_path, "isrc", written, kept, is_dropped=is_dropped)

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("4 006381 333931", "04006381333931"),
            ("4006381333931", "04006381333931"),
            ("036000291452", "00036000291452"),
            ("4006381333932", "4006381333932"),
            ("none", "none"),
        ],
    )
    def test_barcodes(self, tmp_path: Path, written: str, kept: str) -> None:
        """A barcode is kept as GTIN-14 where it is one, else as it is written."""
        self.need("barcode")
        self._one_value(tmp_path, "barcode", written, kept, is_dropped=False)

    def _one_value(
        self, folder: Path, field: str, written: object, kept: object, *, is_dropped: bool
    ) -> None:
        """Between two sound records one has the value: it is kept so, and its row is there."""
        one, two, three = numbered(3)
        records = [one, replace(two, **{field: written}), three]  # type: ignore[arg-type]
        batches = self.read(folder, records)
        found = {row["title"]: row for row in self.records_of(joined(batches))}
        assert len(found) == 3
        assert found[two.title][field] == kept
        assert sum(batch.refused for batch in batches) == 0
        told = [refusal for batch in batches for refusal in batch.refusals]
        assert bool(told) == is_dropped
        assert not any(refusal.is_row for refusal in told)

    def _values(self, folder: Path, records: Sequence[Record], field: str) -> list[object]:
        return [row[field] for row in self.records_of(joined(self.read(folder, records)))]

    # -- rows that cannot be read

    def test_bad_rows_are_refused_and_counted(self, tmp_path: Path) -> None:
        """A row that is none is left out with place and reason; all others come."""
        if not self.BAD_ROWS:
            pytest.skip("this form has no rows that can be bad")
        records = numbered(20)
        batches = self.read(tmp_path, records, bad_rows=[row for _, row in self.BAD_ROWS])
        titles = {row["title"] for row in self.records_of(joined(batches))}
        assert titles == {record.title for record in records}
        assert sum(batch.refused for batch in batches) == len(self.BAD_ROWS)
        told = [refusal for batch in batches for refusal in batch.refusals if refusal.is_row]
        assert all(refusal.place for refusal in told)
        for words, _ in self.BAD_ROWS:
            assert any(words in refusal.reason for refusal in told), words

    def test_refusals_are_counted_beyond_those_told(self, tmp_path: Path) -> None:
        """However many rows are refused, all are counted and at most 100 of a batch are told."""
        if not self.BAD_ROWS:
            pytest.skip("this form has no rows that can be bad")
        many = [self.BAD_ROWS[0][1]] * 500
        batches = self.read(tmp_path, numbered(3), bad_rows=many)
        assert sum(batch.refused for batch in batches) == 500
        counted = sum(t.count for batch in batches for t in batch.tally if t.is_row)
        assert counted == 500
        for batch in batches:
            assert len(batch.refusals) <= MOST_TOLD

    # -- memory

    @pytest.mark.torture
    def test_memory_does_not_grow_with_the_input(self, tmp_path: Path) -> None:
        """Eight times the input takes at most half as much memory again."""
        self.read(tmp_path / "warm", numbered(3))  # whatever is imported late is there now
        peaks = []
        for times in (1, 8):
            folder = tmp_path / str(times)
            folder.mkdir()
            source = self.write_large(folder, _by_few(times * self.MEMORY_RECORDS))
            peaks.append(_peak_bytes(source))
        assert peaks[1] < 1.5 * peaks[0] + 256 * 1024


def _by_few(count: int) -> list[Record]:
    """Many records by few artists: a source may remember each name that it met, not each row."""
    return [replace(record, artist=f"Artist {record.number % 50}") for record in numbered(count)]


def _peak_bytes(source: Source) -> int:
    """Most memory that was held while a source was read: Arrow's and Python's."""
    before, most = pa.total_allocated_bytes(), 0
    tracemalloc.start()
    try:
        for _ in source.batches():
            most = max(most, pa.total_allocated_bytes() - before)
        return most + tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _only(records: Iterable[dict[str, object]], fields: frozenset[str]) -> list[dict[str, object]]:
    return [{name: record[name] for name in sorted(fields)} for record in records]


def _sorted(records: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(records, key=lambda record: str(record["title"]))
