"""What the bulk door needs of an archive: its settings and parts, in the bulk door's words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from phonotheque.archive.bulk.planning import left, order
from phonotheque.archive.opening import Archive, today
from phonotheque.disk import read_whole
from phonotheque.errors import DigestMismatchError, UnavailableError
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import Verdict
from phonotheque.publish.mint import Press
from phonotheque.publish.names import tier_of
from phonotheque.publish.plan import Limits
from phonotheque.publish.remake import MADE_AGAIN_BY
from phonotheque.publish.run import Conditions, Place, Plan, plan
from phonotheque.publish.sealed import list_lost, live, torrent_path
from phonotheque.publish.session import EngineSettings
from phonotheque.publish.supersede import Succeeding
from phonotheque.register import published
from phonotheque.register.events import Pack, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


def plan_of(archive: Archive, succeeding: Sequence[Succeeding] = ()) -> Plan:
    """What `phono publish run` would seal today.

    Args:
        archive: The archive.
        succeeding: What takes the place of volumes before; nothing when that was done.

    Raises:
        ListLostError: It is not known what a sealed volume holds: it could be sealed twice.
        UnavailableError: Tags of what would be sealed were lost with `state/`.
    """
    for volume in archive.index.unlisted():
        raise list_lost(volume)
    _require_tags(archive.index)
    config = archive.config
    counts = config["rights.licence_tags_count"]
    freed = [(name, tier_of(one.retired[0])) for one in succeeding for name in one.freed]

    def places() -> Iterator[Place]:
        yield from order(archive)
        yield from ((name, tier, None) for name, tier in freed)

    conditions = Conditions(
        config.name,
        today(),
        limits_of(archive),
        counts,
        places,
        frozenset(name for name, _ in freed),
        tuple(one.planned.name for one in succeeding if one.planned),
    )
    made = plan(archive.index, conditions)
    made.left.update(left(archive))
    return made


def limits_of(archive: Archive) -> Limits:
    """Most objects and bytes of a volume, as the archive's settings say."""
    return Limits(archive.config["volumes.max_objects"], archive.config["volumes.max_bytes"])


def _require_tags(index: Index) -> None:
    """A volume is sealed for ever: not without the titles and names that the objects do hold."""
    if lost := index.count_untagged():
        raise UnavailableError(
            "state/index.sqlite",
            f"the tags of {lost} recordings are not in it any more",
            "Run `phono rebuild`, then publish: a sealed volume cannot be corrected.",
        )


def asker(archive: Archive, door: Door) -> Callable[[Held], Verdict]:
    """The resolver at a door, today, for what is held."""
    counts = archive.config["rights.licence_tags_count"]
    on = today()

    def asked(held: Held) -> Verdict:
        statements = archive.index.statements(held.sha256)
        is_removed = held.condition == "removed"
        return ask(door, statements, on, claims_count=counts, is_removed=is_removed)

    return asked


def withdrawn(archive: Archive) -> dict[str, tuple[Sha256, Verdict]]:
    """Volumes that may not be shared now, each with one recording that closes it, and why.

    The doors on which torrents leave answer alike (`music.doors.TORRENT_DOORS`).
    """
    return {
        volume: (sha256, verdict)
        for volume, sha256, verdict in _asked_again(archive, Door.SEED)
        if not verdict.allowed
    }


def misplaced(archive: Archive) -> dict[str, tuple[Sha256, Verdict]]:
    """Volumes with a recording that may not be in them: withdrawn, or of another licence class."""
    classes = {volume.name: volume.licence_class for volume in live(archive.index)}
    return {
        volume: (sha256, verdict)
        for volume, sha256, verdict in _asked_again(archive, Door.PUBLISH)
        if not verdict.allowed or verdict.licence_class != classes.get(volume)
    }


def _asked_again(archive: Archive, door: Door) -> Iterator[tuple[str, Sha256, Verdict]]:
    """Ask again about recordings in volumes for which the answer can have changed.

    What was stated before a volume was sealed allowed it for good, since nothing with an end is
    ever sealed. So only three things can close it: what was stated after, a removal, and that the
    archive no longer relies on tags.
    """
    index = archive.index
    again = published.restated_since_sealed(index) + published.removed_from_volumes(index)
    if not archive.config["rights.licence_tags_count"]:
        again += published.sealed_on_claims(index)
    asked = asker(archive, door)
    for volume, sha256 in again:
        held = index.held(sha256)
        if held is not None:
            yield volume, sha256, asked(held)


def sealed_torrent(archive: Archive, sealed: Volume | Pack) -> bytes:
    """The torrent of a volume or pack, proven to be the one that was sealed.

    Raises:
        ListLostError: Nobody knows what the volume holds, and so whether all of it may be shared.
        NotHeldError: It is missing.
        DigestMismatchError: Another file lies in its place.
    """
    if sealed.name in archive.index.unlisted():
        raise list_lost(sealed.name)
    path = torrent_path(sealed.name)
    data = read_whole(archive.disk, path)
    found = hashlib.sha256(data).hexdigest()
    if found != sealed.torrent:
        raise DigestMismatchError(
            path, f"its bytes hash to {found}, not what was sealed", MADE_AGAIN_BY
        )
    return data


def press_of(archive: Archive) -> Press:
    """What minting needs."""
    config = archive.config
    return Press(
        archive.disk,
        archive.writing,
        archive.index,
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
