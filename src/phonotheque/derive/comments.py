"""What a copy says about itself: Vorbis comments from what the original's makers wrote. Pure.

Laws: only what the original says is said, and where the copy comes from; several values of one
kind are joined with "; ", because FFmpeg's writer knows one value a name; pictures stay behind.

Sources: Xiph.Org, "Ogg Vorbis I format specification: comment field and header specification";
RFC 7845, 5.2 (R128_TRACK_GAIN); MusicBrainz Picard, "Appendix B: Tag Mapping" for the names.
"""

from __future__ import annotations

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags

_REFERENCE_LUFS = -23.0
"""The loudness that an R128 gain brings music to. Source: RFC 7845, 5.2.1, and EBU R 128."""

_Q8 = 256
_LOWEST, _HIGHEST = -32768, 32767
_TEXT_AT_MOST = 4_096
"""Letters of one value. Longer ones (lyrics, essays) are of no use to a player."""

_MUSICBRAINZ = {
    "recording": "MUSICBRAINZ_TRACKID",
    "track": "MUSICBRAINZ_RELEASETRACKID",
    "release": "MUSICBRAINZ_ALBUMID",
    "release_group": "MUSICBRAINZ_RELEASEGROUPID",
    "artist": "MUSICBRAINZ_ARTISTID",
    "album_artist": "MUSICBRAINZ_ALBUMARTISTID",
    "work": "MUSICBRAINZ_WORKID",
}


def track_gain(loudness_lufs: float | None) -> int | None:
    """Return R128_TRACK_GAIN for music of that loudness.

    Returns:
        The gain in dB as Q7.8 fixed point (256 for 1 dB); None when the loudness is not known,
        as that of silence: then the copy has no such tag, and players leave it as it is.
    """
    if loudness_lufs is None:
        return None
    gain = round((_REFERENCE_LUFS - loudness_lufs) * _Q8)
    return max(_LOWEST, min(_HIGHEST, gain))


def comments(
    tags: Tags, source: Sha256, encoder: str, loudness_lufs: float | None
) -> dict[str, str]:
    """Return the comments of a copy.

    Args:
        tags: What the original says.
        source: Name of the original, so that a stray copy finds home.
        encoder: What made the copy.
        loudness_lufs: Of what the copy plays, integrated; None when it is not known.
    """
    gain = track_gain(loudness_lufs)
    fields = {
        "TITLE": tags.title,
        "ARTIST": _joined(tags.artists),
        "ALBUM": tags.album,
        "ALBUMARTIST": _joined(tags.album_artists),
        "TRACKNUMBER": _number(tags.track_number),
        "TRACKTOTAL": _number(tags.track_total),
        "DISCNUMBER": _number(tags.disc_number),
        "DISCTOTAL": _number(tags.disc_total),
        "DATE": tags.date,
        "GENRE": _joined(tags.genres),
        "LABEL": tags.label,
        "CATALOGNUMBER": tags.catalogue_number,
        "BARCODE": tags.barcode,
        "ISRC": _joined(tags.isrcs),
        "LANGUAGE": _joined(tags.languages),
        "LICENSE": tags.licence,
        "COPYRIGHT": tags.copyright,
        **_identifiers(tags.musicbrainz),
        "R128_TRACK_GAIN": None if gain is None else str(gain),
        "SOURCE_SHA256": source.hex,
        "ENCODER": encoder,
    }
    return {name: text[:_TEXT_AT_MOST] for name, text in fields.items() if text}


def _joined(values: tuple[str, ...]) -> str:
    return "; ".join(values)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _identifiers(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    kinds = dict.fromkeys(kind for kind, _ in pairs)
    return {
        _MUSICBRAINZ[kind]: _joined(tuple(mbid for other, mbid in pairs if other == kind))
        for kind in kinds
        if kind in _MUSICBRAINZ
    }
