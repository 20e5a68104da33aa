"""Whoever follows a publication: learns what is new, and believes only what is proven.

The library of TUF proves roles, versions, expiry and digests; what is added here is what it does
not know: that indexes follow from each other (`publish.index.chain`), that an archive stays the one
it was, that a clock which was set back proves nothing fresh, and that little is downloaded.

Order: an index is durable before it is noted as seen. Laws: what was seen once is the least that is
believed later; to learn that nothing changed takes a few kilobytes, whatever a server sends;
nothing that is not proven is handed out.

Source: TUF specification 1.0.33, section 5 (client workflow), by `tuf.ngclient`. Not here: where
from (`source`), what to do with what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from tuf.api import exceptions
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from phonotheque.disk import LocalDisk, read_if_held, write_whole
from phonotheque.errors import (
    BadSignatureError,
    BrokenChainError,
    ExpiredError,
    MalformedError,
    NotHeldError,
    PhonothequeError,
    RolledBackError,
    TooLongError,
    TrustError,
    UnavailableError,
)
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.index.chain import Seen, check_follows, parse_history
from phonotheque.publish.index.form import MAX_BYTES, read_index
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.trust.names import signed_path, signed_paths
from phonotheque.publish.trust.source import Source

LIMITS = UpdaterConfig(
    root_max_length=1 << 16,
    timestamp_max_length=1 << 14,
    snapshot_max_length=1 << 14,
    targets_max_length=1 << 16,
    max_delegations=0,
    app_user_agent="Phonotheque",
)
"""Ten times what ours take: together they keep a look at what is new below 200 KB. An archive
delegates to nobody."""

_MOST_METADATA_BYTES = LIMITS.targets_max_length
_MOST_FILE_BYTES = 64 << 20
_SCHEME = "published:///"
_SERVED = f"{_SCHEME}metadata"
_ROLES = ("root", "timestamp", "snapshot", "targets")
_ANCHOR, _NOTE, _INDEX, _CACHE = "anchor.root.json", "seen.json", "index.jsonl.zst", "tuf"
_KEEP = "Keep what you have; ask the archive, or try another mirror."


@dataclass(frozen=True, slots=True)
class Followed:
    """What somebody who follows knows now.

    Attributes:
        header: Of the newest index.
        lines: Its lines.
        sha256: Of its file.
        is_new: Whether it was not known before.
        downloaded_bytes: What it took to learn that.
    """

    header: Header
    lines: tuple[TorrentLine, ...]
    sha256: str
    is_new: bool
    downloaded_bytes: int


class Mirrored(NamedTuple):
    """One file of what a mirror serves.

    Attributes:
        path: Below `published/`.
        data: Its bytes.
        name: What else a signed file is called below `published/`; "" for metadata.
    """

    path: str
    data: bytes
    name: str = ""


class _Note(msgspec.Struct, frozen=True):
    """What was seen last, and the latest instant that was ever known."""

    archive: str
    seq: int
    sha256: str
    latest: datetime


class Follower:
    """Somebody who follows one publication, with what was seen of it in a folder.

    Args:
        source: Where the publication is.
        place: A folder of one's own; made when it is absent.
        fingerprint: SHA-256 of the archive's first root, as `phono keys show` tells it; "": what
            comes first is trusted, and from then on nothing else.
    """

    def __init__(self, source: Source, place: Path, *, fingerprint: str = "") -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / _CACHE).mkdir(exist_ok=True)
        self._disk = LocalDisk(place)
        self._cache = place / _CACHE
        self._fetcher = _Fetcher(source)
        self._fingerprint = fingerprint

    def follow(self, now: datetime) -> Followed:
        """Learn what is new.

        Raises:
            BadSignatureError: Something is not signed by who may sign it, or not these bytes.
            ExpiredError: What is newest is too old to be believed.
            RolledBackError: It is older than what was seen.
            BrokenChainError: It has another past than what was seen.
            TooLongError: More bytes came than there may be, or more are signed.
            MalformedError: What was signed is no index, a file is called what no file can be
                called, or what was seen cannot be read.
            UnavailableError: It cannot be had now.
        """
        before = self._fetcher.count
        seen = self._note()
        latest = max(now, seen.latest) if seen else now
        with _refusals():
            updater = self._updater()
            updater.refresh()
            self._refuse_stale(latest)
            header, lines, sha256 = self._index(updater, seen)
        if _instant(header.expires) <= latest:
            raise ExpiredError("the index", f"it was good until {header.expires}", _KEEP)
        is_new = seen is None or seen.sha256 != sha256
        self._remember(_Note(header.archive, header.seq, sha256, latest))
        return Followed(header, tuple(lines), sha256, is_new, self._fetcher.count - before)

    def file(self, name: str) -> bytes:
        """Return another signed file of what was followed last, such as "tombstones.jsonl".

        Raises:
            NotHeldError: No such file is signed.
            BadSignatureError: Other bytes came than were signed.
        """
        with _refusals():
            updater = self._updater()
            updater.refresh()
            return self._file(updater, name)

    def mirrored(self, held: Callable[[str], bytes | None]) -> Iterator[Mirrored]:
        """Yield all that is signed of what was followed last, byte for byte as it was served.

        In the order in which a mirror may publish it: files, roots, targets, snapshot, and at last
        the timestamp, which points to them. So others can follow the mirror instead.

        Args:
            held: Gives the bytes that are known already of a path, so that it is not fetched
                again; they are proven all the same.

        Raises:
            BadSignatureError: Other bytes came than were signed.
            UnavailableError: Something cannot be had now.
        """
        with _refusals():
            files = self._signed()
            for name, below in signed_paths(files).items():
                at = f"metadata/{below}"
                yield Mirrored(at, self._proven(at, name, files[name], held), name)
            roots = sorted(
                (int(path.name.partition(".")[0]), path)
                for path in (self._cache / "root_history").glob("*.root.json")
            )
            for version, path in roots:
                yield Mirrored(f"metadata/{version}.root.json", path.read_bytes())
            for role in ("targets", "snapshot"):
                data = (self._cache / f"{role}.json").read_bytes()
                version = Metadata.from_bytes(data).signed.version
                yield Mirrored(f"metadata/{version}.{role}.json", data)
            data = (self._cache / "timestamp.json").read_bytes()
            yield Mirrored("metadata/timestamp.json", data)

    def _proven(
        self, path: str, name: str, info: TargetFile, held: Callable[[str], bytes | None]
    ) -> bytes:
        data = held(path)
        if data is None or hashlib.sha256(data).hexdigest() != info.hashes["sha256"]:
            data = self._download(name, info)
        return data

    def _signed(self) -> dict[str, TargetFile]:
        """The files that are signed, by name."""
        return Metadata[Targets].from_file(str(self._cache / "targets.json")).signed.targets

    def _updater(self) -> Updater:
        """A new one each time: it looks at what is new only once."""
        return Updater(
            str(self._cache),
            f"{_SERVED}/",
            None,
            None,
            self._fetcher,
            LIMITS,
            bootstrap=self._anchor(),
        )

    def _anchor(self) -> bytes:
        """The first root: the one that was trusted once, or what comes now."""
        data = read_if_held(self._disk, _ANCHOR)
        if data is None:
            url = f"{_SERVED}/1.root.json"
            data = self._fetcher.download_bytes(url, LIMITS.root_max_length)
            found = hashlib.sha256(data).hexdigest()
            if self._fingerprint and found != self._fingerprint:
                raise BadSignatureError(
                    "1.root.json", f"its SHA-256 is {found}, not the one given", _KEEP
                )
            write_whole(self._disk, _ANCHOR, data)
        return data

    def _refuse_stale(self, latest: datetime) -> None:
        """Refuse what ran out before the latest instant that was ever known here.

        The library asks the clock alone; one that was set back would let old things pass.
        """
        for role in _ROLES:
            signed = Metadata.from_file(str(self._cache / f"{role}.json")).signed
            if signed.is_expired(latest):
                until = signed.expires.isoformat()
                raise ExpiredError(role, f"it was good until {until}", _KEEP)

    def _index(self, updater: Updater, seen: _Note | None) -> tuple[Header, list[TorrentLine], str]:
        name, sha256 = self._named_index()
        data = self._known(sha256) or self._file(updater, name, MAX_BYTES)
        header, lines = read_index(data, name)
        if seen is not None and header.archive != seen.archive:
            raise BrokenChainError(name, "it is of another archive than what was seen", _KEEP)
        if seen is None or seen.sha256 != sha256:
            history = parse_history(self._file(updater, "index-history.sha256"))
            known = Seen(seen.seq, seen.sha256) if seen else None
            check_follows(known, header, sha256, history)
            write_whole(self._disk, _INDEX, data)
        return header, lines, sha256

    def _named_index(self) -> tuple[str, str]:
        """Name and SHA-256 of the index that is signed."""
        files = self._signed()
        for name in signed_paths(files):  # which refuses all of them when one cannot be meant
            if name.startswith("index-") and name.endswith(".jsonl.zst"):
                return name, files[name].hashes["sha256"]
        raise BadSignatureError("targets", "no index is signed", _KEEP)

    def _known(self, sha256: str) -> bytes | None:
        data = read_if_held(self._disk, _INDEX)
        return data if data and hashlib.sha256(data).hexdigest() == sha256 else None

    def _file(self, updater: Updater, name: str, most: int = _MOST_FILE_BYTES) -> bytes:
        info = updater.get_targetinfo(name)
        if info is None:
            raise NotHeldError(name, "no such file is signed", "See what the publication has.")
        return self._download(name, info, most)

    def _download(self, name: str, info: TargetFile, most: int = _MOST_FILE_BYTES) -> bytes:
        if info.length > most:
            raise TooLongError(name, f"{info.length} bytes are signed, {most} may be", _KEEP)
        url = f"{_SERVED}/{signed_path(name, info.hashes.get('sha256', ''))}"
        data = self._fetcher.download_bytes(url, info.length)
        info.verify_length_and_hashes(data)
        return data

    def _note(self) -> _Note | None:
        data = read_if_held(self._disk, _NOTE)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=_Note)
        except UNDECODABLE as error:
            todo = "Bring it back from a backup; without it, remove the folder and follow anew."
            wrong = f"what was seen before cannot be read ({error!s:.100})"
            raise MalformedError(_NOTE, wrong, todo) from error

    def _remember(self, note: _Note) -> None:
        if note != self._note():
            write_whole(self._disk, _NOTE, msgspec.json.encode(note))


class _Fetcher(FetcherInterface):
    """Hands the library what a source has, and counts it.

    The limits are the library's; but of metadata it takes as much as is signed, where a length is.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.count = 0

    def download_bytes(self, url: str, max_length: int) -> bytes:
        if not url.startswith(f"{_SERVED}/targets/"):
            max_length = min(max_length, _MOST_METADATA_BYTES)
        return super().download_bytes(url, max_length)

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            blocks = self._source.read(url.removeprefix(_SCHEME))
        except NotHeldError as error:
            raise exceptions.DownloadHTTPError(str(error), 404) from error
        return self._counted(blocks)

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.count += len(block)
            yield block


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in our words why the library believes something not."""
    try:
        yield
    except PhonothequeError:
        raise
    except exceptions.DownloadLengthMismatchError as error:
        raise TooLongError("the publication", f"{error}".lower(), _KEEP) from error
    except exceptions.DownloadError as error:
        if isinstance(error.__cause__, UnavailableError):
            raise error.__cause__ from error
        raise UnavailableError("the publication", _said(error), "Try again later.") from error
    except exceptions.ExpiredMetadataError as error:
        raise ExpiredError("the publication", _said(error), _KEEP) from error
    except exceptions.BadVersionNumberError as error:
        raise RolledBackError("the publication", _said(error), _KEEP) from error
    except (exceptions.UnsignedMetadataError, exceptions.LengthOrHashMismatchError) as error:
        raise BadSignatureError("the publication", _said(error), _KEEP) from error
    except exceptions.RepositoryError as error:
        raise TrustError("the publication", _said(error), _KEEP) from error


def _instant(text: str) -> datetime:
    """Read until when an index says that it is good."""
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at
    raise MalformedError("the index", f"it is good until {text[:40]!r}, which is no instant", _KEEP)


def _said(error: Exception) -> str:
    """What the library said, as part of a sentence."""
    text = (str(error) or type(error).__name__).rstrip(".")
    return text[:1].lower() + text[1:300]


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)
