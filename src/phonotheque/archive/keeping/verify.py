"""Verifying: are the stored bytes still the registered ones?

Laws: objects and packs are read oldest check first; nothing is changed but the register, which gets
one line for the run with its range and what was found; a run that is stopped records what it did,
and the next one goes on after it. Reading needs no lock, so verifying never stops anybody's work.
Memory does not grow with the number of objects.

Not here: how a pack, or what is signed, is proven (`published`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from phonotheque.archive.keeping.published import (
    Proven,
    check_pack,
    check_signed,
    check_torrent,
    check_twin,
)
from phonotheque.archive.opening import Archive, open_to_write
from phonotheque.disk import read_whole
from phonotheque.errors import NotHeldError
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.publish.sealed import (
    LIST_FILES,
    PUBLISHED,
    live,
    manifest_path,
    offered_as,
    torrent_path,
)
from phonotheque.register.chain import in_lines
from phonotheque.register.events import Fixity, Pack, Volume
from phonotheque.register.findings import TO_THE_END, findings
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.journal import read
from phonotheque.register.published import offered
from phonotheque.store.fixity import check_object, strays
from phonotheque.store.objects import LISTS, OBJECTS, ObjectName, parse_file_name

if TYPE_CHECKING:
    from phonotheque.publish.torrent_form import SealedFile

_AHEAD = 4
"""Objects handed to each thread ahead of time: enough to keep disks busy, few to lose on Ctrl-C."""


_NOT_READ = (FindingKind.MISSING, FindingKind.TRUNCATED, FindingKind.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Checked:
    """One object whose turn came; `finding` is None when it was read whole and is exact."""

    held: Held
    finding: Finding | None

    @property
    def is_read(self) -> bool:
        """Whether there was something to read whole."""
        return self.finding is None or self.finding.kind not in _NOT_READ


@dataclass
class Run:
    """What a run of verifying has done so far.

    Attributes:
        is_ordered: Whether it reads the oldest ones, without a gap, rather than chosen ones.
        as_of: Number of the register's last line when the run began.
        is_whole: Whether every object, every volume, all that is published and all that lies in
            `objects/` was looked at.
        objects: Objects whose turn came, in order, oldest check first.
        examined: Those of them that were read: what is missing cannot be.
        examined_bytes: Their bytes.
        last: The last of them.
        names: All of them, when they were chosen.
        published: What was looked at of what is published.
        findings: What was wrong.
    """

    is_ordered: bool
    as_of: int
    is_whole: bool = False
    objects: int = 0
    examined: int = 0
    examined_bytes: int = 0
    last: Held | None = None
    names: list[str] = field(default_factory=list)
    published: Proven = field(default_factory=Proven)
    findings: list[Finding] = field(default_factory=list)

    def note(self, checked: Checked) -> None:
        """Count one object."""
        self.objects += 1
        if checked.is_read:
            self.examined += 1
            self.examined_bytes += checked.held.size_bytes
        self.last = checked.held
        if not self.is_ordered:
            self.names.append(checked.held.sha256.hex)
        if checked.finding is not None:
            self.findings.append(checked.finding)

    def has_news(self, index: Index) -> bool:
        """Whether there is anything to record: also that what was found before is sound now."""
        is_mended = self.is_whole and bool(findings(index.db))
        return bool(self.objects or self.published.packs or self.findings or is_mended)


def check(archive: Archive, objects: Iterable[Held], jobs: int) -> Iterator[Checked]:
    """Read objects whole, in order, a few at once. Threads do: hashing lets go of the GIL."""
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting = iter(objects)

        def begin(held: Held) -> tuple[Held, Future[Finding | None]]:
            name = ObjectName(held.sha256, held.extension)
            return held, pool.submit(check_object, archive.store, name, held.size_bytes)

        ahead = deque(begin(held) for held in islice(waiting, jobs * _AHEAD))
        try:
            while ahead:
                held, future = ahead.popleft()
                yield Checked(held, future.result())
                ahead.extend(begin(held) for held in islice(waiting, 1))
        finally:
            for _, future in ahead:
                future.cancel()


def check_register(archive: Archive) -> None:
    """Follow the register from its first line to its last.

    Raises:
        BrokenRegisterError: A line does not follow; it is named, and nothing was changed.
    """
    for _ in read(archive.disk):
        pass


def check_the_rest(archive: Archive, run: Run) -> None:
    """Look at what is neither object nor pack: volumes, what is signed, and what lies where only
    objects should."""
    run.findings += check_volumes(archive)
    paths = (torrent_path(sealed.name) for sealed in offered(archive.index))
    run.published.torrents += sum(archive.disk.stat(path) is not None for path in paths)
    run.findings += check_signed(archive, run.published)
    run.findings += find_strays(archive)
    run.is_whole = True


def check_packs(archive: Archive, run: Run, packs: Iterable[Pack]) -> Iterator[Pack]:
    """Read packs whole; yields each when it is done."""
    for pack in packs:
        run.findings += check_pack(archive, pack, run.published)
        yield pack


def find_strays(archive: Archive) -> Iterator[Finding]:
    """Find what lies in `objects/` and is not registered there."""
    has = archive.index.has_on_disk
    yield from strays(archive.store, lambda name: has(name.sha256, name.extension))


def check_volumes(archive: Archive) -> Iterator[Finding]:
    """Hold each volume's torrent against the register, and its lists against the torrent.

    Without the torrent, the manifest is held against the register, and the others must be there.
    """
    from phonotheque.publish.torrent_reader import (
        read_torrent,  # not loaded where nothing is sealed
    )

    for volume in live(archive.index):
        data, wrong = check_torrent(archive.disk, volume)
        if wrong is not None:
            yield wrong
            yield from _check_alone(archive, volume)
            continue
        sealed = read_torrent(data)
        for file in sealed.files:
            if file.path[0] == "lists" and (finding := _check_list(archive, file)):
                yield finding
        if finding := check_twin(archive.disk, sealed):
            yield finding


def _check_alone(archive: Archive, volume: Volume) -> Iterator[Finding]:
    """What can be said of a volume's lists without its torrent."""
    for name in LIST_FILES:
        path = f"{LISTS}/{volume.name}/{name}"
        if archive.disk.stat(path) is None:
            yield Finding(FindingKind.MISSING, path, "no file of this name is there")
    path = manifest_path(volume.name)
    if archive.disk.stat(path) is not None:
        found = hashlib.sha256(read_whole(archive.disk, path)).hexdigest()
        if found != volume.manifest:
            detail = "its bytes are not those that were sealed"
            yield Finding(FindingKind.CHANGED, path, detail)


def _check_list(archive: Archive, file: SealedFile) -> Finding | None:
    from phonotheque.store.digests import digest_file

    path = f"{OBJECTS}/{'/'.join(file.path)}"
    try:
        with archive.disk.open(path) as stored:
            digests = digest_file(stored)
    except NotHeldError:
        return Finding(FindingKind.MISSING, path, "no file of this name is there")
    except ValueError:
        return Finding(FindingKind.TRUNCATED, path, f"0 of {file.size_bytes} bytes")
    if (digests.size_bytes, digests.pieces_root) != (file.size_bytes, file.pieces_root):
        return Finding(FindingKind.CHANGED, path, "its bytes are not those that were sealed")
    return None


def record(archive: Archive, run: Run, *, is_patient: bool) -> None:
    """Write the run's line; several when its findings do not fit one.

    What an `add` or `publish` was about to name while the run was reading is no finding.

    Raises:
        ArchiveBusyError: Another process is writing, and `is_patient` is false.
    """
    with open_to_write(archive.root, "verify", is_patient=is_patient) as writer:
        run.findings = [one for one in run.findings if not _is_overtaken(writer, run, one)]
        run.findings = list(_still_published(writer, run.findings))
        writer.record(list(_events(run)))


def _is_overtaken(writer: Archive, run: Run, finding: Finding) -> bool:
    """Whether it was mended, registered or named since it was seen; nobody writes now."""
    name = parse_file_name(finding.path.rpartition("/")[2])
    if name and any(one.seq > run.as_of for one in writer.index.accessions(name.sha256)):
        return True
    if finding.kind is FindingKind.MISSING and finding.path.startswith(f"{PUBLISHED}/"):
        return writer.disk.stat(finding.path) is not None
    if finding.kind is not FindingKind.UNREFERENCED:
        return False
    held = writer.index.held(name.sha256) if name else None
    return held is not None and name == ObjectName(held.sha256, held.extension)


def _still_published(writer: Archive, found: list[Finding]) -> Iterator[Finding]:
    """Leave out what a publication took away or wrote anew while the run was reading."""
    names = {one.name for one in offered(writer.index)}
    signed: list[Finding] | None = None
    for one in found:
        below = one.path.removeprefix(f"{PUBLISHED}/")
        match below.split("/"):
            case _ if below == one.path:
                is_so = True
            case ["packs", pack, *_]:
                is_so = pack in names
            case [file] if file.endswith(".torrent"):
                is_so = offered_as(file) in names
            case _:  # small files: looked at once more, now that nobody writes
                if signed is None:
                    signed = list(check_signed(writer, Proven()))
                is_so = one in signed
        if is_so:
            yield one


def _events(run: Run) -> Iterator[Fixity]:
    """The range; before it packs, after it names and findings that did not fit its line, in lines
    of their own. A line about a pack takes what was found there before away: so it comes first."""
    last = run.last if run.is_ordered else None
    names, found = list(in_lines(run.names)), list(in_lines(run.findings))
    *packs_before, packs = list(in_lines(run.published.packs)) or [()]
    for more_packs in packs_before:
        yield Fixity(0, 0, packs=more_packs)
    yield Fixity(
        examined=run.examined,
        examined_bytes=run.examined_bytes,
        as_of=run.as_of if last or run.is_whole else 0,
        through_at=last.checked_at if last else "",
        through=TO_THE_END if run.is_whole else last.sha256.hex if last else "",
        objects=names[0] if names else (),
        findings=found[0] if found else (),
        packs=packs,
    )
    for more in names[1:]:
        yield Fixity(0, 0, objects=more)
    for more_found in found[1:]:
        yield Fixity(0, 0, findings=more_found)
