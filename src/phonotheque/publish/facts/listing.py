"""What is in a torrent, one line for each file, and what that comes to.

`published/files/<name>.jsonl.zst` is JSON lines in one Zstandard frame: `zstdcat` and any JSON
reader take it. Fields stand in the order of `ListedFile`; a field that is empty is left out, but
for `tdm`: every recording says whether text and data mining is reserved.

Laws: the same volume and the same statements give the same bytes; lines are in the order of the
torrent's files; nothing in it names a person but as the makers of a recording named themselves.

Not here: reading the archive (`phonotheque.archive.bulk.facts`).
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from phonotheque.disk import Disk, read_whole, write_whole
from phonotheque.errors import MalformedError, NotHeldError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.statement import Tdm
from phonotheque.publish.names import tier_of

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError, compress
else:
    from backports.zstd import ZstdDecompressor, ZstdError, compress

LISTINGS = "published/files"
KEPT = "state/facts"
MAX_CONTENT_BYTES = 64 << 20
"""What is in a listing is never longer: 8 KiB for each of 8,192 files."""

_LEVEL = 3
"""Half of a listing is digests, which do not shrink: 19 takes a hundredfold and saves nothing."""


class ListedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a torrent.

    Attributes:
        path: Below the torrent's folder.
        size_bytes: Its length.
        sha256: Its digest, 64 hexadecimal digits.
        gid: What the catalogue calls the recording, a UUID.
        title: Of the recording.
        artists: Its makers, in their order.
        release: What it was published on.
        isrcs: Its ISRCs.
        licence: Address or SPDX expression of its licence.
        source: Where it comes from.
        tdm: "reserved", "not-reserved" or "unknown"; left out for files that are no recordings.
        tdm_by: Who says so: "holder", "society", "registry" or "law".
    """

    path: str
    size_bytes: int
    sha256: str
    gid: str = ""
    title: str = ""
    artists: tuple[str, ...] = ()
    release: str = ""
    isrcs: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    tdm: str = ""
    tdm_by: str = ""


_line = msgspec.json.Decoder(ListedFile)
_LISTED = re.compile(r"([0-9a-f]{64})  files/([a-z0-9-]{1,100})\.jsonl\.zst")


@dataclass(frozen=True, slots=True)
class Sounding:
    """What else is counted of a recording.

    Attributes:
        codec: FFmpeg's name of it; "" when unknown.
        is_lossless: Whether the coding keeps every sample.
        length_ms: Of the sound; 0 when unknown.
        is_damaged: Whether its sound is damaged, as it was received.
    """

    codec: str = ""
    is_lossless: bool = False
    length_ms: int = 0
    is_damaged: bool = False


class Format(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many recordings are coded in one way."""

    codec: str
    is_lossless: bool
    recordings: int
    size_bytes: int


class TorrentFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the listing of one torrent comes to.

    Attributes:
        name: Of the torrent.
        kind: Licence class of a volume, or kind of a pack.
        tier: "t50", "t90", "t99", "t996", "rest", or "all".
        listing: SHA-256 of `published/files/<name>.jsonl.zst`.
        listing_bytes: Its length.
        files: Number of its files.
        size_bytes: Their bytes.
        recordings: Number of recordings in it; 0 for packs.
        music_bytes: Their bytes.
        length_ms: Their length together, as far as it is known.
        licences: Number of recordings under each licence.
        formats: Number of recordings in each coding, in order of name.
        mining: Number of recordings by "reserved", "not-reserved" and "unknown".
        unattributed: Recordings of which the maker's name is unknown.
        damaged: Recordings whose sound is damaged, as it was received.
        has_gids: Whether a catalogue was there to name the recordings.
        items: Small things in a pack.
    """

    name: str
    kind: str
    tier: str
    listing: str
    listing_bytes: int
    files: int
    size_bytes: int
    recordings: int = 0
    music_bytes: int = 0
    length_ms: int = 0
    licences: dict[str, int] = {}
    formats: tuple[Format, ...] = ()
    mining: dict[str, int] = {}
    unattributed: int = 0
    damaged: int = 0
    has_gids: bool = False
    items: int = 0


def encode_listing(files: Iterable[ListedFile]) -> bytes:
    """Write the bytes of a listing."""
    return compress(b"".join(msgspec.json.encode(file) + b"\n" for file in files), _LEVEL)


def facts_of(
    name: str,
    kind: str,
    files: Sequence[ListedFile],
    sounding: Sequence[Sounding | None],
    listing: bytes,
    *,
    has_gids: bool,
) -> TorrentFacts:
    """Count what is in a torrent.

    Args:
        name: Of the torrent.
        kind: Licence class of a volume, or kind of a pack.
        files: Its files.
        sounding: For each file what it sounds like; None for a file that is no recording.
        listing: The bytes of the listing.
        has_gids: Whether a catalogue was there to name the recordings.
    """
    music = [(file, heard) for file, heard in zip(files, sounding, strict=True) if heard]
    licences: dict[str, int] = {}
    mining: dict[str, int] = {}
    for file, _ in music:
        licences[file.licence] = licences.get(file.licence, 0) + 1
        mining[file.tdm] = mining.get(file.tdm, 0) + 1
    return TorrentFacts(
        name,
        kind,
        tier_of(name),
        hashlib.sha256(listing).hexdigest(),
        len(listing),
        len(files),
        sum(file.size_bytes for file in files),
        recordings=len(music),
        music_bytes=sum(file.size_bytes for file, _ in music),
        length_ms=sum(heard.length_ms for _, heard in music),
        licences=dict(sorted(licences.items())),
        formats=_formats(music),
        mining={word.value: mining[word.value] for word in Tdm if word.value in mining},
        unattributed=sum(not file.artists for file, _ in music),
        damaged=sum(heard.is_damaged for _, heard in music),
        has_gids=has_gids,
    )


def _formats(music: Sequence[tuple[ListedFile, Sounding]]) -> tuple[Format, ...]:
    heaps: dict[tuple[str, bool], tuple[int, int]] = {}
    for file, heard in music:
        key = (heard.codec, heard.is_lossless)
        count, size_bytes = heaps.get(key, (0, 0))
        heaps[key] = (count + 1, size_bytes + file.size_bytes)
    return tuple(Format(*key, *heap) for key, heap in sorted(heaps.items()))


def listing_path(name: str) -> str:
    """Where the listing of a torrent is published."""
    return f"{LISTINGS}/{name}.jsonl.zst"


def parse_listings(data: bytes) -> dict[str, str]:
    """Read `listings.sha256`: digests of the listings, by torrent. Other lines are passed over."""
    lines = map(_LISTED.fullmatch, data.decode("ascii", "replace").splitlines())
    return {line[2]: line[1] for line in lines if line}


def kept_path(name: str) -> str:
    """Where the facts of a torrent are kept; they can be made again at any time."""
    return f"{KEPT}/{name}.json"


def read_facts(disk: Disk, name: str) -> TorrentFacts | None:
    """Return the facts of a torrent; None when they were not made yet, or were lost."""
    try:
        return msgspec.json.decode(read_whole(disk, kept_path(name)), type=TorrentFacts)
    except (NotHeldError, *UNDECODABLE):
        return None


def write_listing(disk: Disk, listing: bytes, facts: TorrentFacts) -> None:
    """Make a listing and its facts durable: the facts last, because they name the listing."""
    write_whole(disk, listing_path(facts.name), listing)
    write_whole(disk, kept_path(facts.name), msgspec.json.encode(facts))


def has_listing(disk: Disk, facts: TorrentFacts) -> bool:
    """Whether the listing that the facts name lies there, by its length.

    It was durable before the facts were, and a name is only ever given to whole bytes: hashing all
    listings at every run would read 10 GB in an archive of 300 TB.
    """
    found = disk.stat(listing_path(facts.name))
    return found is not None and found.size_bytes == facts.listing_bytes


def read_listing(data: bytes, thing: str) -> list[ListedFile]:
    """Read a listing, which may be a stranger's: what is in it is bounded.

    Raises:
        MalformedError: It is not one, or longer than any volume's.
    """
    unpacker = ZstdDecompressor()
    try:
        content = unpacker.decompress(data, max_length=MAX_CONTENT_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("it ends too early, or too late")
        return [_line.decode(line) for line in content.splitlines()]
    except (ZstdError, msgspec.MsgspecError, ValueError) as error:
        raise MalformedError(
            thing, f"it is no listing ({error!s:.200})", "Fetch it again."
        ) from error
