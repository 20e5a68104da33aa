"""Excluding something from a mirror, for as long as its keeper says: at once, and for good.

Order: the list is durable before anything goes because of it.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from phonotheque.errors import BadReferenceError, BadRequestError, NotHeldError
from phonotheque.mirror.deciding import carry_out, decide
from phonotheque.mirror.exclusions import Exclusion, load_exclusions, store_exclusions
from phonotheque.mirror.home import Mirror, now
from phonotheque.mirror.known import known
from phonotheque.mirror.refreshing import remove
from phonotheque.mirror.removal import excluded_objects, remove_objects
from phonotheque.mirror.values import Followed

_SHA256 = re.compile(r"[0-9a-f]{64}")


def exclude(mirror: Mirror, thing: str, reason: str, archive: str = "") -> list[str]:
    """Let something never be on this disk; returns what is worth telling.

    Args:
        mirror: Open to write.
        thing: Name of a torrent, SHA-256 of an object, or gid of a recording.
        reason: Why; it stands in this mirror's report.
        archive: Name of the archive that it is of; "" for all.

    Raises:
        BadRequestError: No reason is given.
        BadReferenceError: Nothing of that name is known here.
    """
    if not reason.strip():
        raise BadRequestError("--reason", "it is not said why", "Say it: it stands in the report.")
    if archive:
        mirror.copy(archive)
    followed = _known(mirror)
    one = _exclusion(followed, thing, reason, archive)
    kept = [other for other in load_exclusions(mirror.disk) if _same(other) != _same(one)]
    store_exclusions(mirror.disk, [*kept, one])
    notices = []
    for said in followed:
        copy = mirror.copy(said.archive)
        own = {
            name: replace(why, is_own=True) for name, why in excluded_objects(copy, [one]).items()
        }
        notices += remove_objects(copy, own) + remove(mirror, copy, said)
    return notices + carry_out(mirror, followed, decide(mirror, followed))


def lift(mirror: Mirror, thing: str) -> None:
    """Exclude something no more; it is fetched again when it is needed.

    Raises:
        BadReferenceError: It is not excluded.
    """
    exclusions = load_exclusions(mirror.disk)
    kept = [one for one in exclusions if thing not in (one.torrent, one.sha256, one.recording)]
    if len(kept) == len(exclusions):
        raise BadReferenceError(thing, "it is not excluded", "See `phono mirror exclude`.")
    store_exclusions(mirror.disk, kept)


def _exclusion(followed: list[Followed], thing: str, reason: str, archive: str) -> Exclusion:
    said, at = " ".join(reason.split()), now()
    if _SHA256.fullmatch(thing):
        return Exclusion(said, at, archive, sha256=thing)
    try:
        return Exclusion(said, at, archive, recording=str(uuid.UUID(thing)))
    except ValueError:
        pass  # no gid
    names = {line.id for one in followed for line in one.lines if archive in ("", one.archive)}
    if thing not in names:
        todo = "Name a torrent as `phono mirror plan --all` does, a SHA-256, or a gid."
        raise BadReferenceError(thing, "no torrent of that name is known here", todo)
    return Exclusion(said, at, archive, torrent=thing)


def _known(mirror: Mirror) -> list[Followed]:
    found = []
    for copy in mirror.copies:
        try:
            found.append(known(copy))
        except NotHeldError:
            continue  # never followed yet
    return found


def _same(one: Exclusion) -> tuple[str, str, str, str]:
    return one.archive, one.torrent, one.sha256, one.recording
