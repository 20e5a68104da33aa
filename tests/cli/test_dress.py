"""`phono dress` and `phono reconstruct`: copies with current tags, and the way back."""

import base64
import hashlib
import io

import mutagen
import mutagen.id3 as id3
import numpy as np
import pytest
from tests.audio.zoo import PNG
from tests.cli.phono import call, damage, flip, tree
from tests.cli.small_music import make_file

from phonotheque.archive.opening import open_to_read
from phonotheque.archive.recordings.dressing import Regained, regain
from phonotheque.audio.tags import read_tags
from phonotheque.dress.pack import Pack, encode_pack
from phonotheque.dress.patch_apply import apply_patch
from phonotheque.music.facts import Tags
from phonotheque.register.corrections import corrected

FLAC = "release 0/001.flac"
MP3 = "release 0/002.mp3"
WAV = "release 0/003.wav"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dressed(phono, name, path, *arguments):
    """A dressed copy; what was told of it."""
    return phono("dress", name, "--to", path, *arguments, "--json").expect(0).one()


def retitle(path):
    """Tags changed by somebody else."""
    if path.suffix == ".flac":
        tagged = mutagen.File(path)
        tagged["title"] = "Somebody else's title " * 30
        tagged.save()
    else:
        tagged = id3.ID3(path)
        tagged.add(id3.TIT2(encoding=3, text=["Somebody else's title " * 30]))
        tagged.save(path)


@pytest.mark.parametrize("path", [FLAC, MP3, WAV])
def test_a_dressed_copy_says_what_the_archive_says(stocked, tmp_path, path):
    """The copy has the archive's tags and the cover; what is told of it is true and on record."""
    phono, names = stocked
    cover = tmp_path / "cover.png"
    cover.write_bytes(PNG)
    to = tmp_path / "out" / f"copy.{path.rpartition('.')[2]}"
    told = dressed(phono, names[path], to, "--cover", cover)
    tags = read_tags(io.BytesIO(to.read_bytes()), to.suffix[1:])
    assert tags.title == phono.show(names[path])["tags"]["title"]
    assert tags.pictures[0].sha256 == hashlib.sha256(PNG).hexdigest()
    (event,) = phono.events("dressing")
    patch = base64.b64decode(event["patch"])
    assert told == {
        "sha256": names[path],
        "copy": sha256(to),
        "path": str(to),
        "size_bytes": to.stat().st_size,
        "patch_bytes": len(patch),
    }
    assert (event["sha256"], event["copy"]) == (names[path], sha256(to))
    original = apply_patch(to.read_bytes(), patch)
    assert hashlib.sha256(original).hexdigest() == names[path]


def test_it_is_told_to_people(stocked, tmp_path):
    """Without --json: the digest as `sha256sum` prints it, and how long the way back is."""
    phono, names = stocked
    out = phono("dress", names[FLAC], "--to", tmp_path / "a.flac").expect(0).out
    assert out.startswith(f"{sha256(tmp_path / 'a.flac')}  {tmp_path / 'a.flac'}\n")
    assert "the way back is on record" in out


def test_a_file_that_is_there_is_kept(stocked, tmp_path):
    """Another file is overwritten only with --force, and a folder never."""
    phono, names = stocked
    there = tmp_path / "there.flac"
    there.write_text("mine")
    assert "--force" in phono("dress", names[FLAC], "--to", there).expect(2).err
    assert there.read_text() == "mine"
    dressed(phono, names[FLAC], there, "--force")
    assert there.read_bytes()[:4] == b"fLaC"
    phono("dress", names[FLAC], "--to", tmp_path, "--force").expect(2)
    assert len(phono.events("dressing")) == 1


@pytest.mark.parametrize("case", ["inside", "companion", "no picture", "no cover", "damaged"])
def test_what_cannot_be_is_refused(stocked, tmp_path, case):
    """A refusal leaves no file and no line, and says what is wrong."""
    phono, names = stocked
    to, name, more, status = tmp_path / "out.flac", names[FLAC], (), 2
    match case:
        case "inside":
            to = phono.root / "objects" / "out.flac"
        case "companion":
            name = names["notes.txt"]
        case "no picture":
            more = ("--cover", tmp_path / "music" / "notes.txt")
        case "no cover":
            more = ("--cover", tmp_path / "nowhere.png")
        case "damaged":
            status = 4
            damage(phono.object(name), flip(-5))
    before = tree(phono.root, "state")
    assert phono("dress", name, "--to", to, *more).expect(status).err
    assert tree(phono.root, "state") == before
    assert not to.exists()
    assert not list(tmp_path.glob(".*.part"))


def test_corrections_are_worn(stocked, tmp_path):
    """What was corrected in the archive stands in the copy, and the original stays as it is."""
    from phonotheque.archive.opening import open_to_write
    from phonotheque.register.events import Edit

    phono, names = stocked
    with open_to_write(phono.root, "edit") as archive:
        edits = [Edit(names[FLAC], "title", "Corrected"), Edit(names[FLAC], "genres", '["A", "B"]')]
        written = archive.writing.append(archive.now(), edits)
        with archive.index.transaction():
            archive.index.apply(written)
    dressed(phono, names[FLAC], tmp_path / "a.flac")
    tags = read_tags(io.BytesIO((tmp_path / "a.flac").read_bytes()), "flac")
    assert (tags.title, tags.genres) == ("Corrected", ("A", "B"))
    assert sha256(phono.object(names[FLAC])) == names[FLAC]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("title", "New", "New"),
        ("title", "", None),
        ("title", "[live]", "[live]"),
        ("track_number", "7", 7),
        ("track_number", "seven", 1),
        ("artists", "Bo", ("Bo",)),
        ("artists", '["Bo", "Di"]', ("Bo", "Di")),
        ("artists", "", ()),
    ],
)
def test_a_correction_changes_one_field(field, text, value):
    """Texts, numbers and lists are read; what no field can hold changes nothing."""
    tags = Tags(title="Old", artists=("Ada",), track_number=1)
    after = corrected(tags, field, text)
    assert getattr(after, field) == value
    assert corrected(tags, "no such field", text) == tags


@pytest.mark.parametrize("path", [FLAC, MP3, WAV])
def test_originals_come_back(stocked, tmp_path, path):
    """A dressed copy gives its original back from the patch on record."""
    phono, names = stocked
    copy = tmp_path / f"copy.{path.rpartition('.')[2]}"
    dressed(phono, names[path], copy)
    told = phono("reconstruct", copy, "--to", tmp_path / "back", "--json").expect(0).one()
    assert (told["original"], told["way"]) == (names[path], "archive")
    assert sha256(tmp_path / "back" / copy.name) == names[path]


def test_a_copy_that_others_tagged_is_known_by_its_sound(stocked, tmp_path):
    """Whatever was done to its tags, a copy of something held leads back to it."""
    phono, names = stocked
    copies = []
    for path in (FLAC, MP3):
        copy = tmp_path / path.rpartition("/")[2]
        copy.write_bytes(phono.object(names[path]).read_bytes())
        retitle(copy)
        copies.append(copy)
    lines = phono("reconstruct", *copies, "--to", tmp_path / "back", "--json").expect(0).lines()
    assert [line["way"] for line in lines] == ["payload", "payload"]
    assert [sha256(tmp_path / "back" / copy.name) for copy in copies] == [names[FLAC], names[MP3]]
    assert not phono.events("dressing")


def test_a_pack_needs_no_archive(stocked, tmp_path, monkeypatch):
    """With a pack, originals come back where there is no archive far and wide."""
    phono, names = stocked
    copy = tmp_path / "copy.flac"
    dressed(phono, names[FLAC], copy)
    patches = [base64.b64decode(event["patch"]) for event in phono.events("dressing")]
    (tmp_path / "patches").write_bytes(encode_pack(patches))
    monkeypatch.chdir(tmp_path)
    arguments = ("--pack", tmp_path / "patches", "--to", tmp_path / "back", "--json")
    told = call("reconstruct", copy, *arguments).expect(0).one()
    assert (told["way"], told["original"]) == ("pack", names[FLAC])
    assert sha256(tmp_path / "back" / "copy.flac") == names[FLAC]
    call("reconstruct", copy, "--to", tmp_path / "other").expect(2)
    (tmp_path / "patches").write_bytes(b"no pack")
    call("reconstruct", copy, *arguments).expect(4)


def test_what_cannot_be_got_back_is_told_one_by_one(stocked, tmp_path):
    """Each file that leads nowhere has its reason, the others come back, and the end is 1."""
    phono, names = stocked
    copy = tmp_path / "copy.flac"
    dressed(phono, names[FLAC], copy)
    stranger = make_file(tmp_path / "stranger.flac", 77, seed=9)
    text = tmp_path / "a.txt"
    text.write_text("no music")
    files = (copy, stranger, text, tmp_path / "missing.flac", tmp_path)
    done = phono("reconstruct", *files, "--to", tmp_path / "back", "--json").expect(1)
    told = done.lines()
    assert [bool(line["reason"]) for line in told] == [False, True, True, True, True]
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["copy.flac"]
    out = phono("reconstruct", *files, "--to", tmp_path / "back").expect(1).out
    assert "1 of 5 originals got back" in out


def test_a_damaged_copy_gives_nothing(stocked, tmp_path):
    """One flipped bit of the sound: no original, no file, and the reason."""
    phono, names = stocked
    copy = tmp_path / "copy.flac"
    dressed(phono, names[FLAC], copy)
    damage(copy, flip(-20))
    done = phono("reconstruct", copy, "--to", tmp_path / "back", "--json").expect(1).one()
    assert done["error"] == "not-held"
    assert not list((tmp_path / "back").glob("*") if (tmp_path / "back").exists() else [])


def test_an_original_is_its_own_original(stocked, tmp_path):
    """A file that is held already comes back as it is."""
    phono, names = stocked
    told = phono("reconstruct", tmp_path / "music" / WAV, "--to", tmp_path / "back", "--json")
    assert told.expect(0).one()["way"] == "itself"
    assert sha256(tmp_path / "back" / "003.wav") == names[WAV]


def test_a_dry_run_proves_and_writes_nothing(stocked, tmp_path):
    """--dry-run tells what could be got back and leaves no file."""
    phono, names = stocked
    copy = tmp_path / "copy.flac"
    dressed(phono, names[FLAC], copy)
    told = phono("reconstruct", copy, "--to", tmp_path / "back", "--dry-run", "--json").expect(0)
    assert told.one()["original"] == names[FLAC]
    assert not (tmp_path / "back").exists()


def test_another_file_of_that_name_is_kept(stocked, tmp_path):
    """An original that is there already is enough; any other file is never overwritten."""
    phono, names = stocked
    copy, back = tmp_path / "copy.flac", tmp_path / "back"
    dressed(phono, names[FLAC], copy)
    phono("reconstruct", copy, "--to", back).expect(0)
    phono("reconstruct", copy, "--to", back).expect(0)
    (back / "copy.flac").write_text("mine")
    assert "another file" in phono("reconstruct", copy, "--to", back).expect(1).out
    assert (back / "copy.flac").read_text() == "mine"
    assert [path.name for path in back.iterdir()] == ["copy.flac"]


def test_of_many_originals_with_one_sound_the_shortest_way_is_taken(phono, tmp_path):
    """Where several originals have a copy's sound, the one with the shortest way is given back."""
    (tmp_path / "in").mkdir()
    first = make_file(tmp_path / "in" / "z.flac", 1)
    second = tmp_path / "in" / "a.flac"
    second.write_bytes(first.read_bytes())
    tagged = mutagen.File(second)
    tagged["comment"] = [hashlib.sha512(bytes([n])).hexdigest() for n in range(40)]
    tagged.save()
    names = phono.add(tmp_path / "in")
    copy = tmp_path / "copy.flac"
    copy.write_bytes(first.read_bytes())
    retitle(copy)
    told = phono("reconstruct", copy, "--to", tmp_path / "back", "--dry-run", "--json").one()
    assert told["original"] == names["z.flac"]["sha256"]


def test_a_way_back_that_is_too_long_is_refused(phono, tmp_path):
    """An original's own picture that is held nowhere else would not fit into the register: no copy
    is made until it is added."""
    picture = PNG + np.random.default_rng(1).bytes(800_000)
    (tmp_path / "in").mkdir()
    path = make_file(tmp_path / "in" / "a.flac", 1)
    tagged = mutagen.File(path)
    block = mutagen.flac.Picture()
    block.type, block.mime, block.data = 3, "image/png", picture
    tagged.add_picture(block)
    tagged.save()
    name = phono.add(tmp_path / "in")["a.flac"]["sha256"]
    (tmp_path / "new.png").write_bytes(PNG)
    to = tmp_path / "copy.flac"
    done = phono("dress", name, "--to", to, "--cover", tmp_path / "new.png").expect(2)
    assert "Add that picture" in done.err
    assert not to.exists()
    (tmp_path / "in" / "cover.png").write_bytes(picture)
    phono.add(tmp_path / "in")
    told = dressed(phono, name, to, "--cover", tmp_path / "new.png")
    assert told["patch_bytes"] < 1000
    phono("reconstruct", to, "--to", tmp_path / "back").expect(0)
    assert sha256(tmp_path / "back" / "copy.flac") == name


def test_without_a_decoder_a_patch_on_record_is_enough(stocked, tmp_path):
    """A copy that has a patch is never decoded: its digest alone says what it is."""
    phono, names = stocked
    copy = tmp_path / "copy.mp3"
    dressed(phono, names[MP3], copy)

    def never(_file):
        raise AssertionError("a file was decoded that need not be")

    with open_to_read(phono.root) as archive:
        done = regain(archive, (), copy, None, never)
    assert isinstance(done, Regained)
    assert done.original is not None
    assert done.original.hex == names[MP3]


def test_a_lying_pack_gives_nothing(stocked, tmp_path):
    """A patch that gives other bytes than it promises leaves no file."""
    from dataclasses import replace

    from phonotheque.dress.patch_form import decode_patch
    from phonotheque.dress.patch_make import make_patch
    from phonotheque.music.digest import Sha256

    copy = tmp_path / "copy.flac"
    copy.write_bytes(b"a copy of some kind" * 99)
    patch = decode_patch(make_patch(b"an original" * 99, copy.read_bytes()))
    lie = replace(patch, original=Sha256(bytes(32))).encode()
    pack = Pack(io.BytesIO(encode_pack([lie])))
    done = regain(None, (pack,), copy, tmp_path / "back", lambda _file: None)
    assert done.error is not None
    assert done.error.code == "digest-mismatch"
    assert not list((tmp_path / "back").iterdir())
