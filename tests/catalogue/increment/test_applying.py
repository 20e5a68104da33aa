"""Applying increments: the same catalogue, or nothing, whatever happens on the way."""

import json
import shutil

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.build.small import build_small, by, song, together, write_source
from catalogue.dump.whole_catalogue import (
    CC0,
    CHOICES,
    MACHINE,
    digest_of_answers,
    make_dump,
    netlabel,
    open_source,
)
from catalogue.dump.whole_catalogue import MAKERS as REAL_MAKERS
from catalogue.increment.changing import MAKERS, PARQUET, Changing, add
from catalogue.killed import run_until_killed
from phonotheque.catalogue import census
from phonotheque.catalogue.dump.contents import read_sums, write_sums
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.restoring import restore
from phonotheque.catalogue.dump.state import state_of, tables_digests
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.identity.decisions import Named, merge
from phonotheque.catalogue.increment import ending
from phonotheque.catalogue.increment.applying import apply
from phonotheque.catalogue.increment.contents import read_increment
from phonotheque.catalogue.increment.writing import write_increment
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.catalogue.sources.staging import Staging, current_generation
from phonotheque.catalogue.tables import ENTITIES
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    ArchiveBusyError,
    BadReferenceError,
    ConflictError,
    DigestMismatchError,
    MalformedError,
    NoCatalogueError,
)
from phonotheque.store.lock import hold_folder

STEPS = [
    "comparing digests", "taking the state", "applying", "proving the state", "making cards",
    "taking the census", "ranking", "making search files", "making look-up files",
    "taking up ids", "taking digests",
    "switching",
]  # fmt: skip


def serving(root):
    return current_snapshot(root, LocalDisk(root))


def applied(root, *folders, **more):
    return apply(root, LocalDisk(root), list(folders), MAKERS, MACHINE, **more)


def digests(root):
    """Of each table of a catalogue, as a dump would say them."""
    made = serving(root)
    return tables_digests(made.tables, made.descriptor.sources)


@pytest.fixture
def other(three, tmp_path):
    """A copy of the catalogue that follows, to work on."""
    shutil.copytree(three / "other", tmp_path / "other")
    return tmp_path / "other"


@pytest.fixture(scope="module")
def still(three, tmp_path_factory):
    """Another copy, for tests after which it is what it was."""
    folder = tmp_path_factory.mktemp("still") / "other"
    shutil.copytree(three / "other", folder)
    return folder


def files_in(root):
    """Every file of a catalogue, with when it was written."""
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_a_second_archive_answers_as_the_first(tmp_path):
    """What was changed, merged, withdrawn and decided in one archive is so in the other: every
    answer is the same, and a dump of either has the same state."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    write_source(one, "open", open_source(), licence=CC0)
    write_source(one, "netlabel", netlabel())
    build_small(one)
    make_dump(one, tmp_path / "dump", forms=())
    restore(tmp_path / "dump", two, MAKERS, MACHINE)
    rows, label = open_source(), netlabel()
    rows["recording"].pop()
    rows["track"].pop()
    rows["recording"] += [song(25, "Moorings", 1)]
    rows["removal"] += [{"entity_type": "recording", "reason": "rights",
                         "gid": gid_of("open", "recording", "22").bytes}]  # fmt: skip
    write_source(one, "open", rows, generation=2, licence=CC0)
    label["recording"] += [song(903, "Newer", 900, source_id="newer")]
    write_source(one, "netlabel", label, generation=2)
    write_source(one, "third", together(by(1, "New"), {"recording": [song(2, "New here")]}))
    ends = Named(gid_of("netlabel", "recording", "only")), Named(gid_of("open", "recording", "21"))
    merge(LocalDisk(one), "recording", *ends, at="2024-01-01T00:00:00Z", reason="heard")
    built = build_small(one, CHOICES)
    write_increment(one, LocalDisk(one), tmp_path / "2", PARQUET, 1)
    made = apply(two, LocalDisk(two), [tmp_path / "2"], REAL_MAKERS, MACHINE)
    assert digest_of_answers(made) == digest_of_answers(built)
    dumped, theirs = (dump(root, LocalDisk(root), tmp_path / out, PARQUET)
                      for root, out in ((one, "a"), (two, "b")))  # fmt: skip
    assert dumped.tables == digests(one) == digests(two)
    assert (dumped.state, dumped.sequence) == (theirs.state, theirs.sequence)
    assert (tmp_path / "b" / "decisions.jsonl").read_bytes() == (
        tmp_path / "a" / "decisions.jsonl"
    ).read_bytes()
    after = open_epoch(two, LocalDisk(two)).record
    assert after.next_ids == open_epoch(one, LocalDisk(one)).record.next_ids
    assert after.sources == {"netlabel": 1, "open": 2, "third": 3}
    write_source(two, "mine", together(by(1, "Mine"), {"recording": [song(2, "Mine")]}))
    mine = build_small(two)  # what was applied is a source of the next build
    assert mine.descriptor.rows["recording"] == built.descriptor.rows["recording"] + 1


def test_one_by_one_is_all_at_once(three, other, tmp_path):
    """Two increments in one go make what they make one after the other; the snapshot before is
    kept for those who read it, and where ids were given is told."""
    shutil.copytree(other, tmp_path / "at-once")
    applied(other, three / "2")
    made, at_once = applied(other, three / "3"), applied(tmp_path / "at-once", *both(three))
    cards = {path: entry for path, entry in made.descriptor.files.items() if "cards" in path}
    assert cards
    assert cards.items() <= at_once.descriptor.files.items()
    wanted = read_increment(three / "3")
    assert digests(other) == wanted.result.tables
    assert digests(tmp_path / "at-once") == wanted.result.tables
    names = sorted(one.name for one in other.glob("snapshot-*"))
    assert names == ["snapshot-000002", "snapshot-000003"]
    said = msgspec.json.decode((other / "restored.json").read_bytes())
    assert (said["epoch"], said["next_ids"]) == ("an epoch", wanted.result.next_ids)


def both(three):
    return three / "2", three / "3"


def test_what_does_not_follow_is_refused(three, other):
    """Applied twice, too early, or in another order: the error says what is here and what is next,
    and nothing changes."""
    with pytest.raises(ConflictError, match=r"begins with 2, and 1 is here.*since 1"):
        applied(other, three / "3")
    with pytest.raises(ConflictError, match="begins with 2, and 1 is here"):
        applied(other, three / "3", three / "2")
    with pytest.raises(ConflictError, match="the one before leads to 2"):
        applied(other, three / "2", three / "2")
    with pytest.raises(BadReferenceError, match="no increment"):
        applied(other, three / "dump")
    assert serving(other).descriptor.name == "snapshot-000001"
    applied(other, three / "2")
    with pytest.raises(ConflictError, match=r"applied already: it leads to 2.*since 2"):
        applied(other, three / "2")
    with pytest.raises(ConflictError, match="applied already"):
        applied(other, *both(three))
    assert serving(other).descriptor.name == "snapshot-000002"


def test_an_import_that_was_stopped_is_not_in_the_way(three, other):
    """What an import left unfinished under the number that an increment gives a source goes, so
    that the next import of this source is whole when it ends."""
    disk = LocalDisk(other)
    staging = Staging(disk, "open", "a state")
    assert staging.generation == "000002"
    applied(other, three / "2")
    assert current_generation(disk, "open") == "000002"
    assert Staging(disk, "open", "a state").generation == "000003"


def test_another_base_is_refused(three, other, tmp_path):
    """An increment of another epoch, or one that begins with other rows or other ids of the same
    number."""
    shutil.copytree(three / "2", tmp_path / "2")
    rewrite(tmp_path / "2", lambda said: said.update(epoch="another"))
    with pytest.raises(ConflictError, match="another catalogue"):
        applied(other, tmp_path / "2")

    def begin_elsewhere(said):
        said["epoch"] = "an epoch"
        said["base"]["tables"]["parquet/links.parquet"] = "0" * 64
        add_up(said["base"])

    rewrite(tmp_path / "2", begin_elsewhere)
    with pytest.raises(ConflictError, match=r"begins with 1 .*links.parquet is another"):
        applied(other, tmp_path / "2")
    shutil.rmtree(tmp_path / "2")
    shutil.copytree(three / "2", tmp_path / "2")
    rewrite(tmp_path / "2", say_next("recording", 999, "base"))
    with pytest.raises(ConflictError, match=r"begins with 1 .*id of recording is \d+, not 999"):
        applied(other, tmp_path / "2")
    assert serving(other).descriptor.name == "snapshot-000001"


def test_that_no_id_was_given_may_be_left_out(three, other, tmp_path):
    """A base that says 0 of a table is what says nothing of it."""
    (table, *_) = {*ENTITIES} - {*serving(other).descriptor.next_ids}
    shutil.copytree(three / "2", tmp_path / "2")
    rewrite(tmp_path / "2", say_next(table, 0, "base"))
    applied(other, tmp_path / "2")
    assert digests(other) == read_increment(three / "2").result.tables


def add_up(end):
    """Let the digest of a state be that of what it says."""
    end["state"] = state_of(end["tables"], end["next_ids"])


def say_next(table, number, end="result"):
    """Let an increment say other ids of a table, with digests that agree."""

    def change(said):
        said[end]["next_ids"][table] = number
        add_up(said[end])

    return change


def rewrite(folder, change):
    """Let an increment say something else, and let its digests agree."""
    path = folder / "increment.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    write_sums(folder, {})


LIES = {
    "a path out of the folder": lambda said: said["rows"].update({"parquet/../../x.parquet": 1}),
    "a source that is a path": lambda said: said["sources"][0].update(name="../x"),
    "a snapshot that is a path": lambda said: said.update(snapshot="../x"),
    "another count of rows": lambda said: said["rows"].update({"parquet/deleted.parquet": 0}),
    "ids that were never given": say_next("recording", 1),
    "ids that the state does not know": lambda said: said["result"]["next_ids"].update(label=99),
    "a state that does not add up": lambda said: said["result"].update(state="0" * 64),
    "ids without an end": say_next("recording", 2**63 - 1),
    "ids of no table": say_next("song", 1),
    "ids below all": say_next("recording", -1),
    "a date that is a command": lambda said: said.update(made_at="2024-05-06\n.shell x\n--"),
    "a title of two lines": lambda said: said["sources"][0].update(title="Open\n.shell x"),
    "a number beyond all names": lambda said: (
        said.update(snapshot=f"snapshot-{10**18 - 1}"),
        said["result"].update(sequence=10**18 - 1),
    ),
    "more builds than there can be": lambda said: (
        said.update(snapshot="snapshot-2000000"),
        said["result"].update(sequence=2_000_000),
    ),
    "another number": lambda said: said["result"].update(sequence=9),
    "no base": lambda said: said.pop("base"),
    "rows that it does not lead to": lambda said: said["result"].update(
        tables=said["base"]["tables"], state=said["base"]["state"]
    ),
    "a file left out": lambda said: said["rows"].pop("parquet/tables/recording/open.parquet"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(three, still, tmp_path, lie):
    """An increment whose digests are right and whose contents are not changes nothing."""
    shutil.copytree(three / "2", tmp_path / "2")
    rewrite(tmp_path / "2", LIES[lie])
    with pytest.raises((MalformedError, DigestMismatchError)):
        applied(still, tmp_path / "2")
    assert serving(still).descriptor.name == "snapshot-000001"


RECORDING, ISRC = (f"parquet/tables/{name}/open.parquet" for name in ("recording", "isrc"))
FORGED = {
    "an id at the end of all numbers": (RECORDING, "id", 2**63 - 1, "can have given"),
    "an id below all": (RECORDING, "id", -1, "can have given"),
    "no id": (RECORDING, "id", None, "rise"),
    "an id twice": (RECORDING, "id", lambda ids: ids[-2], "rise"),
    "no key": (RECORDING, "key", None, "no key"),
    "a title that is a command": (RECORDING, "title", "x\n.shell x", "control"),
    "a reference that fits into no key": (ISRC, "recording", 1 << 56, "can have given"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_rows_that_cannot_be_are_found(three, still, tmp_path, forged):
    """Rows with an id, a key or a text that no catalogue has are refused before anything is made
    of them, however right the digests of their file are."""
    path, column, value, told = FORGED[forged]
    folder = tmp_path / "2"
    shutil.copytree(three / "2", folder)
    rows = pq.read_table(folder / path)
    values = rows[column].to_pylist()
    values[-1] = value(values) if callable(value) else value
    place = rows.schema.get_field_index(column)
    changed = rows.set_column(place, rows.field(place), pa.array(values, rows.field(place).type))
    pq.write_table(changed, folder / path)
    write_sums(folder, {})
    before = files_in(still)
    with pytest.raises(MalformedError, match=told):
        applied(still, folder)
    assert files_in(still) == before


def test_decisions_that_are_none_are_found(three, still, tmp_path):
    """A line that is no decision is told before anything is written: no build could go on."""
    shutil.copytree(three / "2", tmp_path / "2")
    (tmp_path / "2" / "decisions.jsonl").write_text("not json\n")
    write_sums(tmp_path / "2", {})
    before = files_in(still)
    with pytest.raises(MalformedError, match=r"2/decisions.jsonl: line 1"):
        applied(still, tmp_path / "2")
    assert files_in(still) == before


def test_every_damage_is_found(three, still, tmp_path):
    """A flipped bit, a cut and a loss in any file that is read are told before anything is done."""
    folder = tmp_path / "2"
    shutil.copytree(three / "2", folder)
    ends = Named(gid_of("open", "recording", "1")), Named(gid_of("open", "recording", "2"))
    merge(LocalDisk(folder), "recording", *ends, at="2024-01-01T00:00:00Z", reason="")
    write_sums(folder, {})
    needed = (".parquet", "increment.json", "decisions.jsonl")
    read = [path for path in read_sums(folder) if path.endswith(needed)]
    assert "decisions.jsonl" in read
    before = files_in(still)
    for path in (*read, "SHA256SUMS"):
        data = (folder / path).read_bytes()
        half = len(data) // 2
        for damaged in (data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :], data[:half]):
            (folder / path).write_bytes(damaged)
            with pytest.raises((DigestMismatchError, MalformedError)):
                applied(still, folder)
        (folder / path).unlink()
        with pytest.raises((MalformedError, BadReferenceError)):
            applied(still, folder)
        (folder / path).write_bytes(data)
    assert files_in(still) == before
    assert len(read) > 10


def test_only_what_follows_may_follow(three, other, tmp_path):
    """What was never restored, has an import that is not built, was built upon, or has decisions of
    its own is told so, and keeps what it has."""
    with pytest.raises(NoCatalogueError):
        applied(tmp_path / "nothing", three / "2")
    with pytest.raises(ConflictError, match="not restored"):
        applied(three / "one", three / "2")
    (tmp_path / "decided").mkdir()
    shutil.copytree(other, tmp_path / "decided", dirs_exist_ok=True)
    ends = Named(gid_of("open", "recording", "1")), Named(gid_of("open", "recording", "2"))
    disk = LocalDisk(tmp_path / "decided")
    merge(disk, "recording", *ends, at="2024-01-01T00:00:00Z", reason="")
    with pytest.raises(ConflictError, match="decisions"):
        applied(tmp_path / "decided", three / "2")
    write_source(other, "mine", together(by(1, "Mine"), {"recording": [song(2, "Mine")]}))
    with pytest.raises(ConflictError, match="mine: imported here"):
        applied(other, three / "2")
    build_small(other)
    with pytest.raises(ConflictError, match="built here"):
        applied(other, three / "2")


def test_a_build_under_way_is_told(three, other):
    """Two that would write a catalogue at once: the second is refused, and may try again."""
    with hold_folder(other, "a build"), pytest.raises(ArchiveBusyError, match="Wait"):
        applied(other, three / "2")


class StoppedError(Exception):
    """A stop in the middle."""


def test_what_was_stopped_goes_on(three, other, tmp_path):
    """Stopped in every step in turn the old state serves, and the next run ends as if nothing had
    been."""
    for step in STEPS:

        def at(progress, step=step):
            if progress.step == step:
                raise StoppedError

        with pytest.raises(StoppedError):
            applied(other, *both(three), on_progress=at)
        assert serving(other).descriptor.name == "snapshot-000001"
    applied(other, *both(three))
    assert digests(other) == read_increment(three / "3").result.tables
    assert not (other / "building").exists()


def test_a_source_that_left_stays_until_the_new_state_serves(tmp_path, monkeypatch):
    """Stopped before the pointer is moved, the old state has all its sources; stopped behind it,
    what left goes with the next run."""
    two, world = tmp_path / "two", Changing(tmp_path / "one", seed=7)
    add(world, "open")
    add(world, "netlabel")
    world.snapshot()
    dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    restore(tmp_path / "dump", two, MAKERS, MACHINE)
    del world.sources["netlabel"]
    for number in (2, 3):
        add(world, "open")
        world.snapshot()
        write_increment(world.root, world.disk, tmp_path / f"{number}", PARQUET, number - 1)
    real = ending.snapshots.switch_to

    def stopped(*_):
        raise StoppedError

    def stopped_behind(*args):
        real(*args)
        raise StoppedError

    monkeypatch.setattr(ending.snapshots, "switch_to", stopped)
    with pytest.raises(StoppedError):
        applied(two, tmp_path / "2")
    assert {one.name for one in serving(two).descriptor.sources} == sources_in(two)
    monkeypatch.setattr(ending.snapshots, "switch_to", stopped_behind)
    with pytest.raises(StoppedError):
        applied(two, tmp_path / "2")
    assert serving(two).descriptor.name == "snapshot-000002"
    monkeypatch.setattr(ending.snapshots, "switch_to", real)
    applied(two, tmp_path / "3")
    assert {one.name for one in serving(two).descriptor.sources} == sources_in(two) == {"open"}


def sources_in(root):
    return {path.name for path in (root / "sources").iterdir()}


def test_another_census_begins_anew(three, other, monkeypatch):
    """A census that an earlier program left unfinished is not taken over."""

    def at(progress):
        if progress.step == "making search files":
            raise StoppedError

    with pytest.raises(StoppedError):
        applied(other, three / "2", on_progress=at)
    marked = other / "building" / census.FOLDER / "left"
    marked.touch()
    monkeypatch.setattr(census, "VERSION", census.VERSION + 1)
    with pytest.raises(StoppedError):
        applied(other, three / "2", on_progress=at)
    assert marked.parent.is_dir()
    assert not marked.exists()


def test_another_choice_begins_anew(three, other, tmp_path):
    """What was stopped just before its end does not come into what is applied instead."""

    def at(progress):
        if progress.step == "switching":
            raise StoppedError

    with pytest.raises(StoppedError):
        applied(other, *both(three), on_progress=at)
    applied(other, three / "2")
    assert digests(other) == read_increment(three / "2").result.tables


CHILD = """
from catalogue.dump.whole_catalogue import MACHINE
from catalogue.increment.changing import MAKERS
from phonotheque.catalogue.increment import ending
from phonotheque.catalogue.increment.applying import apply
from phonotheque.disk import LocalDisk
def at(progress):
    if progress.step == sys.argv[4]:
        die()
real = ending.snapshots.switch_to
def switch_to(*args):
    if sys.argv[4] == "before the pointer":
        die()
    real(*args)
    if sys.argv[4] == "after the pointer":
        die()
ending.snapshots.switch_to = switch_to
root = Path(sys.argv[1])
apply(root, LocalDisk(root), list(map(Path, sys.argv[2:4])), MAKERS, MACHINE, on_progress=at)
"""
MOMENTS = ("before the pointer", "after the pointer", *STEPS)


@pytest.mark.parametrize(
    "moment",
    [pytest.param(one, marks=[pytest.mark.torture] if place else [])
     for place, one in enumerate(MOMENTS)],
)  # fmt: skip
def test_killed_it_is_the_old_state_or_the_new_one(three, other, tmp_path, moment):
    """Killed at any moment, the catalogue is whole and of one state; running again ends well."""
    run_until_killed(CHILD, other, *both(three), moment)
    is_new = moment == "after the pointer"
    assert serving(other).descriptor.name == f"snapshot-00000{3 if is_new else 1}"
    if is_new:
        with pytest.raises(ConflictError, match=r"applied already.*since 3"):
            applied(other, *both(three))
    else:
        applied(other, *both(three))
    assert digests(other) == read_increment(three / "3").result.tables


@pytest.mark.torture
def test_a_third_archive_may_follow_the_first(three, other, tmp_path):
    """What was restored from a dump of an archive that follows has the same rows, and follows that
    archive, not the first: each names its own epoch."""
    applied(other, three / "2")
    dump(other, LocalDisk(other), tmp_path / "dump", PARQUET)
    restore(tmp_path / "dump", tmp_path / "third", MAKERS, MACHINE)
    with pytest.raises(ConflictError, match="another catalogue"):
        applied(tmp_path / "third", three / "3")
    applied(other, three / "3")
    write_increment(other, LocalDisk(other), tmp_path / "3", PARQUET, 2)
    applied(tmp_path / "third", tmp_path / "3")
    assert digests(tmp_path / "third") == read_increment(three / "3").result.tables
