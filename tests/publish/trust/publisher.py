"""A publisher in memory, with its keys, and whoever stands between it and those who follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from faults.memory import MemoryDisk
from phonotheque.disk import read_whole
from phonotheque.publish.index.chain import format_history
from phonotheque.publish.index.form import encode_index, index_name
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.keys import Key, Ring, new_key
from phonotheque.publish.trust.repository import Content, Lives, Signing, publish
from phonotheque.publish.trust.roots import publish_roots
from phonotheque.publish.trust.source import FolderSource

LIVES = Lives(targets_days=365, timestamp_days=30)
ROOT_LIFE = timedelta(days=730)


def now() -> datetime:
    return datetime.now(UTC)


def line(name: str = "small-open-all-00001", **changes: object) -> TorrentLine:
    """A line of an index; everything that is not named has some value."""
    said = {
        "id": name,
        "kind": "open",
        "tier": "all",
        "v2": hashlib.sha256(name.encode()).hexdigest(),
        "v1": hashlib.sha1(name.encode()).hexdigest(),
        "size_bytes": 1000,
        "files": 8,
        "items": 4,
        "piece_bytes": 1 << 20,
        "torrent_bytes": 2429,
        "torrent_sha256": hashlib.sha256(b"t" + name.encode()).hexdigest(),
        "added": "2026-11-21T05:00:00Z",
        "basis": "licence",
    }
    return TorrentLine(**{**said, **changes})  # type: ignore[arg-type]


@dataclass
class Publisher:
    """Publishes indexes; its root keys and its online key are at hand."""

    disk: MemoryDisk = field(default_factory=MemoryDisk)
    root_keys: list[Key] = field(default_factory=lambda: [new_key()])
    threshold: int = 1
    online: Key = field(default_factory=new_key)
    name: str = "archive"
    history: dict[int, str] = field(default_factory=dict)
    newest: bytes = b""
    roots: tuple[roles.SignedRoot, ...] = ()

    def __post_init__(self) -> None:
        if not self.roots:
            by_role = {roles.ROOT: self.root_keys, **{r: [self.online] for r in roles.ONLINE}}
            first = roles.first_root(by_role, self.threshold, now().replace(microsecond=0))
            first.signed.expires += ROOT_LIFE
            roles.sign_root(first, None, Ring(self.root_keys))
            self.roots = (first,)

    def header(self, seq: int, lines: int, at: datetime) -> Header:
        previous = self.history.get(seq - 1, "")
        until = (at + timedelta(days=365)).isoformat()
        said = (1, self.name, "small", "Small", seq, previous, at.isoformat(), until, lines, 0, "")
        return Header(*said)

    def index(self, seq: int, *lines: TorrentLine, at: datetime | None = None) -> bytes:
        """Make an index and note it in the history."""
        data = encode_index(self.header(seq, len(lines), at or now()), lines)
        self.history[seq] = hashlib.sha256(data).hexdigest()
        self.newest = data
        return data

    def publish(
        self,
        seq: int,
        data: bytes,
        *,
        tombstones: bytes = b"none\n",
        at: datetime | None = None,
        lives: Lives = LIVES,
    ) -> bool:
        """Sign and publish an index with what belongs to it."""
        contents = {
            index_name(seq): Content(data, {"seq": seq}),
            "index-history.sha256": Content(format_history(self.history), {}),
            "tombstones.jsonl": Content(tombstones, {}),
        }
        signing = Signing(self.roots, self.ring, lives, at or now())
        return publish(self.disk, signing, contents)

    @property
    def ring(self) -> Ring:
        return Ring([*self.root_keys, self.online])

    def next(self, seq: int, at: datetime | None = None) -> None:
        """Publish one more index, with one more line."""
        names = [f"small-open-all-{number:05d}" for number in range(1, seq + 1)]
        self.publish(seq, self.index(seq, *map(line, names), at=at), at=at)

    def change_root(self, change: Callable[[roles.Root], None], *signers: Key) -> None:
        """Make another root count."""
        following = roles.next_root(self.roots[-1].signed, now().replace(microsecond=0))
        following.expires += ROOT_LIFE
        change(following)
        signed = roles.SignedRoot(following)
        roles.sign_root(signed, self.roots[-1].signed, Ring(signers))
        self.roots = (*self.roots, signed)
        publish_roots(self.disk, self.roots)

    def source(self) -> FolderSource:
        return FolderSource(self.disk, "published")

    def copy(self) -> Publisher:
        """Another publisher that stands where this one stands, with all of its keys."""
        return Publisher(
            self.disk.copy(),
            list(self.root_keys),
            self.threshold,
            self.online,
            self.name,
            dict(self.history),
            self.newest,
            self.roots,
        )

    def paper(self, role: str) -> tuple[str, bytes]:
        """Path and bytes of what a role signed last."""
        path = "metadata/timestamp.json"
        for below in ("snapshot", "targets"):
            if role == path.rpartition("/")[2].split(".")[-2]:
                break
            meta = json.loads(self.read(path))["signed"]["meta"]
            path = f"metadata/{meta[f'{below}.json']['version']}.{below}.json"
        return path, self.read(path)

    def read(self, path: str) -> bytes:
        return read_whole(self.disk, f"published/{path}")


@dataclass
class Between:
    """A server that sends other bytes than it should for some paths, and counts what was read."""

    source: FolderSource
    instead: dict[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    sent: int = 0

    def read(self, path: str) -> Iterator[bytes]:
        blocks = self.instead[path]() if path in self.instead else self.source.read(path)
        return self._counted(blocks)

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.sent += len(block)
            yield block
