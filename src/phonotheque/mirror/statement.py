"""What a mirror says that it holds, signed: a file of lines that can be sent by any means.

    {"statement":1,"archive":"…","mirror":"…",…}      who says it, when, and of which archive
    {"torrent":"…","state":"complete",…}              one line for each torrent of which it has any
    {"signature":"…"}                                 Ed25519 over all bytes before this line

The form is frozen in `docs/reference/mirror-statement.md`.

Laws: nothing of a statement is believed before its signature is; it is signed by the key that it
names, so a changed operator or country is a broken signature; whose key that is, a person decides.

Source: RFC 8032 (Ed25519). Not here: proof of possession (`possession`), files (`reporting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from phonotheque.disk import refusal
from phonotheque.errors import BadSignatureError, FormatTooNewError, MalformedError
from phonotheque.mirror.values import Medium, State
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.trust.keys import Key

FORMAT = 1
MOST_BYTES = 256 << 20
"""Of a whole statement: 10,500 torrents with all their answers take 15 MB."""

_T = TypeVar("_T")

_THING = "the statement"
_AGAIN = "Ask the mirror for a new one: `phono mirror report`."

_Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{0,500}\Z")]
_Instant = Annotated[
    str, msgspec.Meta(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00))?\Z")
]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]
_Answer = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?\Z")]


class NotHeldHere(msgspec.Struct, frozen=True):
    """What a mirror excludes by its own decision; exactly one of the first three is given."""

    torrent: _Line = ""
    sha256: _Line = ""
    recording: _Line = ""
    reason: _Line = ""


class Header(msgspec.Struct, frozen=True):
    """The first line of a statement.

    Attributes:
        statement: Number of the form.
        archive: UUID of the archive that it is for.
        mirror: Id of the mirror, 32 hexadecimal digits.
        key: Its public key, 64 hexadecimal digits.
        at: When it was made by the mirror's clock, UTC.
        timestamp: Text of the archive's `timestamp.json` that the ranges are drawn from.
        index: Number of the index that the mirror follows.
        torrents: How many lines follow.
        operator: Who keeps the mirror; "" for nobody.
        country: Where it stands, two letters; "" when that is not said.
        medium: What the copies lie on.
        space_bytes: Room that is given.
        excluded: What it does not hold by its own decision, and why.
    """

    statement: int
    archive: _Line
    mirror: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    key: _Hex64
    at: _Instant
    timestamp: Annotated[str, msgspec.Meta(max_length=65_536)]
    index: _Count
    torrents: _Count
    operator: _Line = ""
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?\Z")] = ""
    medium: Medium = Medium.ONLINE
    space_bytes: _Count = 0
    excluded: tuple[NotHeldHere, ...] = ()


class Claim(msgspec.Struct, frozen=True):
    """What a mirror says of one torrent.

    Attributes:
        torrent: Its name.
        state: Whether all of it is there, a part, or something is damaged.
        held_bytes: Of its files that are there.
        verified_at: When all that is there was read and proven last, UTC, by the mirror's clock.
        answers: To each draw, in order; "" where the bytes are not there. () when the mirror does
            not have the torrent file, and so cannot know what is drawn.
    """

    torrent: _Line
    state: State
    held_bytes: _Count
    verified_at: _Instant = ""
    answers: tuple[_Answer, ...] = ()


class _Form(msgspec.Struct):
    statement: int


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signature: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that its own key signed."""

    header: Header
    claims: tuple[Claim, ...]


def encode_statement(statement: Statement, key: Key) -> bytes:
    """Return the file of a statement. The header must name this key."""
    if statement.header.key != key.public_bytes.hex():
        raise ValueError("a statement is signed by the key that it names")
    lines = [msgspec.json.encode(one) for one in (statement.header, *statement.claims)]
    signed = b"".join(line + b"\n" for line in lines)
    return signed + msgspec.json.encode(_Signature(key.secret.sign(signed).hex())) + b"\n"


def read_statement(path: Path) -> bytes:
    """Return the bytes of a statement's file, and never more than one may have.

    Raises:
        NotHeldError: There is no such file.
        UnavailableError: The disk refused.
    """
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise refusal(str(path), error) from error


def decode_statement(data: bytes) -> Statement:
    """Read the file of a statement.

    Raises:
        MalformedError: It is no statement.
        FormatTooNewError: A later Phonotheque made it.
        BadSignatureError: Its key did not sign these bytes.
    """
    if len(data) > MOST_BYTES:
        raise MalformedError(_THING, f"it is longer than {MOST_BYTES >> 20} MiB", _AGAIN)
    first, _, _ = data.partition(b"\n")
    header = _header(first)
    signed, last = _split(data)
    said = _converted(last, _Signature)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(header.key))
        key.verify(bytes.fromhex(said.signature), signed)
    except (InvalidSignature, ValueError) as error:
        wrong = "its key did not sign these bytes"
        raise BadSignatureError(_THING, wrong, f"Do not count it. {_AGAIN}") from error
    claims = tuple(_converted(line, Claim) for line in signed.split(b"\n")[1:-1])
    names = {claim.torrent for claim in claims}
    if len(claims) != header.torrents or len(names) != len(claims):
        wrong = f"it should name {header.torrents} torrents and names {len(names)}"
        raise MalformedError(_THING, wrong, _AGAIN)
    return Statement(header, claims)


def _header(line: bytes) -> Header:
    made = _converted(line, _Form).statement
    if made > FORMAT:
        wrong = f"it has format {made}, this program knows up to {FORMAT}"
        raise FormatTooNewError(_THING, wrong, "Install a newer Phonotheque.")
    return _converted(line, Header)


def _split(data: bytes) -> tuple[bytes, bytes]:
    """What is signed, and the line that signs it."""
    if not data.endswith(b"\n"):
        raise MalformedError(_THING, "its end is missing", _AGAIN)
    cut = data.rfind(b"\n", 0, -1) + 1
    return data[:cut], data[cut:-1]


def _converted(line: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(line, type=kind)
    except UNDECODABLE as error:
        wrong = f"a line of it cannot be read ({error!s:.200})"
        raise MalformedError(_THING, wrong, _AGAIN) from error
