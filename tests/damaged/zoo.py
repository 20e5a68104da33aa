"""The damaged zoo: one small broken archive for every finding and refusal.

Each function breaks a copy of the golden archive in one way. `python -m tests.damaged.zoo DIR`
writes all of them, to be looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path

from tests.cli.phono import Phono, copy_archive, damage, flip

GOLDEN = Path(__file__).parents[1] / "golden" / "archive"
OPEN = "golden-records-open-all-00001"
SEALED = "5fcb1507d4f98b8c2f86dab6101a77661010c13614e41cb03ae4ffc78e05fc12"
"""A FLAC file in the volume OPEN."""
SEALED_PATH = f"objects/5f/cb/{SEALED}.flac"
SEGMENT = "register/000001.jsonl"


def whole(to: Path) -> Phono:
    """A copy of the golden archive with its state/ made again."""
    phono = copy_archive(GOLDEN, to)
    phono("rebuild", "--jobs", "1").expect(0)
    return phono


def _lines(root: Path) -> list[bytes]:
    return (root / SEGMENT).read_bytes().splitlines(keepends=True)


def _write_lines(root: Path, lines: list[bytes]) -> None:
    (root / SEGMENT).write_bytes(b"".join(lines))


def flipped_object(root: Path) -> None:
    """One bit of one object is wrong."""
    damage(root / SEALED_PATH, flip(500))


def truncated_object(root: Path) -> None:
    """An object lost its end."""
    damage(root / SEALED_PATH, lambda data: data[:400])


def emptied_object(root: Path) -> None:
    """An object lost all of its bytes."""
    damage(root / SEALED_PATH, lambda data: b"")


def lengthened_object(root: Path) -> None:
    """An object gained a byte."""
    damage(root / SEALED_PATH, lambda data: data + b"\0")


def missing_object(root: Path) -> None:
    """An object is gone."""
    (root / SEALED_PATH).unlink()


def linked_object(root: Path) -> None:
    """A symbolic link stands in an object's place."""
    (root / SEALED_PATH).rename(root / "elsewhere")
    (root / SEALED_PATH).symlink_to(root / "elsewhere")


def foreign_file(root: Path) -> None:
    """A file manager left something in objects/."""
    (root / "objects" / "5f" / ".DS_Store").write_bytes(b"Bud1")


def foreign_bytes(root: Path) -> None:
    """A file whose name is not UTF-8 lies in objects/."""
    with open(os.fsencode(root / "objects") + b"/\xff.tmp", "wb") as file:
        file.write(b"x")


def unreferenced_object(root: Path) -> None:
    """An object that no line names: a crash left it before its record was written."""
    body = b"nobody wrote of me"
    name = hashlib.sha256(body).hexdigest()
    path = root / "objects" / name[:2] / name[2:4] / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def misplaced_object(root: Path) -> None:
    """An object lies in the folder of another."""
    path = root / SEALED_PATH
    (root / "objects" / "00" / "00").mkdir(parents=True)
    shutil.copy(path, root / "objects" / "00" / "00" / path.name)


def flipped_register_middle(root: Path) -> None:
    """One bit of line 5 is wrong and it still reads as an event; the index is lost as well."""
    lines = _lines(root)
    lines[4] = lines[4].replace(b"album/3.wav", b"album/2.wav")
    _write_lines(root, lines)
    shutil.rmtree(root / "state")


def flipped_register_end(root: Path) -> None:
    """One bit of the last line is wrong: no later line tells, but the index remembers it."""
    lines = _lines(root)
    lines[-1] = flip(-5)(lines[-1])
    _write_lines(root, lines)


def cut_register(root: Path) -> None:
    """The last two lines, which were acknowledged, are gone."""
    _write_lines(root, _lines(root)[:-2])


def swapped_lines(root: Path) -> None:
    """Two lines changed places; the index is lost as well."""
    lines = _lines(root)
    lines[6], lines[7] = lines[7], lines[6]
    _write_lines(root, lines)
    shutil.rmtree(root / "state")


def missing_segment(root: Path) -> None:
    """The first segment is gone while a second is there."""
    (root / SEGMENT).rename(root / "register" / "000002.jsonl")


def no_register(root: Path) -> None:
    """The register is gone, and the index with it."""
    (root / SEGMENT).unlink()
    shutil.rmtree(root / "state")


def torn_tail(root: Path) -> None:
    """A crash left half a line."""
    with open(root / SEGMENT, "ab") as file:
        file.write(b'{"seq":20,"prev":"ab')


def zeroed_tail(root: Path) -> None:
    """A crash left blocks of zeros."""
    with open(root / SEGMENT, "ab") as file:
        file.write(bytes(300))


def newer_settings(root: Path) -> None:
    """A later version wrote the settings."""
    text = (root / "phonotheque.toml").read_text(encoding="utf-8")
    (root / "phonotheque.toml").write_text(
        text.replace("format = 1", "format = 2"), encoding="utf-8"
    )


def newer_register(root: Path) -> None:
    """A later version wrote the register, with an event that nobody knows yet; no index."""
    first = json.loads(_lines(root)[0])
    line = (json.dumps({**first, "format": 2}, separators=(",", ":")) + "\n").encode()
    event = {"seq": 2, "prev": hashlib.sha256(line).hexdigest(), "at": first["at"], "event": "new"}
    _write_lines(root, [line, (json.dumps(event) + "\n").encode()])
    shutil.rmtree(root / "state")


def no_settings(root: Path) -> None:
    """The settings file is gone: this is no archive any more."""
    (root / "phonotheque.toml").unlink()


def broken_settings(root: Path) -> None:
    """The settings are no TOML."""
    (root / "phonotheque.toml").write_text("name = [\n", encoding="utf-8")


def lost_state(root: Path) -> None:
    """state/ is gone."""
    shutil.rmtree(root / "state")


def other_index(root: Path) -> None:
    """Another version made the index."""
    db = sqlite3.connect(root / "state" / "index.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()


def spoiled_index(root: Path) -> None:
    """The index is no database."""
    (root / "state" / "index.sqlite").write_bytes(b"\x17" * 5000)


def lost_manifest(root: Path) -> None:
    """The manifest of a sealed volume is gone."""
    (root / "objects" / "lists" / OPEN / "manifest.tsv").unlink()


def changed_manifest(root: Path) -> None:
    """The manifest of a sealed volume is not the one that was sealed."""
    damage(root / "objects" / "lists" / OPEN / "manifest.tsv", flip(-2))


def lost_lists(root: Path) -> None:
    """Manifest and torrent of a sealed volume are gone, and state/ with them."""
    lost_manifest(root)
    lost_torrent(root)
    lost_state(root)


def lost_torrent(root: Path) -> None:
    """A published torrent is gone."""
    (root / "published" / f"{OPEN}.torrent").unlink()


def changed_torrent(root: Path) -> None:
    """A published torrent is not the one that was sealed."""
    damage(root / "published" / f"{OPEN}.torrent", flip(-3))


def lost_link(root: Path) -> None:
    """The symbolic link of a volume is gone."""
    (root / "volumes" / OPEN).unlink()


def spoiled_people(root: Path) -> None:
    """The database of people is none."""
    (root / "people.sqlite").write_bytes(b"\x17" * 5000)


def main(arguments: list[str]) -> int:
    """Write every broken archive into a new folder."""
    (to,) = arguments
    Path(to).mkdir(parents=True)
    for name, breaks in sorted(globals().items()):
        if callable(breaks) and getattr(breaks, "__annotations__", {}) == {
            "root": "Path",
            "return": "None",
        }:
            breaks(whole(Path(to) / name).root)
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
