"""What somebody publishes, proven as a stranger would who comes for the first time.

Nothing of it is kept, and no archive is needed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from phonotheque.publish.trust.following import Followed, Follower, now
from phonotheque.publish.trust.source import source_named


def check_published(address: str, fingerprint: str) -> Followed:
    """Follow a publication once.

    Args:
        address: A URL, or a folder laid out as `published/`, or one that has such a folder.
        fingerprint: SHA-256 of its first root, as its archive tells it elsewhere; "": not known.

    Raises:
        NotHeldError: There is no such folder.
        PhonothequeError: What `Follower.follow` raises.
    """
    with tempfile.TemporaryDirectory(prefix="phonotheque-") as place:
        return Follower(source_named(address), Path(place), fingerprint=fingerprint).follow(now())
