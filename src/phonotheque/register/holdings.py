"""What the register knows of objects and files, as values: rows of the index, read."""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Readability, Technical
from phonotheque.music.sound import Integrity, Sound
from phonotheque.register.events import Role


@dataclass(frozen=True, slots=True)
class Held:
    """An object as the register knows it.

    Attributes:
        condition: "intact", a finding's kind, or "removed".
        checked_at: The last instant its bytes were known to be exact.
        volume: The volume it is sealed in, or None.
        integrity: Whether its sound is whole; None for a companion, or when nobody looked yet.
        sound: What its decode measured; None likewise, or when it cannot be decoded.
    """

    sha256: Sha256
    size_bytes: int
    pieces_root: bytes
    extension: str
    role: Role
    readability: Readability | None
    reason: str
    technical: Technical | None
    first_seq: int
    checked_at: str
    condition: str
    volume: str | None
    integrity: Integrity | None = None
    sound: Sound | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """What was measured on an object and is too long for a line of the register.

    Attributes:
        number: What the index of fingerprints calls the object.
        fingerprint: As `phonotheque.audio.fingerprint.encode_fingerprint` gives it; b"" for none.
        waveform: 400 points of 4 bytes: peak and mean of the left channel, of the right one.
    """

    number: int
    fingerprint: bytes
    waveform: bytes


@dataclass(frozen=True, slots=True)
class Provenance:
    """One accession of an object: where it lay, in which deposit, and when it came."""

    seq: int
    deposit: int
    path: str
    path_base64: str
    role: Role
    at: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What a file system says about a file that was read: same values, same bytes."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int
