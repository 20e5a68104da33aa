"""Writing a dump: which rows are in it, and what a stop, a full disk or an earlier dump changes."""

import errno
import os
import re
import shutil

import pyarrow.parquet as pq
import pytest
from backports import zstd

from catalogue.build.small import build_small, by, song, table, together, write_source
from catalogue.dump.whole_catalogue import (
    CC0,
    CC_BY_NC_SA,
    CHOICES,
    MACHINE,
    MAKERS,
    answers,
    make_dump,
)
from catalogue.killed import run_until_killed
from phonotheque.catalogue import sqlite_making
from phonotheque.catalogue.dump import contents as contents_module
from phonotheque.catalogue.dump import json_lines, parquet_files, sqlite_file
from phonotheque.catalogue.dump.choosing import Wanted
from phonotheque.catalogue.dump.contents import read_contents, read_sums
from phonotheque.catalogue.dump.dumping import dump, plan
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.dump.restoring import restore
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.identity.decisions import Named, split
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    BadReferenceError,
    ConflictError,
    DiskFullError,
    NoCatalogueError,
    NotHeldError,
)


def everything_in(folder):
    """All bytes of a dump, unpacked."""
    said = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            said.append(str(pq.read_table(path).to_pylist()) + str(pq.read_schema(path).metadata))
        elif path.suffix == ".zst":
            said.append(zstd.decompress(path.read_bytes()).decode("utf-8", "replace"))
        elif path.is_file():
            said.append(path.read_text(encoding="utf-8"))
        said.append(path.name)
    return "\n".join(said)


@pytest.fixture(scope="module")
def part(site, tmp_path_factory):
    """A dump of one of the sources, which was chosen by name."""
    out = tmp_path_factory.mktemp("part") / "dump"
    make_dump(site / "catalogue", out, wanted=Wanted(names=("open",)))
    return out


@pytest.fixture(scope="module")
def licensed(site, tmp_path_factory):
    """The same chosen by its licence, as Parquet: what is chosen is written alike in every form."""
    out = tmp_path_factory.mktemp("licensed") / "dump"
    make_dump(site / "catalogue", out, wanted=Wanted(licences=(CC0,)), forms=())
    return out


@pytest.mark.parametrize("chosen", ["part", "licensed"], ids=["by name", "by licence"])
def test_one_source_leaves_no_trace_of_another(request, chosen):
    """A dump of a source has all that it says, and nothing that another says."""
    folder = request.getfixturevalue(chosen)
    made = read_contents(folder)
    assert [one.name for one in made.sources] == ["open"]
    assert not made.is_whole
    said = everything_in(folder)
    assert "Kettle & Comet" in said
    assert not re.search('netlabel|Only here|Ødegård"?, *"?bjork', said, re.IGNORECASE)
    assert CC_BY_NC_SA not in said


def test_a_part_is_a_catalogue_of_its_own(site, part, tmp_path):
    """What another source linked or said first is as if it had never been."""
    made = restore(part, tmp_path / "new", MAKERS, MACHINE)
    whole = current_snapshot(site / "catalogue", LocalDisk(site / "catalogue"))
    titles = {row["id"]: row["title"] for row in table(whole, "recording") if row["source"] == 2}
    assert {row["id"]: row["title"] for row in table(made, "recording")} == titles
    assert made.descriptor.cards["recording"] == len(titles)
    assert made.descriptor.links == {}
    assert any(answers(made))


def test_what_cannot_be_chosen(site, tmp_path):
    """A source that is none and terms that nobody has are told, with what there is."""
    with pytest.raises(BadReferenceError, match="no such source"):
        make_dump(site / "catalogue", tmp_path / "dump", wanted=Wanted(names=("nobody",)))
    with pytest.raises(NotHeldError, match=r"open: .*zero"):
        make_dump(
            site / "catalogue",
            tmp_path / "dump",
            wanted=Wanted(licences=("https://creativecommons.org/licenses/by-nd/4.0/",)),
        )
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoCatalogueError):
        make_dump(tmp_path / "empty", tmp_path / "dump")
    assert not (tmp_path / "dump").exists()


def test_what_is_no_dump_stays(site, tmp_path):
    """A folder with anything else in it is not written to."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ConflictError):
        make_dump(site / "catalogue", tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_earlier_dump_is_replaced_and_named(site, tmp_path):
    """The new dump says which one it came after, and the old one is gone."""
    root = tmp_path / "catalogue"
    shutil.copytree(site / "catalogue", root)
    shutil.copytree(site / "dump", tmp_path / "dump")
    write_source(root, "third", together(by(1, "New"), {"recording": [song(2, "New here")]}))
    build_small(root, CHOICES)
    made = make_dump(root, tmp_path / "dump", forms=())
    assert (made.snapshot, made.previous) == ("snapshot-000002", "snapshot-000001")
    assert read_contents(tmp_path / "dump") == made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalogue", "dump"]


def test_the_same_snapshot_gives_the_same_bytes(site, tmp_path):
    """Two dumps of one snapshot do not differ."""
    make_dump(site / "catalogue", tmp_path / "again")
    assert read_sums(tmp_path / "again") == read_sums(site / "dump")


def test_a_full_disk_is_told_and_nothing_is_half_written(site, tmp_path, monkeypatch):
    """Whichever file the disk refuses: our error, the old dump stays, the next run goes on."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    before = read_sums(tmp_path / "dump")
    real, left = os.replace, [7]

    def replace(*args):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    monkeypatch.setattr(parquet_files.os, "replace", replace)
    with pytest.raises(DiskFullError):
        make_dump(site / "catalogue", tmp_path / "dump")
    monkeypatch.undo()
    assert read_sums(tmp_path / "dump") == before
    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "dump.part").rglob("*.parquet")}
    assert written
    make_dump(site / "catalogue", tmp_path / "dump")
    assert read_sums(tmp_path / "dump") == before
    again = {p: (tmp_path / "dump" / p.relative_to(tmp_path / "dump.part")) for p in written}
    assert all(again[p].stat().st_mtime_ns == at for p, at in written.items() if p.name[0] != ".")


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.torture
@pytest.mark.parametrize("form", ["filling SQLite", "compressing SQLite", "JSON lines", "digests"])
def test_a_full_disk_in_any_form_is_told(site, tmp_path, monkeypatch, form):
    """Whichever form is written: our error, no dump, nothing cut off under a name of its own."""
    match form:
        case "filling SQLite":
            pragmas = f"{sqlite_making._PRAGMAS} PRAGMA max_page_count = 20;"
            monkeypatch.setattr(sqlite_making, "_PRAGMAS", pragmas)
        case "compressing SQLite":
            monkeypatch.setattr(sqlite_file.SeekableWriter, "write", _full)
        case "JSON lines":
            monkeypatch.setattr(json_lines.SeekableWriter, "_end_frame", _full)
        case "digests":
            monkeypatch.setattr(contents_module, "sync_file", _full)
    forms = ("json",) if form == "JSON lines" else ("sqlite",)
    with pytest.raises(DiskFullError):
        make_dump(site / "catalogue", tmp_path / "dump", forms=forms)
    assert not (tmp_path / "dump").exists()
    whole = [p for p in (tmp_path / "dump.part").rglob("*.zst") if not p.name.startswith(".")]
    assert not whole or form == "digests"
    monkeypatch.undo()
    make_dump(site / "catalogue", tmp_path / "dump", forms=forms)


STEPS = [
    "writing Parquet", "taking the state", "filling SQLite", "compressing SQLite",
    "writing JSON lines", "taking digests",
]  # fmt: skip


class StoppedError(Exception):
    """A stop in the middle."""


def test_a_stopped_dump_goes_on(site, tmp_path):
    """Stopped in every step in turn, it ends as if nothing had been."""
    root = site / "catalogue"
    for step in STEPS:

        def at(progress, step=step):
            if progress.step == step:
                raise StoppedError

        with pytest.raises(StoppedError):
            dump(root, LocalDisk(root), tmp_path / "dump", Wish(machine=MACHINE), at)
        assert not (tmp_path / "dump").exists()
    seen = []
    dump(root, LocalDisk(root), tmp_path / "dump", Wish(machine=MACHINE), seen.append)
    assert {one.step for one in seen} == {STEPS[1], *STEPS[4:]}
    assert read_sums(tmp_path / "dump") == read_sums(site / "dump")
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


CHILD = """
from catalogue.dump.whole_catalogue import MACHINE
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.disk import LocalDisk
root = Path(sys.argv[1])
def at(progress):
    if progress.step == sys.argv[3]:
        die()
dump(root, LocalDisk(root), Path(sys.argv[2]), Wish(machine=MACHINE), at)
"""


def test_a_killed_dump_goes_on(site, tmp_path):
    """Killed in the middle, the old dump stays; the next run ends as if nothing had been."""
    out = tmp_path / "dump"
    shutil.copytree(site / "dump", out)
    run_until_killed(CHILD, site / "catalogue", out, "compressing SQLite")
    assert read_sums(out) == read_sums(site / "dump")
    assert (tmp_path / "dump.part").exists()
    make_dump(site / "catalogue", out)
    assert read_sums(out) == read_sums(site / "dump")


def test_other_choices_begin_anew(site, tmp_path):
    """What another choice left unfinished never comes into a dump."""
    root = site / "catalogue"

    def at(progress):
        if progress.step == "compressing SQLite":
            raise StoppedError

    with pytest.raises(StoppedError):
        dump(root, LocalDisk(root), tmp_path / "dump", Wish(machine=MACHINE), at)
    make_dump(root, tmp_path / "dump", wanted=Wanted(names=("open",)), forms=())
    assert "netlabel" not in everything_in(tmp_path / "dump")


def test_a_plan_tells_sizes(site):
    """A dry run says which sources, how many rows, and about how much room."""
    snapshot = current_snapshot(site / "catalogue", LocalDisk(site / "catalogue"))
    whole, part = plan(snapshot, Wish()), plan(snapshot, Wish(Wanted(names=("open",))))
    assert whole.sources == ("netlabel", "open")
    assert whole.rows == sum(snapshot.descriptor.rows.values())
    assert 0 < part.rows < whole.rows
    assert 0 < part.size_bytes < whole.size_bytes < whole.size_bytes + whole.work_bytes


def test_no_personal_data(site, tmp_path):
    """No e-mail address, no reason of a decision, no path of this machine is in a dump."""
    root = tmp_path / "catalogue"
    shutil.copytree(site / "catalogue", root)
    ends = [Named(gid_of(source, "recording", "x")) for source in ("open", "netlabel")]
    split(LocalDisk(root), "recording", *ends, at="2024-01-01T00:00:00Z", reason="ask Jo, jo@x.org")
    make_dump(root, tmp_path / "dump")
    said = everything_in(tmp_path / "dump")
    assert str(ends[0].gid) in said
    assert not re.search(r"[\w.]+@[\w.]+\.\w\w", said)
    assert str(tmp_path) not in said
    assert not re.search(r"user_(id|name)|listener|ip_address", said)
    assert contents_module.DECISIONS_FILE in read_sums(tmp_path / "dump")
