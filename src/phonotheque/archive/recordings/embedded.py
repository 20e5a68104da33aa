"""Pictures taken out of recordings for those who must not fork: a process of its own does it.

Making packs has threads, and a process with threads must not fork; so a fresh one is started when
the first picture is asked for, and it forks a limited child for each. Not through
`phonotheque.hands`: what `multiprocessing` starts afresh leaves a process behind that tracks it.

Laws: the process ends with whoever started it; one that died costs the picture it was asked for,
and the next is asked of another; what it says is believed only when it hashes to the name.

The talk: a line `<object> <extension> <picture>` goes in, the length of the picture in 8 bytes
(0 for none) and the picture come out.
"""

from __future__ import annotations

import hashlib
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.answering import start_answering
from phonotheque.audio import picture_in_child, warm_up
from phonotheque.audio.embedded import MAX_PICTURE_BYTES
from phonotheque.disk import LocalDisk
from phonotheque.errors import PhonothequeError
from phonotheque.music.digest import Sha256
from phonotheque.store.objects import DiskStore, ObjectName, Store

_LENGTH = struct.Struct(">Q")


def take_picture(store: Store, name: ObjectName, picture: Sha256) -> bytes | None:
    """Take a picture out of the tags of an object, in a child of this process.

    Returns:
        Its bytes, which hash to its name; None when it cannot be had.

    Raises:
        NotHeldError: There is no file of the object's name.
        UnavailableError: The disk failed, or no process could be started.
    """
    with store.open(name) as file:
        return picture_in_child(file, picture.hex)


class PictureTaker:
    """Takes pictures out of the tags of an archive's recordings. Use it in a `with` statement.

    Args:
        root: The archive's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PictureTaker:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, name: ObjectName, picture: Sha256) -> bytes | None:
        """Take one; None when it cannot be had, whatever the reason."""
        try:
            data = self._ask(f"{name.sha256.hex} {name.extension} {picture.hex}\n".encode())
        except (OSError, struct.error, EOFError):  # it could not be started, or it died
            self._stop()
            return None
        return data if hashlib.sha256(data).digest() == picture.raw else None

    def _ask(self, line: bytes) -> bytes:
        if self._process is None:
            self._process = start_answering(__name__, self._root)
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        asked.write(line)
        asked.flush()
        (size_bytes,) = _LENGTH.unpack(told.read(_LENGTH.size))
        if size_bytes > MAX_PICTURE_BYTES:
            raise EOFError
        data = told.read(size_bytes)
        if len(data) < size_bytes:
            raise EOFError
        return data

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def serve(store: Store, asked: Iterable[bytes], told: BinaryIO) -> None:
    """Answer until nobody asks any more.

    Args:
        asked: Lines.
        told: Where lengths and pictures go.
    """
    for line in asked:
        sha256, extension, picture = line.decode("ascii").rstrip("\n").split(" ")
        name = ObjectName(Sha256.parse(sha256), extension)
        try:
            data = take_picture(store, name, Sha256.parse(picture)) or b""
        except PhonothequeError:
            data = b""
        told.write(_LENGTH.pack(len(data)) + data)
        told.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it answers Ctrl-C
    warm_up()
    serve(DiskStore(LocalDisk(Path(sys.argv[1]))), sys.stdin.buffer, sys.stdout.buffer)
