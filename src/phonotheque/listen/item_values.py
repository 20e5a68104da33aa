"""All facts of one recording, as its item page and the API show them: frozen values.

The laws are those of `phonotheque.listen.values`.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.listen.values import Hit
from phonotheque.music.digest import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What may be done, and why.

    Attributes:
        use: "stream", "redistribute", "commercial", "derive", "mine".
        is_allowed: None when nobody said.
        reason: As a sentence.
    """

    use: str
    is_allowed: bool | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One statement about rights, with what it rests on.

    Attributes:
        basis: Who speaks: an archivist, the depositor, a rule, a tag in the file.
        licence: As it was written.
        stated_at: ISO 8601.
        is_governing: Whether it is the one that decides.
        seq: Number of its line in the register.
        has_document: Whether a document that proves it is kept.
    """

    basis: str
    licence: str
    text: str = ""
    address: str | None = None
    stated_at: str | None = None
    is_governing: bool = False
    seq: int | None = None
    has_document: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file that sounds like the recording.

    Attributes:
        form: "original", "dressed", "opus" or "preview".
        name: As people save it.
        size_bytes: None when it would have to be made first.
        about: Codec, sampling rate, channels, as a sentence.
        address: Path on this door; None when it may not be had.
    """

    form: str
    sha256: Sha256 | None
    name: str
    size_bytes: int | None
    about: str
    media_type: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wholeness:
    """Whether the sound of a file is whole, and what that rests on.

    Attributes:
        verdict: "intact", "damaged" or "unknown", or what a fixity check found.
        checked_at: Last instant at which its bytes were known to be exact.
        checks: How often they were read again; None when that is not counted.
    """

    verdict: str
    reason: str
    checked_at: str | None = None
    checks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A place in the bulk door where a recording can be had.

    Attributes:
        volume: Name of the volume.
        file_index: Place of the file in its torrent, from 0.
        magnet: For this file alone (BEP 53).
        seeders: Complete copies that were seen; None when nobody looked.
        seen_at: When.
        path: The file below the torrent's folder.
        health: How it stands by its seeders: "at risk", "watch", "safe" or "not counted".
        keepers: How many operators proved that they have the volume, this archive among them; None
            when nobody counted.
        countries: Where these are, ISO 3166-1.
    """

    volume: str
    file_index: int
    magnet: str
    seeders: int | None = None
    seen_at: str | None = None
    path: str = ""
    health: str = "not counted"
    keepers: int | None = None
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another recording that sounds alike: linked, never merged.

    Attributes:
        likeness: "same", "likely" or "related".
        bit_errors: Share of fingerprint bits that differ, 0 to 1.
    """

    hit: Hit
    likeness: str
    bit_errors: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the register about a recording.

    Attributes:
        seq: Number of the line.
        at: ISO 8601 in UTC.
        what: A few words.
        detail: A sentence; "" for none.
    """

    seq: int
    at: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """What was measured on the sound.

    Attributes:
        loudness_lufs: Integrated loudness (EBU R128).
        gain_db: What levels it to the reference of -18 LUFS (ReplayGain 2).
        peak: Highest sample, 1.0 is full scale.
    """

    loudness_lufs: float | None = None
    gain_db: float | None = None
    peak: float | None = None
    codec: str | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """All facts of one recording: the item page.

    Attributes:
        permissions: One for each use, in the order in which they are shown.
        evidence: The newest first.
        mining: What holds for text and data mining, as a sentence.
        happened: The newest first.
        cite: How to cite it, as plain text.
        why_not_shared: Why it is in no torrent; "" when it is in one.
        collection: The collection it was first deposited for; "" for none.
    """

    hit: Hit
    permissions: tuple[Permission, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    mining: str = ""
    files: tuple[FileFacts, ...] = ()
    wholeness: Wholeness | None = None
    sounding: Sounding | None = None
    copies: tuple[Copy, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    albums: tuple[Hit, ...] = ()
    happened: tuple[Happening, ...] = ()
    cite: str = ""
    why_not_shared: str = ""
    collection: str = ""
