"""Whether anything may have been decided in an archive: for doors that stay open for days.

Law: while two looks are equal, no line was written to the register and no setting was changed. A
look is a few calls to the file system; no folder is listed but when a segment was begun.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from phonotheque.archive.opening import INDEX, Archive
from phonotheque.config import FILE_NAME
from phonotheque.register.journal import FOLDER, segment_path


class Look(NamedTuple):
    """What was seen of an archive at one moment.

    Attributes:
        segment: Path of the register's last segment.
        segment_bytes: Its length.
        settings_ns: When the settings were written.
        index_inode: Which file the index is: another one after it was made again.
    """

    segment: str
    segment_bytes: int
    settings_ns: int
    index_inode: int

    def is_known_to(self, archive: Archive) -> bool:
        """Whether the index of an open archive has every line that was there."""
        place = archive.index.place
        return (segment_path(place.segment), place.offset) == (self.segment, self.segment_bytes)


class Decisions:
    """Looks at an archive again and again; for one thread.

    Args:
        root: The archive's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._segment = ""
        self._listed_ns = -1

    def look(self) -> Look:
        """What is there now.

        Raises:
            OSError: There is no archive there any more.
        """
        register = self._root / FOLDER
        listed_ns = register.stat().st_mtime_ns
        if listed_ns != self._listed_ns:  # a segment was begun
            names = (path.name for path in register.glob("*.jsonl"))
            self._segment = f"{FOLDER}/{max(names, default='')}"
            self._listed_ns = listed_ns
        settings_ns = index_inode = 0
        with suppress(FileNotFoundError):  # an editor is putting a new one in its place
            settings_ns = (self._root / FILE_NAME).stat().st_mtime_ns
        with suppress(FileNotFoundError):
            index_inode = (self._root / INDEX).stat().st_ino
        segment_bytes = (self._root / self._segment).stat().st_size
        return Look(self._segment, segment_bytes, settings_ns, index_inode)
