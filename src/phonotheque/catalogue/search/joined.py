"""Words that people type as one: AC/DC, Jay-Z, R.E.M., O'Connor, Don't.

Signs separate words, so a card of AC/DC has the words `ac` and `dc`. Whoever types `acdc` means it
all the same, and in a large catalogue some other card always has that very word, so that a second
try when nothing was found would come too late. So what stands together without a space, but with
signs between, is also indexed as one word.

Laws: what is joined is a word like any other; a run of a script without spaces is never joined; a
number is not, or else dates and spans of years would make words that nobody types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phonotheque.catalogue.search.unspaced import has_unspaced
from phonotheque.music.folding import words

MAX_JOINED = 20
"""Letters of a joined word: more are addresses, hashes and whole titles with dots between."""


def joined(parts: Sequence[str]) -> str | None:
    """Return the one word that the folded words of a text without spaces come to, if they do."""
    if len(parts) < 2 or sum(map(len, parts)) > MAX_JOINED:
        return None
    one = "".join(parts)
    return None if one.isdigit() or has_unspaced(one) else one


def iter_joined(text: str) -> Iterator[str]:
    """Yield the joined words of a text, in order."""
    for raw in text.split(" "):
        if not raw.isalnum() and (one := joined(words(raw))) is not None:
            yield one
