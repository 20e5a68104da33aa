"""Private lists of an archive: taken in, read, erased; always in `people.sqlite`, nowhere else.

Laws: while a list is read from its files nobody is kept waiting: the archive is held for the moment
in which the list is kept; without `people.sqlite` there are no lists, and looking makes none.

Not here: reading files (`catalogue.match.reading`), what a song is (`catalogue.private_lists`),
matching (`archive.finding.matching`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from phonotheque.archive.opening import PEOPLE, open_to_write
from phonotheque.catalogue.private_lists.gathering import Gathered
from phonotheque.catalogue.private_lists.keeping import Kept, PrivateLists, taken
from phonotheque.errors import BadReferenceError, BadRequestError


@contextmanager
def open_lists(root: Path) -> Iterator[PrivateLists | None]:
    """Open the private lists of an archive to read; None where there is no file for them."""
    if not (root / PEOPLE).exists():
        yield None
        return
    with closing(PrivateLists(root / PEOPLE)) as lists:
        yield lists


@contextmanager
def open_list(root: Path, name: str) -> Iterator[tuple[PrivateLists, Kept]]:
    """Open one list to read.

    Raises:
        BadReferenceError: There is none of this name.
    """
    with open_lists(root) as lists:
        if lists is None:
            raise BadReferenceError(name, "there are no private lists", "See `phono lists add`.")
        yield lists, lists.one(name)


def refuse_taken(root: Path, name: str) -> None:
    """Refuse a name before a long file is read for it.

    Raises:
        ConflictError: A list has it.
    """
    with open_lists(root) as lists:
        if lists is not None and any(one.name == name for one in lists.all()):
            raise taken(name)


def refuse_empty(name: str, gathered: Gathered) -> None:
    """Refuse a list without songs.

    Raises:
        BadRequestError: Nothing was gathered.
    """
    if not gathered.counts.songs:
        todo = "Look at what was refused, or say what it is with --format."
        raise BadRequestError(name, "no song could be read, and nothing was kept", todo)


def keep_list(
    root: Path,
    name: str,
    gathered: Gathered,
    *,
    is_replacing: bool,
    is_patient: bool,
    on_notices: Callable[[tuple[str, ...]], None],
) -> None:
    """Keep what was gathered under a name.

    Raises:
        ConflictError: There is a list of this name, and it is not to be replaced.
        BadRequestError: Nothing was gathered.
        ArchiveBusyError: Another process holds the archive, and `is_patient` is false.
        UnavailableError: The disk refused; it says so where the change is made all the same.
    """
    refuse_empty(name, gathered)
    with open_to_write(root, "keep a private list", is_patient=is_patient) as archive:
        on_notices(archive.notices)
        with closing(PrivateLists(root / PEOPLE)) as lists:
            lists.keep(name, archive.now(), gathered.songs(), is_replacing=is_replacing)


def erase_list(
    root: Path, name: str, *, is_patient: bool, on_notices: Callable[[tuple[str, ...]], None]
) -> Kept:
    """Erase a list; return what it was.

    Raises:
        BadReferenceError: There is none of this name.
        ArchiveBusyError: Another process holds the archive, and `is_patient` is false.
        UnavailableError: The disk refused; it says so where the change is made all the same.
    """
    with open_list(root, name):
        pass  # before the archive is held
    with open_to_write(root, "erase a private list", is_patient=is_patient) as archive:
        on_notices(archive.notices)
        with closing(PrivateLists(root / PEOPLE)) as lists:
            return lists.erase(name)
