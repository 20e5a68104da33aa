"""Identifiers that last: the same row of the same source has the same gid in every archive.

A gid is the MBID where MusicBrainz gave one, else a UUID of version 5 made of the source's name and
the source's own identifier, so that importing again, or another archive, mints the same one.

Source: RFC 9562, section 5.5.
"""

from __future__ import annotations

import hashlib
import uuid

NAMESPACE = uuid.UUID("6f0c5f9e-3f0a-5b1e-9a55-0d6f6e6f7465")
"""Namespace of all gids that are made here."""

_KEY_BITS = 63


def gid_of(source: str, entity: str, source_id: str, mbid: bytes | None = None) -> uuid.UUID:
    """Return the gid of an entity.

    Args:
        source: Name of the source.
        entity: Name of the entity's table.
        source_id: The source's own identifier; a number in decimal.
        mbid: The 16 bytes of its MBID, when it has one.
    """
    if mbid is not None:
        return uuid.UUID(bytes=mbid)
    return uuid.uuid5(NAMESPACE, f"{source}/{entity}/{source_id}")


def key_of(source_id: str) -> int:
    """Return the key of an entity whose source names it by text: 63 bits of the text's SHA-256.

    Two texts of one source meet in one key once in 2**63 pairs; a build that sees it refuses the
    second row and says so.
    """
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:8], "big") >> 64 - _KEY_BITS
