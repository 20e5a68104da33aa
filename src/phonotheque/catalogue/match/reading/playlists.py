"""Playlists of text: M3U and M3U8, and one "Artist - Title" a line.

Source: the de facto form of M3U (EXTM3U, EXTINF, PLAYLIST, EXTART, EXTALB) as players write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from phonotheque.catalogue.match.entry import Entry, Said, entry_of, refused
from phonotheque.catalogue.match.reading.columns import parse_length
from phonotheque.catalogue.match.reading.lines import LONGEST, Source

TOO_LONG = f"the line is longer than {LONGEST:,} bytes"

_INF = re.compile(r"#EXTINF:\s*(-?\d+(?:\.\d+)?)?((?:\s+[\w-]+=\"[^\"]*\")*)\s*,?(.*)", re.DOTALL)
_SOUND = re.compile(
    r"\.(?:mp3|m4a|flac|ogg|oga|opus|wav|wma|aac|aiff?|ape|wv|mpc|mp4|webm)$", re.IGNORECASE
)
_PLACE = re.compile(r"(?:[A-Ha-h]?\d{1,3}(?:-\d{1,3})?)(?:\s*+[.)_-]|\s)\s*+(?=\S)")
_REMARK = re.compile(r"#+(?:\s|EXT|$)")
"""How a line begins that is no entry: "# mine"; "#41" is a title."""
_BULLET = re.compile(r"\s*(?:[-*\u2022]\s+|\d{1,4}[.)]\s+)?")


def read_m3u(source: Source) -> Iterator[Entry]:
    """Give an entry for each file or address; what stands before it says what it is."""
    told: Said | None = None
    artist = album = ""
    count = 0
    for line in source.lines():
        if line.text is None:
            count += 1
            yield refused(count, TOO_LONG)
            told = None
            continue
        text = line.text.strip()
        if text.startswith("#"):
            if text.startswith("#EXTINF"):
                told = _information(text)
            elif text.startswith("#EXTART:"):
                artist = text.partition(":")[2].strip()
            elif text.startswith("#EXTALB:"):
                album = text.partition(":")[2].strip()
            continue
        if not text:
            continue
        count += 1
        said = told if told and (told.title or told.artist) else from_path(text, told)
        said = said._replace(artist=said.artist or artist, album=said.album or album)
        yield entry_of(count, said)
        told, artist = None, ""


def _information(text: str) -> Said:
    """Read "#EXTINF:secs,Artist - Title"; a length of -1 or 0 is none."""
    found = _INF.fullmatch(text)
    if found is None:
        return Said()
    return Said(title=found[3].strip(), length_ms=parse_length(found[1] or "", "s"))


def from_path(path: str, told: Said | None = None) -> Said:
    """Read what a path says: "Artist/Album/01 - Title.mp3", or "Artist - Title.mp3"."""
    text = path.replace("\\", "/")
    if "://" in text:
        text = unquote(text.partition("://")[2].partition("?")[0])
    parts = [part for part in PurePosixPath(text[:4_000]).parts if part not in ("/", "..", ".")]
    title = _PLACE.sub("", _SOUND.sub("", parts[-1]).replace("_", " "), count=1) if parts else ""
    artist = album = ""
    if " - " not in title and len(parts) >= 3 and "://" not in path:
        artist, album = parts[-3].replace("_", " "), parts[-2].replace("_", " ")
    return Said(artist, title, album, told.length_ms if told else None)


def is_path(line: str) -> bool:
    """Whether a line names a file of sound."""
    return bool(_SOUND.search(line.strip().partition("?")[0]))


def read_text(source: Source) -> Iterator[Entry]:
    """Give an entry for each line that is not blank and no remark."""
    for line in source.lines():
        if line.text is None:
            yield refused(line.number, TOO_LONG)
        elif (text := line.text.strip()) and not _REMARK.match(text):
            bare = text[_end_of_bullet(text) :]
            artist, tab, title = bare.partition("\t")
            said = Said(artist, title.replace("\t", " ")) if tab else Said(title=bare)
            yield entry_of(line.number, said)


def _end_of_bullet(text: str) -> int:
    found = _BULLET.match(text)
    end = found.end() if found else 0
    return end if end < len(text) else 0
