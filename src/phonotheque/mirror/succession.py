"""A successor accepted: the keys of an archive are lost, and somebody goes on from what was signed.

No signature can prove who that is: a person compares the fingerprint of the new root with what was
told elsewhere, and says so. What can be proven is: that it is the archive that was followed, and
that its past is the one that was seen here.

Order: the successor is proven in a folder of its own -> its root alone may be trusted from now on
-> the old trust is set aside -> the successor is followed. A crash never leaves a moment in which
whatever comes first would be trusted; the same command goes on.

Laws: without a fingerprint nothing changes; the old trust is kept, so that a wrong decision can be
taken back; nobody is followed as a successor whose past is another.

Not here: beginning as a successor (`phonotheque.archive.keeping.restoring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from phonotheque.disk import Disk, Kind
from phonotheque.errors import BadRequestError, BrokenChainError, NotHeldError, PhonothequeError
from phonotheque.mirror.following import follow, origin_of
from phonotheque.mirror.home import PUBLISHED, TRUST, Copy
from phonotheque.mirror.sources import Origin, is_web, store_origin
from phonotheque.publish.index.chain import parse_history
from phonotheque.publish.packs.standing import clear
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.source import source_named

_PROVING = "state/successor"
_HEX = frozenset("0123456789abcdef")


def accept_successor(copy: Copy, fingerprint: str, source: str, at: datetime) -> list[str]:
    """Follow whoever goes on from a lost archive, by a root that a person chose to trust.

    Args:
        copy: Open to write.
        fingerprint: SHA-256 of the successor's first root, 64 hexadecimal digits.
        source: Where it is published: a URL or folder; "" for where the archive was.
        at: This instant.

    Returns:
        What is worth telling.

    Raises:
        BadRequestError: It is no fingerprint.
        BadSignatureError: No source has a publication with that root.
        BrokenChainError: It is another archive, or another past.
        UnavailableError: No source can be had now.
    """
    root = fingerprint.lower()
    if len(root) != 64 or set(root) - _HEX:
        todo = "Say the 64 digits that `phono mirror restore --successor` printed there."
        raise BadRequestError("--successor", "it is no SHA-256", todo)
    origin = origin_of(copy)
    place = str(Path(source).resolve()) if source and not is_web(source) else source
    asked = [place] if place else list(origin.addresses)
    address = _proven(copy, origin, asked, (root, at))
    store_origin(copy.disk, Origin((address,), origin.archive, root))
    aside = _set_aside(copy.disk)
    said = [f"{copy.name}: the old trust was set aside in {aside}."]
    if gone := [one for one in origin.addresses if one != address]:
        said.append(f"{copy.name}: not followed from any more: {', '.join(gone)}.")
    return [*said, *follow(copy, at)]


def _proven(copy: Copy, origin: Origin, asked: Sequence[str], wanted: tuple[str, datetime]) -> str:
    """Return the first address at which the successor proves itself."""
    refused: PhonothequeError | None = None
    root, at = wanted
    for address in asked:
        clear(copy.disk, _PROVING)
        try:
            follower = Follower(source_named(address), copy.root / _PROVING, fingerprint=root)
            said = follower.follow(at)
            _refuse_another_past(copy, origin, said.header.archive, follower)
        except PhonothequeError as error:
            if refused is None or not isinstance(refused, BrokenChainError):
                refused = error
            continue
        finally:
            clear(copy.disk, _PROVING)
        return address
    raise refused or NotHeldError(copy.name, "no source is known", "Name one: --source URL|DIR.")


def _refuse_another_past(copy: Copy, origin: Origin, archive: str, follower: Follower) -> None:
    todo = "Keep what you have, and ask those who say that they go on."
    if archive != origin.archive:
        wrong = f"it goes on from the archive {archive}, not from the one that is followed"
        raise BrokenChainError(copy.name, wrong, todo)
    seen = copy.memory().learned
    history = parse_history(follower.file("index-history.sha256"))
    if seen is not None and history.get(seen.seq) != seen.sha256:
        wrong = f"its past is another: index {seen.seq} there is not the one that was seen here"
        raise BrokenChainError(copy.name, wrong, todo)


def _set_aside(disk: Disk) -> str:
    """Give what was trusted another name, and take the old signatures out of the way."""
    number = sum(entry.name.startswith(f"{TRUST}-") for entry in disk.list("")) + 1
    aside = f"{TRUST}-{number}"
    entry = disk.stat(TRUST)
    if entry is not None and entry.kind is Kind.FOLDER:
        disk.rename(TRUST, aside)
        disk.sync_folder("")
    clear(disk, f"{PUBLISHED}/metadata")
    return aside
