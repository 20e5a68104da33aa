"""Gids that were given up: what stands for them now, and which were withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from phonotheque.catalogue.bulk import batches_of, parts_in

LONGEST_CHAIN = 16
"""Redirects that are followed one after the other. A longer chain is refused, as a circle is."""

Gids = npt.NDArray[np.bytes_]


def redirect_rows(snapshot: Path) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return each old gid with the one that stands for it at last, in order, and how many were
    refused because they lead in a circle or through more than `LONGEST_CHAIN` others.

    Cost: 40 bytes of memory for each redirect.
    """
    old, new = _gids(snapshot)
    order = np.argsort(old, kind="stable")
    old, new = old[order], new[order]
    is_first = np.ones(len(old), bool)
    is_first[1:] = old[1:] != old[:-1]
    old, new = old[is_first], new[is_first]
    heirs, at = new, _where(old, new)
    for _ in range(LONGEST_CHAIN - 1):
        if not len(old) or at.max() < 0:
            break
        heirs = np.where(at >= 0, new[at], heirs)
        at = _where(old, heirs)
    is_good = at < 0
    pairs = zip(_whole(old[is_good]), _whole(heirs[is_good]), strict=True)
    return list(pairs), int((~is_good).sum())


def tombstone_rows(snapshot: Path) -> Iterator[tuple[bytes, str, str | None, str | None, str]]:
    """Give gid, table, reason, public note and date of everything that was withdrawn."""
    names = ["gid", "entity_type", "reason", "public_note", "decided_at"]
    for batch in batches_of(parts_in(snapshot / "tables" / "removal"), names):
        yield from zip(*(batch[name].to_pylist() for name in names), strict=True)


def _gids(snapshot: Path) -> tuple[Gids, Gids]:
    parts = parts_in(snapshot / "tables" / "gid_redirect")
    batches = [batch.drop_null() for batch in batches_of(parts, ["old_gid", "new_gid"])]
    return _column(batches, "old_gid"), _column(batches, "new_gid")


def _column(batches: list[pa.RecordBatch], name: str) -> Gids:
    raw = b"".join(b"".join(batch[name].to_pylist()) for batch in batches)
    return np.frombuffer(raw, "S16")


def _whole(gids: Gids) -> list[bytes]:
    """Return gids with the zeros at their ends that numpy leaves out."""
    return [gid.ljust(16, b"\0") for gid in gids.tolist()]


def _where(old: Gids, gids: Gids) -> npt.NDArray[np.int64]:
    """Return where each gid stands among the old ones, -1 where it does not."""
    if not len(old):
        return np.empty(0, np.int64)
    at = np.searchsorted(old, gids).clip(0, len(old) - 1)
    found: npt.NDArray[np.int64] = np.where(old[at] == gids, at, -1)
    return found
