"""Carrying a removal out: a line of the register decides it, and all else follows from that line.

Order: the line durable -> a successor for each volume that held it, the old one retired -> packs
retired -> tombstones -> index signed anew -> torrents, links and lists off the disk -> bytes ->
copies made of them. Pointers go before what they point to. From the line on every door is closed,
since each one asks; a crash leaves at worst bytes that nothing leads to, and `settle` goes on.

Laws: no audio is read; what is done twice is done once; nothing here brings an object back.

Not here: who asks and why (`request`), what the world is told (`tombstones`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from phonotheque.disk import Disk, read_whole
from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    ListLostError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.music.digest import Sha256
from phonotheque.publish.facts.listing import LISTINGS, listing_path
from phonotheque.publish.mint import Press, record
from phonotheque.publish.packs.standing import withdraw_pack
from phonotheque.publish.removal.tombstones import write_tombstones
from phonotheque.publish.removal.undone import PENDING
from phonotheque.publish.sealed import live, manifest_path, withdraw
from phonotheque.publish.supersede import Asked, correct
from phonotheque.register.cases import removals_of, removed_objects
from phonotheque.register.events import Pack, Retirement, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.published import (
    offered,
    packed_at,
    packs,
    removed_from_volumes,
    retired_since,
    retirements,
)
from phonotheque.store.objects import ObjectName, Store

WHY = "It held a recording that was removed: tombstones.jsonl names it."
"""What is said of a volume or pack that is retired because of a removal."""


@dataclass(frozen=True, slots=True)
class Means:
    """What carrying out needs, handed over by the archive.

    Attributes:
        press: What making volumes needs.
        store: Where the bytes are.
        asked: The resolver, for what else is in a volume.
        holding: Names of those of these packs that have something of these objects in them.
        announce: Signs and publishes an index anew, without what is retired.
        forget: Removes all copies and pictures made of an object; returns how many.
    """

    press: Press
    store: Store
    asked: Asked
    holding: Callable[[Sequence[Pack], frozenset[Sha256]], Sequence[str]]
    announce: Callable[[], None]
    forget: Callable[[Sha256], int]


@dataclass(frozen=True, slots=True)
class Replaced:
    """A volume or pack that is offered no more, and what takes its place; "" for nothing yet."""

    name: str
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was carried out.

    Attributes:
        volumes: Volumes retired.
        packs: Packs retired; the next `phono publish run` makes them again.
        objects: Objects whose bytes were removed.
        freed_bytes: Their lengths together.
        copies: Copies and pictures made of them that were removed.
        unannounced: Why no index was signed anew; None when one was.
    """

    volumes: tuple[Replaced, ...] = ()
    packs: tuple[Replaced, ...] = ()
    objects: int = 0
    freed_bytes: int = 0
    copies: int = 0
    unannounced: PhonothequeError | None = None


def settle(means: Means) -> Settled:
    """Carry out all removals that are not yet; does nothing when there is none.

    What stops the index from being signed, a key that is away say, stops nothing else: it is told
    in `unannounced`.

    Raises:
        UnavailableError: The disk refused. Run again to go on.
    """
    press = means.press
    since = press.index.note(PENDING)
    if not since:
        return Settled()
    objects = removed_objects(press.index, int(since))
    volumes = tuple(_succeed(means))
    retired = tuple(_retire_packs(means, objects))
    write_tombstones(press.disk, press.index)
    unannounced = None
    try:
        means.announce()
    except (DiskFailedError, DiskFullError):
        raise  # nothing can be said to be durable now
    except PhonothequeError as error:
        unannounced = error
    take_away(press.disk, press.index, int(since), [held.sha256 for held in objects])
    count, freed_bytes = _erase(means.store, objects)
    copies = sum(means.forget(held.sha256) for held in objects)
    with press.index.transaction():
        press.index.set_note(PENDING, "")
    return Settled(volumes, retired, count, freed_bytes, copies, unannounced)


def _succeed(means: Means) -> Iterator[Replaced]:
    """Give every live volume with something removed in it a successor without it."""
    index = means.press.index
    touched = {name for name, _ in removed_from_volumes(index)}
    for volume in live(index):
        if volume.name in touched:
            yield Replaced(volume.name, _successor(means, volume))


def _successor(means: Means, volume: Volume) -> str:
    try:
        succeeded = correct(means.press, volume, WHY, means.asked)
    except (ListLostError, UnavailableError) as error:
        if type(error) not in (ListLostError, UnavailableError):
            raise  # the disk: nothing more can be written now
        # Without its lists or layers there is no successor now. That must not keep what is removed
        # on offer: the next run seals the rest, and reads it for that.
        record(means.press, [Retirement(volume.name, WHY)])
        return ""
    return succeeded.planned.name if succeeded.planned else ""


def _retire_packs(means: Means, objects: Sequence[Held]) -> Iterator[Replaced]:
    """Retire packs with something removed in them; one made after the removal has nothing of it."""
    index = means.press.index
    recorded = packed_at(index)
    removed = {held.sha256: removals_of(index, held.sha256)[-1].seq for held in objects}
    for pack in [one for one in offered(index) if isinstance(one, Pack)]:
        seq = recorded[pack.name]
        names = frozenset(name for name, at in removed.items() if at > seq)
        if names and means.holding([pack], names):
            record(means.press, [Retirement(pack.name, WHY)])
            yield Replaced(pack.name)


def take_away(disk: Disk, index: Index, since: int, objects: Sequence[Sha256]) -> None:
    """Take the files of what removals retired off the disk, and old lists that name the removed.

    What the line `since` or a later one retires is taken away durably also when it is gone already:
    a process that was killed may not have come to sync it.
    """
    of_packs = {pack.name for pack in packs(index)}
    retired = retirements(index)
    for name in retired_since(index, since):
        if retired[name].reason != WHY:
            continue
        withdraw_listing(disk, name)
        if name in of_packs:
            withdraw_pack(disk, name)
        else:
            withdraw(disk, name)
    for name in _naming(disk, [name for name in retired if name not in of_packs], objects):
        withdraw(disk, name)


def _naming(disk: Disk, volumes: Sequence[str], objects: Sequence[Sha256]) -> Iterator[str]:
    """Volumes, folded long ago say, whose lists are there still and name one of these objects."""
    digests = [name.hex.encode() for name in objects]
    for volume in volumes:
        if disk.stat(manifest_path(volume)) is not None:
            manifest = read_whole(disk, manifest_path(volume))
            if any(digest in manifest for digest in digests):
                yield volume


def withdraw_listing(disk: Disk, name: str) -> None:
    """Take the list of what is in a torrent away."""
    if disk.stat(LISTINGS) is not None:
        disk.remove(listing_path(name))
        disk.sync_folder(LISTINGS)


def _erase(store: Store, objects: Sequence[Held]) -> tuple[int, int]:
    """Remove the bytes of objects; how many were there, and of what length."""
    count = freed_bytes = 0
    for held in objects:
        name = ObjectName(held.sha256, held.extension)
        size_bytes = store.size(name)
        store.remove(name)  # also when it is gone: its going may not be durable
        if size_bytes is not None:
            count += 1
            freed_bytes += size_bytes
    return count, freed_bytes
