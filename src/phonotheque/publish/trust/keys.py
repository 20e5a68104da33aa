"""A key that signs: Ed25519, in a file that OpenSSL reads too.

Law: a key is known by its key id, which follows from its public half alone; what a file is called
says nothing.

Source: RFC 8032 (Ed25519), RFC 8410 (its PKCS #8 form), TUF specification 1.0, section 4.2 (key
ids). Not here: where keys lie (`phonotheque.archive.signing.keyring`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from phonotheque.errors import KeyAwayError, MalformedError

KEY_ENDING = ".pem"


@dataclass(frozen=True, slots=True)
class Key:
    """Both halves of a key. `secret` never leaves this process but into a file of mode 0600."""

    secret: Ed25519PrivateKey
    signer: CryptoSigner

    @property
    def id(self) -> str:
        """Its key id: 64 hexadecimal digits."""
        return str(self.signer.public_key.keyid)

    @property
    def public_bytes(self) -> bytes:
        """Its public half: 32 bytes."""
        return self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def __repr__(self) -> str:
        return f"Key({self.id[:8]})"


def new_key() -> Key:
    """Make a key of the system's randomness."""
    return _key(Ed25519PrivateKey.generate())


def encode_key(key: Key) -> bytes:
    """Return the file of a key, not encrypted: PKCS #8 in PEM."""
    return key.secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def decode_key(data: bytes, thing: str) -> Key:
    """Read the file of a key.

    Raises:
        MalformedError: It is no Ed25519 key, or is encrypted.
    """
    try:
        secret = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        wrong = "it cannot be read as a key that is not encrypted"
        raise MalformedError(thing, wrong, "Name another file, or decrypt it first.") from error
    if not isinstance(secret, Ed25519PrivateKey):
        raise MalformedError(thing, "it is no Ed25519 key", "Make one with `phono keys make`.")
    return _key(secret)


def _key(secret: Ed25519PrivateKey) -> Key:
    return Key(secret, CryptoSigner(secret))


class Ring:
    """The keys that are at hand, by key id."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys = {key.id: key for key in keys}

    def __contains__(self, keyid: object) -> bool:
        return keyid in self._keys

    def of(self, keyids: Iterable[str]) -> list[Key]:
        """Return those of these keys that are at hand, in the order given."""
        return [self._keys[keyid] for keyid in keyids if keyid in self._keys]

    def needed(self, role: str, keyids: Iterable[str], threshold: int) -> list[Key]:
        """Return as many keys as a role needs to sign.

        Raises:
            KeyAwayError: Fewer are at hand.
        """
        here = self.of(keyids)
        if len(here) < threshold:
            raise KeyAwayError(
                f"the key of {role}",
                f"{threshold} must sign and {len(here)} of them are at hand",
                "Bring them (`keys/`, `--key PATH`, or the setting `trust.keys`) and run again; "
                "for keys that are lost see docs/how-to/lost-key-drill.md.",
            )
        return here

    def plus(self, keys: Iterable[Key]) -> Ring:
        """Return a ring with these keys too."""
        return Ring([*self._keys.values(), *keys])
