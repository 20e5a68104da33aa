"""What a signed file may be called, and where it lies under its digest.

Names and digests of files are said by whoever signs, who may be a stranger or a thief, and become
paths on the disks of those who follow, keep or restore.

Laws: a name is made of plain parts, so that neither it nor the path made of it leads out of the
folder that it is put below; no file is called as if it were metadata; all files together have an
end.

Source: TUF specification 1.0.33, sections 4.5 and 6.2 (consistent snapshots). Pure; not here:
whether the bytes are those that were signed (`following`, `at_rest`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tuf.api.metadata import TargetFile

from phonotheque.errors import BadSignatureError, MalformedError, TooLongError

MOST_SIGNED_BYTES = 256 << 20
"""All signed files of a publication together: sixteen times the longest index."""

_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_NAME = re.compile(rf"(?!metadata/)(?:{_PART}/){{0,3}}{_PART}", re.IGNORECASE | re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}")
_KEEP = "Keep what you have; ask the archive, or try another mirror."


def signed_path(name: str, sha256: str) -> str:
    """Return where a signed file lies below `metadata/`: under its digest, in the folder that its
    name has below `published/`.

    Raises:
        MalformedError: It cannot be the name of a file that is published.
        BadSignatureError: What is signed is no SHA-256.
    """
    if not _NAME.fullmatch(name):
        wrong = f"a file that is signed cannot be called {name[:120]!r}"
        raise MalformedError("targets", wrong, _KEEP)
    if not _HEX64.fullmatch(sha256):
        raise BadSignatureError(name, "no SHA-256 of it is signed", _KEEP)
    folder, slash, last = name.rpartition("/")
    return f"targets/{folder}{slash}{sha256}.{last}"


def signed_paths(files: Mapping[str, TargetFile]) -> dict[str, str]:
    """Return where all files lie that some targets name: name -> path below `metadata/`, in order.

    Raises:
        MalformedError: One has a name that no file can have.
        BadSignatureError: Of one no SHA-256 is signed.
        TooLongError: They are too long together.
    """
    size_bytes = sum(file.length for file in files.values())
    if size_bytes > MOST_SIGNED_BYTES:
        wrong = f"{size_bytes} bytes of files are signed, {MOST_SIGNED_BYTES} may be"
        raise TooLongError("targets", wrong, _KEEP)
    return {
        name: signed_path(name, file.hashes.get("sha256", ""))
        for name, file in sorted(files.items())
    }
