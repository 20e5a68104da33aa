"""Recordings that are in an archive by their records alone: everything but their bytes.

Law: rows, register lines and layers are those that `phono add` leaves behind; each layer folds to
its root, so torrents of them are as costly as real ones. No file of them exists, so nothing can
read one unnoticed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from phonotheque.archive.founding import found
from phonotheque.archive.opening import Archive
from phonotheque.disk import make_folders
from phonotheque.music.digest import PIECE_BYTES, Digests, Sha256
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.register.events import Accession, Deposit, Role
from phonotheque.store.digests import digest_file, fold_layer
from phonotheque.store.objects import ObjectName

MEAN_BYTES = 3_490_000
"""Of a recording: 86 M of these are 300 TB."""

AT = "2026-11-21T05:00:00.000000Z"
STATED = RightsStatement(
    licence="https://creativecommons.org/licenses/by/4.0/",
    basis=Basis.DEPOSITOR,
    stated_at=AT,
    evidence="sha256:" + "0" * 64,
)
_LINES_AT_ONCE = 4096


def found_archive(root: Path) -> None:
    """Make an empty archive."""
    found(root, "Bench")


def recordings(count: int, seed: int) -> Iterator[Digests]:
    """Digests of recordings of about the usual length, all different."""
    chance = random.Random(seed)
    for _ in range(count):
        size_bytes = chance.randrange(MEAN_BYTES // 2, MEAN_BYTES * 3 // 2)
        pieces = -(-size_bytes // PIECE_BYTES)
        layer = chance.randbytes(32 * pieces)
        root = fold_layer(layer, size_bytes)
        sha256 = Sha256(chance.randbytes(32))
        yield Digests(size_bytes, sha256, root, layer, chance.randbytes(20 * pieces))


def small_files(archive: Archive, count: int, seed: int) -> Iterator[Digests]:
    """Digests of small objects that are there: written to the store as `phono add` would."""
    chance = random.Random(seed)
    for number in range(count):
        token = f"bench-{number}"
        staged = archive.store.stage(token)
        staged.write(chance.randbytes(4000))
        staged.finish()
        with archive.store.open_staged(token) as file:
            digests = digest_file(file)
        name = ObjectName(digests.sha256, "opus")
        make_folders(archive.disk, f"objects/{name.folder}")
        archive.store.publish(token, name)
        yield digests


def take_in(archive: Archive, found_digests: Iterator[Digests]) -> int:
    """Write register lines and index rows of recordings; how many there were."""
    deposit = archive.writing.append(AT, [Deposit()])
    with archive.index.transaction():
        archive.index.apply(deposit)
    seq = deposit[0][0].seq
    count = 0
    batch: list[Digests] = []
    for digests in found_digests:
        batch.append(digests)
        if len(batch) == _LINES_AT_ONCE:
            count += _write(archive, batch, seq, count)
            batch = []
    return count + _write(archive, batch, seq, count)


def _write(archive: Archive, batch: list[Digests], deposit: int, before: int) -> int:
    events = [_accession(digests, deposit, number) for number, digests in enumerate(batch, before)]
    written = archive.writing.append(AT, events)
    with archive.index.transaction():
        archive.index.apply(written)
        for number, digests in enumerate(batch, before):
            archive.index.remember(digests)
            tags = Tags(
                title=f"A piece of music, number {number}",
                artists=(f"Somebody {number % 997}",),
                album=f"A release {number // 12}",
            )
            facts = AudioFacts(Readability.READABLE, tags=tags)
            archive.index.remember_facts(digests.sha256, facts)
    return len(batch)


def _accession(digests: Digests, deposit: int, number: int) -> Accession:
    return Accession(
        deposit,
        digests.sha256.hex,
        digests.size_bytes,
        digests.pieces_root.hex(),
        "opus",
        f"Release {number // 12}/{number % 12:02d} A piece of music.opus",
        Role.RECORDING,
        rights=(STATED,),
        readability=Readability.READABLE,
        technical=Technical("ogg", "opus"),
    )
