"""`phono takedown`: an item taken out of everything that this archive offers, in one go.

What is meant, what a removal would do, the case with its people and evidence, what is said against
it. Not here: carrying a removal out (`archive.bulk.removing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from phonotheque.archive.bulk.beside import Shared, beside
from phonotheque.archive.bulk.removing import announce, finish_removals
from phonotheque.archive.finding.searching import open_catalogue
from phonotheque.archive.opening import Archive, today
from phonotheque.archive.reference import resolve_object
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Tombstone
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    NotHeldError,
    PhonothequeError,
    TrustError,
    UnavailableError,
)
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.holding import packs_holding
from phonotheque.publish.removal.request import Objection, Request, next_case
from phonotheque.publish.removal.settling import Settled
from phonotheque.publish.removal.tombstones import write_tombstones
from phonotheque.register import kinship
from phonotheque.register.cases import CaseLine, case_lines
from phonotheque.register.events import CounterNotice, Pack, Removal, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.published import offered


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a removal would do.

    Attributes:
        objects: What would be removed, with the companions that belong to nothing else.
        gone: What is removed already.
        volumes: Live volumes with something of it, and how many recordings stay of each.
        packs: Live packs that would be made again.
        alike: What is held beside it and sounds the same: other copies, which stay.
        shared: Companions of it that stay, since they belong to other recordings, too.
    """

    objects: tuple[Held, ...]
    gone: tuple[Held, ...]
    volumes: tuple[tuple[Volume, int], ...]
    packs: tuple[str, ...]
    alike: tuple[Held, ...]
    shared: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What a removal did. `case` is "" when all of it was removed before."""

    case: str
    consequences: Consequences
    settled: Settled


def meant(archive: Archive, references: Sequence[str]) -> list[Held]:
    """Return the objects that references name: digests of objects, or gids of the catalogue.

    The gid of a recording names all its files, that of a release the files of all its recordings.
    Access copies that are objects of their own come with their masters.

    Raises:
        BadReferenceError: One names nothing, or more than one thing.
        NotHeldError: It is known, and nothing of it was ever held.
        NoCatalogueError: A gid was given, and there is no catalogue.
    """
    found: dict[Sha256, Held] = {}
    for reference in references:
        gid = _gid(reference)
        held = _of_gid(archive, gid) if gid else [resolve_object(archive.index, reference)]
        found |= {one.sha256: one for one in held}
    for name in list(found):  # what was made of it goes with it
        copies = map(archive.index.held, kinship.access_copies(archive.index, name))
        found |= {one.sha256: one for one in copies if one is not None}
    return list(found.values())


def _gid(reference: str) -> UUID | None:
    try:
        return UUID(reference) if len(reference) == 36 else None
    except ValueError:
        return None


def _of_gid(archive: Archive, gid: UUID) -> list[Held]:
    from phonotheque.archive.finding.entry import read_entry  # which loads Arrow and DuckDB

    with open_catalogue(archive.root) as catalogue:
        card = catalogue.lookup.by_gid(gid)
        if card is None or isinstance(card, Tombstone):
            todo = "Search for it: `phono search`."
            raise BadReferenceError(str(gid), "it names nothing in the catalogue", todo)
        cards: list[Card] = []
        if card.kind is Kind.RECORDING:
            cards = [card]
        elif card.kind is Kind.RELEASE:
            tracks = catalogue.lookup.tracks_of(card.id)
            cards = [track.recording for track in tracks if track.recording]
        else:
            raise BadReferenceError(
                str(gid), f"it is {card.kind}, not music", "Name its releases or recordings."
            )
        files = [file for one in cards for file in read_entry(catalogue.snapshot, one).files]
    names = {Sha256(file["sha256"]) for file in files if file["sha256"]}
    held = [one for one in map(archive.index.held, sorted(names)) if one is not None]
    if not held:
        raise NotHeldError(str(gid), "nothing of it is held here", "There is nothing to remove.")
    return held


def consequences(archive: Archive, objects: Sequence[Held]) -> Consequences:
    """Say what the removal of objects would do; nothing is changed.

    What was made of a recording goes with it, and so does what came beside it and belongs to
    nothing else that is held.
    """
    index = archive.index
    copies = [copy for held in objects for copy in kinship.access_copies(index, held.sha256)]
    known = {held.sha256: held for held in objects}
    known |= {held.sha256: held for held in map(index.held, copies) if held is not None}
    companions = beside(index, list(known.values()))
    known |= {held.sha256: held for held in companions.going}
    wanted = [held for held in known.values() if held.condition != "removed"]
    names = frozenset(held.sha256 for held in wanted)
    lost = Counter(held.volume for held in wanted)
    there = offered(index)
    volumes = [one for one in there if isinstance(one, Volume) and one.name in lost]
    packs = [one for one in there if isinstance(one, Pack)]
    return Consequences(
        tuple(wanted),
        tuple(held for held in objects if held.condition == "removed"),
        tuple((one, one.objects - lost[one.name]) for one in volumes),
        tuple(packs_holding(archive.disk, packs, names)),
        tuple(_alike(archive, wanted)),
        companions.staying,
    )


def _alike(archive: Archive, objects: Sequence[Held]) -> list[Held]:
    """What else is held whose sound is the same, by its packets or its fingerprint."""
    names = {held.sha256 for held in objects}
    found: set[Sha256] = set()
    for held in objects:
        if held.sound and held.sound.payload_sha256:
            twins = archive.index.with_payload(held.sound.payload_sha256)
            found |= {twin.sha256 for twin in twins}
        found |= kinship.same_sound(archive.index, held.sha256)
    others = map(archive.index.held, sorted(found - names))
    return [one for one in others if one is not None and one.condition != "removed"]


def take_down(archive: Archive, objects: Sequence[Held], request: Request) -> TakenDown:
    """Remove objects for good: no door gives them from the moment their lines are durable.

    What an earlier removal left undone is finished, too. Objects that are removed already are left
    as they are.

    Raises:
        UnavailableError: The disk refused. Run again to go on.
    """
    found = consequences(archive, objects)
    case = ""
    if found.objects:
        known = (line.event.case for line in case_lines(archive.index))
        case = request.case or next_case(known, today().year)
        people = archive.people
        asked_by = people.person(request.requested_by) if request.requested_by else ""
        evidence = people.document(request.evidence) if request.evidence else ""
        why = {"reason": request.reason, "case": case}
        who = {"evidence": evidence, "requested_by": asked_by}
        lines = [Removal(held.sha256.hex, **why, **who) for held in found.objects]
        archive.record(lines)  # from here on no door gives them
    return TakenDown(case, found, finish_removals(archive))


def object_to(archive: Archive, objection: Objection) -> PhonothequeError | None:
    """Keep a counter-notice with its case, and tell it. Nothing comes back by it.

    Returns:
        Why no index that tells it was signed; None when one was, or none was ever published.

    Raises:
        BadReferenceError: There is no such case.
        UnavailableError: The disk refused.
    """
    if not any(isinstance(line.event, Removal) for line in case_of(archive, objection.case)):
        raise BadReferenceError(
            objection.case, "there is no case of this name", "`phono takedown --log` lists them."
        )
    people = archive.people
    sender = people.person(objection.received_from) if objection.received_from else ""
    evidence = people.document(objection.evidence) if objection.evidence else ""
    archive.record([CounterNotice(objection.case, objection.summary, sender, evidence)])
    write_tombstones(archive.disk, archive.index)
    try:
        announce(archive)
    except (TrustError, UnavailableError) as error:
        return error
    return None


def case_of(archive: Archive, case: str) -> list[CaseLine]:
    """Return the lines of one case.

    Raises:
        BadRequestError: The name is empty.
    """
    if not case:
        raise BadRequestError("CASE", "it is empty", "`phono takedown --log` lists all cases.")
    return case_lines(archive.index, case)
