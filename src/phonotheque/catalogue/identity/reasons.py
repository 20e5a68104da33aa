"""Why two entities are held to be one, and how sure that is.

A link says so and changes nothing: both rows stay. Links that are sure enough join their ends to a
group that has one card; `SURE_ENOUGH` is the bound. The figures are judgements, not measurements:
they order the reasons and say which of them suffice alone. `docs/explanation/identity-of-music.md`
tells why each is what it is.
"""

from __future__ import annotations

from enum import StrEnum

SURE_ENOUGH = 0.8
"""From this confidence on a link joins."""

LENGTH_TOLERANCE_MS = 3_000
"""Lengths of one recording differ by silence at the ends and by how they were read."""

MOST_ALIKE = 50
"""A code, a name or a title that more rows of one source share tells nothing."""


class Reason(StrEnum):
    """Why. Those of one confidence are asked in this order."""

    BY_HAND = "by hand"
    MBID = "mbid"
    EXTERNAL_ID = "external id"
    BARCODE_AND_NUMBER = "barcode and catalogue number"
    CLAIMED_MBID = "mbid that it claims"
    ISRC = "isrc, length and title"
    SAME_SOUND = "fingerprint: same"
    BARCODE_AND_TITLE = "barcode and title"
    NAME_AND_RECORDING = "name and a recording"
    NAME_AND_RELEASE = "name and a release"
    TITLE_AND_LENGTH = "title, credit and length"
    TITLE_AND_TRACKS = "title, credit and number of tracks"
    LIKELY_SOUND = "fingerprint: likely"
    TITLE = "title and credit"
    NAME = "name"
    RELATED_SOUND = "fingerprint: related"


CONFIDENCE = {
    Reason.BY_HAND: 1.0,
    Reason.MBID: 1.0,
    Reason.EXTERNAL_ID: 0.98,
    Reason.BARCODE_AND_NUMBER: 0.95,
    Reason.CLAIMED_MBID: 0.95,
    Reason.ISRC: 0.95,
    Reason.SAME_SOUND: 0.95,
    Reason.BARCODE_AND_TITLE: 0.9,
    Reason.NAME_AND_RECORDING: 0.9,
    Reason.NAME_AND_RELEASE: 0.9,
    Reason.TITLE_AND_LENGTH: 0.85,
    Reason.TITLE_AND_TRACKS: 0.8,
    Reason.LIKELY_SOUND: 0.7,
    Reason.TITLE: 0.6,
    Reason.NAME: 0.5,
    Reason.RELATED_SOUND: 0.4,
}
"""How sure each reason makes, 0 to 1."""

WITHIN_SOURCE = frozenset(
    {
        Reason.BY_HAND,
        Reason.CLAIMED_MBID,
        Reason.SAME_SOUND,
        Reason.LIKELY_SOUND,
        Reason.RELATED_SOUND,
    }
)
"""Reasons for which two of one source may be one: otherwise a source knows its own."""
