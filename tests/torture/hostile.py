"""Hostile sound: mutants by the thousand through limited children, the whole zoo through `phono`.

Every mutant follows from its seed and number alone, and a failure names both.
"""

from __future__ import annotations

import hashlib
import io
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.audio.laws import check, unharmed
from tests.audio.zoo import NAMES, specimen
from tests.torture.command import found
from tests.torture.fuzz import mutate
from tests.torture.invariants import check_archive
from tests.zoo import Animal, Fate, animals

from phonotheque.audio import Limits, facts_in_child, warm_up

MUTANTS = 500  # a round, each with seeds of its own: five rounds are 2,500
"""Mutants a round: about two minutes of one core."""

GROWTH_BYTES = 16 << 20
"""Most memory that the parent may have more at the end, however many files it had read."""

_WARMING = 20
_LIMITS = Limits(cpu_s=60, wall_s=240)

_OUTCOMES = {
    Fate.READABLE: {"added", "held"},
    Fate.UNREADABLE: {"unreadable", "companion", "refused", "held"},
    Fate.DAMAGED: {"added", "unreadable", "held"},
    Fate.KEPT: {"added", "unreadable", "held"},
}
"""What `phono add` may tell of each; "held" of bytes that came before under another name."""


def mutant(seed: int, number: int) -> bytes:
    """One specimen after another, each time changed in other places."""
    rng = random.Random(f"{seed} {number}")
    return mutate(rng, specimen(NAMES[number % len(NAMES)]).data)


def read_mutants(seed: int, count: int) -> Counter[str]:
    """Read mutants, each in a child, and hold every answer against the laws.

    Returns:
        How many were readable, unreadable, and stopped by a limit or a crash.
    """
    warm_up()
    told: Counter[str] = Counter()
    for number in range(_WARMING):
        facts_in_child(io.BytesIO(mutant(seed, number)), _LIMITS)
    with unharmed(GROWTH_BYTES):
        for number in range(count):
            try:
                facts = facts_in_child(io.BytesIO(mutant(seed, number)), _LIMITS)
                check(facts)
                assert "on the clock" not in facts.reason, "it hangs"
            except Exception as error:
                raise AssertionError(f"mutant({seed}, {number}): {error}") from error
            told[facts.readability.value] += 1
            told["killed"] += "killed" in facts.reason or "stopped" in facts.reason
    return told


def mutants(_folder: Path, seed: int) -> str:
    """A torment: so many mutants, without one harm to the process that asked."""
    told = read_mutants(seed, MUTANTS)
    return f"{MUTANTS} mutants, {told['unreadable']} unreadable, {told['killed']} killed"


def whole_zoo(folder: Path, _seed: int) -> str:
    """A torment: every animal through `phono add`, once."""
    add_animals(folder, animals())
    return f"{len(animals())} animals"


def add_animals(folder: Path, chosen: Sequence[Animal]) -> None:
    """Add them in one go with the real command, twice, and look at all that can be seen.

    Each must be told once with its digest and a fitting outcome, the bytes be kept, the source be
    as it was; the second time all of it is held.
    """
    source = folder / "zoo"
    source.mkdir()
    there: dict[str, Animal] = {}
    wanted: dict[str, str] = {}
    for animal in chosen:
        path = source / animal.name
        path.write_bytes(animal.data())
        shown = animal.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        there[shown] = animal
        wanted[animal.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    phono = found(folder / "archive")
    ended = phono.run("add", source, "--json").expect(1)
    assert sorted(record["path"] for record in ended.records) == sorted(there)
    for record in ended.records:
        animal = there[record["path"]]
        assert record["outcome"] in _OUTCOMES[animal.fate], record
        is_empty = record["outcome"] == "refused"
        assert record["sha256"] == (None if is_empty else wanted[animal.name]), record
        assert bool(record["reason"]) or record["outcome"] != "unreadable", record
    after = {path.name: hashlib.sha256(path.read_bytes()) for path in source.iterdir()}
    assert {name: digest.hexdigest() for name, digest in after.items()} == wanted
    check_archive(phono.archive, ended.records, at_rest=True)
    again = phono.run("add", source, "--json").expect(0, 1).records
    assert {record["outcome"] for record in again} <= {"held", "refused", "companion"}
    phono.run("verify", "--json").expect(0)
    shutil.rmtree(phono.archive)
