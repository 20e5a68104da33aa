"""Sealing: every byte proven once more, then lists, torrent, record and pointers, in this order."""

import hashlib
import io
import random
from datetime import date
from functools import partial

import pytest
from tests.faults.memory import MemoryDisk

from phonotheque.disk import make_folders, read_whole
from phonotheque.errors import IntegrityError, UnavailableError
from phonotheque.hands import OneHand
from phonotheque.music.facts import AudioFacts, Readability, Tags
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.publish import sealed
from phonotheque.publish.mint import Press
from phonotheque.publish.plan import Limits
from phonotheque.publish.run import Conditions, plan, seal_all
from phonotheque.publish.seal import prove
from phonotheque.publish.sealed import finish, members
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Accession, Founding, Role
from phonotheque.register.index import Index
from phonotheque.register.journal import START, Journal
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import INCOMING, LISTS, DiskStore, ObjectName

AT = "2026-11-21T05:00:00.000000Z"
VOLUME = "x-open-all-00001"
STATED = RightsStatement(
    licence="https://creativecommons.org/licenses/by/4.0/", basis=Basis.DEPOSITOR, stated_at=AT
)


class Stage:
    """A small archive in memory with three recordings that may be shared."""

    def __init__(self):
        self.disk = MemoryDisk()
        for folder in ("register", LISTS, "volumes", "published", INCOMING):
            make_folders(self.disk, folder)
        self.store = DiskStore(self.disk)
        self.index = Index(":memory:")
        self.journal = Journal(self.disk, START)
        self.names = []
        self.record(Founding(1, "x"))
        for number in range(3):
            self.take_in(random.Random(number).randbytes(700_000 * (number + 1)))

    def record(self, *events):
        written = self.journal.append(AT, events)
        with self.index.transaction():
            self.index.apply(written)

    def take_in(self, data):
        digests = digest_file(io.BytesIO(data))
        name = ObjectName(digests.sha256, "wav")
        staged = self.store.stage("1")
        staged.write(data)
        staged.finish()
        self.store.publish("1", name)
        root = digests.pieces_root.hex()
        more = {"rights": (STATED,), "readability": Readability.READABLE}
        path = f"{len(self.names)}.wav"
        self.record(
            Accession(1, name.sha256.hex, len(data), root, "wav", path, Role.RECORDING, **more)
        )
        self.index.remember(digests)
        tags = Tags(title=f"T{len(self.names)}")
        self.index.remember_facts(digests.sha256, AudioFacts(Readability.READABLE, tags=tags))
        self.names.append(name)

    def spoil(self, name, data=b"other bytes"):
        self.disk.remove(name.path)
        writer = self.disk.create(name.path)
        writer.write(data)
        writer.close()

    def replace(self, path, change):
        """Put other bytes in a file's place, or none."""
        data = change(read_whole(self.disk, path))
        self.disk.remove(path)
        if data is not None:
            writer = self.disk.create(path)
            writer.write(data)
            writer.close()

    def press(self):
        rest = {"title": "X", "trackers": (), "web_seeds": (), "now": AT}
        return Press(self.disk, self.journal, self.index, **rest)

    def run(self):
        press = self.press()
        conditions = Conditions("x", date(2026, 11, 21), Limits(), claims_count=False)
        planned = plan(self.index, conditions)
        hands = OneHand(partial(prove, self.store))
        return list(seal_all(press, hands, planned, lambda size_bytes: None))


@pytest.fixture
def stage():
    return Stage()


def test_sealing_reads_no_audio_again(stage, monkeypatch):
    """Each object is opened once, to be proven; lists and torrent are made of what that gave."""
    opened = []
    real = stage.disk.open
    monkeypatch.setattr(stage.disk, "open", lambda path: opened.append(path) or real(path))
    stage.run()
    assert sorted(p for p in opened if not p.startswith(LISTS)) == sorted(
        name.path for name in stage.names
    )


def test_what_is_sealed_can_be_read_back(stage):
    """The torrent gives the digests, the manifest the names, and the register both digests."""
    (sealed,) = stage.run()
    (volume,) = stage.index.volumes()
    data = read_whole(stage.disk, f"published/{VOLUME}.torrent")
    read = read_torrent(data)
    assert (volume.name, volume.objects, volume.licence_class) == (VOLUME, 3, "open")
    assert hashlib.sha256(data).hexdigest() == volume.torrent
    assert read.info_hash_v2 == sealed.torrent.info_hash_v2
    assert members(stage.disk, volume) == stage.names
    layers = {file.path[-1]: file.layer for file in read.files}
    for name in stage.names:
        assert layers[name.file] == stage.index.digests(stage.index.held(name.sha256)).layer


def test_pointers_come_last_and_are_set_again(stage):
    """The torrent's name and the link are set from the record, as often as one likes."""
    stage.run()
    stage.disk.rename(f"published/{VOLUME}.torrent", f"published/.{VOLUME}.torrent")
    stage.disk.remove(f"volumes/{VOLUME}")
    for _ in range(2):
        finish(stage.disk, [VOLUME])
        assert [e.name for e in stage.disk.list("published")] == [f"{VOLUME}.torrent"]
        assert [e.name for e in stage.disk.list("volumes")] == [VOLUME]


def test_a_stop_before_the_record_leaves_no_volume(stage, monkeypatch):
    """Lists and a hidden torrent that no line names are made anew by the next run."""
    with monkeypatch.context() as patch:
        patch.setattr(stage.journal, "append", _refuse)
        with pytest.raises(UnavailableError):
            stage.run()
    assert stage.index.volumes() == []
    assert [e.name for e in stage.disk.list("published")] == [f".{VOLUME}.torrent"]
    assert stage.disk.list("volumes") == []
    (sealed,) = stage.run()
    assert sealed.planned.name == VOLUME
    assert [e.name for e in stage.disk.list("published")] == [f"{VOLUME}.torrent"]


def _refuse(*_arguments):
    raise UnavailableError("register", "no", "Wait.")


def test_what_is_damaged_is_recorded_before_the_volume(stage):
    """A damaged object is in no list and no torrent; its finding stands in the register first."""
    stage.spoil(stage.names[1])
    (sealed,) = stage.run()
    (volume,) = stage.index.volumes()
    assert [f.path for f in sealed.findings] == [stage.names[1].path]
    assert members(stage.disk, volume) == [stage.names[0], stage.names[2]]
    assert stage.index.held(stage.names[1].sha256).condition == "changed"
    paths = {file.path[-1] for file in read_torrent(sealed.torrent.data).files}
    assert stage.names[1].file not in paths


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (lambda stage, name: stage.spoil(name), "changed"),
        (lambda stage, name: stage.spoil(name, b""), "truncated"),
        (lambda stage, name: stage.disk.remove(name.path), "missing"),
    ],
)
def test_a_proof_says_how_an_object_is_damaged(stage, harm, kind):
    """Reading an object gives all digests if it is exact, else what is wrong with it."""
    assert prove(stage.store, stage.names[0]).digests.sha256 == stage.names[0].sha256
    harm(stage, stage.names[0])
    proof = prove(stage.store, stage.names[0])
    assert (proof.digests, proof.finding.kind, proof.finding.path) == (
        None,
        kind,
        stage.names[0].path,
    )


def test_when_nothing_is_sound_nothing_is_sealed(stage):
    """Without a sound object there is no list, no torrent and no line of a volume."""
    for name in stage.names:
        stage.spoil(name)
    (sealed,) = stage.run()
    assert sealed.torrent is None
    assert len(sealed.findings) == 3
    assert stage.index.volumes() == []
    assert stage.disk.list(LISTS) == stage.disk.list("published") == []


@pytest.mark.parametrize("spoilt", [lambda data: None, lambda data: data + b"\n"])
@pytest.mark.parametrize("hidden", [False, True])
def test_a_volume_is_known_by_its_manifest_or_its_torrent(stage, spoilt, hidden):
    """Which objects a volume holds is read only from the very bytes that were sealed."""
    stage.run()
    (volume,) = stage.index.volumes()
    torrent = f"published/{VOLUME}.torrent"
    if hidden:  # as a crash between record and pointer leaves it
        stage.disk.rename(torrent, torrent := f"published/.{VOLUME}.torrent")
    stage.replace(f"{LISTS}/{VOLUME}/manifest.tsv", spoilt)
    assert sorted(members(stage.disk, volume)) == sorted(stage.names)
    stage.replace(torrent, spoilt)
    with pytest.raises(IntegrityError, match="phono rebuild"):
        members(stage.disk, volume)


def test_sealing_twice_gives_the_same_torrent():
    """The same recordings, sealed in two archives of one name, are one torrent."""
    one, other = Stage().run()[0].torrent, Stage().run()[0].torrent
    assert one.data == other.data
    assert sealed.torrent_path(VOLUME) == f"published/{VOLUME}.torrent"
