"""Where an archive's keys lie, and every change of who may sign.

    keys/online-1a2b3c4d.pem     signs day by day (targets, snapshot, timestamp)
    keys/root-5e6f7a8b.pem       says which keys sign; belongs elsewhere, as soon as it is made
    keys/minisign-9c0d1e2f.pem   signs for people; `keys/minisign.pub` says which one counts
    keys/roots/1.root.json …     the chain of roots

Order: a new key is durable before a root names it; the root is durable before anything that only it
allows is published; a key that is trusted no more is removed last. A crash leaves at worst a key
that nothing names, and the same command again takes it up.

Laws: no key is ever overwritten; secret files have mode 0600. Not here: what a root may say
(`publish.trust.roles`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Root

from phonotheque.archive.opening import Archive
from phonotheque.disk import Disk, Kind, LocalDisk, make_folders, read_whole, write_whole
from phonotheque.errors import BadReferenceError, ConflictError, KeyAwayError, NotHeldError
from phonotheque.publish.trust import minisign, roles
from phonotheque.publish.trust.keys import KEY_ENDING, Key, Ring, decode_key, encode_key, new_key
from phonotheque.publish.trust.roots import load_pending, load_roots, store_pending, store_root

FOLDER = "keys"
MINISIGN = f"{FOLDER}/minisign.pub"
MINISIGN_ROLE = "minisign"
PUBLISHED_MINISIGN = "published/minisign.pub"
ONLINE = "online"
"""What a key is called that several online roles share."""


_SECRET = 0o600


@dataclass(frozen=True, slots=True)
class Keys:
    """All of an archive that signs.

    Attributes:
        disk: The archive's, for what is no secret.
        safe: The same folder, for what is.
        ring: The keys at hand.
        roots: The chain of roots; none before the first key was made.
    """

    disk: Disk
    safe: Disk
    ring: Ring
    roots: tuple[roles.SignedRoot, ...]

    @property
    def root(self) -> Root:
        """Who may sign now."""
        return self.roots[-1].signed


def instant(archive: Archive) -> datetime:
    """Now; never before the register's last line, whatever a clock says."""
    return datetime.fromisoformat(archive.now())


def root_expiry(archive: Archive) -> datetime:
    """Until when a root that is made now is good."""
    life = timedelta(days=archive.config["trust.root_days"])
    return (instant(archive) + life).replace(microsecond=0)


def open_keys(archive: Archive, more: Iterable[Path] = ()) -> Keys:
    """Read the chain of roots and every key that is at hand.

    Args:
        archive: Open to read or to write.
        more: Files of keys, or folders of them, beside `keys/` and the setting `trust.keys`.

    Raises:
        NotHeldError: A file that was named is not there.
        MalformedError: One is no key, or a root cannot be read.
        BadSignatureError: The chain of roots does not prove itself.
    """
    safe = LocalDisk(archive.root, mode=_SECRET)
    named = [(path, False) for path in map(Path, archive.config["trust.keys"])]
    named += [(path, True) for path in more]
    ring = Ring([*keys_in(safe), *_named_keys(named)])
    return Keys(archive.disk, safe, ring, load_roots(archive.disk))


def keys_in(disk: Disk, folder: str = FOLDER) -> list[Key]:
    """Return the keys that lie in a folder.

    Raises:
        MalformedError: A file that is called like one is none.
    """
    names = [entry.name for entry in disk.list(folder) if entry.kind is Kind.FILE]
    paths = [f"{folder}/{name}" for name in names if name.endswith(KEY_ENDING) and name[0] != "."]
    return [decode_key(read_whole(disk, path), path) for path in paths]


def _named_keys(named: Iterable[tuple[Path, bool]]) -> list[Key]:
    """Keys from elsewhere. Places from the settings may be away, as a stick in a drawer is."""
    found: list[Key] = []
    for path, is_required in named:
        if path.is_dir():
            files = sorted(path.glob(f"*{KEY_ENDING}"))
        elif path.exists() or is_required:
            files = [path]
        else:
            files = []
        found += [_key_at(file) for file in files]
    return found


def _key_at(path: Path) -> Key:
    return decode_key(read_whole(LocalDisk(path.parent), path.name), str(path))


def store_key(safe: Disk, label: str, key: Key, place: Path | None = None) -> str:
    """Make a key durable in `keys/`, or where `place` says; returns where.

    Raises:
        ConflictError: Another file is there.
    """
    if place is not None:
        safe, path = LocalDisk(place.resolve().parent, mode=_SECRET), place.name
    else:
        path = f"{FOLDER}/{label}-{key.id[:8]}{KEY_ENDING}"
    if safe.stat(path) is not None:
        raise ConflictError(str(place or path), "a file is there already", "Name another place.")
    write_whole(safe, path, encode_key(key))
    return str(place or path)


def make_keys(
    keys: Keys, places: Sequence[Path], threshold: int, expires: datetime
) -> tuple[Keys, list[str]]:
    """Make the first keys: one of root for each place, else in `keys/`; one online, one minisign.

    What an interrupted run left is taken up.

    Returns:
        The keys, and where each lies.

    Raises:
        ConflictError: There are keys already, or another file lies in a place.
    """
    if keys.roots:
        raise ConflictError(
            FOLDER,
            "there are keys already",
            "See them with `phono keys show`; change them with `phono keys rotate`.",
        )
    make_folders(keys.disk, FOLDER)
    where: list[str] = []

    def made(label: str, place: Path | None = None) -> Key:
        key = _left_behind(keys.safe, label, place)
        if key is None:
            key = new_key()
            where.append(store_key(keys.safe, label, key, place))
        else:
            where.append(str(place or f"{FOLDER}/{label}-{key.id[:8]}{KEY_ENDING}"))
        return key

    online, people = made(ONLINE), made(MINISIGN_ROLE)
    root_keys = [made(roles.ROOT, place) for place in places] or [made(roles.ROOT)]
    write_whole(keys.disk, MINISIGN, _minisign_pub(people))
    by_role = {roles.ROOT: root_keys, **{role: [online] for role in roles.ONLINE}}
    signed = roles.first_root(by_role, threshold, expires)
    ring = keys.ring.plus([online, people, *root_keys])
    roles.sign_root(signed, None, ring)
    store_root(keys.disk, signed)
    return Keys(keys.disk, keys.safe, ring, (signed,)), where


def _left_behind(safe: Disk, label: str, place: Path | None) -> Key | None:
    """A key that a run made which was stopped before a root named it."""
    if place is not None:
        return _key_at(place) if place.exists() else None
    for entry in safe.list(FOLDER):
        if entry.name.startswith(f"{label}-") and entry.name.endswith(KEY_ENDING):
            path = f"{FOLDER}/{entry.name}"
            return decode_key(read_whole(safe, path), path)
    return None


def _minisign_pub(key: Key) -> bytes:
    return minisign.format_public_key(minisign.public_key_of(key)).encode()


def minisign_key(keys: Keys) -> Key:
    """Return the key that signs for people.

    Raises:
        KeyAwayError: It is not at hand.
    """
    data = minisign_pub(keys)
    for key in keys_in(keys.safe):
        if _minisign_pub(key) == data:
            return key
    raise KeyAwayError(
        MINISIGN,
        "the key that signs for people is not at hand",
        "Bring it back to keys/, or make another: phono keys rotate minisign.",
    )


def minisign_pub(keys: Keys) -> bytes:
    """Return `minisign.pub`, what people verify with; b"" when it is nowhere.

    What is published takes the place of what was lost with `keys/`.
    """
    for path in (MINISIGN, PUBLISHED_MINISIGN):
        with suppress(NotHeldError):
            return read_whole(keys.disk, path)
    return b""


def minisign_ids(keys: Keys) -> list[str]:
    """Return the id of the key that signs for people, if it is at hand."""
    try:
        return [minisign_key(keys).id]
    except KeyAwayError:
        return []


def replace_minisign_key(keys: Keys) -> tuple[Key, str]:
    """Make another key that signs for people; returns it and where it lies.

    The old one is left until what it signed is signed again.
    """
    key = new_key()
    where = store_key(keys.safe, MINISIGN_ROLE, key)
    write_whole(keys.disk, MINISIGN, _minisign_pub(key))
    return key, where


def change_root(keys: Keys, expires: datetime, change: Callable[[Root], None]) -> tuple[Keys, int]:
    """Make the next root, sign it with the keys at hand, and let it count if that is enough.

    Args:
        keys: With every key at hand that shall sign, and every new one.
        expires: Until when the root is good.
        change: What is different in it.

    Returns:
        The keys as they are now, and how many signatures are missing: 0 when the new root counts;
        else it waits in `keys/roots/pending.json` for `sign_pending`.
    """
    require_keys(keys)
    following = roles.next_root(keys.root, expires)
    change(following)
    signed = roles.SignedRoot(following)
    return _settled(keys, signed)


def sign_pending(keys: Keys) -> tuple[Keys, int]:
    """Add the signatures of the keys at hand to the root that waits for them.

    Raises:
        BadReferenceError: None waits.
    """
    waiting = load_pending(keys.disk, keys.roots)
    if waiting is None:
        raise BadReferenceError(
            FOLDER, "no change of the keys waits for a signature", "Nothing is left to do."
        )
    return _settled(keys, waiting)


def _settled(keys: Keys, signed: roles.SignedRoot) -> tuple[Keys, int]:
    previous = keys.root if keys.roots else None
    roles.sign_root(signed, previous, keys.ring)
    missing = roles.missing_signatures(signed, previous)
    if missing:
        store_pending(keys.disk, signed)
        return keys, missing
    store_root(keys.disk, signed)
    return Keys(keys.disk, keys.safe, keys.ring, (*keys.roots, signed)), 0


def require_keys(keys: Keys) -> None:
    """Refuse an archive without keys.

    Raises:
        BadReferenceError: It has none.
    """
    if not keys.roots:
        raise BadReferenceError(FOLDER, "there are no keys yet", "Make them: phono keys make.")


def forget_keys(keys: Keys, keyids: Iterable[str]) -> list[str]:
    """Remove keys from `keys/`, when all they signed is signed anew; returns where they lay."""
    wanted = set(keyids)
    gone = []
    for entry in keys.safe.list(FOLDER):
        path = f"{FOLDER}/{entry.name}"
        is_key = entry.kind is Kind.FILE and entry.name.endswith(KEY_ENDING)
        if is_key and decode_key(read_whole(keys.safe, path), path).id in wanted:
            keys.safe.remove(path)
            gone.append(path)
    keys.safe.sync_folder(FOLDER)
    return gone
