"""A dump and back: the same answers, whatever happens on the way."""

import hashlib
import json
import os
import shutil

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.build.small import build_small, by, song, table, together, write_source
from catalogue.dump.whole_catalogue import (
    CHOICES,
    MACHINE,
    MAKERS,
    answers,
    digest_of_answers,
    make_dump,
    terms_of,
)
from catalogue.killed import run_until_killed
from phonotheque.catalogue import census
from phonotheque.catalogue.dump.contents import decisions_in, read_sums, write_sums
from phonotheque.catalogue.dump.layout import FORMAT
from phonotheque.catalogue.dump.restoring import Restored, restore
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    BadReferenceError,
    ConflictError,
    DigestMismatchError,
    FormatTooNewError,
    FormatTooOldError,
    MalformedError,
)

STEPS = [
    "comparing digests", "taking in tables", "taking in cards",
    "taking the census", "ranking",
    "making search files", "making look-up files", "taking up ids", "taking digests",
]  # fmt: skip


def serving(root):
    return current_snapshot(root, LocalDisk(root))


def back(dump, root, **more):
    return restore(dump, root, MAKERS, MACHINE, **more)


def test_the_same_answers(site, restored):
    """Every search and every look-up is answered as before, by content hash."""
    before = serving(site / "catalogue")
    assert sum(map(bool, answers(before))) > 50
    assert digest_of_answers(restored) == digest_of_answers(before)


def test_the_same_files(site, restored):
    """What is searched and looked up is the same to the byte; so are cards."""
    before = serving(site / "catalogue").descriptor.files
    after = restored.descriptor.files
    served = {path for path in before if path.startswith(("serving/", "cards/"))}
    assert len(served) > 10
    assert {path: before[path] for path in served} == {path: after[path] for path in served}


def test_the_same_tables(site, restored):
    """Every row of every table comes back, with its source and its raw row."""
    before = serving(site / "catalogue")
    for name in before.descriptor.rows:
        rows = sorted(map(str, table(before, name)))
        assert sorted(map(str, table(restored, name))) == rows
    assert restored.descriptor.rows == before.descriptor.rows
    assert restored.descriptor.cards == before.descriptor.cards
    assert restored.descriptor.links == before.descriptor.links
    assert terms_of(restored) == terms_of(before)


def test_a_dump_of_what_was_restored_is_the_same(site, restored, tmp_path):
    """Dumped again, rows and ids are the same; only the epoch is another one."""
    make_dump(site / "restored", tmp_path / "again", forms=())
    for one in sorted((site / "dump").rglob("*.parquet")):
        other = tmp_path / "again" / one.relative_to(site / "dump")
        rows, rows_again = pq.read_table(one), pq.read_table(other)
        if one.name == "sources.parquet":
            rows, rows_again = (t.drop_columns(["generation"]) for t in (rows, rows_again))
        assert rows_again.equals(rows), one.name


def test_ids_go_on_in_an_epoch_of_their_own(site, restored):
    """No two archives give the same number of one epoch to different things."""
    before = open_epoch(site / "catalogue", LocalDisk(site / "catalogue")).record
    after = open_epoch(site / "restored", LocalDisk(site / "restored")).record
    assert after.next_ids == before.next_ids
    assert after.sources == before.sources
    assert after.epoch != before.epoch
    said = msgspec.json.decode((site / "restored" / "restored.json").read_bytes(), type=Restored)
    nothing = hashlib.sha256(b"").hexdigest()
    name = restored.descriptor.name
    assert said == Restored(name, before.epoch, before.next_ids, (nothing,))


def test_the_next_build_goes_on(site, restored, tmp_path):
    """What was restored is a source for the next build, beside what is imported then."""
    root = tmp_path / "catalogue"
    shutil.copytree(site / "restored", root)
    more = together(by(1, "Somebody new"), {"recording": [song(2, "New here")]})
    write_source(root, "third", more)
    made = build_small(root, CHOICES)
    ids = {row["title"]: row["id"] for row in table(restored, "recording")}
    rows = {row["title"]: row["id"] for row in table(made, "recording")}
    assert rows == ids | {"New here": len(table(restored, "recording"))}
    assert made.descriptor.rows["gid_redirect"] == restored.descriptor.rows["gid_redirect"]
    write_source(root, "third", more, generation=2)
    again = build_small(root, CHOICES)
    assert again.descriptor.rows["gid_redirect"] == restored.descriptor.rows["gid_redirect"]


def test_only_parquet_is_needed(site, tmp_path):
    """Who fetched the Parquet files and the small ones has all that it takes."""
    dump = tmp_path / "dump"
    shutil.copytree(site / "dump", dump, ignore=shutil.ignore_patterns("json", "*.zst"))
    assert digest_of_answers(back(dump, tmp_path / "new")) == digest_of_answers(
        serving(site / "catalogue")
    )


def test_a_catalogue_is_not_written_over(site, tmp_path):
    """Where a catalogue is, nothing is restored."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "current").write_text("snapshot-000009\n")
    with pytest.raises(ConflictError, match="already"):
        back(site / "dump", tmp_path / "new")
    assert not (tmp_path / "new.part").exists()


@pytest.mark.parametrize("lost", ["SHA256SUMS", "dump.json"])
def test_what_is_no_dump_is_refused(site, tmp_path, lost):
    """A folder without its digests or its contents is no dump, or not a whole one."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    (tmp_path / "dump" / lost).unlink()
    with pytest.raises(BadReferenceError):
        back(tmp_path / "dump", tmp_path / "new")


def needed(site):
    sheets = sorted((site / "dump").rglob("*.parquet"))
    paths = (path.relative_to(site / "dump").as_posix() for path in sheets)
    return ["dump.json", *decisions_in(site / "dump"), *paths]


def test_every_flipped_bit_is_found(site, tmp_path):
    """A changed byte in any file that is needed is told, and no catalogue is made."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    for path in needed(site):
        file = tmp_path / "dump" / path
        data = file.read_bytes() or b"\n"
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises((DigestMismatchError, MalformedError)):
            back(tmp_path / "dump", tmp_path / "new")
        file.write_bytes((site / "dump" / path).read_bytes())
    assert not (tmp_path / "new").exists()


def test_an_empty_file_need_not_come_along(site, tmp_path):
    """An older dump that came by torrent lacks the empty file that its digests name; one that had
    bytes must be there, and one that no digest names is refused."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    file, sums = tmp_path / "dump" / "decisions.jsonl", tmp_path / "dump" / "SHA256SUMS"
    file.unlink(missing_ok=True)
    lines = [line for line in sums.read_text().splitlines() if "decisions" not in line]
    named = [*lines, f"{hashlib.sha256(b'a line').hexdigest()}  decisions.jsonl"]
    sums.write_text("\n".join(named) + "\n")
    with pytest.raises(MalformedError, match="lacks"):
        back(tmp_path / "dump", tmp_path / "new")
    sums.write_text("\n".join(lines) + "\n")
    file.write_bytes(b"{}\n")
    with pytest.raises(MalformedError, match="lacks"):
        back(tmp_path / "dump", tmp_path / "new")
    file.unlink()
    named = [*lines, f"{hashlib.sha256(b'').hexdigest()}  decisions.jsonl"]
    sums.write_text("\n".join(named) + "\n")
    back(tmp_path / "dump", tmp_path / "new")


def test_every_file_that_digests_name_has_bytes(site):
    """A torrent carries no empty file: `sha256sum --check` is content with what came by one."""
    sums = read_sums(site / "dump")
    assert sums
    assert all((site / "dump" / path).stat().st_size for path in sums)


@pytest.mark.parametrize("path", ["parquet/links.parquet", "parquet/tables/isrc/open.parquet"])
def test_a_missing_file_is_told(site, tmp_path, path):
    """A dump that lost a file is refused by the name of the file."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    (tmp_path / "dump" / path).unlink()
    with pytest.raises(MalformedError, match="lacks"):
        back(tmp_path / "dump", tmp_path / "new")


def change_contents(dump, change):
    said = json.loads((dump / "dump.json").read_text())
    change(said)
    (dump / "dump.json").write_text(json.dumps(said))
    write_sums(dump, {})


FORMS = [
    (1, FormatTooOldError, r"dump.json: an earlier Phonotheque.*Make a full dump again"),
    (FORMAT + 1, FormatTooNewError, "later Phonotheque"),
    (0, MalformedError, "names no format"),
    ("2", MalformedError, "cannot be read"),
]


@pytest.mark.parametrize(("form", "error", "words"), FORMS)
def test_another_form_is_no_damage(site, tmp_path, form, error, words):
    """A dump of an earlier program says so, and what to do, whatever else it lacks; one of a later
    program, too; what names no form is damaged."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    change_contents(tmp_path / "dump", lambda said: (said.update(format=form), said.pop("state")))
    with pytest.raises(error, match=words):
        back(tmp_path / "dump", tmp_path / "new")
    assert not (tmp_path / "new").exists()


LIES = {
    "a path out of the folder": lambda said: said["rows"].update({"parquet/../../x.parquet": 1}),
    "a source that is a path": lambda said: said["sources"][0].update(name="../x"),
    "two sources of one number": lambda said: said["sources"][0].update(
        id=said["sources"][1]["id"]
    ),
    "a snapshot that is a path": lambda said: said.update(snapshot="../x"),
    "another count of rows": lambda said: said["rows"].update({"parquet/recordings.parquet": 1}),
    "ids that were never given": lambda said: said["next_ids"].update(recording=1),
    "ids without an end": lambda said: said["next_ids"].update(recording=2**63 - 1),
    "a date that is a command": lambda said: said.update(made_at="2024-05-06\n.shell x\n--"),
    "a title of two lines": lambda said: said["sources"][0].update(title="Open\n.shell x"),
    "no flat table": lambda said: said["rows"].pop("parquet/recordings.parquet"),
    "no sources": lambda said: said.pop("sources"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(site, tmp_path, lie):
    """A dump whose digests are right and whose contents are not is refused."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    change_contents(tmp_path / "dump", LIES[lie])
    with pytest.raises(MalformedError):
        back(tmp_path / "dump", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_other_columns_are_refused(site, tmp_path):
    """A file of other columns is not read by guessing."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    path = tmp_path / "dump" / "parquet" / "recordings.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["listens"]), path)
    write_sums(tmp_path / "dump", {})
    with pytest.raises(MalformedError, match="columns"):
        back(tmp_path / "dump", tmp_path / "new")


def test_ids_that_do_not_rise_are_refused(site, tmp_path):
    """Search and look-up rest on the order of ids."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    path = tmp_path / "dump" / "parquet" / "recordings.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.sort_by([("id", "descending")]), path)
    write_sums(tmp_path / "dump", {})
    with pytest.raises(MalformedError, match="rise"):
        back(tmp_path / "dump", tmp_path / "new")


@pytest.mark.parametrize(
    ("path", "column", "value", "told"),
    [
        ("recordings", "title", "x\n.shell x", "control"),
        ("tables/recording/open", "title", "x\x1b[2J", "control"),
        ("tables/recording/open", "key", None, "no key"),
        ("tables/track/open", "recording", 1 << 62, "can have given"),
        ("links", "one", -1, "can have given"),
    ],
)
def test_rows_that_cannot_be_are_refused(site, tmp_path, path, column, value, told):
    """A text of more than a line, a row without key and an id that is none make no catalogue."""
    shutil.copytree(site / "dump", tmp_path / "dump")
    file = tmp_path / "dump" / "parquet" / f"{path}.parquet"
    rows = pq.read_table(file)
    field = rows.schema.field(column)
    values = pa.array([*rows[column].to_pylist()[:-1], value], field.type)
    place = rows.schema.get_field_index(column)
    pq.write_table(rows.set_column(place, field, values), file)
    write_sums(tmp_path / "dump", {})
    with pytest.raises(MalformedError, match=told):
        back(tmp_path / "dump", tmp_path / "new")
    assert not (tmp_path / "new").exists()


class StoppedError(Exception):
    """A stop in the middle."""


def test_a_stopped_restore_goes_on(site, tmp_path):
    """Stopped in every step in turn, it ends as if nothing had been."""
    for step in STEPS:

        def at(progress, step=step):
            if progress.step == step:
                raise StoppedError

        with pytest.raises(StoppedError):
            back(site / "dump", tmp_path / "new", on_progress=at)
        assert not (tmp_path / "new").exists()
    made = back(site / "dump", tmp_path / "new")
    assert digest_of_answers(made) == digest_of_answers(serving(site / "catalogue"))
    assert not (tmp_path / "new.part").exists()


def test_another_census_begins_anew(site, tmp_path, monkeypatch):
    """A census that an earlier program left unfinished is not taken over."""

    def at(progress):
        if progress.step == "making search files":
            raise StoppedError

    with pytest.raises(StoppedError):
        back(site / "dump", tmp_path / "new", on_progress=at)
    (marked,) = (one / "left" for one in (tmp_path / "new.part").rglob(census.FOLDER))
    marked.touch()
    monkeypatch.setattr(census, "VERSION", census.VERSION + 1)
    with pytest.raises(StoppedError):
        back(site / "dump", tmp_path / "new", on_progress=at)
    assert marked.parent.is_dir()
    assert not marked.exists()


CHILD = """
from catalogue.dump.whole_catalogue import MACHINE, MAKERS
from phonotheque.catalogue.dump.restoring import restore
def at(progress):
    if progress.step == sys.argv[3]:
        die()
restore(Path(sys.argv[1]), Path(sys.argv[2]), MAKERS, MACHINE, on_progress=at)
"""


@pytest.mark.torture
def test_a_killed_restore_goes_on(site, tmp_path):
    """Killed while it makes search files, it leaves no catalogue, and the next run goes on."""
    new = tmp_path / "new"
    run_until_killed(CHILD, site / "dump", new, "making look-up files")
    assert not new.exists()
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "new.part").rglob("search-*.db")}
    assert kept
    made = back(site / "dump", new)
    assert digest_of_answers(made) == digest_of_answers(serving(site / "catalogue"))
    moved = {new / p.relative_to(tmp_path / "new.part"): at for p, at in kept.items()}
    assert {p: os.stat(p).st_mtime_ns for p in moved} == moved
