"""Picking the music out of unpacked packages into one tree, as a label would hand it over.

Laws: one folder per package, holding its sound, the covers beside it, its copyright file and a
`rights.toml`, nothing else; sound is linked, not copied, and never written to.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from phonotheque.errors import MalformedError
from scripts.real.dep5 import parse_copyright
from scripts.real.fetch import Fetched
from scripts.real.licences import Reading, Verdict, judge
from scripts.real.packages import Package
from scripts.real.rules import format_rules

SOUND = frozenset(
    [".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wv"]
)
_COVERS = frozenset(["albumcover", "cover", "folder", "front", "label"])
_PICTURES = frozenset([".jpeg", ".jpg", ".png"])


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the tree. `path` is relative to the tree and begins with the package's name."""

    package: str
    path: str
    size_bytes: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked from one package: its sound, and the covers beside it."""

    package: Package
    version: str
    sound: tuple[Item, ...]
    covers: tuple[Item, ...]


def build_tree(packages: Sequence[tuple[Package, Fetched]], tree: Path) -> tuple[Picked, ...]:
    """Make the tree anew; it takes the place of the one that stood there.

    Raises:
        MalformedError: A package keeps sound elsewhere than the list says.
    """
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    picked = tuple(_pick(package, fetched, partial) for package, fetched in packages)
    shutil.rmtree(tree, ignore_errors=True)
    partial.rename(tree)
    return picked


def read_package(package: Package, fetched: Fetched) -> Reading:
    """Read what an unpacked package says about its rights.

    Raises:
        MalformedError: Its copyright file claims a format that it does not keep.
    """

    def text_of(path: str) -> str:
        file = fetched.folder / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    stated = parse_copyright(text_of(package.copyright_path), package.copyright_path)
    return Reading(package, fetched.version, stated, text_of)


def _pick(package: Package, fetched: Fetched, tree: Path) -> Picked:
    reading = read_package(package, fetched)
    into = tree / package.name
    sound: list[Item] = []
    covers: list[Item] = []
    verdicts: dict[str, Verdict] = {}
    for path in _files(package, fetched.folder):
        is_sound = path.suffix.lower() in SOUND
        verdict = judge(reading, str(path))
        size_bytes = _link(fetched.folder / package.root / path, into / path)
        item = Item(package.name, f"{package.name}/{path}", size_bytes, verdict)
        (sound if is_sound else covers).append(item)
        verdicts[str(path)] = verdict
    _link(fetched.folder / package.copyright_path, into / "copyright")
    head = f"From {package.copyright_path} of the Debian package {package.name} {fetched.version}."
    (into / "rights.toml").write_text(format_rules(verdicts, head), encoding="utf-8")
    return Picked(package, fetched.version, tuple(sound), tuple(covers))


def _files(package: Package, folder: Path) -> list[PurePosixPath]:
    """The sound of a package and the covers beside it, below its root, in order."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SOUND and path.is_file() and not path.is_symlink()
    ]
    root = folder / package.root
    if not found or not all(path.is_relative_to(root) for path in found):
        raise MalformedError(
            package.name,
            f"its sound does not lie where the list says ({package.root})",
            "Look into the package and correct `root` and `source` in packages.toml.",
        )
    covers = {
        path
        for beside in {path.parent for path in found}
        for path in beside.iterdir()
        if path.suffix.lower() in _PICTURES and path.stem.lower() in _COVERS
    }
    return sorted(PurePosixPath(path.relative_to(root)) for path in (*found, *covers))


def _link(source: Path, target: Path) -> int:
    """Put a file into the tree without copying it, where the file system can; return its length."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
    return target.stat().st_size
