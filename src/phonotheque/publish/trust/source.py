"""Where a publication is read from: a folder, or a web server.

Laws: never more bytes than were asked for; a stranger's server costs bounded memory and time; what
is not there is told apart from what is away for now.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO, Protocol
from urllib.parse import quote

import urllib3

from phonotheque.disk import Disk
from phonotheque.errors import NotHeldError, UnavailableError

_BLOCK_BYTES = 1 << 16
_TIMEOUT = urllib3.Timeout(connect=20, read=60)
"""Seconds; a mirror behind a modem answers within these."""


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
            raise _away(address, str(error)) from error
        if answer.status in (403, 404, 410):
            answer.close()
            raise NotHeldError(address, "there is no such file", "Check the address.")
        if answer.status != 200:
            answer.close()
            raise _away(address, f"the server answers {answer.status}")
        return _streamed(answer, address)


def _streamed(answer: urllib3.BaseHTTPResponse, address: str) -> Iterator[bytes]:
    with closing(answer):
        try:
            yield from answer.stream(_BLOCK_BYTES, decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise _away(address, str(error)) from error


def _away(address: str, wrong: str) -> UnavailableError:
    return UnavailableError(address, wrong, "Try again later, or another mirror.")
