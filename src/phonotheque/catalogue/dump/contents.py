"""What a dump says of itself: `dump.json`, `SHA256SUMS`, and the decisions that it carries.

Laws: `SHA256SUMS` names every file but itself and is written last, so that a folder with one is a
dump and whole; paths in it are those of the layout, never a reader's own to follow.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from phonotheque.catalogue.bulk import sync_file, translated
from phonotheque.catalogue.dump.checks import check_form, check_said
from phonotheque.catalogue.dump.layout import CONTENTS, FORMAT, SUMS, WORK
from phonotheque.catalogue.dump.state import state_of
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.snapshot import SourceEntry, number_of
from phonotheque.errors import (
    BadReferenceError,
    DigestMismatchError,
    MalformedError,
)
from phonotheque.music.decoding import UNDECODABLE

DECISIONS_FILE = "decisions.jsonl"

_SUM = re.compile(r"([0-9a-f]{64})  ([^\s\\][^\n\\]*)")
_AGAIN = "Fetch the dump again."
_ANEW = "Make a full dump again, or ask its publisher for a later one."
_NOTHING = hashlib.sha256(b"").hexdigest()
_BLOCK = 1 << 20
_LONGEST = 64 << 20
"""Bytes of the largest `dump.json` or `SHA256SUMS` that is read: they have a line for each file."""


class Contents(msgspec.Struct, frozen=True):
    """What a dump is: `dump.json`.

    Attributes:
        snapshot: Name of the snapshot that it is of.
        made_at: When that was built, ISO 8601 in UTC.
        epoch: The epoch in which its ids mean something.
        previous: Name of the snapshot of the same epoch whose dump this one replaced; "" for none.
        inputs: Digest of all that the snapshot was made of.
        is_whole: Whether all sources of the snapshot are in it.
        sources: Those that are, decisions by hand apart.
        next_ids: For each table the lowest number that is no id of the epoch yet.
        rows: Rows of every Parquet file, by its path.
        sequence: Number of the dump: that in the name of its snapshot.
        state: Digest of all that `tables` and `next_ids` say; an increment names the one that it
            begins with.
        tables: Digest of the rows of every table but the flat ones, by its path.
    """

    snapshot: str
    made_at: str
    epoch: str
    previous: str
    inputs: str
    is_whole: bool
    sources: tuple[SourceEntry, ...]
    next_ids: dict[str, int]
    rows: dict[str, int]
    sequence: int
    state: str
    tables: dict[str, str]
    format: int = FORMAT


def encode_contents(contents: Contents) -> bytes:
    """Return `dump.json`."""
    return msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n"


def read_contents(dump: Path) -> Contents:
    """Return what a dump says of itself.

    Raises:
        BadReferenceError: The folder is no dump, or none that is whole.
        FormatTooOldError: It was made by an earlier program.
        FormatTooNewError: It was made by a later one.
        MalformedError: It says what it cannot mean.
    """
    if not (dump / SUMS).is_file() or not (dump / CONTENTS).is_file():
        todo = "Name a folder that `phono catalogue dump` made."
        raise BadReferenceError(str(dump), "it is no dump of a catalogue, or not whole", todo)
    data = read_small(dump / CONTENTS)
    try:
        check_form(dump / CONTENTS, data, FORMAT, _ANEW)
        contents = msgspec.json.decode(data, type=Contents)
    except UNDECODABLE as error:
        raise MalformedError(str(dump / CONTENTS), f"it cannot be read: {error}", _AGAIN) from error
    said = (contents.snapshot, contents.made_at, contents.sources, contents.next_ids)
    check_said(dump / CONTENTS, *said)
    ends = (number_of(contents.snapshot), state_of(contents.tables, contents.next_ids))
    if (contents.sequence, contents.state) != ends:
        raise MalformedError(str(dump / CONTENTS), "its state does not add up", _AGAIN)
    return contents


def read_sums(dump: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a dump, in hexadecimal, by its path.

    Raises:
        MalformedError: A line is none.
    """
    sums = {}
    for number, line in enumerate(
        read_small(dump / SUMS).decode("utf-8", "replace").splitlines(), 1
    ):
        found = _SUM.fullmatch(line)
        if found is None:
            raise MalformedError(str(dump / SUMS), f"line {number} is no digest and path", _AGAIN)
        sums[found[2]] = found[1]
    return sums


def read_small(path: Path) -> bytes:
    """Return a file that lists what is in a dump. Raises `MalformedError` when it is too long."""
    with translated(str(path)), path.open("rb") as file:
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise MalformedError(str(path), f"it is longer than {_LONGEST:,} bytes", _AGAIN)
    return data


def decisions_in(dump: Path) -> tuple[str, ...]:
    """Return the path of the decisions by hand, in a tuple; an empty one where there are none.

    Raises:
        MalformedError: A line of `SHA256SUMS` is none.
    """
    is_there = (dump / DECISIONS_FILE).exists() or DECISIONS_FILE in read_sums(dump)
    return (DECISIONS_FILE,) if is_there else ()


def check_files(
    dump: Path, paths: Iterable[str], on_progress: Callable[[float], None] = lambda _: None
) -> None:
    """Compare files of a dump with their digests.

    Raises:
        MalformedError: A file is not there, or `SHA256SUMS` does not name it.
        DigestMismatchError: A file is not what it was.
    """
    sums = read_sums(dump)
    wanted = list(paths)
    for done, path in enumerate(wanted, 1):
        if sums.get(path) == _NOTHING and not (dump / path).exists():
            continue  # an older dump names its empty file, which a torrent did not carry
        if path not in sums or not (dump / path).is_file():
            raise MalformedError(str(dump / path), "the dump lacks it", _AGAIN)
        found = digest_of(dump / path)
        if found != sums[path]:
            wrong = f"its SHA-256 is {found}, and SHA256SUMS says {sums[path]}"
            raise DigestMismatchError(str(dump / path), wrong, "Fetch this file again.")
        on_progress(done / len(wanted))


def take_digests(dump: Path, on_progress: Callable[[float], None]) -> dict[str, str]:
    """Return the SHA-256 of every file of a dump, in hexadecimal, by its path."""
    sums, paths = {}, _paths(dump)
    for done, path in enumerate(paths, 1):
        sums[path] = digest_of(dump / path)
        on_progress(done / len(paths))
    return sums


def write_sums(dump: Path, known: Mapping[str, str]) -> None:
    """Write `SHA256SUMS`, which makes a dump whole.

    Args:
        known: Digests of files that have not changed since they were taken.
    """
    sums = {path: known.get(path) or digest_of(dump / path) for path in _paths(dump)}
    write_text(dump / SUMS, "".join(f"{digest}  {path}\n" for path, digest in sums.items()))


def _paths(dump: Path) -> list[str]:
    """Return the files of a dump, without the digests themselves and what is removed."""
    names = (path.relative_to(dump).as_posix() for path in dump.rglob("*") if path.is_file())
    return sorted(name for name in names if name != SUMS and not name.startswith(f"{WORK}/"))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with translated(str(path)), path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_text(path: Path, text: str | bytes) -> None:
    """Write a small file of a dump, whole or not at all, durable but for its name."""
    unfinished = path.with_name(f".{path.name}.new")
    with translated(str(path)):
        unfinished.write_bytes(text.encode() if isinstance(text, str) else text)
        sync_file(unfinished)
        unfinished.replace(path)


def public_decisions(decisions: Iterable[Decision], left_out: Iterable[str]) -> bytes:
    """Return decisions by hand as lines, without the reasons, which are words of this archive.

    Args:
        left_out: Names of sources that are not in the dump: what is decided of them stays here.
    """
    hidden = set(left_out)
    return b"".join(
        msgspec.json.encode(msgspec.structs.replace(one, reason="")) + b"\n"
        for one in decisions
        if not {one.one.source, one.other.source} & hidden
    )
