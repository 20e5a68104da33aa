"""The events that a register can hold: what was done to which bytes, on what grounds.

Laws: an event is a frozen value that says all that is needed to replay it; it holds no personal
data: a person is a local id ("p3"), an evidence document is its digest, a source path is relative
to what was given to `phono add`. Field order here is the order in the line, frozen by golden files.

Source: the kinds follow PREMIS 3 and the Library of Congress vocabulary of preservation events;
`docs/reference/register.md` has the table. Not here: lines and chain (`chain`), files (`journal`).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from phonotheque.music.facts import Readability, Technical
from phonotheque.music.finding import Finding
from phonotheque.music.likeness import Likeness
from phonotheque.music.rights import RightsStatement
from phonotheque.music.sound import Integrity, Sound

FORMAT = 1
"""Number of the format of archive and register. A newer one is refused, an older one is read."""


class Role(StrEnum):
    """Why an object is kept."""

    RECORDING = "recording"
    COMPANION = "companion"
    ACCESS_COPY = "access-copy"


class Founding(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="founding"):
    """The first line of every register. `archive` is a random UUID that names it for ever."""

    format: int
    archive: str


class Deposit(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="deposit"):
    """The beginning of one `phono add`: accessions name it by its `seq`."""

    depositor: str = ""
    collection: str = ""


class Accession(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="accession"
):
    """An object taken in, or taken in again with other provenance.

    Attributes:
        deposit: `seq` of the deposit it belongs to.
        sha256: Name of the object, 64 hexadecimal digits.
        size_bytes: Its length.
        pieces_root: 64 hexadecimal digits, root of its BitTorrent v2 tree.
        extension: Courtesy ending of its file, lower case, may be "".
        path: Where it lay, relative to what was given; undecodable bytes read as U+FFFD.
        path_base64: The exact bytes of the path, only when `path` lost some.
        role: A recording, a companion that lay beside recordings in the same folder, or an access
            copy that was made of a recording to be shared in its place.
        rights: What was stated about it on this occasion.
        readability: Whether an audio reader understood it; None for a companion.
        reason: Why it is unreadable.
        technical: How the sound is stored.
        integrity: Whether the sound is whole, and what that rests on.
        sound: What the decode of it measured.
        parent: Of an access copy, name of the recording that it was made of: its rights are that
            one's, and what removes that one removes it.
        recipe: How it was made: the name of a recipe.
        encoder: What made it, with its version.
    """

    deposit: int
    sha256: str
    size_bytes: int
    pieces_root: str
    extension: str
    path: str
    role: Role
    path_base64: str = ""
    rights: tuple[RightsStatement, ...] = ()
    readability: Readability | None = None
    reason: str = ""
    technical: Technical | None = None
    integrity: Integrity | None = None
    sound: Sound | None = None
    parent: str = ""
    recipe: str = ""
    encoder: str = ""


class Examination(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="examination"
):
    """An object's sound decoded and checked again: what is said here replaces what was said before.

    The fields mean what they mean in an `Accession`.
    """

    sha256: str
    readability: Readability
    reason: str = ""
    technical: Technical | None = None
    integrity: Integrity | None = None
    sound: Sound | None = None


class Link(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="link"):
    """Two recordings whose fingerprints are alike. A link merges nothing: both are kept.

    Attributes:
        sha256: The one that was looked at, taken in later.
        other: The one that was held.
        likeness: How alike: "same", "likely" or "related".
        bit_errors: Share of fingerprint bits that differ where the two overlap, 0 to 1.
        offset_ms: Where the beginning of `other` lies in `sha256`; negative when before it.
        compared_ms: Length of the overlap.
    """

    sha256: str
    other: str
    likeness: Likeness
    bit_errors: float
    offset_ms: int = 0
    compared_ms: int = 0


class Dressing(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="dressing"):
    """A copy with current tags was made, and the patch that gives the original back from it.

    Attributes:
        sha256: Name of the original.
        copy: SHA-256 of the dressed copy, 64 hexadecimal digits.
        size_bytes: Length of the dressed copy.
        patch: The patch (`docs/reference/patch.md`) in base64; applied and compared before this
            line was written.
    """

    sha256: str
    copy: str
    size_bytes: int
    patch: str


class Rights(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="rights"):
    """A decision about what may be done with an object; the newest one governs."""

    sha256: str
    statement: RightsStatement


class Fixity(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="fixity"):
    """One run of checking stored bytes against this register.

    The run covered either the objects named in `objects`, or every object that was registered by
    line `as_of` and whose (time of last check, name) sorts at or before (`through_at`, `through`).

    Attributes:
        examined: Number of objects read.
        examined_bytes: Bytes read.
        as_of: Number of the register's last line when the run began: no clock is trusted to tell
            what was there.
        through_at: Time of the last check of the last object read.
        through: Its name.
        objects: Names of the objects read, when they were chosen by name.
        findings: What was wrong; an object without a finding was exact.
        packs: Names of packs that were read whole; one without a finding was exact.
    """

    examined: int
    examined_bytes: int
    as_of: int = 0
    through_at: str = ""
    through: str = ""
    objects: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    packs: tuple[str, ...] = ()


class Removal(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="removal"):
    """An object let go. Its bytes are gone after this line is durable; its name stays known.

    Attributes:
        reason: Why, as everybody may read it: no personal data.
        decided_by: Local id of who decided.
        evidence: `sha256:` and the digest of the request or of its proof.
        case: Name of the case: all that was removed for one request, and what came of it.
        requested_by: Local id of who asked for it.
    """

    sha256: str
    reason: str
    decided_by: str = ""
    evidence: str = ""
    case: str = ""
    requested_by: str = ""


class CounterNotice(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="counter-notice"
):
    """Somebody contradicts a removal. Nothing comes back by it: that takes a new accession.

    Attributes:
        case: Name of the case that it answers.
        summary: What it says, as everybody may read it: no personal data.
        received_from: Local id of who sent it.
        evidence: `sha256:` and the digest of its text.
    """

    case: str
    summary: str
    received_from: str = ""
    evidence: str = ""


class Edit(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="edit"):
    """A correction to what is said about an object; the bytes never change.

    Attributes:
        value: What holds instead; "" takes the field away.
        reason: Why, as everybody may read it: no personal data.
        is_undone: Whether nothing is corrected of the field any more: what the file says holds.
    """

    sha256: str
    field: str
    value: str
    decided_by: str = ""
    reason: str = ""
    is_undone: bool = False


class Correction(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="correction"
):
    """A correction to what the catalogue says of a thing, whatever its sources say.

    Attributes:
        entity_type: Table of the thing: "artist", "recording" ...
        gid: Its identifier that lasts, a UUID in lower case.
        source: Name of the source that the gid is made of, to find it there; "" for an MBID.
        is_undone: Whether what the sources say holds again. The rest is as in `Edit`.
    """

    entity_type: str
    gid: str
    field: str
    value: str = ""
    reason: str = ""
    decided_by: str = ""
    source: str = ""
    is_undone: bool = False


class Export(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="export"):
    """Objects handed out as a copy. `form` is "tree", "bagit" or "ocfl"."""

    form: str
    objects: int
    size_bytes: int


class Volume(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="volume"):
    """A volume sealed: an immutable list of objects that is one torrent.

    Attributes:
        name: Name of the volume and of the torrent's folder.
        licence_class: "open", "nc", "nd" or "nc-nd": one for the whole volume.
        objects: Number of recordings in it (its own lists are not counted).
        size_bytes: Their bytes.
        manifest: SHA-256 of `objects/lists/<name>/manifest.tsv`.
        torrent: SHA-256 of `published/<name>.torrent`.
        info_hash_v2: 64 hexadecimal digits: the torrent's identity.
        info_hash_v1: 40 hexadecimal digits: its alias in BitTorrent v1 swarms.
        supersedes: Name of the volume that this one corrects.
        most_listens: Listens of its most popular recording, as known when it was sealed; None when
            unknown.
        least_listens: Listens of its least popular recording whose listens were known.
    """

    name: str
    licence_class: str
    objects: int
    size_bytes: int
    manifest: str
    torrent: str
    info_hash_v2: str
    info_hash_v1: str
    supersedes: str = ""
    most_listens: int | None = None
    least_listens: int | None = None


class Pack(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="pack"):
    """Many small things made into a few files that are one torrent, and never change.

    Attributes:
        name: Name of the pack and of the torrent's folder, `published/packs/<name>/`.
        kind: What is in it: "metadata", "facts", "art", "overlays", "patches" or "register".
        items: Number of small things in it.
        files: Number of its files.
        size_bytes: Their bytes.
        made_of: SHA-256 of what decides its contents: equal means that it need not be made again.
        torrent: SHA-256 of `published/<name>.torrent`.
        info_hash_v2: 64 hexadecimal digits: the torrent's identity.
        info_hash_v1: 40 hexadecimal digits: its alias in BitTorrent v1 swarms.
        supersedes: Name of the pack that this one replaces.
    """

    name: str
    kind: str
    items: int
    files: int
    size_bytes: int
    made_of: str
    torrent: str
    info_hash_v2: str
    info_hash_v1: str
    supersedes: str = ""


class Retirement(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="retirement"
):
    """A volume or pack is not offered any more. Whoever has it may keep what else is in it.

    Attributes:
        name: Its name.
        reason: Why, as everybody may read it.
        superseded_by: Name of what takes its place, "" when nothing does.
    """

    name: str
    reason: str
    superseded_by: str = ""


class Publication(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="publication"
):
    """An index was signed and published.

    Attributes:
        number: Its number: each one names the index before it.
        index: SHA-256 of `published/index-<number>.jsonl.zst`.
        torrents: Number of torrents that it lists.
    """

    number: int
    index: str
    torrents: int


class Restoration(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="restoration"
):
    """The archive was lost and brought back from copies: the line before this one is the last that
    anybody signed.

    Attributes:
        archive: UUID of the archive, which stays what it is.
        last: Number of the line before this one.
        digest: Its SHA-256, 64 hexadecimal digits: what was signed as the register's head.
        withheld: So many of the lines before this one came back as their SHA-256 alone.
        root: SHA-256 of the first root of trust of whoever goes on from here; "" when the old keys
            still sign.
    """

    archive: str
    last: int
    digest: str
    withheld: int = 0
    root: str = ""


Event = (
    Founding
    | Deposit
    | Accession
    | Examination
    | Link
    | Dressing
    | Rights
    | Fixity
    | Removal
    | CounterNotice
    | Edit
    | Correction
    | Export
    | Volume
    | Pack
    | Retirement
    | Publication
    | Restoration
)
"""Any event."""
