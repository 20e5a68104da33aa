"""The chain of roots on the disk: each says who may sign, and those of the one before signed it.

Order: a root is durable in `keys/roots/` before it is published, and it is published before
anything that only it allows. One that lacks signatures waits as `keys/roots/pending.json`, until
enough of those who hold root keys have signed it.

Laws: a root that was published never changes; a chain that does not prove itself is refused; when
`keys/` is lost, the published chain takes its place.

Source: TUF specification 1.0.33, sections 5.3 and 6.1. Not here: what a root says (`roles`).
"""

from __future__ import annotations

from phonotheque.disk import Disk, make_folders, read_if_held, write_changed, write_whole
from phonotheque.publish.trust.roles import SignedRoot, parse_root, read_root

FOLDER = "keys/roots"
PENDING = f"{FOLDER}/pending.json"
METADATA = "published/metadata"


def root_name(version: int) -> str:
    """Return the name of the file of a root, as TUF has it."""
    return f"{version}.root.json"


def load_roots(disk: Disk) -> tuple[SignedRoot, ...]:
    """Return every root from the first on; none when there are no keys yet.

    Raises:
        MalformedError: One cannot be read.
        BadSignatureError: One does not follow from the one before.
    """
    roots: list[SignedRoot] = []
    while True:
        name = root_name(len(roots) + 1)
        data = read_if_held(disk, f"{FOLDER}/{name}") or read_if_held(disk, f"{METADATA}/{name}")
        if data is None:
            return tuple(roots)
        previous = roots[-1].signed if roots else None
        roots.append(parse_root(data, previous, name))


def store_root(disk: Disk, signed: SignedRoot) -> None:
    """Make a root count: durable beside the keys. `publish_roots` shows it to others."""
    make_folders(disk, FOLDER)
    write_whole(disk, f"{FOLDER}/{root_name(signed.signed.version)}", signed.to_bytes())
    disk.remove(PENDING)


def store_pending(disk: Disk, signed: SignedRoot) -> None:
    """Keep a root until enough have signed it."""
    make_folders(disk, FOLDER)
    write_whole(disk, PENDING, signed.to_bytes())


def load_pending(disk: Disk, roots: tuple[SignedRoot, ...]) -> SignedRoot | None:
    """Return the root that waits for signatures, if it is the next one.

    Raises:
        MalformedError: It cannot be read.
    """
    data = read_if_held(disk, PENDING)
    if data is None:
        return None
    waiting = read_root(data, PENDING)
    return waiting if waiting.signed.version == len(roots) + 1 else None


def publish_roots(disk: Disk, roots: tuple[SignedRoot, ...]) -> None:
    """Put every root where others find it, the first one first. Idempotent."""
    make_folders(disk, METADATA)
    for signed in roots:
        path = f"{METADATA}/{root_name(signed.signed.version)}"
        write_changed(disk, path, signed.to_bytes())
