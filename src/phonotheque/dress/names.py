"""Under which names each kind of tag carries what we know, and what we know as texts.

Laws: one idea has one name in each format, the one that the field uses; several values are several
values, never one joined text. Every name here is one that `phonotheque.audio.tag_names` reads.

Sources: the MusicBrainz Picard mapping of tags; Xiph "Ogg Vorbis I: comment field"; ID3v2.4.0
frames; APEv2 (Hydrogenaudio); ReplayGain 2.0, "Metadata".
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.music.facts import ReplayGain, Tags


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one idea.

    Attributes:
        idea: Its key in `texts_of`.
        vorbis: Vorbis comment. Number and total of tracks and discs have names of their own there.
        ape: APEv2 key.
        id3: Frame, or "TXXX:" and the description of a text frame of that kind.
        mp4: Atom, or "----:" and the name of a freeform one.
    """

    idea: str
    vorbis: str
    ape: str
    id3: str
    mp4: str


def _everywhere(idea: str, name: str, id3: str = "") -> Naming:
    return Naming(idea, name, name, f"TXXX:{id3 or name}", f"----:{id3 or name}")


NAMINGS = (
    Naming("title", "TITLE", "Title", "TIT2", "\xa9nam"),
    Naming("artists", "ARTIST", "Artist", "TPE1", "\xa9ART"),
    Naming("album", "ALBUM", "Album", "TALB", "\xa9alb"),
    Naming("album_artists", "ALBUMARTIST", "Album Artist", "TPE2", "aART"),
    Naming("track", "", "Track", "TRCK", ""),
    Naming("disc", "", "Disc", "TPOS", ""),
    Naming("track_number", "TRACKNUMBER", "", "", ""),
    Naming("track_total", "TRACKTOTAL", "", "", ""),
    Naming("disc_number", "DISCNUMBER", "", "", ""),
    Naming("disc_total", "DISCTOTAL", "", "", ""),
    Naming("date", "DATE", "Year", "TDRC", "\xa9day"),
    Naming("label", "LABEL", "Label", "TPUB", "----:LABEL"),
    _everywhere("catalogue_number", "CATALOGNUMBER"),
    Naming("isrcs", "ISRC", "ISRC", "TSRC", "----:ISRC"),
    _everywhere("barcode", "BARCODE"),
    Naming("genres", "GENRE", "Genre", "TCON", "\xa9gen"),
    Naming("languages", "LANGUAGE", "Language", "TLAN", "----:LANGUAGE"),
    Naming("comments", "COMMENT", "Comment", "COMM", "\xa9cmt"),
    Naming("licence", "LICENSE", "License", "WCOP", "----:LICENSE"),
    Naming("copyright", "COPYRIGHT", "Copyright", "TCOP", "cprt"),
    # A recording is called "track id": a name older than MusicBrainz's recordings.
    _everywhere("recording", "MUSICBRAINZ_TRACKID", "MusicBrainz Track Id"),
    _everywhere("track_on_release", "MUSICBRAINZ_RELEASETRACKID", "MusicBrainz Release Track Id"),
    _everywhere("release", "MUSICBRAINZ_ALBUMID", "MusicBrainz Album Id"),
    _everywhere("release_group", "MUSICBRAINZ_RELEASEGROUPID", "MusicBrainz Release Group Id"),
    _everywhere("artist", "MUSICBRAINZ_ARTISTID", "MusicBrainz Artist Id"),
    _everywhere("album_artist", "MUSICBRAINZ_ALBUMARTISTID", "MusicBrainz Album Artist Id"),
    _everywhere("work", "MUSICBRAINZ_WORKID", "MusicBrainz Work Id"),
    _everywhere("track_gain", "REPLAYGAIN_TRACK_GAIN"),
    _everywhere("track_peak", "REPLAYGAIN_TRACK_PEAK"),
    _everywhere("album_gain", "REPLAYGAIN_ALBUM_GAIN"),
    _everywhere("album_peak", "REPLAYGAIN_ALBUM_PEAK"),
)

_R128_TO_REPLAYGAIN_DB = 5.0  # R128 tags aim at -23 LUFS, ReplayGain 2.0 at -18 LUFS


def texts_of(tags: Tags) -> dict[str, tuple[str, ...]]:
    """All that tags say, as texts by idea; what they do not say is absent."""
    gain = tags.replaygain
    texts: dict[str, tuple[str | None, ...]] = {
        "title": (tags.title,),
        "artists": tags.artists,
        "album": (tags.album,),
        "album_artists": tags.album_artists,
        "track": (_pair(tags.track_number, tags.track_total),),
        "disc": (_pair(tags.disc_number, tags.disc_total),),
        "track_number": (_number(tags.track_number),),
        "track_total": (_number(tags.track_total or None),),
        "disc_number": (_number(tags.disc_number),),
        "disc_total": (_number(tags.disc_total or None),),
        "date": (tags.date,),
        "label": (tags.label,),
        "catalogue_number": (tags.catalogue_number,),
        "isrcs": tags.isrcs,
        "barcode": (tags.barcode,),
        "genres": tags.genres,
        "languages": tags.languages,
        "comments": tags.comments,
        "licence": (tags.licence,),
        "copyright": (tags.copyright,),
        "track_gain": (_gain(gain.track_gain_db),),
        "track_peak": (_peak(gain.track_peak),),
        "album_gain": (_gain(gain.album_gain_db),),
        "album_peak": (_peak(gain.album_peak),),
    }
    for kind, mbid in tags.musicbrainz:
        idea = "track_on_release" if kind == "track" else kind
        texts[idea] = (*texts.get(idea, ()), mbid)
    cleaned = {idea: tuple(filter(None, map(_clean, said))) for idea, said in texts.items()}
    return {idea: said for idea, said in cleaned.items() if said}


def r128_texts(gain: ReplayGain) -> list[tuple[str, str]]:
    """The names that Opus has for gains, in steps of 1/256 dB. Source: RFC 7845, 5.2.1.

    The RFC would rather not see ReplayGain's names beside them; they stand there all the same,
    because R128 has no name for a peak, and because the steps would round the gains away.
    """
    gains = (("R128_TRACK_GAIN", gain.track_gain_db), ("R128_ALBUM_GAIN", gain.album_gain_db))
    return [
        (name, str(round((gain_db - _R128_TO_REPLAYGAIN_DB) * 256)))
        for name, gain_db in gains
        if gain_db is not None
    ]


def _clean(text: str | None) -> str:
    """A text without what no tag can carry: NUL, which ends it, and halves of surrogate pairs."""
    return (text or "").replace("\0", "").encode("utf-8", "ignore").decode()


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def _pair(number: int | None, total: int | None) -> str | None:
    if not total:
        return _number(number)
    return f"{'' if number is None else number}/{total}"


def _gain(gain_db: float | None) -> str | None:
    return None if gain_db is None else f"{_decimal(gain_db, 2)} dB"


def _peak(peak: float | None) -> str | None:
    return None if peak is None else _decimal(peak, 6)


def _decimal(value: float, digits: int) -> str:
    """As many digits as the specification writes; up to twelve where these would lose something."""
    short = f"{value:.{digits}f}"
    return short if float(short) == value else f"{value:.12f}".rstrip("0")
