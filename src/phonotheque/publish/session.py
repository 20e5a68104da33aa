"""A libtorrent session with our settings, and torrents as it takes them.

Laws: pieces are checked by their v2 hashes wherever a torrent has them; nothing here looks after
itself ("auto managed"): what runs and what stands is decided by us.

Source: BEP 3, BEP 5, BEP 9, BEP 14, BEP 19, BEP 29, BEP 52; libtorrent 2.1 `settings_pack`.
Not here: seeding (`phonotheque.publish.engine`), fetching (`phonotheque.publish.fetch`).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import libtorrent as lt

from phonotheque.disk import refusal
from phonotheque.errors import (
    BadReferenceError,
    BadSettingError,
    MalformedError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.music.digest import PIECE_BYTES

_LISTEN_WAIT_S = 60.0
"""Opening a socket takes milliseconds; only an engine that hangs, or a machine that stands still,
takes longer."""

_SECOND_ADDRESS_WAIT_S = 0.5

_NO_V1_CHECKS = 1 << 25
"""`torrent_flags::disable_v1_hashes`, which the Python binding does not name: the v2 hashes prove
the same bytes, and checking both costs a third more processor time."""

_FEWEST_SLOTS = 8
"""libtorrent's own default of peers served at once; more connections get more slots."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How an engine meets the network. The defaults are for a machine that seeds to the world.

    Attributes:
        listen: Addresses to listen on, IPv6 in brackets.
        port: TCP and UDP port, 0 for any free one. When it is taken the next free one is used.
        outgoing: Address that connections leave from; empty lets the system choose.
        dht: Take part in the distributed hash table (BEP 5), so that a magnet link is enough.
        lsd: Announce to the local network (BEP 14). Off: few archives share a network with readers.
        port_mapping: Ask the router to open the port (UPnP, NAT-PMP).
        utp: Also use uTP (BEP 29), which yields to other traffic.
        trackers: Announced to for every torrent, beside those the torrent names itself.
        upload_limit_bytes_per_s: For all torrents together, 0 for none. Peers in the local network
            are limited too.
        download_limit_bytes_per_s: Likewise for what comes.
        gives: Send anything to anybody; off where every byte costs.
        connections: Peers at most, for all torrents together.
        many_per_address: Let several peers come from one address; for tests on one machine.
    """

    listen: tuple[str, ...] = ("0.0.0.0", "[::]")
    port: int = 6881
    outgoing: str = ""
    dht: bool = True
    lsd: bool = False
    port_mapping: bool = True
    utp: bool = True
    trackers: tuple[str, ...] = ()
    upload_limit_bytes_per_s: int = 0
    download_limit_bytes_per_s: int = 0
    gives: bool = True
    connections: int = 500
    many_per_address: bool = False

    def __post_init__(self) -> None:
        if not self.listen or not 0 <= self.port <= 65_535:
            raise BadSettingError(
                f"port {self.port}", "is not between 0 and 65,535", "6881 is usual; 0 takes any."
            )
        limit = min(self.upload_limit_bytes_per_s, self.download_limit_bytes_per_s)
        if limit < 0 or self.connections < 1:
            raise BadSettingError(
                "a limit or connections",
                "is below what can be meant",
                "A limit of 0 is none; at least one connection is needed.",
            )

    @classmethod
    def loopback(cls, trackers: tuple[str, ...] = ()) -> EngineSettings:
        """Settings that never leave this machine: no discovery, any free port of 127.0.0.1."""
        return cls(
            listen=("127.0.0.1",),
            port=0,
            outgoing="127.0.0.1",
            dht=False,
            port_mapping=False,
            utp=False,
            trackers=trackers,
            many_per_address=True,
        )


def open_session(settings: EngineSettings) -> lt.session:
    """Start a session; `await_port` says when it listens.

    It ends when the last reference to it goes. That waits until trackers have heard of the end, at
    most 2 s, and Python stands still meanwhile.
    """
    params = lt.session_params()
    params.settings = _pack(settings)
    # Plain reads: with mapped memory a file that is cut short kills the process (SIGBUS).
    params.disk_io_constructor = "pread_disk_io_constructor"
    return lt.session(params)


def _pack(settings: EngineSettings) -> lt.settings_pack:
    category = lt.alert_category
    slots = max(_FEWEST_SLOTS, settings.connections // 4)
    return {
        "listen_interfaces": ",".join(f"{host}:{settings.port}" for host in settings.listen),
        "outgoing_interfaces": settings.outgoing,
        "enable_dht": settings.dht,
        "enable_lsd": settings.lsd,
        "enable_upnp": settings.port_mapping,
        "enable_natpmp": settings.port_mapping,
        "enable_outgoing_utp": settings.utp,
        "enable_incoming_utp": settings.utp,
        "allow_multiple_connections_per_ip": settings.many_per_address,
        "upload_rate_limit": settings.upload_limit_bytes_per_s,
        # Without this line peers with a local address know no limit.
        "local_upload_rate_limit": settings.upload_limit_bytes_per_s,
        "download_rate_limit": settings.download_limit_bytes_per_s,
        "local_download_rate_limit": settings.download_limit_bytes_per_s,
        "connections_limit": settings.connections,
        "unchoke_slots_limit": slots if settings.gives else 0,
        # The defaults stop announcing after 88 torrents (DHT), 1,600 (trackers), 60 (LSD).
        "active_dht_limit": -1,
        "active_tracker_limit": -1,
        "active_lsd_limit": -1,
        "active_limit": -1,
        "active_seeds": -1,
        # Ten thousand torrents report several times each when they start; the default is 2,000.
        "alert_queue_size": 100_000,
        "alert_mask": category.error | category.status | category.storage,
        # Larger requests break web seeds of v2 torrents.
        "urlseed_max_request_bytes": PIECE_BYTES,
        "stop_tracker_timeout": 2,
    }


def await_port(session: lt.session) -> int:
    """Return the port that the session listens on.

    Raises:
        UnavailableError: No address of the settings could be listened on.
    """
    deadline, refusal = monotonic() + _LISTEN_WAIT_S, "no answer"
    while (left_s := deadline - monotonic()) > 0:
        session.wait_for_alert(int(left_s * 1000) + 1)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.listen_succeeded_alert):
                return alert.port
            if isinstance(alert, lt.listen_failed_alert):
                refusal = alert.error.message().lower()
                # Another address may still succeed, and would say so at once.
                deadline = min(deadline, monotonic() + _SECOND_ADDRESS_WAIT_S)
    raise UnavailableError(
        "the torrent engine", f"cannot listen ({refusal})", "Give another address or port."
    )


def torrent_params(torrent: bytes, save_path: Path) -> lt.add_torrent_params:
    """Read a .torrent file's bytes and say where its folder lies, or shall lie.

    Raises:
        MalformedError: libtorrent refuses the bytes.
    """
    try:
        params = lt.load_torrent_buffer(torrent)
    except RuntimeError as error:
        raise MalformedError(
            "the torrent", f"cannot be read ({error})", "Fetch it again, or make it anew."
        ) from error
    return _placed(params, save_path)


def magnet_params(magnet: str, save_path: Path) -> lt.add_torrent_params:
    """Read a magnet link (BEP 9) and say where the folder it names shall lie.

    Raises:
        BadReferenceError: It is no magnet link to a torrent.
    """
    try:
        params = lt.parse_magnet_uri(magnet)
    except RuntimeError as error:
        raise BadReferenceError(
            magnet[:80], f"is not a magnet link ({error})", "It begins with magnet:?xt=urn:bt"
        ) from error
    return _placed(params, save_path)


def _placed(params: lt.add_torrent_params, save_path: Path) -> lt.add_torrent_params:
    params.save_path = str(save_path)
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    hashes = params.ti.info_hashes() if params.ti is not None else params.info_hashes
    if hashes.has_v2():
        params.flags |= _NO_V1_CHECKS
    return params


def disk_error(path: str, error: lt.error_code) -> PhonothequeError:
    """Return libtorrent's error in our words; numbers of other categories are not the system's."""
    is_system = error.category().name() in ("system", "generic")
    number = error.value() if is_system else errno.EIO
    return refusal(path, OSError(number, error.message()))
