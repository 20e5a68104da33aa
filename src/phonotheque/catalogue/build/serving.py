"""What is made from cards: the census, their order of rank, search files, the file of ids ...

Nothing here knows where the cards came from, so that a dump is restored by the same steps. Each
step takes over what an earlier run made whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from phonotheque.catalogue import census
from phonotheque.catalogue.build.census_making import make_census
from phonotheque.catalogue.build.engines import Opens, on_one_machine
from phonotheque.catalogue.build.steps import Pace
from phonotheque.catalogue.bulk import Progress, parts_in, rows_of, translated
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.ranking import rank_cards

IDS = "ids.db"
"""Name of the file of ids."""

BROWSE = "browse.db"
"""Name of the file of shelves."""

MATCH = "match.db"
"""Name of the file by which lists are matched."""

WEIGHTS = {
    "taking the census": 4.0,
    "ranking": 5.0,
    "making search files": 12.0,
    "making look-up files": 8.0,
    "making shelves to browse": 4.0,
    "making keys to match by": 8.0,
}
"""Steps of `count_and_rank` and `make_serving`, and what they take: CPU seconds for a million
recordings, roughly."""


class SearchMaker(Protocol):
    """Makes search files: `phonotheque.catalogue.search.build.build_search_of_parts`."""

    def __call__(
        self, parts: list[Path], folder: Path, *, jobs: int, on_progress: Callable[[int, int], None]
    ) -> None:
        """Make `folder` from parts of cards in order of rank."""


class LookupMaker(Protocol):
    """Makes the file of ids: `phonotheque.catalogue.lookup.build.build_lookup`."""

    def __call__(self, snapshot: Path, out: Path, on_progress: Progress, /) -> None:
        """Make `out` from the tables and cards in `snapshot`."""


class BrowseMaker(Protocol):
    """Makes the file of shelves: `phonotheque.catalogue.browse.build.build_browse`."""

    def __call__(self, snapshot: Path, out: Path, on_progress: Progress, /) -> None:
        """Make `out` from the tables and cards in `snapshot`."""


class MatchMaker(Protocol):
    """Makes the file by which lists are matched: `catalogue.match.build.build_match`."""

    def __call__(self, snapshot: Path, out: Path, on_progress: Progress, /) -> None:
        """Make `out` from the cards in `snapshot`."""


@dataclass(frozen=True, slots=True)
class Makers:
    """Who makes what serves: rooms that this one does not know."""

    search: SearchMaker
    lookup: LookupMaker
    browse: BrowseMaker
    match: MatchMaker


def count_and_rank(
    unranked: Callable[[Kind], Path],
    snapshot: Path,
    work: tuple[Path, Machine],
    pace: Pace,
    opens: Opens = on_one_machine,
) -> None:
    """Make the census of cards, and put those of each kind in order of rank.

    Args:
        unranked: Folder of the cards of a kind, in any order. They are consumed: a run that goes
            on takes what is left.
        snapshot: Folder of the snapshot in the making, with `tables`.
        work: Folder in which joins may spill, and what they may use.
        pace: Of steps among which are those of `WEIGHTS`.
        opens: Opens the engine that joins for the census.
    """
    folder = snapshot / census.FOLDER
    with pace.step("taking the census", is_done=folder.is_dir()) as tell:
        make_census(snapshot, unranked, folder, work, tell, opens)
    with pace.step("ranking", is_done=_are_ranked(snapshot)) as tell:
        _rank_all(unranked, snapshot, work[1], tell)


def _rank_all(
    unranked: Callable[[Kind], Path], snapshot: Path, machine: Machine, on_progress: Progress
) -> None:
    """Put the cards of each kind in order of rank, below `<snapshot>/cards`."""
    folder = snapshot / "cards"
    with translated(str(folder)):
        folder.mkdir(exist_ok=True)
    for kind, tell in _shared(lambda kind: parts_in(unranked(kind)), on_progress):
        rank_cards(
            parts_in(unranked(kind)),
            folder / kind.value,
            rows_in_memory=machine.rows_in_memory,
            is_consuming=True,
            on_progress=tell,
        )


def _are_ranked(snapshot: Path) -> bool:
    return all((snapshot / "cards" / kind.value).is_dir() for kind in Kind)


def make_serving(snapshot: Path, makers: Makers, machine: Machine, pace: Pace) -> None:
    """Make what search and look-up read, below `<snapshot>/serving`.

    Args:
        snapshot: Folder with `tables`, and `cards` in order of rank.
        pace: Of steps among which are those of `WEIGHTS`.
    """
    serving = snapshot / "serving"
    with translated(str(serving)):
        serving.mkdir(exist_ok=True)
    is_done = all((serving / kind.value).is_dir() for kind in Kind)
    with pace.step("making search files", is_done=is_done) as tell:
        for kind, tell_kind in _shared(lambda kind: parts_in(snapshot / "cards" / kind), tell):
            if not (serving / kind.value).is_dir():
                parts = parts_in(snapshot / "cards" / kind.value)
                makers.search(
                    parts,
                    serving / kind.value,
                    jobs=machine.jobs,
                    on_progress=lambda done, rows, tell=tell_kind: tell(done / max(rows, 1)),  # type: ignore[misc]
                )
    is_done = (serving / IDS).exists()
    with pace.step("making look-up files", is_done=is_done) as tell:
        if not is_done:
            makers.lookup(snapshot, serving / IDS, tell)
    is_done = (serving / BROWSE).exists()
    with pace.step("making shelves to browse", is_done=is_done) as tell:
        if not is_done:
            makers.browse(snapshot, serving / BROWSE, tell)
    is_done = (serving / MATCH).exists()
    with pace.step("making keys to match by", is_done=is_done) as tell:
        if not is_done:
            makers.match(snapshot, serving / MATCH, tell)


def _shared(parts: Callable[[Kind], list[Path]], tell: Progress) -> Iterator[tuple[Kind, Progress]]:
    """Give each kind, with what takes its progress as its cards' share of the whole."""
    rows = {kind: sum(map(rows_of, parts(kind))) for kind in Kind}
    whole, before = max(sum(rows.values()), 1), 0
    for kind in Kind:
        base, mine = before / whole, rows[kind] / whole
        yield kind, lambda share, base=base, mine=mine: tell(base + mine * share)  # type: ignore[misc]
        before += rows[kind]
