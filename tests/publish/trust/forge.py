"""A publisher's papers changed at will, and signed anew with keys that count."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from tuf.api.metadata import Metadata, MetaFile, Root, Signed, TargetFile

from phonotheque.disk import make_folders, write_whole
from phonotheque.publish.trust.keys import Key
from publish.trust.publisher import Publisher

ROLES = ("timestamp", "snapshot", "targets")
Change = Callable[[Any], object]


def nothing(_: Any) -> None:
    """Change nothing."""


def forge(
    publisher: Publisher,
    role: str,
    change: Change = nothing,
    *,
    seal: Change = nothing,
    signers: Sequence[Key] | None = None,
    is_newer: bool = True,
) -> None:
    """Sign the paper of a role anew, and every paper above it that names it.

    Args:
        publisher: Who published; its files are changed.
        role: Timestamp, snapshot or targets.
        change: Done to what is signed, before it is.
        seal: Done to the paper after it was signed.
        signers: Who sign it; the online key when nothing is said.
        is_newer: Whether it gets the next version.
    """
    paper: Metadata[Signed] = Metadata.from_bytes(publisher.paper(role)[1])
    paper.signed.version += is_newer
    change(paper.signed)
    paper.signatures.clear()
    for key in [publisher.online] if signers is None else signers:
        paper.sign(key.signer, append=True)
    seal(paper)
    number = paper.signed.version
    path = "timestamp.json" if role == "timestamp" else f"{number}.{role}.json"
    data = paper.to_bytes()
    put(publisher, f"metadata/{path}", data)
    if role != "timestamp":
        above = ROLES[ROLES.index(role) - 1]
        forge(publisher, above, lambda signed: name_in(signed, role, number, data))


def name_in(signed: Any, role: str, number: int, data: bytes) -> None:
    """Let a paper name the one below it."""
    named = MetaFile.from_data(number, data, ["sha256"])
    if role == "snapshot":
        signed.snapshot_meta = named
    else:
        signed.meta[f"{role}.json"] = named


def sign_also(publisher: Publisher, name: str, data: bytes, sha256: str = "") -> str:
    """Sign one more file, whatever its name; returns where those who follow look for it.

    Args:
        publisher: Who published.
        name: Of the file, below `published/`.
        data: Its bytes.
        sha256: Another digest than that of its bytes.
    """
    digest = sha256 or hashlib.sha256(data).hexdigest()
    file = TargetFile(len(data), {"sha256": digest}, name)
    forge(publisher, "targets", lambda signed: signed.targets.update({name: file}))
    folder, slash, last = name.rpartition("/")
    return f"metadata/targets/{folder}{slash}{digest}.{last}"


def forge_root(
    publisher: Publisher, change: Change, signers: Sequence[Key], seal: Change = nothing
) -> None:
    """Publish the next root, signed by these keys alone, whether they suffice or not."""
    root: Metadata[Root] = Metadata.from_bytes(publisher.roots[-1].to_bytes())
    number = root.signed.version + 1
    root.signed.version = number
    change(root.signed)
    root.signatures.clear()
    for key in signers:
        root.sign(key.signer, append=True)
    seal(root)
    put(publisher, f"metadata/{number}.root.json", root.to_bytes())


def put(publisher: Publisher, path: str, data: bytes) -> None:
    """Let a file of a publication have these bytes."""
    make_folders(publisher.disk, f"published/{path}".rpartition("/")[0])
    write_whole(publisher.disk, f"published/{path}", data)
