"""Whether increments may be applied here: each begins where the catalogue, or the one before, is.

Pure: values in, nothing or an error out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from phonotheque.catalogue.increment.contents import Increment
from phonotheque.errors import BadReferenceError, ConflictError

_Said = TypeVar("_Said", str, int)


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


def check_base(
    folder: Path, increment: Increment, tables: Mapping[str, str], next_ids: Mapping[str, int]
) -> None:
    """Refuse an increment that begins with other rows, or other ids, than are here.

    Args:
        tables: Digest of each table that is here, by its path in a dump.
        next_ids: For each table the lowest number that is no id here yet; 0 says as much as none.

    Raises:
        ConflictError: They differ.
    """
    base = increment.base
    if path := _first_other(tables, base.tables, ""):
        other = f"{path} is another"
    elif table := _first_other(next_ids, base.next_ids, 0):
        held, said = (ids.get(table, 0) for ids in (next_ids, base.next_ids))
        other = f"the next id of {table} is {held}, not {said}"
    else:
        return
    wrong = f"it begins with {base.sequence} ({base.state[:12]}), and here {other}"
    todo = "Restore the full dump, or one with the same --source and --licence."
    raise ConflictError(str(folder), wrong, todo)


def _first_other(here: Mapping[str, _Said], there: Mapping[str, _Said], none: _Said) -> str | None:
    """Return the first name of which two say something different; who says nothing says `none`."""
    names = sorted({*here, *there})
    return next((one for one in names if here.get(one, none) != there.get(one, none)), None)
