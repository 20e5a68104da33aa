"""The torrent of one release, made when somebody asks for it, with names for people.

Laws: no byte of sound is read: it is put together of stored layers, as a volume is; only what the
resolver gives to torrents at this moment is in it, and every other track is named with the reason;
the same holdings give the same torrent, so that those who asked on different days find each other.

Source: BEP 52 and BEP 3 for the torrent, BEP 19 for its web seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from phonotheque.archive.bulk.facts import site_of
from phonotheque.archive.bulk.publishing import asker
from phonotheque.archive.opening import Archive
from phonotheque.listen.items.naming import Named, file_names, folder_of
from phonotheque.listen.items.release_papers import ATTRIBUTION, SUMS, Carried, attribution, sums
from phonotheque.listen.items.values import LeftOut, ReleaseTorrent
from phonotheque.listen.values import Album, AlbumTrack
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.doors import Door
from phonotheque.music.facts import Tags
from phonotheque.music.rights import Verdict
from phonotheque.publish.facts.source import source_of
from phonotheque.publish.torrent import TorrentFile, assemble, magnet
from phonotheque.register.descriptions import describe
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.store.digests import digest_file

Objects = Callable[[UUID], Sequence[Sha256]]
"""Files of a song that the archive has, the one to be heard first."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A track that goes into the torrent."""

    track: AlbumTrack
    held: Held
    digests: Digests
    licence: str
    source: str


def release_torrent(
    archive: Archive, album: Album, objects: Objects, address: str
) -> ReleaseTorrent | None:
    """Return the torrent of a release; None when nothing of it may be shared.

    Args:
        archive: Open.
        album: The release and its tracks.
        objects: Finds the files of a song.
        address: Where this door is, with a slash at its end; "" when nobody said: then the torrent
            names no web seed.

    Raises:
        DigestMismatchError: A stored layer does not fold to its root.
    """
    taken, left = _sorted(archive, album, objects)
    if not taken:
        return None
    hit = album.hit
    name = folder_of(hit.title, hit.credit or "", hit.year)
    names = file_names([_named(one) for one in taken])
    papers = _papers(hit.title, taken, names)
    files = [
        *(TorrentFile((name,), one.digests) for name, one in zip(names, taken, strict=True)),
        *(TorrentFile((name,), digest_file(BytesIO(data))) for name, data in papers.items()),
    ]
    trackers = archive.config["seed.trackers"]
    seeds = [f"{address}torrents/seed/{hit.gid}/"] if address else []
    torrent = assemble(
        name,
        files,
        announce=trackers,
        web_seeds=seeds,
        comment=f"{address}album/{hit.gid}" if address else f"{hit.gid}",
        creator="Phonotheque",
    )
    return ReleaseTorrent(
        gid=hit.gid,
        data=torrent.data,
        name=name,
        magnet=magnet(torrent, trackers, seeds),
        info_hash_v2=torrent.info_hash_v2.hex(),
        size_bytes=torrent.size_bytes,
        paths={(name,): one.held.sha256 for name, one in zip(names, taken, strict=True)},
        texts={(name,): data for name, data in papers.items()},
        left_out=tuple(left),
    )


def _named(one: _Taken) -> Named:
    track, held = one.track, one.held
    return Named(track.medium, track.position, track.title, held.sha256, held.extension)


def _papers(title: str, taken: Sequence[_Taken], names: Sequence[str]) -> dict[str, bytes]:
    carried = [
        Carried(
            name,
            one.held.sha256.hex,
            one.track.title,
            (one.track.song.credit if one.track.song else None) or "",
            one.licence,
            one.source,
        )
        for name, one in zip(names, taken, strict=True)
    ]
    return {ATTRIBUTION: attribution(title, carried).encode(), SUMS: sums(carried).encode()}


def _sorted(archive: Archive, album: Album, objects: Objects) -> tuple[list[_Taken], list[LeftOut]]:
    """Tracks that go in, in order, and those that do not."""
    chosen: list[tuple[AlbumTrack, Held, Verdict]] = []
    left: list[LeftOut] = []
    for track in album.tracks:
        found = _choice(archive, track, objects)
        if isinstance(found, LeftOut):
            left.append(found)
        else:
            chosen.append((track, *found))
    known = describe(archive.index, list({held.sha256: None for _, held, _ in chosen}))
    by_name = dict(zip({held.sha256: None for _, held, _ in chosen}, known, strict=True))
    title, base = site_of(archive).title, site_of(archive).base
    taken = []
    for track, held, verdict in chosen:
        about = by_name[held.sha256]
        if about.digests is None:
            left.append(LeftOut(track.title, "Its stored layers are lost until `phono rebuild`."))
            continue
        source = source_of(about.tags or Tags(), about.collection, title, base)
        licence = verdict.statement.licence if verdict.statement else ""
        taken.append(_Taken(track, held, about.digests, licence, source))
    return taken, left


def _choice(
    archive: Archive, track: AlbumTrack, objects: Objects
) -> tuple[Held, Verdict] | LeftOut:
    """The file of a track that may be shared, the best first; else why there is none."""
    if track.song is None:
        return LeftOut(track.title, "The catalogue has no recording of it.")
    reason = "It is not held here."
    for held, verdict in _asked(archive, objects(track.song.gid)):
        if verdict.allowed and held.condition == "intact" and held.size_bytes:
            return held, verdict
        if not verdict.allowed:
            reason = verdict.reason
        elif reason == "It is not held here.":
            reason = f"Its bytes were found {held.condition}."
    return LeftOut(track.title, reason)


def _asked(archive: Archive, names: Sequence[Sha256]) -> Iterator[tuple[Held, Verdict]]:
    ask = asker(archive, Door.PUBLISH)
    for held in map(archive.index.held, names):
        if held is not None and held.role is not Role.COMPANION:
            yield held, ask(held)


def digest_of(data: bytes) -> str:
    """Return the entity tag of a paper."""
    return hashlib.sha256(data).hexdigest()
