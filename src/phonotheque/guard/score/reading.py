"""Logs of any form, one after the other: visits gathered from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from phonotheque.errors import MalformedError
from phonotheque.guard.score.columns import Raw
from phonotheque.guard.score.combined_log import is_combined, read_combined
from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.json_log import (
    Fields,
    JsonLines,
    fields_of,
    is_record,
    require_known,
)
from phonotheque.guard.score.opening import Opened
from phonotheque.guard.score.same_rows import without_same
from phonotheque.music.number_words import counted

_LINES_LOOKED_AT = 1_000
"""Among which one must be of a form that is known: logs may begin with something else."""


class Reader(NamedTuple):
    """What reads a log.

    Attributes:
        read: Reads whole lines.
        lines: Of a log of JSON; None for another.
    """

    read: Callable[[bytes], Raw]
    lines: JsonLines | None


class Gathered(NamedTuple):
    """What the reading of logs ended with.

    Attributes:
        notes: What must be said about them.
        read: Reads more lines of the last log, or the first ones where it is empty.
        from_byte: Where the last log goes on, if it is not packed.
        fields: Where the last log says what; None where it is not of JSON.
        missing: Fields that were named and that no line has, by name of `Fields`.
        there: Fields that the first lines have, as they are named; None where no log is of JSON.
    """

    notes: tuple[str, ...]
    read: Callable[[bytes], Raw]
    from_byte: int
    fields: Fields | None
    missing: tuple[str, ...]
    there: tuple[str, ...] | None


def gather(
    gathering: Gathering,
    logs: Sequence[str],
    said: Mapping[str, str],
    on_progress: Callable[[str, int, int], None],
    *,
    keep_last: bool = False,
) -> Gathered:
    """Read logs, in any order; one that another begins with is left out.

    Args:
        gathering: Takes what they say.
        logs: Paths, or `-` for standard input.
        said: Fields of JSON lines that were named.
        on_progress: Is told a log's name, what is read of it and its size (0: unknown), in bytes.
        keep_last: Whether the last one is read whatever the others hold.

    Raises:
        BadRequestError, NotHeldError, UnavailableError: A log cannot be opened.
        MalformedError: A log is of no form that is known.
        BadMappingError: A field was named that is not looked for, or too few of them.
    """
    require_known(said)
    chosen, notes = without_same(logs, keep_last=keep_last)
    readers: list[Reader] = []
    last, from_byte = None, 0
    for name in chosen:
        log, last = Opened(name), None
        with ThreadPoolExecutor(1) as pool:  # Arrow reads the next lines while these are taken in
            under_way: Future[Raw] | None = None
            for block in log.blocks():
                if last is None:
                    last = reader_of(block, name, said)
                    readers.append(last)
                next_one = pool.submit(last.read, block)
                if under_way is not None:
                    gathering.add(under_way.result())
                    on_progress(name, log.read_bytes, log.size_bytes)
                under_way = next_one
            if under_way is not None:
                gathering.add(under_way.result())
        from_byte = log.read_bytes - log.half_bytes
        notes += _notes_on(log)
    last = last or Reader(_begun(chosen[-1], said), None)
    fields = last.lines.fields if last.lines is not None else None
    there = sorted({name for one in readers if one.lines is not None for name in one.lines.there})
    is_json = any(one.lines is not None for one in readers)
    return Gathered(
        tuple(notes), last.read, from_byte, fields, _missing(readers, said),
        tuple(there) if is_json else None,
    )  # fmt: skip


def _missing(readers: list[Reader], said: Mapping[str, str]) -> tuple[str, ...]:
    met = {name for reader in readers if reader.lines is not None for name in reader.lines.met}
    return tuple(name for name in said if name not in met) if readers else ()


def _begun(name: str, said: Mapping[str, str]) -> Callable[[bytes], Raw]:
    """What reads a log whose form its first lines will tell."""
    found: list[Reader] = []

    def read(block: bytes) -> Raw:
        if not found:
            found.append(reader_of(block, name, said))
        return found[0].read(block)

    return read


def _notes_on(log: Opened) -> Iterator[str]:
    if log.left_out:
        were = (
            "was too long to be a request" if log.left_out == 1 else "were too long to be requests"
        )
        yield f"{log.name}: {counted(log.left_out, 'line')} {were}."
    if log.damage:
        yield f"{log.name}: {log.damage}; what came before was read."


def reader_of(block: bytes, name: str, said: Mapping[str, str]) -> Reader:
    """Return what reads a log that begins like this. Raises as `gather` does of its form."""
    for line in block.split(b"\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]:
        if is_record(line):
            lines = JsonLines(fields_of(line, dict(said), name), line)
            return Reader(lines.read, lines)
        if is_combined(line):
            return Reader(read_combined, None)
    raise MalformedError(
        name,
        "none of its first lines is of the common or combined log format, or JSON",
        "Give the access log of a web server, or lines of JSON with `--field`.",
    )
