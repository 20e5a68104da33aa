"""What a pack is: its folder, the papers in it, and the lines of its index.

Laws: a pack's bytes follow from what is in it and its name; a line of the index is plain text, and
lines stand in order of their keys; whatever a stranger's pack says is held against limits before it
is followed. `docs/reference/packs.md` is the specification.

Not here: writing one (`writing`), looking things up in one (`reading`), which there are (`making`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from phonotheque.disk import Disk, read_whole
from phonotheque.errors import FormatTooNewError, MalformedError, NotHeldError
from phonotheque.publish.sealed import PUBLISHED

FORMAT = 1
"""Number of the form. A newer one is refused, an older one is read."""

PACK_PIECE_BYTES = 4 << 20
"""Length of a piece in the torrent of a pack: a quarter of the torrent that pieces of a volume's
length would make. SHA-1s of another length cannot be derived, so it is hashed so from the start."""

FULL_BYTES = 256 << 20
"""A pack of this length is not made into another one any more."""

MOST_BYTES = 1 << 30
"""A pack that has reached this is closed, and the next one begun."""

MOST_ITEMS = 1 << 20
"""Likewise: the lines of its index are held in memory while it is made."""

MAX_ITEM_BYTES = 128 << 20
"""No small thing is longer: a reader needs bounded memory."""

PACKS = f"{PUBLISHED}/packs"
HEAD = "pack.json"
INDEX = "index.tsv.zst"
README = "README.txt"
SUMS = "SHA256SUMS"

_AGAIN = "Get the pack again."
_MAX_HEAD_BYTES = 1 << 20
_MAX_SUMS_BYTES = 16 << 20
MAX_LINE_BYTES = 8192
"""No line of an index is longer."""

_MAX_EXTRA = 240  # characters of a column: seven of them are never too long for a line
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SUM = re.compile(r"([0-9a-f]{64})  ([^\s/\\.][^\n\\]*)")
_KEY = re.compile(r"[0-9a-z][0-9a-z-]{0,127}")


class PackKind(StrEnum):
    """What is in a pack, as the register and the index say it."""

    METADATA = "metadata"
    FACTS = "facts"
    ART = "art"
    OVERLAYS = "overlays"
    PATCHES = "patches"
    REGISTER = "register"


CONTENT = {
    PackKind.FACTS: "facts.jsonl.zst",
    PackKind.ART: "art.bin.zst",
    PackKind.OVERLAYS: "overlays.jsonl.zst",
    PackKind.PATCHES: "patches.bin.zst",
    PackKind.REGISTER: "register.jsonl.zst",
}
"""The file of each kind that holds the things themselves, one behind the other. A pack of metadata
is a dump of the catalogue in a folder of its own."""

CATALOGUE = "catalogue"
"""That folder, in a pack of metadata."""


class Head(msgspec.Struct, frozen=True):
    """What a pack says of itself: `pack.json`.

    Attributes:
        format: Number of the form.
        kind: One of `PackKind`.
        name: Name of the pack.
        archive: UUID of the archive it comes from.
        title: The archive's name as people write it.
        items: Number of things in it.
        content: Its file with the things; "" for a pack of metadata.
        content_bytes: Length of that file, unpacked.
        columns: Names of the columns of its index.
        made_of: SHA-256 of what decides its contents, 64 hexadecimal digits.
        tdm: The archive's statement on text and data mining.
    """

    format: int
    kind: PackKind
    name: str
    archive: str
    title: str
    items: int
    content: str
    content_bytes: int
    columns: tuple[str, ...]
    made_of: str
    tdm: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the index: where one thing lies in the unpacked content.

    Attributes:
        key: What it is found by.
        offset: Where it begins.
        size_bytes: Its length.
        version: 16 hexadecimal digits that are others when it says something else.
        extra: Further columns, as the kind has them.
    """

    key: str
    offset: int
    size_bytes: int
    version: str
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of a pack. `path` is relative to the pack's folder."""

    path: str
    size_bytes: int
    sha256: str


KEY_COLUMNS = ("key", "offset", "size_bytes", "version")


def pack_name(archive: str, kind: PackKind, number: int) -> str:
    """Return the name of a pack: of its folder, its torrent, and in the register."""
    return f"{archive}-{kind}-all-{number:05d}"


def folder_of(name: str) -> str:
    """Where the files of a pack lie in the archive."""
    return f"{PACKS}/{name}"


def hidden_folder_of(name: str) -> str:
    """Where they lie while it is made."""
    return f"{PACKS}/.{name}"


def encode_head(head: Head) -> bytes:
    """Write `pack.json`."""
    return msgspec.json.format(msgspec.json.encode(head), indent=1) + b"\n"


class _Format(msgspec.Struct, frozen=True):
    format: int


def decode_head(data: bytes, thing: str) -> Head:
    """Read `pack.json`.

    Args:
        thing: What to call it in a refusal.

    Raises:
        FormatTooNewError: A later program wrote it.
        MalformedError: It is none, or says what cannot be.
    """
    if len(data) > _MAX_HEAD_BYTES:
        raise MalformedError(thing, "it is too long", _AGAIN)
    try:
        found = msgspec.json.decode(data, type=_Format).format
        if found > FORMAT:
            raise FormatTooNewError(thing, f"it has format {found}", "Use a later Phonotheque.")
        head = msgspec.json.decode(data, type=Head)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedError(thing, f"it cannot be read: {error}", _AGAIN) from error
    has_index = head.kind is not PackKind.METADATA
    if head.content != CONTENT.get(head.kind, "") or (
        has_index and head.columns[: len(KEY_COLUMNS)] != KEY_COLUMNS
    ):
        wrong = "it names another file or other columns than its kind has"
        raise MalformedError(thing, wrong, _AGAIN)
    return head


def encode_entry(entry: Entry) -> bytes:
    """Write a line of the index. What would break a line becomes a space."""
    extra = (_CONTROL.sub(" ", text)[:_MAX_EXTRA].strip() for text in entry.extra)
    fields = (entry.key, str(entry.offset), str(entry.size_bytes), entry.version, *extra)
    return "\t".join(fields).encode() + b"\n"


def decode_entry(line: bytes, thing: str) -> Entry:
    """Read a line of the index.

    Raises:
        MalformedError: It is none, or names a thing longer than any is.
    """
    try:
        key, offset, size, version, *extra = line.decode().rstrip("\n").split("\t")
        entry = Entry(key, int(offset), int(size), version, tuple(extra))
    except ValueError as error:
        raise MalformedError(
            thing, f"a line of its index is none: {line[:80]!r}", _AGAIN
        ) from error
    if not _KEY.fullmatch(key) or entry.offset < 0 or not 0 < entry.size_bytes <= MAX_ITEM_BYTES:
        raise MalformedError(thing, f"its index says what cannot be: {line[:80]!r}", _AGAIN)
    return entry


def encode_sums(files: list[PackFile]) -> bytes:
    """Write `SHA256SUMS`, as `sha256sum -c` reads it."""
    lines = (f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda one: one.path))
    return "".join(lines).encode()


def read_sums(disk: Disk, folder: str) -> dict[str, str]:
    """Read a pack's `SHA256SUMS`: digest by path.

    Raises:
        NotHeldError: There is none.
        MalformedError: A line is none, or leads out of the folder.
    """
    thing = f"{folder}/{SUMS}"
    with disk.open(thing) as file:
        data = file.read(_MAX_SUMS_BYTES)
    sums = {}
    for line in data.decode("utf-8", "replace").splitlines():
        found = _SUM.fullmatch(line)
        if found is None or ".." in found[2].split("/"):
            raise MalformedError(thing, f"a line of it is none: {line[:80]!r}", _AGAIN)
        sums[found[2]] = found[1]
    return sums


def pack_files(disk: Disk, name: str) -> list[PackFile]:
    """Return the files of a pack with their digests, without reading what is in them.

    Raises:
        NotHeldError: The pack, or a file of it, is not there.
        MalformedError: Its list of digests is damaged.
    """
    folder = folder_of(name)
    sums = read_sums(disk, folder)
    own = read_whole(disk, f"{folder}/{SUMS}")
    sums[SUMS] = hashlib.sha256(own).hexdigest()
    found = []
    for path, digest in sorted(sums.items()):
        entry = disk.stat(f"{folder}/{path}")
        if entry is None:
            raise NotHeldError(f"{folder}/{path}", "the pack lacks it", "Run `phono publish run`.")
        found.append(PackFile(path, entry.size_bytes, digest))
    return found
