"""What a shelf gives of a recording, and how it is called when tags do not say. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.music.rights import Verdict

NAME = "holdings"
"""Name of this source in every catalogue."""

HELD = "held"
"""State of a file that is on the disk as it should be."""

REMOVED = "removed"
"""State of a file that was let go."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a recording.

    Attributes:
        path: Where it lay in its deposit.
        deposit: Number of the deposit that it came in with.
        state: "held", "removed", or what a check found: "missing", "changed" ...
        length_ms: As decoded, else as its container says; None when neither does.
        tags: With all corrections.
        sharing: Whether everybody may have it, and why.
        removed_because: Why it was let go; "" when it is held or nobody said.
        removed_at: When; "" likewise.
    """

    sha256: Sha256
    size_bytes: int
    extension: str
    path: str
    deposit: int
    state: str
    tags: Tags
    sharing: Verdict
    codec: str | None = None
    length_ms: int | None = None
    removed_because: str = ""
    removed_at: str = ""


@dataclass(frozen=True, slots=True)
class HeldRecording:
    """A recording with its copies, the one that came in first before the others.

    Attributes:
        line: Number of the register's line with which the first one came in.
        plays: How often it was heard at this archive's door; None when nobody counts there.
        listeners: By how many.
    """

    line: int
    copies: tuple[Copy, ...]
    plays: int | None = None
    listeners: int | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """Two recordings that sound alike, each named by its first copy.

    Attributes:
        likeness: "same", "likely" or "related".
        bit_errors: Share of fingerprint bits that differ, 0 to 1.
    """

    one: Sha256
    other: Sha256
    likeness: str
    bit_errors: float


UNKNOWN_ARTIST = "[unknown]"
"""Who made a recording that names nobody: MusicBrainz's own word for that."""

UNKNOWN_ARTIST_MBID = "125ec42a-7229-4250-afc5-e057484327fe"
"""MusicBrainz's artist for the same. Source: musicbrainz.org/doc/Style/Unknown_and_untitled."""

_NUMBER = re.compile(
    r"""(?:\d{1,2}[-.]\d{1,3}|0\d{1,2})\s+(?=[^\s._)\]-])  # 2-07 and 07, not: 99 Luftballons
      | (?:\d{1,2}[-.])?\d{1,3}\s*[-._)\]]+\s*(?=\S)      # 7. 07 - 2-07_""",
    re.VERBOSE,
)


def title_of_path(path: str, extension: str) -> str:
    """Return the title in the name of a file: without its ending and its track number.

    "a/01 - Low Water.flac" gives "Low Water", "2-07. Moorings.mp3" gives "Moorings"; a name that
    is a number only ("1999.ogg"), or may be meant ("99 Luftballons.ogg"), stays what it is.
    """
    name = path.rpartition("/")[2]
    ending = f".{extension}"
    stem = name[: -len(ending)] if extension and name.lower().endswith(ending) else name
    number = _NUMBER.match(stem)
    return stem[number.end() :] if number else stem or name


_BIBLIOGRAPHIC = {
    "alb": "sqi",
    "arm": "hye",
    "baq": "eus",
    "bur": "mya",
    "chi": "zho",
    "cze": "ces",
    "dut": "nld",
    "fre": "fra",
    "geo": "kat",
    "ger": "deu",
    "gre": "ell",
    "ice": "isl",
    "mac": "mkd",
    "mao": "mri",
    "may": "msa",
    "per": "fas",
    "rum": "ron",
    "slo": "slk",
    "tib": "bod",
    "wel": "cym",
}
"""The twenty codes of ISO 639-2 that differ from those of ISO 639-3: ID3 tags have the former."""

_NO_LANGUAGE = frozenset(("und", "xxx", "zxx", "mis"))
"""Undetermined, and ID3's own word for it, no words at all, and a language without a code."""


def language_code(languages: tuple[str, ...]) -> str | None:
    """Return the ISO 639-3 code of a recording's words, when its tags name one language."""
    if len(languages) != 1:
        return None
    code = languages[0].strip().lower()
    if not re.fullmatch(r"[a-z]{3}", code) or code in _NO_LANGUAGE:
        return None
    return _BIBLIOGRAPHIC.get(code, code)
