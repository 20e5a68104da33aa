"""The names under which programs write what we want to know: tables only.

Laws: one idea has one `Field`; a name that means several things in the wild is in no table.
Sources: ID3v2.4.0 frames (id3.org), Xiph "Ogg Vorbis I: comment field", APEv2 (Hydrogenaudio),
the MusicBrainz Picard mapping of tags, Microsoft "Multimedia Programming Interface" (INFO).
"""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """What a text in a file is about."""

    TITLE = "title"
    ARTIST = "artist"
    ARTISTS = "artists"
    ALBUM = "album"
    ALBUM_ARTIST = "album_artist"
    TRACK = "track"
    TRACK_TOTAL = "track_total"
    DISC = "disc"
    DISC_TOTAL = "disc_total"
    DATE = "date"
    YEAR = "year"
    LABEL = "label"
    CATALOGUE_NUMBER = "catalogue_number"
    ISRC = "isrc"
    BARCODE = "barcode"
    GENRE = "genre"
    LANGUAGE = "language"
    COMMENT = "comment"
    LICENCE = "licence"
    COPYRIGHT = "copyright"
    MB_RECORDING = "mb_recording"
    MB_TRACK = "mb_track"
    MB_RELEASE = "mb_release"
    MB_RELEASE_GROUP = "mb_release_group"
    MB_ARTIST = "mb_artist"
    MB_ALBUM_ARTIST = "mb_album_artist"
    MB_WORK = "mb_work"
    TRACK_GAIN = "track_gain"
    TRACK_PEAK = "track_peak"
    ALBUM_GAIN = "album_gain"
    ALBUM_PEAK = "album_peak"
    R128_TRACK_GAIN = "r128_track_gain"
    R128_ALBUM_GAIN = "r128_album_gain"


MUSICBRAINZ_KINDS = {
    Field.MB_RECORDING: "recording",
    Field.MB_TRACK: "track",
    Field.MB_RELEASE: "release",
    Field.MB_RELEASE_GROUP: "release_group",
    Field.MB_ARTIST: "artist",
    Field.MB_ALBUM_ARTIST: "album_artist",
    Field.MB_WORK: "work",
}
"""The kinds of `Tags.musicbrainz`, in the order in which they are listed."""

_FREE = {
    Field.TITLE: "title",
    Field.ARTIST: "artist",
    Field.ARTISTS: "artists",
    Field.ALBUM: "album",
    Field.ALBUM_ARTIST: "albumartist ensemble",
    Field.TRACK: "tracknumber track trackno",
    Field.TRACK_TOTAL: "tracktotal totaltracks trackc",
    Field.DISC: "discnumber disc disknumber disk",
    Field.DISC_TOTAL: "disctotal totaldiscs discc",
    Field.DATE: "date",
    Field.YEAR: "year releasedate releasetime",
    Field.LABEL: "label publisher organization organisation recordlabel",
    Field.CATALOGUE_NUMBER: "catalognumber cataloguenumber catalogno catalog labelno",
    Field.ISRC: "isrc",
    Field.BARCODE: "barcode upc ean eanupc upcean eanupn",
    Field.GENRE: "genre",
    Field.LANGUAGE: "language",
    Field.COMMENT: "comment comments description",
    Field.LICENCE: "license licence licenseurl licenceurl copyrighturl wcop webcopyright",
    Field.COPYRIGHT: "copyright",
    # Picard names the recording "track id": a name older than MusicBrainz's recordings.
    Field.MB_RECORDING: "musicbrainztrackid musicbrainzrecordingid",
    Field.MB_TRACK: "musicbrainzreleasetrackid",
    Field.MB_RELEASE: "musicbrainzalbumid musicbrainzreleaseid",
    Field.MB_RELEASE_GROUP: "musicbrainzreleasegroupid",
    Field.MB_ARTIST: "musicbrainzartistid",
    Field.MB_ALBUM_ARTIST: "musicbrainzalbumartistid",
    Field.MB_WORK: "musicbrainzworkid",
    Field.TRACK_GAIN: "replaygaintrackgain",
    Field.TRACK_PEAK: "replaygaintrackpeak",
    Field.ALBUM_GAIN: "replaygainalbumgain",
    Field.ALBUM_PEAK: "replaygainalbumpeak",
    Field.R128_TRACK_GAIN: "r128trackgain",
    Field.R128_ALBUM_GAIN: "r128albumgain",
}
_BY_FREE_NAME = {name: field for field, names in _FREE.items() for name in names.split()}
_JOINTS = str.maketrans("", "", " _-/.:")
_LONGEST_NAME = 64


def free_name(name: str) -> Field | None:
    """Say what a freely chosen name means: a Vorbis comment, APE key, TXXX or MP4 freeform name.

    Case, spaces, underscores, hyphens and slashes do not matter: programs differ only in these.
    """
    if len(name) > _LONGEST_NAME:
        return None
    return _BY_FREE_NAME.get(name.lower().translate(_JOINTS))


ID3_TEXTS = {
    "TIT2": Field.TITLE,
    "TPE1": Field.ARTIST,
    "TALB": Field.ALBUM,
    "TPE2": Field.ALBUM_ARTIST,
    "TRCK": Field.TRACK,
    "TPOS": Field.DISC,
    "TDRC": Field.DATE,
    "TDRL": Field.YEAR,
    "TPUB": Field.LABEL,
    "TSRC": Field.ISRC,
    "TLAN": Field.LANGUAGE,
    "TCOP": Field.COPYRIGHT,
}
"""ID3v2.4 text frames; older tags are read as if they were of that version."""

MP4_TEXTS = {
    "\xa9nam": Field.TITLE,
    "\xa9ART": Field.ARTIST,
    "\xa9alb": Field.ALBUM,
    "aART": Field.ALBUM_ARTIST,
    "\xa9day": Field.DATE,
    "\xa9gen": Field.GENRE,
    "\xa9cmt": Field.COMMENT,
    "desc": Field.COMMENT,
    "cprt": Field.COPYRIGHT,
    "\xa9pub": Field.LABEL,
}

RIFF_INFO = {
    "INAM": Field.TITLE,
    "IART": Field.ARTIST,
    "IPRD": Field.ALBUM,
    "ITRK": Field.TRACK,
    "IPRT": Field.TRACK,
    "ICRD": Field.DATE,
    "IGNR": Field.GENRE,
    "ILNG": Field.LANGUAGE,
    "ICMT": Field.COMMENT,
    "ICOP": Field.COPYRIGHT,
    "IPUB": Field.LABEL,
}
"""INFO chunks. `ISRC` is missing on purpose: there it means "source", not a recording code."""

AIFF_TEXTS = {
    "NAME": Field.TITLE,
    "AUTH": Field.ARTIST,
    "(c) ": Field.COPYRIGHT,
    "ANNO": Field.COMMENT,
}

APE_PICTURES = {
    "cover art (other)": 0,
    "cover art (icon)": 1,
    "cover art (other icon)": 2,
    "cover art (front)": 3,
    "cover art (back)": 4,
    "cover art (leaflet)": 5,
    "cover art (media)": 6,
    "cover art (lead)": 7,
    "cover art (artist)": 8,
    "cover art (conductor)": 9,
    "cover art (band)": 10,
    "cover art (composer)": 11,
    "cover art (lyricist)": 12,
    "cover art (recording location)": 13,
    "cover art (during recording)": 14,
    "cover art (during performance)": 15,
    "cover art (movie/video screen capture)": 16,
    "cover art (fish)": 17,
    "cover art (illustration)": 18,
    "cover art (band logo)": 19,
    "cover art (publisher logo)": 20,
}
"""APEv2 keys of pictures, lower case, with the APIC type each stands for."""
