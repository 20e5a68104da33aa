"""How identifiers and facts of a card become numbers, and numbers become them again.

Laws: unpacking what was packed gives the same value; what is unknown stays unknown; keys of texts
are the same for all spellings that people use for one number.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from phonotheque.catalogue.gids import NAMESPACE
from phonotheque.music.folding import words

GID_KEY_BYTES = 5
"""Bytes of a gid that are its key in the index: what is found is compared with the whole gid."""

TEXT_KEY_BYTES = 7
"""Bytes of a text's digest that are its key. Of 256 million texts, another text meets one of them
once in 280 million questions."""

_NOT_VERSION = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION = 0x5000 << 64 | 0x8000 << 48
"""Version and variant of a UUID that is made of a name (RFC 9562, sections 5.5 and 4.1)."""

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SCORE_BITS, YEAR_BITS, COUNTRY_BITS = 7, 14, 12
_PAIRS = [one + two for one in _LETTERS for two in _LETTERS]
_COUNTRIES = [one + two for one in _LETTERS[10:] for two in _LETTERS[10:]]
_NO_NUMBER = frozenset({"", "none", "na", "unknown"})


class Marks(NamedTuple):
    """Small facts of a card that stand in one number of it.

    Attributes:
        score: 0 to 100, or None.
        year: 1 to 9999, or None.
        country: Number of its word, 0 for none.
        licence: Number of its word, 0 for none.
    """

    is_held: bool
    is_free: bool
    score: int | None
    year: int | None
    country: int
    licence: int


MOST_COUNTRIES = (1 << COUNTRY_BITS) - 1
LAST_YEAR = (1 << YEAR_BITS) - 2
MOST_SCORE = (1 << SCORE_BITS) - 2
_MASK_OF_SCORE, _MASK_OF_YEAR = (1 << SCORE_BITS) - 1, (1 << YEAR_BITS) - 1
_YEAR_AT, _COUNTRY_AT = 2 + SCORE_BITS, 2 + SCORE_BITS + YEAR_BITS
_LICENCE_AT = _COUNTRY_AT + COUNTRY_BITS


def pack_marks(marks: Marks) -> int:
    """Return the number that stands for small facts."""
    number = marks.licence
    number = number << COUNTRY_BITS | marks.country
    number = number << YEAR_BITS | (0 if marks.year is None else marks.year + 1)
    number = number << SCORE_BITS | (0 if marks.score is None else marks.score + 1)
    return number << 2 | marks.is_free << 1 | marks.is_held


def unpack_marks(number: int) -> Marks:
    """Return the small facts that a number stands for."""
    score = number >> 2 & _MASK_OF_SCORE
    year = number >> _YEAR_AT & _MASK_OF_YEAR
    # Of a tuple, and without calls of `bool`: a thousand at once take a third less time.
    return Marks._make(
        (
            (number & 1) == 1,
            (number & 2) == 2,
            score - 1 if score else None,
            year - 1 if year else None,
            number >> _COUNTRY_AT & MOST_COUNTRIES,
            number >> _LICENCE_AT,
        )
    )


def pack_isrc(code: str) -> int:
    """Return the number of an ISRC, given as 12 characters."""
    number = (ord(code[0]) - 65) * 26 + ord(code[1]) - 65
    for letter in code[2:5]:
        number = number * 36 + _LETTERS.index(letter)
    return number * 10**7 + int(code[5:])


def unpack_isrc(number: int) -> str:
    """Return the ISRC of a number."""
    number, rest = divmod(number, 10**7)
    country, registrant = divmod(number, 36**3)
    first, last = divmod(registrant, 36)
    return f"{_COUNTRIES[country]}{_PAIRS[first]}{_LETTERS[last]}{rest:07d}"


def gid_head(source: str, entity: str) -> bytes:
    """Return what the gids of one source's entities are made of, before their own identifier."""
    return NAMESPACE.bytes + f"{source}/{entity}/".encode()


def made_gid(head: bytes, key: int) -> int:
    """Return the gid of a numbered entity, as a number of 128 bits: what `gids.gid_of` returns, in
    a third of its time."""
    digest = hashlib.sha1(head + b"%d" % key, usedforsecurity=False).digest()
    return int.from_bytes(digest[:16]) & _NOT_VERSION | _VERSION


def gid_key(gid: int) -> int:
    """Return the key of a gid, given as a number of 128 bits."""
    return gid >> 8 * (16 - GID_KEY_BYTES)


def text_key(text: str) -> int:
    """Return the key of a text."""
    return int.from_bytes(
        hashlib.blake2b(text.encode(errors="replace"), digest_size=TEXT_KEY_BYTES).digest()
    )


def catalog_number_key(number: str) -> int | None:
    """Return the key of a catalogue number: its letters and digits alone count, in any case.

    None when it says that there is none ("[none]", "n/a") or has no letter or digit.
    """
    folded = "".join(words(number))
    return None if folded in _NO_NUMBER else text_key(folded)


def external_key(scheme: str, value: str) -> int:
    """Return the key of an identifier that others use; the value's case counts."""
    return text_key(f"{scheme.casefold()}\x00{value}")
