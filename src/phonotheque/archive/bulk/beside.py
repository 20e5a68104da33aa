"""What came beside recordings, and goes when they do: covers, booklets, logs, notes.

Whose a companion is: of the recordings in its folder and below it; where there are none, of those
in and below the nearest folder above that has some. So scans in a folder of their own are the
release's, and a cover above two discs is of both.

Laws: a companion goes when every recording that it belongs to goes or went, wherever its bytes came
in; one that belongs to a recording that is held stays; `rights.toml` always stays, for it is the
evidence of what was stated, and no door gives it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from phonotheque.music.digest import Sha256
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index

_RIGHTS = "rights.toml"
_FOLDERS = "SELECT DISTINCT folder FROM accession WHERE deposit = ? AND role = ?"
_COMPANIONS = """SELECT DISTINCT sha256 FROM accession
    WHERE deposit = ? AND folder = ? AND role = 'companion'"""
_RECORDINGS = """SELECT a.sha256 FROM accession AS a JOIN object AS o ON o.sha256 = a.sha256
    WHERE a.deposit = ?1 AND a.role = 'recording' AND o.condition != 'removed'
    AND (?2 = '' OR a.folder = ?2 OR (a.folder >= ?2 || '/' AND a.folder < ?2 || '0'))"""
"""'0' is what follows '/': all that begins with a folder's name and a slash."""


class Shared(NamedTuple):
    """A companion that stays, and how many recordings that are held it belongs to."""

    companion: Held
    recordings: int


class Beside(NamedTuple):
    """Companions of recordings that go: those that go with them, and those that stay."""

    going: tuple[Held, ...]
    staying: tuple[Shared, ...]


def beside(index: Index, objects: Sequence[Held]) -> Beside:
    """Say what becomes of the companions of objects that go, or went already.

    Cost: a pass over the folders of each deposit that one of them came with, and over the
    recordings that a companion belongs to.
    """
    owning = _Owning(index, frozenset(one.sha256 for one in objects))
    going, staying = [], []
    for name in sorted(set(_companions(index, owning, objects)) - owning.leaving):
        held = index.held(name)
        if held is None or held.role is not Role.COMPANION or held.condition == "removed":
            continue
        paths = [one.path for one in index.accessions(name)]
        if any(PurePosixPath(path).name == _RIGHTS for path in paths):
            continue
        if others := owning.others(name):
            staying.append(Shared(held, others))
        else:
            going.append(held)
    return Beside(tuple(going), tuple(staying))


def _companions(index: Index, owning: _Owning, objects: Sequence[Held]) -> Iterator[Sha256]:
    """Names of companions of these recordings; one may come again."""
    places = {
        (one.deposit, folder)
        for held in objects
        if held.role is Role.RECORDING
        for one in index.accessions(held.sha256)
        for folder in _upwards(_folder(one.path))
    }
    for deposit in {deposit for deposit, _ in places}:
        for (folder,) in index.db.execute(_FOLDERS, (deposit, Role.COMPANION)).fetchall():
            if (deposit, owning.home(deposit, folder)) in places:
                rows = index.db.execute(_COMPANIONS, (deposit, folder))
                yield from (Sha256(name) for (name,) in rows.fetchall())


class _Owning:
    """Which recordings a companion belongs to, asked of the index once for each folder."""

    def __init__(self, index: Index, leaving: frozenset[Sha256]) -> None:
        self._index = index
        self.leaving = leaving
        self._populated = cache(self._find_populated)
        self._staying = cache(self._find_staying)

    def home(self, deposit: int, folder: str) -> str:
        """The folder whose recordings, in it and below, the companions of a folder belong to."""
        populated = self._populated(deposit)
        return next((one for one in _upwards(folder) if one in populated), "")

    def others(self, companion: Sha256) -> int:
        """How many recordings that stay it belongs to."""
        found: set[Sha256] = set()
        for one in self._index.accessions(companion):
            found |= self._staying(one.deposit, self.home(one.deposit, _folder(one.path)))
        return len(found)

    def _find_populated(self, deposit: int) -> frozenset[str]:
        rows = self._index.db.execute(_FOLDERS, (deposit, Role.RECORDING))
        return frozenset(above for (folder,) in rows for above in _upwards(folder))

    def _find_staying(self, deposit: int, folder: str) -> frozenset[Sha256]:
        rows: Iterable[tuple[bytes]] = self._index.db.execute(_RECORDINGS, (deposit, folder))
        return frozenset(Sha256(name) for (name,) in rows) - self.leaving


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _upwards(folder: str) -> Iterator[str]:
    """A folder, the one it is in, and so on to the root of the deposit, which is ""."""
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""
