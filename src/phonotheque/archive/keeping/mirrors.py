"""What the mirrors of an archive proved: `journals/mirrors.jsonl`, one line for each statement.

Laws: lines are only added; of each mirror the last line counts; a line that a crash left torn, or
that a later Phonotheque wrote, is passed over. The journal cannot be made again, but every mirror
can report again.

Not here: judging a statement (`judging`), what follows for the copies (`copies`).
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from phonotheque.disk import Disk, append_line, read_if_held
from phonotheque.mirror.values import Medium
from phonotheque.music.decoding import UNDECODABLE

JOURNAL = "journals/mirrors.jsonl"


class Verdict(StrEnum):
    """What a mirror proved of a torrent.

    whole: it answered every range that could be judged, and says that nothing is wrong with it.
    partial: it has a part, or says itself that something is damaged.
    refuted: an answer was wrong: the bytes that it has are not these, or it has none.
    unproven: nothing could be judged; the archive lacks the bytes, or nothing was answered.
    """

    WHOLE = "whole"
    PARTIAL = "partial"
    REFUTED = "refuted"
    UNPROVEN = "unproven"


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a mirror proved of one torrent.

    Attributes:
        torrent: Its name.
        verdict: What was proven.
        held_bytes: So many bytes of it are there, as the mirror says.
        verified_at: When the mirror read all of that last, as it says, UTC; "" for never.
    """

    torrent: str
    verdict: Verdict
    held_bytes: int = 0
    verified_at: str = ""


class Reported(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="reported"):
    """A statement that was accepted.

    Attributes:
        at: When, by this archive's clock, UTC.
        statement: SHA-256 of its file.
        mirror: Id of the mirror.
        key: Its public key, 64 hexadecimal digits.
        proven_at: When the archive signed the timestamp that the ranges were drawn from, UTC:
            later than that the bytes were there.
        made_at: When it was made, as the mirror says.
        index: Number of the index that the mirror follows.
        operator: Who keeps it.
        country: Where it stands.
        medium: What the copies lie on.
        space_bytes: Room that is given.
        excluded: How many things it does not hold by its own decision.
        torrents: What was proven of each.
    """

    at: str
    statement: str
    mirror: str
    key: str
    proven_at: str
    made_at: str
    index: int
    operator: str = ""
    country: str = ""
    medium: Medium = Medium.ONLINE
    space_bytes: int = 0
    excluded: int = 0
    torrents: tuple[Seen, ...] = ()


class Forgotten(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="forgotten"
):
    """A mirror that is not counted on any more, by a person's decision."""

    at: str
    mirror: str


_decoder: msgspec.json.Decoder[Reported | Forgotten] = msgspec.json.Decoder(Reported | Forgotten)


def append(disk: Disk, line: Reported | Forgotten) -> None:
    """Add a line, durable on return. The archive is held by the caller."""
    append_line(disk, JOURNAL, msgspec.json.encode(line) + b"\n")


def journal_digest(disk: Disk) -> str:
    """SHA-256 of all that was ever accepted: what follows from reports is the same while it is."""
    return hashlib.sha256(read_if_held(disk, JOURNAL) or b"").hexdigest()


def reports(disk: Disk) -> dict[str, Reported]:
    """Return the last report of each mirror that is counted on, by its id, in order of id."""
    found: dict[str, Reported] = {}
    for line in (read_if_held(disk, JOURNAL) or b"").split(b"\n")[:-1]:
        try:
            one = _decoder.decode(line)
        except UNDECODABLE:
            continue
        if isinstance(one, Reported):
            found[one.mirror] = one
        else:
            found.pop(one.mirror, None)
    return dict(sorted(found.items()))
