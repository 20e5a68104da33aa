"""Proving what is published: packs, the indexes that were signed, and what is signed with them.

Laws: a pack is believed only when each of its files hashes to the root in the torrent that the
register has the digest of; an index only when the register has its digest; what is signed only from
the first root on. Whatever its length, memory does not grow with a pack: one block of a file is
held, one torrent, and of what is signed one file at a time beside the index. Nothing is written.

Not proven here: pages, feeds and lists for people, which nothing has a digest of, and which each
`phono publish run` writes again; whether signatures are fresh (`archive.signing.expiry`). Torrents
and lists of volumes: `verify`.

Source: BEP 52 for the root of a file; TUF specification 1.0.33 for what is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from phonotheque.archive.opening import Archive
from phonotheque.disk import Disk, Kind, read_if_held
from phonotheque.errors import NotHeldError, PhonothequeError, UnavailableError
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.publish.facts.listing import listing_path, parse_listings
from phonotheque.publish.packs.form import PACK_PIECE_BYTES, folder_of
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.publish.sealed import PUBLISHED, torrent_path, twin_path
from phonotheque.publish.torrent_form import SealedFile
from phonotheque.publish.torrent_reader import TorrentSummary, read_torrent
from phonotheque.publish.twin import is_twin_of
from phonotheque.register.events import Pack, Publication, Volume
from phonotheque.register.findings import packs_checked_at
from phonotheque.register.published import added_at, index_digests, last_publication
from phonotheque.store.digests import tree_of_file

_ABSENT = "no file of this name is there"
_STAMP = f"{PUBLISHED}/metadata/timestamp.json"
"""Written last: without it nothing is signed, and the first run may have been stopped before it."""

_NOT_SIGNED = "the first index is not signed yet, or no longer: `phono publish run` signs it"
_OTHER_BYTES = "its bytes are not those that were sealed"


@dataclass
class Proven:
    """What a run looked at of what is published.

    Attributes:
        torrents: .torrent files of volumes and packs.
        packs: Names of packs whose turn came, the one unproven for longest first.
        packs_read: How many of them had a file that was read whole.
        packs_bytes: The bytes of all such files.
        signed: Files that are signed, the metadata that says so included.
    """

    torrents: int = 0
    packs: list[str] = field(default_factory=list)
    packs_read: int = 0
    packs_bytes: int = 0
    signed: int = 0


def packs_in_turn(archive: Archive, most_bytes: int | None = None) -> list[Pack]:
    """Packs that are offered now, the one unproven for longest first.

    Args:
        archive: Whose.
        most_bytes: No more than this, but one in any case; None for all.
    """
    checked = {**added_at(archive.index), **packs_checked_at(archive.index.db)}
    packs = sorted(offered_packs(archive.index), key=lambda one: (checked[one.name], one.name))
    if most_bytes is None:
        return packs
    taken, size_bytes = packs[:1], sum(one.size_bytes for one in packs[:1])
    for pack in packs[1:]:
        size_bytes += pack.size_bytes
        if size_bytes > most_bytes:
            break
        taken.append(pack)
    return taken


def check_torrent(disk: Disk, sealed: Volume | Pack) -> tuple[bytes, Finding | None]:
    """Hold a .torrent file against the register; its bytes are b"" when something is wrong."""
    path = torrent_path(sealed.name)
    try:
        data = read_if_held(disk, path)
    except (UnavailableError, OSError) as error:
        return b"", Finding(FindingKind.UNREADABLE, path, str(error))
    if data is None:
        return b"", Finding(FindingKind.MISSING, path, _ABSENT)
    if hashlib.sha256(data).hexdigest() != sealed.torrent:
        return b"", Finding(FindingKind.CHANGED, path, "it is not the torrent that was sealed")
    return data, None


def check_twin(disk: Disk, sealed: TorrentSummary) -> Finding | None:
    """Hold the v1-only twin of a volume, where there is one, against the volume's own torrent."""
    path = twin_path(sealed.name)
    try:
        data = read_if_held(disk, path)
    except (UnavailableError, OSError) as error:
        return Finding(FindingKind.UNREADABLE, path, str(error))
    if data is None or is_twin_of(data, sealed):
        return None
    return Finding(FindingKind.CHANGED, path, "it is not the v1-only twin of its volume")


def check_pack(archive: Archive, pack: Pack, done: Proven) -> Iterator[Finding]:
    """Read a pack whole and hold it against its torrent, and that against the register.

    Without its torrent nothing can prove its files; the next publication makes it again.

    Args:
        archive: Whose.
        pack: Which.
        done: Told what was read of it, at the end.
    """
    disk, folder = archive.disk, folder_of(pack.name)
    data, wrong = check_torrent(disk, pack)
    if wrong is not None:
        done.packs.append(pack.name)
        yield wrong
        return
    files = read_torrent(data, thing=pack.name, piece_bytes=PACK_PIECE_BYTES).files
    read = []
    for file in files:
        finding = _check_file(disk, "/".join((folder, *file.path)), file)
        if finding is None or finding.detail == _OTHER_BYTES:
            read.append(file.size_bytes)
        if finding is not None:
            yield finding
    known = {"/".join((folder, *file.path)) for file in files}
    for path, size_bytes in _walk(disk, folder):
        if path not in known and size_bytes:  # an empty file cannot be in a torrent
            yield Finding(FindingKind.FOREIGN, path, "the torrent of the pack does not name it")
    done.packs.append(pack.name)
    done.packs_read += bool(read)
    done.packs_bytes += sum(read)


def _check_file(disk: Disk, path: str, sealed: SealedFile) -> Finding | None:
    found = disk.stat(path)
    if found is None:
        return Finding(FindingKind.MISSING, path, _ABSENT)
    if found.kind is not Kind.FILE:
        return Finding(FindingKind.CHANGED, path, f"a {found.kind} and no file")
    wanted = sealed.size_bytes
    if found.size_bytes < wanted:
        return Finding(FindingKind.TRUNCATED, path, f"{found.size_bytes} of {wanted} bytes")
    if found.size_bytes > wanted:
        return Finding(FindingKind.CHANGED, path, f"{found.size_bytes} bytes instead of {wanted}")
    try:
        with disk.open(path) as file:
            root = tree_of_file(file, piece_bytes=PACK_PIECE_BYTES).pieces_root
    except NotHeldError:
        return Finding(FindingKind.MISSING, path, "it disappeared while being checked")
    except (UnavailableError, OSError) as error:
        return Finding(FindingKind.UNREADABLE, path, str(error))
    return None if root == sealed.pieces_root else Finding(FindingKind.CHANGED, path, _OTHER_BYTES)


def _walk(disk: Disk, folder: str) -> Iterator[tuple[str, int]]:
    """Path and length of whatever lies below a folder and is no folder."""
    for entry in disk.list(folder):
        path = f"{folder}/{entry.name}"
        if entry.kind is Kind.FOLDER:
            yield from _walk(disk, path)
        else:
            yield path, entry.size_bytes


# -- what is signed ------------------------------------------------------------------------


def check_signed(archive: Archive, done: Proven) -> Iterator[Finding]:
    """Hold what is signed against the register and against its signatures.

    Args:
        archive: Whose.
        done: Told how many files were looked at.
    """
    last = last_publication(archive.index)
    if last is None:
        return
    yield from _check_indexes(archive, last, done)
    if last.number == 1 and archive.disk.stat(_STAMP) is None:
        yield Finding(FindingKind.MISSING, _STAMP, _NOT_SIGNED)
        return
    files: dict[str, bytes] = {}
    try:
        files = _signed_files(archive.disk, done)
    except NotHeldError as error:
        yield Finding(FindingKind.MISSING, _place_of(error.thing), error.wrong)
    except UnavailableError as error:
        yield Finding(FindingKind.UNREADABLE, f"{PUBLISHED}/metadata", str(error))
    except PhonothequeError as error:
        yield Finding(FindingKind.CHANGED, _place_of(error.thing), error.wrong)
    if files:
        yield from _check_copies(archive, last, files, done)


def _check_indexes(archive: Archive, last: Publication, done: Proven) -> Iterator[Finding]:
    """The indexes that lie there, by the digests that the register has."""
    from phonotheque.publish.index.newest import hidden_index_path, index_path, indexes

    digests, there = index_digests(archive.index), indexes(archive.disk)
    hidden = archive.disk.stat(hidden_index_path(last.number))  # a stopped run had not named it yet
    if last.number not in there and hidden is None:
        yield Finding(FindingKind.MISSING, index_path(last.number), _ABSENT)
    for number, path in there.items():
        done.signed += 1
        data = read_if_held(archive.disk, path) or b""
        if number not in digests:
            detail = "no line of the register names it"
            yield Finding(FindingKind.UNREFERENCED, path, detail)
        elif hashlib.sha256(data).hexdigest() != digests[number]:
            yield Finding(FindingKind.CHANGED, path, "it is not the index that was signed")


def _signed_files(disk: Disk, done: Proven) -> dict[str, bytes]:
    from phonotheque.publish.trust.at_rest import prove  # slow to load, and seldom needed

    at_rest = prove(lambda path: read_if_held(disk, f"{PUBLISHED}/{path}"))
    done.signed += len(at_rest.metadata)
    return at_rest.files


def _place_of(thing: str) -> str:
    """Where what a refusal names lies in the archive; it names roots by their name alone."""
    return f"{PUBLISHED}/{thing if '/' in thing else f'metadata/{thing}'}"


def _check_copies(
    archive: Archive, last: Publication, files: dict[str, bytes], done: Proven
) -> Iterator[Finding]:
    """The signature for people, and files that lie in the open beside being signed.

    A run that was stopped has written what it has not signed yet: so another file than the signed
    one is a finding only while nothing has happened since the last index was signed; then it is
    passed over, and not counted.
    """
    from phonotheque.publish.index import newest

    disk, index = archive.disk, newest.index_path(last.number)
    if index.rpartition("/")[2] not in files:
        return
    yield from _check_signature(disk, index, files, done)
    findings = _of_copies(disk, files, done)
    if not _has_moved_on(archive, last):
        yield from findings
        return
    others = sum(1 for _ in findings)
    done.signed -= others


def _of_copies(disk: Disk, files: dict[str, bytes], done: Proven) -> Iterator[Finding]:
    for name in ("index-history.sha256", "listings.sha256", "minisign.pub"):
        path = f"{PUBLISHED}/{name}"
        data = read_if_held(disk, path)
        done.signed += 1
        if data != files.get(name):
            kind = FindingKind.MISSING if data is None else FindingKind.CHANGED
            yield Finding(kind, path, "it is not what was signed")
    for torrent, digest in parse_listings(files.get("listings.sha256", b"")).items():
        path = listing_path(torrent)
        data = read_if_held(disk, path)
        done.signed += 1
        if data is None:
            yield Finding(FindingKind.MISSING, path, _ABSENT)
        elif hashlib.sha256(data).hexdigest() != digest:
            yield Finding(FindingKind.CHANGED, path, "it is not the listing that was signed")


def _check_signature(
    disk: Disk, index: str, files: dict[str, bytes], done: Proven
) -> Iterator[Finding]:
    """The signature of the newest index, as `minisign -V` looks at it."""
    from phonotheque.publish.index.newest import signature_path
    from phonotheque.publish.trust import minisign

    path = signature_path(index)
    text = read_if_held(disk, path)
    done.signed += 1
    if text is None:
        yield Finding(FindingKind.MISSING, path, _ABSENT)
        return
    try:
        public = minisign.parse_public_key(files["minisign.pub"].decode("utf-8", "replace"))
        said = text.decode("utf-8", "replace")
        minisign.verify(public, files[index.rpartition("/")[2]], said)
    except PhonothequeError as error:
        yield Finding(FindingKind.CHANGED, path, error.wrong)


def _has_moved_on(archive: Archive, last: Publication) -> bool:
    """Whether the register has a line after the one of the last index that is not of a check."""
    query = "SELECT seq FROM publication WHERE number = ?"
    (signed,) = archive.index.db.execute(query, (last.number,)).fetchone()
    checks = "SELECT count(*) FROM fixity_run WHERE seq > ?"
    (count,) = archive.index.db.execute(checks, (signed,)).fetchone()
    return bool(archive.index.place.head.seq - signed > count)
