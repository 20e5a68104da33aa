"""What is published, signed: targets, then a snapshot of them, then the timestamp.

Order: the files that are signed -> `targets` -> `snapshot` -> `timestamp.json`, each durable before
the next. The last one is the only name that changes what it means, so whoever follows sees all of a
publication or nothing of it, and a crash leaves at worst files that nothing names.

Laws: a version only ever grows, also when `published/` was lost or a clock was set back; what is
signed and still good is not signed again; only files that neither this publication nor the one
before names are taken away, so nobody who is in the middle of a download loses it.

Source: TUF specification 1.0.33, sections 4.4 to 4.6, 6.2 (consistent snapshots) and 7. Not here:
who may sign (`roles`), what is published (`phonotheque.archive.bulk.indexing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from phonotheque.disk import Disk, Kind, make_folders, read_if_held, read_whole, write_whole
from phonotheque.errors import KeyAwayError, NotHeldError
from phonotheque.publish.trust.keys import Ring
from phonotheque.publish.trust.names import signed_path, signed_paths
from phonotheque.publish.trust.roles import SignedRoot, role_keys
from phonotheque.publish.trust.roots import METADATA, publish_roots, root_name

FILES = f"{METADATA}/targets"
"""Where the signed files lie once more, each called `<sha256>.<name>`: what a name stood for when
it was signed stays there while another publication is being made."""

MOST_TARGETS = 20
"""Few on purpose: everything else follows from the index by its digest, and a client that looks
whether something is new must not download much."""

S = TypeVar("S", Targets, Snapshot, Timestamp)


@dataclass(frozen=True, slots=True)
class Lives:
    """For how many days what a role signs is to be believed."""

    targets_days: int
    timestamp_days: int

    def of(self, role: str) -> timedelta:
        """Return the life of what a role signs."""
        return timedelta(days=self.targets_days if role == "targets" else self.timestamp_days)


@dataclass(frozen=True, slots=True)
class Signing:
    """What signing needs.

    Attributes:
        roots: All roots; the last one says who may sign.
        ring: The keys at hand.
        lives: How long what is signed is good for.
        at: Now, or the instant of the register's last line when a clock was set back.
    """

    roots: tuple[SignedRoot, ...]
    ring: Ring
    lives: Lives
    at: datetime

    def expiry(self, role: str) -> datetime:
        """Return until when what is signed now is good."""
        return (self.at + self.lives.of(role)).replace(microsecond=0)

    def is_fresh(self, role: str, expires: datetime) -> bool:
        """Whether more than half of its life is left."""
        return expires - self.at > self.lives.of(role) / 2


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be signed.

    Attributes:
        data: Its bytes.
        custom: What its line in the targets says besides, as strings and numbers.
        is_reason: Whether a change of it alone is a reason to sign anew.
    """

    data: bytes
    custom: Mapping[str, str | int]
    is_reason: bool = True

    @property
    def sha256(self) -> str:
        """Its digest."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Paper(Generic[S]):
    """What a role signed, and the very bytes that are published."""

    signed: Metadata[S]
    data: bytes

    @property
    def says(self) -> S:
        """What was signed."""
        return self.signed.signed

    @property
    def meta(self) -> MetaFile:
        """What the role above says of it."""
        return MetaFile.from_data(self.says.version, self.data, ["sha256"])


@dataclass(frozen=True, slots=True)
class Standing:
    """What is published now, as far as some root of ours vouches for it."""

    targets: Paper[Targets] | None
    snapshot: Paper[Snapshot] | None
    timestamp: Paper[Timestamp] | None

    def version(self, role: str) -> int:
        """The version of what a role signed last, also when it was lost; 0 when nobody says it."""
        match role:
            case "targets" if self.snapshot is not None:
                return self.snapshot.says.meta["targets.json"].version
            case "snapshot" if self.timestamp is not None:
                return self.timestamp.says.snapshot_meta.version
            case "timestamp" if self.timestamp is not None:
                return self.timestamp.says.version
        return 0


def standing(disk: Disk, roots: tuple[SignedRoot, ...]) -> Standing:
    """Read what is published; what is damaged or was not signed by us counts as absent."""
    timestamp = _read(disk, "timestamp.json", Timestamp, roots)
    if timestamp is None:
        return Standing(None, None, None)
    version = timestamp.says.snapshot_meta.version
    snapshot = _read(disk, f"{version}.snapshot.json", Snapshot, roots)
    if snapshot is None:
        return Standing(None, None, timestamp)
    version = snapshot.says.meta["targets.json"].version
    return Standing(_read(disk, f"{version}.targets.json", Targets, roots), snapshot, timestamp)


def publish(
    disk: Disk, signing: Signing, contents: Mapping[str, Content], *, is_renewed: bool = False
) -> bool:
    """Sign what changed, what runs out, and what a key that is not trusted any more signed.

    Args:
        disk: The archive.
        signing: Keys and roots.
        contents: All that is signed, by name.
        is_renewed: Sign the timestamp in any case: its freshness is what others wait for.

    Returns:
        Whether anything was signed.

    Raises:
        KeyAwayError: A key that must sign is not at hand; nothing of this publication is named yet.
    """
    if len(contents) >= MOST_TARGETS:
        raise ValueError(f"{len(contents)} targets; under {MOST_TARGETS} was promised")
    publish_roots(disk, signing.roots)
    before = standing(disk, signing.roots)
    is_same = before.targets is not None and _says(disk, before.targets.says, contents)
    targets = _targets(signing, before, contents, is_same=is_same)
    snapshot = _snapshot(signing, before, targets)
    timestamp = _timestamp(signing, before, snapshot, is_renewed=is_renewed)
    if targets is not before.targets:
        _write_files(disk, contents)
        _write(disk, f"{targets.says.version}.targets.json", targets)
    if snapshot is not before.snapshot:
        _write(disk, f"{snapshot.says.version}.snapshot.json", snapshot)
    if timestamp is not before.timestamp:
        _write(disk, "timestamp.json", timestamp)
    _tidy(disk, signing.roots, before, Standing(targets, snapshot, timestamp))
    return timestamp is not before.timestamp


def _says(disk: Disk, targets: Targets, contents: Mapping[str, Content]) -> bool:
    """Whether these targets are of these files, but for what is no reason to sign anew, and all of
    them lie there intact."""
    said = {name: file.hashes.get("sha256", "") for name, file in targets.targets.items()}
    return (
        said.keys() == contents.keys()
        and all(said[name] == one.sha256 for name, one in contents.items() if one.is_reason)
        and all(_is_intact(disk, name, sha256) for name, sha256 in said.items())
    )


def _is_intact(disk: Disk, name: str, sha256: str) -> bool:
    data = read_if_held(disk, f"{METADATA}/{signed_path(name, sha256)}")
    return data is not None and hashlib.sha256(data).hexdigest() == sha256


def _targets(
    signing: Signing, before: Standing, contents: Mapping[str, Content], *, is_same: bool
) -> Paper[Targets]:
    def made() -> Targets:
        files = {name: _target_file(name, content) for name, content in contents.items()}
        return Targets(targets=files)

    last = before.version("targets")
    return _kept_or_signed(signing, before.targets, last, made, is_same=is_same)


def _target_file(name: str, content: Content) -> TargetFile:
    custom = {"custom": dict(content.custom)} if content.custom else None
    hashes = {"sha256": content.sha256}
    return TargetFile(len(content.data), hashes, name, unrecognized_fields=custom)


def _snapshot(signing: Signing, before: Standing, targets: Paper[Targets]) -> Paper[Snapshot]:
    meta, old = {"targets.json": targets.meta}, before.snapshot
    is_same = old is not None and old.says.meta == meta
    last = before.version("snapshot")
    return _kept_or_signed(signing, old, last, lambda: Snapshot(meta=meta), is_same=is_same)


def _timestamp(
    signing: Signing, before: Standing, snapshot: Paper[Snapshot], *, is_renewed: bool
) -> Paper[Timestamp]:
    meta, old = snapshot.meta, before.timestamp
    is_same = old is not None and old.says.snapshot_meta == meta and not is_renewed
    last = before.version("timestamp")
    made = partial(Timestamp, snapshot_meta=meta)
    return _kept_or_signed(signing, old, last, made, is_same=is_same)


def _kept_or_signed(
    signing: Signing, before: Paper[S] | None, last: int, made: Callable[[], S], *, is_same: bool
) -> Paper[S]:
    """Keep what says the same, is signed by the right keys and good for long; else sign anew."""
    said = made()
    role = said.type
    if before is not None and is_same and _is_vouched(before, signing.roots[-1:]):
        if signing.is_fresh(role, before.says.expires):
            return before
        is_good = before.says.expires > signing.at
    else:
        is_good = False
    who = role_keys(signing.roots[-1].signed, role)
    try:
        keys = signing.ring.needed(role, who.keyids, who.threshold)
    except KeyAwayError:
        if before is not None and is_good:
            return before  # it will do for a while yet: `phono status` warns
        raise
    said.version = _version_after(last, signing.at)
    said.expires = signing.expiry(role)
    signed = Metadata(said)
    for key in keys:
        signed.sign(key.signer, append=True)
    return Paper(signed, signed.to_bytes())


def _is_vouched(paper: Paper[S], roots: tuple[SignedRoot, ...]) -> bool:
    """Whether one of these roots let those sign who signed."""
    signed = paper.signed
    return any(
        root.signed.get_verification_result(paper.says.type, signed.signed_bytes, signed.signatures)
        for root in reversed(roots)
    )


def _version_after(last: int, at: datetime) -> int:
    """Milliseconds since 1970, or one more than the last.

    So it grows even when the last is not known, because `published/` was lost or brought back from
    an old backup.
    """
    return max(last + 1, int(at.timestamp() * 1000))


def _read(disk: Disk, name: str, kind: type[S], roots: tuple[SignedRoot, ...]) -> Paper[S] | None:
    try:
        data = read_whole(disk, f"{METADATA}/{name}")
        signed: Metadata[S] = Metadata[S].from_bytes(data)
    except (NotHeldError, DeserializationError, RepositoryError):
        return None
    paper = Paper(signed, data)
    return paper if isinstance(signed.signed, kind) and _is_vouched(paper, roots) else None


def _write(disk: Disk, name: str, paper: Paper[S]) -> None:
    write_whole(disk, f"{METADATA}/{name}", paper.data)


def _write_files(disk: Disk, contents: Mapping[str, Content]) -> None:
    for name, content in contents.items():
        path = f"{METADATA}/{signed_path(name, content.sha256)}"
        make_folders(disk, path.rpartition("/")[0])
        write_whole(disk, path, content.data)


def _tidy(disk: Disk, roots: tuple[SignedRoot, ...], before: Standing, after: Standing) -> None:
    """Take away what neither this publication nor the one before it names."""
    kept = {f"{METADATA}/timestamp.json"}
    kept |= {f"{METADATA}/{root_name(root.signed.version)}" for root in roots}
    for paper in (before.targets, before.snapshot, after.targets, after.snapshot):
        if paper is not None:
            kept.add(f"{METADATA}/{paper.says.version}.{paper.says.type}.json")
        if paper is not None and isinstance(paper.says, Targets):
            kept |= {f"{METADATA}/{path}" for path in signed_paths(paper.says.targets).values()}
    for folder in {path.rpartition("/")[0] for path in kept} | {FILES}:
        for entry in disk.list(folder):
            path = f"{folder}/{entry.name}"
            if entry.kind is Kind.FILE and path not in kept:
                disk.remove(path)
