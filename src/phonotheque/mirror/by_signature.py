"""Following by the signature for people, where the archive signs nothing fresh any more.

When an archive is lost, its timestamp runs out, and nothing follows by TUF what it published last.
Who has its `minisign.pub`, from a book, a letter or a friend, can still prove the index, and
through it every torrent: that is the last door, and it stays open.

Laws: only with a key that a person gave; only where TUF has run out or was never there; what was
seen before is still the least that is believed. Nothing says that nothing newer exists, and
removals are not taken from here: they are signed by TUF alone.

Source: minisign's manual page, as in `publish.trust.minisign`.
"""

from __future__ import annotations

import hashlib

from phonotheque.disk import write_changed
from phonotheque.errors import MalformedError, RolledBackError
from phonotheque.mirror.home import PUBLISHED, Copy
from phonotheque.mirror.sources import read_most
from phonotheque.publish.index.chain import Seen, check_follows, parse_history
from phonotheque.publish.index.form import MAX_BYTES, index_name, read_index
from phonotheque.publish.index.lines import Header
from phonotheque.publish.index.newest import HISTORY
from phonotheque.publish.trust import minisign
from phonotheque.publish.trust.source import Source

_MOST_HISTORY_BYTES = 16 << 20
_MOST_SIGNATURE_BYTES = 4096


def parse_key(text: str) -> minisign.PublicKey:
    """Read a key as people hand it on: the second line of `minisign.pub`, or the whole file.

    Raises:
        MalformedError: It is none.
    """
    lines = text.strip().splitlines()
    return minisign.parse_public_key(f"untrusted comment:\n{lines[-1] if lines else ''}\n")


def follow_by_signature(copy: Copy, source: Source, key: minisign.PublicKey) -> tuple[Header, str]:
    """Prove the newest index that a source has, and lay it out.

    Returns:
        Its header and the SHA-256 of its file.

    Raises:
        BadSignatureError: It is not signed by this key.
        RolledBackError: It is older than what was seen.
        BrokenChainError: It has another past.
        MalformedError: It is no index, or its signature is of another one.
        UnavailableError: It cannot be had now.
    """
    listed = read_most(source, HISTORY.removeprefix(f"{PUBLISHED}/"), _MOST_HISTORY_BYTES)
    history = parse_history(listed)
    name = index_name(max(history, default=0))
    data = read_most(source, name, MAX_BYTES)
    signature = read_most(source, f"{name}.minisig", _MOST_SIGNATURE_BYTES)
    comment = minisign.verify(key, data, signature.decode("utf-8", "replace"), name)
    header, _ = read_index(data, name)
    sha256 = hashlib.sha256(data).hexdigest()
    if f"index:{header.seq}" not in comment.split() or index_name(header.seq) != name:
        wrong = f"its signature says {comment!r:.80}"
        raise MalformedError(name, wrong, "Try another source.")
    last = copy.memory().learned
    check_follows(Seen(last.seq, last.sha256) if last else None, header, sha256, history)
    if last is not None and header.seq == last.seq and sha256 != last.sha256:
        raise RolledBackError(name, "it is not the one that was seen", "Try another source.")
    for path, content in (
        (f"{name}.minisig", signature),
        (name, data),
        ("index-history.sha256", listed),
    ):
        write_changed(copy.disk, f"{PUBLISHED}/{path}", content)
    return header, sha256
