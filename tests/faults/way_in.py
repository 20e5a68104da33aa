"""The way in on any disk, in one process: the scenarios that power loss and failing calls try.

The product's own code runs: founding, opening, taking in, sealing. Only three things differ from
the command: one hand instead of many, facts without a decoder, and an index in memory, which is
what a lost `state/` amounts to.
"""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from phonotheque.accession.deposit import survey
from phonotheque.accession.ingest import Ingest, Outcome, Parts, Told
from phonotheque.accession.statements import Given, Notary
from phonotheque.accession.take import take
from phonotheque.archive.founding import lay_out
from phonotheque.archive.healing import heal
from phonotheque.disk import Disk, read_whole
from phonotheque.hands import OneHand
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.music.rights import Verdict
from phonotheque.publish.mint import Press, record
from phonotheque.publish.plan import Limits
from phonotheque.publish.run import Conditions, plan, seal_all
from phonotheque.publish.seal import prove
from phonotheque.publish.sealed import live, members, remains, torrent_path, unpublish
from phonotheque.publish.supersede import correct, fold, plan_folds
from phonotheque.publish.torrent import read_torrent
from phonotheque.register.events import Event
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.journal import Journal
from phonotheque.register.people import People
from phonotheque.register.published import removed_from_volumes, retirements
from phonotheque.store.fixity import check_object, strays
from phonotheque.store.objects import DiskStore, ObjectName

TODAY = date(2026, 11, 21)
AT = "2026-11-21T05:00:00.000000Z"
GIVEN = Given("CC-BY-4.0", "we made it", "Ada", "Live")


def make_music(folder: Path, count: int = 3) -> Path:
    """A few files of a fraction of a second, all different, and a text beside them."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        raw = BytesIO()
        with wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes([number + 1, 0]) * 200)
        (folder / f"{number}.wav").write_bytes(raw.getvalue())
    (folder / "notes.txt").write_text("liner notes")
    return folder


def no_decoder(_file: object) -> AudioFacts:
    """Facts as if a decoder had read them."""
    return AudioFacts(Readability.READABLE, Technical("wav", "pcm_s16le"), Tags(title="A"))


@dataclass
class Open:
    """An archive opened on some disk. `index` is in memory, made from the register."""

    disk: Disk
    store: DiskStore
    index: Index
    journal: Journal

    def add(self, music: Path) -> Iterator[Told]:
        """Take a folder in."""
        people = People(":memory:")
        notary = Notary(people.person, lambda text: f"sha256:{digest(text)}", AT)
        hand = OneHand(lambda job: take(self.store, job, no_decoder))
        parts = Parts(
            self.store,
            self.journal,
            self.index,
            notary,
            hand,
            lambda: AT,
            lambda _source: None,
            lambda: None,
        )
        deposit = survey([music], Path("/nowhere"))
        yield from Ingest(parts, GIVEN, deposit.books).run(deposit.found)

    def publish(self) -> Iterator[str]:
        """Seal what may be shared; yields the names of volumes."""
        hand = OneHand(lambda name: prove(self.store, name))
        chosen = plan(self.index, Conditions("test", TODAY, Limits(), claims_count=False))
        for sealed in seal_all(self.press(), hand, chosen, lambda _bytes: None):
            if sealed.torrent is not None:
                yield sealed.planned.name

    def fold(self) -> Iterator[str]:
        """Fold small volumes into bigger ones; yields the names of these."""
        for group in plan_folds(live(self.index), Limits()):
            if (done := fold(self.press(), group, self._asked).planned) is not None:
                yield done.name

    def correct(self) -> Iterator[str]:
        """Give volumes that hold something removed a successor without it; yields its name."""
        for volume in live(self.index):
            if volume.name in dict(removed_from_volumes(self.index)):
                done = correct(self.press(), volume, "Removed.", self._asked)
                if done.planned is not None:
                    yield done.planned.name

    def sweep(self) -> None:
        """Take pointers of retired volumes away."""
        for name in remains(self.disk, self.index):
            unpublish(self.disk, name)

    def press(self) -> Press:
        """What volumes, packs and removals are made with."""
        return Press(self.disk, self.journal, self.index, "Test", (), (), AT)

    def record(self, *events: Event) -> None:
        """Write lines, and the rows that follow from them."""
        record(self.press(), events)

    def _asked(self, held: Held) -> Verdict:
        return ask(Door.PUBLISH, self.index.statements(held.sha256), TODAY)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def found(disk: Disk) -> None:
    """An empty archive."""
    lay_out(disk, "Test", identity="archive", at=AT)


_EMPTY = Index(":memory:")
_IDLE: list[Index] = []
"""Indexes that nobody uses now: to fill one costs a tenth of making its tables."""


@contextmanager
def _index_like(state: Index) -> Iterator[Index]:
    """An index in memory with the rows of another."""
    index = _IDLE.pop() if _IDLE else Index(":memory:")
    state.db.backup(index.db)
    try:
        yield index
    except BaseException:  # whoever was stopped may have left it in the middle of something
        index.close()
        raise
    _IDLE.append(index)


@contextmanager
def opened(disk: Disk, state: Index | None = None) -> Iterator[Open]:
    """Open an archive to write, with a copy of its state, or with a state that was lost."""
    with _index_like(state or _EMPTY) as index:
        end, _ = heal(disk, index)
        journal = Journal(disk, end)
        try:
            yield Open(disk, DiskStore(disk), index, journal)
        finally:
            journal.close()


def assert_whole(archive: Open, promised: list[Told]) -> None:
    """What was promised is there and exact; what can be seen is whole."""
    for told in promised:
        if told.outcome is Outcome.REFUSED:
            continue
        assert told.sha256 is not None
        held = archive.index.held(told.sha256)
        assert held is not None, f"{told.path} was promised and is not in the register"
        assert any(one.path == told.path for one in archive.index.accessions(told.sha256))
    names = set()
    for held in archive.index.oldest_checked():
        name = ObjectName(held.sha256, held.extension)
        names.add(name)
        assert check_object(archive.store, name, held.size_bytes) is None, f"{name.path} is damaged"
    for finding in strays(archive.store, names.__contains__):
        name = ObjectName(Sha256.parse(finding.path.rpartition("/")[2][:64]), finding.path[-3:])
        with archive.store.open(name) as file:
            found_bytes = file.read()
        assert Sha256(hashlib.sha256(found_bytes).digest()) == name.sha256, "half-written"


def assert_sealed(archive: Open, promised: list[str]) -> None:
    """Every volume that was promised, and every one that can be seen, is complete."""
    volumes = {volume.name: volume for volume in live(archive.index)}
    assert set(promised) <= set(volumes)
    gone = set(retirements(archive.index))
    visible = {entry.name for entry in archive.disk.list("published")}
    for name in visible:
        assert name.startswith(".") or name.removesuffix(".torrent") in gone | set(volumes)
    for entry in archive.disk.list("volumes"):
        assert entry.name in gone | set(volumes)
    for name in promised:
        data = read_whole(archive.disk, torrent_path(name))
        assert hashlib.sha256(data).hexdigest() == volumes[name].torrent
        assert archive.disk.stat(f"volumes/{name}") is not None
    for name, volume in volumes.items():
        listed = members(archive.disk, volume)
        assert len(listed) == volume.objects
        hidden = f"published/.{name}.torrent"
        path = hidden if archive.disk.stat(hidden) else torrent_path(name)
        for file in read_torrent(read_whole(archive.disk, path)).files:
            with archive.disk.open("objects/" + "/".join(file.path)) as payload:
                assert len(payload.read()) == file.size_bytes
