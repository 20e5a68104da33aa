"""Which torrents contain an item: for whoever wants one file, and for whose work it is.

Laws: what is told follows from the register and from lists that are, byte for byte, what was
sealed; torrents that are not offered any more are told too, because copies of them live on; where
the lists of one were taken away with what was removed, that is said, never guessed.

Source: BEP 53 for `so=`, the files of a torrent that a magnet link asks for.
Not here: searching by words (`archive.finding.searching`), what was removed and why
(`phono takedown`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonotheque.archive.finding.entry import read_entry
from phonotheque.archive.finding.searching import Catalogue, SearchOptions, open_catalogue
from phonotheque.archive.opening import Archive, today
from phonotheque.archive.reference import resolve_object
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.query.parsed import Identifier, Parsed
from phonotheque.catalogue.query.parsing import parse
from phonotheque.disk import Disk
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    ListLostError,
    NoCatalogueError,
)
from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.publish.packs.holding import packs_holding
from phonotheque.publish.sealed import members, sealed_bytes, torrent_path
from phonotheque.publish.torrent import magnet_link
from phonotheque.publish.torrent_reader import TorrentSummary, read_torrent
from phonotheque.register.cases import removed_why
from phonotheque.register.corrections import edited
from phonotheque.register.events import Pack, Retirement, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.published import offered, retirements
from phonotheque.store.objects import ObjectName

_OF_EVERYTHING = ("metadata", "register")
"""Kinds of packs that may name anything: they are not opened to look for one item."""

MOST_OF_ONE_NAME = 100
"""Recordings of one identifier that are looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A torrent that contains the item.

    Attributes:
        torrent: Its name.
        is_offered: Whether it is offered now.
        because: Why it is not any more; "" while it is.
        superseded_by: What takes its place; "" for nothing.
        path: The file below the torrent's folder.
        file_index: Its number among the torrent's files with their padding, from 0, as clients
            count; None when the torrent's file is not there.
        magnet: A link that asks for this one file; "" when it is not offered.
    """

    torrent: str
    is_offered: bool
    because: str
    superseded_by: str
    path: str
    file_index: int | None
    magnet: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where one object is.

    Attributes:
        held: The object, as the register knows it.
        title: What it is called.
        artists: Its makers.
        places: Torrents that contain it, the ones on offer first.
        packs: Packs on offer that hold its facts, tags, pictures or patches.
        why_not: Why it is in none that is offered; "" when it is.
        unknown: Torrents that are not offered any more and whose lists were taken away: they may
            have had it.
    """

    held: Held
    title: str
    artists: tuple[str, ...]
    places: tuple[Place, ...]
    packs: tuple[str, ...]
    why_not: str
    unknown: tuple[str, ...]


def where(archive: Archive, reference: str) -> list[Whereabouts]:
    """Say which torrents contain what a reference names.

    Args:
        archive: The archive.
        reference: An object (6 digits or more), or what the catalogue knows: a gid, MBID, ISRC,
            barcode, catalogue number. A release is all its recordings.

    Raises:
        BadReferenceError: It names nothing that the archive ever held.
        NoCatalogueError: It can only be a name of the catalogue, and there is none.
    """
    objects = _objects(archive, reference)
    if not objects:
        raise BadReferenceError(
            reference,
            "the catalogue knows it, and this archive never held it",
            "`phono search` shows what is held.",
        )
    return [_whereabouts(archive, held) for held in objects]


def _objects(archive: Archive, reference: str) -> list[Held]:
    try:
        return [resolve_object(archive.index, reference)]
    except BadReferenceError:
        named = _identifier(reference)
        if named is None:
            raise
    try:
        with open_catalogue(archive.root) as catalogue:
            names = list(dict.fromkeys(_names(catalogue, reference, named)))
    except NoCatalogueError as error:
        raise NoCatalogueError(
            reference,
            "it is no object, and there is no catalogue that could know it",
            "Give the digits of an object, or run `phono catalogue build` first.",
        ) from error
    held = (archive.index.held(name) for name in names)
    return [one for one in held if one is not None]


def _identifier(reference: str) -> Identifier | None:
    try:
        return parse(reference).identifier
    except BadRequestError:
        return None


def _names(catalogue: Catalogue, reference: str, named: Identifier) -> Iterator[Sha256]:
    """Names of the objects that hold the recordings which an identifier names."""
    cards = catalogue.find(Parsed(identifier=named), SearchOptions(limit=MOST_OF_ONE_NAME)).cards
    if not cards:
        raise BadReferenceError(
            reference, "nothing in the catalogue has it", "Check it, or `phono search` by words."
        )
    for card in cards:
        for recording in _recordings(catalogue, card):
            for row in read_entry(catalogue.snapshot, recording).files:
                if row["sha256"] is not None:
                    yield Sha256(row["sha256"])


def _recordings(catalogue: Catalogue, card: Card) -> list[Card]:
    if card.kind is Kind.RELEASE:
        tracks = catalogue.lookup.tracks_of(card.id)
        return [track.recording for track in tracks if track.recording is not None]
    return [card] if card.kind is Kind.RECORDING else []


def _whereabouts(archive: Archive, held: Held) -> Whereabouts:
    tags = edited(archive.index, held.sha256)
    path = archive.index.accessions(held.sha256)[0].path
    had, lost = _volumes_with(archive, held)
    places = [_place(archive, volume, held) for volume in had]
    places.sort(key=lambda place: not place.is_offered)
    return Whereabouts(
        held,
        tags.title or path.rpartition("/")[2],
        tags.artists or tags.album_artists,
        tuple(places),
        _packs_with(archive, held),
        "" if any(place.is_offered for place in places) else why_not(archive, held),
        _may_have_had(archive, held, had, lost),
    )


def _packs_with(archive: Archive, held: Held) -> tuple[str, ...]:
    packs = [
        one
        for one in offered(archive.index)
        if isinstance(one, Pack) and one.kind not in _OF_EVERYTHING
    ]
    return tuple(packs_holding(archive.disk, packs, frozenset((held.sha256,))))


def _volumes_with(archive: Archive, held: Held) -> tuple[list[Volume], list[Volume]]:
    """Volumes that contain an object, and retired ones of which nobody can say by their lists."""
    gone = retirements(archive.index)
    had, lost = [], []
    for volume in archive.index.volumes():
        if volume.name not in gone:
            had += [volume] if held.volume == volume.name else []
        elif _is_before(gone, volume.name, held.volume):
            had.append(volume)
        else:
            try:
                names = members(archive.disk, volume)
            except ListLostError:
                lost.append(volume)
            else:
                had += [volume] if any(name.sha256 == held.sha256 for name in names) else []
    return had, lost


def _is_before(gone: dict[str, Retirement], name: str, now: str | None) -> bool:
    """Whether all that is in one volume now came from this retired one, which had no brothers."""
    after = [one.superseded_by for one in gone.values()]
    while name in gone and after.count(gone[name].superseded_by) == 1:
        name = gone[name].superseded_by
        if name and name == now:
            return True
    return False


def _may_have_had(
    archive: Archive, held: Held, had: Sequence[Volume], lost: Sequence[Volume]
) -> tuple[str, ...]:
    """Names of lost volumes that an object may have been in: it is in one at a time."""
    db = archive.index.db
    sealed = dict(db.execute("SELECT name, seq FROM volume"))
    retired = dict(db.execute("SELECT name, seq FROM retirement"))
    first = min((sealed[volume.name] for volume in had), default=None)
    return tuple(
        volume.name
        for volume in lost
        if held.first_seq < sealed[volume.name] and (first is None or first > retired[volume.name])
    )


def _place(archive: Archive, volume: Volume, held: Held) -> Place:
    gone = retirements(archive.index).get(volume.name)
    name = ObjectName(held.sha256, held.extension)
    path = f"{name.folder}/{name.file}"
    torrent = _torrent(archive.disk, volume)
    index = _file_index(torrent, path) if torrent else None
    return Place(
        volume.name,
        gone is None,
        gone.reason if gone else "",
        gone.superseded_by if gone else "",
        path,
        index,
        "" if gone else magnet_of(archive, volume, index),
    )


def _torrent(disk: Disk, volume: Volume) -> TorrentSummary | None:
    """The sealed torrent; None when it is not there as it was sealed."""
    data = sealed_bytes(disk, torrent_path(volume.name), volume.torrent)
    return read_torrent(data) if data else None


def _file_index(torrent: TorrentSummary, path: str) -> int | None:
    number = 0
    for file in torrent.files:
        if "/".join(file.path) == path:
            return number
        number += 2 if file.size_bytes % PIECE_BYTES else 1  # padding is a file for clients
    return None


def magnet_of(archive: Archive, volume: Volume, index: int | None) -> str:
    """Return the magnet link of a volume, which asks for one of its files where one is named."""
    config = archive.config
    link = magnet_link(
        volume.info_hash_v1,
        volume.info_hash_v2,
        volume.name,
        config["seed.trackers"],
        config["seed.web_seeds"],
    )
    return link if index is None else f"{link}&so={index}"


def why_not(archive: Archive, held: Held) -> str:
    """Return why an object is in no torrent that is offered."""
    index = archive.index
    if held.condition == "removed":
        return f"It was {removed_why(index, held.sha256)}"
    counts = archive.config["rights.licence_tags_count"]
    statements = index.statements(held.sha256)
    verdict = ask(Door.PUBLISH, statements, today(), claims_count=counts)
    if not verdict.allowed:
        return verdict.reason
    if held.condition != "intact":
        return f"Its bytes were found {held.condition}: `phono verify` says more."
    return "It may be shared, and waits for the next `phono publish run`."
