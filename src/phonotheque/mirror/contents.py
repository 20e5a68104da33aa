"""What a torrent says belongs on a mirror: each file, what proves it, and where it goes.

Laws: a torrent is believed only when the index names its bytes and both agree on its identity; of a
volume only objects and its own lists are taken, of a pack only what its folder can hold; every path
that comes out lies below the folder of the copy, whatever the torrent says.

A file is proven by two things at once: its length with the root of its BitTorrent v2 tree, as the
torrent has it, and for an object its SHA-256, as its name has it.

Source: BEP 52. Not here: reading files (`proving`), what a mirror wants (`choosing`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from phonotheque.errors import BadSignatureError, MalformedError
from phonotheque.mirror.home import PACKS
from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.lists import read_manifest
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.publish.sealed import LIST_FILES
from phonotheque.publish.torrent_form import SealedFile
from phonotheque.publish.torrent_reader import MAX_TORRENT_BYTES, TorrentSummary, read_torrent
from phonotheque.store.objects import OBJECTS, ObjectName, parse_file_name

CLASSES = frozenset({"open", "nc", "nd", "nc-nd"})
"""Kinds of torrents that are volumes; the others are packs."""

SUMS = "SHA256SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_AGAIN = "Tell the archive: it signed what does not fit together. Nothing of it was taken."


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a torrent, as it lies on a mirror.

    Attributes:
        path: Below the torrent's folder.
        target: Below the folder of the copy.
        size_bytes: Its length.
        root: Root of its v2 tree, 32 bytes.
        layer: Its piece layer: 32 bytes for each piece; b"" for a file of one piece.
        name: The object that it is; None for a list, or a file of a pack.
    """

    path: str
    target: str
    size_bytes: int
    root: bytes
    layer: bytes
    name: ObjectName | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in one torrent.

    Attributes:
        torrent: Its name.
        data: The bytes of the .torrent file.
        is_volume: A volume, whose folder is a link to the objects; else a pack.
        piece_bytes: Length of its pieces.
        parts: Its files, in the torrent's order.
        web_seeds: Where the index says that it is served.
    """

    torrent: str
    data: bytes = field(repr=False)
    is_volume: bool
    piece_bytes: int
    parts: tuple[Part, ...] = field(repr=False)
    web_seeds: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(part.size_bytes for part in self.parts)


def read_contents(line: TorrentLine, data: bytes) -> Contents:
    """Read the torrent that a line of the index names.

    Args:
        line: From a proven index.
        data: Bytes of the .torrent file.

    Raises:
        BadSignatureError: They are not the bytes that the index names, or the torrent has another
            name, identity or number of files than the index says.
        MalformedError: It is no torrent of our form, or has a file that belongs nowhere.
    """
    if len(data) > MAX_TORRENT_BYTES or hashlib.sha256(data).hexdigest() != line.torrent_sha256:
        raise BadSignatureError(
            f"{line.id}.torrent", "its bytes are not those that the index names", "Fetch it again."
        )
    is_volume = line.kind in CLASSES
    piece_bytes = PIECE_BYTES if is_volume else PACK_PIECE_BYTES
    said = read_torrent(data, thing=f"{line.id}.torrent", piece_bytes=piece_bytes)
    found = (said.name, said.info_hash_v2.hex(), len(said.files))
    if found != (line.id, line.v2, line.files):
        wrong = "it has another name, identity or number of files than the index says"
        raise BadSignatureError(f"{line.id}.torrent", wrong, _AGAIN)
    return _contents(line.id, data, said, is_volume=is_volume, web_seeds=line.web_seeds)


def contents_of_sealed(name: str, data: bytes, *, is_volume: bool) -> Contents:
    """Read the torrent of a sealed volume or pack, as an archive has it itself.

    Args:
        name: Of the volume or pack.
        data: Bytes of the .torrent file, proven by the register.
        is_volume: A volume, else a pack.

    Raises:
        MalformedError: It is no torrent of our form, or has a file that belongs nowhere.
    """
    piece_bytes = PIECE_BYTES if is_volume else PACK_PIECE_BYTES
    said = read_torrent(data, thing=f"{name}.torrent", piece_bytes=piece_bytes)
    return _contents(name, data, said, is_volume=is_volume, web_seeds=())


def _contents(
    name: str,
    data: bytes,
    said: TorrentSummary,
    *,
    is_volume: bool,
    web_seeds: tuple[str, ...],
) -> Contents:
    place = _in_volume if is_volume else _in_pack
    parts = tuple(place(name, file) for file in said.files)
    return Contents(name, data, is_volume, said.piece_bytes, parts, web_seeds)


def _in_volume(torrent: str, file: SealedFile) -> Part:
    path = "/".join(file.path)
    name = parse_file_name(file.path[-1])
    if name is not None and path == f"{name.folder}/{name.file}":
        return Part(path, name.path, file.size_bytes, file.pieces_root, file.layer, name)
    if file.path[:2] == ("lists", torrent) and file.path[2:] in {(one,) for one in LIST_FILES}:
        target = f"{OBJECTS}/{path}"
        return Part(path, target, file.size_bytes, file.pieces_root, file.layer)
    wrong = f"a volume cannot hold {path[:120]!r}"
    raise MalformedError(f"{torrent}.torrent", wrong, _AGAIN)


def _in_pack(torrent: str, file: SealedFile) -> Part:
    path = "/".join(file.path)
    if any(part.startswith(".") or not part.isprintable() for part in file.path):
        wrong = f"a pack cannot hold {path[:120]!r}"
        raise MalformedError(f"{torrent}.torrent", wrong, _AGAIN)
    target = f"{PACKS}/{torrent}/{path}"
    return Part(path, target, file.size_bytes, file.pieces_root, file.layer)


def check_sums(contents: Contents, sums: bytes, proven: dict[str, Sha256]) -> None:
    """Hold a torrent's own list of digests against the files that came.

    What a reader checks with coreutils must be what the torrent proves: else one of the two would
    be believed wrongly.

    Args:
        contents: The torrent.
        sums: Bytes of its SHA256SUMS.
        proven: Digest of each file that was read, by its path in the torrent. Of those that were
            not (held already, or not to be held) a volume's names tell them.

    Raises:
        MalformedError: The list names a file that the torrent lacks, lacks one that it has, or
            has another digest.
    """
    where = f"{contents.torrent}/{SUMS}"
    said: dict[str, str] = {}
    for line in sums.decode("utf-8", "replace").splitlines():
        found = _SUM.fullmatch(line)
        if found is None:
            raise MalformedError(where, f"a line of it is none: {line[:80]!r}", _AGAIN)
        said[found[2]] = found[1]
    own = f"lists/{contents.torrent}/{SUMS}" if contents.is_volume else SUMS
    for part in contents.parts:
        if part.path == own:
            continue
        digest = proven.get(part.path) or (part.name.sha256 if part.name else None)
        listed = said.pop(part.path, None)
        if listed is None or (digest is not None and listed != digest.hex):
            wrong = f"it does not agree with the torrent about {part.path}"
            raise MalformedError(where, wrong, _AGAIN)
    if said:
        wrong = f"it names {next(iter(said))[:120]!r}, which the torrent does not have"
        raise MalformedError(where, wrong, _AGAIN)


def check_manifest(contents: Contents, manifest: bytes) -> None:
    """Hold the manifest of a volume against its torrent: both must list the same objects.

    Raises:
        MalformedError: They do not, or it is no manifest.
    """
    where = f"{contents.torrent}/manifest.tsv"
    try:
        listed = read_manifest(manifest.decode())
    except ValueError as error:
        raise MalformedError(where, f"it cannot be read ({error!s:.200})", _AGAIN) from error
    names = [part.name for part in contents.parts if part.name]
    if sorted(listed) != sorted(names):
        strange = sorted(set(listed) ^ set(names))
        about = f"about {strange[0].file}" if strange else "about how often one of them is in it"
        raise MalformedError(where, f"it does not agree with the torrent {about}", _AGAIN)
