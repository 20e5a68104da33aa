"""What belongs to one torrent and is no part of it: its .torrent file and its listing.

Laws: a .torrent file is believed when it has the SHA-256 that the index names, a listing when
`listings.sha256` has its digest, which is signed; what is here and right is not fetched again.
"""

from __future__ import annotations

import hashlib

from phonotheque.disk import make_folders, read_if_held, write_changed
from phonotheque.errors import BadSignatureError, NotHeldError, PhonothequeError, UnavailableError
from phonotheque.mirror.home import PUBLISHED, Copy
from phonotheque.mirror.sources import load_origin, read_most
from phonotheque.publish.facts.listing import (
    LISTINGS,
    MAX_CONTENT_BYTES,
    listing_path,
    parse_listings,
)
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.index.newest import LISTINGS as LISTED
from phonotheque.publish.sealed import torrent_path
from phonotheque.publish.torrent_reader import MAX_TORRENT_BYTES
from phonotheque.publish.trust.source import source_named


def torrent_of(copy: Copy, line: TorrentLine) -> bytes:
    """Return the .torrent file of a line, from here or from the first source that has it.

    Raises:
        BadSignatureError: Sources have other bytes than the index names, and none has those.
        UnavailableError: No source has it now.
    """
    return _paper(copy, torrent_path(line.id), line.torrent_sha256, MAX_TORRENT_BYTES)


def bring_listing(copy: Copy, line: TorrentLine) -> bool:
    """Have the listing of a line here, if the archive has one; returns whether it is.

    Raises:
        BadSignatureError: Sources have other bytes than are signed.
        UnavailableError: No source has it now.
    """
    listed = parse_listings(read_if_held(copy.disk, LISTED) or b"")
    digest = listed.get(line.id)
    if digest is None:
        return False
    make_folders(copy.disk, LISTINGS)
    _paper(copy, listing_path(line.id), digest, MAX_CONTENT_BYTES)
    return True


def _paper(copy: Copy, path: str, sha256: str, most_bytes: int) -> bytes:
    """The bytes of a file below `published/` that have a digest; put there when they were not."""
    data = read_if_held(copy.disk, path)
    if data is not None and hashlib.sha256(data).hexdigest() == sha256:
        return data
    wrong: PhonothequeError | None = None
    origin = load_origin(copy.disk)
    for address in origin.addresses if origin else ():
        try:
            source = source_named(address)
            data = read_most(source, path.removeprefix(f"{PUBLISHED}/"), most_bytes)
        except (PhonothequeError, NotHeldError) as error:
            wrong = wrong or error
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            write_changed(copy.disk, path, data)
            return data
        said = f"the bytes from {address} are not those that are signed"
        wrong = BadSignatureError(path, said, "Try again, or name another source.")
    if isinstance(wrong, BadSignatureError):
        raise wrong
    said = f"no source has it now ({wrong.wrong})" if wrong else "no source is known"
    raise UnavailableError(path, said, "Try again later, or name another source.")
