"""Which sources a dump is of: all, or those on terms that can be passed on together.

Laws: a source is in a dump whole or not at all; one that was not asked for leaves no trace in it
but its absence; decisions by hand are this archive's own and always come along.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from phonotheque.catalogue.identity.hand import HAND
from phonotheque.catalogue.snapshot import Descriptor, SourceEntry
from phonotheque.errors import BadReferenceError, NotHeldError
from phonotheque.music.licence import parse_licence

DECISIONS = SourceEntry(HAND, "decisions", "Decisions made by hand in this archive", "", 0)
"""The source of what people decided here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        names: Names of sources; empty: whichever.
        licences: Canonical addresses of licences of the sources' data; empty: whichever.
    """

    names: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sources of a dump.

    Attributes:
        sources: Those whose rows are in it; decisions by hand apart.
        left_out: Those of the snapshot that are not.
    """

    sources: tuple[SourceEntry, ...]
    left_out: tuple[SourceEntry, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.left_out

    @property
    def tables_of(self) -> tuple[SourceEntry, ...]:
        """Every source that a table may have rows of."""
        return (DECISIONS, *self.sources)


def choose(descriptor: Descriptor, wanted: Wanted) -> Chosen:
    """Choose among the sources of a snapshot.

    Raises:
        BadReferenceError: A name is none of a source here.
        NotHeldError: No source is on such terms.
    """
    known = {one.name: one for one in descriptor.sources}
    for name in wanted.names:
        if name not in known:
            names = ", ".join(sorted(known))
            raise BadReferenceError(name, "the catalogue has no such source", f"It has: {names}.")
    chosen = tuple(one for one in descriptor.sources if _is_wanted(one, wanted))
    if not chosen:
        terms = "; ".join(f"{one.name}: {one.licence or 'unknown'}" for one in known.values())
        raise NotHeldError("dump", "no source is on these terms", f"There are: {terms}.")
    left_out = tuple(one for one in descriptor.sources if one not in chosen)
    return Chosen(chosen, left_out)


def _is_wanted(source: SourceEntry, wanted: Wanted) -> bool:
    if wanted.names and source.name not in wanted.names:
        return False
    return not wanted.licences or bool(_addresses([source.licence]) & _addresses(wanted.licences))


def _addresses(licences: Collection[str]) -> set[str]:
    """Return addresses as they stand in records; what is unknown has none."""
    return {parse_licence(one).uri or one for one in licences if one}
