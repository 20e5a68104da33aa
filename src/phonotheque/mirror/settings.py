"""`mirror.toml`: the settings of a mirror, for people to read and to change.

Laws: what is written can be read back to the same value; an unknown setting is refused, so that a
typing mistake is not silently a default. Not here: what they mean (`values`).
"""

from __future__ import annotations

import secrets
import tomllib
from typing import Any, TypeVar

import msgspec

from phonotheque.config import format_toml
from phonotheque.errors import BadSettingError, FormatTooNewError
from phonotheque.mirror.values import Filter, MirrorSettings, Scrub, Swarm
from phonotheque.publish.index.lines import TIERS

FILE_NAME = "mirror.toml"
FORMAT = 1

S = TypeVar("S", MirrorSettings, Filter)


def new_settings(space_bytes: int) -> MirrorSettings:
    """Settings of a new mirror: with an id of its own, and all else as it is by default."""
    return MirrorSettings(FORMAT, secrets.token_hex(16), space_bytes)


def parse_settings(data: bytes) -> MirrorSettings:
    """Read the text of `mirror.toml`.

    Raises:
        BadSettingError: It is not TOML, or a setting is unknown or has an unusable value.
        FormatTooNewError: A later Phonotheque made the mirror.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettingError(FILE_NAME, f"it is not TOML: {error}", "Correct the file.") from error
    made = table.get("format")
    if isinstance(made, int) and made > FORMAT:
        raise FormatTooNewError(
            FILE_NAME,
            f"the mirror has format {made}, this program knows up to {FORMAT}",
            "Install a newer Phonotheque.",
        )
    return _converted(table, MirrorSettings, FILE_NAME)


def parse_filter(table: dict[str, Any]) -> Filter:
    """Read what a mirror wants of an archive from words of a command.

    Raises:
        BadSettingError: A word cannot be meant.
    """
    unknown = [tier for tier in table.get("tiers", []) if tier not in TIERS]
    if unknown:
        tiers = ", ".join(f"t{tier}" if tier.isdecimal() else tier for tier in TIERS)
        raise BadSettingError(unknown[0], "there is no such tier", f"There are {tiers}.")
    return _converted(table, Filter, "what is wanted")


def changed(settings: MirrorSettings, changes: dict[str, Any]) -> MirrorSettings:
    """Return settings with some of them changed.

    Raises:
        BadSettingError: A value cannot be meant.
    """
    table = msgspec.to_builtins(settings)
    return _converted({**table, **changes}, MirrorSettings, "the mirror's settings")


def _converted(table: dict[str, Any], kind: type[S], thing: str) -> S:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        said = str(error)
        raise BadSettingError(
            thing, said[:1].lower() + said[1:], "See docs/reference/mirror-folder.md."
        ) from error


def format_settings(settings: MirrorSettings) -> bytes:
    """Write the text of `mirror.toml`."""
    lines = [
        "# Settings of this mirror; docs/reference/mirror-folder.md explains each.",
        f"format = {settings.format}",
        f"id = {format_toml(settings.id)}  # made once; never change it",
        f"operator = {format_toml(settings.operator)}  # who keeps it; copies count by operators",
        f"country = {format_toml(settings.country)}  # two letters: where it stands",
        f"medium = {format_toml(settings.medium.value)}  # online, offline-disk or tape",
        f"space_bytes = {settings.space_bytes}",
        f"target_copies = {settings.target_copies}",
    ]
    for name in ("swarm", "scrub"):
        lines += ["", f"[{name}]", *_fields(getattr(settings, name))]
    for name, wanted in sorted(settings.archives.items()):
        lines += ["", f"[archives.{format_toml(name)}]", *_fields(wanted)]
    return ("\n".join(lines) + "\n").encode()


def _fields(struct: Swarm | Scrub | Filter) -> list[str]:
    return [f"{name} = {format_toml(value)}" for name, value in msgspec.to_builtins(struct).items()]
