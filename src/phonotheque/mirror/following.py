"""Following an archive: what is new is proven, then laid out here for others to follow, too.

Order: everything that is signed is durable in `published/`, the timestamp last (`laying_out`) ->
the journal's line. Laws: what was seen once is the least that is believed later, whatever source is
asked next; an archive stays the one it was; when no source can be believed or had, what was known
stays as it was.

Source: TUF specification 1.0.33, section 5, by `publish.trust.following`. Not here: several
archives at a time, what is done with removals (`refreshing`), choosing, fetching.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from phonotheque.errors import (
    BrokenChainError,
    ExpiredError,
    NotHeldError,
    PhonothequeError,
    RolledBackError,
    UnavailableError,
)
from phonotheque.mirror import telling
from phonotheque.mirror.by_signature import follow_by_signature, parse_key
from phonotheque.mirror.events import Learned
from phonotheque.mirror.home import TRUST, Copy
from phonotheque.mirror.laying_out import lay_out
from phonotheque.mirror.sources import Origin, load_origin, store_origin
from phonotheque.publish.index.lines import Header
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.source import Source, source_named


def follow(copy: Copy, at: datetime) -> list[str]:
    """Learn what is new of an archive from every source that can be had now.

    Args:
        copy: Open to write.
        at: This instant.

    Returns:
        What is worth telling: of sources that could not be believed or had while another could.

    Raises:
        NotHeldError: No source is known.
        TrustError: Some source could be had, and none of those could be believed.
        IntegrityError: The same, or what is remembered here is damaged.
        UnavailableError: No source can be had now.
    """
    origin = origin_of(copy)
    proven, notices = learn(copy, origin, at)
    if proven != origin:
        store_origin(copy.disk, proven)
    return notices


def origin_of(copy: Copy) -> Origin:
    """Return where a copy is followed from.

    Raises:
        NotHeldError: From nowhere.
    """
    origin = load_origin(copy.disk)
    if origin is None or not origin.addresses:
        raise NotHeldError(copy.name, "it is not known where it comes from", "Init it again.")
    return origin


def learn(copy: Copy, origin: Origin, at: datetime) -> tuple[Origin, list[str]]:
    """Learn what is new from given sources; that they are sources is not written down here.

    Args:
        copy: Open to write.
        origin: The sources, and what they must prove themselves by.
        at: This instant.

    Returns:
        The origin with the archive that was proven, and what is worth telling, as of `follow`.

    Raises:
        TrustError, IntegrityError, UnavailableError: As of `follow`.
    """
    refusals: list[PhonothequeError] = []
    notices: list[str] = []
    for address in origin.addresses:
        try:
            archive, told = _follow_from(copy, origin, address, at)
        except PhonothequeError as error:
            refusals.append(error)
            continue
        origin = msgspec.structs.replace(origin, archive=archive)
        notices += told
    if len(refusals) == len(origin.addresses):
        raise next((one for one in refusals if not isinstance(one, UnavailableError)), refusals[0])
    return origin, notices + [str(one) for one in refusals if not isinstance(one, RolledBackError)]


def _follow_from(copy: Copy, origin: Origin, address: str, at: datetime) -> tuple[str, list[str]]:
    """Follow one source, and lay out what it has; by the signature for people as the last way.

    Returns:
        The UUID of the archive, and what is worth telling.
    """
    try:
        source = source_named(address)
    except NotHeldError as error:
        todo = "Plug the disk in, or try again later."
        raise UnavailableError(address, "it is not there now", todo) from error
    try:
        header, sha256 = _follow_by_tuf(copy, origin, source, at)
        told = []
    except (ExpiredError, UnavailableError) as error:
        is_known = copy.disk.stat(f"{TRUST}/anchor.root.json") is not None
        if not origin.minisign or (is_known and not isinstance(error, ExpiredError)):
            raise
        header, sha256 = follow_by_signature(copy, source, parse_key(origin.minisign))
        told = [telling.by_signature(address, header.seq, header.created, error.wrong)]
        _refuse_another(origin, header.archive)
    journal = copy.writing
    last = journal.memory.learned
    if last is None or last.sha256 != sha256:
        journal.append(Learned(journal.now(), header.seq, sha256, address))
    return header.archive, told


def _follow_by_tuf(copy: Copy, origin: Origin, source: Source, at: datetime) -> tuple[Header, str]:
    """Returns the header of the newest index, and the SHA-256 of its file."""
    follower = Follower(source, copy.root / TRUST, fingerprint=origin.fingerprint)
    proven = follower.follow(at)
    _refuse_another(origin, proven.header.archive)
    lay_out(copy.disk, follower, source)
    return proven.header, proven.sha256


def _refuse_another(origin: Origin, archive: str) -> None:
    if origin.archive not in ("", archive):
        raise BrokenChainError(
            archive, f"the archive that is followed is {origin.archive}", "Ask its people."
        )
