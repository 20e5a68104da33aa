"""`phono takedown`: gone in one command, told without a name, back only by adding anew."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, Phono, copy_archive, found, rows
from tests.cli.small_music import make_file, make_music

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.opening import open_to_read
from phonotheque.archive.recordings.derivatives import cache_of, open_copy
from phonotheque.disk import LocalDisk
from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.form import folder_of
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Volume
from phonotheque.register.published import offered

REASON = ("--reason", "The label asked for it")


@pytest.fixture(scope="module")
def label(tmp_path_factory):
    """Made once: four recordings in one volume, and nothing else published."""
    folder = tmp_path_factory.mktemp("label")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    told = phono.add(folder / "music", *LICENSED)
    with open_to_read(phono.root):
        pass
    phono.publish()
    return folder, {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def shared(label, tmp_path, monkeypatch):
    """A copy of it, the name of one recording, and the music beside it."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    folder, names = label
    return copy_archive(folder / "archive", tmp_path / "a"), names["release 0/001.flac"]


def test_an_item_is_gone_everywhere(shared):
    """Bytes, torrent, lists and copies go; a successor has the rest, without reading any audio."""
    phono, name = shared
    with open_to_read(phono.root) as archive:
        open_copy(archive, archive.index.held(Sha256.parse(name))).close()
    (old,) = phono.root.glob("published/*-open-all-*.torrent")
    kept = {file.path[-1] for file in read_torrent(old.read_bytes()).files} - {f"{name}.flac"}
    done = phono("takedown", name, *REASON, "--json").expect(0).one()
    assert done["case"].endswith("-1")
    assert done["copies"] == 1
    assert done["announced"]
    assert [one["sha256"] for one in done["objects"]] == [name]
    (new,) = phono.root.glob("published/*-open-all-*.torrent")
    files = {file.path[-1] for file in read_torrent(new.read_bytes()).files}
    assert files == kept
    assert done["successors"] == {old.stem: new.stem}
    left = {path.name for path in phono.root.rglob("*") if name[:40] in path.name}
    assert not left
    assert not list(phono.root.glob(f"objects/lists/{old.stem}/*"))
    texts = b"".join(path.read_bytes() for path in phono.root.glob("objects/lists/*/*"))
    assert name.encode() not in texts
    assert phono.show(name)["condition"] == "removed"
    phono("verify", "--all").expect(0)


def test_what_was_made_of_items_is_counted_in_words(shared, label):
    """Two copies are two copies."""
    phono, name = shared
    both = [name, label[1]["release 0/003.wav"]]
    with open_to_read(phono.root) as archive:
        for one in both:
            open_copy(archive, archive.index.held(Sha256.parse(one))).close()
    said = phono("takedown", *both, *REASON).expect(0).out
    assert "Removed, too, what was made of it: 2 copies or pictures." in said


def test_a_dry_run_says_it_and_changes_nothing(shared):
    """What would be removed and retired is told, and the register stays as it is."""
    phono, name = shared
    before = phono.events()
    told = phono("takedown", name[:10], *REASON, "--dry-run", "--json").expect(0).one()
    assert [one["sha256"] for one in told["objects"]] == [name]
    assert [(one["left"]) for one in told["volumes"]] == [3]
    assert "Would be removed" in phono("takedown", name, *REASON, "--dry-run").expect(0).out
    assert phono.events() == before


def test_names_and_evidence_stay_where_they_can_be_erased(shared):
    """Who asked and what was sent is in people.sqlite; the register has an id and a digest."""
    phono, name = shared
    sent = ("--requested-by", "Ada Lovelace", "--evidence", "her letter of May")
    phono("takedown", name, *REASON, *sent, "--case", "letter-7").expect(0)
    (line,) = phono.events("removal")
    assert (line["case"], line["reason"]) == ("letter-7", REASON[1])
    assert line["evidence"].startswith("sha256:")
    raw = b"".join(path.read_bytes() for path in phono.root.glob("register/*.jsonl"))
    public = (phono.root / "published/tombstones.jsonl").read_bytes()
    assert b"Ada" not in raw + public
    assert b"letter of May" not in raw + public
    people = rows(phono.root / "people.sqlite")
    (person,) = [row for row in people["person"] if "Ada Lovelace" in row]
    assert line["requested_by"] == f"p{person[0]}"


def test_ids_of_people_in_cases_are_not_given_twice(shared):
    """When people.sqlite is lost, nobody gets the number of who asked for a removal."""
    phono, name = shared
    phono("takedown", name, *REASON, "--requested-by", "Ada").expect(0)
    (phono.root / "people.sqlite").unlink()
    make_music(phono.root.parent / "more", 1)
    phono.add(phono.root.parent / "more", "--depositor", "Bob")
    (before,) = phono.events("removal")
    assert int(phono.events("deposit")[-1]["depositor"][1:]) > int(before["requested_by"][1:])


def test_removing_twice_is_removing_once(shared):
    """A second command changes nothing and says so; without an ID nothing is left undone."""
    phono, name = shared
    phono("takedown", name, *REASON).expect(0)
    before = phono.events()
    again = phono("takedown", name, *REASON, "--json").expect(0).one()
    assert (again["case"], again["objects"], again["gone_already"]) == ("", [], [name])
    assert "Nothing new" in phono("takedown", name, *REASON).expect(0).out
    assert "No removal was left undone" in phono("takedown").expect(0).out
    assert phono.events() == before


@pytest.mark.parametrize("command", ["export", "dress"])
def test_what_was_removed_is_not_called_missing(shared, tmp_path, command):
    """Who asks for a copy of a removed item is told that it was removed, when, and why."""
    phono, name = shared
    case = phono("takedown", name, *REASON, "--json").expect(0).one()["case"]
    told = phono(command, name, "--to", tmp_path / "copy").expect(2).err
    assert f"case {case}: {REASON[1]}" in told
    assert "missing" not in told
    assert not any(path.is_file() for path in tmp_path.glob("copy/**/*"))


def test_what_was_removed_comes_back_only_when_asked_for(shared, label):
    """Adding the same bytes is refused with the reason; `--again` is a new accession, and told."""
    phono, name = shared
    music = label[0] / "music"
    phono("takedown", name, *REASON).expect(0)
    told = phono.add(music, *LICENSED, status=1)["release 0/001.flac"]
    assert (told["outcome"], told["sha256"]) == ("refused", name)
    assert REASON[1] in told["reason"]
    assert "--again" in told["reason"]
    assert phono.show(name)["condition"] == "removed"
    told = phono.add(music, *LICENSED, "--again")["release 0/001.flac"]
    assert told["outcome"] == "added"
    assert phono.show(name)["condition"] == "intact"
    log = phono("takedown", "--log", name, "--json").expect(0).lines()
    assert [line["event"] for line in log] == ["removal", "return"]
    phono.publish()
    assert phono.show(name)["volume"] is not None


def test_a_counter_notice_is_kept_with_its_case(shared):
    """It is public, brings nothing back, and needs a case that exists."""
    phono, name = shared
    case = phono("takedown", name, *REASON, "--json").one()["case"]
    notice = ("--counter-notice", case, "--summary", "They do not hold the rights")
    phono("takedown", *notice, "--requested-by", "Bob", "--evidence", "his letter").expect(0)
    assert phono.show(name)["condition"] == "removed"
    public = (phono.root / "published/tombstones.jsonl").read_text(encoding="utf-8")
    assert "They do not hold the rights" in public
    assert "Bob" not in public
    log = phono("takedown", "--log").expect(0).out
    assert "counter-notice" in log
    phono("takedown", "--counter-notice", "2020-9", "--summary", "x").expect(2)
    phono("takedown", name, "--counter-notice", case, "--summary", "x").expect(2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("ffffffffffff", *REASON),
        ("00000000-0000-4000-8000-000000000000", *REASON),
        ("x", *REASON),
    ],
)
def test_what_is_not_known_is_refused_before_anything_is_written(shared, arguments):
    """A name that means nothing changes nothing."""
    phono, _ = shared
    before = phono.events()
    phono("takedown", *arguments).expect(2)
    assert phono.events() == before


def test_a_reason_is_needed(shared):
    """Without a reason for everybody nothing is removed."""
    phono, name = shared
    phono("takedown", name).expect(2)
    assert phono.show(name)["condition"] == "intact"


def test_a_companion_can_be_removed(shared, label):
    """A cover or a text is an object like any other; no volume has it, so none is retired."""
    phono, _ = shared
    notes = label[1]["notes.txt"]
    done = phono("takedown", notes, *REASON, "--json").expect(0).one()
    assert done["successors"] == {}
    assert not list(phono.root.glob(f"objects/*/*/{notes}*"))


def test_a_gid_names_all_files_of_a_recording_and_search_forgets_it(shared):
    """Search stops finding it at once; its page stays, and says that it was removed."""
    phono, name = shared
    phono("catalogue", "build").expect(0)
    gid = phono.show(name)["gid"]
    title = phono.show(name)["tags"]["title"]
    assert title in phono("search", title).expect(0).out
    done = phono("takedown", gid, *REASON, "--json").expect(0).one()
    assert [one["sha256"] for one in done["objects"]] == [name]
    found_now = phono("search", title, "--json").expect(0).lines()
    assert gid not in {one.get("gid") for one in found_now}
    shown = phono.show(gid)
    assert (shown["gid"], shown["is_held"]) == (gid, False)
    assert [file["state"] for file in shown["files"]] == ["removed"]
    phono("catalogue", "build").expect(0)
    assert phono.show(gid)["gid"] == gid


def test_nothing_is_made_of_it_again(shared):
    """No copy, no picture and no dressed copy is made of what was removed."""
    phono, name = shared
    phono("takedown", name, *REASON).expect(0)
    with open_to_read(phono.root) as archive:
        held = archive.index.held(Sha256.parse(name))
        with pytest.raises(NotHeldError):
            open_copy(archive, held)
        assert cache_of(archive).forget(held.sha256) == 0
    phono("show", name, "--picture", phono.root.parent / "x.svg").expect(2)
    phono("dress", name, "--to", phono.root.parent / "x.flac").expect(2)
    phono("export", name, "--to", phono.root.parent / "out").expect(2)


KILL = """
import os, signal, sys
from phonotheque.cli.app import run
from phonotheque.disk import LocalDisk
left = int(sys.argv[1])
def fatal(name):
    real = getattr(LocalDisk, name)
    def call(self, *arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)
    return call
for name in ("create", "append", "rename", "remove", "symlink", "sync_folder"):
    setattr(LocalDisk, name, fatal(name))
sys.exit(run(sys.argv[2:]))
"""
STEP = int(os.environ.get("PHONOTHEQUE_KILL_STEP", "7")) * 14


def test_a_killed_removal_closes_all_doors_and_goes_on(shared, tmp_path):
    """kill -9 after any number of writes: the next command finishes what the line decided."""
    phono, name = shared
    is_through, calls = False, 0
    while not is_through:
        calls += STEP
        one = copy_archive(phono.root, tmp_path / "killed")
        arguments = ["--archive", str(one.root), "takedown", name, *REASON]
        command = [sys.executable, "-c", KILL, str(calls), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=300, check=False)
        is_through = done.returncode == 0
        assert is_through or done.returncode == -signal.SIGKILL, done.stderr
        _assert_goes_on(one, name)
        shutil.rmtree(one.root)
    assert calls > STEP


def _assert_goes_on(phono: Phono, name: str) -> None:
    if phono.show(name)["condition"] == "removed":
        with open_to_read(phono.root) as archive:
            closed = closures(archive)
            for one in offered(archive.index):
                held = name in _objects(phono, one) or one.name.endswith("facts-all-00001")
                assert not held or one.name in closed
    phono("takedown", name, *REASON).expect(0)
    assert not list(phono.root.glob(f"objects/*/*/{name}*"))
    assert len(phono.events("removal")) == 1
    assert name not in _members(phono)
    assert len(_members(phono)) == 3
    phono("verify", "--all").expect(0)


def _members(phono: Phono) -> set[str]:
    """What is in torrents of volumes that lie in published/."""
    paths = phono.root.glob("published/*-open-all-*.torrent")
    return set().union(*(_objects_in(path) for path in paths))


def _objects(phono: Phono, one: object) -> set[str]:
    """What is in a volume that is offered; of a pack nothing is a whole object."""
    path = phono.root / f"published/{one.name}.torrent"
    return _objects_in(path) if isinstance(one, Volume) and path.exists() else set()


def _objects_in(path: Path) -> set[str]:
    files = read_torrent(path.read_bytes()).files
    return {file.path[-1][:64] for file in files if file.path[0] != "lists"}


def test_the_keys_of_json_are_told_once(shared):
    """The record of a removal has the same keys as its dry run, and what was done beside."""
    phono, name = shared
    foreseen = phono("takedown", name, *REASON, "--dry-run", "--json").one()
    done = phono("takedown", name, *REASON, "--json").one()
    assert set(done) - set(foreseen) == {
        "case",
        "successors",
        "freed_bytes",
        "copies",
        "announced",
    } | {"packs"} - set(foreseen)
    assert json.dumps(done)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Made once: a release with cover and scans, one of two discs, a text over both; packs."""
    folder = tmp_path_factory.mktemp("released")
    music = folder / "music"
    for number, place in enumerate(("One", "One", "Two/CD1", "Two/CD2")):
        (music / place).mkdir(parents=True, exist_ok=True)
        make_file(music / place / f"{number}.flac", number)
    (music / "One/scans").mkdir()
    brought = ("One/cover.jpg", "One/scans/back.jpg", "One/rip.log", "Two/cover.jpg", "about.txt")
    for path in brought:
        (music / path).write_bytes(f"bytes of {path}".encode())
    phono = found(folder / "archive")
    told = phono.add(music, *LICENSED)
    phono.publish()
    return folder, {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def releases(released, tmp_path, monkeypatch):
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    folder, names = released
    return copy_archive(folder / "archive", tmp_path / "a"), names


def test_what_only_a_release_brought_goes_with_it(releases):
    """Cover, scans and log of a release that goes are named before, removed, and in no new pack."""
    phono, names = releases
    gone = {path for path in names if path.startswith("One/")}
    arguments = [names["One/0.flac"], names["One/1.flac"], *REASON]
    foreseen = phono("takedown", *arguments, "--dry-run", "--json").expect(0).one()
    assert {one["sha256"] for one in foreseen["objects"]} == {names[path] for path in gone}
    (art,) = (name for name in foreseen["packs"] if "-art-" in name)
    said = phono("takedown", *arguments, "--dry-run").expect(0).out
    assert all(path.rpartition("/")[2] in said for path in gone if not path.endswith("flac"))
    done = phono("takedown", *arguments, "--json").expect(0).one()
    assert art in done["packs"]
    phono.publish()
    (new,) = phono.root.glob("published/packs/*-art-*")
    with OpenPack(LocalDisk(phono.root), folder_of(new.name)) as opened:
        keys = {entry.key for entry in opened.entries()}
    assert names["Two/cover.jpg"] in keys
    assert not [path for path in gone if names[path] in keys]
    assert not [path for path in gone if list(phono.root.glob(f"objects/*/*/{names[path]}*"))]


def test_what_others_brought_too_stays_and_is_named(releases):
    """The cover over two discs stays while one of them does; the other disc takes it along."""
    phono, names = releases
    first = phono("takedown", names["Two/CD1/2.flac"], *REASON, "--json").expect(0).one()
    assert [one["sha256"] for one in first["objects"]] == [names["Two/CD1/2.flac"]]
    shared = {one["sha256"]: one["recordings"] for one in first["shared"]}
    assert shared == {names["Two/cover.jpg"]: 1, names["about.txt"]: 3}
    last = phono("takedown", names["Two/CD2/3.flac"], *REASON).expect(0).out
    assert "2 objects removed" in last
    assert "about.txt" in last.partition("stays unless it is named")[2]
    assert phono.show(names["about.txt"])["condition"] == "intact"


def test_the_evidence_of_what_was_stated_stays(tmp_path, monkeypatch):
    """A `rights.toml` beside a release that goes stays: it is evidence, and never given out."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    phono = found(tmp_path / "a")
    music = tmp_path / "music"
    music.mkdir()
    make_file(music / "0.flac", 0)
    (music / "rights.toml").write_text(
        '[[rule]]\nmatch = "**"\nlicence = "CC-BY-4.0"\nevidence = "we made it"\n'
    )
    told = phono.add(music)
    done = phono("takedown", told["0.flac"]["sha256"], *REASON, "--json").expect(0).one()
    assert [one["role"] for one in done["objects"]] == ["recording"]
    assert phono.show(told["rights.toml"]["sha256"])["condition"] == "intact"
