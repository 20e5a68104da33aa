"""Where a recording comes from, as an attribution names it.

Law: an address that the makers wrote into the file goes before the archive's own words; the address
of a licence is no source.

Source: Creative Commons' recommended practice for attribution: title, author, source, licence.
"""

from __future__ import annotations

import re

from phonotheque.music.facts import Tags
from phonotheque.music.licence import parse_licence

_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]]+")
_MOST_LETTERS = 300
"""A comment can be a whole leaflet: an address longer than this helps nobody."""


def source_of(tags: Tags, collection: str, archive: str, address: str = "") -> str:
    """Name the source of a recording.

    Args:
        tags: What the makers wrote into the file.
        collection: The collection it was deposited for; "" for none.
        archive: The archive's name as people write it.
        address: Where the archive is published; "" when unknown.

    Returns:
        An address from the tags, else the collection in the archive, else the archive.
    """
    for text in (*tags.comments, tags.copyright or ""):
        for found in _ADDRESS.finditer(text):
            plain = found[0].rstrip(".,;:!?")
            if len(plain) <= _MOST_LETTERS and not parse_licence(plain).is_evaluated:
                return plain
    where = f"{archive}, {address}" if address else archive
    return f"collection “{collection}” of {where}" if collection else where
