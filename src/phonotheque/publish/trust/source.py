"""Where a publication is read from: a folder, or a web server.

Laws: never more bytes than were asked for; a stranger's server costs bounded memory and time; what
is not there is told apart from what is away for now.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Protocol
from urllib.parse import quote, urlsplit

import urllib3

from phonotheque.disk import Disk, LocalDisk
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.publish.unreachable import why_unreachable

_BLOCK_BYTES = 1 << 16
_TIMEOUT = urllib3.Timeout(connect=20, read=60)
"""Seconds; a mirror behind a modem answers within these."""

_PATIENCE_S, _LEAST_BYTES_PER_S = 60, 500
"""A minute to get going; whoever sends less than a modem of 1990 then is as good as away."""


class Source(Protocol):
    """A place below which a publication lies, laid out as `published/`.

    Readers may be many at a time. Nothing has to be closed but the iterator.
    """

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file in blocks, for as long as they are asked for.

        Raises:
            NotHeldError: There is no such file.
            UnavailableError: It cannot be had now.
        """


class FolderSource:
    """A publication on a disk: a copy, a stick, or an archive's own `published/`.

    Args:
        disk: Where it is.
        folder: The folder on it; "" when it is the disk's root.
    """

    def __init__(self, disk: Disk, folder: str = "") -> None:
        self._disk = disk
        self._below = f"{folder}/" if folder else ""

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        return _blocks(self._disk.open(self._below + path))


def _blocks(file: BinaryIO | io.BufferedIOBase) -> Iterator[bytes]:
    with closing(file):
        while block := file.read(_BLOCK_BYTES):
            yield block


class WebSource:
    """A publication behind a web server, `http:` or `https:`."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/") + "/"
        self._pool = urllib3.PoolManager(
            headers={"User-Agent": "Phonotheque", "Accept-Encoding": "identity"},
            timeout=_TIMEOUT,
            retries=urllib3.Retry(2, redirect=3),
        )

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        address = self._address + quote(path)
        try:
            answer = self._pool.request("GET", address, preload_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise _away(address, _why(address, error)) from error
        if answer.status in (403, 404, 410):
            answer.close()
            raise NotHeldError(address, "there is no such file", "Check the address.")
        if answer.status != 200:
            answer.close()
            raise _away(address, f"the server answers {answer.status}")
        return _streamed(answer, address)


def _streamed(answer: urllib3.BaseHTTPResponse, address: str) -> Iterator[bytes]:
    """Yield what comes as it comes, so that a server that drips is noticed in time."""
    started, count = monotonic(), 0
    with closing(answer):
        try:
            while block := answer.read1(_BLOCK_BYTES, decode_content=False):
                yield block
                count += len(block)
                spent_s = monotonic() - started
                if spent_s > _PATIENCE_S and count < spent_s * _LEAST_BYTES_PER_S:
                    raise _away(address, f"only {count} bytes came in {spent_s:.0f} s")
        except urllib3.exceptions.HTTPError as error:
            raise _away(address, _why(address, error)) from error


def source_named(address: str) -> Source:
    """Return the publication at an address.

    Args:
        address: A URL; or a folder laid out as `published/`, or one that has such a folder, as an
            archive has, and a mirror's copy of one.

    Raises:
        NotHeldError: Nothing signed is published in that folder.
    """
    if address.startswith(("http://", "https://")):
        return WebSource(address)
    return FolderSource(LocalDisk(published_folder(Path(address))))


def published_folder(folder: Path) -> Path:
    """Return the folder laid out as `published/` that is meant by a folder.

    Raises:
        NotHeldError: There is none.
    """
    for one in (folder, folder / "published"):
        if (one / "metadata").is_dir() or (one / "index-history.sha256").is_file():
            return one
    raise NotHeldError(
        str(folder),
        "nothing signed is published there",
        "Name a folder laid out as published/, or an archive, or a mirror's archives/NAME.",
    )


def _why(address: str, error: urllib3.exceptions.HTTPError) -> str:
    return f"{urlsplit(address).netloc} cannot be asked: {why_unreachable(error)}"


def _away(address: str, wrong: str) -> UnavailableError:
    return UnavailableError(address, wrong, "Try again later, or another mirror.")
