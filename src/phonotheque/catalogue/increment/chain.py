"""Whether increments may be applied here: each begins where the catalogue, or the one before, is.

Pure: values in, nothing or an error out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from phonotheque.catalogue.increment.contents import Increment
from phonotheque.errors import BadReferenceError, ConflictError


def check_chain(folders: Sequence[Path], chain: Sequence[Increment], at: int, epoch: str) -> None:
    """Refuse increments that do not follow from where a catalogue is.

    Args:
        folders: Where each is, for people.
        chain: In the order in which they are to be applied.
        at: Number of the dump that the catalogue is.
        epoch: The epoch in which its ids were given.

    Raises:
        BadReferenceError: There is none.
        ConflictError: One was applied already, comes too early, or is of another catalogue.
    """
    if not chain:
        raise BadReferenceError("increments", "none was named", "Name the folders of some.")
    for folder, one in zip(folders, chain, strict=True):
        if one.epoch != epoch:
            wrong = "it is of another catalogue than the dump that was restored here"
            raise ConflictError(str(folder), wrong, "Ask its publisher for a full dump.")
    first, next_ = chain[0], f"Next is the increment since {at}."
    if first.result.sequence <= at:
        wrong = f"it was applied already: it leads to {first.result.sequence}, and {at} is here"
        raise ConflictError(str(folders[0]), wrong, next_)
    if first.base.sequence != at:
        wrong = f"it begins with {first.base.sequence}, and {at} is here"
        raise ConflictError(str(folders[0]), wrong, next_)
    for folder, before, one in zip(folders[1:], chain, chain[1:], strict=False):
        if (one.base.sequence, one.base.state) != (before.result.sequence, before.result.state):
            wrong = (
                f"it begins with {one.base.sequence} ({one.base.state[:12]}), and the one before "
                f"leads to {before.result.sequence} ({before.result.state[:12]})"
            )
            raise ConflictError(str(folder), wrong, "Name them in the order of their numbers.")


def check_base(folder: Path, increment: Increment, tables: Mapping[str, str]) -> None:
    """Refuse an increment that begins with other rows than are here.

    Args:
        tables: Digest of each table that is here, by its path in a dump.

    Raises:
        ConflictError: They differ.
    """
    wanted = increment.base.tables
    if tables != wanted:
        paths = sorted({*tables, *wanted})
        path = next(one for one in paths if tables.get(one) != wanted.get(one))
        wrong = (
            f"it begins with {increment.base.sequence} ({increment.base.state[:12]}), and here "
            f"{path} is another"
        )
        todo = "Restore the full dump, or one with the same --source and --licence."
        raise ConflictError(str(folder), wrong, todo)
