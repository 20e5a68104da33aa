"""English contractions as people type them: without the apostrophe.

An apostrophe separates words (`Don't` is `don t`, as `l'amour` is `l amour`), so that `dont` is
another word than the one in the title, and often one that some other title has.
"""

from __future__ import annotations

_NOT = (
    *("ain", "aren", "can", "couldn", "didn", "doesn", "don", "hadn", "hasn", "haven", "isn"),
    *("mustn", "needn", "shouldn", "wasn", "weren", "won", "wouldn"),
)
_OTHERS = (
    *("i'm", "i've", "i'll", "you're", "you've", "you'll", "we've", "we're", "they're", "they've"),
    *("they'll", "he's", "she's", "it's", "it'll", "that's", "there's", "here's", "what's"),
    *("where's", "who's", "how's", "let's", "y'all", "o'clock"),
)
_SPELT_OUT = {
    **{f"{word}t": f"{word}'t" for word in _NOT},
    **{word.replace("'", ""): word for word in _OTHERS},
}


def spelt_out(text: str) -> str:
    """Return a text with the apostrophes that its contractions lack."""
    return " ".join(_SPELT_OUT.get(word.lower(), word) for word in text.split(" "))
