"""How to cite a recording: one line of plain text that somebody can find it by in fifty years.

Law: the digest of the master is in it, so that a citation names bytes and not only an address.

Source: ISO 690:2021, section 9 (sound recordings): creators, title, release, publisher, date,
identifier, location.
"""

from __future__ import annotations

from phonotheque.listen.values import Hit
from phonotheque.music.digest import Sha256
from phonotheque.publish.pages.texts import plain


def cite(hit: Hit, master: Sha256 | None, archive: str, address: str, licence: str) -> str:
    """Return how to cite a recording.

    Args:
        hit: The recording.
        master: Its preservation master; None when it is not held.
        archive: The archive's name as people write it.
        address: Of the item's page; "" when the archive has none.
        licence: Name of its licence; "" when none is known.
    """
    album = hit.album.name if hit.album else ""
    year = str(hit.year) if hit.year else ""
    of = ", ".join(part for part in (album, hit.label.name if hit.label else "", year) if part)
    parts = [hit.credit or "", hit.title, f"On: {of}" if of else "", archive, licence]
    said = ". ".join(plain(part).rstrip(".") for part in parts if part) + "."
    if hit.isrc:
        said += f" ISRC {plain(hit.isrc)}."
    if address:
        said += f" {address}"
    return f"{said} (sha256:{master.hex})" if master else said
