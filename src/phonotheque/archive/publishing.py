"""What the bulk door needs of an archive: its settings and parts, in the bulk door's words."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from phonotheque.archive.opening import Archive, today
from phonotheque.disk import read_whole
from phonotheque.errors import DigestMismatchError, UnavailableError
from phonotheque.hands import Hands
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import Verdict
from phonotheque.publish.plan import Limits
from phonotheque.publish.run import Plan, plan
from phonotheque.publish.seal import Press, Proof
from phonotheque.publish.sealed import list_lost, torrent_path
from phonotheque.publish.session import EngineSettings
from phonotheque.register.events import Volume
from phonotheque.register.index import Index
from phonotheque.store.objects import ObjectName


def plan_of(archive: Archive) -> Plan:
    """What `phono publish run` would seal today.

    Raises:
        ListLostError: It is not known what a sealed volume holds: it could be sealed twice.
        UnavailableError: Tags of what would be sealed were lost with `state/`.
    """
    for volume in archive.index.unlisted():
        raise list_lost(volume)
    _require_tags(archive.index)
    config = archive.config
    limits = Limits(config["volumes.max_objects"], config["volumes.max_bytes"])
    counts = config["rights.licence_tags_count"]
    return plan(archive.index, config.name, today(), limits, claims_count=counts)


def _require_tags(index: Index) -> None:
    """A volume is sealed for ever: not without the titles and names that the objects do hold."""
    if lost := index.count_untagged():
        raise UnavailableError(
            "state/index.sqlite",
            f"the tags of {lost} recordings are not in it any more",
            "Run `phono rebuild`, then publish: a sealed volume cannot be corrected.",
        )


def withdrawn(archive: Archive) -> dict[str, tuple[Sha256, Verdict]]:
    """Volumes that may not be shared now, each with one recording that closes it, and why.

    What was stated before a volume was sealed allowed it for good, since nothing with an end is
    ever sealed. So only two things can close it: what was stated after, and that the archive no
    longer relies on tags.
    """
    counts = archive.config["rights.licence_tags_count"]
    closed = {}
    asked = archive.index.restated_since_sealed()
    if not counts:
        asked += archive.index.sealed_on_claims()
    for volume, sha256 in asked:
        statements = archive.index.statements(sha256)
        verdict = ask(Door.SEED, statements, today(), claims_count=counts)
        if not verdict.allowed:
            closed[volume] = (sha256, verdict)
    return closed


def sealed_torrent(archive: Archive, volume: Volume) -> bytes:
    """The torrent of a volume, proven to be the one that was sealed.

    Raises:
        ListLostError: Nobody knows what the volume holds, and so whether all of it may be shared.
        NotHeldError: It is missing.
        DigestMismatchError: Another file lies in its place.
    """
    if volume.name in archive.index.unlisted():
        raise list_lost(volume.name)
    path = torrent_path(volume.name)
    data = read_whole(archive.disk, path)
    found = hashlib.sha256(data).hexdigest()
    if found != volume.torrent:
        raise DigestMismatchError(
            path, f"its bytes hash to {found}, not what was sealed", "Restore it from a backup."
        )
    return data


def press_of(archive: Archive, hands: Hands[ObjectName, Proof]) -> Press:
    """What sealing needs."""
    config = archive.config
    return Press(
        archive.disk,
        archive.writing,
        archive.index,
        hands,
        title=config["title"] or config.name,
        trackers=tuple(config["seed.trackers"]),
        web_seeds=tuple(config["seed.web_seeds"]),
        now=archive.now(),
    )


def engine_settings(archive: Archive, port: int | None, *, is_local: bool) -> EngineSettings:
    """How the seeder meets the network."""
    config = archive.config
    if is_local:
        return replace(EngineSettings.loopback(), port=port or 0)
    return EngineSettings(
        port=config["seed.port"] if port is None else port,
        dht=config["seed.dht"],
        trackers=tuple(config["seed.trackers"]),
        upload_limit_bytes_per_s=config["seed.upload_bytes_per_s"],
    )
