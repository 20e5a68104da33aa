"""Scenarios that every client of TUF has to pass, played on ours; each but a few twice: with its
check it is refused, without its check it succeeds.

They follow the list of the TUF project's conformance suite, less what cannot occur here: an archive
delegates to nobody, its own names need no quoting, its keys are Ed25519. Rollback, freeze, mixing,
endless data and stolen keys stand in `test_attacks`.

Source: TUF specification 1.0.33, sections 4 and 5; theupdateframework/tuf-conformance.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Role, Root, Signature, Signed, TargetFile
from tuf.ngclient._internal import trusted_metadata_set
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

from phonotheque.errors import (
    BadSignatureError,
    ExpiredError,
    PhonothequeError,
    RolledBackError,
    TrustError,
    UnavailableError,
)
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.keys import new_key
from publish.trust import test_attacks as attacks
from publish.trust.forge import forge, forge_root, name_in, put
from publish.trust.publisher import Publisher, now
from publish.trust.test_attacks import Scene
from publish.trust.test_attacks import scene as scene

ONLINE = ("timestamp", "snapshot", "targets")
Scenario = Callable[[Scene], None]
Switch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class OfRole:
    """A scenario that is played on the paper of one role."""

    play: Callable[[Scene, str], None]
    role: str

    def __call__(self, scene: Scene) -> None:
        self.play(scene, self.role)

    @property
    def __name__(self) -> str:
        return f"{self.play.__name__}-{self.role}"


# -- who signed ------------------------------------------------------------------------------


def unsigned(scene: Scene, role: str) -> None:
    """A paper without any signature."""
    if role == "root":
        forge_root(scene.publisher, lambda _: None, [])
    else:
        forge(scene.publisher, role, signers=[])
    assert scene.follow().header.seq == 2


def false_signature(scene: Scene, role: str) -> None:
    """A signature under the right key id that is none."""

    def falsify(paper: Metadata[Signed]) -> None:
        for keyid in list(paper.signatures):
            paper.signatures[keyid] = Signature(keyid, "00" * 64)

    if role == "root":
        forge_root(scene.publisher, lambda _: None, scene.publisher.root_keys, falsify)
    else:
        forge(scene.publisher, role, seal=falsify)
    assert scene.follow().header.seq == 2


def first_root_not_its_own(scene: Scene) -> None:
    """The root that is met first does not sign itself."""
    root: Metadata[Root] = Metadata.from_bytes(scene.publisher.read("metadata/1.root.json"))
    root.signatures.clear()
    put(scene.publisher, "metadata/1.root.json", root.to_bytes())
    fresh = Scene(scene.place.with_name("fresh"), scene.publisher)
    assert fresh.follow().header.seq == 2


def root_the_next_does_not_sign(scene: Scene) -> None:
    """A root names a new key for itself that has not signed it."""

    def renew(root: Root) -> None:
        roles.replace(root, [roles.ROOT], scene.publisher.root_keys[0].id, new_key())

    forge_root(scene.publisher, renew, scene.publisher.root_keys)
    assert scene.follow().header.seq == 2


def below_threshold(scene: Scene) -> None:
    """Two keys must sign the snapshot, and one did."""
    second = new_key()

    def ask_two(root: Root) -> None:
        roles.add(root, "snapshot", second)
        roles.set_threshold(root, "snapshot", 2)

    forge_root(scene.publisher, ask_two, scene.publisher.root_keys)
    forge(scene.publisher, "snapshot")
    assert scene.follow().header.seq == 2


def more_than_there_are(scene: Scene) -> None:
    """Two keys must sign the snapshot, and there is one."""

    def ask_too_many(root: Root) -> None:
        root.roles["snapshot"].threshold = 2

    forge_root(scene.publisher, ask_too_many, scene.publisher.root_keys)
    forge(scene.publisher, "snapshot")
    assert scene.follow().header.seq == 2


def one_key_named_twice(scene: Scene) -> None:
    """Two keys must sign the snapshot; the root names one of them twice."""

    def name_twice(root: Root) -> None:
        role = root.roles["snapshot"]
        role.threshold = 2
        role.keyids = [*role.keyids, *role.keyids]

    forge_root(scene.publisher, name_twice, scene.publisher.root_keys)
    forge(scene.publisher, "snapshot")
    assert scene.follow().header.seq == 2


def one_key_signed_twice(scene: Scene) -> None:
    """Two keys must sign the snapshot; one signed it twice."""

    def ask_two(root: Root) -> None:
        roles.add(root, "snapshot", new_key())
        roles.set_threshold(root, "snapshot", 2)

    forge_root(scene.publisher, ask_two, scene.publisher.root_keys)
    forge(scene.publisher, "snapshot")
    path, data = scene.publisher.paper("snapshot")
    paper = json.loads(data)
    paper["signatures"] *= 2
    doubled = json.dumps(paper).encode()
    put(scene.publisher, path, doubled)
    number = paper["signed"]["version"]
    forge(scene.publisher, "timestamp", lambda said: name_in(said, "snapshot", number, doubled))
    assert scene.follow().header.seq == 2


# -- which version, which bytes --------------------------------------------------------------


def root_of_another_number(scene: Scene) -> None:
    """2.root.json says that it is the third."""

    def skip(root: Root) -> None:
        root.version = 3

    forge_root(scene.publisher, skip, scene.publisher.root_keys)
    assert scene.follow().header.seq == 2


def paper_of_another_number(scene: Scene, role: str) -> None:
    """The paper that is named by one version says that it is of another."""
    publisher = scene.publisher
    paper: Metadata[Signed] = Metadata.from_bytes(publisher.paper(role)[1])
    said, named = paper.signed.version + 7, paper.signed.version + 1
    paper.signed.version = said
    paper.sign(publisher.online.signer)
    data = paper.to_bytes()
    put(publisher, f"metadata/{named}.{role}.json", data)
    above = "timestamp" if role == "snapshot" else "snapshot"
    forge(publisher, above, lambda signed: name_in(signed, role, named, data))
    assert scene.follow().header.seq == 2


def goes_back(scene: Scene, role: str) -> None:
    """A newer paper names an older one than was seen."""
    publisher, before = scene.publisher, scene.publisher.copy()
    publisher.next(3, at=now() + timedelta(seconds=5))
    assert scene.follow().header.seq == 3
    path, old = before.paper(role)
    number = Metadata.from_bytes(old).signed.version
    put(publisher, path, old)
    if role == "snapshot":
        put(publisher, *before.paper("targets"))
    above = "timestamp" if role == "snapshot" else "snapshot"
    forge(publisher, above, lambda signed: name_in(signed, role, number, old))
    scene.follow()


def another_snapshot(scene: Scene) -> None:
    """A snapshot that was signed for the version that is named, but is not the one that was
    named."""
    publisher = scene.publisher
    forge(publisher, "snapshot", lambda said: said.unrecognized_fields.update({"x-note": "right"}))
    path, data = publisher.paper("snapshot")
    paper: Metadata[Signed] = Metadata.from_bytes(data)
    paper.signed.unrecognized_fields["x-note"] = "wrong"
    paper.sign(publisher.online.signer)
    put(publisher, path, paper.to_bytes())
    scene.follow()
    assert b"wrong" in (scene.place / "tuf" / "snapshot.json").read_bytes()


def one_role_for_another(scene: Scene) -> None:
    """A snapshot stands in the place of the timestamp, signed by the key of both."""
    publisher = scene.publisher
    paper = json.loads(publisher.paper("timestamp")[1])
    paper["signed"]["_type"] = "snapshot"
    paper["signed"]["version"] += 1
    forged: Metadata[Signed] = Metadata.from_dict(paper)
    forged.sign(publisher.online.signer)
    put(publisher, "metadata/timestamp.json", forged.to_bytes())
    assert scene.follow().header.seq == 2


def another_file(scene: Scene) -> None:
    """A file that is sent is not the one that was signed, though it is as long."""
    signed = Metadata.from_bytes(scene.publisher.paper("targets")[1]).signed
    digest = signed.targets["tombstones.jsonl"].hashes["sha256"]
    put(scene.publisher, f"metadata/targets/{digest}.tombstones.jsonl", b"mine\n")
    assert scene.follower().file("tombstones.jsonl") == b"mine\n"


def expired(scene: Scene, role: str) -> None:
    """A paper that ran out."""

    def end(signed: Signed) -> None:
        signed.expires = (now() - timedelta(days=1)).replace(microsecond=0)

    forge(scene.publisher, role, end)
    assert scene.follow().header.seq == 2


# -- the checks, switched off ----------------------------------------------------------------


def forget_every_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither versions nor indexes are compared with those seen before: each alone refuses it."""
    attacks.forget_what_was_trusted(monkeypatch)
    attacks.believe_any_past(monkeypatch)


def take_any_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roots need not follow from each other by number."""

    def update_root(self: TrustedMetadataSet, data: bytes) -> Root:
        root, _, _ = self._load_data(Root, data, self.root)
        root.version = self.root.version + 1  # what is kept is kept by number
        self._add("root", root, "root")
        return root

    monkeypatch.setattr(TrustedMetadataSet, "update_root", update_root)


def take_any_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot need not be of the version that the timestamp names."""
    monkeypatch.setattr(TrustedMetadataSet, "_check_final_snapshot", lambda _: None)


def take_any_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of papers are not compared."""
    monkeypatch.setattr(attacks.MetaFile, "verify_length_and_hashes", lambda *_: None)


def take_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of files are not compared."""
    monkeypatch.setattr(TargetFile, "verify_length_and_hashes", lambda *_: None)


def take_any_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper is read as what it is asked for, whatever it says that it is."""

    def load(role: Any, data: bytes, delegator: Any = None, name: str = "") -> object:
        said: Metadata[Signed] = Metadata.from_bytes(data)
        paper = json.loads(data)
        paper["signed"]["_type"] = role.type
        read: Metadata[Signed] = Metadata.from_dict(paper)
        if delegator is not None:
            delegator.verify_delegate(name or role.type, said.signed_bytes, said.signatures)
        return read.signed, said.signed_bytes, said.signatures

    monkeypatch.setattr(trusted_metadata_set, "_load_from_metadata", load)


def count_names_not_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is named twice counts twice."""

    def make(self: Role, keyids: list[str], threshold: int, unrecognized: Any = None) -> None:
        self.keyids, self.threshold = keyids, threshold
        self.unrecognized_fields = unrecognized or {}

    monkeypatch.setattr(Role, "__init__", make)
    attacks.one_signature_will_do(monkeypatch)


def count_signatures_not_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that signed twice counts twice."""
    read = Metadata.from_dict.__func__  # type: ignore[attr-defined]

    def from_dict(cls: type, paper: dict[str, Any]) -> object:
        by_key = {one["keyid"]: one for one in paper["signatures"]}
        return read(cls, {**paper, "signatures": list(by_key.values())})

    monkeypatch.setattr(Metadata, "from_dict", classmethod(from_dict))
    attacks.one_signature_will_do(monkeypatch)


SCENARIOS: dict[Scenario, tuple[type[PhonothequeError], Switch]] = {
    **{
        OfRole(play, role): (BadSignatureError, attacks.any_signature_will_do)
        for play in (unsigned, false_signature)
        for role in ("root", *ONLINE)
    },
    first_root_not_its_own: (BadSignatureError, attacks.any_signature_will_do),
    root_the_next_does_not_sign: (BadSignatureError, attacks.any_signature_will_do),
    below_threshold: (BadSignatureError, attacks.one_signature_will_do),
    more_than_there_are: (BadSignatureError, attacks.one_signature_will_do),
    one_key_named_twice: (TrustError, count_names_not_keys),
    one_key_signed_twice: (TrustError, count_signatures_not_keys),
    root_of_another_number: (RolledBackError, take_any_root),
    OfRole(paper_of_another_number, "snapshot"): (RolledBackError, take_any_snapshot),
    OfRole(paper_of_another_number, "targets"): (RolledBackError, attacks.take_any_targets),
    OfRole(goes_back, "snapshot"): (RolledBackError, forget_every_past),
    OfRole(goes_back, "targets"): (RolledBackError, forget_every_past),
    another_snapshot: (BadSignatureError, take_any_bytes),
    one_role_for_another: (TrustError, take_any_role),
    another_file: (BadSignatureError, take_any_file),
    **{
        OfRole(expired, role): (ExpiredError, attacks.believe_for_ever)
        for role in ("timestamp", "snapshot", "targets")
    },
}


MOVED_ON = (
    below_threshold,
    more_than_there_are,
    one_key_signed_twice,
    OfRole(goes_back, "snapshot"),
    OfRole(goes_back, "targets"),
)
"""In these something honest was followed that whoever stood still does not know."""


def named(scenario: Scenario) -> str:
    return scenario.__name__


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_scenario_is_refused(scenario: Scenario, scene: Scene) -> None:
    """What is not proven is not believed, and who publishes honestly is followed afterwards."""
    honest = scene.publisher.copy()
    error, _ = SCENARIOS[scenario]
    with pytest.raises(error):
        scenario(scene)
    if scenario not in MOVED_ON:
        honest.next(3, at=now() + timedelta(seconds=9))
        assert scene.follow(honest.source()).header.seq == 3


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_scenario_succeeds_without_its_check(
    scenario: Scenario, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take one check away, and what it refuses goes through."""
    _, switch_off = SCENARIOS[scenario]
    switch_off(monkeypatch)
    scenario(scene)


# -- what is no attack, or has no check of its own -------------------------------------------


def change_without_a_number(scene: Scene) -> bytes:
    """The timestamp changes and keeps its version; returns what is remembered of it then."""
    forge(
        scene.publisher,
        "timestamp",
        lambda said: said.unrecognized_fields.update({"x-note": "new"}),
        is_newer=False,
    )
    scene.follow()
    return (scene.place / "tuf" / "timestamp.json").read_bytes()


def test_a_version_is_taken_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other bytes under a version that was seen are passed over, as long as versions count."""
    assert b"x-note" not in change_without_a_number(scene)
    attacks.forget_what_was_trusted(monkeypatch)
    assert b"x-note" in change_without_a_number(scene)


@pytest.mark.parametrize("role", ONLINE)
def test_a_missing_paper_is_waited_for(scene: Scene, role: str) -> None:
    """What cannot be had is no attack, and nothing that was seen is forgotten."""
    scene.publisher.next(3, at=now() + timedelta(seconds=5))
    scene.publisher.disk.remove(f"published/{scene.publisher.paper(role)[0]}")
    with pytest.raises(UnavailableError):
        scene.follow()


def test_a_snapshot_without_targets_is_refused(scene: Scene) -> None:
    """What was named once cannot be left out."""
    forge(scene.publisher, "snapshot", lambda said: said.meta.clear())
    with pytest.raises(TrustError):
        scene.follow()


def test_a_first_root_that_is_none_is_refused(tmp_path: Path) -> None:
    """Where nothing can be read, nothing is trusted."""
    publisher = Publisher()
    publisher.next(1)
    put(publisher, "metadata/1.root.json", b'{"signed": {}}')
    with pytest.raises(TrustError):
        Follower(publisher.source(), tmp_path / "fresh").follow(now())


@pytest.mark.parametrize("role", ONLINE)
def test_unknown_words_are_passed_over_and_kept(scene: Scene, role: str) -> None:
    """A later specification may say more: it is signed, it is believed, and a mirror gives it on
    as it came."""

    def say_more(signed: Signed) -> None:
        signed.unrecognized_fields["x-note"] = {"of": ["a", "later", "time"]}

    forge(scene.publisher, role, say_more)
    assert scene.follow().header.seq == 2
    served = {one.path: one.data for one in scene.follower().mirrored(lambda _: None)}
    path, data = scene.publisher.paper(role)
    assert b"x-note" in data
    assert served[path] == data


def test_a_digest_of_an_unknown_kind_is_refused(scene: Scene) -> None:
    """A file of which only an unknown digest is signed cannot be proven."""
    scene.publisher.next(3, at=now() + timedelta(seconds=5))

    def unknown(signed: Any) -> None:
        for file in signed.targets.values():
            file.hashes = {"sha999": file.hashes["sha256"]}

    forge(scene.publisher, "targets", unknown)
    with pytest.raises(TrustError):
        scene.follow()


@pytest.mark.parametrize("role", ONLINE)
def test_whoever_was_run_ahead_of_is_caught_up_with(scene: Scene, role: str) -> None:
    """A thief of the online key gave a paper the highest of numbers; once the key is replaced,
    lower numbers are believed again."""
    publisher, thief = scene.publisher, scene.publisher.copy()

    def run_ahead(signed: Signed) -> None:
        signed.version = 2**53 - 1

    forge(thief, role, run_ahead)
    assert scene.follow(thief.source()).header.seq == 2
    old, fresh = publisher.online.id, new_key()
    publisher.change_root(
        lambda root: roles.replace(root, roles.ONLINE, old, fresh), *publisher.root_keys
    )
    publisher.online = fresh
    publisher.next(3, at=now() + timedelta(seconds=5))
    assert scene.follow().header.seq == 3


def test_roots_are_walked_one_by_one(scene: Scene) -> None:
    """Keys of the root are replaced again and again; whoever was away follows all of them."""
    publisher = scene.publisher
    for number in range(3, 8):
        before, fresh = publisher.root_keys, new_key()
        publisher.root_keys = [fresh]
        old = before[0].id

        def renew(root: Root, old: str = old, fresh: Any = fresh) -> None:
            roles.replace(root, [roles.ROOT], old, fresh)

        publisher.change_root(renew, *before, fresh)
        publisher.next(number, at=now() + timedelta(seconds=number))
    assert scene.follow().header.seq == 7


def test_who_ran_out_here_is_renewed_from_there(scene: Scene) -> None:
    """What is remembered may be too old; what is fresh is believed by it all the same."""
    with pytest.raises(ExpiredError):
        scene.follow(at=now() + timedelta(days=31))
    scene.publisher.next(3, at=now() + timedelta(days=31))
    assert scene.follow(at=now() + timedelta(days=32)).header.seq == 3
