"""Following an archive, from wherever it lies, and what is refused."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from datetime import timedelta

import pytest

from mirror.scene import VOLUME, files_below, now
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    ArchiveBusyError,
    BadSettingError,
    BadSignatureError,
    ConflictError,
    ExpiredError,
    IntegrityError,
    MalformedError,
    NotHeldError,
    PhonothequeError,
    RolledBackError,
    TrustError,
    UnavailableError,
)
from phonotheque.mirror import following, joining
from phonotheque.mirror.deciding import carry_out, decide
from phonotheque.mirror.following import follow
from phonotheque.mirror.home import found_mirror, open_copy, open_mirror
from phonotheque.mirror.joining import add_source, addresses_in, join
from phonotheque.mirror.known import known
from phonotheque.mirror.papers import bring_listing, torrent_of
from phonotheque.mirror.refreshing import refresh
from phonotheque.mirror.settings import new_settings
from phonotheque.mirror.sources import Origin, load_origin, store_origin
from phonotheque.mirror.syncing import sync
from phonotheque.mirror.values import Filter
from phonotheque.mirror.ways import Wires
from phonotheque.publish.session import EngineSettings
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.source import FolderSource
from publish.trust import test_attacks as attacks
from publish.trust import test_conformance as conformance
from publish.trust.publisher import Publisher

SIGNED = ("index-", "tombstones", "minisign", "listings", "facts/fact-sheet", "metadata/")


def test_what_is_signed_is_laid_out_byte_for_byte(stage):
    """Signed files, their plain names, metadata and the people's signature are the archive's own
    bytes; torrents come when they are fetched, pages never."""
    stage.join()
    mine, theirs = (
        files_below(stage.copy_root / "published"),
        files_below(stage.archive / "published"),
    )
    signed = {path for path in theirs if path.startswith(SIGNED)}
    assert sorted(signed - mine.keys()) == []
    assert all(mine[path] == theirs[path] for path in mine if path in theirs)
    assert not [path for path in mine if path.endswith(".torrent") or path == "index.html"]


@pytest.mark.parametrize("place", ["archive", "published", "mirror", "copy", "copy published"])
def test_an_archive_is_followed_from_whatever_holds_it(stage, tmp_path, place):
    """An archive, its published/, a mirror, and a mirror's copy are all the same to who follows."""
    places = {"archive": stage.archive, "published": stage.archive / "published"}
    if place not in places:
        stage.join()
        shutil.rmtree(stage.archive)  # it is the mirror alone that is followed
        places["mirror"] = stage.root
        places["copy"] = stage.copy_root
        places["copy published"] = stage.copy_root / "published"
    (address,) = addresses_in(str(places[place]))
    other = type(stage)(stage.phono, tmp_path / "other")
    joined = other.join(address)
    assert joined.followed.header.title == "Small Records"
    assert joined.fingerprint


def test_a_stranger_follows_a_mirror_as_the_archive(stage, tmp_path):
    """Any client of what the archive publishes takes the mirror instead."""
    stage.join()
    source = FolderSource(LocalDisk(stage.copy_root), "published")
    proven = Follower(source, tmp_path / "stranger").follow(now())
    assert [line.id for line in proven.lines].count(VOLUME) == 1


def test_a_wrong_address_leaves_nothing_behind(stage, tmp_path):
    """Where nothing could be proven no mirror stands."""
    for address in (tmp_path / "nowhere", "http://127.0.0.1:9/"):
        with pytest.raises((NotHeldError, UnavailableError)):
            stage.join(address)
    assert not stage.root.exists() or not list(stage.root.iterdir())


def killed_while_following(monkeypatch):
    """Let the process end, as by a kill, in the middle of following."""

    class KilledError(BaseException):
        """Nobody catches it, and what would tidy up does not run."""

    def die(*_):
        raise KilledError

    monkeypatch.setattr(following, "_follow_by_tuf", die)
    return KilledError


def test_a_mirror_whose_settings_were_lost_is_not_taken_away(stage):
    """Who inits anew where an archive's bytes lie, and no settings, is refused, also at an address
    that is away, and not a byte goes."""
    stage.join()
    stage.hold(VOLUME)
    (stage.root / "mirror.toml").unlink()
    before = files_below(stage.root)
    for address in ("http://127.0.0.1:9/", stage.archive):
        with pytest.raises(ConflictError, match="archives/small-records"):
            stage.join(address)
        assert files_below(stage.root) == before


def test_what_a_stopped_init_left_is_no_hindrance(stage):
    """A folder in which an init was killed is taken as free, and left as it was found."""
    (stage.root / "archives" / ".new" / "trust").mkdir(parents=True)
    (stage.root / "README.txt").write_text("half")
    with pytest.raises(UnavailableError):
        stage.join("http://127.0.0.1:9/")
    assert not list(stage.root.iterdir())
    assert stage.join().name == "small-records"


def test_an_init_that_finds_the_mirror_held_takes_nothing_away(stage, monkeypatch):
    """Of two that make one mirror at once the later one leaves the settings of the first."""
    entered = []

    def found_by_another(root, settings):
        found_mirror(root, settings)
        entered.append(os.open(root / "archives", os.O_RDONLY))
        fcntl.flock(entered[0], fcntl.LOCK_EX)

    monkeypatch.setattr(joining, "found_mirror", found_by_another)
    with pytest.raises(ArchiveBusyError):
        stage.join()
    os.close(entered[0])
    assert (stage.root / "mirror.toml").is_file()


def test_a_kill_while_a_source_is_asked_forgets_nothing(stage, monkeypatch):
    """Where an archive is followed from, and by which keys, stands as it was until another address
    has proven itself."""
    stage.join(minisign=key_of(stage))
    with stage.opened() as (_, copy):
        before = load_origin(copy.disk)
        killed = killed_while_following(monkeypatch)
        written = []
        monkeypatch.setattr(joining, "store_origin", lambda *one: written.append(one))
        with pytest.raises(killed):
            add_source(copy, str(stage.archive / "published"), now())
        assert load_origin(copy.disk) == before
        assert not written


def test_a_second_source_is_kept_beside_the_first(stage):
    """An address that proved itself is asked from then on, and the keys that were known stay."""
    stage.join(minisign=key_of(stage))
    with stage.opened() as (_, copy):
        before = load_origin(copy.disk)
        assert before is not None
        add_source(copy, str(stage.archive / "published"), now())
        after = load_origin(copy.disk)
    assert after == before.also(str(stage.archive / "published"))


def test_a_copy_without_any_address_is_told(stage):
    """A source.toml that names nothing is no programming mistake."""
    stage.join()
    with stage.opened() as (_, copy):
        store_origin(copy.disk, Origin(()))
        with pytest.raises(NotHeldError, match="where it comes from"):
            follow(copy, now())


HOSTILE_LISTS = {
    "of another archive": b'{"schema":1,"archive":"another","lines":0}\n',
    "of no digest": b'{"schema":1,"archive":"uuid-a","lines":1}\n'
    b'{"event":"removal","seq":1,"at":"","sha256":"../..","size_bytes":1,"case":"","reason":""}\n',
    "of no form": b"none\n",
    "of a later form": b'{"schema":2,"archive":"uuid-a","lines":0}\n',
}


@pytest.mark.parametrize("removals", HOSTILE_LISTS)
def test_one_archive_stops_no_other(tmp_path, removals):
    """Whatever an archive signs as its list of removals, another one is followed and synced."""
    root, at = tmp_path / "mirror", now() + timedelta(seconds=5)
    bad, good = Publisher(name="uuid-a"), Publisher(name="uuid-b")
    for one in (bad, good):
        folder = tmp_path / one.name
        folder.mkdir()
        one.disk = LocalDisk(folder)
        one.publish(1, one.index(1), tombstones=removals_of(one))
        join(root, new_settings(10**9), Origin((str(folder),)), Filter(), now())
    bad.publish(1, bad.newest, tombstones=HOSTILE_LISTS[removals], at=at)
    good.publish(2, good.index(2), tombstones=removals_of(good), at=at)
    with open_mirror(root) as mirror:
        synced = sync(mirror, at + timedelta(seconds=5), Wires(EngineSettings.loopback()))
        assert [known(copy).header.seq for copy in mirror.copies] == [1, 2]
    (refusal,) = synced.refusals
    assert isinstance(refusal, IntegrityError | TrustError)
    assert refusal.thing.endswith("tombstones.jsonl")


def removals_of(publisher):
    """A list of no removals."""
    said = {"schema": 1, "archive": publisher.name, "lines": 0}
    return json.dumps(said).encode() + b"\n"


def test_exclusions_that_cannot_be_read_stop_everything(stage):
    """What the keeper excludes is no archive's: without it nothing goes on."""
    stage.join()
    (stage.root / "excluded.toml").write_text("[[excluded]]\nof = 1\n")
    with stage.opened() as (mirror, _), pytest.raises(BadSettingError):
        refresh(mirror, now())


def test_the_first_root_can_be_named(stage):
    """Who was told the fingerprint elsewhere is not deceived even the first time."""
    with pytest.raises(BadSignatureError):
        stage.join(fingerprint="0" * 64)
    right = stage.join().fingerprint
    shutil.rmtree(stage.root)
    assert stage.join(fingerprint=right).fingerprint == right


def test_several_archives_live_on_one_mirror(stage, tmp_path):
    """Another archive of the same name gets a folder of its own; the same archive does not."""
    publisher = Publisher()
    publisher.name = "another"
    publisher.next(1)
    other = tmp_path / "other" / "published"
    for path, data in published_files(publisher).items():
        (other / path).parent.mkdir(parents=True, exist_ok=True)
        (other / path).write_bytes(data)
    assert stage.join().name == "small-records"
    assert stage.join(other).name == "small"
    assert stage.join(stage.archive / "published").name == "small-records"
    with stage.opened() as (mirror, copy):
        assert [one.name for one in mirror.copies] == ["small", "small-records"]
        origin = load_origin(copy.disk)
        assert origin is not None
        assert len(origin.addresses) == 2
        news = refresh(mirror, now())
        assert [one.archive for one in news.followed] == ["small", "small-records"]
        # The other publisher signed a list of removals that is none: that stops only its own.
        assert [error.thing for error in news.refusals] == ["tombstones.jsonl"]


def published_files(publisher):
    """What a publisher in memory has, by path below `published/`."""
    found, waiting = {}, ["published"]
    while waiting:
        folder = waiting.pop()
        for entry in publisher.disk.list(folder):
            path = f"{folder}/{entry.name}"
            if entry.kind.value == "folder":
                waiting.append(path)
            else:
                found[path.removeprefix("published/")] = publisher.read(
                    path.removeprefix("published/")
                )
    return found


def test_a_second_source_must_prove_itself(stage, tmp_path):
    """An address that claims to be the archive, signed by somebody else, is not added."""
    stage.join()
    with stage.opened() as (_, copy):
        uuid = known(copy).header.archive
    thief = Publisher()
    thief.name = uuid
    thief.next(1)
    for path, data in published_files(thief).items():
        (tmp_path / "thief" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "thief" / path).write_bytes(data)
    before = files_below(stage.copy_root / "published")
    with pytest.raises(TrustError):
        stage.join(tmp_path / "thief")
    with stage.opened() as (_, copy), pytest.raises(TrustError):
        add_source(copy, str(tmp_path / "thief"), now())
    with pytest.raises(BadSignatureError):
        stage.join(stage.archive / "published", fingerprint="0" * 64)
    with stage.opened() as (_, copy):
        origin = load_origin(copy.disk)
        assert origin is not None
        assert origin.addresses == (str(stage.archive),)
    assert files_below(stage.copy_root / "published") == before


def test_a_lagging_source_stops_nobody(stage, tmp_path):
    """Of two sources the newer counts; the older is passed over in silence, whatever the order."""
    shutil.copytree(stage.archive / "published", tmp_path / "old" / "published")
    stage.join()
    stage.phono("publish", "refresh").expect(0)
    with stage.opened() as (mirror, copy):
        store_origin(copy.disk, Origin((str(tmp_path / "old"), str(stage.archive))))
        news = refresh(mirror, now())
        signed_at = news.followed[0].signed_at
        store_origin(copy.disk, Origin((str(stage.archive), str(tmp_path / "old"))))
        again = refresh(mirror, now())
    assert (news.refusals, again.refusals, again.notices) == ((), (), ())
    assert again.followed[0].signed_at == signed_at


def test_without_any_source_what_was_known_holds(stage):
    """An archive that is away leaves the mirror as it was, and says so."""
    stage.join()
    before = files_below(stage.copy_root / "published")
    shutil.rmtree(stage.archive)
    with stage.opened() as (mirror, _):
        news = refresh(mirror, now())
    assert len(news.followed) == len(news.refusals) == 1
    assert files_below(stage.copy_root / "published") == before


@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_a_year_off_lets_nothing_go(stage, days):
    """With a clock far ahead nothing new is believed and nothing is let go of; one far behind
    harms nothing, because the archive's own clock counts."""
    stage.join()
    stage.hold(VOLUME)
    at = now() + timedelta(days=days)
    with stage.opened() as (mirror, copy):
        if days > 0:
            with pytest.raises(ExpiredError):
                follow(copy, at)
        else:
            follow(copy, at)
        copy.writing.now = lambda: at.isoformat()
        choices = [
            one.__class__(one.archive, one.line, wanted=False, is_held=one.is_held, reason="x")
            for one in decide(mirror, [known(copy)])
        ]
        carry_out(mirror, [known(copy)], choices if days > 0 else decide(mirror, [known(copy)]))
        assert VOLUME in copy.memory().holdings


# -- every attack on whoever follows, played on a mirror -------------------------------------


@pytest.fixture
def following_by_mirror(monkeypatch):
    """Let the scenes of attacks follow through a mirror's copy; what is refused changes nothing."""

    def followed(scene, source=None, at=None):
        given = source or scene.publisher.source()
        monkeypatch.setattr(following, "source_named", lambda _: given)
        root = scene.place.parent / f"mirror-of-{scene.place.name}"
        (root / "archives" / "weir").mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (root / "archives" / "weir" / "trust").symlink_to(scene.place)
        scene.place.mkdir(exist_ok=True)
        copy = open_copy(root, "weir", Filter(), is_writing=True)
        if load_origin(copy.disk) is None:
            store_origin(copy.disk, Origin(("somewhere",)))
        before = files_below(copy.root / "published")
        try:
            follow(copy, at or now())
        except PhonothequeError:
            assert files_below(copy.root / "published") == before
            raise
        return known(copy)

    monkeypatch.setattr(attacks.Scene, "follow", followed)


@pytest.fixture
def scene(tmp_path, following_by_mirror):
    """Two indexes were published, and seen by a mirror."""
    made = attacks.Scene(tmp_path / "follower")
    made.publisher.next(1)
    made.publisher.next(2)
    assert made.follow().header.seq == 2
    return made


ATTACKS = {**attacks.ATTACKS, **conformance.SCENARIOS}
ON_A_PLACE = (conformance.another_snapshot, conformance.another_file)
"""These look at what a plain follower keeps, which is not where a mirror keeps it."""
ON_A_MIRROR = [attack for attack in ATTACKS if attack not in ON_A_PLACE]


@pytest.mark.parametrize("attack", ON_A_MIRROR, ids=conformance.named)
def test_an_attack_on_a_mirror_is_refused(attack, scene):
    """What is not proven is not believed, and nothing of it is laid out for others."""
    error, _ = ATTACKS[attack]
    with pytest.raises(error):
        attack(scene)


@pytest.mark.parametrize("attack", ON_A_MIRROR, ids=conformance.named)
def test_an_attack_on_a_mirror_succeeds_without_its_check(attack, scene, monkeypatch):
    """Take one check away, and the attack that it is there for reaches the mirror."""
    _, switch_off = ATTACKS[attack]
    switch_off(monkeypatch)
    attack(scene)


# -- the signature for people ----------------------------------------------------------------


def key_of(stage):
    return (stage.archive / "published" / "minisign.pub").read_text().splitlines()[1]


def test_a_lost_archive_is_followed_by_its_signature_for_people(stage, tmp_path):
    """When nothing fresh is signed any more, the key for people proves the index, and says what it
    cannot prove; without the key it is refused."""
    shutil.rmtree(stage.archive / "published" / "metadata")
    with pytest.raises(UnavailableError):
        stage.join()
    joined = stage.join(minisign=key_of(stage))
    assert joined.fingerprint == ""
    assert "signature for people alone" in joined.notices[0]
    assert joined.followed.good_until == ""
    other = type(stage)(stage.phono, tmp_path / "other")
    assert other.join(stage.copy_root, minisign=key_of(stage)).followed.header.seq == 1


def test_what_another_key_signed_is_refused(stage):
    """The last door opens to one key alone."""
    key = key_of(stage)
    shutil.rmtree(stage.archive / "published" / "metadata")
    signature = stage.archive / "published" / "index-00001.jsonl.zst.minisig"
    lines = signature.read_text().splitlines()
    lines[2] = lines[2].replace("index:1", "index:2")
    signature.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadSignatureError):
        stage.join(minisign=key)
    with pytest.raises(BadSignatureError):
        stage.join(minisign="RWQ" + "A" * 53)


def test_the_signature_for_people_goes_back_behind_nothing(stage, monkeypatch):
    """Who saw a later index by TUF is not led back to an earlier one by its signature."""
    key = key_of(stage)
    old = stage.archive.parent / "old"
    shutil.copytree(stage.archive / "published", old / "published")
    stage.phono("publish", "refresh").expect(0)
    shutil.rmtree(old / "published" / "metadata")
    stage.join(minisign=key)
    with stage.opened() as (_, copy):
        learned = copy.memory().learned
        assert learned is not None
        copy.writing.memory.learned = type(learned)(learned.at, 2, "0" * 64, learned.source)
        store_origin(copy.disk, Origin((str(old),), minisign=key))
        (copy.root / "trust" / "anchor.root.json").unlink()
        with pytest.raises(RolledBackError):
            follow(copy, now())


def test_a_mirror_that_trusts_is_not_led_to_the_signature_by_silence(stage):
    """A server that hides the metadata of an archive gets no one to take the weaker proof."""
    stage.join(minisign=key_of(stage))
    shutil.rmtree(stage.archive / "published" / "metadata")
    with stage.opened() as (_, copy), pytest.raises(UnavailableError):
        follow(copy, now())


# -- papers of one torrent -------------------------------------------------------------------


def test_a_torrent_is_taken_by_its_digest(stage):
    """Other bytes than the index names are refused, and the right ones kept."""
    stage.join()
    path = stage.archive / "published" / f"{VOLUME}.torrent"
    good = path.read_bytes()
    with stage.opened() as (_, copy):
        (line,) = (one for one in known(copy).lines if one.id == VOLUME)
        path.write_bytes(good[:-1] + b"x")
        with pytest.raises(BadSignatureError):
            torrent_of(copy, line)
        path.write_bytes(good + b" " * 10_000_000)
        with pytest.raises(PhonothequeError):
            torrent_of(copy, line)
        path.write_bytes(good)
        assert torrent_of(copy, line) == good
        path.unlink()
        assert torrent_of(copy, line) == good
        assert bring_listing(copy, line)
        assert (copy.root / "published" / "files" / f"{VOLUME}.jsonl.zst").is_file()


@pytest.mark.parametrize("name", ["health.json", "torrents.json"])
def test_what_nobody_signed_is_taken_only_when_it_can_be_read(stage, name):
    """A hint that is damaged, endless or absent stops nobody, and never replaces a good one."""
    (stage.archive / "published" / name).write_bytes(b'{"torrents": [')
    stage.join()
    assert not (stage.copy_root / "published" / name).exists()
    (stage.archive / "published" / name).write_bytes(b"\xff")
    with stage.opened() as (mirror, _):
        assert not refresh(mirror, now()).refusals


@pytest.mark.parametrize("path", ["trust/seen.json", "published/index-00001.jsonl.zst"])
def test_a_flipped_byte_here_is_told_or_mended(stage, path):
    """Damage of what a mirror remembers is an error of ours, or is mended from the source."""
    stage.join()
    file = stage.copy_root / path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x80
    file.write_bytes(data)
    with stage.opened() as (_, copy):
        if path == "trust/seen.json":
            with pytest.raises(MalformedError):
                follow(copy, now())
        else:
            follow(copy, now())
            assert known(copy).header.seq == 1
