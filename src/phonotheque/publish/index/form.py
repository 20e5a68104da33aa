"""The bytes of an index: `index-<seq>.jsonl.zst`, one header and one line for each torrent.

Laws: the same values give the same bytes; what `encode_index` wrote `read_index` gives back; a
stranger's index costs bounded memory, and is refused as a whole when any line of it cannot be
meant. `zstd -dc index-00001.jsonl.zst` shows it to people.

The form is frozen in `docs/reference/index-file.md`. Source: RFC 8878 (Zstandard). Not here: what
the fields mean (`lines`), which index follows which (`chain`), who signs it (`publish.trust`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import msgspec

from phonotheque.errors import FormatTooNewError, MalformedError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.index.lines import KINDS, SCHEMA, TIERS, Header, TorrentLine

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, ZstdDecompressor, ZstdError, compress
else:
    from backports.zstd import CompressionParameter, ZstdDecompressor, ZstdError, compress

MAX_BYTES = 16 << 20
"""No index file is longer: ten times that of 10,500 torrents."""

MAX_CONTENT_BYTES = 64 << 20
"""What is in it is never longer: a reader needs bounded memory whatever it is handed."""

_LEVEL, _MIN_MATCH = 17, 6
"""Digests are most of an index and do not shrink. Short matches among their digits only cost: of
10,500 lines level 9 makes 1.33 MB, 17 makes 1.24 MB in 2 s, 19 makes 1.22 MB in 4 s."""

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_HEX40 = re.compile(r"[0-9a-f]{40}")
_encoder = msgspec.json.Encoder()
_header = msgspec.json.Decoder(Header)
_line = msgspec.json.Decoder(TorrentLine)


class _Schema(msgspec.Struct):
    schema: int


_schema = msgspec.json.Decoder(_Schema)


def index_name(seq: int) -> str:
    """Return the name of the file of an index: "index-00012.jsonl.zst"."""
    return f"index-{seq:05d}.jsonl.zst"


def encode_index(header: Header, lines: Sequence[TorrentLine]) -> bytes:
    """Return the file of an index.

    Raises:
        ValueError: The header counts other lines than these, or a line cannot be meant.
    """
    if header.torrents != len(lines):
        raise ValueError(f"the header counts {header.torrents} lines, there are {len(lines)}")
    if wrong := _wrong(header, lines):
        raise ValueError(wrong)
    content = b"".join(_encoder.encode(value) + b"\n" for value in (header, *lines))
    options: dict[int, int] = {
        CompressionParameter.compression_level: _LEVEL,
        CompressionParameter.min_match: _MIN_MATCH,
        CompressionParameter.checksum_flag: 1,
    }
    return compress(content, options=options)


def read_index(data: bytes, thing: str = "the index") -> tuple[Header, list[TorrentLine]]:
    """Read the file of an index.

    Args:
        data: Its bytes; that they are the ones which were signed is for the caller to know.
        thing: What to call it in a message.

    Raises:
        MalformedError: It is no index as the form says, or too long.
        FormatTooNewError: A later Phonotheque wrote it.
    """
    content = _unpacked(data, thing)
    first, *rest = content.split(b"\n")
    if not rest or rest.pop():
        raise _malformed(thing, "it does not end with a newline")
    try:
        schema = _schema.decode(first).schema
        if schema > SCHEMA:
            raise FormatTooNewError(
                thing,
                f"it has the form {schema}, this program knows up to {SCHEMA}",
                "Install a newer Phonotheque.",
            )
        header = _header.decode(first)
        lines = [_line.decode(line) for line in rest]
    except UNDECODABLE as error:
        raise _malformed(thing, f"a line cannot be read ({error!s:.200})") from error
    if header.torrents != len(lines):
        raise _malformed(thing, f"it has {len(lines)} lines, not the {header.torrents} it counts")
    if wrong := _wrong(header, lines):
        raise _malformed(thing, wrong)
    return header, lines


def _unpacked(data: bytes, thing: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise _malformed(thing, f"it is longer than {MAX_BYTES} bytes")
    unpacker = ZstdDecompressor()
    try:
        content = unpacker.decompress(data, max_length=MAX_CONTENT_BYTES + 1)
    except ZstdError as error:
        raise _malformed(thing, f"it cannot be unpacked ({error!s:.200})") from error
    if len(content) > MAX_CONTENT_BYTES:
        raise _malformed(thing, f"what is in it is longer than {MAX_CONTENT_BYTES} bytes")
    if not unpacker.eof:
        raise _malformed(thing, "it ends too early")
    if unpacker.unused_data:
        raise _malformed(thing, "something follows its end")
    return content


def _wrong(header: Header, lines: Sequence[TorrentLine]) -> str:
    """The first thing that cannot be meant, or "". Names are told apart with care: they become
    the names of files on the disks of those who read them."""
    if header.seq < 1 or (header.seq > 1) != bool(header.previous):
        return "its number and the index before it do not fit together"
    if header.previous and not _HEX64.fullmatch(header.previous):
        return "the digest of the index before it is none"
    seen: set[str] = set()
    for line in lines:
        if wrong := _wrong_in(line):
            return f"of {line.id!r:.110}: {wrong}"
        if line.id in seen:
            return f"{line.id} stands in it twice"
        seen.add(line.id)
    return ""


def _wrong_in(line: TorrentLine) -> str:
    if not _ID.fullmatch(line.id):
        return "the name is not of a-z, 0-9 and -"
    if line.kind not in KINDS or line.tier not in TIERS:
        return f"there is no kind {line.kind!r:.40} or no tier {line.tier!r:.40}"
    digests = (line.v2, line.torrent_sha256)
    if not all(map(_HEX64.fullmatch, digests)) or not _HEX40.fullmatch(line.v1):
        return "a digest is none"
    counts = (line.size_bytes, line.files, line.items, line.piece_bytes, line.torrent_bytes)
    if min(counts) < 0:
        return "a count is below 0"
    return ""


def _malformed(thing: str, wrong: str) -> MalformedError:
    return MalformedError(thing, wrong, "Fetch it again; what was trusted before still is.")
