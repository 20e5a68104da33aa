"""The few calls through which everything durable is written, and the local file system behind them.

`port` says what a disk is, `whole` what is done with any of them, `local` is the one of this
machine. Not here: what is written in which order; the rooms decide that.
"""

from phonotheque.disk.local import FULL, LocalDisk, refusal
from phonotheque.disk.port import Disk, Entry, Kind, Writer, refuse_outward
from phonotheque.disk.whole import (
    append_line,
    make_folders,
    read_if_held,
    read_whole,
    write_changed,
    write_whole,
)

__all__ = [
    "FULL",
    "Disk",
    "Entry",
    "Kind",
    "LocalDisk",
    "Writer",
    "append_line",
    "make_folders",
    "read_if_held",
    "read_whole",
    "refusal",
    "refuse_outward",
    "write_changed",
    "write_whole",
]
