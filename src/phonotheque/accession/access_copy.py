"""Taking in what was made here: an access copy that is kept as an object, to be shared for good.

Laws: the master is proven before anything is made of it; the copy's bytes are durable in the
staging area before this returns, with all their digests; what was made is read like anything that
comes in, so that its tags and its integrity are those of its bytes.

Not here: publishing and recording (`archive.bulk.access_copies`), so that this can run in a
process of its own; copies that are kept for listening and may be made again (`derive.cache`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from phonotheque.accession.take import FactsReader
from phonotheque.derive.opus import Original, encode_copy
from phonotheque.derive.recipes import CopyRecipe
from phonotheque.disk import refusal
from phonotheque.music.digest import Digests
from phonotheque.music.facts import AudioFacts
from phonotheque.store.digests import digest_file
from phonotheque.store.fixity import open_proven
from phonotheque.store.objects import ObjectName, Store


@dataclass(frozen=True, slots=True)
class CopyJob:
    """An access copy to be made. `token` names its place in the staging area."""

    master: ObjectName
    original: Original
    recipe: CopyRecipe
    token: str


@dataclass(frozen=True, slots=True)
class CopyMade:
    """What came of it. Its bytes stand staged under the job's token."""

    digests: Digests
    facts: AudioFacts


def make_copy(store: Store, drawers: Path, job: CopyJob, facts_of: FactsReader) -> CopyMade:
    """Make one access copy and stage it.

    Args:
        drawers: Folder in which files without a name are made.

    Raises:
        MalformedError: The master has no sound that anybody can decode.
        DigestMismatchError: The master is damaged.
        UnavailableError: The disk refused.
    """
    try:
        drawer = tempfile.TemporaryFile(dir=drawers)  # noqa: SIM115
    except OSError as error:
        raise refusal(str(drawers), error) from error
    with drawer:
        with open_proven(store, job.master) as master:
            encode_copy(master, drawer, job.original, job.recipe)
        drawer.seek(0)
        staged = store.stage(job.token)
        try:
            digests = digest_file(drawer, into=staged.write)
            staged.finish()
        finally:
            staged.close()
    with store.open_staged(job.token) as copy:
        return CopyMade(digests, facts_of(copy))
