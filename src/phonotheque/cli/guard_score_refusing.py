"""What `phono guard score` refuses, before or after the log is read: what cannot be meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonotheque.guard.score.gathering import Gathering
    from phonotheque.guard.score.reading import Gathered

_STANDARD_OUTPUT = 1


def refuse_apart(logs: list[str], *, is_following: bool, has_sinks: bool, is_rule: bool) -> None:
    """Refuse what cannot be asked for together.

    Raises:
        BadRequestError: It was.
    """
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.score.opening import is_packed

    if twice := next((log for log in logs if logs.count(log) > 1), ""):
        todo = "Name each log once: its lines would count twice."
        raise BadRequestError(twice, "it is named twice", todo)
    if has_sinks and not is_following:
        todo = "Add --follow, or leave out --to."
        raise BadRequestError("--to", "verdicts come only while a log is followed", todo)
    if is_following and (logs[-1] == "-" or Path(logs[-1]).is_fifo()):
        todo = "Name the file of the log."
        raise BadRequestError(logs[-1], "standard input, or a pipe, cannot be followed", todo)
    if is_following and is_packed(logs[-1]):
        todo = "Name the log that is written now as the last one."
        raise BadRequestError(logs[-1], "it is packed, and does not grow", todo)
    if is_rule:
        todo = "Leave out one of --by-network and --sigma."
        raise BadRequestError("--sigma", "a Sigma rule cannot take addresses together", todo)


def refuse_losing(logs: list[str], *reports: Path | None, sinks: list[str]) -> None:
    """Refuse to write anything in the place of a log that is read.

    Raises:
        BadRequestError: It was asked for, or a report cannot be written at all.
    """
    from phonotheque.cli.new_files import check_reports, is_one_of
    from phonotheque.errors import BadRequestError

    check_reports(*reports, sources=logs)
    for sink in sinks:
        kind, _, place = sink.partition(":")
        if kind == "file" and is_one_of(Path(place), logs):
            raise BadRequestError(sink, "it is read for this, and would be lost", _ANOTHER)
    if is_one_of(_STANDARD_OUTPUT, logs):
        raise BadRequestError("standard output", "it goes to a log that is read", _ANOTHER)


_ANOTHER = "Give another name."


def refuse_missing(said: dict[str, str], read: Gathered, *, is_following: bool) -> None:
    """Refuse a field that no line has: a slip, but for one that is rare in a log that only begins.

    Raises:
        BadMappingError: One was named.
    """
    from phonotheque.errors import BadMappingError
    from phonotheque.guard.score.json_log import MOST_NAMED

    for name in read.missing:
        field = f"--field {name}={said[name]}"
        if read.there is None:
            todo = "Leave out --field: in lines of this form everything has its place."
            raise BadMappingError(field, "the log is no JSON, and has no fields", todo)
        if name in ("account", "item", "time") or not is_following:
            there = ", ".join(read.there[:MOST_NAMED])
            todo = f"Name one of those that its first line has: {there}."
            raise BadMappingError(field, "no line has that field", todo)


def refuse_timeless(said: dict[str, str], gathering: Gathering, log: str) -> None:
    """Refuse a log in which nothing that should be a time is one.

    Raises:
        BadMappingError: It is such a log.
    """
    from phonotheque.errors import BadMappingError
    from phonotheque.guard.score.names import text_of
    from phonotheque.guard.score.reasons import shortened

    if gathering.has_times or gathering.no_time is None:
        return
    word = shortened(text_of(gathering.no_time), 60)
    named = f"--field time={said['time']}" if "time" in said else log
    todo = "Times are ISO 8601, as Apache writes them, or numbers since 1970."
    raise BadMappingError(named, f"{word!r} is no time", todo)


def refuse_unfit(item: str | None, gathering: Gathering, *, is_following: bool) -> None:
    """Refuse a pattern that fits nothing: a slip, but in a log that only begins.

    Raises:
        BadRequestError: It fits nothing.
    """
    from phonotheque.errors import BadRequestError
    from phonotheque.music.number_words import counted

    if item is None or is_following or gathering.has_items or not gathering.counted.lines:
        return
    lines = counted(gathering.counted.lines, "line")
    todo = "Write it for addresses as they stand in the log: --item '/song/([^/.]+)'."
    raise BadRequestError(f"--item {item}", f"it fits none of {lines}", todo)
