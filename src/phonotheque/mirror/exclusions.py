"""What a mirror does not hold, whatever it needs: the keeper's own list, `excluded.toml`.

A mirror stands under the law of its country, and its keeper answers for the disk. What is excluded
is never fetched, and goes when it is there; the mirror's report says so, with the reason.

Laws: what is written can be read back to the same value; a list that cannot be read stops
everything, because ignoring it would fetch what must not be here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from phonotheque.config import format_toml
from phonotheque.disk import Disk, read_if_held, write_whole
from phonotheque.errors import BadSettingError

PATH = "excluded.toml"

_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{0,500}\Z")]


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is not held. Exactly one of torrent, sha256 and recording is given.

    Attributes:
        reason: Why, for the report.
        at: Since when, UTC.
        archive: Of which archive, by its name in `archives/`; "" for all.
        torrent: Name of a torrent.
        sha256: Name of an object, 64 hexadecimal digits.
        recording: What the catalogue calls a recording: its gid, a UUID.
    """

    reason: _Line
    at: _Line
    archive: _Line = ""
    torrent: _Line = ""
    sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    recording: _Line = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.torrent, self.sha256, self.recording))) != 1:
            raise ValueError("not exactly one of torrent, sha256 and recording is given")

    def is_of(self, archive: str) -> bool:
        """Whether it holds for an archive."""
        return self.archive in ("", archive)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    excluded: tuple[Exclusion, ...] = ()


def load_exclusions(disk: Disk) -> tuple[Exclusion, ...]:
    """Read what a mirror excludes.

    Raises:
        BadSettingError: The list cannot be read.
    """
    data = read_if_held(disk, PATH)
    try:
        table = tomllib.loads((data or b"").decode())
        return msgspec.convert(table, _File).excluded
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettingError(
            PATH, f"it cannot be read ({error})", "Correct the file; nothing is fetched until then."
        ) from error


def store_exclusions(disk: Disk, exclusions: Sequence[Exclusion]) -> None:
    """Write what a mirror excludes; durable on return."""
    write_whole(disk, PATH, "\n".join(_lines(exclusions)).encode())


def _lines(exclusions: Sequence[Exclusion]) -> Iterator[str]:
    yield "# What this mirror does not hold, and why; its report says so."
    for one in exclusions:
        yield "[[excluded]]"
        for name, value in msgspec.to_builtins(one).items():
            if value or name in ("reason", "at"):
                yield f"{name} = {format_toml(value)}"
    yield ""
