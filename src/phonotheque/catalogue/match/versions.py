"""Versions: the words by which one recording of a song is told from another.

Laws: only what stands apart in a title counts: in brackets, or after a dash; "Live and Let Die" is
no concert. Two titles are of one version when they have the same kinds of such words. Words that
only name an edition of the same sound (remaster, album version) are no version: see
`phonotheque.music.title_key`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from phonotheque.music.folding import fold

_KINDS = {
    "live": "live|en vivo|ao vivo|en directo|dal vivo|unplugged|concert|in concert|sessions?",
    "remix": "remix|rmx|remixed|mix|rework|reworked|bootleg|mash ?up|vip|dub|refix|flip",
    "edit": "edit|short version|single version|radio version|video version|cut",
    "extended": "extended|long version|12 inch|maxi",
    "acoustic": "acoustic|akustik|acustic[ao]|stripped|piano version",
    "karaoke": "karaoke|backing track|in the style of|made famous by|originally performed"
    "|made popular by|sing along|playback",
    "cover": "cover|tribute|covered by",
    "instrumental": "instrumental|ohne gesang",
    "demo": "demo|rehearsal|outtake|work in progress|rough mix",
    "alternate": "alternate|alternative|alt take|take \\d+|early version|reprise|medley",
    "a cappella": "a ?cappella|acapella|vocals only",
    "again": "re ?recorded|rerecording|\\w+s version|taylor s version|new version|20\\d\\d version",
    "speed": "sped up|slowed|nightcore|8d|reverb",
    "orchestral": "orchestral|symphonic|string quartet",
}
_VERSIONS = {kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)") for kind, words in _KINDS.items()}
_ANY = re.compile(rf"(?<!\w)(?:{'|'.join(_KINDS.values())})(?!\w)")
_APART = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_TAIL = re.compile(r"\s[-\u2013\u2014]\s+([^-\u2013\u2014]*)$")


_MOST_LETTERS = 1_000
"""Longer titles are not taken apart: expressions take long on many blanks."""


class Versioned(NamedTuple):
    """A title taken apart.

    Attributes:
        base: The title without what says its version.
        kinds: Which kinds of version it names.
        told: What says so, folded.
    """

    base: str
    kinds: frozenset[str]
    told: str


_PLAIN: frozenset[str] = frozenset()


def versioned(title: str) -> Versioned:
    """Take a title apart: "Song (Live at the Mill)" is "Song", live."""
    is_bare = "(" not in title and "[" not in title and " - " not in title and title.isascii()
    if is_bare or len(title) > _MOST_LETTERS:
        return Versioned(title, _PLAIN, "")
    told: list[str] = []

    def taken(found: re.Match[str]) -> str:
        text = fold(found[1])
        if _ANY.search(text):
            told.append(text)
            return ""
        return found[0]

    base = _TAIL.sub(taken, _APART.sub(taken, title)).strip()
    if not told or not base:
        return Versioned(title, _PLAIN, "")
    whole = " ".join(told)
    kinds = frozenset(kind for kind, words in _VERSIONS.items() if words.search(whole))
    return Versioned(base, kinds, whole)
