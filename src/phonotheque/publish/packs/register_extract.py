"""The register, as far as it speaks of what is shared.

A line that speaks of something that is not shared stands there as its number and SHA-256 alone.
Each line of the register has the SHA-256 of the line before it, so the chain can be followed from
the first line to the last, whole lines and withheld ones, and nothing can be put in or taken out.

Laws: a line is whole only when its kind is known to speak of nothing else than what is shared, or
of what is public by itself; whole lines are byte for byte those of the register; the extract ends
before what the publication itself writes, so that publishing twice makes no other extract.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

import msgspec

from phonotheque.disk import Disk
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of
from phonotheque.publish.packs.temporary import fill
from phonotheque.register.chain import encode_withheld
from phonotheque.register.index import Index
from phonotheque.register.journal import raw_lines, segment_count

PART_LINES = 10_000
"""Lines of one part: the unit that is made again when the register has grown."""

_ALWAYS = frozenset(
    (
        "founding",
        "volume",
        "pack",
        "retirement",
        "publication",
        "export",
        "removal",
        "counter-notice",
        "restoration",
    )
)
"""Events that are public by themselves."""

_IF_SHARED = frozenset(("deposit", "accession", "link", "dressing", "rights", "edit", "correction"))
"""Events about objects: whole when the index knows the line, and all it speaks of is shared; and
corrections of what MusicBrainz knows: other things may be known to this archive alone. Others
(examinations, fixity checks) name many objects at once and are withheld."""

_BY_PUBLISHING = frozenset(("pack", "retirement", "publication"))

_SHARED = "IN (SELECT sha256 FROM temp.shareable)"
_WHOLE = " UNION ALL ".join(
    f"SELECT seq FROM {table}"
    for table in (
        f"accession WHERE sha256 {_SHARED}",
        f"statement WHERE sha256 {_SHARED}",
        f"edit WHERE sha256 {_SHARED}",
        f"dressing WHERE sha256 {_SHARED}",
        f"link WHERE one {_SHARED} AND other {_SHARED}",
        "correction WHERE source = ''",
        f"""deposit AS d WHERE EXISTS (
            SELECT 1 FROM accession AS a WHERE a.deposit = d.seq AND a.sha256 {_SHARED})""",
    )
)


class _Envelope(msgspec.Struct):
    seq: int
    event: str = ""  # of a line that came back from a copy, and was withheld there already


_envelope = msgspec.json.Decoder(_Envelope)


class RegisterExtract(PackSource):
    """The register of an archive, its lines about what is not in `temp.shareable` withheld."""

    kind = PackKind.REGISTER
    columns: tuple[str, ...] = ("first", "last")
    may_be_stale = False

    def __init__(self, index: Index, disk: Disk) -> None:
        self._index = index
        self._disk = disk
        fill(index, "whole_line", "seq INTEGER PRIMARY KEY", _whole_lines(index))
        self._parts = dict(self._divided())

    def wanted(self) -> Iterator[Wanted]:
        """See `PackSource`."""
        last = max(self._parts, default="")
        for key, (first, end) in self._parts.items():
            whole = array("q", self._whole(first, end)).tobytes()
            yield Wanted(key, version_of(first, end, whole), first, key == last)

    def content(self, key: str) -> Content | None:
        """See `PackSource`."""
        first, end = self._parts[key]
        segment, part = (int(text) for text in key.split("-"))
        whole = set(self._whole(first, end))
        lines = islice(raw_lines(self._disk, segment), part * PART_LINES, None)
        data = b"".join(_shown(line, whole) for line in islice(lines, end - first))
        return Content(data, (str(first), str(end - 1)))

    def _whole(self, first: int, end: int) -> Iterator[int]:
        query = "SELECT seq FROM temp.whole_line WHERE seq >= ? AND seq < ? ORDER BY seq"
        return (seq for (seq,) in self._index.db.execute(query, (first, end)))

    def _divided(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Parts by key: the numbers of their first line, and of the line after their last."""
        count = segment_count(self._disk)
        starts = [_envelope.decode(next(raw_lines(self._disk, n))).seq for n in range(1, count + 1)]
        starts.append(self._end(count))
        for segment in range(1, count + 1):
            end = min(starts[segment], starts[-1])
            for part, first in enumerate(range(starts[segment - 1], end, PART_LINES)):
                yield f"{segment:06d}-{part:06d}", (first, min(first + PART_LINES, end))

    def _end(self, segment: int) -> int:
        """The number after the last line that publishing did not write."""
        while segment > 0:
            lines = (_envelope.decode(line) for line in raw_lines(self._disk, segment))
            last = max((one.seq for one in lines if one.event not in _BY_PUBLISHING), default=0)
            if last:
                return last + 1
            segment -= 1
        return 1


def _whole_lines(index: Index) -> Iterator[tuple[int]]:
    """Numbers of the lines that speak of nothing but what is shared, or known to everybody."""
    yield from index.db.cursor().execute(_WHOLE)


def _shown(line: bytes, whole: set[int]) -> bytes:
    """A line as the extract has it."""
    found = _envelope.decode(line)
    if found.event in _ALWAYS or (found.event in _IF_SHARED and found.seq in whole):
        return line
    if not found.event:
        return line
    return encode_withheld(found.seq, hashlib.sha256(line).hexdigest())


def extract_after(disk: Disk, last: int) -> bytes:
    """Return the lines after a number, those that are not public by themselves withheld.

    Of what an extract in a pack ends before, it is the rest. Cost: reads the segments from the end
    back to that line.
    """
    parts: list[bytes] = []
    for segment in range(segment_count(disk), 0, -1):
        lines = list(raw_lines(disk, segment))
        numbers = [_envelope.decode(line).seq for line in lines]
        begin = bisect_right(numbers, last)
        parts.insert(0, b"".join(_shown(line, set()) for line in lines[begin:]))
        if begin:
            break
    return b"".join(parts)
