"""A lost archive brought back from its mirrors: objects, register, what was published.

    survey      what is signed on the disks is proven; the newest publication speaks (`surveying`)
    fetch       torrents, volumes, packs: each file proven by SHA-256 and v2 tree as it is copied
    register    put together and proven against the head that was signed (`register_back`)
    publish     index, metadata, and the timestamp, last
    settings    `phonotheque.toml`: now it is an archive
    the rest    objects in no volume, wherever a disk has them; the index, from the register

Laws: nothing is written into a folder that holds something else; what stops is gone on with by the
same command; no unproven byte comes back, and nothing that was removed does; what is missing is
told by name. Keys are no disk's to give: whoever has them lays them into `keys/`, and whoever has
lost them, too, begins as a successor: a new root, which others must choose to trust, and a line in
the register that names the head that was signed last, and the new root.

Not here: following what lives (`mirror.following`), mending an archive that stands (`repairing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from phonotheque.archive.keeping.loose import loose_contents, loose_part
from phonotheque.archive.keeping.register_back import Back, bring_register
from phonotheque.archive.keeping.republishing import lay_out_papers, lay_out_signed
from phonotheque.archive.keeping.surveying import Survey, read_from
from phonotheque.archive.opening import FOLDERS, Archive, now
from phonotheque.archive.readme import README
from phonotheque.archive.signing.keyring import Keys, make_keys
from phonotheque.config import FILE_NAME, format_config, format_toml, parse_config
from phonotheque.disk import Disk, LocalDisk, make_folders, read_if_held, refusal, write_whole
from phonotheque.errors import ConflictError, MalformedError, NotHeldError
from phonotheque.mirror.contents import Contents, Part, read_contents
from phonotheque.mirror.copying import copy_part
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.sources import is_web
from phonotheque.mirror.taking import Place, clear_incoming, take_in
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.sealed import finish, live, torrent_path
from phonotheque.publish.trust.keys import Ring
from phonotheque.publish.trust.roots import FOLDER as ROOTS
from phonotheque.publish.trust.roots import load_roots
from phonotheque.register.chain import not_before
from phonotheque.register.events import Restoration
from phonotheque.register.holdings import Held
from phonotheque.register.journal import Journal
from phonotheque.store.lock import hold_lock
from phonotheque.store.objects import DiskStore, ObjectName

MARKER = "state/restoring.json"
INCOMING = "state/restore"
_PARCEL = 256


class Begun(msgspec.Struct, frozen=True):
    """What a restore that is not over yet was begun with: `state/restoring.json`.

    Attributes:
        archive: UUID of the archive.
        version: Of the publication that is restored.
        is_successor: Whether new keys go on from it.
    """

    archive: str
    version: int
    is_successor: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back.

    Attributes:
        header: Of the index that was published last.
        outcomes: What became of each torrent.
        unknown: Torrents of which no disk has the .torrent file.
        back: The register; None when it was there already.
        root: SHA-256 of the successor's first root; "" when the old keys go on.
    """

    header: Header
    outcomes: tuple[Outcome, ...]
    unknown: tuple[TorrentLine, ...]
    back: Back | None
    root: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where an archive comes back to.

    Attributes:
        root: Its folder.
        disk: The same, as everything durable is written.
        safe: The same for keys: nobody else may read what is written through it.
    """

    root: Path
    disk: Disk
    safe: Disk


def restore(
    root: Path,
    survey: Survey,
    ways: Ways,
    *,
    is_successor: bool = False,
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Restored:
    """Bring an archive back into a folder; the index and what is in no volume come after.

    Args:
        root: An absent or empty folder, or one in which this was begun.
        survey: What the disks have.
        ways: Where bytes may be beside the folders of the survey.
        is_successor: The keys are lost, too: make new ones, and say so in the register.
        on_progress: Told how far torrents are.

    Raises:
        ConflictError: The folder holds something else.
        BrokenRegisterError: The disks do not have the register up to what was signed.
        UnavailableError: The disk refused.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(str(root), error) from error
    ground = Ground(root, LocalDisk(root), LocalDisk(root, mode=0o600))
    mine = Begun(survey.header.archive, survey.proven.version, is_successor)
    claim(ground, mine)
    (root / "keys").chmod(0o700)
    with hold_lock(root, purpose="mirror restore"):
        return bring_back(ground, survey, ways, is_successor=is_successor, on_progress=on_progress)


def claim(ground: Ground, mine: Begun) -> None:
    """Take a folder that is free, or was claimed by this restore before; durable on return.

    Raises:
        ConflictError: It holds something else.
        UnavailableError: The disk refused.
    """
    disk, thing = ground.disk, str(ground.root)
    begun = _begun(disk)
    if begun is None and not _is_free(disk):
        wrong = "it is not empty, and no restore was begun there"
        todo = "Choose a new folder; an archive that stands is mended by `phono repair`."
        raise ConflictError(thing, wrong, todo)
    if begun is not None and begun != mine:
        wrong = "another archive, or another publication of it, is being restored there"
        todo = "Name the same disks, or restore into a new folder."
        raise ConflictError(thing, wrong, todo)
    folder = MARKER.rpartition("/")[0]
    make_folders(disk, folder)
    write_whole(disk, MARKER, msgspec.json.encode(mine))
    for folder in (*FOLDERS, INCOMING):
        make_folders(disk, folder)


def _is_free(disk: Disk) -> bool:
    """Whether nothing is there but what a claim leaves that was cut off."""
    folder, _, name = MARKER.partition("/")
    there = {entry.name for entry in disk.list("")}
    return there <= {folder} and {entry.name for entry in disk.list(folder)} <= {f".{name}.new"}


def bring_back(
    ground: Ground,
    survey: Survey,
    ways: Ways,
    *,
    is_successor: bool = False,
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Restored:
    """Bring an archive back into a folder that was claimed for it and is held; see `restore`."""
    disk = ground.disk
    lines, unknown = lay_out_papers(disk, survey)
    every = replace(ways, folders=(*survey.folders, *ways.folders))
    place = Place(ground.root, disk, DiskStore(disk), INCOMING)
    jobs = [_job(disk, survey, line) for line in lines]
    outcomes = tuple(Fetching(place, every, on_progress).run(jobs))
    if disk.stat(FILE_NAME) is not None:
        return Restored(survey.header, outcomes, unknown, None)
    back = bring_register(disk, survey)
    fingerprint = _new_keys(ground, back) if is_successor else ""
    lay_out_signed(disk, survey, is_succeeded=is_successor)
    if back.withheld or fingerprint:
        _declare(disk, survey, back, fingerprint)
    write_whole(disk, "README.txt", README.encode())
    write_whole(disk, FILE_NAME, _settings(survey.header))
    return Restored(survey.header, outcomes, unknown, back, fingerprint)


def _begun(disk: Disk) -> Begun | None:
    data = read_if_held(disk, MARKER)
    try:
        return msgspec.json.decode(data, type=Begun) if data is not None else None
    except UNDECODABLE as error:
        todo = "Remove the folder and restore again."
        raise MalformedError(MARKER, f"it cannot be read ({error})", todo) from error


def _job(disk: Disk, survey: Survey, line: TorrentLine) -> Job:
    return Job(line.id, partial(_contents, disk, line), survey.removed, line.size_bytes)


def _contents(disk: Disk, line: TorrentLine) -> Contents:
    data = read_if_held(disk, torrent_path(line.id))
    if data is None:
        raise NotHeldError(torrent_path(line.id), "it is not there", "Restore again.")
    return read_contents(line, data)


def _new_keys(ground: Ground, back: Back) -> str:
    """Make keys of one's own; returns the SHA-256 of the root that names them."""
    disk = ground.disk
    roots = load_roots(disk)
    if not roots:
        life = timedelta(days=parse_config(b"")["trust.root_days"])
        at = datetime.fromisoformat(not_before(now(), back.last_at))
        expires = (at + life).replace(microsecond=0)
        make_keys(Keys(disk, ground.safe, Ring([]), ()), (), 1, expires)
    data = read_if_held(disk, f"{ROOTS}/1.root.json") or b""
    return hashlib.sha256(data).hexdigest()


def _declare(disk: Disk, survey: Survey, back: Back, fingerprint: str) -> None:
    """Write the first line of whoever goes on: it names the last one that was signed."""
    head = back.end.head
    said = Restoration(survey.header.archive, head.seq, head.digest, back.withheld, fingerprint)
    with closing(Journal(disk, back.end)) as journal:
        journal.append(not_before(now(), back.last_at), [said])


def _settings(header: Header) -> bytes:
    text = format_config(header.title, header.name)
    address = f"address = {format_toml(header.address)}"
    return text.replace('# address = ""', address if header.address else '# address = ""').encode()


# -- when it is an archive again ---------------------------------------------------------------


def bring_loose(archive: Archive, survey: Survey) -> Iterator[Held]:
    """Copy objects that are in no volume from wherever a disk has them.

    Args:
        archive: Open to write.
        survey: What the disks have.

    Yields:
        What no disk has, and is still missing.

    Raises:
        UnavailableError: The disk refused.
    """
    finish(archive.disk, (volume.name for volume in live(archive.index)))
    place = Place(archive.root, archive.disk, archive.store, INCOMING)
    contents = loose_contents()
    parcel: list[Part] = []
    for held in archive.index.oldest_checked():
        name = ObjectName(held.sha256, held.extension)
        if held.condition == "removed" or archive.store.size(name) is not None:
            continue
        part = loose_part(archive, held)
        if copy_part(place, contents, part, survey.folders) is None:
            yield held
            continue
        parcel.append(part)
        if len(parcel) == _PARCEL:
            take_in(place, contents, parcel)
            parcel = []
    take_in(place, contents, parcel)


def finished(archive: Archive, survey: Survey, lost: Iterable[Held]) -> list[str]:
    """Forget that a restore was begun, once nothing is missing any more; returns where to ask.

    Raises:
        UnavailableError: The disk refused.
    """
    clear_incoming(archive.disk, INCOMING)
    if any(True for _ in lost):
        return whom_to_ask(survey)
    archive.disk.remove(MARKER)
    return []


def whom_to_ask(survey: Survey) -> list[str]:
    """Where the archive was published or followed from: others may have what is missing there."""
    found = {survey.header.address: None} if survey.header.address else {}
    for folder in survey.folders:
        data = read_from(folder, "source.toml") or b""
        for line in data.decode("utf-8", "replace").splitlines():
            if line.startswith("addresses = "):
                told = line.split('"')[1::2]
                found |= {one: None for one in told if is_web(one) or Path(one).is_dir()}
    seeds = (seed for line in survey.offered for seed in line.web_seeds)
    return [*(found | dict.fromkeys(seeds))]
