"""A volume's .torrent file made again, from its lists and the stored layers, when it is damaged.

Laws: no audio is read; the file gets its name only when it is, byte for byte, what the register
says was sealed. So it can be made again as long as the lists are whole, the layers are known, and
trackers and web seeds are those of the sealing: they stand in the file, beside what is signed.

Not here: lists and objects, which come back from mirrors (`archive.keeping.repairing`); packs,
which are made anew (`publish.packs`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from phonotheque.disk import write_whole
from phonotheque.errors import IntegrityError, NotHeldError, UnavailableError
from phonotheque.publish.mint import Press, assembled, known_digests
from phonotheque.publish.sealed import LIST_FILES, live, members, sealed_bytes, torrent_path
from phonotheque.publish.torrent import TorrentFile
from phonotheque.register.descriptions import describe
from phonotheque.register.events import Volume
from phonotheque.register.findings import damaged_torrents
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import LISTS

MADE_AGAIN_BY = (
    "Run `phono verify`, then `phono publish run`, which makes torrents and packs again; what it "
    "cannot make `phono repair --from DIR` brings from a mirror."
)
"""What to do about a torrent, or a file of a pack, that is not what was sealed."""


def damaged(press: Press) -> Iterator[Volume]:
    """Give live volumes whose .torrent file is missing, or was found damaged and is so still.

    Cost: what no check complained of is not read.
    """
    found = damaged_torrents(press.index.db)
    for volume in live(press.index):
        path = torrent_path(volume.name)
        if volume.name in found:
            if sealed_bytes(press.disk, path, volume.torrent) is None:
                yield volume
        elif press.disk.stat(path) is None:
            yield volume


def remake(press: Press, volume: Volume) -> str:
    """Make the torrent of a volume again.

    Returns:
        Why it cannot be; "" when it is there again.

    Raises:
        UnavailableError: The disk refused.
    """
    try:
        data = _assembled(press, volume)
    except (IntegrityError, NotHeldError, UnavailableError, ValueError) as error:
        if isinstance(error, UnavailableError) and type(error) is not UnavailableError:
            raise  # the disk: not that layers are lost
        return str(error)
    if hashlib.sha256(data).hexdigest() != volume.torrent:
        return "its lists, trackers or web seeds are not those it was sealed with"
    write_whole(press.disk, torrent_path(volume.name), data)
    return ""


def _assembled(press: Press, volume: Volume) -> bytes:
    """Assemble the torrent as it would be sealed now.

    Raises:
        ListLostError: It is not known what the volume holds.
        NotHeldError: A list is missing.
        UnavailableError: Layers are missing.
        ValueError: A list is empty.
    """
    names = members(press.disk, volume)
    described = describe(press.index, [name.sha256 for name in names])
    digests = known_digests(press.disk, names, described)
    files = [
        TorrentFile((*name.folder.split("/"), name.file), known)
        for name, known in zip(names, digests, strict=True)
    ]
    for name in LIST_FILES:
        with press.disk.open(f"{LISTS}/{volume.name}/{name}") as file:
            files.append(TorrentFile(("lists", volume.name, name), digest_file(file)))
    return assembled(press, volume.name, files).data
