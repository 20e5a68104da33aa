"""Signing on any disk, in one process: what power loss, kills and failing calls try.

The product's own code runs, keys and all; a volume or two were sealed before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faults.way_in import Open, opened
from phonotheque.archive.bulk.indexing import Published, sign_all
from phonotheque.archive.opening import Archive
from phonotheque.archive.signing import keyring
from phonotheque.archive.signing.keyring import Keys, keys_in
from phonotheque.config import FILE_NAME, parse_config
from phonotheque.disk import Disk, read_whole
from phonotheque.errors import NotHeldError
from phonotheque.publish.index.chain import parse_history
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.newest import hidden_index_path, index_path, signature_path
from phonotheque.publish.trust import minisign, roles
from phonotheque.publish.trust.keys import Ring, new_key
from phonotheque.publish.trust.names import signed_path
from phonotheque.publish.trust.repository import standing
from phonotheque.publish.trust.roots import METADATA, load_roots, root_name
from phonotheque.register.people import People
from phonotheque.register.published import last_publication

HISTORY = "index-history.sha256"


@contextmanager
def signing_on(disk: Disk) -> Iterator[tuple[Archive, Open]]:
    """An archive on some disk, open to write."""
    with opened(disk) as parts:
        people = People(":memory:")
        config = parse_config(read_whole(disk, FILE_NAME))
        held = (parts.store, parts.index, people, parts.journal)
        try:
            yield Archive(Path("/nowhere"), config, disk, *held), parts
        finally:
            people.close()


def keys_on(disk: Disk) -> Keys:
    """Every key that lies on the disk."""
    return Keys(disk, disk, Ring(keys_in(disk)), load_roots(disk))


def sign(archive: Archive) -> Published:
    """Bring index and signatures up to date with the keys on the disk."""
    return sign_all(archive, keys_on(archive.disk))


def rotate(archive: Archive) -> int:
    """Put a new online key in the place of the old one; returns the version of the new root."""
    keys = keys_on(archive.disk)
    (old,) = roles.role_keys(keys.root, "timestamp").keyids
    fresh = new_key()
    keyring.store_key(archive.disk, keyring.ONLINE, fresh)
    keys = Keys(keys.disk, keys.safe, keys.ring.plus([fresh]), keys.roots)

    def change(root: roles.Root) -> None:
        roles.replace(root, roles.ONLINE, old, fresh)

    keys, missing = keyring.change_root(keys, keyring.root_expiry(archive), change)
    assert not missing
    sign_all(archive, keys)
    keyring.forget_keys(keys, [old])
    return keys.root.version


def seen_by_strangers(disk: Disk) -> tuple[int, str] | None:
    """Number and SHA-256 of the index that whoever comes now is led to, all of it proven.

    None while nothing is published yet. Whatever the timestamp leads to is there and whole.
    """
    roots = _published_roots(disk)
    found = standing(disk, roots)
    if found.timestamp is None:
        assert disk.stat(f"{METADATA}/timestamp.json") is None, "a timestamp that nobody can prove"
        return None
    assert found.snapshot
    assert found.targets
    files = found.targets.says.targets
    for name, file in files.items():
        path = signed_path(name, file.hashes["sha256"])
        file.verify_length_and_hashes(read_whole(disk, f"{METADATA}/{path}"))
    (name,) = (name for name in files if name.endswith(".jsonl.zst"))
    sha256 = files[name].hashes["sha256"]
    header, _ = read_index(read_whole(disk, f"{METADATA}/{signed_path(name, sha256)}"))
    history = files["index-history.sha256"].hashes["sha256"]
    said = parse_history(
        read_whole(disk, f"{METADATA}/{signed_path('index-history.sha256', history)}")
    )
    assert said[header.seq] == sha256
    assert said.get(header.seq - 1, "") == header.previous
    return header.seq, sha256


def _published_roots(disk: Disk) -> tuple[roles.SignedRoot, ...]:
    roots: list[roles.SignedRoot] = []
    while True:
        name = root_name(len(roots) + 1)
        try:
            data = read_whole(disk, f"{METADATA}/{name}")
        except NotHeldError:
            return tuple(roots)
        roots.append(roles.parse_root(data, roots[-1].signed if roots else None, name))


def assert_keys_at_hand(disk: Disk) -> None:
    """Whoever may sign by the newest root has a key at hand: nobody locked themselves out."""
    keys = keys_on(disk)
    if keys.roots:
        for role in roles.ROLES:
            who = roles.role_keys(keys.root, role)
            assert len(keys.ring.of(who.keyids)) >= who.threshold, f"the key of {role} is lost"
        assert keyring.minisign_ids(keys), "the key that signs for people is lost"


def assert_people_can_verify(disk: Disk, seq: int) -> None:
    """The published index has a signature that `minisign.pub` proves."""
    path = index_path(seq)
    public = minisign.parse_public_key(read_whole(disk, "published/minisign.pub").decode())
    text = read_whole(disk, signature_path(path)).decode()
    data = read_whole(disk, path)
    minisign.verify(public, data, text)
    assert read_index(data)[0].seq == seq


def assert_what_is_recorded_is_there(archive: Archive) -> None:
    """The index that the register names last lies on the disk, under one of its two names."""
    last = last_publication(archive.index)
    if last is not None:
        found = []
        for path in (index_path(last.number), hidden_index_path(last.number)):
            with suppress(NotHeldError):
                found.append(hashlib.sha256(read_whole(archive.disk, path)).hexdigest())
        assert last.index in found, "the register names an index that nobody has"
