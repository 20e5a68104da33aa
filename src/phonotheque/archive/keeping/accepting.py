"""Accepting the statement of a mirror: proven first, then noted, and only then counted.

Order: signature of the mirror -> timestamp, by this archive's own signature -> who the mirror is
and whether it is newer than what is known -> the answers -> the journal's line, durable.

Laws: nothing that is refused changes anything; how old a proof is follows from this archive's own
timestamp, never from a mirror's clock; what was accepted before is accepted again without a line;
whose key it is stays as it was first, unless a person says otherwise.

Source: TUF specification 1.0.33, section 4.6 (timestamp). Not here: the judgement itself
(`judging`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Timestamp
from tuf.api.serialization import DeserializationError

from phonotheque.archive.keeping.judging import Judged, judge
from phonotheque.archive.keeping.mirrors import Forgotten, Reported, Seen, append, reports
from phonotheque.archive.opening import Archive, open_to_read, open_to_write
from phonotheque.disk import Disk
from phonotheque.errors import (
    BadReferenceError,
    BadSignatureError,
    ConflictError,
    NotHeldError,
    RolledBackError,
)
from phonotheque.mirror.contents import Contents, contents_of_sealed
from phonotheque.mirror.statement import Header, Statement, decode_statement
from phonotheque.publish.sealed import sealed_bytes, torrent_path
from phonotheque.publish.trust.roots import load_roots
from phonotheque.register.chain import format_instant
from phonotheque.register.events import Volume
from phonotheque.register.published import sealed

_THING = "the statement"
_AGAIN = "Ask the mirror for a new one: `phono mirror follow`, then `phono mirror report`."
_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A statement that was believed as far as it proved itself.

    Attributes:
        reported: What the journal says of it.
        judged: How each claim was judged.
        is_new: Whether it was not known before.
        notices: What is worth telling.
    """

    reported: Reported
    judged: tuple[Judged, ...]
    is_new: bool
    notices: tuple[str, ...]


def accept(
    root: Path,
    data: bytes,
    *,
    may_change_key: bool,
    is_rehearsed: bool,
    must_be_known: bool = False,
) -> Accepted:
    """Prove a statement, and count the copies that it proves from now on.

    Args:
        root: Folder of the archive.
        data: The file of the statement.
        may_change_key: Whether a person said that the mirror's key is another one now.
        is_rehearsed: Say what would be, and note nothing.
        must_be_known: Refuse a mirror that was never accepted: no person looks on.

    Raises:
        MalformedError: It is no statement.
        BadSignatureError: It is not signed by its key, or its timestamp not by this archive.
        ConflictError: It is for another archive, or another mirror has this id or this key, or
            nobody knows the mirror.
        RolledBackError: A newer one of this mirror was accepted before.
        UnavailableError: The archive is held, or the disk refused.
    """
    statement = decode_statement(data)
    digest = hashlib.sha256(data).hexdigest()
    with open_to_read(root) as archive:
        proven_at = _proven_at(archive, statement.header)
        _check(archive, statement.header, digest, proven_at, may_change_key=may_change_key)
        before = reports(archive.disk).get(statement.header.mirror)
        if must_be_known and before is None:  # before anything is read for it
            todo = "Send the file to the archive's people once; then it is taken here, too."
            raise ConflictError(_THING, "nobody here knows this mirror yet", todo)
        judged = judge(statement, archive.disk, _contents_of(archive))
        at = archive.now()
    reported = _reported(statement, judged, digest, proven_at, at)
    is_new = before is None or before.statement != digest
    if is_new and not is_rehearsed:
        with open_to_write(root, "accept a statement", is_patient=True) as archive:
            _check(archive, statement.header, digest, proven_at, may_change_key=may_change_key)
            append(archive.disk, reported)
    return Accepted(reported, tuple(judged), is_new, tuple(_notices(before, reported, judged)))


def forget(root: Path, mirror: str) -> Reported:
    """Count on a mirror no more, until it reports again; returns what it reported last.

    Args:
        root: Folder of the archive.
        mirror: Its id, or the beginning of it.

    Raises:
        BadReferenceError: No mirror has that id, or more than one.
        UnavailableError: The archive is held, or the disk refused.
    """
    with open_to_write(root, "forget a mirror", is_patient=True) as archive:
        known = reports(archive.disk)
        found = [one for one in known.values() if one.mirror.startswith(mirror)]
        if len(found) != 1:
            wrong = f"{len(found)} of {len(known)} mirrors have an id that begins so"
            raise BadReferenceError(mirror, wrong, "See `phono status --json`.")
        append(archive.disk, Forgotten(archive.now(), found[0].mirror))
        return found[0]


def _proven_at(archive: Archive, header: Header) -> str:
    """When this archive signed the timestamp of a statement, UTC."""
    if header.archive != archive.index.note("archive"):
        wrong = f"it is for the archive {header.archive}"
        raise ConflictError(_THING, wrong, "Accept it there.")
    signed_at = _signed_at(archive.disk, header.timestamp.encode())
    if signed_at > datetime.fromisoformat(archive.now()) + _SKEW:
        wrong = "its timestamp was signed in the future"
        raise BadSignatureError(_THING, wrong, "Set this machine's clock, or renew the keys.")
    return format_instant(signed_at)


def _signed_at(disk: Disk, data: bytes) -> datetime:
    """When a timestamp was signed that the keys which count now did sign.

    Its version is milliseconds since 1970 (`publish.trust.repository`).
    """
    roots = load_roots(disk)
    if not roots:
        raise NotHeldError("the keys", "nothing was signed yet", "Publish: phono publish run.")
    try:
        paper: Metadata[Timestamp] = Metadata.from_bytes(data)
        if not isinstance(paper.signed, Timestamp):
            raise BadSignatureError(_THING, "what it draws from is no timestamp", _AGAIN)
        roots[-1].signed.verify_delegate("timestamp", paper.signed_bytes, paper.signatures)
        return datetime.fromtimestamp(paper.signed.version / 1000, UTC)
    except (DeserializationError, RepositoryError, ValueError, OverflowError, OSError) as error:
        wrong = "what it draws from is no timestamp that this archive's keys signed"
        raise BadSignatureError(_THING, wrong, _AGAIN) from error


def _check(
    archive: Archive, header: Header, digest: str, proven_at: str, *, may_change_key: bool
) -> None:
    """Refuse what is older than what is known, and a mirror that is not the one it was."""
    known = reports(archive.disk)
    other = [one for one in known.values() if one.key == header.key and one.mirror != header.mirror]
    if other:
        wrong = f"its key is that of the mirror {other[0].mirror[:12]}"
        raise ConflictError(_THING, wrong, "One disk is one mirror: it must not count twice.")
    before = known.get(header.mirror)
    if before is None or before.statement == digest:
        return
    if before.key != header.key and not may_change_key:
        wrong = f"the mirror {header.mirror[:12]} had the key {before.key[:16]} before"
        todo = "Ask its keeper by another way; if it is true, accept it with --new-key."
        raise ConflictError(_THING, wrong, todo)
    if (proven_at, header.at) < (before.proven_at, before.made_at):
        wrong = f"it is older than the one of {before.proven_at[:16]} that was accepted"
        raise RolledBackError(_THING, wrong, _AGAIN)


def _contents_of(archive: Archive) -> Callable[[str], Contents | None]:
    """What is in each volume and pack that was ever sealed and whose torrent is there."""
    known = {event.name: event for event, _ in sealed(archive.index)}

    def contents_of(name: str) -> Contents | None:
        event = known.get(name)
        if event is None:
            return None
        data = sealed_bytes(archive.disk, torrent_path(name), event.torrent)
        if data is None:
            return None
        return contents_of_sealed(name, data, is_volume=isinstance(event, Volume))

    return contents_of


def _reported(
    statement: Statement, judged: list[Judged], digest: str, proven_at: str, at: str
) -> Reported:
    header = statement.header
    return Reported(
        at=at,
        statement=digest,
        mirror=header.mirror,
        key=header.key,
        proven_at=proven_at,
        made_at=header.at,
        index=header.index,
        operator=header.operator,
        country=header.country,
        medium=header.medium,
        space_bytes=header.space_bytes,
        excluded=len(header.excluded),
        torrents=tuple(
            Seen(one.claim.torrent, one.verdict, one.claim.held_bytes, one.claim.verified_at)
            for one in judged
        ),
    )


def _notices(before: Reported | None, now: Reported, judged: list[Judged]) -> list[str]:
    said = []
    if before is None:
        said.append(
            f"This mirror is new here. Compare its key with what its keeper tells: {now.key}."
        )
    elif (before.operator, before.country) != (now.operator, now.country):
        was, is_now = before.operator or "nobody", now.operator or "nobody"
        said.append(f"It was kept by {was} ({before.country or '?'}) before, now by {is_now}.")
    said += [
        f"{path}: this archive's own file is damaged; run phono verify, then phono repair."
        for one in judged
        for path in one.damaged
    ]
    return said
