"""The bulk door under the roof of the listening door: what is published, and the public log.

Laws: a path gives here what it gives at the bulk door's own server, for the same reasons, and is
refused for the same; an object leaves proven. The log is what the register says of removals:
nobody's name, no evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import fstat, pread
from typing import BinaryIO

from phonotheque.archive.bulk.bulk_door import Closed, shelves_of
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.proving import Proof, ProvenFile
from phonotheque.archive.opening import Archive
from phonotheque.disk import refusal
from phonotheque.errors import TruncatedError
from phonotheque.listen.items.values import Removal
from phonotheque.listen.ports import Library
from phonotheque.listen.sound.ports import Readable, Resource
from phonotheque.music.digest import Sha256
from phonotheque.publish.web import shelves
from phonotheque.publish.web.digests import Digests
from phonotheque.register.cases import CaseLine, case_lines
from phonotheque.register.events import Removal as Removed
from phonotheque.store.objects import parse_file_name

_CASES_A_PAGE = 50
_ITEMS_OF_A_CASE = 20


class PublishedPapers:
    """What one archive publishes; shared by threads.

    Args:
        desks: The archive.
        library: What the catalogue knows.
    """

    def __init__(self, desks: Desks, library: Library) -> None:
        self._desks = desks
        self._library = library
        self._digests = Digests()
        self._closed = Closed()

    def find(self, path: tuple[str, ...]) -> Resource | None:
        """Open what is published under a path; None when it may not be given."""
        archive = self._desks.here().archive()
        found = shelves_of(archive, self._digests, self._closed).find(path)
        if found is None:
            return None
        fields = dict(found.shown.fields)
        return Resource(
            size_bytes=found.shown.size_bytes,
            etag=found.shown.etag,
            media_type=fields.pop("Content-Type"),
            file_name=path[-1],
            data=_readable(archive, path, found),
            fields=fields,
            still_may=lambda: self._is_there(path),
        )

    def _is_there(self, path: tuple[str, ...]) -> bool:
        """Whether an object may be given still; papers are gone on with, whatever replaced them."""
        if path[:1] != ("volumes",):
            return True
        archive = self._desks.here().archive()
        found = shelves_of(archive, self._digests, self._closed).find(path)
        if found is not None:
            found.file.close()
        return found is not None

    def removals(self, page: int) -> tuple[list[Removal], bool]:
        """Return a page of the public log, the newest first, and whether there is another."""
        desk = self._desks.here()
        cases = desk.recall(("cases",), lambda archive: _cases(case_lines(archive.index)))
        first = (page - 1) * _CASES_A_PAGE
        shown = cases[first : first + _CASES_A_PAGE]
        return [self._removal(lines) for lines in shown], len(cases) > first + len(shown)

    def _removal(self, lines: list[CaseLine]) -> Removal:
        removed = [(one, one.event) for one in lines if isinstance(one.event, Removed)]
        first, event = removed[0]
        items = {}
        for _, one in removed[:_ITEMS_OF_A_CASE]:
            hit = self._library.song_of(Sha256.parse(one.sha256))
            if hit is not None:
                items[hit.gid] = hit.title
        said = (one for one in lines if not isinstance(one.event, Removed))
        return Removal(
            case=event.case,
            at=first.at,
            reason=event.reason,
            items=tuple(items.items()),
            objects=len(removed),
            objections=tuple((one.at, getattr(one.event, "summary", "")) for one in said),
        )


def _cases(lines: Iterable[CaseLine]) -> list[list[CaseLine]]:
    """Lines by case, the newest case first; what has no case is one of its own."""
    found: dict[str, list[CaseLine]] = {}
    for line in lines:
        found.setdefault(line.event.case or f"line {line.seq}", []).append(line)
    whole = [case for case in found.values() if any(isinstance(x.event, Removed) for x in case)]
    return whole[::-1]


def _readable(archive: Archive, path: tuple[str, ...], found: shelves.Resource) -> Readable:
    """The bytes of a file: those of an object are proven, all others were when they were found."""
    name = parse_file_name(path[-1]) if path[0] == "volumes" else None
    held = archive.index.held(name.sha256) if name else None
    if held is None:
        return _Plain(path[-1], found.file)
    digests = archive.index.digests(held)
    layer = digests.layer if digests else None
    proof = Proof(held.sha256, held.size_bytes, held.pieces_root, layer)
    return ProvenFile("/".join(path), found.file, proof)


class _Plain:
    """A file that was proven whole when it was opened."""

    def __init__(self, thing: str, file: BinaryIO) -> None:
        self._thing = thing
        self._file = file
        self.modified_at = fstat(file.fileno()).st_mtime

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` up to `end`."""
        try:
            data = pread(self._file.fileno(), end - begin, begin)
        except OSError as error:
            raise refusal(self._thing, error) from error
        if len(data) < end - begin:
            raise TruncatedError(self._thing, "it ends before", "Run `phono publish run`.")
        return data

    def at_hand(self, begin: int, end: int) -> None:
        """Nothing is known to be at hand."""

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
