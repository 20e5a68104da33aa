"""The elements of a dump, one after the other, cut out of the stream by their tags.

Each element is cut out as bytes and parsed alone, so that a broken one costs itself and nothing
behind it: one parser over all of a dump would end there. What stands between elements is looked at,
too: the root's tags and white space belong there, a declared document type ends the reading.

Laws: memory is bounded whatever comes: an element that is too long is passed over without being
held; each element is given or refused, exactly once; in a part of it that nobody reads nothing is
refused; no declaration of the input ever reaches a parser, so that no entity is defined by it.

Source: Extensible Markup Language 1.0, fifth edition; data.discogs.com.
Not here: what an element says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers.expat import errors

from phonotheque.catalogue.sources.counting import MOST_SAMPLE
from phonotheque.catalogue.sources.reading.stream import Stream

MOST_ELEMENT_BYTES = 32 << 20
"""Longest element that is read: the label of all that is on no label lists some 20 MB of others."""

MOST_TAGS = 1 << 20
"""Most tags in an element: a parsed one takes some hundred bytes of memory."""

BLOCK_BYTES = 1 << 20
_SMALL_BYTES = 1 << 20
"""An element of fewer bytes has too few tags to be counted."""

_MOST_BETWEEN = 1 << 16
"""So much between two elements is held to be looked at; more is no root's tag."""

TOO_LONG = "an element of more than 32 MiB"
TOO_MANY_TAGS = "an element of more than 1,048,576 tags"
NO_END = "an element that does not end"
STRAY = "something that is no element of this dump"
BAD_XML = "XML that is not well-formed"
BAD_ENTITY = "an entity that XML does not have"


def end_of_run(one: re.Pattern[bytes], data: bytes, at: int = 0) -> int:
    """Return where a run of matches ends, each directly behind the one before.

    Within one expression such a run is tried in every way that it can be divided: harmless blanks
    before something else would take time without end.
    """
    while (found := one.match(data, at)) is not None and found.end() > at:
        at = found.end()
    return at


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the four dumps.

    Attributes:
        name: Tag of its elements; the root has the plural.
        start: How an element begins.
        holder: Tag within an element that holds others of the same name; "" for none.
        unread: Tags, without attributes, of large parts that nobody reads: they are cut out before
            the element is parsed, which costs a third of parsing them.
    """

    name: str
    start: bytes
    holder: str = ""
    unread: tuple[str, ...] = ()


KINDS = (
    Kind("artist", b"<artist>", unread=("profile", "namevariations")),
    Kind("label", b"<label>", "sublabels", ("profile", "sublabels")),
    Kind("master", b"<master ", unread=("videos",)),
    Kind("release", b"<release ", unread=("notes", "videos", "companies")),
)
"""In the order in which they are read: each before those that mention it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one element, and the line that it begins on."""

    data: bytes
    line: int


@dataclass(frozen=True, slots=True)
class Unread:
    """What was passed over: the line it begins on, why, and how it begins."""

    line: int
    reason: str
    sample: bytes


class Elements:
    """Cut a dump into its elements.

    Args:
        stream: The dump, not read yet.
        kind: Which one it is.
        block_bytes: How much is read at once.
        most_bytes: The longest element that is held.

    Raises:
        MalformedError: While it is gone through: it ends before its root does, it declares a
            document type, or it is not written in UTF-8.
    """

    def __init__(
        self,
        stream: Stream,
        kind: Kind,
        *,
        block_bytes: int = BLOCK_BYTES,
        most_bytes: int = MOST_ELEMENT_BYTES,
    ) -> None:
        self._stream = stream
        self._kind = kind
        self._block_bytes = block_bytes
        self._most_bytes = most_bytes
        self._end = f"</{kind.name}>".encode()
        root = re.escape(f"{kind.name}s".encode())
        self._between = re.compile(
            rb"\xef\xbb\xbf|\s+|<\?xml\s[^<>]*\?>|</?" + root + rb"\s*>|<!--.*?-->", re.DOTALL
        )
        self._root = re.compile(rb"<(/?)" + root + rb"\s*>")
        self._behind_holder = re.compile(
            re.escape(kind.start) + rb"\s{0,64}<[a-z]|</" + kind.holder.encode() + b">"
        )
        self._is_open = False
        self._data = b""
        self._at = 0
        self._line = 1
        self._stray: Unread | None = None

    def __iter__(self) -> Iterator[Piece | Unread]:
        while (start := self._find_start()) >= 0:
            if (stray := self._pass_between(start)) is not None:
                yield stray
            yield self._cut()
        stray = self._pass_between(len(self._data))
        if stray is not None:
            yield stray
        if self._is_open:
            raise self._stream.malformed(f"it ends before its {self._kind.name}s do")

    # -- between elements --------------------------------------------------------------------------

    def _find_start(self) -> int:
        """Read on to where the next element begins; -1 when there is none."""
        while (start := self._data.find(self._kind.start, self._at)) < 0:
            if len(self._data) - self._at > _MOST_BETWEEN:
                self._let_go()
            if not self._read_more():
                return -1
        return start

    def _let_go(self) -> None:
        """Pass over what is too much to stand between elements, but for what may be a start."""
        passed = self._data[self._at : 1 - len(self._kind.start)]
        self._look_at(passed)
        if self._stray is None:
            self._stray = self._strayed(passed)
        self._advance(self._at + len(passed))

    def _pass_between(self, end: int) -> Unread | None:
        """Pass over what stands before an element; return it when it does not belong there."""
        found, self._stray = self._stray, None
        if self._at < end:
            passed = self._data[self._at : end]
            if not passed.isspace():
                self._look_at(passed)
                if found is None and end_of_run(self._between, passed) < len(passed):
                    found = self._strayed(passed)
            self._advance(end)
        return found

    def _strayed(self, passed: bytes) -> Unread:
        bare = passed.lstrip()
        line = self._line + passed.count(b"\n", 0, len(passed) - len(bare))
        return Unread(line, STRAY, bare[: 4 * MOST_SAMPLE])

    def _look_at(self, passed: bytes) -> None:
        """See in what stands between elements whether the root is open, and what is declared."""
        if b"<!DOCTYPE" in passed or b"<!ENTITY" in passed:
            raise self._stream.malformed(
                "it declares a document type or entities, which no dump of Discogs does",
                "Do not trust where it came from.",
            )
        for told in _ENCODING.finditer(passed):
            if told[1].lower() not in (b"utf-8", b"us-ascii"):
                name = told[1][:40].decode("ascii", "replace")
                raise self._stream.malformed(f"it is written in {name}", "Convert it to UTF-8.")
        for tag in self._root.finditer(passed):
            self._is_open = not tag[1]

    # -- elements ----------------------------------------------------------------------------------

    def _cut(self) -> Piece | Unread:
        """Cut out the element that begins here, or pass over it."""
        line = self._line
        looked = self._at
        while True:
            end = self._find_end(looked if not self._kind.holder else self._at)
            following = self._find_following(end)
            if following >= 0 and (following < end or end < 0):
                return self._passed(following, line, NO_END)
            if end >= 0:
                made = Piece(self._data[self._at : end], line)
                self._advance(end)
                return made
            if len(self._data) - self._at > self._most_bytes:
                return self._skip(line)
            looked = max(self._at, len(self._data) - len(self._end))
            if not self._read_more():
                return self._passed(len(self._data), line, NO_END)
            looked -= self._shift

    def _find_end(self, looked: int) -> int:
        """Where the element ends that begins here, or -1 when that was not read yet."""
        end = self._data.find(self._end, looked)
        if end >= 0 and self._kind.holder:
            inner = self._data.find(f"<{self._kind.holder}>".encode(), self._at, end)
            if inner >= 0:
                closing = self._data.find(f"</{self._kind.holder}>".encode(), inner)
                end = -1 if closing < 0 else self._data.find(self._end, closing)
        return -1 if end < 0 else end + len(self._end)

    def _find_following(self, end: int) -> int:
        """Where the next element begins, or -1 when that was not read yet.

        What an element holds may be written like one, but is only a name: `<label>Q</label>`. One
        with elements of its own is the next one even there, since the holder may be without end.
        """
        start = self._data.find(self._kind.start, self._at + 1)
        if start < 0 or not self._kind.holder or 0 <= end <= start:
            return start
        holder = f"<{self._kind.holder}>".encode()
        inner = self._data.find(holder, self._at, start)
        if inner < 0:
            return start
        found = self._behind_holder.search(self._data, inner)
        if found is None:
            return -1
        if found[0].startswith(self._kind.start):
            return found.start()
        return self._data.find(self._kind.start, found.end())

    def _passed(self, end: int, line: int, reason: str) -> Unread:
        sample = self._data[self._at : min(end, self._at + 4 * MOST_SAMPLE)]
        self._advance(end)
        return Unread(line, reason, sample)

    def _skip(self, line: int) -> Unread:
        """Pass over an element that is too long, holding only its beginning."""
        sample = self._data[self._at : self._at + 4 * MOST_SAMPLE]
        self._advance(self._at + 1)
        while True:
            starts = self._data.find(self._kind.start, self._at)
            ends = self._data.find(self._end, self._at)
            if starts >= 0 and not 0 <= ends < starts:
                self._advance(starts)
                break
            if ends >= 0:
                self._advance(ends + len(self._end))
                break
            self._advance(max(self._at, len(self._data) - len(self._end)))
            if not self._read_more():
                break
        return Unread(line, TOO_LONG, sample)

    # -- bytes -------------------------------------------------------------------------------------

    def _advance(self, to: int) -> None:
        self._line += self._data.count(b"\n", self._at, to)
        self._at = to

    def _read_more(self) -> bool:
        """Hold the next block behind what is still wanted; false at the end."""
        more = self._stream.read(self._block_bytes)
        self._shift = self._at
        self._data = self._data[self._at :] + more
        self._at = 0
        return bool(more)


_ENCODING = re.compile(rb"<\?xml\s[^<>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")

_REASONS = {
    errors.codes[errors.XML_ERROR_UNDEFINED_ENTITY]: BAD_ENTITY,
    errors.codes[errors.XML_ERROR_BAD_CHAR_REF]: "a number that is no character of XML",
}


def parse(piece: Piece, kind: Kind) -> Element | str:
    """Parse an element without its unread parts, or return why it cannot be."""
    data = piece.data
    for start, end in _parts_of(kind.unread):
        if (begins := data.find(start)) >= 0 and (ends := data.rfind(end, begins)) >= 0:
            data = data[:begins] + data[ends + len(end) :]
    if len(data) > _SMALL_BYTES and data.count(b"<") > MOST_TAGS:
        return TOO_MANY_TAGS
    try:
        return fromstring(data)
    except ParseError as error:
        return _REASONS.get(error.code, BAD_XML)


@cache
def _parts_of(tags: tuple[str, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """How each part begins and ends."""
    return tuple((f"<{tag}>".encode(), f"</{tag}>".encode()) for tag in tags)
