"""Recordings written into register and index alone: no audio is made for them, and none is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from phonotheque.archive.opening import Archive
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import AudioFacts
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.register.events import Accession, Deposit

AT = "2026-11-21T05:00:00.000000Z"
STATED = RightsStatement(
    licence="https://creativecommons.org/licenses/by/4.0/",
    basis=Basis.DEPOSITOR,
    stated_at=AT,
    evidence="sha256:" + "0" * 64,
)
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Taken:
    """A recording as `phono add` would write it. `digests` is None where no torrent is made."""

    event: Accession
    facts: AudioFacts
    digests: Digests | None = None


def begin_deposit(archive: Archive) -> int:
    """Write a deposit; return the number of its line, which accessions name."""
    deposit = archive.writing.append(AT, [Deposit()])
    with archive.index.transaction():
        archive.index.apply(deposit)
    return deposit[0][0].seq


def take_in(archive: Archive, recordings: Iterable[Taken]) -> int:
    """Write recordings, some thousand in one transaction; return how many there were."""
    count = 0
    rest = iter(recordings)
    while batch := list(islice(rest, _AT_ONCE)):
        written = archive.writing.append(AT, [taken.event for taken in batch])
        with archive.index.transaction():
            archive.index.apply(written)
            for taken in batch:
                if taken.digests:
                    archive.index.remember(taken.digests)
                archive.index.remember_facts(Sha256.parse(taken.event.sha256), taken.facts)
        count += len(batch)
    return count
