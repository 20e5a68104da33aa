"""The forms of titles and names that are compared, from the strictest to the loosest.

Laws: a form is made of one text alone, the same at the making of an index and at every question;
a looser form is equal wherever a stricter one is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from phonotheque.catalogue.match.transliteration import latin
from phonotheque.music.folding import fold
from phonotheque.music.title_key import title_key

_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")
_GUESTS = re.compile(r"\s*[(\[]?(?<!\w)(?:feat(?:uring|\.)?|ft\.?)\s+\S.*$", re.IGNORECASE)
_SEPARATORS = re.compile(
    r"\s*(?:[,;&+]|(?<!\S)(?:/|\||x|vs\.?|and|und|et|y|e|with|con|mit)(?!\S)|"
    r"(?<!\w)(?:feat(?:uring|\.)?|ft\.?)(?!\w))\s*",
    re.IGNORECASE,
)
_OF_SEVERAL = re.compile(
    r"[,;&+/|]|(?<!\S)(?:x|vs|and|und|et|y|e|with|con|mit|feat|ft)(?!\w)|featuring|[(\[]",
    re.IGNORECASE,
)
"""What a credit of several has; a credit without it is one name, and needs no taking apart."""
_MOST_LETTERS = 1_000
"""Of a longer credit the rest is not compared: nobody is called so."""
MOST_NAMES = 12
"""Names of one credit that are told apart."""
_SMALL = frozenset({"the", "and"})
_NOBODY = frozenset(
    {"", "unknown", "unknownartist", "various", "variousartists", "va", "na", "diverse"}
)
"""Names that name nobody."""
_KEPT_FORMS = 16_384
"""Names whose forms are remembered: lists repeat them."""


def compact(folded: str) -> str:
    """Return folded text without spaces, but for those between digits: "dont" is "don t"."""
    if " " not in folded:
        return folded
    return _BETWEEN_DIGITS.sub("_", folded).replace(" ", "")


class TitleForms(NamedTuple):
    """Forms of a title.

    Attributes:
        folded: Case, marks and punctuation gone.
        key: Track number, edition, guests and article gone, too.
        skeleton: The key in Latin letters, without spaces: what the index has.
    """

    folded: str
    key: str
    skeleton: str


def title_forms(title: str) -> TitleForms:
    """Return the forms of a title."""
    folded, key = fold(title), _key(title)
    skeleton = compact(latin(key)) if key else title.casefold().strip()
    return TitleForms(folded, key, skeleton)


def title_skeleton(title: str) -> str:
    """Return only the loosest form of a title."""
    key = _key(title)
    return compact(latin(key)) if key else title.casefold().strip()


_TAKEN_APART = re.compile(r"[^A-Za-z' ,!?]|^the\s|^track|\s(?:feat|ft)", re.IGNORECASE)


def _key(title: str) -> str:
    """Return the key of a title: what `title_key` returns, sooner where nothing can be taken off:
    in letters alone, no number, bracket or dash."""
    return title_key(title) if _TAKEN_APART.search(title) else fold(title)


class NameForms(NamedTuple):
    """Forms of whoever is named.

    Attributes:
        folded: Case, marks and punctuation gone; "&" and "and" are nothing.
        plain: Without articles.
        alone: Without guests.
        skeleton: That in Latin letters, without spaces: what the index has.
        names: Skeletons of each of several; of one alone that one.
        is_nobody: Whether it names nobody.
    """

    folded: str
    plain: str
    alone: str
    skeleton: str
    names: tuple[str, ...]
    is_nobody: bool


@lru_cache(_KEPT_FORMS)
def name_forms(text: str) -> NameForms:
    """Return the forms of an artist's name or a credit."""
    text = _bounded(text)
    words = fold(text).split()
    folded = compact(" ".join([word for word in words if word != "and"] or words))
    plain = _without_small(text)
    alone = _without_small(_without_guests(text))
    skeleton, _ = skeletons(text)
    parts = (latin(_without_small(part)) for part in _SEPARATORS.split(text)[:MOST_NAMES])
    names = tuple(dict.fromkeys(part for part in parts if part)) or (skeleton,)
    return NameForms(folded, plain, alone, skeleton, names, skeleton in _NOBODY)


def skeletons(text: str) -> tuple[str, str]:
    """Return the skeleton of a credit without its guests, and that of the first who is named."""
    text = _bounded(text)
    if not _OF_SEVERAL.search(text):
        whole = latin(_without_small(text)) or text.casefold().strip()
        return whole, whole
    whole = latin(_without_small(_without_guests(text))) or text.casefold().strip()
    parts = (latin(_without_small(part)) for part in _SEPARATORS.split(text)[:MOST_NAMES])
    return whole, next(filter(None, parts), whole)


def _bounded(text: str) -> str:
    """Return a credit with single blanks and an end: expressions take long on many of either."""
    return " ".join(text[:_MOST_LETTERS].split())


def _without_guests(text: str) -> str:
    return _GUESTS.sub("", text).strip() or text


def _without_small(text: str) -> str:
    words = fold(text).split()
    return compact(" ".join([word for word in words if word not in _SMALL] or words))
