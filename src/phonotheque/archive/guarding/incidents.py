"""The incident report of one archive: from its access log, its catalogue and its plays.

What left is read from the access log as far back as it is kept (`listen.log_days`), and before that
from the ledger of accounts above a suspicion. Lines that cannot be read are counted, and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from phonotheque.archive.guarding.hearable import count_hearable
from phonotheque.archive.guarding.play_ledger import takings_before_the_log
from phonotheque.archive.guarding.seen import log_begins
from phonotheque.archive.listening.door import LOGS
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.archive.listening.play_journal import heard_here
from phonotheque.archive.opening import Archive, open_to_read
from phonotheque.disk import refusal
from phonotheque.errors import BadReferenceError, NoCatalogueError
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.incident import (
    Background,
    Incident,
    Known,
    Taken,
    Takings,
    add_taken,
    report,
)
from phonotheque.guard.rungs import Rung
from phonotheque.listen.log import Line
from phonotheque.listen.values import Album, Song
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.digest import Sha256
from phonotheque.register.index import Index

_WHOLE = 0.95
"""Of a file's bytes: from then on it left whole (a player skips the end of what nobody hears)."""

_SOUND = ("/sound/", "/download/")


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: seconds since 1970, the last one not included."""

    since: int
    until: int


@dataclass(slots=True)
class Read:
    """What was read of the log.

    Attributes:
        seen: Accounts and addresses that it has a line of.
    """

    lines: int = 0
    unreadable: int = 0
    seen: set[str] = field(default_factory=set)


def incident(
    root: Path, cases: Cases, accounts: Sequence[str], span: Span
) -> tuple[Incident, Read]:
    """Report what left through some accounts.

    Raises:
        MalformedError: A file of the ledger is damaged.
        UnavailableError: The log cannot be read.
    """
    read = Read()
    takings = takings_before_the_log(root, accounts, span.since, span.until)
    _add_takings(takings, root, frozenset(accounts), span, read)
    library = ArchiveLibrary(root)
    try:
        with open_to_read(root) as archive:
            shown = _Shown(library, archive.index, heard_here(root))
            background = Background(
                since=span.since,
                until=span.until,
                known=shown.known,
                cases={account: cases.of_account.get(account, "") for account in accounts},
                catalogue=_catalogue(root, archive),
                listens=shown.listens(),
                unseen=_unseen(accounts, read, takings),
                log_begins=log_begins(root),
            )
            return report(takings, background), read
    finally:
        library.close()


def accounts_of(cases: Cases, subjects: Sequence[str]) -> list[str]:
    """Return the accounts that some cases are about, or that are named; without any those that
    were asked or suspended, or would have been.

    Raises:
        BadReferenceError: There is no such case.
    """
    if not subjects:
        return [
            case.account
            for case in cases.by_number.values()
            if any(decided.decision.rung >= Rung.CHALLENGE for decided in case.decisions)
        ]
    found = []
    for subject in subjects:
        case = cases.by_number.get(subject)
        if case is None and len(subject) != 16:
            todo = "`phono guard cases --all` lists them."
            raise BadReferenceError(subject, "there is no case of this number", todo)
        found.append(case.account if case else subject)
    return found


def read_log(root: Path, span: Span, read: Read) -> Iterator[tuple[int, Line]]:
    """Yield the lines of the access log within a span, each with its second.

    Raises:
        UnavailableError: A file cannot be read.
    """
    decoder = msgspec.json.Decoder(Line)
    first = datetime.fromtimestamp(span.since, UTC).date().isoformat()
    last = datetime.fromtimestamp(span.until + DAY_S, UTC).date().isoformat()
    for path in sorted((root / LOGS).glob("????-??-??.jsonl")):
        if not first <= path.stem <= last:
            continue
        try:
            with path.open("rb") as file:
                for data in file:
                    read.lines += 1
                    try:
                        line = decoder.decode(data)
                        second = int(datetime.fromisoformat(line.at).timestamp())
                    except (*UNDECODABLE, ValueError):
                        read.unreadable += 1
                        continue
                    if span.since <= second < span.until:
                        yield second, line
        except OSError as error:
            raise refusal(f"{LOGS}/{path.name}", error) from error


def _add_takings(
    takings: Takings, root: Path, accounts: frozenset[str], span: Span, read: Read
) -> None:
    """Add what the log that is kept tells."""
    for second, line in read_log(root, span, read):
        read.seen.update((line.account, line.address))
        account = line.account or line.address
        if account not in accounts or not is_taking(line):
            continue
        add_taken(takings, account, line.item, Taken(second, second, line.bytes, 1))


def is_taking(line: Line) -> bool:
    """Whether sound left by a request that may be heard and not kept."""
    return line.restricted and line.bytes > 0 and line.endpoint.startswith(_SOUND)


def _catalogue(root: Path, archive: Archive) -> int:
    """Recordings that may be heard here and not kept; 0 where there is no catalogue."""
    try:
        return count_hearable(root, archive)
    except NoCatalogueError:
        return 0


def _unseen(accounts: Sequence[str], read: Read, takings: Takings) -> tuple[str, ...]:
    """Accounts of which neither the log nor the ledger has anything."""
    known = read.seen | {account for account, _ in takings}
    return tuple(account for account in dict.fromkeys(accounts) if account not in known)


class _Shown:
    """What an archive knows of its recordings."""

    def __init__(
        self, library: ArchiveLibrary, index: Index, heard: dict[Sha256, tuple[int, int]]
    ) -> None:
        self._library = library
        self._index = index
        self._heard = heard
        self._holders: dict[UUID, str] = {}

    def listens(self) -> int:
        """All plays that were counted here."""
        return sum(plays for plays, _ in self._heard.values())

    def known(self, gid: str) -> Known:
        """What is known of a recording."""
        try:
            song = self._library.song(UUID(gid))
        except (NoCatalogueError, ValueError):
            return Known()
        if not isinstance(song, Song):
            return Known()
        held = [self._index.held(name) for name in song.objects]
        sizes = [one.size_bytes for one in held if one is not None]
        credit = song.hit.credit or ""
        return Known(
            title=f"{song.hit.title}, {credit}" if credit else song.hit.title,
            holder=self._holder(song) or credit,
            plays=sum(self._heard.get(name, (0, 0))[0] for name in song.objects),
            whole_bytes=int(min(sizes) * _WHOLE) if sizes else 0,
        )

    def _holder(self, song: Song) -> str:
        """The label that issued the most popular album that a song is on."""
        for hit in song.albums[:1]:
            if hit.gid not in self._holders:
                album = self._library.album(hit.gid)
                labels = album.labels if isinstance(album, Album) else ()
                self._holders[hit.gid] = labels[0].name if labels else ""
            return self._holders[hit.gid]
        return ""
