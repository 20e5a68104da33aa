"""Groups of entities that are one, from links that join.

Laws: what is joined does not depend on the order of the links given: they are taken in order of
confidence, reason and ids; two entities of one source come into one group only for a reason that
holds within a source; those that were split by hand never do, whatever lies between them; each
group has one that speaks for it.

Most groups are whole at once (`_components`, arrays only). Those in which a law is broken are put
together again link by link.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.epoch import Integers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Links:
    """Links that are sure enough, the surest first. Arrays of one length.

    Attributes:
        one: Id of the one end.
        other: Id of the other.
        is_within: Whether the reason holds within one source.
    """

    one: Integers
    other: Integers
    is_within: Flags


@dataclass(frozen=True, slots=True)
class Nodes:
    """The ends of links: ids, rising, and the number and priority of the source of each.

    The lowest priority speaks for a group, then the lowest id.
    """

    ids: Integers
    sources: Integers
    priorities: Integers


@dataclass(frozen=True, slots=True)
class Groups:
    """What links come to.

    Attributes:
        is_joined: For each link whether its ends are in one group by it.
        ids: Ids that another speaks for, rising.
        canonical: Who speaks for each of them.
    """

    is_joined: Flags
    ids: Integers
    canonical: Integers


def group(links: Links, nodes: Nodes, splits: Iterable[tuple[int, int]] = ()) -> Groups:
    """Group the ends of links.

    Args:
        splits: Pairs of ids that were split by hand.
    """
    one = np.searchsorted(nodes.ids, links.one)
    other = np.searchsorted(nodes.ids, links.other)
    labels = _components(len(nodes.ids), one, other)
    apart = _places(nodes.ids, splits)
    doubtful = _doubtful(labels, nodes.sources, one[links.is_within], apart)
    is_joined = np.ones(len(one), bool)
    careful = np.flatnonzero(np.isin(labels[one], doubtful))
    if len(careful):
        sets = _Sets(nodes.sources, apart)
        for link in careful.tolist():
            is_joined[link] = sets.join(
                int(one[link]), int(other[link]), is_within=bool(links.is_within[link])
            )
        labels = _components(len(nodes.ids), one[is_joined], other[is_joined])
        # a link that was refused may lie within a group that others joined
        is_joined |= labels[one] == labels[other]
    return Groups(is_joined, *_speakers(labels, nodes))


def _components(count: int, one: Integers, other: Integers) -> Integers:
    """Return the lowest node of each node's component: labels sink along links until all rest."""
    labels = np.arange(count)
    while True:
        low = np.minimum(labels[one], labels[other])
        sunk = labels.copy()
        np.minimum.at(sunk, labels[one], low)
        np.minimum.at(sunk, labels[other], low)
        while True:  # jump to the label's own label
            further = sunk[sunk]
            if (further == sunk).all():
                break
            sunk = further
        if (sunk == labels).all():
            return labels
        labels = sunk


def _places(ids: Integers, pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Pairs of ids as places among the nodes, in both directions; those without links left out."""
    apart: dict[int, set[int]] = defaultdict(set)
    for pair in pairs:
        at = np.searchsorted(ids, pair)
        if (at < len(ids)).all() and (ids[at] == pair).all():
            apart[int(at[0])].add(int(at[1]))
            apart[int(at[1])].add(int(at[0]))
    return apart


def _doubtful(
    labels: Integers, sources: Integers, within: Integers, apart: dict[int, set[int]]
) -> Integers:
    """Labels of components that have two entities of one source, or a pair that was split."""
    order = np.lexsort((sources, labels))
    same = (np.diff(labels[order]) == 0) & (np.diff(sources[order]) == 0)
    split = [labels[a] for a, others in apart.items() for b in others if labels[a] == labels[b]]
    twice = labels[order][1:][same]
    return np.unique(np.concatenate([twice, labels[within], np.array(split, np.int64)]))


class _Sets:
    """Sets that grow by links, unless a law forbids it."""

    def __init__(self, sources: Integers, apart: dict[int, set[int]]) -> None:
        self._sources = sources
        self._apart = apart
        self._of: dict[int, int] = {}
        self._members: dict[int, set[int]] = {}
        self._sources_of: dict[int, set[int]] = {}

    def join(self, one: int, other: int, *, is_within: bool) -> bool:
        """Join the sets of two nodes; return whether they are one set now."""
        a, b = self._set_of(one), self._set_of(other)
        if a == b:
            return True
        if not is_within and self._sources_of[a] & self._sources_of[b]:
            return False
        small, large = sorted((a, b), key=lambda name: len(self._members[name]))
        mine, theirs = self._members[small], self._members[large]
        if any(self._apart[member] & theirs for member in mine if member in self._apart):
            return False
        theirs |= mine
        self._sources_of[large] |= self._sources_of.pop(small)
        for member in self._members.pop(small):
            self._of[member] = large
        return True

    def _set_of(self, node: int) -> int:
        if node not in self._of:
            self._of[node] = node
            self._members[node] = {node}
            self._sources_of[node] = {int(self._sources[node])}
        return self._of[node]


def _speakers(labels: Integers, nodes: Nodes) -> tuple[Integers, Integers]:
    order = np.lexsort((nodes.ids, nodes.priorities, labels))
    is_first = np.r_[True, np.diff(labels[order]) != 0] if len(order) else np.empty(0, bool)
    speaker = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    ids, canonical = nodes.ids[order], nodes.ids[order][speaker]
    away = ids != canonical
    by_id = np.argsort(ids[away])
    return ids[away][by_id], canonical[away][by_id]
