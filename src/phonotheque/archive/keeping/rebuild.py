"""Rebuilding `state/` from register and objects alone.

Laws: the register is checked from its first line; the index comes out equal to the one that was
lost; layers of sealed volumes come from their torrents, so only unsealed objects are read whole;
tags, fingerprints and waveforms come from the objects. An interrupted rebuild goes on where it
stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.archive.opening import Archive
from phonotheque.disk import read_whole
from phonotheque.errors import NotHeldError, PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import AudioFacts
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.publish.remake import MADE_AGAIN_BY
from phonotheque.publish.sealed import finish, live, manifest_path, torrent_path
from phonotheque.publish.torrent import read_torrent
from phonotheque.register.events import Role, Volume
from phonotheque.register.index import Index
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import ObjectName, Store, parse_file_name


@dataclass(frozen=True, slots=True)
class Task:
    """An object to read again: its layers, its facts, or both."""

    name: ObjectName
    needs_layers: bool
    needs_facts: bool


@dataclass(frozen=True, slots=True)
class Reread:
    """What was read; `finding` is set when the object is not what it should be."""

    digests: Digests | None = None
    facts: AudioFacts | None = None
    finding: Finding | None = None


def reread(store: Store, task: Task, facts_of: Callable[[BinaryIO], AudioFacts]) -> Reread:
    """Read one object again."""
    path = task.name.path
    try:
        with store.open(task.name) as file:
            digests = digest_file(file) if task.needs_layers else None
            if digests is not None and digests.sha256 != task.name.sha256:
                detail = f"its bytes hash to {digests.sha256}"
                return Reread(finding=Finding(FindingKind.CHANGED, path, detail))
            facts = facts_of(file) if task.needs_facts else None
    except NotHeldError:
        missing = Finding(FindingKind.MISSING, path, "no file of this name is there")
        return Reread(finding=missing)
    except (OSError, ValueError, PhonothequeError) as error:
        return Reread(finding=Finding(FindingKind.UNREADABLE, path, str(error)))
    return Reread(digests, facts)


def layers_from_torrents(archive: Archive) -> Iterator[Finding]:
    """Take layers and SHA-1s of sealed objects from the published torrents.

    Yields:
        A finding for each torrent or manifest that is missing or is not the one that was sealed.
    """
    for volume in live(archive.index):
        if lost := _lost_manifest(archive, volume):
            yield lost
        try:
            found = _sealed_digests(archive, volume)
        except PhonothequeError as error:
            yield Finding(FindingKind.MISSING, torrent_path(volume.name), str(error))
            continue
        with archive.index.transaction():
            for digests in found:
                archive.index.remember(digests)


def _lost_manifest(archive: Archive, volume: Volume) -> Finding | None:
    path = manifest_path(volume.name)
    try:
        data = read_whole(archive.disk, path)
    except PhonothequeError as error:
        return Finding(FindingKind.MISSING, path, str(error))
    if hashlib.sha256(data).hexdigest() != volume.manifest:
        return Finding(FindingKind.CHANGED, path, "its bytes are not those that were sealed")
    return None


def _sealed_digests(archive: Archive, volume: Volume) -> list[Digests]:
    finish(archive.disk, [volume.name])
    data = read_whole(archive.disk, torrent_path(volume.name))
    if hashlib.sha256(data).hexdigest() != volume.torrent:
        raise NotHeldError(
            torrent_path(volume.name), "its bytes are not those that were sealed", MADE_AGAIN_BY
        )
    found = []
    for file in read_torrent(data).files:
        name = parse_file_name(file.path[-1])
        if name is not None:
            parts = (file.size_bytes, name.sha256, file.pieces_root, file.layer, file.sha1s)
            found.append(Digests(*parts))
    return found


def tasks(archive: Archive) -> Iterator[Task]:
    """Which objects must be read again, as far as is known when each is asked for."""
    index = archive.index
    for held in index.oldest_checked():
        layers = index.lacks("layer", held.sha256)
        facts = held.role is not Role.COMPANION and index.lacks("tags", held.sha256)
        facts = facts or (held.role is Role.RECORDING and index.lacks("curves", held.sha256))
        if layers or facts:
            yield Task(ObjectName(held.sha256, held.extension), layers, facts)


def reread_all(
    archive: Archive, hands: Hands[Task, Reread], wanted: Iterable[Task]
) -> Iterator[tuple[Task, Finding | None]]:
    """Read objects again on many hands, keeping what they say."""
    for results in hands.work(wanted):
        read = [(task, _settled(task, result)) for task, result in results]
        with archive.index.transaction():
            for task, result in read:
                if result.digests is not None:
                    archive.index.remember(result.digests)
                if result.facts is not None:
                    _remember(archive.index, task.name.sha256, result.facts)
        for task, result in read:
            yield task, result.finding


def _remember(index: Index, name: Sha256, facts: AudioFacts) -> None:
    """Keep what a file says of itself; an access copy is like its parent, and needs no curves."""
    held = index.held(name)
    if held is not None and held.role is Role.ACCESS_COPY:
        index.remember_tags(name, facts.tags)
    else:
        index.remember_facts(name, facts)


def _settled(task: Task, result: Reread | PhonothequeError) -> Reread:
    if isinstance(result, Reread):
        return result
    return Reread(finding=Finding(FindingKind.UNREADABLE, task.name.path, str(result)))
