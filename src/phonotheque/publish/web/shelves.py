"""What may be fetched from the bulk door: files of `published/`, and payload of volumes.

Laws: an object is given only as a member of a volume that is offered now, only while it is intact,
and only when the resolver says yes at this very moment; a file of a pack, and a list of a volume,
only when all of it was read here and hashed to the root in its torrent; a v1-only twin only when it
lists the files of its volume and no others; a retired torrent or pack is not there any more; what
is hidden, a link or a folder is nothing. Nobody learns from an answer whether a thing is absent or
refused.

Layout, the same as `phonotheque publish push` writes: `/…` is `published/…`; payload of a volume is
at `/volumes/<name>/…`, of a pack at `/packs/<name>/…` and, so that one address serves all web
seeds, at `/volumes/<name>/…` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.disk import Disk, Kind
from phonotheque.errors import NotHeldError
from phonotheque.music.rights import Verdict
from phonotheque.music.tdm_statement import Mining, headers
from phonotheque.publish.sealed import LIST_FILES, PUBLISHED, is_twin, offered_as
from phonotheque.publish.web.digests import Digests
from phonotheque.publish.web.heads import Shown
from phonotheque.register.events import Pack, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.published import offered_one
from phonotheque.store.objects import LISTS, Store, parse_file_name

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "xml": "application/rss+xml",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "woff2": "font/woff2",
    "zip": "application/zip",
    "zst": "application/zstd",
    "torrent": "application/x-bittorrent",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "wv": "audio/x-wavpack",
    "aiff": "audio/aiff",
}
_PAGE_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def content_type(name: str) -> str:
    """The media type of a file, by the ending of its name; bytes without a meaning for others."""
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def sound_type(extension: str) -> str:
    """The media type of a recording by the ending that its depositor gave it.

    Bytes without a meaning unless the ending is one of sound: a file that sounds may be called
    `notes.html`, and no browser may take it for a page of this address.
    """
    kind = content_type(f"x.{extension}")
    return kind if kind.startswith("audio/") else "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that may be sent, open at its beginning. Whoever gets it closes it."""

    file: BinaryIO
    shown: Shown


@dataclass(frozen=True, slots=True)
class Shelves:
    """What an archive gives at this door, as it stands now.

    Attributes:
        asked: The resolver at this door.
        mining: What holds for text and data mining of an object.
        policy_url: Where the policy on mining is published; "" when unknown.
        digests: Digests of published files.
        is_closed: Whether a volume or pack of this name may not be shared now.
    """

    disk: Disk
    store: Store
    index: Index
    asked: Callable[[Held], Verdict]
    mining: Callable[[Held], Mining]
    policy_url: str
    digests: Digests
    is_closed: Callable[[str], bool]

    def find(self, parts: tuple[str, ...]) -> Resource | None:
        """Open what a path names; None when it is nothing that may be given.

        Raises:
            UnavailableError: The disk or the index cannot be read now.
        """
        match parts:
            case ("volumes", name, *rest) if rest:
                return self._of_torrent(name, tuple(rest))
            case ("packs", name, *rest) if rest:
                return self._of_pack(name, tuple(rest))
            case (file,) if file.endswith(".torrent"):
                return self._torrent(file)
            case _:
                return self._file("/".join((PUBLISHED, *parts)))

    def _torrent(self, file: str) -> Resource | None:
        """The torrent of what is offered, if it is the one that was sealed; or its twin."""
        name = offered_as(file)
        torrent = offered_one(self.index, name)
        if torrent is None or self.is_closed(name):
            return None
        found = self._file(f"{PUBLISHED}/{file}")
        if found is None or (
            self._is_twin(torrent, found) if is_twin(file) else found.shown.etag == torrent.torrent
        ):
            return found
        found.file.close()
        return None

    def _is_twin(self, torrent: Volume | Pack, found: Resource) -> bool:
        """Whether a file is a volume's v1-only twin; packs have none."""
        return isinstance(torrent, Volume) and self.digests.is_twin(
            self.disk, torrent, found.file, found.shown.etag
        )

    def _of_torrent(self, name: str, rest: tuple[str, ...]) -> Resource | None:
        """A part of what a torrent holds, wherever it lies."""
        torrent = offered_one(self.index, name)
        if torrent is None:
            return None
        if isinstance(torrent, Pack):
            return self._of_pack(name, rest)
        if rest[:2] == ("lists", name) and len(rest) == 3 and rest[2] in LIST_FILES:
            return self._sealed(torrent, rest, f"{LISTS}/{name}/{rest[2]}")
        return self._object(name, rest) if len(rest) == 3 else None

    def _of_pack(self, name: str, rest: tuple[str, ...]) -> Resource | None:
        pack = offered_one(self.index, name)
        if not isinstance(pack, Pack) or self.is_closed(name):
            return None
        return self._sealed(pack, rest, "/".join((PUBLISHED, "packs", name, *rest)))

    def _sealed(self, torrent: Volume | Pack, rest: tuple[str, ...], path: str) -> Resource | None:
        """A file that a torrent names, if it is the one that was sealed."""
        root = self.digests.roots_of(self.disk, torrent).get(rest)
        return None if root is None else self._file(path, root)

    def _object(self, volume: str, rest: tuple[str, ...]) -> Resource | None:
        """A member of a volume, if the resolver gives it at this moment."""
        name = parse_file_name(rest[2])
        if name is None or f"{rest[0]}/{rest[1]}" != name.folder:
            return None
        held = self.index.held(name.sha256)
        if held is None or held.extension != name.extension or held.volume != volume:
            return None
        if held.condition != "intact" or self.store.size(name) != held.size_bytes:
            return None
        verdict = self.asked(held)
        if not verdict.allowed:
            return None
        fields = {"Content-Type": sound_type(name.extension)}
        if verdict.statement and verdict.statement.licence.startswith("http"):
            fields["Link"] = f'<{verdict.statement.licence}>; rel="license"'
        fields |= headers(self.mining(held), self.policy_url)
        shown = Shown(held.size_bytes, name.sha256.hex, fields)
        try:
            return Resource(self.store.open(name), shown)
        except NotHeldError:  # it went between two looks
            return None

    def _file(self, path: str, root: bytes = b"") -> Resource | None:
        """A regular file, reached through folders alone; with this root, where one is given."""
        parts = path.split("/")
        for count in range(1, len(parts)):
            folder = self.disk.stat("/".join(parts[:count]))
            if folder is None or folder.kind is not Kind.FOLDER:
                return None
        found = self.disk.stat(path)
        if found is None or found.kind is not Kind.FILE:
            return None
        try:
            file = self.disk.open(path)
        except NotHeldError:
            return None
        try:
            known = self.digests.of(path, file, has_root=bool(root))
        except BaseException:
            file.close()
            raise
        if root and known.pieces_root != root:
            file.close()
            return None
        return Resource(file, Shown(known.size_bytes, known.sha256, self._fields(parts[-1])))

    def _fields(self, name: str) -> Mapping[str, str]:
        kind = content_type(name)
        fields = {"Content-Type": kind, **headers(None, self.policy_url)}
        if kind.startswith("text/html"):
            fields["Content-Security-Policy"] = _PAGE_POLICY
            fields["Referrer-Policy"] = "no-referrer"
        return fields
