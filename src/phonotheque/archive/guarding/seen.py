"""Since when an access log is kept, and whether it has a line of some account.

Whoever types the name of an account by hand slips: what is decided about a name that was never seen
does nothing, and nobody would notice.
"""

from __future__ import annotations

from pathlib import Path

from phonotheque.archive.listening.door import LOGS
from phonotheque.disk import refusal

_BLOCK = 1 << 22


def log_begins(root: Path) -> str:
    """Return the first day of the access log that is kept: "2026-11-22"; "" where there is none."""
    return min((path.stem for path in _files(root)), default="")


def is_in_log(root: Path, account: str) -> bool:
    """Whether a line names an account, or an address. The newest day is read first.

    Cost: all of the log is read where no line does; a gigabyte in about a second.

    Raises:
        UnavailableError: A file cannot be read.
    """
    return any(_has(path, account.encode()) for path in reversed(_files(root)))


def _files(root: Path) -> list[Path]:
    return sorted((root / LOGS).glob("????-??-??.jsonl"))


def _has(path: Path, name: bytes) -> bool:
    begun = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if name in begun + block:
                    return True
                begun = block[1 - len(name) :]
    except FileNotFoundError:
        return False  # it was old, and was forgotten just now
    except OSError as error:
        raise refusal(f"{LOGS}/{path.name}", error) from error
    return False
