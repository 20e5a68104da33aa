"""What is known of an object when it comes in: freshly read, or held since before."""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.accession.take import Taken
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import AudioFacts, Readability, Technical
from phonotheque.music.sound import Integrity, Sound
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


@dataclass(frozen=True, slots=True)
class Material:
    """An object as an accession describes it.

    Attributes:
        reason: Why it is unreadable, else "".
        licence_tag: The licence its tags claim, as written, or "".
    """

    sha256: Sha256
    size_bytes: int
    pieces_root: bytes
    extension: str
    role: Role
    readability: Readability | None
    reason: str
    technical: Technical | None
    licence_tag: str
    integrity: Integrity | None = None
    sound: Sound | None = None


def from_taken(taken: Taken, extension: str) -> Material:
    """Describe what was just read; `extension` is that under which it is kept."""
    digests = taken.digests
    role = Role.RECORDING if taken.facts else Role.COMPANION
    facts: AudioFacts | None = taken.facts
    return Material(
        digests.sha256,
        digests.size_bytes,
        digests.pieces_root,
        extension,
        role,
        facts.readability if facts else None,
        facts.reason if facts else "",
        facts.technical if facts else None,
        (facts.tags.licence or "") if facts else "",
        facts.integrity if facts else None,
        facts.sound if facts else None,
    )


def from_held(held: Held, index: Index) -> Material:
    """Describe what is held."""
    return Material(
        held.sha256,
        held.size_bytes,
        held.pieces_root,
        held.extension,
        held.role,
        held.readability,
        held.reason,
        held.technical,
        index.tags(held.sha256).licence or "",
        held.integrity,
        held.sound,
    )
