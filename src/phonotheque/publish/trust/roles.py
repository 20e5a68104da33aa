"""Who may sign what: the root of trust as a value, and every change of it.

Four roles sign. `root` says which keys the others have; it is used seldom, and its key may lie in a
drawer. `targets` signs what is published; `snapshot` and `timestamp` say which of it is newest. The
three are *online*: at first they share one key, `split` parts them.

Laws: a root follows from the one before, and both must have signed enough; a version is used once;
a threshold is at least 1 and never above the number of keys, so nobody locks themselves out.

Source: TUF specification 1.0.33, sections 2.1, 4.3 and 6.1. Pure; not here: files
(`publish.trust.roots`), keys at hand (`phonotheque.archive.signing.keyring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from phonotheque.errors import BadRequestError, BadSignatureError, MalformedError
from phonotheque.publish.trust.keys import Key, Ring

ROOT = "root"
ONLINE = ("targets", "snapshot", "timestamp")
"""Roles whose keys a publisher needs day by day."""

ROLES = (ROOT, *ONLINE)

SignedRoot = Metadata[Root]


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """A role: the ids of its keys, and how many of them must sign."""

    keyids: tuple[str, ...]
    threshold: int


def role_keys(root: Root, role: str) -> RoleKeys:
    """Return who may sign for a role."""
    found = root.roles[role]
    return RoleKeys(tuple(found.keyids), found.threshold)


def first_root(keys: Mapping[str, Sequence[Key]], threshold: int, expires: datetime) -> SignedRoot:
    """Return the first root, not signed yet.

    Args:
        keys: At least one for each of `ROLES`.
        threshold: How many root keys must sign; of the other roles one key suffices.
        expires: From then on it is not to be trusted.
    """
    root = Root(expires=expires)
    for role in ROLES:
        for key in keys[role]:
            root.add_key(key.signer.public_key, role)
    set_threshold(root, ROOT, threshold)
    return Metadata(root)


def next_root(current: Root, expires: datetime) -> Root:
    """Return the root that follows, still saying the same, to be changed by the functions here."""
    following = deepcopy(current)
    following.version += 1
    following.expires = expires
    return following


def add(root: Root, role: str, key: Key) -> None:
    """Let one more key sign for a role."""
    root.add_key(key.signer.public_key, role)


def drop(root: Root, role: str, keyid: str) -> None:
    """Let a key no more sign for a role.

    Raises:
        BadRequestError: As many keys as must sign would not be left.
    """
    who = role_keys(root, role)
    if len(who.keyids) - 1 < who.threshold:
        raise BadRequestError(
            f"the key {keyid[:8]} of {role}",
            f"{who.threshold} of {len(who.keyids)} keys must sign, so none can go",
            "Lower the threshold first, or add a key.",
        )
    root.revoke_key(keyid, role)


def replace(root: Root, roles: Iterable[str], old: str, new: Key) -> None:
    """Put one key in the place of another wherever these roles have it."""
    for role in roles:
        if old in root.roles[role].keyids:
            root.add_key(new.signer.public_key, role)
            root.revoke_key(old, role)


def set_threshold(root: Root, role: str, threshold: int) -> None:
    """Say how many keys of a role must sign.

    Raises:
        BadRequestError: It has fewer keys.
    """
    count = len(root.roles[role].keyids)
    if not 1 <= threshold <= count:
        raise BadRequestError(
            f"the threshold of {role}",
            f"{threshold} is not between 1 and {count}, the number of its keys",
            "Add keys first: phono keys add.",
        )
    root.roles[role].threshold = threshold


def sign_root(signed: SignedRoot, previous: Root | None, ring: Ring) -> None:
    """Add the signatures of all keys at hand that may sign this root, or the one before."""
    keyids = [*role_keys(signed.signed, ROOT).keyids]
    if previous is not None:
        keyids += role_keys(previous, ROOT).keyids
    for key in ring.of(dict.fromkeys(keyids)):
        signed.sign(key.signer, append=True)


def missing_signatures(signed: SignedRoot, previous: Root | None) -> int:
    """Return how many root keys must still sign, counting those of the root before as well."""
    result = signed.signed.get_root_verification_result(
        previous, signed.signed_bytes, signed.signatures
    )
    return max(result.first.missing, result.second.missing)


def parse_root(data: bytes, previous: Root | None, thing: str) -> SignedRoot:
    """Read a root, and prove that it follows.

    Raises:
        MalformedError: It is no root.
        BadSignatureError: Too few of the keys that must sign it did, or its version is wrong.
    """
    signed = read_root(data, thing)
    expected = previous.version + 1 if previous else 1
    if signed.signed.version != expected:
        raise BadSignatureError(
            thing, f"its version is {signed.signed.version}, not {expected}", _DISTRUST
        )
    if missing := missing_signatures(signed, previous):
        raise BadSignatureError(thing, f"{missing} of the keys that must sign did not", _DISTRUST)
    return signed


_DISTRUST = "Do not trust it; bring the right one back from a backup or a mirror."


def read_root(data: bytes, thing: str) -> SignedRoot:
    """Read a root without proving anything.

    Raises:
        MalformedError: It is no root.
    """
    try:
        signed: SignedRoot = Metadata[Root].from_bytes(data)
        if not isinstance(signed.signed, Root):
            raise MalformedError(thing, "it is the metadata of another role", _DISTRUST)
    except (DeserializationError, RepositoryError, ValueError) as error:
        raise MalformedError(thing, f"it is no root ({error!s:.200})", _DISTRUST) from error
    return signed
