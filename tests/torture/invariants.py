"""What must be true of an archive on disk at any instant, whatever was killed: read by other eyes.

Laws: nothing of the product is used to read register, objects and lists (`json` and `hashlib` do
it), so that a fault in the product cannot hide itself; libtorrent alone judges torrents.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libtorrent

_OBJECT = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{1,8})?")
Record = Mapping[str, Any]

_STAMP = "published/metadata/timestamp.json"


@dataclass
class Facts:
    """What the register on disk says.

    Attributes:
        events: Its lines, in order.
        torn: Bytes at its end that are no whole line.
        accessions: Accessions by SHA-256.
        volumes: Sealed volumes by name.
        packs: Packs by name.
        retired: Names of volumes and packs that are not offered any more.
        sealed: What is in volumes that are offered: the volume by SHA-256.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    torn: bytes = b""
    accessions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    packs: dict[str, dict[str, Any]] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    sealed: dict[str, str] = field(default_factory=dict)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_register(root: Path) -> Facts:
    """Read the register, proving its chain; only the very end may be torn."""
    facts = Facts()
    prev = "0" * 64
    segments = sorted((root / "register").glob("*.jsonl"))
    for segment in segments:
        data = segment.read_bytes()
        *lines, rest = data.split(b"\n")
        assert not rest or segment == segments[-1], f"{segment} is torn, and is not the last one"
        facts.torn = rest
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
            except ValueError as error:
                raise AssertionError(f"{segment}: line {number} is no JSON: {line!r}") from error
            assert event["prev"] == prev, f"{segment}: line {number} breaks the chain"
            assert event["seq"] == len(facts.events) + 1, f"{segment}: line {number}"
            prev = hashlib.sha256(line + b"\n").hexdigest()
            facts.events.append(event)
            if event["event"] == "accession":
                facts.accessions.setdefault(event["sha256"], []).append(event)
            if event["event"] == "volume":
                facts.volumes[event["name"]] = event
            if event["event"] == "pack":
                facts.packs[event["name"]] = event
            if event["event"] == "retirement":
                facts.retired.add(event["name"])
    return facts


def iter_objects(root: Path) -> Iterator[Path]:
    """Every file below `objects/` but the lists, in order."""
    for folder, folders, names in os.walk(root / "objects"):
        if Path(folder) == root / "objects":
            folders[:] = [name for name in folders if name != "lists"]
        folders.sort()
        for name in sorted(names):
            yield Path(folder) / name


def check_archive(
    root: Path, acknowledged: Iterable[Record] = (), *, at_rest: bool = False
) -> Facts:
    """Prove an archive, and that everything that was promised is there.

    Args:
        root: The archive.
        acknowledged: Records that commands printed before they ended, of whatever command.
        at_rest: Nothing was interrupted since the last command: no leftovers are allowed either.

    Raises:
        AssertionError: It names what is not as it must be.
    """
    facts = read_register(root)
    objects = _check_objects(root)
    _check_registered(facts, objects)
    _check_volumes(root, facts)
    for record in acknowledged:
        _check_promise(root, facts, record)
    if at_rest:
        assert not facts.torn, "the register's end is torn"
        assert sorted(objects) == sorted(facts.accessions), "an object that no line names"
        staged = list((root / "state" / "incoming").iterdir())
        assert not staged, f"left in staging: {staged}"
        hidden = {path.name for path in (root / "published").glob(".*")}
        assert hidden <= {".well-known"}, f"left hidden in published/: {hidden}"
        for name in facts.volumes:
            is_offered = name not in facts.retired
            has_torrent = (root / "published" / f"{name}.torrent").is_file()
            assert has_torrent == is_offered, f"{name}: torrent"
            assert (root / "volumes" / name).is_symlink() == is_offered, f"{name}: link"
    return facts


def _check_objects(root: Path) -> dict[str, Path]:
    """Every file in `objects/` is whole: it hashes to its name and stands in its place."""
    found: dict[str, Path] = {}
    for path in iter_objects(root):
        match = _OBJECT.fullmatch(path.name)
        assert match, f"{path} is no object"
        name = match[1]
        assert path.parent == root / "objects" / name[:2] / name[2:4], f"{path} is misplaced"
        mode = os.lstat(path).st_mode
        assert stat.S_ISREG(mode), f"{path} is no regular file"
        assert stat.S_IMODE(mode) == 0o444, f"{path} may be written"
        assert sha256_of(path) == name, f"{path} is half-written or damaged"
        assert name not in found, f"{name} is kept twice"
        found[name] = path
    return found


def _check_registered(facts: Facts, objects: Mapping[str, Path]) -> None:
    """Content before its record: what a line names is there."""
    for sha256, accessions in facts.accessions.items():
        assert sha256 in objects, f"line {accessions[0]['seq']} names {sha256}, which is not there"
        size_bytes = objects[sha256].stat().st_size
        assert all(event["size_bytes"] == size_bytes for event in accessions), sha256


def _check_volumes(root: Path, facts: Facts) -> None:
    """The record before its pointers: what is visible is recorded and whole."""
    for link in (root / "volumes").iterdir():
        assert link.name in facts.volumes, f"{link} belongs to no sealed volume"
        assert os.readlink(link) == "../objects", f"{link} points elsewhere"
    for path in (root / "published").glob("[!.]*.torrent"):
        event = facts.volumes.get(path.stem) or facts.packs.get(path.stem)
        assert event, f"{path} is named by no line"
        assert sha256_of(path) == event["torrent"], f"{path} is not the one that was sealed"
        hashes = libtorrent.torrent_info(str(path)).info_hashes()
        assert str(hashes.v2) == event["info_hash_v2"], path
        assert str(hashes.v1) == event["info_hash_v1"], path
    for name, event in facts.volumes.items():
        folder = root / "objects" / "lists" / name
        if name in facts.retired and not folder.exists():
            continue
        assert sha256_of(folder / "manifest.tsv") == event["manifest"], f"{folder}: manifest"
        for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
            digest, _, below = line.partition("  ")
            assert sha256_of(root / "objects" / below) == digest, f"{name}: {below}"
            if not below.startswith("lists/") and name not in facts.retired:
                twice = f"{digest} is in {name} and in {facts.sealed.get(digest)}"
                assert digest not in facts.sealed, twice
                facts.sealed[digest] = name


def _check_promise(root: Path, facts: Facts, record: Record) -> None:
    """What was printed is true: of `add`, `publish run`, `verify` or `rebuild`."""
    if "outcome" in record:
        if record["outcome"] == "refused":
            return
        known = facts.accessions.get(record["sha256"], ())
        assert known, f"acknowledged, but no line names it: {record}"
        assert any(event["path"] == record["path"] for event in known), record
        assert known[0]["size_bytes"] == record["size_bytes"], record
    elif record.get("sealed"):
        event = facts.volumes.get(record["volume"], {})
        assert event.get("info_hash_v2") == record["info_hash_v2"], f"lost: {record}"
        if record["volume"] not in facts.retired:
            assert (root / "published" / f"{record['volume']}.torrent").is_file(), record
            assert (root / "volumes" / record["volume"]).is_symlink(), record
    elif record.get("retired"):
        assert set(record["retired"]) <= facts.retired, f"lost: {record}"
        assert record["succeeded_by"] in facts.volumes, f"lost: {record}"
    elif record.get("examined"):
        assert any(event["event"] == "fixity" for event in facts.events), f"lost: {record}"


def check_left_behind(printed: Iterable[Record]) -> None:
    """Hold what `verify` printed after a command was interrupted against what it may have left.

    Bytes that nobody was promised may lie there, and are named; and a first index, which the
    register names already, may wait to be signed.

    Raises:
        AssertionError: Something else was found.
    """
    for one in printed:
        if one.get("kind", "unreferenced") == "unreferenced":
            continue
        assert (one["kind"], one["path"]) == ("missing", _STAMP), one
        assert "publish run" in one["detail"], one
