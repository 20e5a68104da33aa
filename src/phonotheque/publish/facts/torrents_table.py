"""All torrents that are offered as a table: `facts/torrents.csv`, for spreadsheets and programs.

Law: one line a torrent, with the digest of its listing; the descriptor names the same columns.
Source: RFC 4180.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from phonotheque.publish.facts.listing import TorrentFacts, listing_path

COLUMNS = (
    ("name", "Text", "Name of the torrent and of its folder."),
    ("kind", "Text", "Licence class of a volume of recordings, or kind of a pack."),
    ("tier", "Text", "Part of all listens: 50, 90, 99, 996 (99.6 %), rest, or all."),
    ("recordings", "Integer", "Recordings in it; 0 for packs."),
    ("files", "Integer", "Files in it."),
    ("size_bytes", "Integer", "Bytes of its files."),
    ("length_ms", "Integer", "Length of its recordings in milliseconds, as far as it is known."),
    ("licences", "Text", "Licences of its recordings with their number, separated by spaces."),
    ("reserved", "Integer", "Recordings whose text and data mining is reserved."),
    ("not_reserved", "Integer", "Recordings whose text and data mining is left free."),
    ("listing", "Text", "Where it is listed what is in it."),
    ("listing_sha256", "Text", "SHA-256 of that listing."),
)
"""Name, schema.org type and meaning of each column."""


def torrents_csv(torrents: Sequence[TorrentFacts]) -> str:
    """Write the table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _, _ in COLUMNS])
    writer.writerows(_row(one) for one in torrents)
    return text.getvalue()


def _row(facts: TorrentFacts) -> tuple[str | int, ...]:
    return (
        facts.name,
        facts.kind,
        facts.tier.removeprefix("t"),
        facts.recordings,
        facts.files,
        facts.size_bytes,
        facts.length_ms,
        " ".join(f"{licence}={count}" for licence, count in facts.licences.items()),
        facts.mining.get("reserved", 0),
        facts.mining.get("not-reserved", 0),
        listing_path(facts.name).removeprefix("published/"),
        facts.listing,
    )
