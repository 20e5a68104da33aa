"""`phono add`: every byte kept, the source untouched, what is held skipped."""

import os
import shutil
import unicodedata
from itertools import islice
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, contents, damage, flip, tree
from tests.cli.small_music import make_file

from phonotheque.accession import take
from phonotheque.cli import way_in
from phonotheque.errors import DiskFullError

KEYS = ["path", "sha256", "size_bytes", "outcome", "reason", "integrity"]
OTHER = ("--licence", "CC-BY-NC-4.0", "--evidence", "a letter")


def test_one_json_line_for_each_file_with_exactly_these_keys(phono, music):
    """--json prints one object a file, with path, sha256, size_bytes, outcome and reason."""
    told = phono("add", music, "--json", *LICENSED).expect(0).lines()
    assert [list(line) for line in told] == [KEYS] * 5
    by_path = {line["path"]: line for line in told}
    for path in (path for path in music.rglob("*") if path.is_file()):
        line = by_path[path.relative_to(music).as_posix()]
        assert line["size_bytes"] == path.stat().st_size
        assert phono.object(line["sha256"]).read_bytes() == path.read_bytes()
        assert line["outcome"] == ("companion" if path.suffix == ".txt" else "added")


def test_the_source_is_left_as_it_was(phono, music):
    """Taking a folder in changes neither a byte nor a time in it."""
    before = {path: path.stat().st_mtime_ns for path in music.rglob("*")}, tree(music)
    phono.add(music)
    assert ({path: path.stat().st_mtime_ns for path in music.rglob("*")}, tree(music)) == before


@pytest.mark.parametrize("settled_ns", [take._SETTLED_NS, -1], ids=["read again", "recognised"])
def test_adding_twice_adds_nothing_and_says_so(phono, music, monkeypatch, settled_ns):
    """The second time every file is held, and neither register nor objects change."""
    monkeypatch.setattr(take, "_SETTLED_NS", settled_ns)
    phono.add(music, *LICENSED)
    before = tree(phono.root, "state")
    again = phono.add(music, *LICENSED)
    assert {told["outcome"] for told in again.values()} == {"held"}
    assert {told["reason"] for told in again.values()} == {""}
    assert tree(phono.root, "state") == before
    assert "already held" in phono("add", music, *LICENSED).expect(0).out


def test_bytes_under_another_name_are_one_object_and_one_more_accession(phono, music):
    """The same bytes under another name add a provenance and no object."""
    first = phono.add(music)["release 0/000.wav"]
    copy = Path(shutil.copy(music / "release 0/000.wav", music / "Other name.wav"))
    told = phono.add(copy)["Other name.wav"]
    assert told["outcome"] == "held"
    assert told["sha256"] == first["sha256"]
    assert "provenance was added" in told["reason"]
    shown = phono.show(first["sha256"])
    assert [one["path"] for one in shown["came_from"]] == ["release 0/000.wav", "Other name.wav"]
    assert len(list(phono.root.glob("objects/??/??/*"))) == 5


def test_a_second_licence_adds_provenance(phono, music):
    """The same file with a new licence is one more accession, and the newer statement governs."""
    path = music / "release 0/000.wav"
    name = phono.add(path, *LICENSED)["000.wav"]["sha256"]
    checked_at = phono.show(name)["checked_at"]
    told = phono.add(path, *OTHER)["000.wav"]
    assert (told["outcome"], told["reason"]) == ("held", "held already; its provenance was added")
    shown = phono.show(name)
    assert [one["licence"].split("/")[-3] for one in shown["rights"]] == ["by", "by-nc"]
    assert "CC BY-NC 4.0" in shown["because"]
    assert shown["checked_at"] == checked_at, "its stored bytes were not read"


def test_bytes_in_two_places_with_a_rule_for_each_settle(phono, music):
    """Two places may state two terms for the same bytes; the second time nothing is new.

    Other terms for one place are stated, and settle as well.
    """
    rule = '[[rule]]\nmatch = "{}/*"\nlicence = "{{}}"\n'
    rules = rule.format("release 0") + rule.format("twin")
    (music / "twin").mkdir()
    shutil.copy(music / "release 0/000.wav", music / "twin/000.wav")
    for licences in (("CC0-1.0", "CC-BY-4.0"), ("CC-BY-SA-4.0", "CC-BY-4.0")):
        (music / "rights.toml").write_text(rules.format(*licences))
        phono.add(music)
        before = tree(phono.root, "state")
        again = phono.add(music)
        assert {told["reason"] for told in again.values()} == {""}
        assert tree(phono.root, "state") == before


def test_companions_are_listed_with_the_recordings_of_their_folder(phono, music):
    """What is no audio is kept, and shown with each recording that lay in the same folder."""
    (music / "release 0" / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
    told = phono.add(music)
    assert told["release 0/cover.png"]["outcome"] == "companion"
    for path in ("release 0/000.wav", "release 0/001.flac"):
        shown = phono.show(told[path]["sha256"])
        assert [one["path"] for one in shown["companions"]] == ["release 0/cover.png"]


def test_unreadable_audio_is_kept_and_found(phono, tmp_path):
    """Audio that no decoder reads is kept byte for byte; exit status 1 and a reason tell it."""
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC" + b"\x17" * 300)
    told = phono.add(broken, status=1)["broken.flac"]
    assert told["outcome"] == "unreadable"
    assert told["reason"]
    assert phono.object(told["sha256"]).read_bytes() == broken.read_bytes()
    again = phono("add", broken).expect(0)
    assert "already held" in again.out


def test_what_cannot_be_taken_is_refused_with_its_reason(phono, music):
    """An empty file, a link and a pipe are named with a reason and stop no other file."""
    (music / "empty.wav").touch()
    (music / "link.wav").symlink_to("release 0/000.wav")
    os.mkfifo(music / "pipe.wav")
    told = phono.add(music, status=1)
    refused = {path: one["reason"] for path, one in told.items() if one["outcome"] == "refused"}
    assert refused == {
        "empty.wav": "empty file",
        "link.wav": "a symbolic link, not a regular file",
        "pipe.wav": "a pipe, not a regular file",
    }
    assert told["empty.wav"]["sha256"] is None
    assert len(told) == 8


def test_the_archive_is_not_taken_into_itself(phono, music):
    """A path in the archive is refused, and the archive is stepped over when it lies below one."""
    assert "archive itself" in phono("add", phono.root / "people.sqlite").expect(1).out
    told = phono.add(phono.root.parent, status=1)
    assert told["archive"]["outcome"] == "refused"
    assert "music/release 0/000.wav" in told


@pytest.mark.parametrize("has_held", [False, True])
def test_a_dry_run_changes_no_byte(phono, music, has_held, monkeypatch):
    """--dry-run tells what would be done and leaves every byte of the archive as it was."""
    monkeypatch.setattr(take, "_SETTLED_NS", -1)
    if has_held:
        phono.add(music / "release 0")
    phono("status").expect(0)  # a new archive has no index before somebody looks
    before = contents(phono.root)
    who = ("--depositor", "Ada Example", *LICENSED)
    told = {
        x["path"]: x["outcome"] for x in phono("add", music, "--dry-run", "--json", *who).lines()
    }
    assert contents(phono.root) == before
    expected = "held" if has_held else "added"
    assert told == {
        "notes.txt": "companion",
        **{f"release 0/{name}": expected for name in ("000.wav", "001.flac", "002.mp3", "003.wav")},
    }
    assert "would be" in phono("add", music, "--dry-run").expect(0).out


def _lose(path):
    path.unlink()


def _shorten(path):
    damage(path, lambda data: data[:-7])


def _flip(path):
    damage(path, flip(60))


@pytest.mark.parametrize("settled_ns", [take._SETTLED_NS, -1], ids=["read again", "recognised"])
@pytest.mark.parametrize(
    ("harm", "is_verified"),  # a changed byte is noticed by reading alone
    [(_lose, False), (_lose, True), (_shorten, False), (_shorten, True), (_flip, True)],
)
def test_bytes_that_come_again_are_put_back(
    phono, music, monkeypatch, harm, is_verified, settled_ns
):
    """A missing, cut or (once noticed) changed object is made whole by the same file again."""
    monkeypatch.setattr(take, "_SETTLED_NS", settled_ns)
    path = music / "release 0/000.wav"
    name = phono.add(path, *LICENSED)["000.wav"]["sha256"]
    object_ = phono.object(name)
    harm(object_)
    if is_verified:
        phono("verify").expect(1)
    would = phono("add", path, "--dry-run", "--json", *LICENSED).one()
    assert not is_verified or would["outcome"] == "added"
    told = phono.add(path, *LICENSED)["000.wav"]
    assert told["outcome"] == "added"
    assert "put back" in told["reason"]
    assert "sound" not in told["reason"]
    assert object_.read_bytes() == path.read_bytes()
    phono("verify").expect(0)
    assert phono.show(name)["condition"] == "intact"


def test_rights_toml_goes_before_the_command_line(phono, music):
    """A rule governs the files it matches; --licence governs the others; none is merged."""
    (music / "rights.toml").write_text(
        '[[rule]]\nmatch = "release 0/*.wav"\nlicence = "CC0-1.0"\nevidence = "a waiver"\n'
        'holder = "Bo Example"\n'
    )
    told = phono.add(music, *LICENSED)
    stated = {
        path: [(one["basis"], one["licence"]) for one in phono.show(line["sha256"])["rights"]]
        for path, line in told.items()
    }
    cc_by = "https://creativecommons.org/licenses/by/4.0/"
    assert stated["release 0/000.wav"] == [
        ("rules", "https://creativecommons.org/publicdomain/zero/1.0/")
    ]
    assert stated["release 0/001.flac"] == [("depositor", cc_by)]


def test_rules_that_cannot_be_read_stop_everything_before_a_byte_is_taken(phono, music):
    """A faulty rights.toml ends with 2, names file, rule and key, and nothing is taken in."""
    (music / "rights.toml").write_text('[[rule]]\nmatch = "*"\nlicense = "CC0-1.0"\n')
    done = phono("add", music).expect(2)
    assert "rights.toml, rule 1, key `license`" in done.err
    assert not phono.events("accession")


def test_a_licence_that_cannot_be_named_stops_everything(phono, music):
    """--licence must be a licence: exit 2, and nothing is taken in."""
    done = phono("add", music, "--licence", "CC-BY").expect(2)
    assert "CC-BY" in done.err
    assert not phono.events("deposit")


def tagged(path, licence):
    import mutagen

    make_file(path, 5)
    file = mutagen.File(path)
    file["LICENSE"] = licence
    file.save()
    return path


def test_a_licence_tag_is_a_claim_and_no_more(phono, tmp_path):
    """A licence in a file's tags is recorded, shares nothing, and counts when the settings say."""
    path = tagged(tmp_path / "a.flac", "https://creativecommons.org/licenses/by/4.0/")
    name = phono.add(path)["a.flac"]["sha256"]
    shown = phono.show(name)
    assert [one["basis"] for one in shown["rights"]] == ["claim"]
    assert shown["may_be_shared"] is False
    assert "tag" in shown["because"]
    assert phono.publish() == []
    phono.set("rights.licence_tags_count", "true")
    assert phono.show(name)["may_be_shared"] is True
    assert [one["licence_class"] for one in phono.publish()] == ["open"]


NAMES = [
    "a\tb.wav",
    "a\nb.wav",
    "é.wav",
    unicodedata.normalize("NFD", "ü.wav"),
    "日本.wav",
    "-x.wav",
]


def test_any_name_is_taken_and_kept_as_it_is(phono, tmp_path):
    """Names with control signs, of both Unicode forms and not of UTF-8 at all are kept exactly."""
    folder = tmp_path / "names"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        make_file(folder / name, number)
    make_file(folder / "last.wav", 99)
    os.rename(folder / "last.wav", os.fsencode(folder) + b"/\xff.wav")
    told = phono.add(folder)
    assert set(told) == {*NAMES, "\ufffd.wav"}
    raw = next(e for e in phono.events("accession") if e["path"] == "\ufffd.wav")
    assert raw["path_base64"] == "/y53YXY="
    phono("verify").expect(0)
    assert "a\\tb.wav" in phono("show", told["a\tb.wav"]["sha256"]).expect(0).out


def test_what_came_in_before_the_disk_was_full_is_told(phono, music, monkeypatch):
    """Who is refused halfway learns what is held, and that the same command goes on."""
    real = way_in._taken_in

    def until_full(*given, **settings):
        yield from islice(real(*given, **settings), 2)
        raise DiskFullError("objects/ab", "no room is left on the disk", "Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(way_in, "_taken_in", until_full)
        err = phono("add", music, "--jobs", "1").expect(6).err
    assert "2 files were taken in and stay; the same command goes on with the others." in err
    assert "no room is left" in err
    told = phono.add(music)
    assert [one["outcome"] for one in told.values()].count("held") == 2
