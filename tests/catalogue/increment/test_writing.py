"""Writing an increment: what is in it, who can read it, and when there is none."""

import json
import shutil
import warnings

import duckdb
import pyarrow.parquet as pq
import pytest

from catalogue.build.small import build_small, by, song, together, write_source
from catalogue.dump.whole_catalogue import CC0, MACHINE, netlabel, open_source
from catalogue.increment.changing import PARQUET, Changing
from phonotheque.catalogue.dump.choosing import Wanted
from phonotheque.catalogue.dump.contents import check_files, read_contents, read_sums
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.dump.ordered import key_of
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.increment import deleted
from phonotheque.catalogue.increment.contents import FORMAT, read_increment
from phonotheque.catalogue.increment.writing import look_ahead, write_increment
from phonotheque.catalogue.snapshot import switch_to
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    BadRequestError,
    ConflictError,
    FormatTooNewError,
    FormatTooOldError,
    MalformedError,
    NotHeldError,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with `one`, built twice, a `dump` of the first state and an increment `2`: a
    recording was merged, one withdrawn, one forgotten by its source, one came."""
    folder = tmp_path_factory.mktemp("built")
    root = folder / "one"
    root.mkdir()
    rows = open_source()
    rows["recording"] += [song(26, "Forgotten", 1), song(27, "Twice", 1)]
    write_source(root, "open", rows, licence=CC0)
    write_source(root, "netlabel", netlabel())
    build_small(root)
    dump(root, LocalDisk(root), folder / "dump", PARQUET)
    del rows["recording"][2:]
    del rows["track"][2:]
    rows["recording"] += [song(28, "Newer", 1)]
    rows["removal"] += [{"entity_type": "recording", "gid": gid(22), "reason": "rights"}]
    rows["gid_redirect"] += [{"entity_type": "recording", "old_gid": gid(27), "new_gid": gid(28)}]
    write_source(root, "open", rows, generation=2, licence=CC0)
    build_small(root)
    write_increment(root, LocalDisk(root), folder / "2", PARQUET, 1)
    return folder


def gid(key):
    return gid_of("open", "recording", str(key)).bytes


def test_every_deletion_is_named_with_its_reason(built):
    """What was merged names what stands for it; what was withdrawn and what its source no longer
    has are told apart; nothing else of an entity is deleted."""
    rows = pq.read_table(built / "2" / "parquet" / "deleted.parquet").to_pylist()
    recordings = {row["gid"]: (row["reason"], row["successor"]) for row in rows
                  if row["table"] == "recording"}  # fmt: skip
    assert recordings == {
        gid(22): ("withdrawn", None),
        gid(26): ("gone", None),
        gid(27): ("merged", gid(28)),
    }
    assert {row["table"] for row in rows if row["reason"] == "gone"} >= {"recording", "track"}


def test_only_what_changed_is_put(built):
    """A row that did not change is not in an increment; one that came is, with its redirect."""
    put = pq.read_table(built / "2/parquet/tables/recording/open.parquet")
    assert put["title"].to_pylist() == ["Newer"]
    redirects = pq.read_table(built / "2/parquet/tables/gid_redirect/open.parquet").to_pylist()
    assert [(row["old_gid"], row["new_gid"]) for row in redirects] == [(gid(27), gid(28))]
    made = read_increment(built / "2")
    assert not [path for path in made.rows if "netlabel" in path]
    assert made.put < 5


def test_it_is_whole_and_described(built):
    """Every file has its digest; Frictionless and Croissant name every table with its columns."""
    sums, made = read_sums(built / "2"), read_increment(built / "2")
    check_files(built / "2", sums)
    package = json.loads((built / "2" / "datapackage.json").read_text())
    named = {one["path"]: one for one in package["resources"]}
    assert set(named) == set(made.rows)
    for path, resource in named.items():
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert fields == pq.read_schema(built / "2" / path).names
        assert resource["hash"] == f"sha256:{sums[path]}"
    said = json.loads((built / "2" / "documentation.json").read_text())["parquet"]
    assert all(said["deleted"]["columns"].values())
    assert "1 to 2" in (built / "2" / "README.txt").read_text()


def test_croissant_is_accepted_and_read(built):
    """mlcroissant finds no fault, and reads what is deleted and what is put."""
    mlcroissant = pytest.importorskip("mlcroissant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(built / "2" / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        rows = list(dataset.records("tables-recording-open"))
    assert [row["tables-recording-open/title"] for row in rows] == [b"Newer"]


def test_frictionless_accepts_it(built):
    """frictionless finds no fault in the package."""
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.Package(built / "2" / "datapackage.json").to_descriptor()
    assert not frictionless.Package.validate_descriptor(report).errors


def test_the_readme_names_the_key_of_every_table(built):
    """Whoever applies an increment by hand reads the keys that the program has."""
    told = [" ".join(line.split()) for line in (built / "2/README.txt").read_text().splitlines()]
    for name in TABLES:
        assert f"{name} {', '.join(key_of(name).columns)}" in told


def loaded(db, folder, name, source):
    """A table of a dump in DuckDB, empty where the dump has none."""
    path = folder / "parquet" / "tables" / name / f"{source}.parquet"
    db.execute(f"CREATE OR REPLACE TABLE {name} AS FROM '{path}'")


def test_a_volunteer_applies_it_with_duckdb(built, tmp_path):
    """The rule of the README, in SQL, makes the tables of the next dump of those of the last."""
    root, db = built / "one", duckdb.connect()
    dump(root, LocalDisk(root), tmp_path / "whole", PARQUET)
    for name in ("recording", "track", "artist", "gid_redirect", "removal", "popularity"):
        key = key_of(name)
        columns, more = ", ".join(key.columns), key.columns[:-1]
        loaded(db, built / "dump", name, "open")
        put = built / "2" / "parquet" / "tables" / name / "open.parquet"
        deleted = f"'{built}/2/parquet/deleted.parquet' WHERE \"table\" = '{name}' AND source = 2"
        gone = ", ".join([*more, "id" if key.number else "gid"])
        db.execute(f"DELETE FROM {name} WHERE ({columns}) IN (SELECT ({gone}) FROM {deleted})")
        if put.exists():
            db.execute(f"DELETE FROM {name} WHERE ({columns}) IN (SELECT ({columns}) FROM '{put}')")
            db.execute(f"INSERT INTO {name} FROM '{put}'")
        found = sorted(map(str, db.execute(f"FROM {name}").fetchall()))
        loaded(db, tmp_path / "whole", name, "open")
        assert found == sorted(map(str, db.execute(f"FROM {name}").fetchall()))


def test_a_choice_of_sources_has_increments_of_its_own(built, tmp_path):
    """An increment of some sources begins with a dump of the same, and has nothing of others."""
    root = tmp_path / "one"
    shutil.copytree(built / "one", root)
    wish = Wish(Wanted(licences=(CC0,)), forms=(), machine=MACHINE)
    with pytest.raises(NotHeldError, match="none is kept"):
        write_increment(root, LocalDisk(root), tmp_path / "3", wish, 1)
    dump(root, LocalDisk(root), tmp_path / "dump", wish)
    write_source(root, "third", together(by(1, "New"), {"recording": [song(2, "New here")]}),
                 licence=CC0)  # fmt: skip
    build_small(root)
    made = write_increment(root, LocalDisk(root), tmp_path / "3", wish, 2)
    assert [one.name for one in made.sources] == ["open", "third"]
    assert not made.is_whole
    assert "netlabel" not in (tmp_path / "3" / "increment.json").read_text()


def test_what_cannot_be_said_is_told(built, tmp_path):
    """A dump that was never made here, and one whose ids mean another thing."""
    root = tmp_path / "one"
    shutil.copytree(built / "one", root)
    disk = LocalDisk(root)
    with pytest.raises(BadRequestError, match="no dump 9 yet: the catalogue is 2"):
        write_increment(root, disk, tmp_path / "x", PARQUET, 9)
    shutil.rmtree(root / "dumped" / "all" / "1")
    with pytest.raises(NotHeldError, match=r"kept are those of 2.*full dump"):
        write_increment(root, disk, tmp_path / "x", PARQUET, 1)
    kept = root / "dumped" / "all" / "2"
    said = json.loads((kept / "state.json").read_text()) | {"epoch": "another"}
    (kept / "state.json").write_text(json.dumps(said))
    kept.rename(kept.with_name("1"))
    with pytest.raises(NotHeldError, match="another epoch"):
        write_increment(root, disk, tmp_path / "x", PARQUET, 1)
    assert not (tmp_path / "x").exists()


def test_no_news_is_no_increment(built, tmp_path):
    """Where nothing was built since a dump nothing is written, and what stands there stays."""
    root = built / "one"
    assert write_increment(root, LocalDisk(root), tmp_path / "x", PARQUET, 2) is None
    assert not list(tmp_path.iterdir())
    ahead = look_ahead(root, LocalDisk(root), PARQUET, 2)
    assert (ahead.since, ahead.sequence, ahead.rows) == (2, 2, 0)


def test_what_stands_there_stays(built, tmp_path):
    """An increment replaces itself, byte for byte, and nothing else."""
    root = built / "one"
    shutil.copytree(built / "2", tmp_path / "2")
    write_increment(root, LocalDisk(root), tmp_path / "2", PARQUET, 1)
    assert read_sums(tmp_path / "2") == read_sums(built / "2")
    shutil.copytree(built / "dump", tmp_path / "dump")
    with pytest.raises(ConflictError, match="no increment"):
        write_increment(root, LocalDisk(root), tmp_path / "dump", PARQUET, 1)


def as_form(path, form, *lost):
    """Let a file be as a program of another form would have written it, without some words."""
    said = {**json.loads(path.read_text()), "format": form}
    path.write_text(json.dumps({key: said[key] for key in said if key not in lost}))


def test_what_an_earlier_program_made_is_no_damage(built, tmp_path):
    """An earlier increment is told as one, and stays; a later one is told, too; an earlier dump is
    replaced by the next dump; an earlier state that was kept is made again by one."""
    root = tmp_path / "one"
    shutil.copytree(built / "one", root)
    disk = LocalDisk(root)
    shutil.copytree(built / "2", tmp_path / "2")
    as_form(tmp_path / "2" / "increment.json", 1, "result")
    with pytest.raises(FormatTooOldError, match=r"increment.json: an earlier .*full dump again"):
        read_increment(tmp_path / "2")
    with pytest.raises(ConflictError, match="increment of an earlier form"):
        write_increment(root, disk, tmp_path / "2", PARQUET, 1)
    as_form(tmp_path / "2" / "increment.json", FORMAT + 1)
    with pytest.raises(FormatTooNewError):
        read_increment(tmp_path / "2")
    as_form(root / "dumped" / "all" / "1" / "state.json", 1, "format", "next_ids")
    with pytest.raises(FormatTooOldError, match=r"state.json: an earlier .*full dump"):
        write_increment(root, disk, tmp_path / "3", PARQUET, 1)
    as_form(root / "dumped" / "all" / "2" / "state.json", 1, "format", "next_ids")
    shutil.copytree(built / "dump", tmp_path / "dump")
    as_form(tmp_path / "dump" / "dump.json", 1, "sequence", "state", "tables")
    made = dump(root, disk, tmp_path / "dump", PARQUET)
    assert read_contents(tmp_path / "dump") == made
    assert write_increment(root, disk, tmp_path / "3", PARQUET, 2) is None  # what it is kept from


def test_the_last_two_states_are_kept(tmp_path):
    """What a publisher keeps does not grow: the state before the last one goes."""
    world = Changing(tmp_path / "one", seed=3)
    for number in (1, 2, 3):
        world.change(5)
        world.snapshot()
        dump(world.root, world.disk, tmp_path / "dump", PARQUET)
        kept = sorted(one.name for one in (world.root / "dumped" / "all").iterdir())
        assert kept == [str(one) for one in range(max(number - 1, 1), number + 1)]


class StoppedError(Exception):
    """A stop in the middle."""


def at_the_end(progress):
    if progress.step == "taking digests":
        raise StoppedError


def kept_in(world):
    return sorted(one.name for one in (world.root / "dumped" / "all").iterdir())


def test_what_an_increment_begins_with_stays(tmp_path):
    """An increment since an older dump that was stopped goes on, and one that is whole can be made
    again; the next dump lets its base go."""
    world = Changing(tmp_path / "one", seed=4)
    for number in (1, 2, 3):
        world.change(5)
        world.snapshot()
        if number < 3:
            dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    ask = (world.root, world.disk, tmp_path / "3", PARQUET, 1)
    with pytest.raises(StoppedError):
        write_increment(*ask, on_progress=at_the_end)
    made = write_increment(*ask)
    assert not (tmp_path / "3.part").exists()
    assert write_increment(*ask) == made
    assert kept_in(world) == ["1", "2", "3"]
    dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    assert kept_in(world) == ["2", "3"]


@pytest.mark.parametrize("damage", ["x", None])
def test_a_damaged_state_is_mended_by_a_dump(tmp_path, damage):
    """A kept state that cannot be read, or is not there, is told with what to do; that does it."""
    world = Changing(tmp_path / "one", seed=5)
    world.change(5)
    world.snapshot()
    dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    path = world.root / "dumped" / "all" / "1" / "state.json"
    whole = path.read_bytes()
    path.unlink() if damage is None else path.write_text(damage)
    world.change(5)
    world.snapshot()
    with pytest.raises(MalformedError, match="full dump"):
        write_increment(world.root, world.disk, tmp_path / "2", PARQUET, 1)
    switch_to(world.disk, "snapshot-000001")
    dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    assert path.read_bytes() == whole


def test_deleted_keys_are_written_some_at_a_time(built, tmp_path, monkeypatch):
    """However few keys are held at once, the increment is the same to the byte."""
    monkeypatch.setattr(deleted, "_AT_ONCE", 1)
    root = built / "one"
    write_increment(root, LocalDisk(root), tmp_path / "2", PARQUET, 1)
    assert read_sums(tmp_path / "2") == read_sums(built / "2")


def test_a_dry_run_counts_what_would_be_compared(built):
    """Tables that are the same files in both states are not read."""
    root = built / "one"
    ahead = look_ahead(root, LocalDisk(root), PARQUET, 1)
    assert (ahead.since, ahead.sequence) == (1, 2)
    assert (
        0
        < ahead.rows
        < sum(
            pq.read_metadata(path).num_rows for path in (built / "dump").rglob("tables/*/*.parquet")
        )
    )


def test_a_state_is_the_same_however_often_it_is_told(tmp_path):
    """A build that was stopped may have given ids: a dump of what still serves has the state that
    it had, so that what follows from it follows from both."""
    rows = open_source()
    write_source(tmp_path, "open", rows, licence=CC0)
    build_small(tmp_path)
    disk = LocalDisk(tmp_path)
    first = dump(tmp_path, disk, tmp_path / "dump", PARQUET)
    rows["recording"] += [song(28, "Newer", 1)]
    write_source(tmp_path, "open", rows, generation=2, licence=CC0)

    def stop(progress):
        if progress.step == "linking":
            raise StoppedError

    with pytest.raises(StoppedError):
        build_small(tmp_path, on_progress=stop)
    assert open_epoch(tmp_path, disk).record.next_ids != first.next_ids
    assert dump(tmp_path, disk, tmp_path / "again", PARQUET).state == first.state
    build_small(tmp_path)
    made = write_increment(tmp_path, disk, tmp_path / "2", PARQUET, 1)
    assert made.base.state == first.state
    assert made.result.next_ids["recording"] == first.next_ids["recording"] + 1
