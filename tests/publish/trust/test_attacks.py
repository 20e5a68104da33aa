"""What a hostile server, a thief of keys or a wrong clock can do: nothing, as long as each check is
there. Every scenario is played twice: with its check it is refused, without its check it succeeds.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, MetaFile, Signed, Targets, VerificationResult
from tuf.ngclient import FetcherInterface
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

from phonotheque.errors import (
    BadSignatureError,
    BrokenChainError,
    ExpiredError,
    MalformedError,
    PhonothequeError,
    RolledBackError,
    TooLongError,
    UnavailableError,
)
from phonotheque.publish.trust import following, names, roles
from phonotheque.publish.trust.following import Followed, Follower
from phonotheque.publish.trust.keys import new_key
from publish.trust.forge import put, sign_also
from publish.trust.publisher import Between, Publisher, line, now

MOST_BYTES = 200_000
"""What it may take to learn that nothing changed, whatever a server sends."""


@dataclass
class Scene:
    """A publisher that somebody follows, and a place for what is seen."""

    place: Path
    publisher: Publisher = field(default_factory=Publisher)

    def follower(self, source: object | None = None) -> Follower:
        return Follower(source or self.publisher.source(), self.place)  # type: ignore[arg-type]

    def follow(self, source: object | None = None, at: datetime | None = None) -> Followed:
        return self.follower(source).follow(at or now())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Two indexes were published, and seen."""
    made = Scene(tmp_path / "follower")
    made.publisher.next(1)
    made.publisher.next(2)
    assert made.follow().header.seq == 2
    return made


Switch = Callable[[pytest.MonkeyPatch], None]


# -- attacks: each ends in a `Followed` or is refused ----------------------------------------


def rollback_of_metadata(scene: Scene) -> None:
    """A server sends what was published before a removal; the index is the same."""
    before = scene.publisher.copy()
    data, at = scene.publisher.newest, now() + timedelta(seconds=5)
    scene.publisher.publish(2, data, tombstones=b"removed\n", at=at)
    scene.follow()
    assert scene.follower().file("tombstones.jsonl") == b"removed\n"
    assert scene.follow(before.source()).header.seq == 2
    assert scene.follower(before.source()).file("tombstones.jsonl") == b"none\n"


def rollback_of_the_index(scene: Scene) -> None:
    """A thief of the online key signs an older index again, with metadata that is new."""
    thief = scene.publisher.copy()
    first = thief.index(1, line("small-open-all-00001"))
    thief.history = {1: thief.history[1]}
    thief.publish(1, first, at=now() + timedelta(seconds=5))
    assert scene.follow(thief.source()).header.seq == 1


def another_past(scene: Scene) -> None:
    """A thief of the online key publishes an index whose past is not the one that was seen."""
    thief = scene.publisher.copy()
    thief.index(1, line("small-open-all-00007"))
    thief.index(2, line("small-open-all-00008"))
    thief.publish(3, thief.index(3, line("small-open-all-00009")), at=now() + timedelta(seconds=5))
    assert scene.follow(thief.source()).lines[0].id == "small-open-all-00009"


def broken_chain(scene: Scene) -> None:
    """The next index names another one before it than the one that was seen."""
    thief = scene.publisher.copy()
    seen = thief.history[2]
    thief.history[2] = "0" * 64
    data = thief.index(3, line("small-open-all-00009"))
    thief.history[2] = seen
    thief.publish(3, data, at=now() + timedelta(seconds=5))
    assert scene.follow(thief.source()).header.previous == "0" * 64


def freeze(scene: Scene) -> None:
    """A server goes on sending what is weeks old, so that nobody learns of anything new."""
    old = Publisher()
    long_ago = now() - timedelta(days=40)
    old.next(1, at=long_ago)
    fresh = Scene(scene.place.with_name("another"), old)
    assert fresh.follow().header.seq == 1


def expired_root(scene: Scene) -> None:
    """Who may sign was to be believed until yesterday, and nobody renewed it."""
    old = Publisher()
    old.change_root(_expire, *old.root_keys)
    old.next(1)
    assert Scene(scene.place.with_name("another"), old).follow().header.seq == 1


def _expire(root: roles.Root) -> None:
    root.expires = (now() - timedelta(days=1)).replace(microsecond=0)


def clock_gone_back(scene: Scene) -> None:
    """It was known to be later once; a clock that was set back makes old things look fresh."""
    note = scene.place / "seen.json"
    said = json.loads(note.read_bytes())
    said["latest"] = (now() + timedelta(days=60)).isoformat()
    note.write_text(json.dumps(said))
    assert scene.follow().header.seq == 2


def mix_and_match(scene: Scene) -> None:
    """A server sends the targets of one publication with the snapshot of another."""
    _, before = scene.publisher.paper("targets")
    scene.publisher.next(3, at=now() + timedelta(seconds=5))
    path, _ = scene.publisher.paper("targets")
    (scene.place / "tuf" / "targets.json").unlink()
    between = Between(scene.publisher.source(), {path: lambda: iter([before])})
    assert scene.follow(between).header.seq == 2


def endless_data(scene: Scene) -> None:
    """A server never stops sending what is a few hundred bytes and then nothing but blanks."""
    path, data = scene.publisher.paper("timestamp")
    between = Between(scene.publisher.source(), {path: lambda: _flood(data)})
    scene.follow(between)
    assert between.sent > MOST_BYTES


def _flood(data: bytes = b"") -> Iterator[bytes]:
    """Sixteen megabytes are as good as endless here."""
    yield data
    for _ in range(256):
        yield b" " * (1 << 16)


def too_few_root_keys(scene: Scene) -> None:
    """Two of three root keys must sign; a thief has one, and makes a root with keys of his own."""
    keys = [new_key(), new_key(), new_key()]
    honest = Publisher(root_keys=keys, threshold=2)
    honest.next(1)
    guarded = Scene(scene.place.with_name("another"), honest)
    guarded.follow()
    thief = honest.copy()
    thief.online, stolen = new_key(), keys[0]

    def take_over(root: roles.Root) -> None:
        for role in roles.ONLINE:
            roles.replace(root, [role], honest.online.id, thief.online)

    thief.change_root(take_over, stolen)
    thief.next(2, at=now() + timedelta(seconds=5))
    assert guarded.follow(thief.source()).header.seq == 2


def stolen_online_key(scene: Scene) -> None:
    """The online key was stolen and replaced; the thief signs with the old one."""
    thief = scene.publisher.copy()
    fresh = new_key()
    old = scene.publisher.online
    scene.publisher.change_root(
        lambda root: roles.replace(root, roles.ONLINE, old.id, fresh), *scene.publisher.root_keys
    )
    thief.next(3, at=now() + timedelta(seconds=5))
    for root in scene.publisher.roots:
        name = f"published/metadata/{root.signed.version}.root.json"
        thief.disk.remove(name)
        writer = thief.disk.create(name)
        writer.write(root.to_bytes())
    assert scene.follow(thief.source()).header.seq == 3


def file_among_the_signatures(scene: Scene) -> None:
    """A thief of the online key signs a file that is called as if it were the next root."""
    thief = scene.publisher.copy()
    put(thief, sign_also(thief, "metadata/2.root.json", b"mine\n"), b"mine\n")
    assert scene.follow(thief.source()).header.seq == 2


# -- the checks, switched off ----------------------------------------------------------------


def forget_what_was_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are not compared with those seen before."""
    for role in ("timestamp", "snapshot"):
        checked = getattr(TrustedMetadataSet, f"update_{role}")

        def unchecked(
            self: TrustedMetadataSet,
            data: bytes,
            role: str = role,
            checked: Any = checked,
            **named: bool,
        ) -> object:
            self._trusted_set.pop(role, None)
            return checked(self, data, **named)

        monkeypatch.setattr(TrustedMetadataSet, f"update_{role}", unchecked)


def believe_any_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes need not follow from each other."""
    monkeypatch.setattr(following, "check_follows", lambda *_: None)


def believe_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs out."""
    monkeypatch.setattr(Signed, "is_expired", lambda *_: False)


def trust_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest instant that was known is not remembered."""
    monkeypatch.setattr(Follower, "_refuse_stale", lambda *_: None)


def take_any_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the snapshot says of the targets is not compared."""
    checked = TrustedMetadataSet.update_delegated_targets

    def agreeing(self: TrustedMetadataSet, data: bytes, role: str, parent: str) -> Targets:
        version = Metadata[Targets].from_bytes(data).signed.version
        self.snapshot.meta["targets.json"].version = version
        return checked(self, data, role, parent)

    monkeypatch.setattr(TrustedMetadataSet, "update_delegated_targets", agreeing)
    monkeypatch.setattr(MetaFile, "verify_length_and_hashes", lambda *_: None)


def read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No length is too long."""
    limited = FetcherInterface.download_bytes

    def unlimited(self: FetcherInterface, url: str, _most: int) -> bytes:
        return limited(self, url, 1 << 40)

    monkeypatch.setattr(FetcherInterface, "download_bytes", unlimited)


def one_signature_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds are not counted."""
    monkeypatch.setattr(VerificationResult, "verified", property(lambda self: bool(self.signed)))


def any_signature_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks who signed."""
    monkeypatch.setattr(VerificationResult, "verified", property(lambda self: True))


def take_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may be called whatever they like."""
    monkeypatch.setattr(names, "_NAME", re.compile(".*", re.DOTALL))


ATTACKS: dict[Callable[[Scene], None], tuple[type[PhonothequeError], Switch]] = {
    rollback_of_metadata: (RolledBackError, forget_what_was_trusted),
    rollback_of_the_index: (RolledBackError, believe_any_past),
    another_past: (BrokenChainError, believe_any_past),
    broken_chain: (BrokenChainError, believe_any_past),
    freeze: (ExpiredError, believe_for_ever),
    expired_root: (ExpiredError, believe_for_ever),
    clock_gone_back: (ExpiredError, trust_the_clock),
    mix_and_match: (BadSignatureError, take_any_targets),
    endless_data: (TooLongError, read_without_end),
    too_few_root_keys: (BadSignatureError, one_signature_will_do),
    stolen_online_key: (BadSignatureError, any_signature_will_do),
    file_among_the_signatures: (MalformedError, take_any_name),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_refused(attack: Callable[[Scene], None], scene: Scene) -> None:
    """What is not proven is not believed, with an error that says what is wrong with it."""
    error, _ = ATTACKS[attack]
    with pytest.raises(error):
        attack(scene)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_succeeds_without_its_check(
    attack: Callable[[Scene], None], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take one check away, and the attack that it is there for goes through."""
    _, switch_off = ATTACKS[attack]
    switch_off(monkeypatch)
    attack(scene)


# -- what else holds -------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "root"])
def test_an_endless_server_costs_little(role: str, scene: Scene) -> None:
    """Whatever file never ends, less than 200 KB are taken before that is noticed."""
    scene.publisher.next(3, at=now() + timedelta(seconds=5))
    path = scene.publisher.paper(role)[0] if role != "root" else "metadata/2.root.json"
    between = Between(scene.publisher.source(), {path: _flood})
    with pytest.raises(TooLongError):
        scene.follow(between)
    assert between.sent <= MOST_BYTES


def test_nothing_new_costs_less_than_a_page(scene: Scene) -> None:
    """Whoever follows downloads the timestamp, and nothing else, to learn that nothing changed."""
    again = scene.follow()
    assert not again.is_new
    assert again.downloaded_bytes == len(scene.publisher.paper("timestamp")[1]) < 1000


def test_an_index_is_taken_once(scene: Scene) -> None:
    """What is new is handed out with the lines of all torrents; what was seen before is kept."""
    scene.publisher.next(3, at=now() + timedelta(seconds=5))
    new = scene.follow()
    assert new.is_new
    assert [one.id[-1] for one in new.lines] == ["1", "2", "3"]
    assert not scene.follow().is_new


def test_whoever_was_away_for_long_takes_up_again(scene: Scene) -> None:
    """Indexes that were missed need not be downloaded: the history shows that they follow."""
    for seq in range(3, 9):
        scene.publisher.next(seq, at=now() + timedelta(seconds=seq))
    assert scene.follow().header.seq == 8


def test_an_archive_stays_the_one_it_was(scene: Scene) -> None:
    """The index of another archive is refused, though the keys of this one signed it."""
    other = scene.publisher.copy()
    other.name = "another"
    other.next(3, at=now() + timedelta(seconds=5))
    with pytest.raises(BrokenChainError, match="another archive"):
        scene.follow(other.source())


def test_the_first_root_can_be_named(scene: Scene, tmp_path: Path) -> None:
    """Whoever was told the fingerprint of an archive takes no other, the first time already."""
    sha256 = hashlib.sha256(scene.publisher.read("metadata/1.root.json")).hexdigest()
    named = Follower(scene.publisher.source(), tmp_path / "named", fingerprint=sha256)
    assert named.follow(now()).header.seq == 2
    other = Publisher()
    other.next(1)
    with pytest.raises(BadSignatureError, match="SHA-256"):
        Follower(other.source(), tmp_path / "other", fingerprint=sha256).follow(now())


def test_refusing_forgets_nothing(scene: Scene) -> None:
    """After an attack was refused, the honest publisher is followed as before."""
    with pytest.raises(PhonothequeError):
        another_past(scene)
    scene.publisher.next(3, at=now() + timedelta(seconds=9))
    assert scene.follow().lines[-1].id == "small-open-all-00003"


def test_a_lost_cache_loses_no_protection(scene: Scene) -> None:
    """What the library of TUF remembers may be lost; an older index is refused all the same."""
    before = scene.publisher.copy()
    scene.publisher.next(3, at=now() + timedelta(seconds=5))
    scene.follow()
    shutil.rmtree(scene.place / "tuf")
    with pytest.raises(RolledBackError):
        scene.follow(before.source())


def test_a_server_that_is_away_is_told_apart(scene: Scene) -> None:
    """What cannot be had now is no attack: wait and try again."""

    def away() -> Iterator[bytes]:
        raise UnavailableError("the server", "it is away", "Try again later.")

    between = Between(scene.publisher.source(), {"metadata/timestamp.json": away})
    with pytest.raises(UnavailableError):
        scene.follow(between)
