"""Where pictures and tables may be written: nothing of other people's is replaced or removed.

Laws: whatever is refused is refused before anything is counted or written. A folder is ours when
it is new or empty, or when the record in it that lists its files is one of ours.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from phonotheque.catalogue.bulk import translated
from phonotheque.errors import BadRequestError, ConflictError

UNFINISHED = ".part"
"""What a stopped run leaves in a folder of its own."""


def check_folder(folder: Path, record: str, key: str) -> None:
    """Refuse a folder that is not ours to write into.

    Args:
        record: Name of the file that lists what is in a folder of ours.
        key: A field that such a record has beside `format`.

    Raises:
        BadRequestError: It is a file, or no folder can be there.
        ConflictError: Other things are in it.
        UnavailableError: The disk refused.
    """
    with translated(str(folder)):
        if folder.exists() and not folder.is_dir():
            todo = "Name a folder: a new one, an empty one, or one that this command made."
            raise BadRequestError(str(folder), "it is a file", todo)
        # Below what is no folder, none can be made.
        if not next(one for one in (folder, *folder.absolute().parents) if one.exists()).is_dir():
            raise _no_folder_there(folder)
        held = set(os.listdir(folder)) if folder.is_dir() else set()
    if held - {UNFINISHED, f".{record}.new"} and not _is_ours(folder / record, key):
        wrong = f"it is not empty, and has no {record} of this command"
        todo = "Name a new folder, or an empty one; nothing was written."
        raise ConflictError(str(folder), wrong, todo)


def make_folder(folder: Path) -> None:
    """Make a folder and those that it is in.

    Raises:
        BadRequestError: None can be there.
        UnavailableError: The disk refused.
    """
    with translated(str(folder)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
            raise _no_folder_there(folder) from error


def _no_folder_there(folder: Path) -> BadRequestError:
    return BadRequestError(str(folder), "no folder can be made there", "Name another place.")


def _is_ours(record: Path, key: str) -> bool:
    try:
        found = msgspec.json.decode(record.read_bytes())
    except (OSError, msgspec.DecodeError):
        return False
    return isinstance(found, dict) and {"format", key} <= found.keys()
