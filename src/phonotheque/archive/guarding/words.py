"""What people wrote about their cases: a file for each text, which can be forgotten.

Law: the case book has the SHA-256 of a text and nothing of it; to forget a text breaks no chain.
"""

from __future__ import annotations

import hashlib

from phonotheque.disk import Disk, make_folders, read_if_held, write_whole
from phonotheque.errors import BadRequestError

FOLDER = "journals/guard/words"
MOST_BYTES = 8_000


def keep_words(disk: Disk, text: str) -> str:
    """Keep a text, durable on return; return its SHA-256.

    Raises:
        BadRequestError: There is nothing in it, or too much.
    """
    data = text.strip().encode("utf-8", "replace")
    if not data or len(data) > MOST_BYTES:
        wrong = "there is nothing in it" if not data else f"it has more than {MOST_BYTES:,} bytes"
        raise BadRequestError("the message", wrong, "Write what matters in a few sentences.")
    digest = hashlib.sha256(data).hexdigest()
    make_folders(disk, FOLDER)
    write_whole(disk, _path(digest), data)
    return digest


def words_of(disk: Disk, digest: str) -> str | None:
    """Return a text; None when it was forgotten."""
    data = read_if_held(disk, _path(digest))
    return None if data is None else data.decode("utf-8", "replace")


def forget_words(disk: Disk, digest: str) -> None:
    """Forget a text."""
    disk.remove(_path(digest))
    disk.sync_folder(FOLDER)


def _path(digest: str) -> str:
    return f"{FOLDER}/{digest}.txt"
