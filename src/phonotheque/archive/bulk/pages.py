"""The torrents page of an archive: made from its newest index, written where it changed.

Laws: what is the same is not written again; the front page is written last, and files that no page
names any more go after it; running it again after any interruption gives the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from phonotheque.archive.opening import Archive
from phonotheque.disk import (
    Disk,
    Kind,
    make_folders,
    read_if_held,
    read_whole,
    write_changed,
    write_whole,
)
from phonotheque.errors import MalformedError, NotHeldError
from phonotheque.music.number_words import counted
from phonotheque.publish.health import history, report
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.index.newest import newest
from phonotheque.publish.pages.rendering import File, render
from phonotheque.publish.pages.site import GONE, Site
from phonotheque.publish.pages.zips import Parcel, encode_parcel, is_made_of, parcels_of
from phonotheque.publish.sealed import PUBLISHED, torrent_path
from phonotheque.register.collections import collections_of

_OWN_FOLDERS = ("feeds", "lists", "torrents")
"""Folders in which everything is ours: what is not made any more is removed."""

_KNOWN = "state/collections.json"
_FACT_SHEET = f"{PUBLISHED}/facts/fact-sheet.json"
_PAPERS = {
    "key": "minisign.pub",
    "facts": "facts/fact-sheet.html",
    "tombstones": "tombstones.jsonl",
}
_COMMENT_TAIL_BYTES = 100


@dataclass(frozen=True, slots=True)
class PagesMade:
    """How many files were written, removed, and left as they were."""

    written: int
    removed: int
    kept: int


def write_pages(archive: Archive) -> str:
    """Make the torrents page anew; say what was done, "" when nothing changed."""
    made = make_pages(archive)
    if made is None or not made.written + made.removed:
        return ""
    if not made.kept:
        return "Torrents page: written."
    return f"Torrents page: {counted(made.written, 'file')} written, {made.kept} as they were."


def make_pages(archive: Archive) -> PagesMade | None:
    """Make the torrents page anew; None when nothing was published yet.

    Raises:
        MalformedError: The newest index cannot be read.
        DigestMismatchError: A .torrent file is not the one that the index names.
    """
    site = site_of(archive)
    return put_pages(archive.disk, site) if site else None


def put_pages(disk: Disk, site: Site) -> PagesMade:
    """Write every file of a site that is not there as it should be; remove those of another."""
    for folder in (*_OWN_FOLDERS, "assets/fonts"):
        make_folders(disk, f"{PUBLISHED}/{folder}")
    paths: set[str] = set()
    written = 0
    for path, is_new in _put_all(disk, site):
        paths.add(path)
        written += is_new
    stale = [path for path in _own_files(disk) if path not in paths]
    for path in stale:
        disk.remove(path)
    for folder in sorted({path.rpartition("/")[0] for path in stale}):
        disk.sync_folder(folder)
    return PagesMade(written, len(stale), len(paths) - written)


def _put_all(disk: Disk, site: Site) -> Iterator[tuple[str, bool]]:
    """Put every file where it belongs; yields its path, and whether it had to be written."""
    *files, front = render(site)
    for file in files:
        yield _put(disk, file)
    for group in site.groups:
        for parcel in parcels_of(group) if group.kind != GONE else ():
            yield f"{PUBLISHED}/{parcel.path}", _put_parcel(disk, parcel)
    yield _put(disk, front)


def _put(disk: Disk, file: File) -> tuple[str, bool]:
    path = f"{PUBLISHED}/{file.path}"
    return path, write_changed(disk, path, file.data)


def _put_parcel(disk: Disk, parcel: Parcel) -> bool:
    path = f"{PUBLISHED}/{parcel.path}"
    with suppress(NotHeldError), disk.open(path) as there:
        end = there.seek(0, 2)
        there.seek(max(0, end - _COMMENT_TAIL_BYTES))
        if is_made_of(there.read(), parcel):
            return False

    def torrent(line: TorrentLine) -> bytes:
        return read_whole(disk, torrent_path(line.id))

    write_whole(disk, path, encode_parcel(parcel, torrent))
    return True


def _own_files(disk: Disk) -> Iterator[str]:
    for folder in _OWN_FOLDERS:
        for entry in disk.list(f"{PUBLISHED}/{folder}"):
            if entry.kind is Kind.FILE:
                yield f"{PUBLISHED}/{folder}/{entry.name}"


def site_of(archive: Archive) -> Site | None:
    """Gather what the pages say; None when no index was published yet."""
    disk = archive.disk
    index_path = newest(disk)
    if index_path is None:
        return None
    header, lines = read_index(read_whole(disk, index_path), index_path)
    listed = {entry.name.removesuffix(".jsonl.zst") for entry in disk.list(f"{PUBLISHED}/files")}
    return Site(
        header=header,
        lines=tuple(lines),
        health=read_health(disk),
        history=tuple(history.by_day(read_if_held(disk, history.JOURNAL) or b"")),
        collections=_collections(archive, lines),
        trackers=tuple(archive.config["seed.trackers"]),
        summary=_summary(disk),
        papers=_papers(disk, index_path),
        listings=frozenset(line.id for line in lines if not line.obsolete and line.id in listed),
    )


def read_health(disk: Disk) -> report.Health | None:
    """The last count; None when there is none, or what is there cannot be read: it is unsigned, and
    the next count makes it anew."""
    data = read_if_held(disk, report.PATH)
    with suppress(MalformedError):
        return report.decode(data) if data else None
    return None


def _papers(disk: Disk, index_path: str) -> dict[str, str]:
    index = index_path.removeprefix(f"{PUBLISHED}/")
    named = {"index": index, "signature": f"{index}.minisig", **_PAPERS}
    return {what: path for what, path in named.items() if disk.stat(f"{PUBLISHED}/{path}")}


class _Summary(msgspec.Struct):
    summary: tuple[str, ...] = ()


def _summary(disk: Disk) -> tuple[str, ...]:
    data = read_if_held(disk, _FACT_SHEET)
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(data, type=_Summary).summary if data else ()
    return ()


def _collections(archive: Archive, lines: list[TorrentLine]) -> dict[str, tuple[str, ...]]:
    """From which collections each torrent is, asked once for each: a volume never changes."""
    known: dict[str, tuple[str, ...]] = {}
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        data = read_if_held(archive.disk, _KNOWN)
        known = msgspec.json.decode(data, type=dict[str, tuple[str, ...]]) if data else {}
    found = {
        line.id: known[line.id] if line.id in known else collections_of(archive.index, line.id)
        for line in lines
        if not line.obsolete
    }
    if found != known:
        write_whole(archive.disk, _KNOWN, msgspec.json.encode(found))
    return {volume: names for volume, names in found.items() if names}
