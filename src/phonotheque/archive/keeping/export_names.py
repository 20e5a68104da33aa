"""Names for people: where the copy of each object goes in an exported tree.

Laws: a tree has the same names on every file system in use: each part is one that
`phonotheque.music.file_names` makes. Folders whose names differ only in case or in Unicode form
*are* one folder where a file system takes them for one, so they are one here, too, under the
spelling that most objects have (the first in code point order where several have as many). Two
files, or a file and a folder, whose names differ only so are told apart by the beginning of the
object's own name. The choice depends on the set of objects alone, not on their order.

Not here: copying (`export`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from phonotheque.archive.opening import Archive
from phonotheque.music.facts import Tags
from phonotheque.music.file_names import caseless, safe_part
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held


@dataclass(frozen=True, slots=True)
class Copy:
    """An object and where its copy goes, below the export's folder."""

    held: Held
    path: str


def human_path(held: Held, tags: Tags, path: str) -> str:
    """Artist/Release/01 Title.flac from tags; the path it came with where they say too little."""
    ending = f".{held.extension}" if held.extension else ""
    artist = next(iter(tags.album_artists or tags.artists), "")
    if held.role is Role.RECORDING and tags.title and artist:
        number = f"{tags.track_number:02d} " if tags.track_number else ""
        disc = f"{tags.disc_number}-" if tags.disc_number and (tags.disc_total or 0) > 1 else ""
        parts = [artist, tags.album or "Single recordings", f"{disc}{number}{tags.title}"]
    else:
        *folders, name = path.split("/")
        stem = name[: -len(ending)] if ending and name.lower().endswith(ending) else name
        parts = ["As deposited", *folders, stem]
    return "/".join(safe_part(part) for part in parts) + ending


def plan_copies(archive: Archive, objects: Iterable[Held]) -> list[Copy]:
    """Choose a name for each object, in order of digest."""
    wanted = []
    for held in sorted(objects, key=lambda held: held.sha256):
        came_as = archive.index.accessions(held.sha256)[0].path
        wanted.append(Copy(held, human_path(held, archive.index.tags(held.sha256), came_as)))
    return told_apart(wanted)


def told_apart(wanted: Iterable[Copy]) -> list[Copy]:
    """Give each copy a name that no file system takes for another's, in the order given."""
    copies = list(wanted)
    folders = _spellings(copy.path for copy in copies)
    taken = set(folders)
    settled = []
    for copy in copies:
        folder, _, name = copy.path.rpartition("/")
        below = folders[_key(folder)] + "/" if folder else ""
        path = next(path for path in _names(below + name, copy.held) if _key(path) not in taken)
        taken.add(_key(path))
        settled.append(Copy(copy.held, path))
    return settled


def _names(path: str, held: Held) -> Iterable[str]:
    """The name wanted, then the same with more and more of the object's own name."""
    yield path
    folder, _, name = path.rpartition("/")
    ending = f".{held.extension}" if held.extension else ""
    stem = name.removesuffix(ending)
    for digits in range(8, 65, 8):
        numbered = f"{stem} ({held.sha256.hex[:digits]}){ending}"
        yield f"{folder}/{numbered}" if folder else numbered
    raise AssertionError(f"no name is left for {held.sha256}")  # two objects of one name


def _spellings(paths: Iterable[str]) -> dict[str, str]:
    """Each folder's key, and how the folder is spelt."""
    votes: dict[str, Counter[str]] = {}
    for path in paths:
        *folders, _ = path.split("/")
        for depth in range(1, len(folders) + 1):
            key = _key("/".join(folders[:depth]))
            votes.setdefault(key, Counter())[folders[depth - 1]] += 1
    spelt: dict[str, str] = {}
    for key in sorted(votes, key=lambda key: key.count("/")):  # parents first
        name = min(votes[key], key=lambda name: (-votes[key][name], name))
        parent = key.rpartition("/")[0]
        spelt[key] = f"{spelt[parent]}/{name}" if parent else name
    return spelt


def _key(path: str) -> str:
    """What paths have in common that some file system may take for one."""
    # Signs that are a slash in another form ("\u2100") must not make folders.
    return "/".join(caseless(part).replace("/", "\0") for part in path.split("/"))
