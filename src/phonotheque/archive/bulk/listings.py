"""The listings of an archive's torrents: made once, made again when something new was said.

Laws: what is listed is what the register says now, so a reservation or correction made after a
volume was sealed is in its next listing; a run reads the register only from where the last one
ended; a listing goes only when no published index offers its torrent any more; a catalogue that
does not open stops nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import msgspec

from phonotheque.archive.finding.searching import open_catalogue
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.disk import Disk, make_folders
from phonotheque.errors import FormatTooNewError, IntegrityError, NoCatalogueError
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.sound import IntegrityVerdict
from phonotheque.music.tdm_statement import mining_of
from phonotheque.publish.facts.listing import (
    KEPT,
    LISTINGS,
    ListedFile,
    Sounding,
    TorrentFacts,
    encode_listing,
    facts_of,
    has_listing,
    kept_path,
    listing_path,
    read_facts,
    write_listing,
)
from phonotheque.publish.facts.source import source_of
from phonotheque.publish.packs.form import SUMS, folder_of, pack_files
from phonotheque.publish.sealed import LIST_FILES, sealed_bytes
from phonotheque.register.corrections import edited
from phonotheque.register.events import Accession, Edit, Examination, Pack, Rights, Volume
from phonotheque.register.findings import findings
from phonotheque.register.holdings import Held
from phonotheque.register.journal import START, Position, Torn, read
from phonotheque.register.kinship import original_of
from phonotheque.register.published import offered
from phonotheque.store.objects import LISTS, ObjectName

_PLACE = "facts place"
_Listed = tuple[ListedFile, Sounding | None]


def write_listings(archive: Archive) -> tuple[list[TorrentFacts], int]:
    """Make the listings that are missing or out of date.

    Returns:
        The facts of every torrent that is offered, in the order they were recorded, and how many
        listings were written.
    """
    for folder in (LISTINGS, KEPT):
        make_folders(archive.disk, folder)
    end = archive.index.place
    stale = _touched(archive) | _damaged(archive)
    unlisted = frozenset(archive.index.unlisted())  # nobody knows what they hold; opening says so
    facts, written = [], 0
    with _naming(archive) as lookup:
        for torrent in offered(archive.index):
            if torrent.name in unlisted:
                continue
            known = read_facts(archive.disk, torrent.name)
            if known is None or torrent.name in stale or not _stands(archive.disk, known, lookup):
                if _is_away(archive.disk, torrent):
                    continue  # the run says so, and why it is not made again
                known = _write(archive, torrent, lookup)
                written += 1
            facts.append(known)
    with archive.index.transaction():
        archive.index.set_note(_PLACE, msgspec.json.encode(end).decode())
    return facts, written


def _is_away(disk: Disk, torrent: Volume | Pack) -> bool:
    """Whether the files of a pack are lost, which keeps its place until it can be made again."""
    if isinstance(torrent, Volume):
        return False
    return disk.stat(f"{folder_of(torrent.name)}/{SUMS}") is None


def _stands(disk: Disk, known: TorrentFacts, lookup: Lookup | None) -> bool:
    """Whether a listing lies there as it was made, with the names that a catalogue gives."""
    return (known.has_gids or lookup is None) and has_listing(disk, known)


@contextmanager
def _naming(archive: Archive) -> Iterator[Lookup | None]:
    """The catalogue that knows what recordings are called; None without one that opens."""
    with ExitStack() as opened:
        lookup = None
        with suppress(NoCatalogueError, FormatTooNewError, IntegrityError):
            lookup = opened.enter_context(open_catalogue(archive.root)).lookup
        yield lookup


def _damaged(archive: Archive) -> frozenset[str]:
    """Torrents in whose listings a check found something wrong that is so still."""
    found = {one.path for one in findings(archive.index.db) if one.path.startswith(LISTINGS)}
    if not found:
        return frozenset()
    known = (read_facts(archive.disk, torrent.name) for torrent in offered(archive.index))
    return frozenset(
        one.name
        for one in known
        if one is not None
        and (path := listing_path(one.name)) in found
        and sealed_bytes(archive.disk, path, one.listing) is None
    )


def _touched(archive: Archive) -> frozenset[str]:
    """Volumes about whose recordings something was said since the listings were made."""
    note = archive.index.note(_PLACE)
    place = msgspec.json.decode(note, type=Position) if note else START
    objects = set()
    for item in read(archive.disk, place) if note else ():
        if isinstance(item, Torn):
            continue
        event = item[0].event
        if isinstance(event, Accession | Edit | Examination | Rights):
            objects.add(event.sha256)
    if not note:  # the index is new, and with it all that was noted in it
        return frozenset(volume.name for volume in archive.index.volumes())
    held = (archive.index.held(Sha256.parse(name)) for name in objects)
    return frozenset(one.volume for one in held if one and one.volume)


def _write(archive: Archive, torrent: Volume | Pack, lookup: Lookup | None) -> TorrentFacts:
    if isinstance(torrent, Volume):
        listed = _of_volume(archive, torrent, lookup)
    else:
        listed = [
            (ListedFile(file.path, file.size_bytes, file.sha256), None)
            for file in pack_files(archive.disk, torrent.name)
        ]
    files = [file for file, _ in listed]
    listing = encode_listing(files)
    has_gids = lookup is not None or isinstance(torrent, Pack)
    kind = torrent.licence_class if isinstance(torrent, Volume) else torrent.kind
    sounding = [heard for _, heard in listed]
    facts = facts_of(torrent.name, kind, files, sounding, listing, has_gids=has_gids)
    if isinstance(torrent, Pack):
        facts = msgspec.structs.replace(facts, items=torrent.items)
    write_listing(archive.disk, listing, facts)
    return facts


def _of_volume(archive: Archive, volume: Volume, lookup: Lookup | None) -> list[_Listed]:
    """Its files in the order of the torrent: the objects, then its lists."""
    members = archive.index.in_volume(volume.name)
    gids = _gids(lookup, [original_of(archive.index, held.sha256) for held in members])
    listed: list[_Listed] = []
    for held, gid in zip(members, gids, strict=True):
        listed.append((_recording(archive, held, gid), _sounding(held)))
    listed.sort(key=lambda one: one[0].path.encode())
    for name in LIST_FILES:
        path = f"lists/{volume.name}/{name}"
        size_bytes, sha256 = _digest(archive.disk, f"{LISTS}/{volume.name}/{name}")
        listed.append((ListedFile(path, size_bytes, sha256), None))
    return listed


def _recording(archive: Archive, held: Held, gid: str) -> ListedFile:
    index, config = archive.index, archive.config
    tags = edited(index, held.sha256)
    came = index.accessions(held.sha256)[0]
    _, collection = index.depositor_and_collection(came.deposit)
    statements = index.statements(held.sha256)
    counts = config["rights.licence_tags_count"]
    governing = ask(Door.PUBLISH, statements, today(), claims_count=counts).statement
    mining = mining_of(statements, today())
    name = ObjectName(held.sha256, held.extension)
    return ListedFile(
        f"{name.folder}/{name.file}",
        held.size_bytes,
        held.sha256.hex,
        gid,
        tags.title or came.path.rpartition("/")[2],
        tags.artists or tags.album_artists,
        tags.album or "",
        tags.isrcs,
        governing.licence if governing else "",
        source_of(tags, collection, config["title"] or config.name, config["address"]),
        mining.tdm.value,
        mining.by,
    )


def _sounding(held: Held) -> Sounding:
    technical, sound, integrity = held.technical, held.sound, held.integrity
    declared_ms = technical.duration_ms or 0 if technical else 0
    return Sounding(
        technical.codec if technical else "",
        bool(technical and technical.bit_depth),
        sound.decoded_ms if sound else declared_ms,
        integrity is not None and integrity.verdict is IntegrityVerdict.DAMAGED,
    )


def _gids(lookup: Lookup | None, names: Sequence[Sha256]) -> list[str]:
    if lookup is None:
        return [""] * len(names)
    found = lookup.by_externals([("sha256", name.hex) for name in names])
    recordings = ([card for card in cards if card.kind is Kind.RECORDING] for cards in found)
    return [str(cards[0].gid) if cards else "" for cards in recordings]


def _digest(disk: Disk, path: str) -> tuple[int, str]:
    found = disk.stat(path)
    with disk.open(path) as file:
        digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # it has readinto
    return found.size_bytes if found else 0, digest.hexdigest()


def sweep_listings(archive: Archive) -> None:
    """Take away listings and facts of what is not offered any more; after an index without it."""
    disk, names = archive.disk, {torrent.name for torrent in offered(archive.index)}
    for folder, path in ((LISTINGS, listing_path), (KEPT, kept_path)):
        wanted = {path(name) for name in names}
        for entry in disk.list(folder):
            if f"{folder}/{entry.name}" not in wanted:
                disk.remove(f"{folder}/{entry.name}")
        disk.sync_folder(folder)
