"""Recordings that are in an archive by their records alone: everything but their bytes.

Law: rows, register lines and layers are those that `phono add` leaves behind; each layer folds to
its root, so torrents of them are as costly as real ones. No file of them exists, so nothing can
read one unnoticed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench import register_lines
from bench.archives import MEAN_BYTES
from bench.register_lines import STATED, Taken, begin_deposit
from phonotheque.archive.opening import Archive
from phonotheque.disk import make_folders
from phonotheque.music.digest import PIECE_BYTES, Digests, Sha256
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.register.events import Accession, Role
from phonotheque.store.digests import digest_file, fold_layer
from phonotheque.store.objects import ObjectName


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
    deposit = begin_deposit(archive)
    return register_lines.take_in(
        archive,
        (
            Taken(_accession(digests, deposit, number), _facts(number), digests)
            for number, digests in enumerate(found_digests)
        ),
    )


def _facts(number: int) -> AudioFacts:
    tags = Tags(
        title=f"A piece of music, number {number}",
        artists=(f"Somebody {number % 997}",),
        album=f"A release {number // 12}",
    )
    return AudioFacts(Readability.READABLE, tags=tags)


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
