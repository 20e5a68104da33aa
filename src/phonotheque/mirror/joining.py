"""Beginning to follow an archive: it is proven first, and has a place on the mirror only then.

Order: followed into a folder of no name -> where from is written down, once it is proven -> the
folder gets the archive's name -> the settings name it. A mirror that was made for it is taken away
again when nothing could be proven, so that a mistyped address leaves nothing behind.

Laws: what was there before is never taken away; what comes first is trusted once (or what a person
named by its fingerprint), and never again something else: an archive that is followed already gets
one more source, which must prove itself by what was trusted before.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from phonotheque.config import short_name
from phonotheque.disk import Disk, read_if_held
from phonotheque.errors import ConflictError
from phonotheque.mirror.following import learn, origin_of
from phonotheque.mirror.home import (
    ARCHIVES,
    NEW,
    TRUST,
    Copy,
    Mirror,
    following,
    found_mirror,
    open_copy,
    open_mirror,
    with_settings,
)
from phonotheque.mirror.known import known
from phonotheque.mirror.settings import FILE_NAME
from phonotheque.mirror.sources import Origin, is_web, load_origin, store_origin
from phonotheque.mirror.values import Filter, Followed, MirrorSettings
from phonotheque.publish.packs.standing import clear
from phonotheque.publish.trust.source import published_folder

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Joined:
    """An archive that is followed now.

    Attributes:
        name: Its name in `archives/`.
        followed: What is known of it.
        fingerprint: SHA-256 of the root that is trusted; "" when only a key for people is.
        notices: What is worth telling.
        is_new: Whether it was not followed before.
    """

    name: str
    followed: Followed
    fingerprint: str
    notices: tuple[str, ...]
    is_new: bool = True


def addresses_in(address: str) -> list[str]:
    """Return what can be followed at an address: itself, or each archive of a mirror there.

    Raises:
        NotHeldError: Nothing is published in that folder.
    """
    if is_web(address):
        return [address]
    folder = Path(address).resolve()
    below = sorted((folder / ARCHIVES).glob("*/published"))
    if below and not (folder / "published").is_dir():
        return [str(path.parent) for path in below]
    published_folder(folder)
    return [str(folder)]


def join(
    root: Path, settings: MirrorSettings, origin: Origin, wanted: Filter, at: datetime
) -> Joined:
    """Follow an archive from now on; makes the mirror when there is none yet.

    Args:
        root: Folder of the mirror.
        settings: What it shall be; of a mirror that is there the id and its archives stay.
        origin: Where the archive is followed from, and what is known of it beforehand.
        wanted: What the mirror wants of it.
        at: This instant.

    Raises:
        ConflictError: The folder holds something else.
        TrustError: The archive cannot be believed.
        UnavailableError: It cannot be had now, or another process writes to the mirror.
    """
    is_new = not (root / FILE_NAME).is_file()
    if is_new:
        found_mirror(root, settings)
    with open_mirror(root) as mirror:
        there = mirror.settings
        kept = msgspec.structs.replace(settings, id=there.id, archives=there.archives)
        try:
            return _join(with_settings(mirror, kept), origin, wanted, at)
        except BaseException:
            if is_new:
                _unmake(mirror.disk)
            raise


def _unmake(disk: Disk) -> None:
    """Take away a mirror that was made a moment ago, unless an archive is in it by now."""
    disk.remove_folder(ARCHIVES)
    if disk.stat(ARCHIVES) is None:
        for path in (FILE_NAME, "README.txt"):
            disk.remove(path)


def _join(mirror: Mirror, origin: Origin, wanted: Filter, at: datetime) -> Joined:
    clear(mirror.disk, f"{ARCHIVES}/{NEW}")
    new = open_copy(mirror.root, NEW, wanted, is_writing=True)
    try:
        proven, notices = learn(new, origin, at)
        there = _followed_already(mirror, proven.archive)
        if there is None:
            store_origin(new.disk, proven)
            name = _free_name(mirror, known(new).header.name)
            mirror.disk.rename(f"{ARCHIVES}/{NEW}", f"{ARCHIVES}/{name}")
            mirror.disk.sync_folder(ARCHIVES)
        else:
            name = there.name
            notices = _add_source(there, origin, at)
    finally:
        clear(mirror.disk, f"{ARCHIVES}/{NEW}")
    mirror = with_settings(mirror, following(mirror.settings, name, wanted))
    copy = mirror.copy(name)
    return Joined(name, known(copy), fingerprint_of(copy), tuple(notices), there is None)


def _followed_already(mirror: Mirror, archive: str) -> Copy | None:
    for copy in mirror.copies:
        known_origin = load_origin(copy.disk)
        if known_origin is not None and known_origin.archive == archive:
            return copy
    return None


def add_source(copy: Copy, address: str, at: datetime) -> list[str]:
    """Follow an archive from one more address from now on; returns what is worth telling.

    Raises:
        TrustError: What is there is not what is trusted.
        UnavailableError: It cannot be had now.
    """
    places = addresses_in(address)
    mine = [place for place in places if Path(place).name == copy.name]
    return _add_source(copy, Origin(((mine or places)[0],)), at)


def _add_source(copy: Copy, origin: Origin, at: datetime) -> list[str]:
    """Follow an archive from one more address, which must prove itself by what is trusted."""
    before = origin_of(copy)
    if origin.fingerprint and origin.fingerprint != fingerprint_of(copy):
        wrong = f"the root that is trusted is {fingerprint_of(copy)}, not the one given"
        raise ConflictError(copy.name, wrong, "Make another mirror, or ask the archive's people.")
    asked = Origin(origin.addresses, before.archive, before.fingerprint)
    proven, notices = learn(copy, asked, at)
    addresses = tuple(dict.fromkeys((*before.addresses, *origin.addresses)))
    key = origin.minisign or before.minisign
    store_origin(copy.disk, Origin(addresses, proven.archive, before.fingerprint, key))
    return notices


def _free_name(mirror: Mirror, wanted: str) -> str:
    """A name for a new folder: the archive's own, or with a number when another has it."""
    name = wanted if _NAME.fullmatch(wanted) else short_name(wanted)
    taken = {copy.name for copy in mirror.copies}
    taken |= {entry.name for entry in mirror.disk.list(ARCHIVES)}
    numbered = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in numbered if one not in taken)


def fingerprint_of(copy: Copy) -> str:
    """SHA-256 of the root that is trusted of an archive; "" when there is none."""
    data = read_if_held(copy.disk, f"{TRUST}/anchor.root.json")
    return hashlib.sha256(data).hexdigest() if data is not None else ""
