"""Archives and mirrors as values, for what is decided without a disk."""

from __future__ import annotations

from phonotheque.mirror.asking import AskedArchive
from phonotheque.mirror.journal import Memory
from phonotheque.mirror.settings import FORMAT
from phonotheque.mirror.values import Filter, Followed, Holding, MirrorSettings, State
from phonotheque.publish.index.lines import SCHEMA, Header, TorrentLine

NOW = "2026-11-21T00:00:00+00:00"
LATER = "2026-11-29T00:00:00+00:00"


def line(name: str, size_bytes: int = 100, **changes: object) -> TorrentLine:
    """A torrent; everything that is not named has some value."""
    said = {
        "id": name, "kind": "open", "tier": "all", "v2": "0" * 64, "v1": "0" * 40,
        "size_bytes": size_bytes, "files": 8, "items": 4, "piece_bytes": 1 << 20,
        "torrent_bytes": 2429, "torrent_sha256": "0" * 64, "added": NOW, "basis": "licence",
    }  # fmt: skip
    return TorrentLine(**{**said, **changes})  # type: ignore[arg-type]


def settings(space_bytes: int, **changes: object) -> MirrorSettings:
    """A mirror with so much room."""
    said = {"format": FORMAT, "id": "0" * 32, "space_bytes": space_bytes}
    return MirrorSettings(**{**said, **changes})  # type: ignore[arg-type]


def followed(
    *lines: TorrentLine,
    seeders: dict[str, int] | None = None,
    name: str = "weir",
    **changes: object,
) -> Followed:
    """An archive that offers these torrents, counted and signed now."""
    total = sum(one.size_bytes for one in lines)
    header = Header(SCHEMA, name, name, name, 1, "", NOW, "2027", len(lines), total, "")
    said = {"seeders": seeders or {}, "counted_at": NOW, "signed_at": NOW, "good_until": "2027"}
    return Followed(name, header, tuple(lines), **{**said, **changes})  # type: ignore[arg-type]


def holding(*lines: TorrentLine, state: State = State.COMPLETE) -> Memory:
    """A memory of holding these torrents."""
    return Memory({one.id: Holding(one.id, state, one.size_bytes, NOW) for one in lines})


def standing(
    known: Followed, memory: Memory | None = None, wanted: Filter | None = None, **excluded: str
) -> AskedArchive:
    """An archive as a choice sees it."""
    return AskedArchive(known, memory or Memory(), wanted or Filter(), excluded)
