"""What an archive signs by TUF: its index, the history of it, listings, register, removals, facts.

Law: everything here follows from the register and from what lies in `published/`, so that signing
again without a change signs the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from phonotheque.archive.opening import Archive
from phonotheque.archive.signing.keyring import Keys, minisign_pub
from phonotheque.disk import read_whole
from phonotheque.errors import PhonothequeError
from phonotheque.publish.facts.listing import read_facts
from phonotheque.publish.index import newest
from phonotheque.publish.index.chain import format_history
from phonotheque.publish.index.form import index_name
from phonotheque.publish.index.lines import Header
from phonotheque.publish.packs.form import PackKind, folder_of
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.register_extract import extract_after
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.publish.removal.tombstones import TOMBSTONES
from phonotheque.publish.trust.repository import Content
from phonotheque.register import published

PUBLIC_KEY = "minisign.pub"
FACTS = ("fact-sheet.json", "fact-sheet.html", "fact-sheet.md", "croissant.json", "datasheet.md")


def signed_contents(archive: Archive, header: Header, keys: Keys) -> dict[str, Content]:
    """Every file that is signed through TUF, by its name below `published/`."""
    disk = archive.disk
    index = read_whole(disk, newest.index_path(header.seq))
    custom: Mapping[str, str | int] = {"seq": header.seq, "expires": header.expires}
    found = {
        index_name(header.seq): Content(index, custom),
        "index-history.sha256": Content(format_history(published.index_digests(archive.index)), {}),
        "listings.sha256": Content(_listings(archive), {}),
        "register-head.json": Content(_register_head(archive), {}, is_reason=False),
        PUBLIC_KEY: Content(minisign_pub(keys), {}),
        "tombstones.jsonl": Content(read_whole(disk, TOMBSTONES), {}),
    }
    if tail := _register_tail(archive):
        found["register-tail.jsonl"] = Content(tail, {}, is_reason=False)
    for name in FACTS:
        path = f"{newest.FOLDER}/facts/{name}"
        if disk.stat(path) is not None:
            found[f"facts/{name}"] = Content(read_whole(disk, path), {})
    return found


def _listings(archive: Archive) -> bytes:
    """The digests of the listings of all torrents that are offered, in order of name.

    Those of others may still lie there: they are swept when the index without them is out.
    """
    names = sorted(torrent.name for torrent in published.offered(archive.index))
    known = (read_facts(archive.disk, name) for name in names)
    lines = [f"{one.listing}  files/{one.name}.jsonl.zst\n" for one in known if one is not None]
    return "".join(lines).encode()


def _register_head(archive: Archive) -> bytes:
    """Where the register stood: whoever has a copy of it can tell whether it is the same one."""
    head = archive.index.place.head
    said = {"archive": archive.index.note("archive"), "seq": head.seq, "digest": head.digest}
    return msgspec.json.encode({**said, "at": archive.index.last_at}) + b"\n"


def _register_tail(archive: Archive) -> bytes:
    """What the register says behind its extract in the packs, up to its head: with both, a copy
    can be brought back to the line that was signed."""
    ends: list[int] = []
    with suppress(PhonothequeError):  # a damaged pack is mended by the next run, and stops nothing
        for pack in offered_packs(archive.index, PackKind.REGISTER):
            with OpenPack(archive.disk, folder_of(pack.name)) as opened:
                ends += [int(entry.extra[1]) for entry in opened.entries()]
    return extract_after(archive.disk, max(ends)) if ends else b""
