"""What a build begins with: the current generation of each source, with its terms.

Not here: how a generation is made (`phonotheque.catalogue.sources`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.sources.staging import (
    FOLDER as SOURCES,
)
from phonotheque.catalogue.sources.staging import (
    current_generation,
    read_terms,
    source_names,
)
from phonotheque.disk import Disk, read_whole
from phonotheque.errors import MalformedError

HOLDINGS, MUSICBRAINZ = "holdings", "musicbrainz"
"""Names of the two sources that are believed before all others, in this order."""

CONSUMED = "consumed"
"""Name of a file in a generation whose tables a build takes away as it reads them: which there
were, one a line."""


@dataclass(frozen=True, slots=True)
class Input:
    """A generation of a source.

    Attributes:
        generation: Its name and the digest of its report and terms: another import has another.
        folder: Where its tables are.
        is_consumed: Whether its tables were taken away by an earlier build.
    """

    terms: Terms
    generation: str
    folder: Path
    is_consumed: bool

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.terms.name


def read_inputs(root: Path, disk: Disk) -> list[Input]:
    """Return the current generation of each source in order of name.

    Raises:
        MalformedError: A source says what it cannot mean.
    """
    return [_read_input(root, disk, name) for name in source_names(disk)]


def _read_input(root: Path, disk: Disk, name: str) -> Input:
    generation = current_generation(disk, name)
    folder = f"{SOURCES}/{name}/{generation}"
    if generation is None or disk.stat(f"{folder}/terms.json") is None:
        raise MalformedError(folder, "it has no terms.json", f"Import {name} again.")
    terms = read_terms(disk, name, generation)
    if terms.name != name:
        raise MalformedError(folder, f"it says it is {terms.name!r}", f"Import {name} again.")
    digest = hashlib.sha256()
    for file in ("terms.json", "report.json"):
        if disk.stat(f"{folder}/{file}") is not None:
            digest.update(read_whole(disk, f"{folder}/{file}"))
    is_consumed = disk.stat(f"{folder}/{CONSUMED}") is not None
    return Input(terms, f"{generation}-{digest.hexdigest()[:16]}", root / folder, is_consumed)


def priority_of(name: str, number: int) -> int:
    """Return how early a source is believed: 0 first. Later ones in order of their numbers."""
    return {HOLDINGS: 0, MUSICBRAINZ: 1}.get(name, number + 1)
