"""Covers and waveforms of an archive's recordings, as the listening door shows them.

Laws: a cover is shown only where all of its recording may be heard, and by its own rights where it
is a file of its own; nothing is made in this process (`copyist`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from phonotheque.archive.listening.copyist import Order, Workshop
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.open_files import Lease, OpenFiles
from phonotheque.archive.listening.sources import KeptCopy
from phonotheque.archive.opening import Archive, today
from phonotheque.archive.recordings.covers import iter_covers
from phonotheque.archive.recordings.derivatives import cache_of
from phonotheque.derive.colours import GREY_HUE
from phonotheque.derive.derivative import Wanted
from phonotheque.derive.recipes import THUMBNAILS
from phonotheque.derive.thumbnails import encoder_version
from phonotheque.derive.waveform import Drawn, waveform_svg
from phonotheque.errors import IntegrityError, NotHeldError, NotWholeError
from phonotheque.listen.sound.ports import Making, Resource
from phonotheque.listen.values import CoverSize
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.register.holdings import Held

_UNUSABLE = (IntegrityError, NotHeldError, NotWholeError)
_MOST_TRIED = 3
_MOST_NONE = 100_000

Objects = Callable[[UUID], tuple[Sha256, ...]]


class ArchivePictures:
    """The pictures of one archive. Threads may share it.

    Args:
        desks: The archive, opened for each thread.
        objects: Names of the files of a song, or of the songs of an album, in order.
        workshop: Makes thumbnails.
    """

    def __init__(self, desks: Desks, objects: Objects, workshop: Workshop) -> None:
        self._desks = desks
        self._objects = objects
        self._workshop = workshop
        self._files: OpenFiles[KeptCopy] = OpenFiles(512)
        self._none: set[tuple[tuple[Sha256, ...], int]] = set()

    def cover(self, gid: UUID, size: CoverSize, group: str = "") -> Resource | Making | None:
        """The cover of a song or album, or its making for who asks; None when none may be shown."""
        taken = self._taken(gid, size, made_for=group)
        return _resource(taken) if isinstance(taken, Lease) else taken

    def hue(self, gid: UUID) -> int | None:
        """The hue of the cover, 0 to 23; None when there is none, or it was not made yet: no page
        waits for a picture."""
        lease = self._taken(gid, 250, made_for=None)
        if not isinstance(lease, Lease):
            return None
        hue = lease.value.facts.get("hue")
        lease.close()
        return hue if isinstance(hue, int) else None

    def points(self, gid: UUID) -> bytes | None:
        """The waveform of a song, 1,600 bytes; None when nobody measured it."""
        index = self._desks.here().archive().index
        for held in self._heard(gid):
            curves = index.curves(held.sha256)
            if curves is not None and curves.waveform:
                return curves.waveform
        return None

    def wave(self, gid: UUID) -> bytes | None:
        """The waveform as SVG."""
        waveform = self.points(gid)
        if waveform is None:
            return None
        held = self._heard(gid)[0]
        archive = self._desks.here().archive()
        tags = archive.index.tags(held.sha256)
        artist = "; ".join(tags.artists)
        title = f"{tags.title} by {artist}" if tags.title and artist else tags.title or ""
        length_ms = held.sound.decoded_ms if held.sound else 0
        hue = self.hue(gid)
        return waveform_svg(
            waveform, Drawn(length_ms, title, GREY_HUE if hue is None else hue)
        ).encode()

    def close(self) -> None:
        """Let go of all files."""
        self._files.close()

    def _heard(self, gid: UUID) -> tuple[Held, ...]:
        """Files of it that may be heard by somebody anywhere."""
        desk = self._desks.here()

        def tell(archive: Archive) -> tuple[Held, ...]:
            found = (archive.index.held(name) for name in self._objects(gid))
            return tuple(held for held in found if held and _may_be_heard(archive, held))

        return desk.recall(("pictured", gid), tell)

    def _taken(
        self, gid: UUID, size: CoverSize, *, made_for: str | None
    ) -> Lease[KeptCopy] | Making | None:
        """The cover of the first file that has one, or its making unless it is made for nobody;
        what cannot be made is not tried again."""
        desk = self._desks.here()
        for held in self._heard(gid)[:_MOST_TRIED]:
            # Asked again whenever the register moves: what may not be shown any more has no key.
            names = desk.recall(("covers", held.sha256), partial(_covers, held=held))
            key = (names, size)
            if not names or key in self._none:
                continue
            try:
                return self._files.take(
                    key, partial(self._open, held, names, size), self._is_current
                )
            except NotHeldError:
                if made_for is not None:
                    return self._ordered(held, key, made_for)
        return None

    def _ordered(self, held: Held, key: tuple[tuple[Sha256, ...], CoverSize], group: str) -> Making:
        def made(done: Making) -> None:
            if isinstance(done.exception(), _UNUSABLE):
                self._remember_none(key)

        making = self._workshop.order(Order(held.sha256.hex, f"cover-{key[1]}"), group)
        making.add_done_callback(made)
        return making

    def _is_current(self, copy: KeptCopy) -> bool:
        return copy.is_there(self._desks.root)

    def _remember_none(self, key: tuple[tuple[Sha256, ...], int]) -> None:
        if len(self._none) >= _MOST_NONE:
            self._none.clear()
        self._none.add(key)

    def _open(self, held: Held, names: tuple[Sha256, ...], size: CoverSize) -> KeptCopy:
        cache = cache_of(self._desks.here().archive())
        wanted = [Wanted(name, THUMBNAILS[size], encoder_version()) for name in names]
        found = next(filter(None, map(cache.find, wanted)), None)
        if found is None:
            raise NotHeldError(held.sha256.hex, "it has no cover that was made", "Go without.")
        return KeptCopy(found)


def _covers(archive: Archive, held: Held) -> tuple[Sha256, ...]:
    """Of which files a cover may be shown now, the best first."""
    covers = iter_covers(archive, held)
    shown = (one.source.sha256 for one in covers if _may_be_heard(archive, one.source))
    return tuple(dict.fromkeys(shown))


def _may_be_heard(archive: Archive, held: Held) -> bool:
    counts = archive.config["rights.licence_tags_count"]
    is_removed = held.condition == "removed"
    statements = archive.index.statements(held.sha256)
    asked = ask(Door.LISTEN, statements, today(), claims_count=counts, is_removed=is_removed)
    return asked.allowed


def _resource(lease: Lease[KeptCopy]) -> Resource:
    copy = lease.value
    return Resource(
        size_bytes=copy.size_bytes,
        etag=copy.etag,
        media_type="image/jpeg",
        file_name="cover.jpg",
        data=LeasedCopy(lease),
        path=copy.path,
        modified_at=copy.modified_at,
    )


class LeasedCopy:
    """A copy, taken by one who reads; the port's `Readable`."""

    def __init__(self, lease: Lease[KeptCopy]) -> None:
        self.read = lease.value.read
        self.at_hand = lease.value.at_hand
        self.close = lease.close
