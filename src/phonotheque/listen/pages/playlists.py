"""Playlists as files that other players read: M3U8 and JSPF, out and in.

Laws: what is written reads back as the same songs in the same order; reading never raises but for
what is no playlist at all, and bounds what it takes; nothing that a file names is ever opened:
entries are names to look up in the catalogue.

Source: RFC 8216, 4.1 (M3U is UTF-8 text, lines beginning with # are comments or tags), the
extended tags `#EXTINF` and `#PLAYLIST` as players have them; xspf.org/jspf (JSPF, JSON of XSPF 1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from phonotheque.errors import BadRequestError
from phonotheque.listen.values import Hit
from phonotheque.publish.pages.texts import plain

MOST_ENTRIES = 5_000
MOST_BYTES = 4 << 20
"""5,000 entries as other players write them. The rim lets them through (`listen.rim`)."""

M3U_TYPE = "audio/x-mpegurl"
JSPF_TYPE = "application/json"

_GID = re.compile(
    r"(?:^|[/:])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:$|[/.?#])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of a playlist that was read.

    Attributes:
        title: As written; "" when it is not said.
        creator: Likewise.
        gid: That its address or identifier names; None without one.
    """

    title: str
    creator: str = ""
    gid: UUID | None = None


def format_m3u8(title: str, songs: Sequence[Hit], origin: str) -> str:
    """Write a playlist as M3U8."""
    lines = ["#EXTM3U", f"#PLAYLIST:{plain(title)}"]
    for song in songs:
        seconds = round(song.length_ms / 1000) if song.length_ms else -1
        by = f"{plain(song.credit)} - " if song.credit else ""
        lines += [f"#EXTINF:{seconds},{by}{plain(song.title)}", f"{origin}/sound/{song.gid}"]
    return "\n".join([*lines, ""])


def format_jspf(title: str, songs: Sequence[Hit], origin: str) -> str:
    """Write a playlist as JSPF."""
    tracks = [_jspf_track(song, origin) for song in songs]
    playlist = {"title": plain(title), "track": tracks}
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=1)


def _jspf_track(song: Hit, origin: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": plain(song.title),
        "creator": plain(song.credit) if song.credit else None,
        "album": plain(song.album.name) if song.album else None,
        "duration": song.length_ms,
        "location": [f"{origin}/sound/{song.gid}"],
        "identifier": [f"{origin}/song/{song.gid}"],
        "info": f"{origin}/song/{song.gid}",
        "meta": [{"license": song.licence}] if song.licence else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def parse_playlist(data: bytes) -> tuple[str, list[Named]]:
    """Read a playlist of either kind: its title, "" without one, and its entries.

    Raises:
        BadRequestError: It is neither, or too large.
    """
    if len(data) > MOST_BYTES:
        raise _refused(f"it has more than {MOST_BYTES >> 20} MiB")
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    found = _parse_jspf(text) if text.lstrip().startswith("{") else _parse_m3u8(text)
    title, entries = found
    if not entries:
        raise _refused("it names no song")
    return plain(title), entries


def _parse_m3u8(text: str) -> tuple[str, list[Named]]:
    if "\0" in text:
        raise _refused("it is no text")
    title, said, entries = "", "", []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("#PLAYLIST:"):
            title = line.partition(":")[2].strip()
        elif line.startswith("#EXTINF:"):
            said = line.partition(",")[2].strip()
        elif line and not line.startswith("#"):
            creator, _, name = said.partition(" - ") if " - " in said else ("", "", said)
            file = re.sub(r"\.[A-Za-z0-9]{2,5}$", "", re.split(r"[/\\]", line)[-1])
            entries.append(Named(plain(name or file), plain(creator), _gid(line)))
            said = ""
            if len(entries) == MOST_ENTRIES:
                break
    return title, entries


def _parse_jspf(text: str) -> tuple[str, list[Named]]:
    try:
        playlist = json.loads(text)["playlist"]
        tracks = playlist.get("track", [])
        entries = [_named(track) for track in tracks[:MOST_ENTRIES] if isinstance(track, dict)]
        return str(playlist.get("title") or ""), entries
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("it begins like JSPF, and is none") from error


def _named(track: dict[str, Any]) -> Named:
    addresses: list[Any] = []
    for name in ("identifier", "location"):
        value = track.get(name)
        addresses += value if isinstance(value, list) else [value]
    gids = (_gid(address) for address in addresses if isinstance(address, str))
    gid = next((gid for gid in gids if gid), None)
    return Named(plain(str(track.get("title") or "")), plain(str(track.get("creator") or "")), gid)


def _gid(address: str) -> UUID | None:
    found = _GID.search(address)
    return UUID(found[1]) if found else None


def _refused(wrong: str) -> BadRequestError:
    return BadRequestError("the playlist", wrong, "Give a file of M3U8 or JSPF, in UTF-8.")
