"""Scripts that put no space between words: Han, kana, Thai, Lao, Khmer, Myanmar.

What somebody types in them is a run of letters, and a row is meant when the run stands anywhere in
it. So each run of a row is indexed as its letters and its pairs of neighbours; a query asks for all
of its own pairs. Rows that have the pairs, but not side by side, are told by their text.

Laws: no row that has the run is lost; a run of one or two letters needs no look at the text.
Segmenting into dictionary words was rejected: it must cut rows and queries alike, and does not for
names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MAX_WORD = 64
"""Letters of a word that count, so that no text makes an endless token."""
MAX_RUN = 256
"""Letters of one run that are indexed."""

LETTERS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai Lao Myanmar Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"  # iteration marks, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_PIECE = re.compile(f"[{LETTERS}]+|[^{LETTERS}]+")
_IS_UNSPACED = re.compile(f"[{LETTERS}]")


def is_unspaced(text: str) -> bool:
    """Whether a folded word begins with a letter of such a script."""
    return _IS_UNSPACED.match(text) is not None


def has_unspaced(word: str) -> bool:
    """Whether a folded word has a letter of such a script anywhere."""
    return not word.isascii() and _IS_UNSPACED.search(word) is not None


def pieces(words: Iterable[str]) -> Iterator[str]:
    """Yield the spaced words and the unspaced runs of folded words, in order: `ABC愛` has both."""
    for word in words:
        if not has_unspaced(word):
            yield word[:MAX_WORD]
        else:
            for piece in _PIECE.findall(word):
                yield piece[:MAX_RUN] if is_unspaced(piece) else piece[:MAX_WORD]


def tokens_of_piece(piece: str) -> list[str]:
    """Return what stands for a piece in a row of the index."""
    if not is_unspaced(piece):
        return [piece]
    return list(dict.fromkeys([*piece, *pairs_of(piece)]))


def pairs_of(run: str) -> list[str]:
    """Return the pairs of neighbours of a run; of a single letter, that letter."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]
