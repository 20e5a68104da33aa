"""A shelf as the register's index knows it: what `source` reads, from SQLite and the journal.

Laws: recordings come in the order in which they came in, a page at a time, so that memory does not
grow with the archive and no writer waits; what comes in meanwhile is not given.
Cost: some six look-ups by index for each recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from phonotheque.catalogue.sources.holdings.values import HELD, REMOVED, Copy, HeldRecording, Like
from phonotheque.disk import Disk
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import may_share_in_torrent
from phonotheque.register import journal
from phonotheque.register.chain import Entry
from phonotheque.register.corrections import edited
from phonotheque.register.events import Link, Removal
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index

_PAGE = 500


@dataclass(slots=True)
class RegisterShelf:
    """The holdings of one archive.

    Attributes:
        index: Its index; whoever opened it closes it.
        disk: Where its register lies: that alone knows why something was removed.
        on: The day on which rights are asked for.
        claims_count: Whether a licence tag in a file is enough to share it.
        heard: Plays and listeners of objects, as this archive's door counted them.
    """

    index: Index
    disk: Disk
    on: date
    claims_count: bool
    heard: Mapping[Sha256, tuple[int, int]] = field(default_factory=dict)
    _removals: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)

    def state(self) -> str:
        """The register's last line, and the day: rights begin and end with days."""
        head = self.index.place.head
        plays = sum(plays for plays, _ in self.heard.values())  # it only grows
        return f"{head.seq} {head.digest} {self.on} {self.claims_count} {plays}"

    def recordings(self) -> Iterator[HeldRecording]:
        """Give each recording with all its copies, in the order they came in."""
        self._removals = self._read_removals()
        last, after = self.index.place.head.seq, 0
        while page := self.index.db.execute(_FIRSTS, (after, last, _PAGE)).fetchall():
            for line, name, payload in page:
                names = self._copies(name, payload, last)
                if names[0] == name:  # else it was given with the copy that came in first
                    copies = tuple(self._copy(Sha256(one)) for one in names)
                    yield HeldRecording(line, copies, *self._heard(copies))
            after = page[-1][0]

    def likenesses(self) -> Iterator[Like]:
        """Give pairs of recordings that are linked, both held, and not copies of one."""
        last, after = self.index.place.head.seq, (b"", b"")
        while page := self.index.db.execute(_LINKS, (last, *after, _PAGE)).fetchall():
            for _, _, body, *payloads in page:
                link = msgspec.json.decode(body, type=Link)
                names = (bytes.fromhex(link.sha256), bytes.fromhex(link.other))
                one, other = (
                    self._copies(name, payload, last)[0]
                    for name, payload in zip(names, payloads, strict=True)
                )
                if one != other:
                    yield Like(Sha256(one), Sha256(other), link.likeness, link.bit_errors)
            after = page[-1][:2]

    def _heard(self, copies: Sequence[Copy]) -> tuple[int | None, int | None]:
        """Plays and listeners of a recording, whichever of its copies they were counted for."""
        found = [self.heard[copy.sha256] for copy in copies if copy.sha256 in self.heard]
        if not found:
            return None, None
        return sum(plays for plays, _ in found), sum(listeners for _, listeners in found)

    def _copies(self, name: bytes, payload: bytes | None, last: int) -> list[bytes]:
        """Names of the copies of a recording, the one that came in first before the others."""
        if payload is None:
            return [name]
        return [row[0] for row in self.index.db.execute(_TWINS, (payload, last))]

    def _copy(self, name: Sha256) -> Copy:
        held = self.index.held(name)
        if held is None:
            raise AssertionError(f"{name} is in a row of the index and not in another")
        came = self.index.accessions(name)[0]
        because, at = self._removals.get(name.hex, ("", ""))
        statements = self.index.statements(name)
        return Copy(
            sha256=name,
            size_bytes=held.size_bytes,
            extension=held.extension,
            path=came.path,
            deposit=came.deposit,
            state=_STATES.get(held.condition, held.condition),
            tags=edited(self.index, name),
            sharing=may_share_in_torrent(statements, self.on, self.claims_count),
            codec=held.technical.codec if held.technical else None,
            length_ms=_length_ms(held),
            removed_because=because,
            removed_at=at,
        )

    def _read_removals(self) -> dict[str, tuple[str, str]]:
        """Why and when objects were removed: the whole register is read, if any was."""
        if not self.index.db.execute(_ANY_REMOVED).fetchone():
            return {}
        entries = (item[0] for item in journal.read(self.disk) if isinstance(item, tuple))
        return dict(removal for entry in entries if (removal := _removal(entry)))


def _removal(entry: Entry) -> tuple[str, tuple[str, str]] | None:
    event: Any = entry.event
    return (event.sha256, (event.reason, entry.at)) if isinstance(event, Removal) else None


def _length_ms(held: Held) -> int | None:
    if held.sound:
        return held.sound.decoded_ms
    return held.technical.duration_ms if held.technical else None


_STATES = {"intact": HELD, "removed": REMOVED}

_FIRSTS = """SELECT a.seq, o.sha256, o.payload FROM accession AS a
             JOIN object AS o ON o.sha256 = a.sha256 AND o.first_seq = a.seq
             WHERE a.seq > ? AND a.seq <= ? AND o.role = 'recording' ORDER BY a.seq LIMIT ?"""
_TWINS = """SELECT sha256 FROM object WHERE payload = ? AND role = 'recording' AND first_seq <= ?
            ORDER BY first_seq, sha256"""
_LINKS = """SELECT link.one, link.other, link.body, a.payload, b.payload FROM link
            JOIN object AS a ON a.sha256 = link.one JOIN object AS b ON b.sha256 = link.other
            WHERE link.seq <= ? AND (link.one, link.other) > (?, ?)
            AND a.condition != 'removed' AND b.condition != 'removed'
            ORDER BY link.one, link.other LIMIT ?"""
_ANY_REMOVED = "SELECT 1 FROM object WHERE condition = 'removed' AND role = 'recording' LIMIT 1"
