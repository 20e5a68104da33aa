"""What somebody publishes, proven as a stranger would who comes for the first time.

Nothing of it is kept, and no archive is needed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from phonotheque.disk import LocalDisk
from phonotheque.errors import NotHeldError
from phonotheque.publish.trust.following import Followed, Follower, now
from phonotheque.publish.trust.source import FolderSource, Source, WebSource


def check_published(address: str, fingerprint: str) -> Followed:
    """Follow a publication once.

    Args:
        address: A URL, or a folder laid out as `published/`.
        fingerprint: SHA-256 of its first root, as its archive tells it elsewhere; "": not known.

    Raises:
        NotHeldError: There is no such folder.
        PhonothequeError: What `Follower.follow` raises.
    """
    with tempfile.TemporaryDirectory(prefix="phonotheque-") as place:
        return Follower(_source(address), Path(place), fingerprint=fingerprint).follow(now())


def _source(address: str) -> Source:
    if address.startswith(("http://", "https://")):
        return WebSource(address)
    if not Path(address, "metadata").is_dir():
        raise NotHeldError(
            address, "nothing signed is published there", "Name a folder laid out as published/."
        )
    return FolderSource(LocalDisk(Path(address)))
