"""What disks have of an archive that was lost: each is proven, and the newest publication speaks.

Laws: only what is signed is believed, and of several disks only those that trust the same first
root are one archive; a disk that is damaged is told and used for nothing but its proven bytes; that
what was signed ran out long ago is no fault here.

Not here: what is made of it (`restoring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from phonotheque.disk import Kind, read_whole
from phonotheque.errors import (
    BadSignatureError,
    ConflictError,
    MalformedError,
    NotHeldError,
    PhonothequeError,
)
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.joining import addresses_in
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.removal.tombstones import in_force, read_tombstones
from phonotheque.publish.sealed import PUBLISHED
from phonotheque.publish.trust.at_rest import AtRest, prove
from phonotheque.register.chain import Head

MOST_FILE_BYTES = 64 << 20
"""No signed file is longer, and no .torrent: a stranger's disk costs bounded memory."""


class _Head(msgspec.Struct):
    archive: str
    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a lost archive, and where its bytes may be.

    Attributes:
        folders: All that were named, in their order; each is laid out as an archive.
        proven: The newest publication that one of them proves.
        header: Of its index.
        lines: Of its index.
        head: Where the register stood when it was signed.
        tail: The register's lines behind the extract in its packs.
        removed: SHA-256 of what was removed and must not come back.
        notices: What is worth telling of the disks.
    """

    folders: tuple[Folder, ...]
    proven: AtRest
    header: Header
    lines: tuple[TorrentLine, ...]
    head: Head
    tail: bytes
    removed: frozenset[str]
    notices: tuple[str, ...]

    @property
    def offered(self) -> list[TorrentLine]:
        """The torrents that were offered last."""
        return [line for line in self.lines if not line.obsolete]


def survey(places: Iterable[Path], fingerprint: str = "") -> Survey:
    """Look at what disks have.

    Args:
        places: Mirrors, copies of one archive in them, archives, or disks laid out like these.
        fingerprint: SHA-256 of the archive's first root; "": all that is there must agree on one.

    Raises:
        NotHeldError: None of them has a publication that proves itself.
        BadSignatureError: None of them has the root that was asked for.
        ConflictError: They are of several archives.
        MalformedError: What was signed cannot be read.
    """
    folders = tuple(Folder.at(path) for path in _folders(places))
    found: list[tuple[AtRest, Folder]] = []
    notices: list[str] = []
    for folder in folders:
        try:
            found.append((prove(partial(_read, folder)), folder))
        except PhonothequeError as error:
            notices.append(f"{folder.name}: {error}")
    mine = _of_one_archive(found, fingerprint, notices)
    proven = max((one for one, _ in mine), key=lambda one: one.version)
    return _understood(proven, tuple(folder for _, folder in mine), folders, notices)


def _folders(places: Iterable[Path]) -> list[Path]:
    """Folders laid out as an archive: each copy of a mirror is one."""
    found: list[Path] = []
    for place in places:
        try:
            found += [Path(address) for address in addresses_in(str(place))]
        except NotHeldError:
            if not place.is_dir():
                raise
            found.append(place.resolve())  # it proves nothing, and may have bytes all the same
    roots = [path.parent if path.name == PUBLISHED else path for path in found]
    return list(dict.fromkeys(roots))


def _of_one_archive(
    found: Sequence[tuple[AtRest, Folder]], fingerprint: str, notices: list[str]
) -> list[tuple[AtRest, Folder]]:
    if not found:
        raise NotHeldError(
            "the archive",
            "no disk has a publication of it that proves itself: " + " ".join(notices),
            "Name another mirror: --from DIR.",
        )
    mine = [one for one in found if fingerprint in ("", one[0].fingerprint)]
    roots = sorted({one.fingerprint for one, _ in mine})
    if not mine:
        others = ", ".join(sorted({one.fingerprint for one, _ in found}))
        wrong = f"no disk has this root; there is {others}"
        raise BadSignatureError(fingerprint, wrong, "Compare it with what others noted.")
    if len(roots) > 1:
        wrong = f"the disks trust {len(roots)} roots: {', '.join(roots)}"
        raise ConflictError("the archive", wrong, "Say which one is meant: --fingerprint SHA256.")
    return mine


def _understood(
    proven: AtRest, mine: tuple[Folder, ...], folders: tuple[Folder, ...], notices: list[str]
) -> Survey:
    """Read what the newest publication says."""
    strangers = [one for one in folders if one not in mine]
    index = next((name for name in proven.files if name.startswith("index-0")), "")
    if not index or not {"register-head.json", "tombstones.jsonl"} <= proven.files.keys():
        wrong = "no index, no head of the register or no list of removals is signed"
        raise NotHeldError("the publication", wrong, "Name another mirror: --from DIR.")
    header, lines = read_index(proven.files[index], index)
    try:
        said = msgspec.json.decode(proven.files["register-head.json"], type=_Head)
    except UNDECODABLE as error:
        wrong = f"it cannot be read ({error})"
        raise MalformedError("register-head.json", wrong, "Name another mirror.") from error
    _, told = read_tombstones(proven.files["tombstones.jsonl"])
    return Survey(
        (*mine, *strangers),
        proven,
        header,
        tuple(lines),
        Head(said.seq, said.digest),
        proven.files.get("register-tail.jsonl", b""),
        frozenset(digest.hex for digest in in_force(told)),
        tuple(notices),
    )


def _read(folder: Folder, path: str) -> bytes | None:
    return read_from(folder, f"{PUBLISHED}/{path}")


def read_from(folder: Folder, path: str) -> bytes | None:
    """Return the bytes of a file of a disk; None when it is not there, or longer than any may be.

    Raises:
        UnavailableError: The disk fails.
    """
    entry = folder.disk.stat(path)
    if entry is None or entry.kind is not Kind.FILE or entry.size_bytes > MOST_FILE_BYTES:
        return None
    return read_whole(folder.disk, path)
