"""The way in, from source to destination: one verb, the record written last.

Order for every batch of files: bytes durable in staging (`take`) -> published under their names,
durable -> register lines durable -> index -> outcome told. A crash between two steps leaves at
worst objects that no line names; nothing that was told is ever lost.

Laws: the same bytes are one object, however often they come; the same bytes from the same place
under the same statement add nothing; a file that is refused stops no other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import msgspec

from phonotheque.accession.already import is_recorded
from phonotheque.accession.material import Material, from_held, from_taken
from phonotheque.accession.rules import RuleBook
from phonotheque.accession.statements import Given, Notary
from phonotheque.accession.take import Job, NotTaken, Taken
from phonotheque.accession.walk import Refused, Source, path_base64, path_text
from phonotheque.errors import PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Readability
from phonotheque.music.rights import RightsStatement
from phonotheque.music.sound import Integrity
from phonotheque.register.cases import removed_why
from phonotheque.register.events import Accession, Deposit, Event, Role
from phonotheque.register.holdings import Held, SourceFile
from phonotheque.register.index import Index
from phonotheque.register.journal import Journal
from phonotheque.store.objects import ObjectName, Store


class Outcome(StrEnum):
    """What became of a file."""

    ADDED = "added"
    HELD = "held"
    COMPANION = "companion"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about one file, once it is durable.

    Attributes:
        path: The file's path below what was given, for people.
        sha256: Its name, or None when it was refused, unless because it was removed once.
        size_bytes: Its length, 0 when it was refused before it was read.
        reason: Why it was refused or cannot be read, or what is notable; else "".
        integrity: Whether its sound is whole; None when it has none, or nobody looked yet.
    """

    path: str
    sha256: Sha256 | None
    size_bytes: int
    outcome: Outcome
    reason: str = ""
    integrity: Integrity | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What taking in needs, handed over by the archive.

    Attributes:
        now: Gives the instant that register lines carry, as text.
        identify: Gives what the file system says of a source file now, None when it is gone.
        link: Links what came in to what is like it; called after each stretch of files.
    """

    store: Store
    journal: Journal
    index: Index
    notary: Notary
    hands: Hands[Job, Taken | NotTaken]
    now: Callable[[], str]
    identify: Callable[[Source], SourceFile | None]
    link: Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A file whose bytes are durable: `taken` when they were read now."""

    source: Source
    material: Material
    outcome: Outcome
    note: str = ""
    taken: Taken | None = None


_STRETCH = 1000
"""Files looked at in one go: a long row of files that are held already is told bit by bit."""

_Results = list[tuple[Job, Taken | NotTaken | PhonothequeError]]


class Ingest:
    """One `phono add`.

    Args:
        parts: The archive's parts.
        given: What the command line said about all files.
        books: The rules found in each of the given paths, by their number.
    """

    def __init__(self, parts: Parts, given: Given, books: Mapping[int, RuleBook]) -> None:
        self._parts = parts
        self._given = given
        self._books = books
        self._deposit = 0
        self._tokens = 0
        # A hand whose parent was killed may still be staging when the next run begins: were their
        # tokens alike, it could put its bytes in the place of ours.
        self._run = secrets.token_hex(8)

    def run(self, found: Iterable[Source | Refused]) -> Iterator[Told]:
        """Take in what was found; each `Told` is durable when it is yielded.

        Raises:
            UnavailableError: The archive's disk refused. What was told before stays true; run
                again to go on.
        """
        rest = iter(found)
        while stretch := list(islice(rest, _STRETCH)):
            reading: dict[str, Source] = {}
            early: list[_Arrival | Told] = []  # files that need no hand
            for results in self._parts.hands.work(self._jobs(stretch, reading, early)):
                yield from self._settle(early)
                yield from self._settle(self._arrivals(results, reading))
            yield from self._settle(early)
            self._parts.link()

    def _jobs(
        self,
        found: Iterable[Source | Refused],
        reading: dict[str, Source],
        early: list[_Arrival | Told],
    ) -> Iterator[Job]:
        """Choose what must be read; the rest goes to `early`."""
        for item in found:
            if isinstance(item, Refused):
                path = path_text(item.relative)
                early.append(Told(path, None, 0, Outcome.REFUSED, item.reason))
            elif material := self._seen_before(item):
                early.append(_Arrival(item, material, Outcome.HELD))
            else:
                self._tokens += 1
                job = Job(item.absolute, f"{self._run}-{self._tokens:08d}")
                reading[job.token] = item
                yield job

    def _seen_before(self, source: Source) -> Material | None:
        """What is held of a file that was read before and has not changed since."""
        identity = self._parts.identify(source)
        sha256 = self._parts.index.known_source(identity) if identity else None
        return self._material_held(sha256) if sha256 else None

    def _material_held(self, sha256: Sha256) -> Material | None:
        """What is held under a name, if it is there and was sound when last looked at."""
        held = self._parts.index.held(sha256)
        if held is None or held.condition != "intact":
            return None
        size = self._parts.store.size(ObjectName(sha256, held.extension))
        return from_held(held, self._parts.index) if size == held.size_bytes else None

    def _arrivals(self, results: _Results, reading: dict[str, Source]) -> list[_Arrival | Told]:
        """Publish what was read; bytes that are held already are dropped."""
        arrivals: list[_Arrival | Told] = []
        fresh: dict[Sha256, Material] = {}
        for job, result in results:
            if isinstance(result, PhonothequeError):
                raise result
            source = reading.pop(job.token)
            if isinstance(result, NotTaken):
                told = (path_text(source.relative), None, source.size_bytes, Outcome.REFUSED)
                arrivals.append(Told(*told, result.reason))
                continue
            name = result.digests.sha256
            if material := fresh.get(name) or self._material_held(name):
                self._parts.store.discard(job.token)
                arrivals.append(_Arrival(source, material, Outcome.HELD, taken=result))
                continue
            known = self._parts.index.held(name)
            if known and known.condition == "removed" and not self._given.is_again:
                self._parts.store.discard(job.token)
                arrivals.append(_removed(source, name, self._parts.index))
                continue
            material = from_taken(result, known.extension if known else result.extension)
            self._parts.store.publish(job.token, ObjectName(name, material.extension))
            note = f"was {_wrong(known)}; its bytes were put back" if known else ""
            arrivals.append(_Arrival(source, material, _outcome(material), note, result))
            fresh[name] = material
        return arrivals

    def _settle(self, arrivals: list[_Arrival | Told]) -> Iterator[Told]:
        """Record what arrived, then tell it. Empties the list."""
        batch, arrivals[:] = list(arrivals), []
        events, told = [], []
        for item in batch:
            if isinstance(item, Told):
                told.append(item)
                continue
            note = item.note or item.material.reason
            event = self._accession(item.source, item.material)
            if item.outcome is not Outcome.HELD or item.note:
                events.append(event)
            elif not self._is_recorded(event, events):
                events.append(event)
                note = "held already; its provenance was added"
            told.append(_told(item, note))
        self._record(events, [item for item in batch if isinstance(item, _Arrival)])
        yield from told

    def _accession(self, source: Source, material: Material) -> Accession:
        return Accession(
            deposit=self._deposit,
            sha256=material.sha256.hex,
            size_bytes=material.size_bytes,
            pieces_root=material.pieces_root.hex(),
            extension=material.extension,
            path=path_text(source.relative),
            path_base64=path_base64(source.relative),
            role=material.role,
            rights=tuple(self._statements(source, material)),
            readability=material.readability,
            reason=material.reason,
            technical=material.technical,
            integrity=material.integrity,
            sound=material.sound,
        )

    def _statements(self, source: Source, material: Material) -> Iterator[RightsStatement]:
        """What is stated about a file: by its nearest rule, else by the depositor; and its tag."""
        book = self._books.get(source.root)
        rule = book.for_path(path_text(source.relative)) if book else None
        if rule is not None:
            yield self._parts.notary.from_rule(rule)
        elif statement := self._parts.notary.from_depositor(self._given):
            yield statement
        if material.licence_tag and (claim := self._parts.notary.from_tag(material.licence_tag)):
            yield claim

    def _is_recorded(self, event: Accession, pending: list[Accession]) -> bool:
        who = self._depositor(), self._given.collection
        return is_recorded(event, pending, who, self._parts.index)

    def _depositor(self) -> str:
        return self._parts.notary.person(self._given.depositor) if self._given.depositor else ""

    def _record(self, events: list[Accession], arrivals: list[_Arrival]) -> None:
        """Write the lines, durable; then the index."""
        journal, index = self._parts.journal, self._parts.index
        written = []
        if events:
            first: list[Event] = []
            if not self._deposit:
                self._deposit = journal.end.head.seq + 1
                first = [Deposit(self._depositor(), self._given.collection)]
            placed = [msgspec.structs.replace(event, deposit=self._deposit) for event in events]
            written = journal.append(self._parts.now(), [*first, *placed])
        read = [item.taken for item in arrivals if item.taken]
        if not written and not read:
            return
        with index.transaction():
            index.apply(written)
            for taken in read:
                index.remember(taken.digests)
                if taken.facts:
                    index.remember_facts(taken.digests.sha256, taken.facts)
                if taken.identity:
                    index.remember_source(taken.identity, taken.digests.sha256)


def _outcome(material: Material) -> Outcome:
    if material.role is Role.COMPANION:
        return Outcome.COMPANION
    if material.readability is Readability.UNREADABLE:
        return Outcome.UNREADABLE
    return Outcome.ADDED


def _removed(source: Source, name: Sha256, index: Index) -> Told:
    """Refuse bytes that were removed: what was decided once is not undone by accident."""
    reason = f"{removed_why(index, name)}. Decided anew? Add it with --again"
    return Told(path_text(source.relative), name, source.size_bytes, Outcome.REFUSED, reason)


def _wrong(known: Held) -> str:
    """What was wrong with an object whose bytes are put back, in a word or two."""
    return "not whole" if known.condition == "intact" else known.condition


def _told(item: _Arrival, note: str) -> Told:
    path, material = path_text(item.source.relative), item.material
    return Told(path, material.sha256, material.size_bytes, item.outcome, note, material.integrity)
