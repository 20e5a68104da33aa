"""What an archive says of itself, read from its register as any stranger could read it.

The register is JSON lines (`docs/reference/register.md`); nothing of the product's code is used, so
that the report is a second opinion. Not here: running the product (`job`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Held:
    """A path that was taken in, as the register has it.

    Attributes:
        sha256: 64 hexadecimal digits.
        is_readable: Whether a reader understood the sound.
        duration_ms: Length of the sound, 0 when the register does not say.
        licences: What a `rights.toml` said of it; tags in the file are claims and not counted.
        format: Codec and container: "vorbis in ogg"; "" for a companion.
        verdict: "whole", "damaged", "unknown", or "" where nobody judged.
        damage: The first thing that is wrong, or "".
    """

    sha256: str
    is_readable: bool
    duration_ms: int
    licences: tuple[str, ...]
    format: str = ""
    verdict: str = ""
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as it was sealed, and the one that stands in its place now; "" when it stands."""

    name: str
    licence_class: str
    objects: int
    size_bytes: int
    successor: str = ""


@dataclass(frozen=True, slots=True)
class RegisterView:
    """What the report needs of a register. `held` is by path; `lines` counts all events by kind."""

    held: dict[str, Held]
    volumes: tuple[Volume, ...]
    lines: Counter[str]


def view_register(archive: Path) -> RegisterView:
    """Read the whole register of an archive."""
    held: dict[str, Held] = {}
    volumes: dict[str, Volume] = {}
    lines: Counter[str] = Counter()
    for event in _events(archive):
        kind = event["event"]
        lines[kind] += 1
        if kind == "accession":
            held[event["path"]] = _held(event)
        elif kind == "volume":
            names = ("name", "licence_class", "objects", "size_bytes")
            volumes[event["name"]] = Volume(*(event[name] for name in names))
        elif kind == "retirement" and event["name"] in volumes:
            successor = event.get("superseded_by") or "nothing"
            volumes[event["name"]] = replace(volumes[event["name"]], successor=successor)
    return RegisterView(held, tuple(volumes.values()), lines)


def _held(event: dict[str, Any]) -> Held:
    technical, integrity = event.get("technical"), event.get("integrity") or {}
    places = integrity.get("damage", ())
    return Held(
        sha256=event["sha256"],
        is_readable=event.get("readability") == "readable",
        duration_ms=(technical or {}).get("duration_ms") or 0,
        licences=tuple(
            statement["licence"]
            for statement in event.get("rights", ())
            if statement.get("basis") == "rules"
        ),
        format=f"{technical['codec']} in {technical['container']}" if technical else "",
        verdict=integrity.get("verdict", ""),
        damage=places[0]["what"] if places else "",
    )


def _events(archive: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((archive / "register").glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def outcomes(output: Path) -> Counter[str]:
    """Count the outcomes in the JSON lines that `phono add --json` wrote."""
    counted: Counter[str] = Counter()
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if "outcome" in record:
                counted[str(record["outcome"])] += 1
    return counted
