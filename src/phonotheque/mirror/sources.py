"""Where an archive is followed from, and by what it is known: `source.toml` of a copy.

Laws: an archive is the one it was: its UUID is pinned with the first index; more bytes than may be
are never read from anybody. Not here: proving what came (`following`).
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from phonotheque.config import format_toml
from phonotheque.disk import Disk, read_if_held, write_whole
from phonotheque.errors import BadSettingError, TooLongError
from phonotheque.publish.trust.source import Source, published_folder

PATH = "source.toml"


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an archive is followed from.

    Attributes:
        addresses: URLs or folders, asked in this order; the first is where it began.
        archive: UUID of the archive; "" until its first index was proven.
        fingerprint: SHA-256 of its first root, as its people told it elsewhere; "" when what came
            first was trusted.
        minisign: Second line of its `minisign.pub`, when it was given: by it the index may be
            proven where the archive signs nothing fresh any more; "" when it was not.
    """

    addresses: tuple[str, ...]
    archive: str = ""
    fingerprint: str = ""
    minisign: str = ""

    def also(self, address: str) -> Origin:
        """Return an origin that is followed from one more address."""
        addresses = tuple(dict.fromkeys((*self.addresses, address)))
        return msgspec.structs.replace(self, addresses=addresses)


def load_origin(disk: Disk) -> Origin | None:
    """Read where a copy is followed from; None before it ever was.

    Raises:
        BadSettingError: The file cannot be read.
    """
    data = read_if_held(disk, PATH)
    if data is None:
        return None
    try:
        return msgspec.convert(tomllib.loads(data.decode()), Origin)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettingError(PATH, f"it cannot be read ({error})", "Correct the file.") from error


def store_origin(disk: Disk, origin: Origin) -> None:
    """Write where a copy is followed from; durable on return."""
    lines = [
        "# Where this archive is followed from; addresses are asked in order.",
        *(f"{name} = {format_toml(value)}" for name, value in msgspec.to_builtins(origin).items()),
    ]
    write_whole(disk, PATH, ("\n".join(lines) + "\n").encode())


def is_web(address: str) -> bool:
    """Whether an address is asked over the network."""
    return address.startswith(("http://", "https://"))


def archive_folder(address: str) -> Path | None:
    """Return the folder laid out as an archive is behind an address, so that its objects can be
    copied; None for a web server, and where only `published/` was brought along.

    Raises:
        NotHeldError: Nothing is published in that folder (a disk that is not plugged in).
    """
    if is_web(address):
        return None
    folder = published_folder(Path(address)).parent
    return folder if (folder / "objects").is_dir() else None


def read_most(source: Source, path: str, most_bytes: int) -> bytes:
    """Return the bytes of a file that a source has.

    Raises:
        TooLongError: It is longer than `most_bytes`; no more than that was read.
        NotHeldError: There is no such file.
        UnavailableError: It cannot be had now.
    """
    blocks, count = [], 0
    for block in source.read(path):
        count += len(block)
        if count > most_bytes:
            raise TooLongError(path, f"more than {most_bytes} bytes came", "Try another mirror.")
        blocks.append(block)
    return b"".join(blocks)
