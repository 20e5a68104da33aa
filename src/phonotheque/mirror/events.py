"""What a mirror did, as it stands in its journal: one value for each kind of line.

Law: a line that was written once can be read for ever; new kinds are added at the end, and fields
only with a default. Not here: writing them, and what follows from them (`journal`).
"""

from __future__ import annotations

import msgspec


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event"):
    """What all lines have: when it was written, UTC."""

    at: str


class Learned(_Event, frozen=True, tag="followed"):
    """A newer index was proven, from this source."""

    seq: int
    sha256: str
    source: str


class Chosen(_Event, frozen=True, tag="chosen"):
    """A torrent begins to be fetched, and why; from now on nothing else takes its room."""

    torrent: str
    reason: str


class Fetched(_Event, frozen=True, tag="fetched"):
    """So much of a torrent is here, every byte of it proven and durable.

    Attributes:
        torrent: Its name.
        files: How many of its files are here now, all together.
        held_bytes: Of these files.
        source: "swarm", "folder", "adopted": where it came from.
        is_whole: Whether nothing that may be here is missing.
    """

    torrent: str
    files: int
    held_bytes: int
    source: str
    is_whole: bool = True


class Checked(_Event, frozen=True, tag="checked"):
    """All that is held of a torrent was read and compared; `damaged` says what was not right."""

    torrent: str
    files: int
    held_bytes: int
    damaged: tuple[str, ...] = ()


class Damaged(_Event, frozen=True, tag="damaged"):
    """A file of a torrent is not what it was, or is missing.

    Attributes:
        torrent: Its name.
        path: The file, below the torrent's folder.
        wrong: What is wrong with it.
        size_bytes: Its length, which is not held any more.
    """

    torrent: str
    path: str
    wrong: str
    size_bytes: int = 0


class Repaired(_Event, frozen=True, tag="repaired"):
    """A file of a torrent is right again, proven and durable; `size_bytes` is its length."""

    torrent: str
    path: str
    source: str
    fetched_bytes: int = 0
    size_bytes: int = 0


class Plenty(_Event, frozen=True, tag="plenty"):
    """Others began to have more copies of a torrent than are needed.

    Attributes:
        torrent: Its name.
        others: How many others have all of it.
        signed_at: By the archive's clock, as it signed it: this machine's own may jump.
    """

    torrent: str
    others: int
    signed_at: str


class Scarce(_Event, frozen=True, tag="scarce"):
    """Others have no plenty of copies of a torrent any more."""

    torrent: str
    others: int


class LetGo(_Event, frozen=True, tag="let-go"):
    """A torrent is not to be here any more; its files go after this line.

    Attributes:
        torrent: Its name.
        reason: Why.
        is_own: Whether this mirror's keeper excluded it.
    """

    torrent: str
    reason: str
    is_own: bool = False


class Gone(_Event, frozen=True, tag="gone"):
    """The files of a torrent that was let go of are off the disk."""

    torrent: str
    freed_bytes: int


class Removed(_Event, frozen=True, tag="removed"):
    """An object goes because of a tombstone, or of this mirror's own exclusion.

    Attributes:
        sha256: Its name.
        size_bytes: Its length.
        reason: Why.
        case: Name of the case at the archive; "" when this mirror excluded it.
        torrents: Torrents that are held and lose it.
        is_own: Whether this mirror's keeper excluded it.
    """

    sha256: str
    size_bytes: int
    reason: str
    case: str = ""
    torrents: tuple[str, ...] = ()
    is_own: bool = False


class Accepted(_Event, frozen=True, tag="accepted"):
    """A person said yes to what went just before; what goes from now on is counted anew."""


Event = (
    Learned
    | Chosen
    | Fetched
    | Checked
    | Damaged
    | Repaired
    | Plenty
    | Scarce
    | LetGo
    | Gone
    | Removed
    | Accepted
)
"""Every line there can be. New ones are added at the end; fields only with a default."""
