"""What the bulk door needs of an archive: its settings and parts, in the bulk door's words."""

from __future__ import annotations

from dataclasses import replace

from phonotheque.archive.opening import Archive, now, today
from phonotheque.hands import Hands
from phonotheque.publish.plan import Limits
from phonotheque.publish.run import Plan, plan
from phonotheque.publish.seal import Press, Proof
from phonotheque.publish.session import EngineSettings
from phonotheque.store.objects import ObjectName


def plan_of(archive: Archive) -> Plan:
    """What `phono publish run` would seal today."""
    config = archive.config
    limits = Limits(config["volumes.max_objects"], config["volumes.max_bytes"])
    counts = config["rights.licence_tags_count"]
    return plan(archive.index, config.name, today(), limits, claims_count=counts)


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
        now=now(),
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
