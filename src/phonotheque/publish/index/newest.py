"""Where indexes lie below `published/`, and which of them is the newest.

Not here: whether it can be trusted; that follows from the register for the archive itself, and from
`publish.trust` for everybody else.
"""

from __future__ import annotations

import re

from phonotheque.disk import Disk, Kind
from phonotheque.publish.index.form import index_name

FOLDER = "published"
HISTORY = f"{FOLDER}/index-history.sha256"
"""Digests of all indexes there ever were, as `sha256sum -c --ignore-missing` takes them."""

LISTINGS = f"{FOLDER}/listings.sha256"
"""Digests of all listings `files/<id>.jsonl.zst`, as `sha256sum -c` takes them."""

_NAME = re.compile(r"index-([0-9]{5,9})\.jsonl\.zst")


def index_path(seq: int) -> str:
    """Where the index of a number is published."""
    return f"{FOLDER}/{index_name(seq)}"


def hidden_index_path(seq: int) -> str:
    """Where an index lies until the register knows it."""
    return f"{FOLDER}/.{index_name(seq)}"


def signature_path(path: str) -> str:
    """Where the signature for people lies, beside what it signs."""
    return f"{path}.minisig"


def indexes(disk: Disk) -> dict[int, str]:
    """Return the indexes that are published, number -> path, in order."""
    found = {}
    for entry in disk.list(FOLDER):
        match = _NAME.fullmatch(entry.name)
        if match and entry.kind is Kind.FILE:
            found[int(match[1])] = f"{FOLDER}/{entry.name}"
    return dict(sorted(found.items()))


def newest(disk: Disk) -> str | None:
    """Return the path of the newest index below `published/`, or None when there is none."""
    paths = list(indexes(disk).values())
    return paths[-1] if paths else None
