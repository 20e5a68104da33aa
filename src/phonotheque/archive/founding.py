"""Founding an archive: what every one starts with."""

from __future__ import annotations

import unicodedata
import uuid
from pathlib import Path

from phonotheque.archive.opening import FOLDERS, now, open_to_write
from phonotheque.archive.readme import README
from phonotheque.config import FILE_NAME, format_config, short_name
from phonotheque.disk import FULL, Disk, LocalDisk, make_folders, refusal, write_whole
from phonotheque.errors import BadRequestError, ConflictError
from phonotheque.register.events import FORMAT, Founding
from phonotheque.register.journal import START, Journal

_TODO = "Choose a new or empty folder, where you may write."


LONGEST_TITLE = 200
"""Letters. It stands in one line at the head of every page."""

_NO_LETTER = {"Cc", "Cs", "Zl", "Zp"}
"""Controls, halves of a pair, ends of lines (Unicode, table 4-4). What joins letters may stay."""


def found(root: Path, title: str) -> None:
    """Make a new archive in a folder that is absent or empty.

    Raises:
        ConflictError: The folder has something in it.
        BadRequestError: It cannot be made, or nothing can have this title.
    """
    _check_title(title)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ConflictError(str(root), "there is a file of this name", _TODO) from error
    except OSError as error:
        if error.errno in FULL:
            raise refusal(str(root), error) from error
        why = (error.strerror or str(error)).lower()
        raise BadRequestError(str(root), f"the folder cannot be made: {why}", _TODO) from error
    try:
        is_empty = not any(root.iterdir())
    except OSError as error:
        raise refusal(str(root), error) from error
    if not is_empty:
        raise ConflictError(str(root), "the folder is not empty", _TODO)
    lay_out(LocalDisk(root), title)
    (root / "keys").chmod(0o700)
    with open_to_write(root, "init"):
        pass  # so that readers find an index, whoever comes first


def _check_title(title: str) -> None:
    """Refuse what cannot stand in one line."""
    wrong = ""
    if not title.strip():
        wrong = "it is empty"
    elif len(title) > LONGEST_TITLE:
        wrong = f"it has {len(title):,} letters; {LONGEST_TITLE} are the most"
    elif any(unicodedata.category(letter) in _NO_LETTER for letter in title):
        wrong = "it has a control character or more than one line"
    if wrong:
        raise BadRequestError("--name", wrong, "Give the archive's name, as people write it.")


def lay_out(disk: Disk, title: str, identity: str = "", at: str = "") -> None:
    """Write what every archive starts with; the settings file last, because it makes an archive.

    Args:
        disk: An empty folder.
        title: The archive's name as people write it.
        identity: Its UUID; a random one is made when it is "".
        at: The instant of founding; now when it is "".
    """
    for folder in (*FOLDERS, "catalogue"):  # empty until one is built; services may be let write it
        make_folders(disk, folder)
    journal = Journal(disk, START)
    journal.append(at or now(), [Founding(FORMAT, identity or str(uuid.uuid4()))])
    journal.close()
    write_whole(disk, "README.txt", README.encode())
    text = format_config(title, short_name(title))
    write_whole(disk, FILE_NAME, text.encode())
