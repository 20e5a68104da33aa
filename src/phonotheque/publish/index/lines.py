"""What an index says: one header, then one line for each torrent ever published.

Laws: values only; the fields stand in the order in which they are written, and are frozen by golden
files; an index is complete by itself, so whoever has the newest needs no other.

Not here: bytes, chain and signature.
"""

from __future__ import annotations

import msgspec

SCHEMA = 1
"""Number of the form. A newer one is refused, an older one is read."""

KINDS = (
    "open",
    "nc",
    "nd",
    "nc-nd",
    "metadata",
    "facts",
    "art",
    "overlays",
    "patches",
    "register",
    "index",
)
"""What a torrent can hold: recordings of one licence class, a kind of pack, or an older index."""

TIERS = ("50", "90", "99", "996", "rest", "all")
"""Shares of all listens, in percent ("996" is 99.6), that a volume's recordings lie in."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of an index.

    Attributes:
        schema: Number of the form.
        archive: UUID of the archive, as its register begins with.
        name: Its short name.
        title: Its name as people write it.
        seq: Number of this index, from 1, without gaps.
        previous: SHA-256 of the file of the index before, 64 hexadecimal digits; "" for the first.
        created: Instant, UTC.
        expires: From then on it must not be trusted.
        torrents: Number of lines after this one.
        size_bytes: Bytes of all torrents that are offered.
        tdm: The archive's statement on text and data mining, one sentence.
        address: Where the archive is published; "" when unknown.
    """

    schema: int
    archive: str
    name: str
    title: str
    seq: int
    previous: str
    created: str
    expires: str
    torrents: int
    size_bytes: int
    tdm: str
    address: str = ""


class TorrentLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One torrent.

    Attributes:
        id: Its name, which is the name of its folder.
        kind: One of `KINDS`.
        tier: "50", "90", "99", "996", "rest", or "all" where there are no tiers.
        v2: Its identity: 64 hexadecimal digits.
        v1: Its alias in BitTorrent v1 swarms: 40 hexadecimal digits.
        size_bytes: Of its files, without padding.
        files: Number of them.
        items: Recordings in a volume, small things in a pack.
        piece_bytes: Length of a piece.
        torrent_bytes: Length of the .torrent file; 0 when it is not offered any more and was lost.
        torrent_sha256: Digest of the .torrent file: by this a torrent is trusted.
        added: When it was sealed, UTC, to the second.
        basis: On what lawful basis it is offered: "licence" or "own work" (what the archive itself
            says and may hand out).
        licences: How many of its items stand under each licence; empty for packs.
        most_listens: Of its most popular recording, as known when it was sealed; None: unknown.
        least_listens: Of its least popular one.
        supersedes: Name of the torrent that this one replaces.
        obsolete: Why it is not offered any more; "" while it is.
        superseded_by: Name of the torrent that takes its place.
        web_seeds: Addresses under which `<id>/<path>` is served.
    """

    id: str
    kind: str
    tier: str
    v2: str
    v1: str
    size_bytes: int
    files: int
    items: int
    piece_bytes: int
    torrent_bytes: int
    torrent_sha256: str
    added: str
    basis: str
    licences: dict[str, int] = {}
    most_listens: int | None = None
    least_listens: int | None = None
    supersedes: str = ""
    obsolete: str = ""
    superseded_by: str = ""
    web_seeds: tuple[str, ...] = ()
