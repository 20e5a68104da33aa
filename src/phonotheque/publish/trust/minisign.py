"""Signatures for people: the format of minisign, which one program of a hundred kilobytes verifies.

    minisign -Vm index-00012.jsonl.zst -p minisign.pub

There is no freshness and no change of key in it: that is what TUF beside it is for.

Laws: the signature is over BLAKE2b of the file, so that it does not have to be held in memory; the
comment is signed, too. Source: minisign's manual page, "signature format" and "public key format",
version 0.11; RFC 7693 (BLAKE2b); RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from phonotheque.errors import BadSignatureError, MalformedError
from phonotheque.publish.trust.keys import Key

_KEY_ALGORITHM = b"Ed"
_PREHASHED = b"ED"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a minisign key, with the eight bytes that it is called by."""

    id: bytes
    raw: bytes


def public_key_of(key: Key) -> PublicKey:
    """Return what others verify with. Its id follows from the key, so that it is never stored."""
    raw = key.public_bytes
    return PublicKey(hashlib.sha256(raw).digest()[:8], raw)


def format_public_key(key: PublicKey) -> str:
    """Write `minisign.pub`."""
    shown = key.id[::-1].hex().upper()  # minisign shows it as a little-endian number
    encoded = base64.b64encode(_KEY_ALGORITHM + key.id + key.raw).decode()
    return f"untrusted comment: minisign public key {shown}\n{encoded}\n"


def parse_public_key(text: str) -> PublicKey:
    """Read `minisign.pub`.

    Raises:
        MalformedError: It is no such file.
    """
    lines = text.splitlines()
    data = _decoded(lines[1] if len(lines) > 1 else "", 42, "the public key")
    if data[:2] != _KEY_ALGORITHM:
        raise _malformed("the public key", "it is of another kind than Ed25519")
    return PublicKey(data[2:10], data[10:])


def sign(key: Key, data: bytes, comment: str) -> str:
    """Write the signature file of `data`.

    Args:
        key: Who signs.
        data: The whole file.
        comment: One line that is signed too and shown to whoever verifies.
    """
    if not comment.isprintable():
        raise ValueError("the comment of a signature is one printable line")
    public = public_key_of(key)
    signature = key.secret.sign(_hashed(data))
    over_all = key.secret.sign(signature + comment.encode())
    return (
        "untrusted comment: signature by Phonotheque\n"
        f"{base64.b64encode(_PREHASHED + public.id + signature).decode()}\n"
        f"trusted comment: {comment}\n"
        f"{base64.b64encode(over_all).decode()}\n"
    )


def verify(key: PublicKey, data: bytes, text: str, thing: str = "the file") -> str:
    """Verify the signature file of `data`.

    Returns:
        Its comment.

    Raises:
        MalformedError: It is no signature file.
        BadSignatureError: It was not signed by this key, or something was changed.
    """
    lines = text.splitlines()
    if len(lines) != 4 or not lines[2].startswith("trusted comment: "):
        raise _malformed("the signature", "it does not have its four lines")
    signed = _decoded(lines[1], 74, "the signature")
    over_all = _decoded(lines[3], 64, "the signature of the comment")
    comment = lines[2].removeprefix("trusted comment: ")
    if signed[:2] != _PREHASHED or signed[2:10] != key.id:
        raise _bad(thing, "its signature is by another key or of another kind")
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    try:
        public.verify(signed[10:], _hashed(data))
        public.verify(over_all, signed[10:] + comment.encode())
    except InvalidSignature as error:
        raise _bad(thing, "its signature is not of these bytes and this comment") from error
    return comment


def _hashed(data: bytes) -> bytes:
    return hashlib.blake2b(data).digest()


def _decoded(line: str, length: int, what: str) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed(what, "it is not in base64") from error
    if len(data) != length:
        raise _malformed(what, f"it has {len(data)} bytes, not {length}")
    return data


def _malformed(thing: str, wrong: str) -> MalformedError:
    return MalformedError(thing, wrong, "Fetch it again.")


def _bad(thing: str, wrong: str) -> BadSignatureError:
    return BadSignatureError(thing, wrong, "Do not use it; fetch file and signature again.")
