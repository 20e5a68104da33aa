"""Values of what one item has beside its facts: the torrent of its release, what people report.

Laws: a torrent of a release has only what may be shared in torrents at the moment it is made, and
says of each other track why it is not in it; a report names no more of a person than that person
wrote.

Not here: the facts of an item (`phonotheque.listen.item_values`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from phonotheque.music.digest import Sha256


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A track that is not in its release's torrent, and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseTorrent:
    """A release as a torrent of its own, with names for people.

    Attributes:
        gid: Of the release.
        data: Bytes of the .torrent file.
        name: Its folder.
        magnet: A link to it.
        info_hash_v2: 64 hexadecimal digits.
        size_bytes: Of its files, without padding.
        paths: Which object stands under which path, parts of it below the folder.
        texts: Files that are made and not held, by path: the licences of what is in it.
        left_out: Tracks that are not in it.
    """

    gid: UUID
    data: bytes
    name: str
    magnet: str
    info_hash_v2: str
    size_bytes: int
    paths: Mapping[tuple[str, ...], Sha256]
    texts: Mapping[tuple[str, ...], bytes]
    left_out: tuple[LeftOut, ...]


class Concern(StrEnum):
    """What a report is about."""

    REMOVE = "remove"
    CORRECT = "correct"
    RESERVE = "reserve"
    DAMAGED = "damaged"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote in a form.

    Attributes:
        concern: What about.
        items: Which recordings, by gid.
        words: What was written.
        name: Who wrote, as they say; may be "".
        contact: Where they can be written to; may be "".
        is_sworn: Whether they said that it is true and that the rights are theirs.
    """

    concern: Concern
    items: tuple[UUID, ...]
    words: str
    name: str = ""
    contact: str = ""
    is_sworn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A message that was taken.

    Attributes:
        number: Its name, which nobody can guess.
        at: When it came, UTC.
        message: What was written; its name and contact are "" once they were forgotten.
        closed_at: When an operator closed it, UTC; "" while it is open.
        answer: What the operator answered.
    """

    number: str
    at: str
    message: Message
    closed_at: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was removed for one request, and what was said against it.

    Attributes:
        case: Its name; "" for removals of before there were cases.
        at: When, UTC.
        reason: Why, as everybody may read it.
        items: Up to 20 of the recordings, by gid and title.
        objects: How many files were removed.
        objections: When somebody contradicted, and what they said.
    """

    case: str
    at: str
    reason: str
    items: tuple[tuple[UUID, str], ...]
    objects: int
    objections: tuple[tuple[str, str], ...] = ()
