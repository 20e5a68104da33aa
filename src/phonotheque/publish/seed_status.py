"""What a seeder says about its volumes: how they stand, and what is wrong with them.

Laws: frozen values; a trouble names the volume and the file, so that it can be mended.

Not here: the engine that makes them (`phonotheque.publish.engine`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import libtorrent as lt


class SeedState(StrEnum):
    """How a volume stands."""

    STARTING = "starting"
    SEEDING = "seeding"
    CHECKING = "checking"  # reading all of it, after damage was met
    PARTIAL = "partial"  # damaged: what is intact is shared
    STOPPED = "stopped"  # nothing is shared until it is added again


@dataclass(frozen=True, slots=True)
class SeedStatus:
    """A volume as it stood a moment ago.

    Attributes:
        name: The volume.
        state: See `SeedState`.
        peers: Connected now.
        uploaded_bytes: Sent since it was added, without protocol.
        upload_bytes_per_s: Lately.
        error: Why it stopped; empty otherwise.
    """

    name: str
    state: SeedState
    peers: int = 0
    uploaded_bytes: int = 0
    upload_bytes_per_s: int = 0
    error: str = ""


class TroubleKind(StrEnum):
    """What was met."""

    DAMAGED = "damaged"  # bytes hash to something else, or are not there
    UNREADABLE = "unreadable"  # the system refused a read: gone, too short, failing disk


@dataclass(frozen=True, slots=True)
class SeedTrouble:
    """Something wrong with a file of a volume; told once for each file and kind.

    Attributes:
        volume: Its name.
        kind: See `TroubleKind`.
        path: The file, relative to the volume's folder.
        piece: The first bad piece of the torrent, None when a whole file is meant.
        reason: The engine's words.
    """

    volume: str
    kind: TroubleKind
    path: str
    piece: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.volume}: {self.path}: {self.kind} ({self.reason}). Run `phono verify`."


@dataclass(frozen=True, slots=True)
class Seeding:
    """A volume that was added.

    Attributes:
        name: The torrent's folder; of a v1-only twin its own name.
        info_hash_v2: 64 hexadecimal digits, its identity; of a twin all zero.
        info_hash_v1: 40 hexadecimal digits, an alias.
        magnet: A link with both (BEP 9), with the trackers and the torrent's web seeds.
    """

    name: str
    info_hash_v2: str
    info_hash_v1: str
    magnet: str


def status_of(name: str, status: lt.torrent_status) -> SeedStatus:
    """Say in our words how libtorrent sees a torrent in upload mode."""
    states = lt.torrent_status.states
    error = status.errc.message().lower() if status.errc.value() else ""
    if error:
        state = SeedState.STOPPED
    elif status.is_finished:
        state = SeedState.SEEDING
    elif status.state == states.downloading:
        state = SeedState.PARTIAL  # it would download, had it not been forbidden
    elif status.state == states.checking_files:
        state = SeedState.CHECKING
    else:
        state = SeedState.STARTING
    return SeedStatus(
        name,
        state,
        status.num_peers,
        status.total_payload_upload,
        status.upload_payload_rate,
        error,
    )
