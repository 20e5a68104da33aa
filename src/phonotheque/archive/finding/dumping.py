"""The catalogue of an archive written into a folder, whole or what changed; and back from there.

Not here: what a dump consists of (`phonotheque.catalogue.dump`, `phonotheque.catalogue.increment`).
"""

from __future__ import annotations

from pathlib import Path

from phonotheque.archive.finding.serving import FOLDER, serving_snapshot
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.serving import Makers
from phonotheque.catalogue.build.steps import OnProgress
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import Wanted
from phonotheque.catalogue.dump.contents import Contents, read_contents
from phonotheque.catalogue.dump.dumping import Plan, dump, plan
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.dump.layout import FORMS
from phonotheque.catalogue.dump.restoring import restore
from phonotheque.catalogue.increment.applying import apply, look_over
from phonotheque.catalogue.increment.contents import Increment
from phonotheque.catalogue.increment.writing import Outlook, look_ahead, write_increment
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadRequestError
from phonotheque.music.licence import parse_licence

_MAKERS = Makers(build_search_of_parts, build_lookup, build_browse, build_match)


def wish_of(
    sources: tuple[str, ...], licences: tuple[str, ...], forms: tuple[str, ...], jobs: int
) -> Wish:
    """Return what somebody asks for.

    Args:
        licences: As people write them: "CC0", "cc-by-4.0", an address.
        forms: Names of forms; empty: all.

    Raises:
        BadRequestError: There is no such form, or a licence is not understood.
    """
    for form in forms:
        if form not in FORMS:
            raise BadRequestError(form, "it is no form of a dump", f"There are {', '.join(FORMS)}.")
    addresses = tuple(map(_address, licences))
    return Wish(Wanted(sources, addresses), forms or FORMS, Machine(jobs))


def _address(licence: str) -> str:
    found = parse_licence(licence).uri
    if not found:
        todo = "Write it as its deed's address, or as CC0, CC-BY-4.0 ..."
        raise BadRequestError(licence, "it is no licence that is known", todo)
    return found


def plan_dump(root: Path, wish: Wish) -> Plan:
    """Say what a dump of an archive's catalogue would be.

    Raises:
        NoCatalogueError: None was built.
        PhonothequeError: What `catalogue.dump.dumping.plan` raises.
    """
    return plan(serving_snapshot(root), wish)


def dump_catalogue(root: Path, out: Path, wish: Wish, on_progress: OnProgress) -> Contents:
    """Write an archive's catalogue into a folder.

    Raises:
        NoCatalogueError: None was built.
        PhonothequeError: What `catalogue.dump.dumping.dump` raises.
    """
    serving_snapshot(root)
    folder = root / FOLDER
    return dump(folder, LocalDisk(folder), out, wish, on_progress)


def look_ahead_of(root: Path, wish: Wish, since: int) -> Outlook:
    """Say what an increment of an archive's catalogue would be of.

    Raises:
        PhonothequeError: What `catalogue.increment.writing.look_ahead` raises.
    """
    serving_snapshot(root)
    folder = root / FOLDER
    return look_ahead(folder, LocalDisk(folder), wish, since)


def dump_increment(
    root: Path, out: Path, wish: Wish, since: int, on_progress: OnProgress
) -> Increment | None:
    """Write what changed in an archive's catalogue since a dump; None where nothing did.

    Raises:
        PhonothequeError: What `catalogue.increment.writing.write_increment` raises.
    """
    serving_snapshot(root)
    folder = root / FOLDER
    return write_increment(folder, LocalDisk(folder), out, wish, since, on_progress)


def contents_of(folder: Path) -> Contents:
    """Return what a dump says of itself.

    Raises:
        PhonothequeError: What `catalogue.dump.contents.read_contents` raises.
    """
    return read_contents(folder)


def restore_catalogue(root: Path, folder: Path, jobs: int, on_progress: OnProgress) -> Snapshot:
    """Make the catalogue of an archive that has none from a dump.

    Raises:
        PhonothequeError: What `catalogue.dump.restoring.restore` raises.
    """
    return restore(folder, root / FOLDER, _MAKERS, Machine(jobs), on_progress)


def look_over_increments(root: Path, folders: list[Path]) -> list[Increment]:
    """Return increments that may be applied to an archive's catalogue.

    Raises:
        PhonothequeError: What `catalogue.increment.applying.look_over` raises.
    """
    folder = root / FOLDER
    return look_over(folder, LocalDisk(folder), folders)[1]


def apply_increments(
    root: Path, folders: list[Path], jobs: int, on_progress: OnProgress
) -> Snapshot:
    """Apply increments to an archive's catalogue, in the order given.

    Raises:
        PhonothequeError: What `catalogue.increment.applying.apply` raises.
    """
    folder = root / FOLDER
    return apply(folder, LocalDisk(folder), folders, _MAKERS, Machine(jobs), on_progress)
