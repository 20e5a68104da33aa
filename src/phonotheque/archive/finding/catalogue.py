"""Making the catalogue: sources are imported, a snapshot is built, people decide what is one.

Laws: neither an import nor a build holds the register: taking files in goes on meanwhile; the
catalogue's own folder has its own locks. What serves goes on serving until something whole takes
its place.

Not here: what is served (`archive.finding.serving`), asking (`archive.finding.searching`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from phonotheque.archive.finding.searching import Catalogue, open_catalogue
from phonotheque.archive.finding.serving import FOLDER, HOLDINGS
from phonotheque.archive.listening.play_journal import heard_here
from phonotheque.archive.opening import Archive, now, open_to_read, today
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.building import Choices, build
from phonotheque.catalogue.build.engines import Opens, on_one_machine
from phonotheque.catalogue.build.inputs import Input, read_inputs
from phonotheque.catalogue.build.steps import OnProgress as OnBuildProgress
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.identity.decisions import Named, merge, split
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.catalogue.snapshot import Snapshot, current_snapshot
from phonotheque.catalogue.sources.holdings.register import RegisterShelf
from phonotheque.catalogue.sources.holdings.source import Holdings, terms_of
from phonotheque.catalogue.sources.importing import OnProgress, import_source
from phonotheque.catalogue.sources.musicbrainz.standing import standing_in
from phonotheque.catalogue.sources.port import Source
from phonotheque.catalogue.sources.report import Report
from phonotheque.catalogue.sources.staging import current_generation, read_report
from phonotheque.config import FILE_NAME
from phonotheque.disk import LocalDisk, make_folders, read_whole, write_whole
from phonotheque.errors import (
    BadLicenceError,
    BadReferenceError,
    BadRequestError,
    BadSettingError,
)
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.identifiers import Mbid
from phonotheque.music.licence import parse_licence_strict
from phonotheque.register.catalogue_corrections import standing_corrections
from phonotheque.store.lock import hold_folder

_TAKEN_IN = "holdings.json"
"""Which state of the holdings was imported last, so that an unchanged one is not imported again."""


class _TakenIn(msgspec.Struct, frozen=True):
    state: str
    generation: str


def holdings_of(archive: Archive) -> Holdings:
    """Return an archive's own holdings as a source.

    Raises:
        BadSettingError: The licence of its data, as set, is none that can be named.
    """
    shelf = RegisterShelf(
        index=archive.index,
        disk=archive.disk,
        on=today(),
        claims_count=archive.config["rights.licence_tags_count"],
        heard=heard_here(archive.root),
    )
    title = archive.config["title"] or archive.config.name
    address = archive.config["address"]
    origin = "" if "@" in address else address  # an e-mail address is nobody's place, and personal
    licence = _licence_of_data(archive.config["catalogue.licence"])
    return Holdings(shelf, terms_of(title, licence, origin, as_of=archive.index.last_at))


def _licence_of_data(text: str) -> str:
    """Return the address of the licence that a setting names; "" for none."""
    if not text:
        return ""
    try:
        return parse_licence_strict(text).uri
    except BadLicenceError as error:
        name = f"{FILE_NAME}: catalogue.licence"
        raise BadSettingError(name, f"{error.thing}: {error.wrong}", error.todo) from error


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came of taking the holdings in. `is_new` is false when they had not changed."""

    report: Report
    is_new: bool


def take_in_holdings(
    archive: Archive, *, is_rehearsal: bool = False, on_progress: OnProgress
) -> TakenIn:
    """Import an archive's own holdings, unless they are as they were.

    Raises:
        ArchiveBusyError: Another process is doing it.
        PhonothequeError: What an import raises.
    """
    source, folder = holdings_of(archive), archive.root / FOLDER
    if is_rehearsal:
        report = import_source(folder, source, is_rehearsal=True, on_progress=on_progress)
        return TakenIn(report, is_new=True)
    make_folders(archive.disk, FOLDER)
    disk, state = LocalDisk(folder), source.state()
    generation = current_generation(disk, HOLDINGS)
    if generation is not None and _last_taken_in(disk) == _TakenIn(state, generation):
        return TakenIn(read_report(disk, HOLDINGS, generation), is_new=False)
    report = import_source(folder, source, on_progress=on_progress)
    record = _TakenIn(state, report.generation)
    write_whole(disk, _TAKEN_IN, msgspec.json.encode(record) + b"\n")
    return TakenIn(report, is_new=True)


def _last_taken_in(disk: LocalDisk) -> _TakenIn | None:
    if disk.stat(_TAKEN_IN) is None:
        return None
    try:
        return msgspec.json.decode(read_whole(disk, _TAKEN_IN), type=_TakenIn)
    except UNDECODABLE:
        return None  # nothing rests on it but time


def build_snapshot(
    root: Path, jobs: int, on_progress: OnBuildProgress, opens: Opens = on_one_machine
) -> Snapshot:
    """Build a snapshot from all that was imported, and let it serve.

    Args:
        opens: Opens the engine that makes cards.

    Raises:
        ArchiveBusyError: Another build is running.
        PhonothequeError: What `catalogue.build.building.build` raises.
    """
    folder = root / FOLDER
    with open_to_read(root) as archive:
        corrections = standing_corrections(archive.index)
    choices = Choices(
        make_search=build_search_of_parts,
        make_lookup=build_lookup,
        make_browse=build_browse,
        make_match=build_match,
        machine=Machine(jobs=jobs),
        opens=opens,
        corrections=corrections,
    )
    return build(folder, LocalDisk(folder), choices, on_progress)


def import_into(
    root: Path, source: Source, *, is_rehearsal: bool, on_progress: OnProgress
) -> Report:
    """Import a source into an archive's catalogue.

    Raises:
        ArchiveBusyError: Another process is importing it.
        PhonothequeError: What an import raises.
    """
    if not is_rehearsal:
        make_folders(LocalDisk(root), FOLDER)
    return import_source(root / FOLDER, source, is_rehearsal=is_rehearsal, on_progress=on_progress)


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source that was imported.

    Attributes:
        rows: Rows of all its tables.
        refused: Rows of it that could not be used.
        licence: Address of the licence of its data; "" unknown.
        sequence: Number of the last increment that is in it; None when nothing tells.
    """

    name: str
    title: str
    licence: str
    as_of: str
    generation: str
    rows: int
    refused: int
    sequence: int | None


@dataclass(frozen=True, slots=True)
class State:
    """What a catalogue is made of.

    Attributes:
        snapshot: The one that serves; None before the first build.
        size_bytes: Its size on disk.
        not_built: Names of sources whose last import is not in it.
    """

    sources: tuple[SourceState, ...]
    snapshot: Snapshot | None
    size_bytes: int
    not_built: tuple[str, ...]


def state_of(root: Path) -> State:
    """Look at an archive's catalogue.

    Raises:
        MalformedError: A file of it is damaged.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return State((), None, 0, ())
    disk = LocalDisk(folder)
    inputs = read_inputs(folder, disk)
    snapshot = current_snapshot(folder, disk)
    built = {one.name: one.generation for one in snapshot.descriptor.sources} if snapshot else {}
    return State(
        sources=tuple(_state_of_source(disk, one) for one in inputs),
        snapshot=snapshot,
        size_bytes=_size_of(snapshot),
        not_built=tuple(one.name for one in inputs if built.get(one.name) != one.generation),
    )


def _state_of_source(disk: LocalDisk, one: Input) -> SourceState:
    terms, generation = one.terms, one.folder.name
    report = read_report(disk, one.name, generation)
    standing = standing_in(disk, one.name, generation)
    return SourceState(
        name=terms.name,
        title=terms.title,
        licence=terms.licence,
        as_of=terms.as_of,
        generation=generation,
        rows=sum(report.used.values()),
        refused=report.refused,
        sequence=standing.sequence if standing else None,
    )


def _size_of(snapshot: Snapshot | None) -> int:
    return sum(file.size_bytes for file in snapshot.descriptor.files.values()) if snapshot else 0


def decide(root: Path, action: str, gids: tuple[str, str], reason: str) -> dict[str, str]:
    """Write a decision by hand: that two things are one, or that they are two.

    Args:
        action: "merge" or "split".
        gids: Of two things of one kind. A merge leads from the first to the second.

    Returns:
        The decision as a record.

    Raises:
        BadReferenceError: The catalogue has no such thing.
        BadRequestError: They are of two kinds, or one thing, or it would lead in a circle.
        ArchiveBusyError: The catalogue is being built.
    """
    folder, at = root / FOLDER, now()
    with open_catalogue(root) as catalogue:
        one, other = (_known(catalogue, gid) for gid in gids)
    if one.kind is not other.kind:
        raise BadRequestError(
            gids[0], f"it is a {one.kind}, the other one a {other.kind}", "Name two of one kind."
        )
    ends = (Named(UUID(gids[0])), Named(UUID(gids[1])))
    with hold_folder(folder, "a build of the catalogue"):
        write = merge if action == "merge" else split
        write(LocalDisk(folder), one.kind, *ends, at=at, reason=reason)
    return {"action": action, "kind": str(one.kind), "one": gids[0], "other": gids[1], "at": at}


def _known(catalogue: Catalogue, gid: str) -> Card:
    try:
        found = catalogue.lookup.by_gid(UUID(Mbid.parse(gid).uuid))
    except ValueError as error:
        raise BadReferenceError(gid, "it is no gid", "`phono search --json` lists gids.") from error
    if not isinstance(found, Card):
        raise BadReferenceError(
            gid, "nothing in the catalogue has it", "`phono search --json` lists gids."
        )
    return found
