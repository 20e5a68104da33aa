"""What is published, listed in an index and signed, so that strangers can prove it.

Order: the index is brought up to the register (`index_making`) -> what else is signed
(`signed_contents`) -> targets, snapshot, timestamp (`publish.trust.repository`): the timestamp is
the last pointer, and what was stopped is gone on with by the next run.

Not here: keys (`archive.signing.keyring`).
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.archive.bulk.index_making import bring_index, sign_for_people
from phonotheque.archive.bulk.signed_contents import PUBLIC_KEY, signed_contents
from phonotheque.archive.opening import Archive
from phonotheque.archive.signing.keyring import (
    PUBLISHED_MINISIGN,
    Keys,
    instant,
    make_keys,
    open_keys,
    root_expiry,
)
from phonotheque.disk import write_changed
from phonotheque.music.number_words import counted
from phonotheque.publish.index import newest
from phonotheque.publish.removal.tombstones import write_tombstones
from phonotheque.publish.sealed import sealed_bytes
from phonotheque.publish.trust.repository import Lives, Signing, publish
from phonotheque.register import published

KEPT_INDEXES = 10
"""Older ones are taken away; their digests stay in the history and in the register."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a run of signing did.

    Attributes:
        seq: Number of the index that is published.
        torrents: That it offers.
        retired: Further lines in it: of torrents that are not offered any more.
        is_new: Whether it was made now.
        is_signed: Whether anything was signed.
        notices: What is worth telling.
    """

    seq: int
    torrents: int
    retired: int
    is_new: bool
    is_signed: bool
    notices: tuple[str, ...]


def publish_index(archive: Archive) -> str:
    """List and sign what is published; the step of `phono publish run` after volumes and packs.

    Returns:
        What was done, in a sentence; "" when nothing had changed.

    Raises:
        KeyAwayError: A key that must sign is not at hand.
        BrokenRegisterError: A later index is published than the register knows of.
    """
    if not published.sealed(archive.index):
        return ""
    done = sign_all(archive)
    said = [*done.notices]
    if done.is_new:
        retired = f", {done.retired:,} retired" if done.retired else ""
        said.insert(0, f"Signed index {done.seq} of {counted(done.torrents, 'torrent')}{retired}.")
    elif done.is_signed:
        said.insert(0, f"Signed what is published with index {done.seq} again.")
    return "\n".join(said)


def sign_all(archive: Archive, keys: Keys | None = None, *, is_renewed: bool = False) -> Published:
    """Bring index and signatures up to what the register says.

    Args:
        archive: Open to write.
        keys: Those at hand; by default what lies in `keys/` and where the settings say.
        is_renewed: Renew what others see of freshness in any case.
    """
    keys, notices = _with_keys(archive, keys or open_keys(archive))
    write_tombstones(archive.disk, archive.index)
    header, retired, is_new = bring_index(archive, keys)
    sign_for_people(keys, header.seq)
    contents = signed_contents(archive, header, keys)
    for name in (newest.HISTORY, newest.LISTINGS):
        write_changed(archive.disk, name, contents[name.rpartition("/")[2]].data)
    write_changed(archive.disk, PUBLISHED_MINISIGN, contents[PUBLIC_KEY].data)
    signing = signing_of(archive, keys)
    is_signed = publish(archive.disk, signing, contents, is_renewed=is_renewed)
    _drop_old_indexes(archive, header.seq)
    offered = header.torrents - retired
    return Published(header.seq, offered, retired, is_new, is_signed, notices)


def signing_of(archive: Archive, keys: Keys) -> Signing:
    """What signing needs of an archive."""
    config = archive.config
    lives = Lives(config["trust.index_days"], config["trust.timestamp_days"])
    return Signing(keys.roots, keys.ring, lives, instant(archive))


def _with_keys(archive: Archive, keys: Keys) -> tuple[Keys, tuple[str, ...]]:
    """The keys, made now when there are none."""
    if keys.roots:
        return keys, ()
    keys, where = make_keys(keys, (), 1, root_expiry(archive))
    notice = (
        f"Made keys in keys/. Move {where[-1]} to a stick in a drawer: it alone lets you go on "
        "when the others are lost or stolen (docs/how-to/keys.md)."
    )
    return keys, (notice,)


def _drop_old_indexes(archive: Archive, seq: int) -> None:
    """Take away old indexes, and those that are not what was signed: nobody can use them."""
    disk, digests = archive.disk, published.index_digests(archive.index)
    for old, path in newest.indexes(disk).items():
        if old <= seq - KEPT_INDEXES or sealed_bytes(disk, path, digests.get(old, "")) is None:
            disk.remove(newest.signature_path(path))
            disk.remove(path)
