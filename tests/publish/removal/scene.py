"""A removal on any disk, in one process: what power loss, kills and failing calls try.

The product's own code runs; only signing is stood in for, by a list of what is offered that is
written whole, which is what a signed index is to the order of writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache

from faults.way_in import Open, no_decoder, opened
from phonotheque.archive.keeping.rebuild import layers_from_torrents
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.publish.removal.settling import Means, Settled, settle
from phonotheque.publish.removal.tombstones import TOMBSTONES, in_force, read_tombstones
from phonotheque.publish.sealed import live, members, torrent_path
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Pack, Removal, Role
from phonotheque.register.published import offered
from phonotheque.store.digests import tree_of_file
from phonotheque.store.fixity import check_object
from phonotheque.store.objects import ObjectName

INDEX = "published/metadata/index"
PACK = "test-art-all-00001"
TODAY = date(2026, 11, 21)
REASON = "The label asked for it"


def recordings(archive: Open) -> list[Sha256]:
    """All recordings ever taken in, in order of name."""
    rows = archive.index.db.execute("SELECT sha256 FROM object WHERE role = 'recording' ORDER BY 1")
    return [Sha256(name) for (name,) in rows]


def announce(archive: Open) -> None:
    """Say what is offered, and how long the tombstones are: one file in a folder of its own."""
    words = [str(len(_tombstones(archive.disk)))]
    words += [one.name for one in offered(archive.index)]
    write_whole(archive.disk, INDEX, "\n".join(words).encode())


def _tombstones(disk) -> bytes:
    try:
        return read_whole(disk, TOMBSTONES)
    except NotHeldError:
        return b""


def announced(disk) -> tuple[int, set[str]]:
    """How long the tombstones were, and the names that are announced."""
    length, *names = read_whole(disk, INDEX).decode().split()
    return int(length), set(names)


def means_of(archive: Open, announcing=announce, forget=lambda _: 0) -> Means:
    def asked(held):
        is_removed = held.condition == "removed"
        return ask(
            Door.PUBLISH, archive.index.statements(held.sha256), TODAY, is_removed=is_removed
        )

    return Means(
        archive.press(),
        archive.store,
        asked,
        lambda packs, _: [pack.name for pack in packs],
        lambda: announcing(archive),
        forget,
    )


def publish_all(archive: Open, *, has_volume: bool = True, has_pack: bool = True) -> None:
    """Seal a volume, make a pack of two files, and say so."""
    make_folders(archive.disk, INDEX.rpartition("/")[0])
    if has_volume:
        list(archive.publish())
    if has_pack:
        _make_pack(archive)
    announce(archive)


def _make_pack(archive: Open) -> None:
    folder = f"published/packs/{PACK}/data"
    make_folders(archive.disk, folder)
    write_whole(archive.disk, f"{folder}/1.zst", b"frames")
    write_whole(archive.disk, f"published/packs/{PACK}/index.tsv", b"index")
    make_folders(archive.disk, "published/files")
    write_whole(archive.disk, f"published/files/{PACK}.jsonl.zst", b"listing")
    write_whole(archive.disk, torrent_path(PACK), b"torrent of the pack")
    digest = hashlib.sha256(b"torrent of the pack").hexdigest()
    pack = Pack(PACK, "art", 2, 2, 11, "0" * 64, digest, "1" * 64, "2" * 40)
    archive.record(pack)


def decide(archive: Open, name: Sha256) -> None:
    """Write the removal's line, unless it is written."""
    held = archive.index.held(name)
    assert held is not None
    if held.condition != "removed":
        archive.record(Removal(name.hex, REASON, case="2026-1"))


def take_down(archive: Open, name: Sha256, announcing=announce) -> Settled:
    """Decide the removal if it is not yet, and carry it out."""
    decide(archive, name)
    return settle(means_of(archive, announcing))


@contextmanager
def healed(disk) -> Iterator[Open]:
    """Open an archive whose `state/` was lost, with what torrents say of it, as a rebuild does."""
    with opened(disk) as archive:
        list(layers_from_torrents(archive))
        for name in recordings(archive):
            archive.index.remember_facts(name, no_decoder(None))
        yield archive


def assert_pointers_lead_somewhere(disk) -> None:
    """What is announced is there, but for a pack: one with something removed goes at once."""
    length, names = announced(disk)
    assert len(_tombstones(disk)) >= length, "tombstones that were announced are gone"
    for name in names - {PACK}:
        assert disk.stat(torrent_path(name)) is not None, f"{name} is announced and gone"


def assert_nothing_leads_to(disk, volumes: set[str]) -> None:
    """Of retired volumes and the pack nothing is published, as readers see it."""
    for name in (*volumes, PACK):
        assert disk.stat(torrent_path(name)) is None
        assert disk.stat(f"volumes/{name}") is None
    assert disk.stat(f"published/packs/{PACK}") is None
    assert disk.stat(f"published/files/{PACK}.jsonl.zst") is None


def assert_removed(archive: Open, name: Sha256) -> None:
    """Nothing of an object is left but the word that it was removed."""
    disk = archive.disk
    held = archive.index.held(name)
    assert held is not None
    assert held.condition == "removed"
    assert held.volume is None
    assert disk.stat(ObjectName(name, held.extension).path) is None
    for volume in live(archive.index):
        assert name not in {member.sha256 for member in members(disk, volume)}
    gone = {one.name for one in archive.index.volumes()} - {one.name for one in live(archive.index)}
    assert_nothing_leads_to(disk, gone)
    assert not [volume for volume in gone if disk.list(f"objects/lists/{volume}")]
    _, lines = read_tombstones(read_whole(disk, TOMBSTONES))
    assert in_force(lines) == {name}
    assert announced(disk)[1].isdisjoint({*gone, PACK})


_read_torrent = lru_cache(read_torrent)
"""A scenario has few torrents, and looks at them at every point of it."""


def _assert_complete(disk, volume) -> None:
    """The torrent is the one that was sealed, and its lists are what it says."""
    data = read_whole(disk, torrent_path(volume.name))
    assert hashlib.sha256(data).hexdigest() == volume.torrent
    for file in _read_torrent(data).files:
        if file.path[0] == "lists":
            with disk.open("objects/" + "/".join(file.path)) as listed:
                assert tree_of_file(listed).pieces_root == file.pieces_root


def assert_the_rest_is_whole(archive: Open, name: Sha256) -> None:
    """Every other recording is held, exact, and in at most one live volume, which is whole."""
    owners: list[Sha256] = []
    for volume in live(archive.index):
        owners += [member.sha256 for member in members(archive.disk, volume)]
        _assert_complete(archive.disk, volume)
    for one in offered(archive.index):
        assert archive.disk.stat(torrent_path(one.name)) is not None
    assert len(owners) == len(set(owners))
    for other in recordings(archive):
        held = archive.index.held(other)
        assert held is not None
        if other == name:
            continue
        assert held.role is Role.RECORDING
        assert held.condition == "intact"
        there = ObjectName(other, held.extension)
        assert check_object(archive.store, there, held.size_bytes) is None
        assert (held.volume is not None) == (other in owners)
