"""Where the bulk door has a recording, and what it gives for one release.

Laws: a place is told only while its volume is offered and not closed; the number of a file is the
one that stock clients count; what nobody counted is None. Counts of copies are read again when
mirrors reported, and at most every ten minutes: they change by the day.

Source: BEP 53 for `so=`, BEP 47 for the padding that clients count as files.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from threading import Lock
from time import monotonic
from uuid import UUID

from phonotheque.archive.bulk.bulk_door import Closed
from phonotheque.archive.bulk.pages import read_health
from phonotheque.archive.bulk.publishing import asker
from phonotheque.archive.bulk.whereabouts import magnet_of
from phonotheque.archive.keeping.copies import VolumeCopies
from phonotheque.archive.keeping.counting import copies_of
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.proving import Proof, ProvenFile
from phonotheque.archive.listening.release_torrents import digest_of, release_torrent
from phonotheque.archive.opening import Archive, today
from phonotheque.errors import BadSettingError
from phonotheque.listen.item_values import Copy
from phonotheque.listen.items.in_memory import InMemory
from phonotheque.listen.items.values import ReleaseTorrent
from phonotheque.listen.ports import Library
from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.values import Album
from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.music.doors import Door
from phonotheque.music.rights import Verdict
from phonotheque.music.tdm_statement import headers, mining_of
from phonotheque.publish.health.report import PATH as HEALTH
from phonotheque.publish.health.report import Health, level_of
from phonotheque.publish.torrent_form import PAD_FOLDER
from phonotheque.publish.web.shelves import content_type, sound_type
from phonotheque.register.events import Volume
from phonotheque.register.holdings import Held
from phonotheque.register.provenance import place_in_volume
from phonotheque.register.published import offered_one
from phonotheque.store.objects import ObjectName

_COUNTED_FOR_S = 600
_NUMBER = re.compile(r"[0-9]{1,7}")
_MOST_TORRENTS = 64
"""Torrents of releases that are kept for those who come back for parts of them: some 4 MB."""


class ArchiveCopies:
    """The bulk door of one archive, asked about one thing; shared by threads.

    Args:
        desks: The archive.
        library: What the catalogue knows.
        address: Where this door is, with a slash at its end; "" when nobody said.
    """

    def __init__(self, desks: Desks, library: Library, address: str) -> None:
        self._desks = desks
        self._library = library
        self._address = address
        self._closed = Closed()
        self._lock = Lock()
        self._health: tuple[object, Health | None] = (None, None)
        self._kept: dict[str, VolumeCopies] = {}
        self._counted_at = -float(_COUNTED_FOR_S)
        self._made: OrderedDict[Hashable, ReleaseTorrent | None] = OrderedDict()

    def copies(self, gid: UUID) -> tuple[Copy, ...]:
        """Return the volumes that hold a song, with the magnet for its file alone."""
        archive = self._desks.here().archive()
        found = (archive.index.held(name) for name in self._library.objects(gid))
        copies = (self._copy(archive, held) for held in found if held is not None)
        return tuple(copy for copy in copies if copy is not None)

    def _copy(self, archive: Archive, held: Held) -> Copy | None:
        if held.volume is None or held.condition == "removed":
            return None
        volume = offered_one(archive.index, held.volume)
        if not isinstance(volume, Volume) or volume.name in self._closed.names(archive):
            return None
        before, padded = place_in_volume(archive.index, volume.name, held.sha256)
        file_index = before + padded  # the lists of a volume stand behind all of its objects
        name = ObjectName(held.sha256, held.extension)
        health = self._seeders(archive)
        count = health.torrents.get(volume.name) if health else None
        kept = self._keepers(archive).get(volume.name)
        return Copy(
            volume=volume.name,
            file_index=file_index,
            magnet=magnet_of(archive, volume, file_index),
            seeders=count.seeders if count else None,
            seen_at=count.at if count else None,
            path=f"{name.folder}/{name.file}",
            health=level_of(count.seeders if count else None).value,
            keepers=kept.copies if kept else None,
            countries=kept.countries if kept else (),
        )

    def _seeders(self, archive: Archive) -> Health | None:
        """The last count of seeders, read when it is another file."""
        state = archive.disk.stat(HEALTH)
        with self._lock:
            if self._health[0] != state:
                self._health = (state, read_health(archive.disk))
            return self._health[1]

    def _keepers(self, archive: Archive) -> dict[str, VolumeCopies]:
        """Proven copies of each volume."""
        with self._lock:
            if monotonic() - self._counted_at >= _COUNTED_FOR_S:
                with suppress(BadSettingError):  # which `phono status` tells its operator
                    self._kept = {one.volume: one for one in copies_of(archive).volumes}
                self._counted_at = monotonic()
            return self._kept

    def release(self, gid: UUID) -> ReleaseTorrent | None:
        """Return the torrent of one album; None when none of it may be shared."""
        archive = self._desks.here().archive()
        counts = archive.config["rights.licence_tags_count"]
        key = (gid, self._library.version(), archive.index.place, today(), counts)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        album = self._library.album(gid)
        made = None
        if isinstance(album, Album):
            made = release_torrent(archive, album, self._library.objects, self._address)
        with self._lock:
            self._made[key] = made
            while len(self._made) > _MOST_TORRENTS:
                self._made.popitem(last=False)
        return made

    def release_file(self, gid: UUID, path: tuple[str, ...]) -> Resource | None:
        """Open a file of the torrent of an album; None when it may not be given.

        The folder may have any name: it is made of the names of artist and album, and who has the
        torrent from before these were corrected asks for the same files below the old one.
        """
        torrent = self.release(gid)
        if torrent is None:
            return None
        below = path[1:]
        if below in torrent.texts:
            return _paper(below[-1], torrent.texts[below])
        if below[:1] == (PAD_FOLDER,):
            return _padding(below[1:])
        sha256 = torrent.paths.get(below)
        return None if sha256 is None else self._object(sha256, below[-1])

    def _object(self, sha256: Sha256, file_name: str) -> Resource | None:
        archive = self._desks.here().archive()
        found = _given(archive, sha256)
        if found is None:
            return None
        held, verdict = found
        fields = dict(headers(mining_of(archive.index.statements(sha256), today())))
        if verdict.statement and verdict.statement.licence.startswith("http"):
            fields["Link"] = f'<{verdict.statement.licence}>; rel="license"'
        name = ObjectName(sha256, held.extension)
        digests = archive.index.digests(held)
        proof = Proof(sha256, held.size_bytes, held.pieces_root, digests.layer if digests else None)
        file = ProvenFile(name.path, archive.store.open(name), proof)
        return Resource(
            size_bytes=held.size_bytes,
            etag=sha256.hex,
            media_type=sound_type(name.extension),
            file_name=file_name,
            data=file,
            fields=fields,
            still_may=lambda: _given(self._desks.here().archive(), sha256) is not None,
        )


def _given(archive: Archive, sha256: Sha256) -> tuple[Held, Verdict] | None:
    """A file that may go to a web seed's client now; None when it may not, or is not whole."""
    held = archive.index.held(sha256)
    if held is None or held.condition != "intact":
        return None
    verdict = asker(archive, Door.WEB_SEED)(held)
    return (held, verdict) if verdict.allowed else None


def _paper(name: str, data: bytes) -> Resource:
    return Resource(
        size_bytes=len(data),
        etag=digest_of(data),
        media_type=content_type(f"{name}.txt"),
        file_name=name,
        data=InMemory(data),
    )


def _padding(below: tuple[str, ...]) -> Resource | None:
    """The zeros behind a file, which clients that do not know padding ask for as for any other."""
    size_bytes = int(below[0]) if len(below) == 1 and _NUMBER.fullmatch(below[0]) else 0
    return _paper(below[0], bytes(size_bytes)) if 0 < size_bytes < PIECE_BYTES else None
