"""Every animal of the zoo ends in facts of the expected kind, and hurts nobody."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator

import pytest
from tests.audio.laws import check, unharmed
from tests.zoo import Animal, Fate, animals

from phonotheque.audio import Limits, facts_in_child, warm_up
from phonotheque.music.facts import AudioFacts, Readability
from phonotheque.music.sound import IntegrityVerdict

LIMITS = Limits(cpu_s=20, wall_s=60)
EVERY = 6
"""Of so many animals that are cut or lie about a number one is read: `make torture` reads all."""


@pytest.fixture(scope="module", autouse=True)
def _warm() -> Iterator[None]:
    warm_up()
    with unharmed():
        yield


def _read_in_turn() -> Iterator[object]:
    """All animals; of those of which there are very many alike, most are for torture."""
    alike = 0
    for animal in animals():
        alike += animal.fate in (Fate.DAMAGED, Fate.KEPT)
        is_left = animal.fate in (Fate.DAMAGED, Fate.KEPT) and alike % EVERY
        yield pytest.param(animal, marks=[pytest.mark.torture] if is_left else [])


def verdict_of(facts: AudioFacts) -> IntegrityVerdict | None:
    """The verdict on its integrity, None when none was given."""
    return None if facts.integrity is None else facts.integrity.verdict


@pytest.mark.parametrize("animal", list(_read_in_turn()), ids=lambda animal: ascii(animal.name))
def test_each_animal_meets_its_fate(animal: Animal) -> None:
    """Its facts are typed, of the expected kind, and told by a reader that was not killed."""
    facts = facts_in_child(io.BytesIO(animal.data()), LIMITS)
    check(facts)
    assert "killed" not in facts.reason
    assert "stopped" not in facts.reason
    match animal.fate:
        case Fate.READABLE:
            assert facts.readability is Readability.READABLE, facts.reason
        case Fate.UNREADABLE:
            assert facts.readability is Readability.UNREADABLE
            assert re.search(animal.reason, facts.reason)
        case Fate.DAMAGED if facts.readability is Readability.READABLE:
            assert verdict_of(facts) is IntegrityVerdict.DAMAGED
        case Fate.DAMAGED:
            assert verdict_of(facts) is not IntegrityVerdict.WHOLE
        case Fate.KEPT:
            pass  # `check` above is all that is asked


class TestTheZooItself:
    def test_names_are_those_of_one_animal_each(self) -> None:
        """No two have one name, and each name is one that a file can have."""
        names = [animal.name for animal in animals()]
        assert len(set(names)) == len(names)
        for name in names:
            assert "/" not in name
            assert "\0" not in name
            assert 0 < len(name.encode("utf-8", "surrogateescape")) <= 255

    @pytest.mark.parametrize("every", [EVERY, pytest.param(1, marks=pytest.mark.torture, id="all")])
    def test_bytes_are_the_same_every_time(self, every: int) -> None:
        """An animal that failed can be had again: nothing in it is drawn by lot."""
        for animal in animals()[::every]:
            first, second = hashlib.sha256(animal.data()), hashlib.sha256(animal.data())
            assert first.digest() == second.digest(), animal.name

    def test_every_fate_is_there(self) -> None:
        """Some must be read, some must not, some must not be called whole."""
        counts = {fate: sum(a.fate is fate for a in animals()) for fate in Fate}
        assert min(counts.values()) > 50, counts
