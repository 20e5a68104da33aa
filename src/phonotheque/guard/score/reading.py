"""Logs of any form, one after the other: visits gathered from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from phonotheque.errors import MalformedError
from phonotheque.guard.score.columns import Raw
from phonotheque.guard.score.combined_log import is_combined, read_combined
from phonotheque.guard.score.json_log import JsonLines, fields_of, is_record, require_known
from phonotheque.guard.score.opening import Opened
from phonotheque.guard.score.visits import Gathering

_LINES_LOOKED_AT = 1_000
"""Among which one must be of a form that is known: logs may begin with something else."""


class Gathered(NamedTuple):
    """What the reading of logs ended with.

    Attributes:
        notes: What must be said about them.
        read: Reads more lines of the last log.
        from_byte: Where the last log goes on; None where it is packed, and does not.
    """

    notes: tuple[str, ...]
    read: Callable[[bytes], Raw] | None
    from_byte: int | None


def gather(
    gathering: Gathering,
    logs: Sequence[str],
    said: Mapping[str, str],
    on_progress: Callable[[str, int, int], None],
) -> Gathered:
    """Read logs, in any order.

    Args:
        gathering: Takes what they say.
        logs: Paths, or `-` for standard input.
        said: Fields of JSON lines that were named.
        on_progress: Is told a log's name, what is read of it and its size (0: unknown), in bytes.

    Raises:
        BadRequestError, NotHeldError, UnavailableError: A log cannot be opened.
        MalformedError: A log is of no form that is known.
        BadMappingError: A field was named that is not looked for, or too few of them.
    """
    require_known(said)
    notes: list[str] = []
    read, from_byte = None, None
    for name in logs:
        log, read = Opened(name), None
        with ThreadPoolExecutor(1) as pool:  # Arrow reads the next lines while these are taken in
            under_way: Future[Raw] | None = None
            for block in log.blocks():
                read = read or reader_of(block, name, said)
                next_one = pool.submit(read, block)
                if under_way is not None:
                    gathering.add(under_way.result())
                    on_progress(name, log.read_bytes, log.size_bytes)
                under_way = next_one
            if under_way is not None:
                gathering.add(under_way.result())
        from_byte = None if log.is_packed else log.read_bytes - log.half_bytes
        notes += _notes_on(log)
    return Gathered(tuple(notes), read, from_byte)


def _notes_on(log: Opened) -> Iterator[str]:
    if log.left_out:
        yield f"{log.name}: {log.left_out:,} lines were too long to be requests."
    if log.damage:
        yield f"{log.name}: {log.damage}; what came before was read."


def reader_of(block: bytes, name: str, said: Mapping[str, str]) -> Callable[[bytes], Raw]:
    """Return what reads a log that begins like this. Raises as `gather` does of its form."""
    for line in block.split(b"\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]:
        if is_record(line):
            return JsonLines(fields_of(line, dict(said)), line).read
        if is_combined(line):
            return read_combined
    raise MalformedError(
        name,
        "none of its first lines is of the common or combined log format, or JSON",
        "Give the access log of a web server, or lines of JSON with `--field`.",
    )
