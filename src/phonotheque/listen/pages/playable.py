"""What the player in a page is told of a song: one small value, the same in every list and file.

Laws: it holds all that the deck shows, so that a queue goes on when the page it came from is gone;
it says nothing about whether the sound may leave, which is asked when it does.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.said import licence_short
from phonotheque.listen.values import Album, Hit
from phonotheque.publish.pages.texts import plain


def may_play(hit: Hit) -> bool:
    """Whether a page offers to play it: a song that is here."""
    return hit.kind is Kind.RECORDING and hit.is_held


def playable(hit: Hit) -> dict[str, Any]:
    """Return what the player is told; what is not known is left out."""
    told = {
        "gid": str(hit.gid),
        "title": plain(hit.title),
        "by": plain(hit.credit) if hit.credit else None,
        "artist": str(hit.artist.gid) if hit.artist and hit.artist.gid else None,
        "album": plain(hit.album.name) if hit.album else None,
        "albumGid": str(hit.album.gid) if hit.album and hit.album.gid else None,
        "ms": hit.length_ms,
        "licence": licence_short(hit.licence) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def song_attribute(hit: Hit) -> str:
    """Return it as JSON for an attribute; whoever writes the attribute escapes it."""
    return msgspec.json.encode(playable(hit)).decode()


def album_songs(album: Album) -> list[Hit]:
    """Return the songs of an album that are here, in order."""
    return [track.song for track in album.tracks if track.song and may_play(track.song)]


def cover_path(hit: Hit, size: int = 250) -> str:
    """Return where the picture of a thing is."""
    return f"/cover/{pictured(hit)}-{size}.jpg"


def pictured(hit: Hit) -> UUID:
    """Return whose cover stands for a thing: that of its album, where it has one."""
    return hit.album.gid if hit.album and hit.album.gid else hit.gid
