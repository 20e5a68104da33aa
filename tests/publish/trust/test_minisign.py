"""Signatures for people: what we write minisign verifies, and the other way round."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BadSignatureError, MalformedError
from phonotheque.publish.trust.keys import new_key
from phonotheque.publish.trust.minisign import (
    format_public_key,
    parse_public_key,
    public_key_of,
    sign,
    verify,
)

KEY, OTHER = new_key(), new_key()
PUBLIC = public_key_of(KEY)
DATA = b"an index"
SIGNATURE = sign(KEY, DATA, "file:index-00001.jsonl.zst")

needs_minisign = pytest.mark.skipif(not shutil.which("minisign"), reason="no minisign here")


def minisign(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["minisign", *arguments], cwd=folder, capture_output=True, text=True)


def lay_out(folder: Path) -> None:
    (folder / "index").write_bytes(DATA)
    (folder / "index.minisig").write_text(SIGNATURE)
    (folder / "minisign.pub").write_text(format_public_key(PUBLIC))


@needs_minisign
def test_minisign_verifies_what_we_sign(tmp_path: Path) -> None:
    """Debian's program takes our key and our signature, and shows the comment."""
    lay_out(tmp_path)
    done = minisign(tmp_path, "-V", "-m", "index", "-p", "minisign.pub")
    assert done.returncode == 0, done.stderr
    assert "file:index-00001.jsonl.zst" in done.stdout


@needs_minisign
@pytest.mark.parametrize("name", ["index", "index.minisig", "minisign.pub"])
def test_minisign_refuses_what_was_changed(name: str, tmp_path: Path) -> None:
    """A changed file, comment or key is refused by Debian's program too."""
    lay_out(tmp_path)
    text = (tmp_path / name).read_bytes()
    changed = text.replace(b"an index", b"an indeX").replace(b"file:", b"File:")
    if name == "minisign.pub":
        changed = format_public_key(public_key_of(OTHER)).encode()
    assert changed != text
    (tmp_path / name).write_bytes(changed)
    assert minisign(tmp_path, "-V", "-m", "index", "-p", "minisign.pub").returncode != 0


@needs_minisign
def test_we_verify_what_minisign_signs(tmp_path: Path) -> None:
    """A key and a signature of Debian's program are read and proven by ours."""
    (tmp_path / "index").write_bytes(DATA)
    assert minisign(tmp_path, "-G", "-W", "-p", "k.pub", "-s", "k.sec").returncode == 0
    done = minisign(tmp_path, "-S", "-s", "k.sec", "-m", "index", "-t", "from elsewhere")
    assert done.returncode == 0, done.stderr
    public = parse_public_key((tmp_path / "k.pub").read_text())
    assert verify(public, DATA, (tmp_path / "index.minisig").read_text()) == "from elsewhere"


@given(st.binary(max_size=100), st.text(st.characters(categories=["L", "N", "P"]), max_size=30))
def test_what_was_signed_is_proven(data: bytes, comment: str) -> None:
    """Whatever the bytes and the comment, the signature proves both."""
    assert verify(PUBLIC, data, sign(KEY, data, comment)) == comment


@given(st.data())
def test_what_was_changed_is_not(data: st.DataObject) -> None:
    """No changed line of a signature is taken, but that which nobody signs."""
    lines = SIGNATURE.splitlines()
    at = data.draw(st.integers(1, 3))
    place = data.draw(st.integers(0, len(lines[at]) - 1))
    letter = data.draw(st.sampled_from("AbZ9/ x"))
    changed = lines[at][:place] + letter + lines[at][place + 1 :]
    if at != 2 and _bytes(changed) == _bytes(lines[at]):
        return
    lines[at] = changed
    if "\n".join(lines) != SIGNATURE.rstrip("\n"):
        with pytest.raises((BadSignatureError, MalformedError)):
            verify(PUBLIC, DATA, "\n".join(lines))


def _bytes(text: str) -> bytes | None:
    """What base64 stands for: its last letter has bits that mean nothing."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def test_another_key_is_not_taken() -> None:
    """Who signed is asked before what was signed."""
    with pytest.raises(BadSignatureError, match="another key"):
        verify(public_key_of(OTHER), DATA, SIGNATURE)
    with pytest.raises(BadSignatureError):
        verify(PUBLIC, DATA + b"!", SIGNATURE)


def test_a_public_key_is_read_back() -> None:
    """Reading undoes writing; the same key always has the same id."""
    assert parse_public_key(format_public_key(PUBLIC)) == PUBLIC == public_key_of(KEY)


@pytest.mark.parametrize(
    "text", ["", "one line", "untrusted comment: x\nQUJD\n", "untrusted comment: x\n!!!\n"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    """Files that are none are told apart from signatures that are wrong."""
    with pytest.raises(MalformedError):
        parse_public_key(text)
    with pytest.raises(MalformedError):
        verify(PUBLIC, DATA, text)


def test_a_comment_is_one_line() -> None:
    """A second line would end the signature file early."""
    with pytest.raises(ValueError, match="one printable line"):
        sign(KEY, DATA, "one\ntwo")
