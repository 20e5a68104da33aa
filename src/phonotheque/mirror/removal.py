"""What goes from a mirror: removed objects, excluded ones, and torrents that are let go of.

Order, backwards from how things come: the journal's line says why -> the torrent's link goes, so
that nobody is given it any more -> the bytes -> the lists, the .torrent file -> the line that it is
gone. A crash in between is gone on from by the next run, which looks at what still lies there.

Laws: an object that another torrent needs stays; what a removal leaves of a torrent stays good, and
is checked as before. Removals that would take more than may go unasked (`sweeping`) wait for a
person: who stole an archive's key must not be able to empty its mirrors.

Not here: who decided (`choosing`, the archive's tombstones, `exclusions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from phonotheque.disk import Disk, Kind, read_if_held, read_whole
from phonotheque.errors import BrokenChainError, NotHeldError, PhonothequeError
from phonotheque.mirror import telling
from phonotheque.mirror.contents import Contents, read_contents
from phonotheque.mirror.events import Accepted, Gone, LetGo, Removed
from phonotheque.mirror.exclusions import Exclusion
from phonotheque.mirror.home import PACKS, PUBLISHED, RESUME, VOLUMES, Copy
from phonotheque.mirror.known import listed_files
from phonotheque.mirror.sweeping import losses
from phonotheque.mirror.values import Followed
from phonotheque.music.digest import Sha256
from phonotheque.music.number_words import counted
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.lists import read_manifest
from phonotheque.publish.packs.standing import clear
from phonotheque.publish.removal.tombstones import TOMBSTONES, in_force, read_tombstones
from phonotheque.publish.removal.tombstones import Removed as Stone
from phonotheque.publish.sealed import manifest_path, torrent_path
from phonotheque.store.objects import INCOMING, LISTS, OBJECTS, ObjectName, parse_file_name


@dataclass(frozen=True, slots=True)
class Why:
    """Why an object may not be here.

    Attributes:
        reason: In words.
        case: The archive's name of it; "" for an exclusion.
        is_own: Whether this mirror's keeper excluded it.
    """

    reason: str
    case: str = ""
    is_own: bool = False


def removed_by(copy: Copy, archive: str) -> dict[str, Why]:
    """What an archive removed, by SHA-256 in hexadecimal, as its signed list says.

    Args:
        copy: Of the archive.
        archive: Its UUID.

    Raises:
        MalformedError: The list cannot be read; following again brings it back.
        BrokenChainError: It is of another archive.
    """
    data = read_if_held(copy.disk, TOMBSTONES)
    if data is None:
        return {}
    head, told = read_tombstones(data)
    if head.archive != archive:
        todo = "Follow again; tell the archive if it stays so."
        raise BrokenChainError(TOMBSTONES, "it is the list of another archive", todo)
    force = {digest.hex for digest in in_force(told)}
    return {
        stone.sha256: Why(stone.reason, stone.case)
        for stone in told
        if isinstance(stone, Stone) and stone.sha256 in force
    }


def excluded_objects(copy: Copy, exclusions: Iterable[Exclusion]) -> dict[str, Why]:
    """Which objects of an archive a mirror excludes, by SHA-256 in hexadecimal.

    Which are of a recording its archive says, today one and tomorrow all: that is no word of this
    mirror's keeper.
    """
    mine = [one for one in exclusions if one.is_of(copy.name)]
    found = {one.sha256: Why(one.reason, is_own=True) for one in mine if one.sha256}
    recordings = {one.recording: Why(one.reason) for one in mine if one.recording}
    if recordings:
        for file in listed_files(copy):
            if file.gid in recordings:
                found[file.sha256] = recordings[file.gid]
    return found


def absent(copy: Copy, archive: str, exclusions: Iterable[Exclusion]) -> dict[str, Why]:
    """Which objects may not be here: removed by the archive, or excluded by this mirror."""
    excluded = excluded_objects(copy, exclusions)
    own = {digest: why for digest, why in excluded.items() if why.is_own}
    return excluded | removed_by(copy, archive) | own


def remove_objects(copy: Copy, gone: Mapping[str, Why], *, is_confirmed: bool = False) -> list[str]:
    """Take objects off the disk that may not be here; returns what is worth telling.

    What this mirror's keeper excluded goes at once; the rest waits for a person where it is more
    than may go unasked. Idempotent: what is not there any more is passed over.
    """
    there = [name for digest in sorted(gone) for name in _named(copy, digest)]
    unasked = [name for name in there if not gone[name.sha256.hex].is_own]
    notices = []
    if unasked and not is_confirmed and _is_sweeping(copy, unasked):
        notices.append(telling.sweeping(copy.name, len(unasked)))
        there = [name for name in there if gone[name.sha256.hex].is_own]
    held_in = _torrents_with(copy, {name.sha256.hex for name in there})
    for name in there:
        _remove_object(copy, name, gone[name.sha256.hex], held_in.get(name.sha256.hex, ()))
    if there:
        what = counted(len(there), "removed or excluded recording")
        notices.append(f"{copy.name}: {what} {'was' if len(there) == 1 else 'were'} deleted.")
    if unasked and is_confirmed:
        copy.writing.append(Accepted(copy.writing.now()))
    return notices


def _remove_object(copy: Copy, name: ObjectName, why: Why, torrents: tuple[str, ...]) -> None:
    journal, digest = copy.writing, name.sha256.hex
    size_bytes = copy.store.size(name) or 0
    if size_bytes or digest not in journal.memory.removed:
        said = (why.reason, why.case, torrents, why.is_own)
        journal.append(Removed(journal.now(), digest, size_bytes, *said))
    copy.store.remove(name)
    for entry in copy.disk.list(INCOMING):  # where it may be on its way in
        if entry.kind is Kind.FOLDER:
            copy.disk.remove(f"{INCOMING}/{entry.name}/{name.folder}/{name.file}")


def _named(copy: Copy, digest: str) -> Iterator[ObjectName]:
    """The files of an object that lie here or are on their way in, whatever their ending."""
    below = f"{digest[:2]}/{digest[2:4]}"
    folders = [f"{OBJECTS}/{below}"]
    folders += [
        f"{INCOMING}/{entry.name}/{below}"
        for entry in copy.disk.list(INCOMING)
        if entry.kind is Kind.FOLDER
    ]
    names = {entry.name for folder in folders for entry in copy.disk.list(folder)}
    for name in map(parse_file_name, sorted(names)):
        if name is not None and name.sha256 == Sha256.parse(digest):
            yield name


def _is_sweeping(copy: Copy, there: list[ObjectName]) -> bool:
    """Whether more would go, with what went lately, than may go unasked."""
    gone = losses(copy)
    gone.objects.update({name.sha256.hex: copy.store.size(name) or 0 for name in there})
    return gone.is_sweep


def _torrents_with(copy: Copy, digests: set[str]) -> dict[str, tuple[str, ...]]:
    """Which torrents that are held have these objects, by their manifests."""
    found: dict[str, tuple[str, ...]] = {}
    for torrent in copy.memory().holdings:
        for digest in digests & _digests_of(copy, torrent):
            found[digest] = (*found.get(digest, ()), torrent)
    return found


def _digests_of(copy: Copy, torrent: str) -> set[str]:
    """Which objects a volume here lists; none for a pack, or when its list is lost."""
    data = read_if_held(copy.disk, manifest_path(torrent)) or b""
    return {line[:64].decode("ascii", "replace") for line in data.split(b"\n")[1:-1]}


def _needed_by_others(copy: Copy, torrent: str) -> set[str] | None:
    """Which objects the other torrents need that are held; None when a list of theirs is lost, so
    that nobody can say it."""
    needed: set[str] = set()
    for other in copy.memory().holdings:
        if other == torrent or copy.disk.stat(f"{VOLUMES}/{other}") is None:
            continue
        digests = _digests_of(copy, other)
        if not digests:
            return None
        needed |= digests
    return needed


# -- torrents --------------------------------------------------------------------------------


def let_go(copy: Copy, followed: Followed, torrents: Mapping[str, Why]) -> None:
    """Take torrents off this mirror; what others need of them stays."""
    journal = copy.writing
    if torrents:
        now = journal.now()
        journal.append(*(LetGo(now, one, why.reason, why.is_own) for one, why in torrents.items()))
    finish_leaving(copy, followed)


def is_sweeping(copy: Copy, torrents: Collection[str]) -> bool:
    """Whether more would go with these torrents, and what went lately, than may go unasked."""
    gone = losses(copy)
    gone.torrents.update(torrents)
    gone.freed_bytes += _would_free_bytes(copy, torrents)
    return gone.is_sweep


def _would_free_bytes(copy: Copy, torrents: Collection[str]) -> int:
    """How many bytes would come free: of volumes what no other needs, of packs all."""
    holdings = copy.memory().holdings
    whole_bytes, going = 0, set[ObjectName]()
    for torrent in torrents:
        try:
            going.update(read_manifest(read_whole(copy.disk, manifest_path(torrent)).decode()))
        except (NotHeldError, ValueError):  # a pack, or nobody can say it any more
            whole_bytes += holdings[torrent].held_bytes
    staying = set().union(*(_digests_of(copy, one) for one in holdings if one not in torrents))
    sizes = (copy.store.size(name) for name in going if name.sha256.hex not in staying)
    return whole_bytes + sum(size or 0 for size in sizes)


def finish_leaving(copy: Copy, followed: Followed) -> None:
    """Take the files of all torrents off the disk that were let go of. Idempotent."""
    lines = {line.id: line for line in followed.lines}
    journal = copy.writing
    for torrent in sorted(journal.memory.leaving):
        freed_bytes = _take_away(copy, torrent, lines.get(torrent))
        journal.append(Gone(journal.now(), torrent, freed_bytes))


def _take_away(copy: Copy, torrent: str, line: TorrentLine | None) -> int:
    """Returns how many bytes came free."""
    disk = copy.disk
    disk.remove(f"{VOLUMES}/{torrent}")
    disk.sync_folder(VOLUMES)
    contents = _contents(copy, line) if line is not None else None
    freed_bytes = _remove_unneeded(copy, contents) if contents is not None else 0
    freed_bytes += _bytes_below(disk, f"{PACKS}/{torrent}")
    for folder in (f"{LISTS}/{torrent}", f"{PACKS}/{torrent}", f"{INCOMING}/{torrent}"):
        if entry := disk.stat(folder):
            clear(disk, folder, entry.kind)
            disk.sync_folder(folder.rpartition("/")[0])
    for entry in disk.list(RESUME):
        if entry.name.partition(".")[0] == torrent:
            disk.remove(f"{RESUME}/{entry.name}")
    disk.remove(f"{PUBLISHED}/files/{torrent}.jsonl.zst")
    disk.remove(torrent_path(torrent))
    disk.sync_folder(PUBLISHED)
    return freed_bytes


def _contents(copy: Copy, line: TorrentLine) -> Contents | None:
    """What is in a torrent that is held; None when nobody can say it any more."""
    data = read_if_held(copy.disk, torrent_path(line.id))
    try:
        return read_contents(line, data) if data is not None else None
    except PhonothequeError:
        return None


def _bytes_below(disk: Disk, folder: str) -> int:
    """How long the files of a pack are that is held, whatever an index says of it now."""
    entry = disk.stat(folder)
    if entry is None or entry.kind is not Kind.FOLDER:
        return 0
    return sum(
        one.size_bytes if one.kind is Kind.FILE else _bytes_below(disk, f"{folder}/{one.name}")
        for one in disk.list(folder)
    )


def _remove_unneeded(copy: Copy, contents: Contents) -> int:
    """Remove the objects of a volume that no other needs, then make that durable at once: a volume
    touches thousands of folders."""
    needed = _needed_by_others(copy, contents.torrent)
    freed_bytes = 0
    folders: set[str] = set()
    for part in contents.parts:
        if part.name is None or needed is None or part.name.sha256.hex in needed:
            continue
        if copy.disk.stat(part.target) is not None:
            copy.disk.remove(part.target)
            freed_bytes += part.size_bytes
            folders.add(part.target.rpartition("/")[0])
    for folder in sorted(folders):
        copy.disk.sync_folder(folder)
    return freed_bytes
