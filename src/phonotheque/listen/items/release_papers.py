"""What the torrent of a release says of itself: plain texts that travel beside the music; pure.

Laws: the same release gives the same bytes, whenever it is asked for; every file is named with its
maker and its licence, as licences ask; coreutils can check all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from phonotheque.publish.lists import checksums, plain

ATTRIBUTION = "ATTRIBUTION.txt"
SUMS = "SHA256SUMS"


class Carried(NamedTuple):
    """A file of the release, as its papers name it.

    Attributes:
        name: Of the file.
        sha256: 64 hexadecimal digits.
        title: What it is called.
        artists: Its makers, as one text.
        licence: Canonical address or expression.
        source: Where it comes from, as an attribution names it.
    """

    name: str
    sha256: str
    title: str
    artists: str
    licence: str
    source: str


def attribution(release: str, carried: Sequence[Carried]) -> str:
    """Return ATTRIBUTION.txt: title, maker, source and licence of each file."""
    parts = [f"Attribution for {plain(release)}", ""]
    for one in carried:
        parts += [
            one.name,
            f"  {plain(one.artists or 'maker not named')}: {plain(one.title)}",
            f"  Licence: {plain(one.licence)}",
            f"  Source: {plain(one.source)}",
            "",
        ]
    parts += ["Check the files, in this folder:  sha256sum --check SHA256SUMS", ""]
    return "\n".join(parts)


def sums(carried: Sequence[Carried]) -> str:
    """Return SHA256SUMS of the music."""
    return checksums([(one.sha256, one.name) for one in carried])
