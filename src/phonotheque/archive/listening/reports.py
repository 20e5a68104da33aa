"""What people reported: one file each, in `journals/reports/`, for the operator to read; those that
were closed are in `closed/` below.

Laws: a report is durable before its number is told; a name and an address are kept with it alone,
for nobody but the archive's own account to read, and can be forgotten without losing the report;
several processes may take reports at once, because each is a file of its own; what was closed takes
no room from what waits, and where a crash left a report in both places, it is closed.

A file and not a line of a journal: what a person wrote about himself must be erasable.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from phonotheque.archive.opening import now
from phonotheque.disk import Disk, LocalDisk, make_folders, read_if_held, write_whole
from phonotheque.errors import BadReferenceError, MalformedError, UnavailableError
from phonotheque.listen.items.values import Message, Report
from phonotheque.music.decoding import UNDECODABLE

FOLDER = "journals/reports"
CLOSED = "journals/reports/closed"
MOST_WAITING = 10_000
"""Reports that wait to be read. More are refused: somebody is filling the disk."""

_NUMBER = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12}")


class FiledReports:
    """The reports of one archive; shared by threads and processes.

    Args:
        disk: The archive's folder, as `private_disk` gives it.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def take(self, message: Message) -> str:
        """Keep a message, durable when this returns; its number is returned.

        Raises:
            UnavailableError: The disk refused, or too many wait to be read.
        """
        make_folders(self._disk, FOLDER)
        if len(self._numbers(FOLDER)) >= MOST_WAITING:
            wrong = f"{MOST_WAITING:,} reports wait to be read already"
            raise UnavailableError(FOLDER, wrong, "Write to the archive in another way.")
        at = now()
        number = f"{at[:10]}-{secrets.token_hex(6)}"
        self._write(Report(number=number, at=at, message=message))
        return number

    def report(self, number: str) -> Report | None:
        """Return a report; None when there is none of this number.

        Raises:
            MalformedError: Its file is damaged.
        """
        if not _NUMBER.fullmatch(number):
            return None
        for path in (_path(number, CLOSED), _path(number)):
            data = read_if_held(self._disk, path)
            if data is not None:
                return _decode(path, data)
        return None

    def all(self) -> Iterator[Report]:
        """Yield every report, the oldest first.

        Raises:
            MalformedError: A file is damaged.
        """
        for number in sorted({*self._numbers(FOLDER), *self._numbers(CLOSED)}):
            found = self.report(number)
            if found is not None:
                yield found

    def close(self, number: str, answer: str) -> Report:
        """Note what came of a report.

        Raises:
            BadReferenceError: There is none of this number.
        """
        closed = replace(self._known(number), closed_at=now(), answer=answer)
        self._write(closed)
        return closed

    def forget(self, number: str) -> None:
        """Forget who wrote: the name and the address, and what was written.

        Raises:
            BadReferenceError: There is none of this number.
        """
        report = self._known(number)
        message = replace(report.message, name="", contact="", words="")
        self._write(replace(report, message=message))

    def _known(self, number: str) -> Report:
        found = self.report(number)
        if found is None:
            todo = "`phono reports list` lists them."
            raise BadReferenceError(number, "there is no report of this number", todo)
        return found

    def _numbers(self, folder: str) -> list[str]:
        names = (entry.name.removesuffix(".json") for entry in self._disk.list(folder))
        return [name for name in names if _NUMBER.fullmatch(name)]

    def _write(self, report: Report) -> None:
        data = msgspec.json.encode(report)
        if not report.closed_at:
            write_whole(self._disk, _path(report.number), data)
            return
        make_folders(self._disk, CLOSED)
        write_whole(self._disk, _path(report.number, CLOSED), data)
        self._disk.remove(_path(report.number))


def private_disk(root: Path) -> LocalDisk:
    """Return an archive's folder as a disk whose new files only their owner may read."""
    return LocalDisk(root, mode=0o600)


def _path(number: str, folder: str = FOLDER) -> str:
    return f"{folder}/{number}.json"


def _decode(path: str, data: bytes) -> Report:
    try:
        return msgspec.json.decode(data, type=Report)
    except UNDECODABLE as error:
        todo = "Bring it back from a backup, or remove the file."
        raise MalformedError(path, f"it is no report: {error}", todo) from error
