"""Damaged and mutated audio through the real `phono add`: each is kept, none hurts.

Every mutant is a specimen of the zoo with some bytes flipped, cut, repeated, swapped or replaced.
Whatever decoders make of it, its bytes must be kept exactly, and the command must go on.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from pathlib import Path

from tests.audio.zoo import NAMES, specimen
from tests.torture.command import found
from tests.torture.invariants import check_archive

MUTANTS = 250
"""Mutants a round: about as many seconds of two cores as 20."""

_INTERESTING = (b"\0" * 8, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xfe")


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Change a file in one to eight places; more often near its head, where formats are decided."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        at = int(len(changed) * rng.random() ** rng.choice((1, 4)))
        at = min(at, len(changed) - 1)
        kind = rng.choice(("flip", "cut", "repeat", "put", "drop", "shuffle", "end"))
        length = rng.choice((1, 2, 4, 64, 4096))
        if kind == "flip":
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            del changed[max(1, at) :]
        elif kind == "repeat":
            changed[at:at] = changed[at : at + length] * rng.randint(1, 40)
        elif kind == "put":
            changed[at : at + 8] = rng.choice(_INTERESTING)
        elif kind == "drop":
            del changed[at : at + length]
        elif kind == "shuffle":
            part = changed[at : at + length]
            rng.shuffle(part)
            changed[at : at + length] = part
        else:
            changed += rng.randbytes(length)
        if not changed:
            return data[:1]
    return bytes(changed)


def fuzz(folder: Path, seed: int) -> str:
    """Add mutants of every specimen, then prove that each is kept as it is."""
    rng = random.Random(seed)
    source = folder / "mutants"
    source.mkdir()
    wanted: dict[str, str] = {}
    for number in range(MUTANTS):
        name = NAMES[number % len(NAMES)]
        data = mutate(rng, specimen(name).data)
        name = f"{number:05d}-{name}"
        (source / name).write_bytes(data)
        wanted[name] = hashlib.sha256(data).hexdigest()
    phono = found(folder / "archive")
    ended = phono.run("add", source, "--json").expect(0, 1)
    assert {record["path"]: record["sha256"] for record in ended.records} == wanted
    outcomes = {record["outcome"] for record in ended.records}
    assert outcomes <= {"added", "unreadable", "companion", "held"}, outcomes
    for record in ended.records:
        assert bool(record["reason"]) or record["outcome"] != "unreadable", record
    check_archive(phono.archive, ended.records, at_rest=True)
    unreadable = sum(record["outcome"] == "unreadable" for record in ended.records)
    shutil.rmtree(source)
    shutil.rmtree(phono.archive)
    return f"{len(wanted)} mutants, {unreadable} unreadable"
