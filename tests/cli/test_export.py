"""`phono export`: copies under names for people, each verified before it gets its name."""

import hashlib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.cli.phono import damage, flip, tree
from tests.cli.small_music import make_file

from phonotheque.archive.keeping.export_names import Copy, safe_part, told_apart
from phonotheque.music.digest import Sha256
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.store.lock import hold_lock

FORBIDDEN = set('<>:"/\\|?*') | {chr(n) for n in range(32)} | {"\x7f"}
RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in "0123456789¹²³"
}

parts = st.one_of(
    st.text(max_size=150),
    st.text(alphabet=" .\u3000\u0301eaß日CON\t/", max_size=150),
    st.sampled_from(["CON", "nul.", "aux.x", "com1", "LPT¹.txt", "..", ".hidden", "a. . ."]),
)


@given(parts)
@example("con" + " " * 130 + "x")
@example("." + "a" * 130)
@example("a\u3000.")
@example("a" * 119 + "é")
@example("\ud800")
def test_a_part_is_safe_everywhere(text):
    """Whatever a tag says, every file system in use takes the part, and takes it as it is."""
    part = safe_part(text)
    assert part
    assert not FORBIDDEN & set(part)
    assert len(part.encode()) <= 120
    assert part[-1] not in ". "
    assert part[0] not in ". "
    assert part.partition(".")[0].casefold() not in RESERVED
    assert unicodedata.is_normalized("NFC", part)


@given(parts)
def test_a_safe_part_stays(text):
    """Making a safe part safe changes nothing."""
    assert safe_part(safe_part(text)) == safe_part(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzÄé日 ", min_size=1, max_size=30))
def test_harmless_names_are_kept(text):
    """A name without anything forbidden is the name that was written, in NFC."""
    wanted = unicodedata.normalize("NFC", text).strip()
    if wanted and wanted.casefold() not in RESERVED:
        assert safe_part(text) == wanted


@pytest.fixture
def held(stocked):
    """What is held in `full`, by path."""
    return stocked[1]


@pytest.fixture
def full(stocked):
    """An archive with something in it."""
    return stocked[0]


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_recordings_get_the_names_of_their_tags(full, held, tmp_path):
    """Artist/Release/Title from tags, the rest as deposited; every byte is the archive's."""
    full("export", "--all", "--to", tmp_path / "out").expect(0)
    assert digests(tmp_path / "out") == {
        "Ada Ölund/Release 0/Piece 000.wav": held["release 0/000.wav"],
        "Bo/Release 0/Piece 001.flac": held["release 0/001.flac"],
        "ﾃｽﾄ/Release 0/Piece 002.mp3": held["release 0/002.mp3"],
        "The _ Slashes/Release 0/Piece 003.wav": held["release 0/003.wav"],
        "As deposited/notes.txt": held["notes.txt"],
    }
    (event,) = full.events("export")
    assert (event["form"], event["objects"]) == ("tree", 5)


def test_the_archive_is_only_read(full, held, tmp_path):
    """An export writes one line of the register and nothing else."""
    before = tree(full.root, "state", "register/")
    full("export", "--all", "--to", tmp_path / "out").expect(0)
    assert tree(full.root, "state", "register/") == before


def test_some_objects_are_exported_by_name(full, held, tmp_path):
    """Naming objects hands out these and no other."""
    done = full("export", held["notes.txt"][:9], "--to", tmp_path / "out", "--json").expect(0)
    assert done.lines() == [{"sha256": held["notes.txt"], "path": "As deposited/notes.txt"}]
    assert list(digests(tmp_path / "out")) == ["As deposited/notes.txt"]


@pytest.mark.parametrize(
    "twins",
    [
        ("Song.txt", "sOnG.txt"),
        (unicodedata.normalize("NFC", "Küche.txt"), unicodedata.normalize("NFD", "Küche.txt")),
        ("a?.txt", "a*.txt"),
        ("x", "X"),
    ],
)
def test_names_that_some_file_systems_take_for_one_are_told_apart(phono, tmp_path, twins):
    """Twins in case, Unicode form or forbidden signs both arrive, under names that differ."""
    for number, name in enumerate(twins):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(f"text {number}")
        phono.add(folder / name)
    phono("export", "--all", "--to", tmp_path / "out").expect(0)
    copies = digests(tmp_path / "out")
    assert len(copies) == 2
    assert len({unicodedata.normalize("NFC", path).casefold() for path in copies}) == 2


def test_a_copy_that_is_there_is_kept(full, held, tmp_path):
    """A second export writes nothing anew and brings what is lacking."""
    out = tmp_path / "out"
    full("export", "--all", "--to", out).expect(0)
    before = {path: path.stat().st_ino for path in out.rglob("*") if path.is_file()}
    lacking = min(before)
    lacking.unlink()
    full("export", "--all", "--to", out).expect(0)
    after = {path: path.stat().st_ino for path in out.rglob("*") if path.is_file()}
    assert set(after) == set(before)
    assert all(after[path] == before[path] for path in before if path != lacking)


def test_links_are_made_only_when_asked_for(full, held, tmp_path):
    """--link makes the archive's own files appear; without it copies are files of their own."""
    name = held["notes.txt"]
    own = full.object(name).stat().st_ino
    full("export", name, "--to", tmp_path / "copy").expect(0)
    full("export", name, "--to", tmp_path / "link", "--link").expect(0)
    assert (tmp_path / "copy/As deposited/notes.txt").stat().st_ino != own
    assert (tmp_path / "link/As deposited/notes.txt").stat().st_ino == own


@pytest.mark.parametrize("link", [(), ("--link",)], ids=["copy", "link"])
@pytest.mark.parametrize("change", [flip(3), lambda data: data[:-1]], ids=["flip", "cut"])
def test_a_damaged_object_is_not_handed_out(full, held, tmp_path, change, link):
    """Bytes that are not what their name says end with 4, and no file of that name appears."""
    path = full.object(held["notes.txt"])
    damage(path, change)
    done = full("export", held["notes.txt"], "--to", tmp_path / "out", *link).expect(4)
    assert path.relative_to(full.root).as_posix() in done.err
    assert digests(tmp_path / "out") == {}
    assert path.exists()
    assert not full.events("export")


def test_a_missing_object_is_named(full, held, tmp_path):
    """What is not held cannot be handed out: exit 2 names the object."""
    path = full.object(held["notes.txt"])
    path.unlink()
    done = full("export", held["notes.txt"], "--to", tmp_path / "out").expect(2)
    assert path.relative_to(full.root).as_posix() in done.err


def test_damage_costs_only_what_is_damaged(full, held, tmp_path):
    """What is damaged, missing or in the way is left out and named; all else arrives: exit 1."""
    damage(full.object(held["notes.txt"]), flip(0))
    full.object(held["release 0/001.flac"]).unlink()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ﾃｽﾄ").write_text("a file where a folder belongs")
    done = full("export", "--all", "--to", tmp_path / "out").expect(1)
    assert set(digests(tmp_path / "out")) == {
        "Ada Ölund/Release 0/Piece 000.wav",
        "The _ Slashes/Release 0/Piece 003.wav",
        "ﾃｽﾄ",
    }
    assert "2 files" in done.out
    left_out = [line for line in done.out.splitlines() if line.startswith("left out: ")]
    assert len(left_out) == 3
    assert {"notes.txt", "Piece 001.flac", "Piece 002.mp3"} == {
        line.partition(" (")[0].rpartition("/")[2] for line in left_out
    }
    (event,) = full.events("export")
    assert event["objects"] == 2


def test_what_is_left_out_is_told_as_json(full, held, tmp_path):
    """With --json a copy that was not made has no path, and says why."""
    full.object(held["notes.txt"]).unlink()
    *made, left_out = full("export", "--all", "--to", tmp_path / "out", "--json").expect(1).lines()
    assert [list(one) for one in made] == [["sha256", "path"]] * 4
    assert (left_out["sha256"], left_out["path"]) == (held["notes.txt"], None)
    assert "missing" in left_out["left_out"]


def test_a_disk_that_is_full_ends_the_export(full, held, tmp_path, monkeypatch):
    """What the target's disk refuses is no finding about the archive: exit 6, and no copy."""
    import errno

    def refuse(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("phonotheque.archive.keeping.export.os.fsync", refuse)
    full("export", "--all", "--to", tmp_path / "out").expect(6)
    assert not [path for path in digests(tmp_path / "out") if not path.endswith(".part")]


def held_as(number, extension="txt"):
    sha256 = Sha256(hashlib.sha256(str(number).encode()).digest())
    return Held(
        sha256, 1, bytes(32), extension, Role.COMPANION, None, "", None, 1, "", "intact", None
    )


def seen_by(path):
    """What a file system that knows neither case nor Unicode form makes of a path."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


names = st.sampled_from(
    ["a", "A", "é", "e\u0301", "É", "ß", "SS", "ss", "b", "ﬁ", "FI", "a (5feceb66)"]
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(st.lists(paths, max_size=12))
@example(["a", "A", "a (6b86b273)"])
@example(["a/b", "A", "A/c"])
def test_a_tree_is_the_same_on_every_file_system(wanted):
    """No file's name is taken for that of another file or folder, no folder is spelt in two ways,
    and nothing is moved to another depth."""
    copies = [Copy(held_as(number), f"{path}.txt") for number, path in enumerate(wanted)]
    told = [copy.path for copy in told_apart(copies)]
    folders = {path.rpartition("/")[0] for path in told}
    folders |= {parent for path in folders for parent in _parents(path)} - {""}
    entries = [*told, *(folders - {""})]
    assert len({seen_by(path) for path in entries}) == len(entries)
    assert [path.count("/") for path in told] == [path.count("/") for path in wanted]


def _parents(path):
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def test_a_folder_is_spelt_as_most_objects_have_it(phono, tmp_path):
    """Artists who differ only in case share a folder; the more frequent spelling names it."""
    import mutagen

    for number, artist in enumerate(("BJÖRN", "Björn", "Björn")):
        path = make_file(tmp_path / f"{number}.flac", number)
        file = mutagen.File(path)
        file["artist"] = artist
        file.save()
        phono.add(path)
    phono("export", "--all", "--to", tmp_path / "out").expect(0)
    assert {path.partition("/")[0] for path in digests(tmp_path / "out")} == {"Björn"}


def test_a_file_and_a_folder_of_one_name_are_told_apart(phono, tmp_path):
    """ "x" beside "X/y": both arrive, also where a file system takes "x" and "X" for one."""
    for number, path in enumerate(("0/x", "1/X/y")):
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(f"text {number}")
        phono.add(tmp_path / str(number))
    phono("export", "--all", "--to", tmp_path / "out").expect(0)
    file, inner = sorted(digests(tmp_path / "out"), key=len, reverse=True)
    assert inner == "As deposited/X/y"
    assert file.startswith("As deposited/x (")


def test_an_export_waits_when_told_to(full, held, tmp_path):
    """While somebody else writes, the copies are made, and the notice speaks of an option that
    the command has."""
    with hold_lock(full.root, purpose="test"):
        done = full("export", "--all", "--to", tmp_path / "out").expect(0)
    assert "not recorded" in done.err
    assert "--wait" in done.err
    full("export", "--all", "--to", tmp_path / "out", "--wait").expect(0)
    assert len(full.events("export")) == 1


def test_the_archive_is_no_place_for_copies(full, held):
    """A folder inside the archive is refused, before anything is written."""
    before = tree(full.root, "state")
    assert "inside the archive" in full("export", "--all", "--to", full.root / "out").expect(2).err
    assert tree(full.root, "state") == before


def test_a_dry_run_writes_no_copy(full, held, tmp_path):
    """--dry-run lists the names, makes no folder and leaves no line."""
    out = full("export", "--all", "--to", tmp_path / "out", "--dry-run").expect(0).out
    assert "Bo/Release 0/Piece 001.flac" in out
    assert not (tmp_path / "out").exists()
    assert not full.events("export")


@pytest.mark.parametrize("arguments", [(), ("--all", "abcdef"), ("--all", "--as", "zip")], ids=str)
def test_what_cannot_be_meant_is_refused(full, held, tmp_path, arguments):
    """Neither or both of names and --all, and a form that is not there, end with 2."""
    full("export", "--to", tmp_path / "out", *arguments).expect(2)
    assert not (tmp_path / "out").exists()


def test_a_release_of_many_discs_is_in_order(phono, tmp_path):
    """Disc and track numbers stand in front of titles, so that names sort as the music plays."""
    import mutagen

    path = make_file(tmp_path / "a.flac", 1)
    file = mutagen.File(path)
    file.update({"tracknumber": "3", "discnumber": "2", "disctotal": "2"})
    file.save()
    phono.add(path)
    phono("export", "--all", "--to", tmp_path / "out").expect(0)
    assert list(digests(tmp_path / "out")) == ["Bo/Release 0/2-03 Piece 001.flac"]
