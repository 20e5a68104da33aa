"""What the files of a publication prove by themselves, without a clock and without a server.

Whoever restores an archive has disks, not a server that signs anew: what lies there may have run
out long ago, and is no less genuine for it. So everything is proven here but freshness: who signed,
that each file is the one that was signed, and that all of it is one publication.

Law: nothing is handed out that is not proven. Of several disks the newest publication speaks, which
the caller chooses by `version`; that nobody hides a newer one is what no disk can prove.

Source: TUF specification 1.0.33, section 5.3 to 5.7 without the checks of expiry (5.3.10, 5.4.4,
5.5.6, 5.6.6). Not here: following a publication that lives (`following`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from phonotheque.errors import BadSignatureError, NotHeldError
from phonotheque.publish.trust.following import LIMITS
from phonotheque.publish.trust.names import signed_paths
from phonotheque.publish.trust.roles import parse_root
from phonotheque.publish.trust.roots import root_name

FOLDER = "metadata"
_MOST_ROOTS = 1024
_OTHER = "Do not rely on this copy; try another mirror's or disk's."

Read = Callable[[str], bytes | None]
"""Gives the bytes of a path below `published/`; None when it is not there."""

S = TypeVar("S", Snapshot, Targets, Timestamp)


@dataclass(frozen=True, slots=True)
class AtRest:
    """A publication as a disk proves it.

    Attributes:
        fingerprint: SHA-256 of its first root, 64 hexadecimal digits.
        version: Of its timestamp: grows with each time that something is signed.
        expires: Until when it said that nothing is newer, UTC.
        metadata: Signed metadata: path below `published/` -> bytes; the timestamp is the last.
        files: The files that are signed: name below `published/` -> bytes.
    """

    fingerprint: str
    version: int
    expires: str
    metadata: dict[str, bytes]
    files: dict[str, bytes]


def prove(read: Read) -> AtRest:
    """Prove what lies on a disk.

    Args:
        read: Gives its files.

    Raises:
        NotHeldError: A file of it is not there.
        BadSignatureError: Something is not signed by who may sign it, or not these bytes.
        TooLongError: More is signed than there may be.
        MalformedError: A root is none, or a file is called what no file can be called.
    """
    roots = _roots(read)
    first = f"{FOLDER}/{root_name(1)}"
    root = parse_chain(list(roots.values()))
    stamp_path = f"{FOLDER}/timestamp.json"
    stamp_data = _there(read, stamp_path)
    stamp = _signed(Timestamp, root, stamp_path, stamp_data)
    shot_path = f"{FOLDER}/{stamp.snapshot_meta.version}.snapshot.json"
    shot_data = _there(read, shot_path)
    shot = _signed(Snapshot, root, shot_path, shot_data)
    meta = shot.meta.get("targets.json")
    if meta is None:
        raise BadSignatureError(shot_path, "it names no targets", _OTHER)
    targets_path = f"{FOLDER}/{meta.version}.targets.json"
    targets_data = _there(read, targets_path)
    targets = _signed(Targets, root, targets_path, targets_data)
    if (shot.version, targets.version) != (stamp.snapshot_meta.version, meta.version):
        raise BadSignatureError(targets_path, "its version is not the one that is meant", _OTHER)
    files, copies = _files(read, targets)
    papers = {targets_path: targets_data, shot_path: shot_data, stamp_path: stamp_data}
    return AtRest(
        hashlib.sha256(roots[first]).hexdigest(),
        stamp.version,
        stamp.expires.isoformat(),
        {**copies, **roots, **papers},
        files,
    )


def parse_chain(roots: list[bytes]) -> Root:
    """Return the last of a chain of roots that proves itself.

    Raises:
        BadSignatureError: One does not follow from the one before.
        MalformedError: One cannot be read.
    """
    current: Root | None = None
    for version, data in enumerate(roots, start=1):
        current = parse_root(data, current, root_name(version)).signed
    if current is None:
        raise NotHeldError(root_name(1), "there is no root of trust", _OTHER)
    return current


def _roots(read: Read) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for version in range(1, _MOST_ROOTS):
        path = f"{FOLDER}/{root_name(version)}"
        data = read(path)
        if data is None:
            break
        if len(data) > LIMITS.root_max_length:
            raise BadSignatureError(path, "it is longer than any root", _OTHER)
        found[path] = data
    if not found:
        raise NotHeldError(f"{FOLDER}/{root_name(1)}", "it is not there", _OTHER)
    return found


def _signed(kind: type[S], root: Root, path: str, data: bytes) -> S:
    """Read what a role signed, if it did."""
    try:
        paper: Metadata[S] = Metadata.from_bytes(data)
        if not isinstance(paper.signed, kind):
            raise BadSignatureError(path, "it is the metadata of another role", _OTHER)
        root.verify_delegate(paper.signed.type, paper.signed_bytes, paper.signatures)
    except (DeserializationError, RepositoryError, ValueError) as error:
        said = str(error)[:200] or type(error).__name__
        raise BadSignatureError(path, f"it is not signed as it must be ({said})", _OTHER) from error
    return paper.signed


def _files(read: Read, targets: Targets) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The signed files by name, and as they lie below `metadata/targets/`."""
    files, copies = {}, {}
    for name, below in signed_paths(targets.targets).items():
        path, info = f"{FOLDER}/{below}", targets.targets[name]
        data = _there(read, path)
        found = (len(data), hashlib.sha256(data).hexdigest())
        if found != (info.length, info.hashes["sha256"]):
            raise BadSignatureError(path, "its bytes are not those that are signed", _OTHER)
        files[name] = copies[path] = data
    return files, copies


def _there(read: Read, path: str) -> bytes:
    data = read(path)
    if data is None:
        raise NotHeldError(path, "it is not there", _OTHER)
    return data
