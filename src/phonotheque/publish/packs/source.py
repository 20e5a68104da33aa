"""Where the things of a kind of pack come from: the port between the kinds and the making.

Not here: the kinds themselves (`facts`, `art`, `overlays`, `patches`, `register_extract`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec

from phonotheque.publish.packs.form import PackKind


class Wanted(NamedTuple):
    """A thing that a pack should hold now.

    Attributes:
        key: What it is found by; all keys of a kind have one length.
        version: 16 hexadecimal digits that are others when the thing says something else.
        order: A number; things lie in a pack in this order, so that neighbours compress well.
        is_passing: It will be another one soon: it gets a pack of its own.
    """

    key: str
    version: str
    order: int
    is_passing: bool = False


class Content(NamedTuple):
    """A thing as a pack holds it: its bytes, and the kind's own columns of the index."""

    data: bytes
    extra: tuple[str, ...] = ()


class PackSource(Protocol):
    """All things of one kind that may be given away now.

    The answers belong to one moment: nothing is written to the archive between them.

    Attributes:
        kind: What kind of pack they go into.
        columns: Names of the kind's own columns of the index.
        may_be_stale: Whether an older version of a thing may stay in an older pack for a while,
            since a newer pack speaks for it.
    """

    kind: PackKind
    columns: tuple[str, ...]
    may_be_stale: bool

    def wanted(self) -> Iterator[Wanted]:
        """All of them, in order of key, each once; memory stays bounded."""

    def content(self, key: str) -> Content | None:
        """One of them; None when it cannot be had."""

    def is_there(self, _key: str, /) -> bool:
        """Whether what one of them is made of is here, intact. What is not can be repaired.

        What is made of the index or of the register alone is: both were checked.
        """
        return True


def version_of(*parts: bytes | str | int | None) -> str:
    """Return 16 hexadecimal digits that tell what a thing is made of from anything else."""
    return hashlib.sha256(_encode(parts)).hexdigest()[:16]


_encode = msgspec.msgpack.Encoder().encode  # tells apart what a joined text would not
