"""Dumps that are damaged, and processes that die, met by real imports of every kind of source."""

from __future__ import annotations

import bz2
import lzma
import random
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.catalogue.killed import run_until_killed
from tests.catalogue.sources import mbdump
from tests.catalogue.sources.contract import joined, numbered
from tests.catalogue.sources.test_listenbrainz import listen, write_parquet
from tests.catalogue.sources.test_mapped import FIELDS, MAPPING, csv_bytes
from tests.catalogue.sources.test_musicbrainz_json import lines, recording, release, track
from tests.catalogue.sources.test_musicbrainz_tables import encoded, tables_of

from phonotheque.catalogue.sources.importing import import_source
from phonotheque.catalogue.sources.listenbrainz.source import ListenBrainz
from phonotheque.catalogue.sources.mapped.source import Mapped
from phonotheque.catalogue.sources.musicbrainz.json_dump import MusicBrainzJson
from phonotheque.catalogue.sources.musicbrainz.tables import MusicBrainzTables
from phonotheque.catalogue.sources.port import Source
from phonotheque.catalogue.sources.reading.lines import MOST_LINE_BYTES
from phonotheque.catalogue.sources.reading.stream import Limits
from phonotheque.errors import BadRequestError, MalformedError

COUNT = 60


def write(kind: str, folder: Path, count: int = COUNT) -> None:
    """Write the input of a source of some kind."""
    folder.mkdir(exist_ok=True)
    records = numbered(count)
    match kind:
        case "tables":
            path = folder / "mbdump.tar.xz"
            path.write_bytes(lzma.compress(mbdump.tar_bytes(encoded(tables_of(records))), preset=0))
        case "documents":
            documents = [release(n, track(1, recording(n))) for n in range(count)]
            (folder / "release.json").write_bytes(lines(*documents))
        case "spreadsheet":
            rows = [[getattr(record, name) for name in FIELDS] for record in records]
            (folder / "sheet.csv").write_bytes(csv_bytes([FIELDS, *rows]))
            (folder / "map.toml").write_text(MAPPING.format(path="sheet.csv", form="csv"))
        case "listens":
            write_parquet(folder, [listen(n % 20, user=n) for n in range(count)])


def opened(kind: str, folder: Path) -> Source:
    """The source that `write` wrote, in small batches."""
    match kind:
        case "tables":
            return MusicBrainzTables([folder / "mbdump.tar.xz"], stretch_bytes=900)
        case "documents":
            return MusicBrainzJson([folder], rows_per_batch=40, stretch_bytes=4_000)
        case "spreadsheet":
            return Mapped(folder / "map.toml", stretch_bytes=600)
        case _:
            scratch = folder.parent / "scratch"
            return ListenBrainz([folder], scratch, listens_at_once=8, rows_per_batch=8)


KINDS = ("tables", "documents", "spreadsheet", "listens")


def served(catalogue: Path, name: str) -> dict[str, list[dict[str, object]]]:
    """The rows of a source that serve, by table."""
    base = catalogue / "sources" / name
    folder = base / (base / "current").read_text().strip()
    parts: dict[str, list[pa.Table]] = {}
    for path in sorted(folder.rglob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            parts.setdefault(path.parent.name, []).append(file.read(use_threads=False))
    return {table: pa.concat_tables(found).to_pylist() for table, found in parts.items()}


CHILD = """
from phonotheque.catalogue.sources import importing
from phonotheque.disk import LocalDisk
from tests.catalogue.sources.test_source_faults import opened
told = 0
def stop(progress):
    global told
    told += 1
    if told == int(sys.argv[4]):
        die()
source = opened(sys.argv[1], Path(sys.argv[2]))
importing.run(source, LocalDisk(Path(sys.argv[3])), on_progress=stop, part_bytes=1)
"""


@pytest.mark.parametrize(
    "kind", [KINDS[0], *(pytest.param(one, marks=pytest.mark.torture) for one in KINDS[1:])]
)
def test_an_import_that_was_killed_goes_on(tmp_path: Path, kind: str) -> None:
    """After kill -9 what was imported before serves, and the next run ends as if nothing was."""
    write(kind, tmp_path / "input", 12)
    name = opened(kind, tmp_path / "input").terms.name
    import_source(tmp_path / "catalogue", opened(kind, tmp_path / "input"))
    before = served(tmp_path / "catalogue", name)
    write(kind, tmp_path / "input")
    batches = len(list(opened(kind, tmp_path / "input").batches()))
    folders = (tmp_path / "input", tmp_path / "catalogue")
    run_until_killed(CHILD, kind, *folders, batches * 3 // 4)
    assert served(tmp_path / "catalogue", name) == before
    went_on = import_source(tmp_path / "catalogue", opened(kind, tmp_path / "input"))
    anew = import_source(tmp_path / "other", opened(kind, tmp_path / "input"))
    assert any("gone on with" in note for note in went_on.notes)
    assert (went_on.read, went_on.used, went_on.reasons) == (anew.read, anew.used, anew.reasons)
    assert served(tmp_path / "catalogue", name) == served(tmp_path / "other", name)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress], ids=["bz2", "xz"])
def test_a_flipped_bit_never_passes_as_another_dump(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    """With one bit of a packed dump changed it is refused; the few bits that mean nothing leave
    its rows as they were."""
    path = tmp_path / "dump"
    packed = pack(mbdump.tar_bytes(encoded(tables_of(numbered(20)))))
    path.write_bytes(packed)
    whole = joined(MusicBrainzTables([path]).batches())
    chance, unnoticed = random.Random(5), 0
    for _ in range(40):
        damaged = bytearray(packed)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        with suppress(MalformedError):
            assert joined(MusicBrainzTables([path]).batches()) == whole
            unnoticed += 1
    assert unnoticed < 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_input_never_serves(tmp_path: Path, kind: str) -> None:
    """A new dump that ends in the middle of a byte sequence is refused, or only rows at its end
    are; when it is refused, what was imported before goes on serving."""
    folder = tmp_path / "input"
    write(kind, folder, 12)
    name = opened(kind, folder).terms.name
    import_source(tmp_path / "catalogue", opened(kind, folder))
    before = served(tmp_path / "catalogue", name)
    write(kind, folder)
    data = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    data.write_bytes(data.read_bytes()[: data.stat().st_size * 2 // 3])
    if kind in ("tables", "listens"):
        with pytest.raises(MalformedError):
            import_source(tmp_path / "catalogue", opened(kind, folder))
        assert served(tmp_path / "catalogue", name) == before
    else:  # text without a frame: only the line that was cut is not whole
        report = import_source(tmp_path / "catalogue", opened(kind, folder))
        assert report.refused <= 1
        assert COUNT / 2 < report.used["recording"] < COUNT


def test_an_endless_dump_is_refused(tmp_path: Path) -> None:
    """A dump that unpacks without end is refused after a stated amount, and nothing serves."""
    tables = encoded(tables_of(numbered(3)))
    tables["recording"] += b"x" * (8 << 20)
    path = tmp_path / "mbdump.tar.xz"
    path.write_bytes(lzma.compress(mbdump.tar_bytes(tables)))
    source = MusicBrainzTables([path], limits=Limits(free_bytes=1 << 20))
    with pytest.raises(MalformedError, match="every byte unpacks to"):
        import_source(tmp_path / "catalogue", source)
    assert not list((tmp_path / "catalogue").rglob("current"))


def test_a_line_without_end_is_one_row(tmp_path: Path) -> None:
    """A line beyond the limit is refused as one row wherever it stands; all others are read."""
    write("spreadsheet", tmp_path, 20)
    sheet = tmp_path / "sheet.csv"
    head, _, rest = sheet.read_bytes().partition(b"\n")
    long = b"9," + b"x" * (MOST_LINE_BYTES + 1) + b",,,,,\n"
    sheet.write_bytes(head + b"\n" + long + rest)
    report = import_source(tmp_path / "catalogue", Mapped(tmp_path / "map.toml"))
    assert (report.refused, report.used["recording"]) == (1, 20)
    assert report.reasons[0].first[0].place == "sheet.csv, line 2"


def rows_with(tmp_path: Path, tables: Mapping[str, list[dict[str, object]]]) -> dict[str, pa.Table]:
    return joined(MusicBrainzTables([mbdump.write_folder(tmp_path, encoded(tables))]).batches())


def test_redirects_in_a_circle_are_passed_on(tmp_path: Path) -> None:
    """Identifiers that are given up for each other, or for themselves, end no import: they are
    given on as they stand, and the build refuses the circle, which only it can see whole."""
    tables = tables_of(numbered(3))
    one, other, third = (mbdump.gid("recording", n) for n in (1, 2, 3))
    tables["recording_gid_redirect"] = [
        {"gid": one, "new_id": 2},
        {"gid": other, "new_id": 1},
        {"gid": third, "new_id": 3},
    ]
    found = rows_with(tmp_path, tables)["gid_redirect"].to_pylist()
    pairs = {tuple(str(uuid.UUID(bytes=row[c])) for c in ("old_gid", "new_gid")) for row in found}
    assert pairs == {(one, other), (other, one), (third, third)}


def test_entities_of_one_identifier_are_both_there(tmp_path: Path) -> None:
    """Two rows with one MBID stay two rows: which of them is meant is not for an import to say."""
    tables = tables_of(numbered(3))
    tables["recording"][1]["gid"] = tables["recording"][0]["gid"]
    found = rows_with(tmp_path, tables)["recording"]
    assert found.column("key").to_pylist() == [1, 2, 3]
    mbids = found.column("mbid").to_pylist()
    assert mbids[0] == mbids[1] != mbids[2]


def test_references_to_absent_rows_are_kept(tmp_path: Path) -> None:
    """A credit, a recording or a label that is not in the dump is still named by its number."""
    tables = tables_of(numbered(2))
    tables["recording"][0]["artist_credit"] = 4711
    tables["track"][1]["recording"] = 4712
    tables["release_label"] = [{"id": 1, "release": 1, "label": 4713, "catalog_number": "K-1"}]
    found = rows_with(tmp_path, tables)
    assert found["recording"].column("artist_credit").to_pylist() == [4711, 2]
    assert found["track"].column("recording").to_pylist() == [1, 4712]
    assert found["release_label"].column("label").to_pylist() == [4713]


def test_a_source_that_changes_its_licence_says_so(tmp_path: Path) -> None:
    """Rows imported under another licence than before stand under the new one, and it is told."""
    write("spreadsheet", tmp_path, 3)
    mapping = tmp_path / "map.toml"
    import_source(tmp_path / "catalogue", Mapped(mapping))
    mapping.write_text(mapping.read_text().replace("CC0-1.0", "CC-BY-NC-4.0"))
    report = import_source(tmp_path / "catalogue", Mapped(mapping))
    assert report.licence == "https://creativecommons.org/licenses/by-nc/4.0/"
    (note,) = report.notes
    assert note.startswith("The data's licence changed from https://creativecommons.org/publicdom")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_input(tmp_path: Path, kind: str) -> None:
    """A source of no rows is imported as that, or refused as no dump; it is no internal error."""
    write(kind, tmp_path / "input", 0)
    try:
        report = import_source(tmp_path / "catalogue", opened(kind, tmp_path / "input"))
    except (MalformedError, BadRequestError):
        assert kind in ("tables", "documents")
    else:
        assert (report.read, report.used) == (0, {})
        assert replace(opened(kind, tmp_path / "input").terms).name == report.source
