"""Names of files for people, the same on every file system in use; pure.

Laws: no part of a path holds a character, or is a name, that Windows, macOS, Linux or FAT forbids;
none is longer than 120 bytes; `caseless` is equal for any two parts that one of them may take for
one.

Source: Unicode 15, section 3.13, "compatibility caseless match": coarser than the rules of NTFS,
exFAT, APFS and HFS+, so names that are told apart here are two on each.
"""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_TAIL = re.compile(r"[\s.]+\Z")
_PART_BYTES = 120  # leaves room for a number and an ending within 255 bytes on every file system


def safe_part(text: str) -> str:
    """One part of a path that every file system takes."""
    known = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    part = _cut(_FORBIDDEN.sub("_", known).lstrip())
    if not part or part.startswith(".") or _RESERVED.fullmatch(part):
        part = _cut(f"_{part}")
    return part


def _cut(text: str) -> str:
    """At most 120 bytes, ending in neither a dot nor a space, which Windows drops."""
    return _TAIL.sub("", text.encode()[:_PART_BYTES].decode("utf-8", "ignore"))


def caseless(text: str) -> str:
    """What texts have in common that some file system may take for one."""
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf")  # HFS+ does not see these
    once = unicodedata.normalize("NFD", seen).casefold()
    twice = unicodedata.normalize("NFKD", once).casefold()
    return unicodedata.normalize("NFKC", twice)
