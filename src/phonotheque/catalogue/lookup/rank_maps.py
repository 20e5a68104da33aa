"""From ids to ranks, for a build: an array in a file for each kind, four bytes an id.

The file is mapped and not held: at 256 million recordings it is 1 GB of cache that the system may
take back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, mapped_array, parts_in, translated
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.blocks import IDS
from phonotheque.errors import MalformedError

Integers = npt.NDArray[np.int64]

MOST_IDS = 1 << 30
"""Ids of one table; with the kind they make a value of four bytes in the index of gids."""

_RANKS_IN_WORD = 2
"""Ranks of four bytes in a number of eight, of which mapped arrays are made."""


class RankMap:
    """The rank of every id of one kind. 0 is "no card"."""

    def __init__(self, ranks: npt.NDArray[np.uint32]) -> None:
        self._ranks = ranks

    def __len__(self) -> int:
        return len(self._ranks)

    def of(self, ids: Integers) -> Integers:
        """Return the ranks of ids; 0 for an id that is not known."""
        inside = (ids >= 0) & (ids < len(self._ranks))
        found: Integers = self._ranks[np.where(inside, ids, 0)].astype(np.int64)
        found[~inside] = 0
        return found

    def block(self, block: int) -> bytes:
        """Return the ranks of a block of ids as a list of `blocks`."""
        return self._ranks[block * IDS : (block + 1) * IDS].astype(">u4").tobytes()


def make_rank_map(snapshot: Path, kind: Kind, scratch: Path) -> RankMap:
    """Read which rank the card of each id has; a member of a group has that of the group's card.

    Raises:
        MalformedError: Ids or ranks are not what a snapshot's are.
    """
    cards = parts_in(snapshot / "cards" / kind)
    rows = _rows(snapshot, kind)
    path = scratch / f"{kind}.ranks"
    with translated(str(path)):
        ranks = mapped_array(path, (rows // _RANKS_IN_WORD,)).view(np.uint32)
    ranks[:] = 0
    for batch in batches_of(cards, ["id", "rank"]):
        ranks[batch["id"].to_numpy()] = batch["rank"].to_numpy()
    found = RankMap(ranks)
    for batch in batches_of(_canonical(snapshot)):
        mask = pc.equal(batch["entity_type"].cast("string"), str(kind))
        group = batch.filter(mask)
        ids = group["id"].to_numpy()
        inside = ids < rows
        ranks[ids[inside]] = found.of(group["canonical"].to_numpy()[inside])
    return found


def _canonical(snapshot: Path) -> list[Path]:
    path = snapshot / "tables" / "canonical.parquet"
    return [path] if path.is_file() else []


def _rows(snapshot: Path, kind: Kind) -> int:
    """Return how many ids there may be, in whole blocks."""
    last = -1
    for folder in ("cards", "tables"):
        for batch in batches_of(parts_in(snapshot / folder / kind), ["id"], rows=1 << 20):
            if batch.num_rows:
                bounds = pc.min_max(batch["id"]).as_py()
                if bounds["min"] < 0 or bounds["max"] >= MOST_IDS:
                    raise MalformedError(
                        str(snapshot / folder / kind),
                        f"an id is not between 0 and {MOST_IDS:,}",
                        "Build the catalogue again.",
                    )
                last = max(last, bounds["max"])
    return (last // IDS + 1) * IDS or IDS
