"""Records of trials in a file, a line of JSON for each, added as soon as its world was lived.

Law: what a crash left of a last line counts for nothing, and the rest is read.
"""

from __future__ import annotations

import msgspec

from phonotheque.disk import Disk, append_line, read_if_held
from phonotheque.errors import MalformedError
from phonotheque.guard.bench.run import Key, Record


def read_records(disk: Disk, path: str) -> dict[Key, Record]:
    """Return the records of a file, oldest first; none when there is no file.

    Raises:
        MalformedError: A line is not a record of this version.
    """
    data = read_if_held(disk, path) or b""
    whole = data[: data.rfind(b"\n") + 1]
    try:
        records = [msgspec.json.decode(line, type=Record) for line in whole.splitlines()]
    except msgspec.MsgspecError as error:
        todo = "Name another file, or let this one be made anew."
        raise MalformedError(path, f"it has no records of GuardBench ({error})", todo) from error
    return {record.key: record for record in records}


def keep_record(disk: Disk, path: str, record: Record) -> None:
    """Add a record, durable on return."""
    append_line(disk, path, msgspec.json.encode(record) + b"\n")
