"""Imports: whole or not at all, gone on with after any failure, reported exactly."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.catalogue.killed import run_until_killed
from tests.catalogue.sources.contract import joined

from faults.faulty import FailKth, FullAfter, Hooked, disk_failed, disk_full
from faults.memory import MemoryDisk
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.importing import import_source, run
from phonotheque.catalogue.sources.port import Batch, Refusal, Terms
from phonotheque.catalogue.sources.report import format_report
from phonotheque.catalogue.sources.shaping import table_of
from phonotheque.catalogue.sources.staging import (
    current_generation,
    read_report,
    read_terms,
    source_names,
)
from phonotheque.disk import read_whole
from phonotheque.errors import (
    ArchiveBusyError,
    BadRequestError,
    DiskFullError,
    MalformedError,
    UnavailableError,
)
from phonotheque.store.lock import hold_folder

ROWS = 4
"""Rows of a batch here."""


class Numbers:
    """A source of labels that are numbers; every tenth row is refused, every seventh value."""

    def __init__(self, batches: int = 6, *, name="numbers", licence="", generation=1) -> None:
        self.terms = Terms(name, "Numbers", licence)
        self.size_bytes = batches * 10
        self.count = batches
        self.generation = generation
        self.given = 0

    def state(self) -> str:
        return f"{self.count} {self.generation}"

    def batches(self, after: str = "") -> Iterator[Batch]:
        for number in range(int(after or 0), self.count):
            keys = range(number * ROWS, (number + 1) * ROWS)
            refusals = Refusals("numbers.txt")
            kept = [key for key in keys if key % 10]
            for key in keys:
                if key % 10 == 0:
                    refusals.row(key, "a round number", str(key))
                elif key % 7 == 0:
                    refusals.value(key, "a seventh", key)
            names = [f"{self.generation}/{key}" for key in kept]
            table = table_of("label", {"key": pa.array(kept), "name": pa.array(names)})
            self.given += 1
            yield refusals.batch(
                {"label": table}, read=ROWS, place=str(number + 1), done_bytes=(number + 1) * 10
            )


def names_in(disk, name="numbers") -> list[str]:
    """The names of the rows that serve."""
    generation = current_generation(disk, name)
    base = f"sources/{name}/{generation}/label"
    parts = [read_whole(disk, f"{base}/{entry.name}") for entry in disk.list(base)]
    tables = [pq.ParquetFile(pa.BufferReader(part)).read(use_threads=False) for part in parts]
    return [row for table in tables for row in table.column("name").to_pylist()]


def wanted(source: Numbers) -> list[str]:
    return joined(source.batches())["label"].column("name").to_pylist()


def files_in(disk, folder="") -> list[str]:
    found = []
    for entry in disk.list(folder):
        path = f"{folder}/{entry.name}".lstrip("/")
        found += [path] if entry.kind == "file" else files_in(disk, path)
    return found


def test_an_import_serves_what_the_source_gives():
    """After an import the rows of the source serve, with terms and report beside them."""
    disk = MemoryDisk()
    report = run(Numbers(licence="https://example.org/l"), disk, part_bytes=200)
    assert names_in(disk) == wanted(Numbers())
    assert source_names(disk) == ["numbers"]
    assert read_terms(disk, "numbers", report.generation).licence == "https://example.org/l"
    assert read_report(disk, "numbers", report.generation) == report
    assert not [path for path in files_in(disk) if ".part/" in path or "checkpoint" in path]


def test_the_report_counts_everything():
    """Rows read, used, refused and values dropped add up, by reason, with their places."""
    report = run(Numbers(50), MemoryDisk())
    keys = range(200)
    sevenths = [key for key in keys if key % 7 == 0 and key % 10]
    assert (report.read, report.refused, report.dropped) == (200, 20, len(sevenths))
    assert report.used == {"label": 180}
    rows, dropped = report.reasons
    assert (rows.where, rows.reason, rows.count) == ("numbers.txt", "a round number", 20)
    assert rows.first[1].place == "numbers.txt, line 10"
    assert rows.first[1].sample == "10"
    assert (dropped.count, dropped.is_row) == (len(sevenths), False)
    text = format_report(report)
    assert "20  rows refused" in text
    assert "numbers.txt, line 10: 10" in text


def test_a_report_tells_at_most_a_hundred_places():
    """However many rows are refused, a report stays small and exact."""
    report = run(Numbers(1_000), MemoryDisk())
    assert report.reasons[0].count == 400
    assert len(report.reasons[0].first) == 100
    assert report.reasons[0].first[-1].place == "numbers.txt, line 990"


def test_a_source_that_does_not_count_is_counted():
    """Batches without a tally are counted by what they tell, and by how many they refuse."""

    class Plain(Numbers):
        def batches(self, after=""):
            told = (Refusal("x, line 1", "broken", is_row=True),)
            yield Batch({}, 7, "1", refused=3, refusals=told)

    report = run(Plain(), MemoryDisk())
    assert {reason.reason: reason.count for reason in report.reasons} == {
        "broken": 1,
        "the reason was not told": 2,
    }


def test_a_rehearsal_writes_nothing_and_reports_the_same():
    """A dry run makes not one call that changes the disk, and its report is that of the import."""
    disk = MemoryDisk()
    changing = ("create", "append", "rename", "make_folder", "remove", "write", "truncate", "sync")

    def refuse(call: str, path: str) -> None:
        assert call not in changing, f"{call} {path}"

    rehearsed = run(Numbers(), Hooked(disk, refuse), is_rehearsal=True)
    done = run(Numbers(), disk)
    assert rehearsed.is_rehearsal
    assert not done.is_rehearsal
    assert msgspec.structs.replace(done, generation="", is_rehearsal=True) == rehearsed


def test_the_next_generation_replaces_the_one_before():
    """A second import serves in place of the first, of which nothing is left."""
    disk = MemoryDisk()
    first = run(Numbers(), disk)
    second = run(Numbers(3, generation=2), disk)
    assert second.generation > first.generation
    assert names_in(disk) == wanted(Numbers(3, generation=2))
    assert not [path for path in files_in(disk) if f"/{first.generation}/" in path]


def test_a_changed_licence_is_told():
    """A source that comes under another licence than last time says so in its report."""
    disk = MemoryDisk()
    run(Numbers(licence="https://a"), disk)
    assert run(Numbers(licence="https://a"), disk).notes == ()
    (note,) = run(Numbers(licence=""), disk).notes
    assert note == "The data's licence changed from https://a to unknown."
    assert read_terms(disk, "numbers", current_generation(disk, "numbers") or "").licence == ""


@pytest.mark.parametrize("error", [disk_full, pytest.param(disk_failed, marks=pytest.mark.torture)])
@pytest.mark.parametrize("is_broken_for_ever", [False, True])
def test_whichever_call_fails_the_old_rows_serve(error, is_broken_for_ever):
    """Each call that can fail fails once: the old generation serves or the new one does, whole,
    and the next run brings the new one."""
    new = wanted(Numbers(generation=2))
    serving = MemoryDisk()
    run(Numbers(), serving, part_bytes=200)
    old = names_in(serving)
    for k in itertools.count(1):
        disk = serving.copy()
        faulty = FailKth(disk, k, error, for_ever=is_broken_for_ever)
        source = Numbers(generation=2)
        try:
            run(source, faulty, part_bytes=200)
        except UnavailableError:
            assert names_in(disk) in (old, new)
            run(Numbers(generation=2), disk, part_bytes=200)
        assert names_in(disk) == new
        assert not [path for path in files_in(disk) if ".part/" in path or "checkpoint" in path]
        if not faulty.fired:
            break
    assert k > 30


def test_a_full_disk_loses_nothing_that_was_done():
    """When the disk is full the import ends with a typed error; with room it goes on."""
    disk = MemoryDisk()
    run(Numbers(), disk)
    full = FullAfter(disk, 12_000)
    with pytest.raises(DiskFullError):
        run(Numbers(40, generation=2), full, part_bytes=200)
    assert names_in(disk) == wanted(Numbers())
    source = Numbers(40, generation=2)
    report = run(source, disk, part_bytes=200)
    assert names_in(disk) == wanted(Numbers(40, generation=2))
    assert 0 < source.given < 40
    assert report.read == 40 * ROWS
    assert report.refused == run(Numbers(40), MemoryDisk()).refused
    assert any("gone on with" in note for note in report.notes)


def interrupted(disk, source, batches: int) -> None:
    """Import some batches of a source and stop as if the process had been killed."""

    class Killed(BaseException):
        pass

    def stop(progress):
        if progress.done_bytes >= batches * 10:
            raise Killed

    with pytest.raises(Killed):
        run(source, disk, on_progress=stop, part_bytes=1)


@pytest.mark.parametrize("batches", range(1, 7))
def test_a_killed_import_goes_on(batches):
    """An import that was stopped after any batch goes on there and gives the same rows."""
    disk = MemoryDisk()
    interrupted(disk, Numbers(), batches)
    assert current_generation(disk, "numbers") is None
    source = Numbers()
    report = run(source, disk, part_bytes=1)
    assert source.given == 6 - batches
    assert names_in(disk) == wanted(Numbers())
    assert report.read == 6 * ROWS


def test_a_changed_input_is_begun_anew():
    """An unfinished import of an input that changed is thrown away, and the report says so."""
    disk = MemoryDisk()
    interrupted(disk, Numbers(), 3)
    report = run(Numbers(generation=2), disk, part_bytes=1)
    assert names_in(disk) == wanted(Numbers(generation=2))
    assert report.read == 6 * ROWS
    assert report.notes == ("An unfinished import was begun anew: its input has changed since.",)


def test_a_damaged_checkpoint_is_begun_anew():
    """An unfinished import whose checkpoint is damaged is begun anew."""
    disk = MemoryDisk()
    interrupted(disk, Numbers(), 3)
    path = next(path for path in files_in(disk) if path.endswith("checkpoint.json"))
    disk.truncate(path, 10)
    report = run(Numbers(), disk, part_bytes=1)
    assert names_in(disk) == wanted(Numbers())
    assert "checkpoint could not be read" in report.notes[0]


def test_parts_behind_the_checkpoint_are_written_again():
    """A part that was written when the process died before its checkpoint is not counted twice."""
    disk = MemoryDisk()
    interrupted(disk, Numbers(), 3)
    stray = next(path for path in files_in(disk) if "part-00003" in path)
    copy = disk.create(stray.replace("00003", "00004"))
    copy.write(read_whole(disk, stray))
    copy.close()
    run(Numbers(), disk, part_bytes=1)
    assert names_in(disk) == wanted(Numbers())


def test_damage_in_the_middle_leaves_the_old_rows():
    """An input that turns out to be damaged at its end changes nothing of what serves."""

    class Broken(Numbers):
        def batches(self, after=""):
            yield from itertools.islice(super().batches(after), 4)
            raise MalformedError("numbers.txt, byte 40", "it ends early", "Fetch it again.")

    disk = MemoryDisk()
    run(Numbers(), disk)
    with pytest.raises(MalformedError):
        run(Broken(generation=2), disk)
    assert names_in(disk) == wanted(Numbers())


def test_a_damaged_pointer_does_not_stop_an_import():
    """What was imported before may be damaged: importing again mends it, and says so."""
    disk = MemoryDisk()
    run(Numbers(), disk)
    disk.truncate("sources/numbers/current", 0)
    with pytest.raises(MalformedError):
        current_generation(disk, "numbers")
    assert "damaged" in run(Numbers(), disk).notes[0]
    assert names_in(disk) == wanted(Numbers())


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "a b", "-a", "a" * 65])
def test_a_name_that_is_no_folder_is_refused(name):
    """A source is called by letters, digits and hyphens: its name is a folder's."""
    with pytest.raises(BadRequestError):
        run(Numbers(name=name), MemoryDisk())


def test_progress_is_told():
    """Progress tells rows and bytes, to the end."""
    told = []
    run(Numbers(), MemoryDisk(), on_progress=told.append)
    assert [progress.done_bytes for progress in told] == [10, 20, 30, 40, 50, 60]
    assert told[-1].read == 6 * ROWS
    assert told[-1].size_bytes == 60


def test_two_imports_of_one_source(tmp_path):
    """A second import of a source is refused while one is under way; of another it is not."""
    import_source(tmp_path, Numbers())
    with hold_folder(tmp_path / "sources" / "numbers", "another import"):
        with pytest.raises(ArchiveBusyError, match="numbers"):
            import_source(tmp_path, Numbers())
        import_source(tmp_path, Numbers(name="others"))
        import_source(tmp_path, Numbers(), is_rehearsal=True)
    import_source(tmp_path, Numbers())


def test_nothing_is_left_of_old_generations(tmp_path):
    """On a real disk the folders of a generation that was replaced are gone, too."""
    import_source(tmp_path, Numbers())
    report = import_source(tmp_path, Numbers(generation=2))
    left = {path.name for path in (tmp_path / "sources" / "numbers").iterdir()}
    assert left == {"current", report.generation}
    assert json.loads((tmp_path / "sources/numbers" / report.generation / "terms.json").read_text())


CHILD = """
from phonotheque.catalogue.sources import importing
from tests.catalogue.sources.test_importing import Numbers
from phonotheque.disk import LocalDisk
def stop(progress):
    if progress.done_bytes >= 300:
        die()
importing.run(Numbers(60, generation=2), LocalDisk(Path(sys.argv[1])), on_progress=stop,
              part_bytes=500)
"""


def test_a_process_that_is_killed_goes_on(tmp_path):
    """After kill -9 in the middle the old rows serve, and the next run goes on."""
    import_source(tmp_path, Numbers())
    run_until_killed(CHILD, tmp_path)
    from phonotheque.disk import LocalDisk

    assert names_in(LocalDisk(tmp_path)) == wanted(Numbers())
    source = Numbers(60, generation=2)
    import_source(tmp_path, source)
    assert 0 < source.given < 60
    assert names_in(LocalDisk(tmp_path)) == wanted(Numbers(60, generation=2))
    assert replace(source.terms) == Terms("numbers", "Numbers")
