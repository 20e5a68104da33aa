"""MusicBrainz from its tables: the laws of every source, and what is its own."""

from __future__ import annotations

import tarfile
import uuid
from dataclasses import replace

import pytest
from tests.catalogue.sources import mbdump
from tests.catalogue.sources.contract import ALL_FIELDS, Record, SourceContract, joined, numbered

from phonotheque.catalogue.sources.musicbrainz.tables import DERIVED_LICENCE, MusicBrainzTables
from phonotheque.catalogue.sources.reading import stream
from phonotheque.catalogue.tables import TABLES
from phonotheque.errors import BadRequestError, MalformedError

STRETCH_BYTES = 900
"""Some eight rows of the tables here."""


def tables_of(records) -> mbdump.Rows:
    """The tables of a dump with one artist, release, medium, track and recording a record."""
    rows: mbdump.Rows = {name: [] for name in mbdump.LAYOUT}
    for r in records:
        n = r.number
        rows["artist"].append(
            {"id": n, "gid": mbdump.gid("artist", n), "name": r.artist, "sort_name": r.artist}
        )
        rows["artist_credit"].append({"id": n, "name": r.artist, "gid": mbdump.gid("credit", n)})
        rows["artist_credit_name"].append(
            {"artist_credit": n, "position": 0, "artist": n, "name": r.artist, "join_phrase": ""}
        )
        rows["recording"].append(
            {"id": n, "gid": mbdump.gid("recording", n), "name": r.title, "artist_credit": n}
            | {"length": r.length_ms, "comment": ""}
        )
        rows["release_group"].append(
            {"id": n, "gid": mbdump.gid("group", n), "name": "Album", "artist_credit": n}
        )
        rows["release"].append(
            {"id": n, "gid": mbdump.gid("release", n), "name": "Album", "artist_credit": n}
            | {"release_group": n, "barcode": r.barcode}
        )
        rows["medium"].append({"id": n, "release": n, "position": 1, "name": ""})
        rows["track"].append(
            {"id": n, "gid": mbdump.gid("track", n), "recording": n, "medium": n, "position": 1}
            | {"number": "A1", "name": r.title, "artist_credit": n}
        )
        if r.date is not None:
            parts = [int(part) for part in r.date.split("-")]
            names = ("date_year", "date_month", "date_day")
            rows["release_unknown_country"].append(
                {"release": n} | dict(zip(names, parts, strict=False))
            )
        if r.isrc is not None:
            rows["isrc"].append({"id": n, "recording": n, "isrc": r.isrc})
    return rows


def encoded(rows: mbdump.Rows) -> dict[str, bytes]:
    return {name: mbdump.table(name, listed) for name, listed in rows.items() if listed}


def with_bad_rows(data: bytes, bad_rows) -> bytes:
    first, _, rest = data.partition(b"\n")
    return first + b"\n" + b"".join(row + b"\n" for row in bad_rows) + rest


class TestFolder(SourceContract):
    MEMORY_RECORDS = 400
    FIELDS = ALL_FIELDS
    BAD_ROWS = (
        ("columns", b"1\t2"),
        ("columns", b""),
        ("UTF-8", b"77\t\\N\tbroken \xff\t1\t\\N\t\t0\t\\N\tf"),
        ("number", b"seventy\t\\N\tx\t1\t\\N\t\t0\t\\N\tf"),
        ("number", b"99999999999999999999\t\\N\tx\t1\t\\N\t\t0\t\\N\tf"),
        ("carriage return", b"77\t\\N\tx\ry\t1\t\\N\t\t0\t\\N\tf"),
        ("without its number", b"\\N\t\\N\tx\t1\t\\N\t\t0\t\\N\tf"),
    )

    def write(self, folder, records, bad_rows=()):
        tables = encoded(tables_of(records))
        tables["recording"] = with_bad_rows(tables["recording"], bad_rows)
        mbdump.write_folder(folder, tables)
        return MusicBrainzTables([folder], stretch_bytes=STRETCH_BYTES)

    def write_large(self, folder, records):
        self.write(folder, records)
        return MusicBrainzTables(self.paths(folder), stretch_bytes=16 << 10)

    def paths(self, folder):
        return [folder]


class TestArchive(TestFolder):
    @pytest.fixture(autouse=True)
    def _small_pieces(self, monkeypatch):
        """Buffers far smaller than the inputs here, so that the law about memory sees beyond."""
        monkeypatch.setattr(stream, "_PIECE", 16 << 10)

    def write(self, folder, records, bad_rows=()):
        tables = encoded(tables_of(records))
        tables["recording"] = with_bad_rows(tables["recording"], bad_rows)
        path = folder / "mbdump.tar.gz"
        path.write_bytes(mbdump.PACKERS["gz"](mbdump.tar_bytes(tables)))
        return MusicBrainzTables([path], stretch_bytes=STRETCH_BYTES)

    def paths(self, folder):
        return [folder / "mbdump.tar.gz"]


def read(path, **options):
    return joined(MusicBrainzTables([path], **options).batches())


@pytest.fixture
def records() -> list[Record]:
    return numbered(12)


@pytest.mark.parametrize("packed", mbdump.PACKERS)
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_every_packing_gives_the_rows_of_the_folder(tmp_path, records, packed, form):
    """A folder and archives of any packing, whatever they are called, give the same rows."""
    tables = encoded(tables_of(records))
    path = tmp_path / "dump.gz"  # a name that is mostly wrong
    path.write_bytes(mbdump.PACKERS[packed](mbdump.tar_bytes(tables, form=form)))
    folder = mbdump.write_folder(tmp_path / "folder", tables)
    assert read(path) == read(folder)


def test_tables_may_come_in_any_order(tmp_path, records):
    """What a table names may stand after it, also what tells the schema."""
    tables = encoded(tables_of(records))
    turned = dict(reversed(tables.items()))
    (tmp_path / "one.tar").write_bytes(mbdump.tar_bytes(tables))
    (tmp_path / "other.tar").write_bytes(mbdump.tar_bytes(turned))
    one, other = read(tmp_path / "one.tar"), read(tmp_path / "other.tar")
    assert {n: t.to_pylist() for n, t in one.items()} == {
        n: t.to_pylist() for n, t in other.items()
    }


def test_numbers_become_words(tmp_path):
    """Types, areas, languages and scripts are told by name or code; a country by its code."""
    rows = tables_of(numbered(1))
    rows["artist"][0] |= {"type": 2, "area": 81, "begin_date_year": 1970, "begin_date_month": 5}
    rows["release"][0] |= {"status": 1, "language": 120, "script": 28}
    rows["release_group"][0] |= {"type": 1}
    rows["medium"][0] |= {"format": 7}
    rows["release_country"] = [
        {"release": 1, "country": 81, "date_year": 1999, "date_month": 2},
        {"release": 1, "country": 222, "date_year": 1998},
    ]
    rows["release_unknown_country"] = []
    rows |= {
        "artist_type": [{"id": 2, "name": "Group"}],
        "area": [{"id": 81, "name": "Germany"}, {"id": 222, "name": "Nowhere"}],
        "iso_3166_1": [{"area": 81, "code": "DE"}],
        "language": [{"id": 120, "name": "English", "iso_code_3": "eng"}],
        "script": [{"id": 28, "iso_code": "Latn"}],
        "release_status": [{"id": 1, "name": "Official"}],
        "release_group_primary_type": [{"id": 1, "name": "Album"}],
        "release_group_secondary_type": [{"id": 1, "name": "Live"}, {"id": 2, "name": "Demo"}],
        "release_group_secondary_type_join": [
            {"release_group": 1, "secondary_type": 2},
            {"release_group": 1, "secondary_type": 1},
        ],
        "medium_format": [{"id": 7, "name": '7" Vinyl'}],
    }
    found = read(mbdump.write_folder(tmp_path, encoded(rows)))
    artist, release = found["artist"].to_pylist()[0], found["release"].to_pylist()[0]
    group = found["release_group"].to_pylist()[0]
    assert (artist["type"], artist["area"], artist["begin_date"]) == ("Group", "DE", "1970-05")
    assert (release["date"], release["country"]) == ("1998", "Nowhere")
    assert (release["status"], release["language"], release["script"]) == (
        *("Official", "eng"),
        "Latn",
    )
    assert (group["primary_type"], group["secondary_types"]) == ("Album", "Live; Demo")
    assert found["medium"].to_pylist()[0]["format"] == '7" Vinyl'


def test_what_names_an_absent_row_is_kept_and_counted(tmp_path):
    """A number that leads nowhere becomes null; the row stays, with how it was written."""
    rows = tables_of(numbered(2))
    rows["artist"][0]["area"] = 4711
    rows["track"][1]["medium"] = 4711
    batches = list(MusicBrainzTables([mbdump.write_folder(tmp_path, encoded(rows))]).batches())
    found = joined(batches)
    assert found["artist"].num_rows == found["track"].num_rows == 2
    assert found["track"].column("release").to_pylist() == [1, None]
    assert "4711" in found["artist"].column("raw_row").to_pylist()[0]
    assert found["artist"].column("raw_row").to_pylist()[1] is None
    told = {r.place: r.reason for batch in batches for r in batch.refusals}
    assert told == {
        "mbdump/artist, line 1": "its area is not in the dump",
        "mbdump/track, line 2": "its medium is not in the dump",
    }


def test_given_up_identifiers_lead_to_those_that_stand(tmp_path):
    """A redirect has the old identifier and that of its entity; one to nowhere is refused."""
    rows = tables_of(numbered(30))
    old = [mbdump.gid("old", n) for n in range(4)]
    targets = (30, 2, 2, 999)
    rows["recording_gid_redirect"] = [
        {"gid": one, "new_id": number} for one, number in zip(old, targets, strict=True)
    ]
    source = MusicBrainzTables(
        [mbdump.write_folder(tmp_path, encoded(rows))], stretch_bytes=STRETCH_BYTES
    )
    batches = list(source.batches())
    redirects = {
        str(uuid.UUID(bytes=row["old_gid"])): str(uuid.UUID(bytes=row["new_gid"]))
        for row in joined(batches)["gid_redirect"].to_pylist()
    }
    assert redirects == {
        one: mbdump.gid("recording", number)
        for one, number in zip(old[:3], targets[:3], strict=True)
    }
    assert sum(batch.refused for batch in batches) == 1
    for number, batch in enumerate(batches, 1):
        rest = list(source.batches(after=batch.place))
        assert sum(b.refused for b in rest) == sum(b.refused for b in batches[number:])


def test_tags_change_the_licence(tmp_path):
    """Tags are read only when asked for; then all stands under their licence."""
    rows = tables_of(numbered(2))
    rows["genre"] = [{"id": 1, "gid": mbdump.gid("genre", 1), "name": "Ambient"}]
    rows["tag"] = [{"id": 5, "name": "ambient"}, {"id": 6, "name": "seen live"}]
    rows["recording_tag"] = [
        {"recording": 1, "tag": 5, "count": 3},
        {"recording": 2, "tag": 6, "count": 1},
        {"recording": 2, "tag": 7, "count": 1},
    ]
    path = mbdump.write_folder(tmp_path, encoded(rows))
    core, derived = MusicBrainzTables([path]), MusicBrainzTables([path], has_tags=True)
    assert "tag" not in joined(core.batches())
    assert "zero" in core.terms.licence
    assert derived.terms.licence == DERIVED_LICENCE
    tags = joined(derived.batches())["tag"].to_pylist()
    assert [(t["entity_type"], t["entity"], t["name"], t["kind"], t["count"]) for t in tags] == [
        ("recording", 1, "ambient", "genre", 3),
        ("recording", 2, "seen live", "other", 1),
    ]


def test_the_date_of_the_dump_is_told(tmp_path, records):
    """The date in TIMESTAMP is the date of the data."""
    source = MusicBrainzTables([mbdump.write_folder(tmp_path, encoded(tables_of(records)))])
    assert source.terms.as_of == "2026-07-24"


@pytest.mark.parametrize("sequence", [28, 32, 310, "", "31; drop"])
def test_an_unknown_schema_is_refused(tmp_path, records, sequence):
    """A dump whose columns are not known for certain is refused before a row is read."""
    folder = mbdump.write_folder(tmp_path, encoded(tables_of(records)), sequence)
    with pytest.raises(MalformedError):
        MusicBrainzTables([folder])


@pytest.mark.parametrize("sequence", [29, 30])
def test_older_schemas_are_known(tmp_path, sequence):
    """The columns of older schema sequences are read in their places."""
    layout = mbdump.layout_of(sequence, "test")
    rows = tables_of(numbered(1))
    tables = {name: mbdump.table(name, listed, layout) for name, listed in rows.items() if listed}
    found = read(mbdump.write_folder(tmp_path, tables, sequence))
    assert found["isrc"].column("isrc").to_pylist() == ["GBAAA0000001"]


def test_a_file_of_columns_goes_before(tmp_path):
    """`columns.tsv` beside mbdump/ tells the order, whatever the schema sequence."""
    folder = mbdump.write_folder(tmp_path, {"isrc": b"GBAAA9900303\t5\n"}, 4711)
    (folder / "columns.tsv").write_text("isrc\tisrc,recording\n")
    assert read(folder)["isrc"].column("recording").to_pylist() == [5]
    (folder / "columns.tsv").write_text("isrc\tisrc\n")
    with pytest.raises(MalformedError, match="recording"):
        read(folder)
    (folder / "columns.tsv").write_text("isrc isrc\n")
    with pytest.raises(MalformedError, match="line 1"):
        MusicBrainzTables([folder])


@pytest.mark.parametrize("is_there", [False, True])
def test_words_that_a_dump_has_not_are_not_said(tmp_path, is_there):
    """A table of words without its column of words, there or only in `columns.tsv`, is one that
    the dump has not; its columns are no fault."""
    rows = tables_of(numbered(1))
    tables = {name: mbdump.table(name, listed) for name, listed in rows.items() if listed}
    layout = {**mbdump.LAYOUT, "language": ("id", "name", "frequency")}
    tables.pop("language", None)
    if is_there:
        tables["language"] = b"120\tEnglish\t2\n"
    folder = mbdump.write_folder(tmp_path, tables)
    columns = "".join(f"{name}\t{','.join(names)}\n" for name, names in layout.items())
    (folder / "columns.tsv").write_text(columns)
    found = read(folder)
    assert found["recording"].num_rows == 1
    assert set(found["release"].column("language").to_pylist()) == {None}


def test_a_dump_without_tables_is_refused(tmp_path):
    """Something that is no dump is refused with what to give instead."""
    (tmp_path / "x.tar").write_bytes(mbdump.tar_bytes({"tag": b""}))
    with pytest.raises(MalformedError, match="core dump"):
        list(MusicBrainzTables([tmp_path / "x.tar"]).batches())
    with pytest.raises(BadRequestError):
        MusicBrainzTables([tmp_path / "absent"])
    (tmp_path / "holiday").mkdir()
    with pytest.raises(BadRequestError, match="no dump of MusicBrainz"):
        MusicBrainzTables([tmp_path / "holiday"])
    (tmp_path / "text").write_bytes(b"hello\n")
    with pytest.raises(MalformedError, match="no tar archive"):
        MusicBrainzTables([tmp_path / "text"])


def test_a_truncated_archive_is_refused(tmp_path, records):
    """Wherever an archive ends early, it is found; no row is made of half a table unnoticed."""
    whole = mbdump.tar_bytes(encoded(tables_of(records)))
    path = tmp_path / "dump.tar"
    for size in range(512, len(whole.rstrip(b"\0")), 4096):
        path.write_bytes(whole[:size])
        with pytest.raises(MalformedError):
            list(MusicBrainzTables([path]).batches())


def test_references_are_columns_of_tables():
    """The tables that are made are those of the catalogue."""
    from phonotheque.catalogue.sources.musicbrainz.rows import READINGS

    assert {reading.table for reading in READINGS.values()} <= set(TABLES)


def test_media_and_dates_are_the_releases_own(tmp_path):
    """However ids are spread, each track gets its own medium's release, each release its date."""
    records = [replace(r, number=r.number * 7919 % 1009) for r in numbered(40)]
    rows = tables_of(records)
    for row in rows["medium"]:
        row["id"] += 5_000
    for row in rows["track"]:
        row["medium"] += 5_000
    found = read(mbdump.write_folder(tmp_path, encoded(rows)))
    assert found["track"].column("release").to_pylist() == [r.number for r in records]
    assert found["release"].column("date").to_pylist() == [r.date for r in records]
