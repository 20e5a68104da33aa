"""Making `match.db` from a snapshot: one pass over the cards of recordings, one over artists.

The file is made in a folder beside its place and renamed when it is whole and durable. Memory does
not grow with the catalogue: sorting spills to files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import Progress, batches_of, made_beside, parts_in, rows_of
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.block_writer import blocks
from phonotheque.catalogue.lookup.pairs import Pairs
from phonotheque.catalogue.match import keys
from phonotheque.catalogue.match.forms import skeletons, title_skeleton
from phonotheque.catalogue.match.schema import NAME, PAIR, TABLES, TITLE
from phonotheque.catalogue.sqlite_making import filling

Integers = npt.NDArray[np.int64]

_KEPT_CREDITS = 1 << 19
"""Credits whose hashes are remembered, some 130 MB: cards come by popularity, so a credit comes
again and again, and forming one takes ten times as long as remembering it."""

_READ = 0.7
"""Share of the time that reading cards takes; the rest is sorting and writing."""


def build_match(
    snapshot: Path,
    out: Path,
    on_progress: Progress = lambda _: None,
    *,
    machine: Machine = Machine(),  # noqa: B008  # frozen
) -> None:
    """Make the match file of a snapshot.

    Args:
        snapshot: Folder with ranked `cards`.
        out: Path of the file; one that stands there is replaced.
        on_progress: Is told which share is done, 0 to 1.
        machine: What sorting may use.

    Raises:
        MalformedError: Cards are not what a snapshot has.
        DiskFullError: No room is left; nothing is at `out` that was not there before.
    """
    with made_beside(out) as path, filling(path, TABLES) as db:
        taken = {name: Pairs(path.parent / name, machine) for name in (PAIR, TITLE, NAME)}
        for share in _recordings(snapshot, taken[PAIR], taken[TITLE]):
            on_progress(share * _READ)
        _artists(snapshot, taken[NAME])
        for place, (name, pairs) in enumerate(taken.items(), start=1):
            db.executemany(f"INSERT INTO {name} VALUES (?, ?)", blocks(pairs.in_order()))
            on_progress(_READ + (1 - _READ) * place / len(taken))
    on_progress(1.0)


def _recordings(snapshot: Path, pairs: Pairs, titles: Pairs) -> Iterator[float]:
    """Take the keys of all recordings; give the share that is done."""
    parts, done = parts_in(snapshot / "cards" / Kind.RECORDING), 0
    rows = max(sum(map(rows_of, parts)), 1)
    for batch in batches_of(parts, ["rank", "title", "credit"]):
        ranks = batch["rank"].to_numpy()
        of_title = _hashed(batch["title"], _skeletons)
        titles.add(keys.single_keys(of_title), ranks)
        whole, first = _hashed_credits(batch["credit"])
        pairs.add(keys.pair_keys(of_title, whole), ranks)
        several = whole != first
        pairs.add(keys.pair_keys(of_title[several], first[several]), ranks[several])
        done += len(ranks)
        yield done / rows


def _artists(snapshot: Path, names: Pairs) -> None:
    for batch in batches_of(parts_in(snapshot / "cards" / Kind.ARTIST), ["rank", "title"]):
        whole, _ = _hashed_credits(batch["title"])
        names.add(keys.single_keys(whole), batch["rank"].to_numpy())


def _skeletons(texts: list[str]) -> Iterator[str]:
    return map(title_skeleton, texts)


def _hashed(texts: pa.Array, forms: Any) -> keys.Hashes:
    """Return the hash of the form of each text; each distinct text is formed once."""
    coded = pc.fill_null(texts, "").dictionary_encode()
    distinct = coded.dictionary.to_pylist()
    hashes = keys.hashes_of(forms(distinct), len(distinct))
    chosen: keys.Hashes = hashes[coded.indices.to_numpy()]
    return chosen


def _hashed_credits(texts: pa.Array) -> tuple[keys.Hashes, keys.Hashes]:
    """Return the hashes of whole credits, and of the first named in each."""
    coded = pc.fill_null(texts, "").dictionary_encode()
    indices = coded.indices.to_numpy()
    hashes = np.array([_credit_hashes(text) for text in coded.dictionary.to_pylist()], np.uint64)
    whole, first = hashes.reshape(-1, 2).T
    return whole[indices], first[indices]


@lru_cache(_KEPT_CREDITS)
def _credit_hashes(text: str) -> tuple[int, int]:
    whole, first = skeletons(text)
    hashed = keys.text_hash(whole)
    return hashed, hashed if first == whole else keys.text_hash(first)
