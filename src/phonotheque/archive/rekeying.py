"""`phono keys`, one function for each verb: who may sign is changed, and what they sign is signed.

Order: new keys durable -> the new root durable (or waiting for more signatures) -> everything that
the old keys signed is signed anew -> the old keys removed. Run again after a crash, each goes on.

Not here: where keys lie (`archive.signing.keyring`), what is signed (`archive.bulk.indexing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from tuf.api.metadata import Root

from phonotheque.archive.bulk.indexing import sign_all
from phonotheque.archive.bulk.pages import make_pages
from phonotheque.archive.opening import Archive
from phonotheque.archive.signing import keyring
from phonotheque.archive.signing.keyring import (
    Keys,
    instant,
    open_keys,
    require_keys,
    root_expiry,
    store_key,
)
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.keys import new_key
from phonotheque.register.published import sealed


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What a change of keys came to.

    Attributes:
        made: Where new keys lie.
        gone: Where keys lay that were removed.
        missing: Signatures of root keys without which the change does not count yet.
        version: Of the root that counts now.
    """

    made: tuple[str, ...]
    gone: tuple[str, ...]
    missing: int
    version: int


def make(archive: Archive, places: Sequence[Path], threshold: int) -> Rekeyed:
    """Make the first keys, of root one for each place.

    Raises:
        ConflictError: There are keys already, or another file lies in a place.
        BadRequestError: The threshold is above the number of places.
    """
    if not 1 <= threshold <= max(1, len(places)):
        raise BadRequestError(
            f"--threshold {threshold}",
            f"there will be {max(1, len(places))} root keys",
            "Name a place for each key: --root-key PATH, more than once.",
        )
    keys, made = keyring.make_keys(open_keys(archive), places, threshold, root_expiry(archive))
    return _signed(archive, keys, Rekeyed(tuple(made), (), 0, keys.root.version))


def rotate(
    archive: Archive, role: str, keyid: str, more: Iterable[Path], place: Path | None
) -> Rekeyed:
    """Put a new key in the place of an old one, which may be lost or stolen.

    Args:
        archive: Open to write.
        role: One of the four, "online" for the key that several share, or "minisign".
        keyid: Beginning of the old key's id; "" where there is but one.
        more: Where keys lie that are not in `keys/`, such as the root key.
        place: Where to put the new key; None: `keys/`.
    """
    keys = open_keys(archive, more)
    require_keys(keys)
    if role == keyring.MINISIGN_ROLE:
        return _rotate_minisign(archive, keys)
    old = _one_key(keys.root, role, keyid)
    concerned = [one for one in _roles_of(role) if old in keys.root.roles[one].keyids]
    return _replace(archive, keys, {role: concerned}, old, place)


def split(archive: Archive, role: str, more: Iterable[Path], place: Path | None) -> Rekeyed:
    """Give an online role a key of its own, or each of them ("online").

    Raises:
        BadRequestError: It shares none.
    """
    keys = open_keys(archive, more)
    require_keys(keys)
    old = _one_key(keys.root, role, "")
    sharers = [one for one in roles.ONLINE if old in keys.root.roles[one].keyids]
    # The last one keeps the key that there is: it is nobody else's then.
    concerned = sharers[:-1] if role == keyring.ONLINE else [role]
    if len(sharers) < 2:
        raise BadRequestError(role, "it has a key of its own already", "See `phono keys show`.")
    return _replace(archive, keys, {one: [one] for one in concerned}, old, place)


def _replace(
    archive: Archive, keys: Keys, by_label: dict[str, list[str]], old: str, place: Path | None
) -> Rekeyed:
    """One new key for each label, for the roles that stand there, in the place of an old one."""
    fresh = {label: new_key() for label in by_label}
    made = [store_key(keys.safe, label, key, place) for label, key in fresh.items()]
    keys = replace(keys, ring=keys.ring.plus(fresh.values()))

    def change(root: Root) -> None:
        for label, concerned in by_label.items():
            roles.replace(root, concerned, old, fresh[label])

    return _without(archive, keys, old, _changed(archive, keys, change, made))


def _without(archive: Archive, keys: Keys, old: str, done: Rekeyed) -> Rekeyed:
    """Remove a key that nothing trusts any more."""
    root = open_keys(archive).root
    if done.missing or any(old in role.keyids for role in root.roles.values()):
        return done
    return replace(done, gone=tuple(keyring.forget_keys(keys, [old])))


def _rotate_minisign(archive: Archive, keys: Keys) -> Rekeyed:
    before = keyring.minisign_ids(keys)
    key, where = keyring.replace_minisign_key(keys)
    keys = replace(keys, ring=keys.ring.plus([key]))
    done = _signed(archive, keys, Rekeyed((where,), (), 0, keys.root.version))
    return replace(done, gone=tuple(keyring.forget_keys(keys, before)))


def add(archive: Archive, role: str, more: Iterable[Path], place: Path | None) -> Rekeyed:
    """Make one more key that may sign for a role."""
    keys = open_keys(archive, more)
    require_keys(keys)
    _require_role(role)
    key = new_key()
    made = store_key(keys.safe, role, key, place)
    keys = replace(keys, ring=keys.ring.plus([key]))
    return _changed(archive, keys, lambda root: roles.add(root, role, key), [made])


def drop(archive: Archive, role: str, keyid: str, more: Iterable[Path]) -> Rekeyed:
    """Let a key no more sign for a role."""
    keys = open_keys(archive, more)
    require_keys(keys)
    _require_role(role)
    old = _one_key(keys.root, role, keyid)
    done = _changed(archive, keys, lambda root: roles.drop(root, role, old), [])
    return _without(archive, keys, old, done)


def set_threshold(archive: Archive, role: str, threshold: int, more: Iterable[Path]) -> Rekeyed:
    """Say how many keys of a role must sign."""
    keys = open_keys(archive, more)
    require_keys(keys)
    _require_role(role)
    return _changed(archive, keys, lambda root: roles.set_threshold(root, role, threshold), [])


def renew(archive: Archive, more: Iterable[Path]) -> Rekeyed:
    """Let the root say the same for another while."""
    keys = open_keys(archive, more)
    require_keys(keys)
    return _changed(archive, keys, _nothing, [])


def sign_pending(archive: Archive, more: Iterable[Path]) -> Rekeyed:
    """Add the signatures of the root keys at hand to a change that waits for them."""
    keys, missing = keyring.sign_pending(open_keys(archive, more))
    return _signed(archive, keys, Rekeyed((), (), missing, keys.root.version))


def refresh(archive: Archive, more: Iterable[Path]) -> bool:
    """Renew what runs out: always what is newest, the rest when half of its life is over.

    Returns:
        Whether the root was renewed too.

    Raises:
        KeyAwayError: A key that must sign is not at hand.
        BadReferenceError: There are no keys yet, or nothing is published.
    """
    keys = open_keys(archive, more)
    require_keys(keys)
    if not sealed(archive.index):
        raise BadReferenceError("published", "nothing is there yet", "Run `phono publish run`.")
    life = timedelta(days=archive.config["trust.root_days"])
    is_old = keys.root.expires - instant(archive) < life / 2
    who = roles.role_keys(keys.root, roles.ROOT)
    is_renewed = is_old and len(keys.ring.of(who.keyids)) >= who.threshold
    if is_renewed:
        keys, _ = keyring.change_root(keys, root_expiry(archive), _nothing)
    _sign(archive, keys, is_renewed=True)
    return is_renewed


def _changed(
    archive: Archive, keys: Keys, change: Callable[[Root], None], made: Sequence[str]
) -> Rekeyed:
    keys, missing = keyring.change_root(keys, root_expiry(archive), change)
    return _signed(archive, keys, Rekeyed(tuple(made), (), missing, keys.root.version))


def _signed(archive: Archive, keys: Keys, done: Rekeyed) -> Rekeyed:
    """Sign anew what is published, as soon as the change counts and there is anything."""
    if not done.missing and sealed(archive.index):
        _sign(archive, keys, is_renewed=False)
    return done


def _sign(archive: Archive, keys: Keys, *, is_renewed: bool) -> None:
    """Sign; a new index, in which something may be closed, is told by the pages as well."""
    if sign_all(archive, keys, is_renewed=is_renewed).is_new:
        make_pages(archive)


def _nothing(root: Root) -> None:
    """Change nothing of a root but its version and until when it is good."""


def _roles_of(role: str) -> tuple[str, ...]:
    if role == keyring.ONLINE:
        return roles.ONLINE
    _require_role(role)
    return (role,)


def _require_role(role: str) -> None:
    if role not in roles.ROLES:
        known = ", ".join((*roles.ROLES, keyring.ONLINE, keyring.MINISIGN_ROLE))
        raise BadRequestError(role, "there is no such role here", f"There are {known}.")


def _one_key(root: Root, role: str, beginning: str) -> str:
    """The id of a role's key that begins so.

    Raises:
        BadReferenceError: There is none, or more than one.
    """
    keyids = dict.fromkeys(keyid for one in _roles_of(role) for keyid in root.roles[one].keyids)
    found = [keyid for keyid in keyids if keyid.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    raise BadReferenceError(
        beginning or role,
        f"{role} has {len(found)} such keys",
        "Name one by the beginning of its id, as `phono keys show` tells it.",
    )
