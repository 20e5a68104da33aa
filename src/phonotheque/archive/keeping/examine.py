"""Verifying the sound: every object read, its digest checked, its sound decoded and judged again.

Laws: results come in the order of the objects, whichever hand was quicker; what is found anew is
an `examination` in the register, and only where it differs from what was said before; an object
whose bytes are not the registered ones is not judged by its sound.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.archive.keeping.verify import Checked
from phonotheque.archive.opening import Archive, open_to_write
from phonotheque.errors import PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import AudioFacts
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.music.sound import IntegrityVerdict, format_integrity
from phonotheque.register.events import Examination, Role
from phonotheque.register.holdings import Held
from phonotheque.store.fixity import check_object
from phonotheque.store.objects import ObjectName, Store


@dataclass(frozen=True, slots=True)
class Subject:
    """An object to examine. `has_sound` is false for companions."""

    name: ObjectName
    size_bytes: int
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Examined:
    """What one object gave: a finding when its bytes are wrong, else facts when it has sound."""

    finding: Finding | None = None
    facts: AudioFacts | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One object checked and, where there is sound, decoded."""

    checked: Checked
    facts: AudioFacts | None


def examine(store: Store, subject: Subject, facts_of: Callable[[BinaryIO], AudioFacts]) -> Examined:
    """Examine one object. What the disk refuses is a finding."""
    finding = check_object(store, subject.name, subject.size_bytes)
    if finding is not None or not subject.has_sound:
        return Examined(finding)
    try:
        with store.open(subject.name) as file:
            return Examined(facts=facts_of(file))
    except (OSError, PhonothequeError) as error:
        return Examined(Finding(FindingKind.UNREADABLE, subject.name.path, str(error)))


def examine_all(hands: Hands[Subject, Examined], objects: Iterable[Held]) -> Iterator[Heard]:
    """Examine objects on many hands; results in the order of the objects."""
    waiting: deque[Held] = deque()
    done: dict[Sha256, Examined] = {}

    def subjects() -> Iterator[Subject]:
        for held in objects:
            waiting.append(held)
            name = ObjectName(held.sha256, held.extension)
            yield Subject(name, held.size_bytes, held.role is Role.RECORDING)

    for results in hands.work(subjects()):
        for subject, result in results:
            if isinstance(result, PhonothequeError):
                path = subject.name.path
                result = Examined(Finding(FindingKind.UNREADABLE, path, str(result)))
            done[subject.name.sha256] = result
        while waiting and waiting[0].sha256 in done:
            held = waiting.popleft()
            examined = done.pop(held.sha256)
            yield Heard(Checked(held, examined.finding), examined.facts)


def news(held: Held, facts: AudioFacts) -> Examination | None:
    """What an examination found that the register does not say yet; None when all is as it was."""
    said = (held.readability, held.reason, held.technical, held.integrity, held.sound)
    found = (facts.readability, facts.reason, facts.technical, facts.integrity, facts.sound)
    return None if said == found else Examination(held.sha256.hex, *found)


class Hearing:
    """What a run hears, recorded bit by bit.

    Attributes:
        verdicts: How many recordings got which verdict.
        damaged: Names of damaged recordings and what is wrong with them, in words.
    """

    def __init__(self, archive: Archive, *, is_patient: bool) -> None:
        self._archive = archive
        self._is_patient = is_patient
        self._fresh: list[tuple[Held, AudioFacts]] = []
        self.verdicts: Counter[str] = Counter()
        self.damaged: list[tuple[ObjectName, str]] = []

    def note(self, heard: Heard) -> None:
        """Count one object, and record when enough have come together."""
        held, facts = heard.checked.held, heard.facts
        if facts is None:
            return
        self._fresh.append((held, facts))
        if facts.integrity is not None:
            self.verdicts[facts.integrity.verdict] += 1
            if facts.integrity.verdict is IntegrityVerdict.DAMAGED:
                words = format_integrity(facts.integrity).removeprefix("damaged: ")
                self.damaged.append((ObjectName(held.sha256, held.extension), words))
        if len(self._fresh) >= _BATCH:
            self.record()

    def record(self) -> None:
        """Write what is new into the register, and what the sounds look like into the index.

        Raises:
            ArchiveBusyError: Another process holds the archive, and `is_patient` is false.
        """
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        events = [event for held, facts in fresh if (event := news(held, facts))]
        with open_to_write(self._archive.root, "verify", is_patient=self._is_patient) as writer:
            written = writer.writing.append(writer.now(), events) if events else []
            with writer.index.transaction():
                writer.index.apply(written)
                for held, facts in fresh:
                    writer.index.remember_facts(held.sha256, facts)


_BATCH = 1000
"""Recordings between two visits to the register: each takes the archive's lock."""
