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


def gid_of_row(
    source: str, entity: str, key: int, source_id: str | None, mbid: bytes | None = None
) -> uuid.UUID:
    """Return the gid of a row of an entity's table. The row's own identifier is its `source_id`,
    and its `key` only where that is null: an empty text is a text.

    Args:
        source: Name of the row's source.
        entity: Name of the table.
    """
    return gid_of(source, entity, str(key) if source_id is None else source_id, mbid)


def own_id(row: str = "") -> str:
    """Return the SQL of what `gid_of_row` takes for a row's own identifier.

    Args:
        row: Name of the row in the query; "" where its columns are named alone.
    """
    of_row = f"{row}." if row else ""
    return f"coalesce({of_row}source_id, {of_row}key::VARCHAR)"


def key_of(source_id: str) -> int:
    """Return the key of an entity whose source names it by text: 63 bits of the text's SHA-256.

    Two texts of one source meet in one key once in 2**63 pairs; a build that sees it refuses the
    second row and says so.
    """
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:8], "big") >> 64 - _KEY_BITS
