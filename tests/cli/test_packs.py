"""Packs from one end to the other: published, fetched from a swarm, and used without an archive."""

from __future__ import annotations

import hashlib
import io
import shutil

import pytest
from tests.audio.zoo import PNG
from tests.cli.phono import LICENSED, call, copy_archive, damage, flip, found
from tests.cli.small_music import make_music

from phonotheque.archive.bulk.packing import packs_held_back
from phonotheque.archive.opening import open_to_read, open_to_write
from phonotheque.audio.tags import read_tags
from phonotheque.publish.engine import Seeder
from phonotheque.publish.session import EngineSettings
from phonotheque.register.events import Removal
from publish.stage import Peer, until

FLAC = "release 0/001.flac"
WAV = "release 0/003.wav"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def shelf_of_packs(tmp_path_factory):
    """Made once: an archive with a cover, a correction and a dressed copy, published."""
    folder = tmp_path_factory.mktemp("packs")
    make_music(folder / "music", 4)
    (folder / "music" / "release 0" / "cover.png").write_bytes(PNG)
    phono = found(folder / "archive")
    phono.set("catalogue.licence", '"CC0-1.0"')
    names = {path: one["sha256"] for path, one in phono.add(folder / "music", *LICENSED).items()}
    phono("edit", names[FLAC], "title=Corrected", "genres=ambient").expect(0)
    phono("dress", names[WAV], "--to", folder / "dressed.wav").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    phono.publish()
    return folder, names


@pytest.fixture
def published(shelf_of_packs, tmp_path):
    """A copy of it: the archive, the names of what it holds, and the music beside it."""
    folder, names = shelf_of_packs
    shutil.copytree(folder / "music", tmp_path / "music")
    shutil.copy(folder / "dressed.wav", tmp_path / "dressed.wav")
    return copy_archive(folder / "archive", tmp_path / "archive"), names


def packs_of(phono):
    """Packs that are offered now, by kind."""
    gone = {event["name"] for event in phono.events("retirement")}
    events = [event for event in phono.events("pack") if event["name"] not in gone]
    return {event["kind"]: event for event in events}


def fetched(phono, to):
    """Fetch every pack from a swarm of one seeder, into a folder; nothing else is known of it."""
    to.mkdir()
    with Seeder(EngineSettings.loopback()) as seeder:
        for event in packs_of(phono).values():
            torrent = (phono.root / "published" / f"{event['name']}.torrent").read_bytes()
            assert hashlib.sha256(torrent).hexdigest() == event["torrent"]
            seeder.add(torrent, phono.root / "published" / "packs")
            peer = Peer(torrent, to)
            try:
                peer.connect(seeder.port)
                until(lambda peer=peer: peer.status().is_seeding, peer.wait, event["name"])
            finally:
                peer.close()
    return to


def test_copies_and_originals_from_packs_alone(published, tmp_path, monkeypatch):
    """In an empty folder, with packs from a swarm: an original gets its tags and cover, and copies
    give their originals back."""
    phono, names = published
    packs = fetched(phono, tmp_path / "packs")
    original = tmp_path / "mine.flac"
    shutil.copy(phono.object(names[FLAC]), original)
    shutil.rmtree(phono.root)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    told = (
        call("dress", original, "--packs", packs, "--to", "copy.flac", "--pack", "ways", "--json")
        .expect(0)
        .one()
    )
    assert told["sha256"] == names[FLAC] == sha256(original)
    assert told["copy"] == sha256(empty / "copy.flac")
    tags = read_tags(io.BytesIO((empty / "copy.flac").read_bytes()), "flac")
    assert (tags.title, tags.genres) == ("Corrected", ("ambient",))
    assert tags.pictures[0].sha256 == hashlib.sha256(PNG).hexdigest()
    back = call("reconstruct", "copy.flac", "--pack", "ways", "--to", "back", "--json").expect(0)
    assert back.one()["original"] == sha256(empty / "back" / "copy.flac") == names[FLAC]
    dressed = tmp_path / "dressed.wav"
    back = call("reconstruct", dressed, "--packs", packs, "--to", "back", "--json").expect(0)
    assert back.one()["way"] == "pack"
    assert sha256(empty / "back" / "dressed.wav") == names[WAV]


def test_the_copy_is_the_one_the_archive_makes(published, tmp_path):
    """Packs and archive dress an original in the same bytes."""
    phono, names = published
    packs = phono.root / "published" / "packs"
    cover = tmp_path / "music" / "release 0" / "cover.png"
    here = phono("dress", names[FLAC], "--to", tmp_path / "a.flac", "--cover", cover, "--json")
    original = phono.object(names[FLAC])
    there = call("dress", original, "--packs", packs, "--to", tmp_path / "b.flac", "--json")
    assert here.expect(0).one()["copy"] == there.expect(0).one()["copy"]


def test_the_way_back_is_kept_beside_others(published, tmp_path):
    """A file of patches grows with each copy, and gives back all of them."""
    phono, names = published
    packs, ways = phono.root / "published" / "packs", tmp_path / "ways"
    copies = []
    for path in (FLAC, WAV):
        copies.append(tmp_path / f"copy.{path.rpartition('.')[2]}")
        original = phono.object(names[path])
        call("dress", original, "--packs", packs, "--to", copies[-1], "--pack", ways).expect(0)
    call("reconstruct", *copies, "--pack", ways, "--to", tmp_path / "back").expect(0)
    assert [sha256(tmp_path / "back" / one.name) for one in copies] == [names[FLAC], names[WAV]]


def test_what_cannot_be_dressed_is_refused(published, tmp_path):
    """No packs, a stranger's file, a file that is there, a damaged pack: each is told."""
    phono, names = published
    packs, to = tmp_path / "packs", tmp_path / "copy.flac"
    original = phono.object(names[FLAC])
    shutil.copytree(phono.root / "published" / "packs", packs)
    (tmp_path / "empty").mkdir()
    none = call("dress", original, "--packs", tmp_path / "empty", "--to", to).expect(2)
    assert "no pack" in none.err
    stranger = tmp_path / "stranger.flac"
    stranger.write_bytes(original.read_bytes() + b"x")
    assert "tags for it" in call("dress", stranger, "--packs", packs, "--to", to).expect(2).err
    to.write_text("mine")
    assert "--force" in call("dress", original, "--packs", packs, "--to", to).expect(2).err
    to.unlink()
    (overlays,) = packs.glob("*-overlays-*")
    damage(overlays / "overlays.jsonl.zst", flip(12))
    call("dress", original, "--packs", packs, "--to", to).expect(4)
    assert not to.exists()
    assert phono("dress", names[FLAC], "--to", to, "--pack", tmp_path / "x").expect(2).err


def test_nothing_new_makes_no_pack(published):
    """Publishing again writes no line about packs."""
    phono, _ = published
    before = len(phono.events())
    phono.publish()
    assert len(phono.events()) == before


def test_a_pack_is_not_shared_once_something_in_it_may_not_be(published):
    """After a decision packs that have the object in them are held back until they are made
    again, and then they do not have it."""
    phono, names = published
    with open_to_read(phono.root) as archive:
        assert packs_held_back(archive) == {}
    rules = ("--licence", "CC-BY-4.0", "--evidence", "embargo", "--from", "2099-01-01")
    phono("rights", "set", names[WAV], *rules).expect(0)
    with open_to_read(phono.root) as archive:
        held_back = packs_held_back(archive)
    kinds = {name.split("-all-")[0].rpartition("-")[2] for name in held_back}
    assert kinds == {"facts", "overlays", "patches", "register"}
    phono.publish()
    with open_to_read(phono.root) as archive:
        assert packs_held_back(archive) == {}
    assert "patches" not in packs_of(phono)


def test_the_catalogue_comes_back_from_its_pack(published, tmp_path):
    """From the pack of metadata as a torrent carries it, an archive gets the same catalogue."""
    phono, _ = published
    packs = fetched(phono, tmp_path / "packs")
    (pack,) = packs.glob("*-metadata-*")
    assert not (pack / "catalogue" / "decisions.jsonl").exists()
    other = found(tmp_path / "other")
    other("catalogue", "restore", pack / "catalogue").expect(0)
    for text in ("Piece 000", "Piece 003"):
        here, there = (one("search", text, "--json").expect(0).lines() for one in (phono, other))
        assert [one.get("gid") for one in here] == [one.get("gid") for one in there]
        assert here[0]["gid"]


@pytest.mark.torture
def test_a_removal_keeps_the_catalogue_away_until_it_is_built_again(published):
    """The pack of metadata goes when something was removed, and comes back without it."""
    phono, names = published
    with open_to_write(phono.root, "test") as archive:
        written = archive.writing.append(archive.now(), [Removal(names[WAV], "asked for")])
        with archive.index.transaction():
            archive.index.apply(written)
    with open_to_read(phono.root) as archive:
        assert "metadata" in {name.split("-")[-3] for name in packs_held_back(archive)}
    phono.publish()
    assert "metadata" not in packs_of(phono)
    assert not list(phono.root.glob("published/packs/*-metadata-*"))
    phono("catalogue", "build", "--jobs", "1").expect(0)
    phono.publish()
    assert "metadata" in packs_of(phono)
    with open_to_read(phono.root) as archive:
        assert packs_held_back(archive) == {}
