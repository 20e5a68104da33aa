"""What people wrote about their cases: a file for each text, which can be forgotten.

Laws: the case book has the SHA-256 of a text and nothing of it; to forget a text breaks no chain;
the same words about two cases are two texts, and forgotten one by one.
"""

from __future__ import annotations

import hashlib

from phonotheque.disk import Disk, make_folders, read_if_held, write_whole
from phonotheque.errors import BadRequestError

FOLDER = "journals/guard/words"
MOST_LETTERS = 4_000
"""As many as the page takes, in whichever script."""


def keep_words(disk: Disk, case: str, text: str) -> str:
    """Keep a text about a case, durable on return; return its SHA-256.

    Raises:
        BadRequestError: There is nothing in it, or too much.
    """
    letters = _letters(text)
    if not letters or len(letters) > MOST_LETTERS:
        long = f"it has more than {MOST_LETTERS:,} characters"
        wrong = long if letters else "there is nothing in it"
        raise BadRequestError("the message", wrong, "Write what matters in a few sentences.")
    digest = digest_of(text)
    make_folders(disk, FOLDER)
    write_whole(disk, _path(case, digest), letters.encode("utf-8", "replace"))
    return digest


def digest_of(text: str) -> str:
    """Return the SHA-256 by which a text is kept: of its letters, not of how a browser sent it."""
    return hashlib.sha256(_letters(text).encode("utf-8", "replace")).hexdigest()


def _letters(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def words_of(disk: Disk, case: str, digest: str) -> str | None:
    """Return a text about a case; None when it was forgotten."""
    data = read_if_held(disk, _path(case, digest))
    return None if data is None else data.decode("utf-8", "replace")


def forget_words(disk: Disk, case: str, digest: str) -> None:
    """Forget a text about a case."""
    disk.remove(_path(case, digest))
    disk.sync_folder(FOLDER)


def _path(case: str, digest: str) -> str:
    return f"{FOLDER}/{case}-{digest}.txt"
