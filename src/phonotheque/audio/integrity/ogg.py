"""Ogg: every page under its checksum, none missing, none between them, an end to every stream.

Laws: a changed bit anywhere in a page is found (CRC-32); a missing page is found by the numbers, a
missing end by the end-of-stream page. Streams one behind the other (chained) and side by side
(multiplexed) are followed each by itself, at most 1,024 at once.

Time comes from granule positions: damage is said to be where the last good page before it ended.

Sources: RFC 3533; Vorbis I specification, A.2; RFC 7845, 4 (Opus); RFC 9639, 10.1 (FLAC in Ogg);
Speex manual, 8. Not here: packets. An empty last packet is common in old Vorbis and no damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.audio.integrity.examined import Cover, Examined, Findings
from phonotheque.audio.integrity.ogg_pages import FIRST, FOREIGN, LAST, Page, Pages, Spoiled
from phonotheque.audio.integrity.tails import name_tail
from phonotheque.music.sound import DAMAGE_LISTED

_MOST_STREAMS = 1024  # a film with many languages has 20; beyond is an attack on memory
_LATE_START_MS = 30_000  # no page is so long: sound was cut out of a running broadcast


def examine_ogg(file: BinaryIO, codec: str) -> Examined:
    """Examine every page of an Ogg file. Cost: about 600 MB/s."""
    walk = _Walk()
    pages = Pages(file)
    for found in pages:
        if isinstance(found, Page):
            walk.take(found)
        elif found.until == pages.size and not found.has_pages and walk.is_ended:
            walk.notes.append(name_tail(file, found.at, found.until))
        else:
            walk.spoil(found, is_last=found.until == pages.size)
    walk.end(pages.size)
    return Examined(
        container="ogg",
        codec=codec,
        cover=Cover.CHECKSUM,
        checks=(
            f"checksums of all {walk.pages:,} Ogg pages",
            "page numbers, granule positions and the end of each stream",
        ),
        notes=tuple(walk.notes),
        damage=walk.findings.listed,
        damaged_places=walk.findings.count,
        stored_md5=walk.flac_md5,
    )


@dataclass(slots=True)
class _Stream:
    """One logical stream: how its clock goes, and its last page."""

    rate_hz: int
    skip: int
    number: int
    granule: int = 0
    start_ms: int | None = None
    is_ended: bool = False
    findings: int = 0  # as many as there were at its last page

    def ms(self) -> int:
        """Time at its last page, from its own first sample."""
        if not self.rate_hz:
            return 0
        return max(0, (self.granule - self.skip) * 1000 // self.rate_hz - (self.start_ms or 0))


class _Walk:
    def __init__(self) -> None:
        self.findings = Findings()
        self.notes: list[str] = []
        self.pages = 0
        self.late_pages = 0
        self.flac_md5: bytes | None = None
        self._streams: dict[int, _Stream] = {}
        self._has_sound = False  # pages behind the first ones of this link
        self._base_ms = 0  # length of the links before
        self._is_cut = False

    @property
    def is_ended(self) -> bool:
        """Whether every stream so far has come to its end."""
        return bool(self._streams) and all(s.is_ended for s in self._streams.values())

    def take(self, page: Page) -> None:
        """Follow one page that is as it was written."""
        self.pages += 1
        if page.flags & FIRST:
            self._begin(page)
        else:
            self._go_on(page)
        stream = self._streams.get(page.serial)
        if stream is not None:
            stream.number = page.number
            stream.findings = self.findings.count
            stream.is_ended = stream.is_ended or bool(page.flags & LAST)

    def spoil(self, found: Spoiled, *, is_last: bool) -> None:
        """Note a stretch that is no page."""
        length = found.until - found.at
        what = f"{length:,} {FOREIGN}" if found.what is FOREIGN else found.what
        self._add(what, found.at, found.until)
        self._is_cut = is_last

    def end(self, size: int) -> None:
        """Note what is missing at the end of the file."""
        if not self.pages:
            self.findings.add("no Ogg page is whole", 0, size)
        elif not self._is_cut:
            self._miss_ends(size)

    def _begin(self, page: Page) -> None:
        if self._has_sound:
            self._miss_ends(page.at)
            self._base_ms = self._now_ms()
            self._streams.clear()
            self._has_sound = False
        if len(self._streams) >= _MOST_STREAMS:
            self._add(
                f"more than {_MOST_STREAMS:,} streams at once; this one is not followed", page.at
            )
            return
        rate_hz, skip = _clock(page.head)
        md5 = _flac_md5(page.head)
        if md5 is not None:
            self.flac_md5 = md5 if self._base_ms == 0 and not self.flac_md5 else None
        self._streams[page.serial] = _Stream(rate_hz, skip, page.number)

    def _go_on(self, page: Page) -> None:
        self._has_sound = True
        stream = self._streams.get(page.serial)
        if stream is None:
            if len(self._streams) >= _MOST_STREAMS:
                return
            if not self.findings.count:  # else its first page is among what was spoiled
                self._add("the first page of a stream is missing", page.at)
            self._streams[page.serial] = _Stream(0, 0, page.number)
            return
        self._compare_numbers(stream, page)
        if page.granule < 0 or not stream.rate_hz:
            return
        if page.granule < stream.granule and not page.flags & LAST:
            self._add("granule positions run backwards", page.at)
        stream.granule = page.granule
        if stream.start_ms is None and page.granule:
            late_ms = stream.ms()
            stream.start_ms = late_ms if late_ms > _LATE_START_MS else 0

    def _compare_numbers(self, stream: _Stream, page: Page) -> None:
        """A gap right behind other damage is that damage."""
        if stream.findings != self.findings.count:
            return
        if stream.is_ended and not self.late_pages:
            self.notes.append("pages stand behind the end-of-stream page; their checksums agree")
        self.late_pages += stream.is_ended
        if page.number != (stream.number + 1) & 0xFFFFFFFF:
            missing = page.number - stream.number - 1
            what = f"{missing:,} pages are missing" if missing > 0 else "pages are out of order"
            self._add(what, page.at)

    def _miss_ends(self, at: int) -> None:
        open_ends = sum(not stream.is_ended for stream in self._streams.values())
        if open_ends:
            self._add("the end is missing: there is no end-of-stream page", at)

    def _add(self, what: str, at: int, until: int | None = None) -> None:
        is_told = bool(self._streams) and len(self.findings.listed) < DAMAGE_LISTED
        self.findings.add(what, at, until, self._now_ms() if is_told else None)

    def _now_ms(self) -> int:
        return self._base_ms + max((s.ms() for s in self._streams.values()), default=0)


def _clock(head: bytes) -> tuple[int, int]:
    """Granules per second and granules to skip, from the first packet; (0, 0) for no sound."""
    if head[:7] == b"\x01vorbis":
        return int.from_bytes(head[12:16], "little"), 0
    if head[:8] == b"OpusHead":
        return 48_000, int.from_bytes(head[10:12], "little")
    if head[:5] == b"\x7fFLAC":
        return int.from_bytes(head[27:30], "big") >> 4, 0
    if head[:8] == b"Speex   ":
        return int.from_bytes(head[36:40], "little"), 0
    return 0, 0


def _flac_md5(head: bytes) -> bytes | None:
    """STREAMINFO's MD5. Source: RFC 9639, 10.1: 9 bytes, "fLaC", 4 bytes, STREAMINFO."""
    md5 = head[35:51] if head[:5] == b"\x7fFLAC" else b""
    return md5 if len(md5) == 16 and any(md5) else None
