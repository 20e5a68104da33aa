"""What was dumped, kept so that it can be said later what changed since.

Below `dumped/` in the catalogue stands, for each choice of sources, a folder named by the sequence
number of a dump: its tables, which are second names of files that the snapshot has anyway, and
`state.json` with their digests. They take room from when the snapshot is gone. The last two stay,
and the one that the last increment began with: so it can be made again.

Laws: nothing here is needed to serve or to build; what is lost costs a full dump, and no more. A
state has its name when it is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from phonotheque.catalogue.build.steps import make_once
from phonotheque.catalogue.bulk import parts_in, remove_tree, translated
from phonotheque.catalogue.dump.checks import check_form
from phonotheque.catalogue.dump.choosing import Wanted
from phonotheque.catalogue.dump.layout import FORMAT
from phonotheque.catalogue.dump.ordered import ACROSS
from phonotheque.catalogue.epoch import link_or_copy
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES
from phonotheque.errors import FormatTooOldError, MalformedError, NotHeldError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.store.lock import hold_folder

FOLDER = "dumped"

_STATE = "state.json"
_KEPT = 2
_ANEW = "Make a full dump: it can be followed from there."


class KeptState(msgspec.Struct, frozen=True):
    """`state.json`.

    Attributes:
        sources: Those of the dump, decisions by hand apart.
        tables: Digest of the rows of each table, by its path in a dump.
        next_ids: For each table the lowest number that was no id of the epoch yet.
    """

    snapshot: str
    epoch: str
    sources: tuple[SourceEntry, ...]
    tables: dict[str, str]
    next_ids: dict[str, int]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of a dump that was made here.

    Attributes:
        tables: Folder of its tables, as in a snapshot.
    """

    state: KeptState
    tables: Path


def keep(root: Path, wanted: Wanted, sequence: int, tables: Path, state: KeptState) -> None:
    """Keep the state of a dump.

    What stands there and is another one, or cannot be read, is replaced.

    Args:
        root: Folder of the catalogue.
        wanted: What was asked for: a choice has states of its own.
        tables: Folder of tables that nobody changes.

    Raises:
        ArchiveBusyError: Another dump keeps its state at this moment; run again.
    """
    folder = root / FOLDER / _choice(wanted)
    with translated(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    with hold_folder(folder, "a dump"):
        if not _is_kept(folder, sequence, state):
            remove_tree(folder / str(sequence))
            make_once(folder / str(sequence), lambda out: _link(tables, out, state))


def forget_old(root: Path, wanted: Wanted, base: int = 0) -> None:
    """Remove all states of a choice but the last two, when what was dumped is whole.

    Args:
        root: Folder of the catalogue.
        base: One that stays, too: the number that an increment begins with.

    Raises:
        ArchiveBusyError: Another dump keeps its state at this moment; run again.
    """
    folder = root / FOLDER / _choice(wanted)
    with hold_folder(folder, "a dump"):
        for old in _sequences(folder)[:-_KEPT]:
            if old != base:
                remove_tree(folder / str(old))


def kept(root: Path, wanted: Wanted, sequence: int) -> Kept:
    """Return the state of a dump that was made here.

    Raises:
        NotHeldError: It is not kept.
        FormatTooOldError: An earlier program kept it.
        FormatTooNewError: A later one did.
        MalformedError: It is damaged.
    """
    folder = root / FOLDER / _choice(wanted)
    there = _sequences(folder)
    if sequence not in there:
        said = f"kept are those of {', '.join(map(str, there))}" if there else "none is kept"
        raise NotHeldError(
            f"dump {sequence}", f"its state is not kept here: {said}, of these sources", _ANEW
        )
    return _read(folder, sequence)


def _is_kept(folder: Path, sequence: int, state: KeptState) -> bool:
    try:
        return (folder / str(sequence)).is_dir() and _read(folder, sequence).state == state
    except (MalformedError, FormatTooOldError):
        return False


def _read(folder: Path, sequence: int) -> Kept:
    path = folder / str(sequence) / _STATE
    if not path.is_file():
        raise MalformedError(str(path), "it is not there", _ANEW)
    try:
        with translated(str(path)):
            data = path.read_bytes()
        check_form(path, data, FORMAT, _ANEW, unsaid=1)
        state = msgspec.json.decode(data, type=KeptState)
    except UNDECODABLE as error:
        raise MalformedError(str(path), f"it cannot be read: {error}", _ANEW) from error
    return Kept(state, path.parent / "tables")


def _choice(wanted: Wanted) -> str:
    facts = (sorted(set(wanted.names)), sorted(set(wanted.licences)))
    name = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]
    return name if any(facts) else "all"


def _sequences(folder: Path) -> Sequence[int]:
    with translated(str(folder)):
        names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdigit())


def _link(tables: Path, out: Path, state: KeptState) -> None:
    remove_tree(out / "tables")
    for name in TABLES:
        for part in parts_in(tables / name):
            link_or_copy(part, out / "tables" / name / part.name)
    for single in (f"{sheet.name}.parquet" for sheet in ACROSS):
        if (tables / single).exists():
            link_or_copy(tables / single, out / "tables" / single)
    (out / _STATE).write_bytes(msgspec.json.encode(state))
