"""Title keys: what is left of a title when all is gone that editions and people add to it.

Two rows of the same recording are rarely written alike: "01 - The Title (feat. X) [2011 Remaster]"
and "Title". Their keys are. A key is only ever compared beside other evidence (an ISRC, a credit, a
length): alone it says little.

Laws: a key is folded text (`phonotheque.music.folding`); a title with any letter or digit has a
key that is not empty. Words that tell recordings apart stay: live, remix,
demo, acoustic, instrumental, radio edit.
"""

from __future__ import annotations

import re

from phonotheque.music.folding import fold

_TRACK_NUMBER = re.compile(
    r"\s*(?:"
    r"(?:\d{1,2}-)?\d{1,3}\s*(?:[.)\]_:]|\s[-\u2013\u2014])\s+"  # "1. ", "03) ", "1-02 - "
    r"|\d{1,2}-\d{2}\s+"  # "1-02 "
    r"|0\d{1,2}\s*[-\u2013]?\s+"  # "01 ", "007 "
    r"|[A-H]\d{1,2}[.:)]?\s+[-\u2013]?\s*"  # sides of vinyl: "A1 ", "B2. "
    r"|track\s*\d{1,3}\s*[-.:\u2013]\s*"
    r")(?=\S)",
    re.IGNORECASE,
)

_EDITION = (
    r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?(?:24[\s-]?bit\s+)?re-?master(?:ed)?"
    r"(?:\s+(?:version|edition|track|album|in|\d{4}))*"
    r"|(?:the\s+)?album\s+version|original\s+(?:album\s+)?(?:version|mix|recording)"
    r"|lp\s+version|(?:hidden\s+)?bonus(?:\s+track)?|explicit(?:\s+version)?|clean(?:\s+version)?"
    r"|(?:stereo|mono)(?:\s+(?:version|mix))?|deluxe(?:\s+(?:edition|version))?"
    r"|official\s+(?:audio|video|music\s+video)|\d{4}\s+(?:version|mix)"
)
_GUEST = r"(?:feat(?:uring|\.)?|ft\.?)\s+[^\s)\]][^)\]]*"

_IN_BRACKETS = re.compile(rf"\s*[(\[]\s*(?:{_EDITION}|{_GUEST})\s*[)\]]", re.IGNORECASE)
_AT_END = re.compile(
    rf"(?<=[^\s])\s+(?:[-\u2013\u2014/]\s*(?:{_EDITION})|{_GUEST})\s*$", re.IGNORECASE
)
_ARTICLE = re.compile(r"the\s+(?=\w)")

_MAX_LENGTH = 1000
"""Longer titles are not taken apart: expressions may take long on what somebody made for that."""


def title_key(title: str) -> str:
    """Return the key of a title; "" when it has no letter or digit.

    Cost: some 8 us; map distinct titles once.
    """
    if len(title) > _MAX_LENGTH:
        return fold(title)
    bare = _TRACK_NUMBER.sub("", title, count=1) if _TRACK_NUMBER.match(title) else title
    for _ in range(3):  # "(feat. X) [Live] - 2011 Remaster"
        shorter = _AT_END.sub("", _IN_BRACKETS.sub("", bare))
        if shorter == bare:
            break
        bare = shorter
    key = fold(bare) or fold(title)
    return _ARTICLE.sub("", key, count=1) if _ARTICLE.match(key) else key
