"""What was published, laid out again byte for byte: signed metadata, indexes, torrents, listings.

Order: what others point to comes first, the timestamp last. Laws: a .torrent file is taken when it
has the SHA-256 that the index names, a listing or an old index when it has the one that is signed.
A successor does not lay out the signatures of keys that are lost as if they were its own: they are
kept apart, so that anybody can prove by them where the register stood.

Not here: pages, feeds and fact sheets, which the next publication makes anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from phonotheque.archive.keeping.surveying import Survey, read_from
from phonotheque.disk import Disk, make_folders, read_if_held, write_changed
from phonotheque.errors import UnavailableError
from phonotheque.publish.facts.listing import listing_path, parse_listings
from phonotheque.publish.index.chain import parse_history
from phonotheque.publish.index.form import index_name
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.index.newest import signature_path
from phonotheque.publish.sealed import PUBLISHED, torrent_path

SUCCEEDED = f"{PUBLISHED}/succeeded"
"""What the keys that are lost signed last, for each archive that was succeeded."""

_INNER = ("register-head.json", "register-tail.jsonl")
"""Signed files that lie below `metadata/` alone."""

_MOST_SIGNATURE_BYTES = 4096


def lay_out_papers(disk: Disk, survey: Survey) -> tuple[list[TorrentLine], tuple[TorrentLine, ...]]:
    """Bring the .torrent files and listings of all that is offered.

    Returns:
        The torrents that can be fetched now, and those of which no disk has the .torrent file.
    """
    make_folders(disk, f"{PUBLISHED}/files")
    listed = parse_listings(survey.proven.files.get("listings.sha256", b""))
    found: list[TorrentLine] = []
    unknown: list[TorrentLine] = []
    for line in survey.offered:
        is_here = _bring(disk, survey, torrent_path(line.id), line.torrent_sha256)
        (found if is_here else unknown).append(line)
        if line.id in listed:
            _bring(disk, survey, listing_path(line.id), listed[line.id])
    return found, tuple(unknown)


def lay_out_signed(disk: Disk, survey: Survey, *, is_succeeded: bool) -> None:
    """Bring all that is signed; durable on return.

    Args:
        disk: The archive's.
        survey: What is known of it.
        is_succeeded: The keys that signed it are lost.
    """
    proven = survey.proven
    for name, data in proven.files.items():
        if name not in _INNER and not (is_succeeded and name == "minisign.pub"):
            _put(disk, f"{PUBLISHED}/{name}", data)
    history = parse_history(proven.files.get("index-history.sha256", b""))
    for seq, sha256 in history.items():
        path = f"{PUBLISHED}/{index_name(seq)}"
        if _bring(disk, survey, path, sha256):
            _bring_signature(disk, survey, signature_path(path))
    below = f"{SUCCEEDED}/{proven.fingerprint}" if is_succeeded else PUBLISHED
    for path, data in proven.metadata.items():
        _put(disk, f"{below}/{path}", data)


def _bring(disk: Disk, survey: Survey, path: str, sha256: str) -> bool:
    """Have the file with a digest here, from the first disk that has it; whether it is."""
    data = read_if_held(disk, path)
    if data is not None and hashlib.sha256(data).hexdigest() == sha256:
        return True
    for data in _everywhere(survey, path):
        if hashlib.sha256(data).hexdigest() == sha256:
            _put(disk, path, data)
            return True
    return False


def _bring_signature(disk: Disk, survey: Survey, path: str) -> None:
    """Bring the signature for people along. It proves itself to them, or not at all."""
    if read_if_held(disk, path) is None:
        for data in _everywhere(survey, path):
            if len(data) <= _MOST_SIGNATURE_BYTES:
                _put(disk, path, data)
                return


def _everywhere(survey: Survey, path: str) -> Iterator[bytes]:
    for folder in survey.folders:
        try:
            data = read_from(folder, path)
        except UnavailableError:
            continue  # a disk that fails here; another one may have it
        if data is not None:
            yield data


def _put(disk: Disk, path: str, data: bytes) -> None:
    make_folders(disk, path.rpartition("/")[0])
    write_changed(disk, path, data)
