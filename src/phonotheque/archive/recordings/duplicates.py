"""Groups of recordings that are alike: the same bytes, the same payload, the same recording.

Laws: nothing is merged and nothing thrown away on account of a group; the same archive gives the
same groups in the same order. "Likely" and "related" are pairs, never chains: what is related to
something related need not be related.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from phonotheque.music.digest import Sha256
from phonotheque.music.likeness import Likeness
from phonotheque.music.preference import Choice, Copy, choose
from phonotheque.register import kinship
from phonotheque.register.events import Link
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


class Kind(StrEnum):
    """In what way the members of a group are alike."""

    BYTES = "bytes"
    PAYLOAD = "payload"
    RECORDING = "recording"
    LIKELY = "likely"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Member:
    """One recording of a group.

    Attributes:
        paths: Where it came from, first time first.
        bit_errors: Share of fingerprint bits that differ from the recording it is nearest to in
            the group; None when no fingerprint was needed to tell.
    """

    held: Held
    paths: tuple[str, ...]
    bit_errors: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings that are alike, the best one first."""

    kind: Kind
    members: tuple[Member, ...]
    reason: str


def groups(index: Index) -> Iterator[Group]:
    """Every group there is, the surest kind first."""
    for name in kinship.taken_in_often(index):
        if held := _held(index, name):
            yield Group(Kind.BYTES, (Member(held, _paths(index, name), None),), "they are one file")
    twins = kinship.payload_twins(index)
    for names in twins:
        yield _group(index, Kind.PAYLOAD, names, ())
    links = kinship.links(index)
    same = [link for link in links if link.likeness is Likeness.SAME]
    yield from _recordings(index, twins, same)
    for link in links:
        if link.likeness in (Likeness.LIKELY, Likeness.RELATED):
            pair = (Sha256.parse(link.sha256), Sha256.parse(link.other))
            yield _group(index, Kind(link.likeness.value), pair, (link,))


def _recordings(index: Index, twins: list[tuple[Sha256, ...]], same: list[Link]) -> Iterator[Group]:
    """Groups joined by links; twins of one payload alone were told already."""
    pairs = [(Sha256.parse(link.sha256), Sha256.parse(link.other)) for link in same]
    known = {frozenset(names) for names in twins}
    payloads = [(names[0], other) for names in twins for other in names[1:]]
    for names in _connected([*pairs, *payloads]):
        if frozenset(names) not in known:
            yield _group(index, Kind.RECORDING, names, same)


def _connected(pairs: Iterable[tuple[Sha256, Sha256]]) -> list[tuple[Sha256, ...]]:
    """Sets of names that pairs join, in the order of their first mention."""
    home: dict[Sha256, list[Sha256]] = {}
    for one, other in pairs:
        left, right = home.setdefault(one, [one]), home.setdefault(other, [other])
        if left is not right:
            left.extend(right)
            for name in right:
                home[name] = left
    distinct = {id(names): tuple(names) for names in home.values()}
    return list(distinct.values())


def _group(index: Index, kind: Kind, names: Iterable[Sha256], links: Iterable[Link]) -> Group:
    nearest: dict[str, float] = {}
    for link in links:
        for name in (link.sha256, link.other):
            nearest[name] = min(nearest.get(name, 1.0), link.bit_errors)
    members = [
        Member(held, _paths(index, held.sha256), nearest.get(held.sha256.hex))
        for held in filter(None, (_held(index, name) for name in names))
    ]
    choice = _choice(members)

    def place(member: Member) -> tuple[bool, int]:
        return member.held.sha256.hex != choice.best.name, member.held.first_seq

    return Group(kind, tuple(sorted(members, key=place)), choice.reason)


def _choice(members: Iterable[Member]) -> Choice:
    return choose(
        [
            Copy(
                held.sha256.hex,
                held.condition == "intact",
                held.technical,
                held.integrity,
                held.sound,
                held.first_seq,
            )
            for held in (member.held for member in members)
        ]
    )


def _held(index: Index, name: Sha256) -> Held | None:
    held = index.held(name)
    return held if held is not None and held.condition != "removed" else None


def _paths(index: Index, name: Sha256) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.path for one in index.accessions(name)))
