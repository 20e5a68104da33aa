"""The file of a statement: what can be read back, and what is refused."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from phonotheque.errors import BadSignatureError, FormatTooNewError, MalformedError
from phonotheque.mirror.statement import (
    Claim,
    Header,
    NotHeldHere,
    Statement,
    decode_statement,
    encode_statement,
)
from phonotheque.mirror.values import Medium, State
from phonotheque.publish.trust.keys import Key, new_key

AT = "2026-11-21T20:00:00.000000Z"


def made(key: Key, **changes: object) -> Statement:
    header = Header(
        statement=1,
        archive="6f1f2e6a-0f5c-4d8e-9f6a-3f9ac1d2e3f4",
        mirror="0f" * 16,
        key=key.public_bytes.hex(),
        at=AT,
        timestamp='{"signed":{}}',
        index=3,
        torrents=2,
        operator="Weir Sound",
        country="DE",
        medium=Medium.OFFLINE_DISK,
        space_bytes=10**12,
        excluded=(NotHeldHere(torrent="a-volume", reason="A court forbids it"),),
    )
    claims = (
        Claim("one", State.COMPLETE, 100, AT, ("0" * 32, "")),
        Claim("two", State.PARTIAL, 5),
    )
    return Statement(msgspec.structs.replace(header, **changes), claims)


@pytest.fixture(scope="module")
def key() -> Key:
    return new_key()


def test_what_is_written_is_read_back(key):
    """Decoding gives what was encoded."""
    statement = made(key)
    assert decode_statement(encode_statement(statement, key)) == statement


def test_any_flipped_bit_is_found(key):
    """Whatever single bit of the file is changed, it is not believed."""
    data = encode_statement(made(key), key)
    for place in range(len(data)):
        for bit in (1, 32):
            bad = bytearray(data)
            bad[place] ^= bit
            try:
                decode_statement(bytes(bad))
            except (BadSignatureError, MalformedError, FormatTooNewError):
                continue
            pytest.fail(f"byte {place} may be changed")


def test_a_line_less_or_more_is_found(key):
    """A cut file, one with a line left out, and one with a line added are refused."""
    data = encode_statement(made(key), key)
    lines = data.splitlines(keepends=True)
    for bad in (data[:-1], data[: len(data) // 2], b"".join([*lines[:1], *lines[2:]]), b"", b"\n"):
        with pytest.raises((MalformedError, BadSignatureError)):
            decode_statement(bad)
    with pytest.raises(BadSignatureError):
        decode_statement(b"".join([*lines[:2], lines[1], *lines[2:]]))


def test_another_operator_is_a_broken_signature(key):
    """Who changes whose disk it is, and signs with a key of their own, names that key."""
    thief = new_key()
    data = encode_statement(made(key), key)
    with pytest.raises(BadSignatureError):
        decode_statement(data.replace(b"Weir Sound", b"Weir Zound"))
    with pytest.raises(ValueError, match="the key that it names"):
        encode_statement(made(key, operator="Thief"), thief)


def test_a_torrent_counts_once(key):
    """A torrent named twice, or another number of torrents than the header says, is refused."""
    once = made(key)
    for bad in (
        Statement(once.header, (once.claims[0], once.claims[0])),
        Statement(once.header, once.claims[:1]),
    ):
        with pytest.raises(MalformedError):
            decode_statement(encode_statement(bad, key))


def test_a_later_form_is_told(key):
    """A statement of a later form says so, instead of being half understood."""
    with pytest.raises(FormatTooNewError):
        decode_statement(encode_statement(made(key, statement=2), key))


@pytest.mark.parametrize(
    "line", [b"null", b"[" * 100_000, b'{"statement":1}', b'{"statement":"\xff"}', b"\0", b"{}"]
)
def test_what_is_no_statement_is_refused(line):
    """Whatever somebody sends is refused in words."""
    with pytest.raises(MalformedError):
        decode_statement(line + b"\n" + line + b"\n")


def test_openssl_verifies_it(key, tmp_path):
    """The signature is plain Ed25519 over all lines but the last: OpenSSL agrees."""
    data = encode_statement(made(key), key)
    *signed, last = data.splitlines(keepends=True)
    (tmp_path / "signed").write_bytes(b"".join(signed))
    signature = bytes.fromhex(msgspec.json.decode(last)["signature"])
    (tmp_path / "signature").write_bytes(signature)
    prefix = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4
    (tmp_path / "key.der").write_bytes(prefix + key.public_bytes)
    words = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed"
    done = subprocess.run(
        [*words.split(), "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
