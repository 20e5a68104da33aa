"""What was done to a disk, event by event, and which line of the product asked for each sync.

Laws: a trace is everything the simulator needs: the scenario runs once, every crash point is
computed from its trace. A `Site` names a sync by the lines of the product that led to it, innermost
first, so one sync line called from two places is two sites.

Not here: what survives when power goes (`faults.platter`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import phonotheque

from .nodes import File, Folder, Node

_PRODUCT = f"{Path(phonotheque.__file__).parent}/"
_MACHINERY = f"{Path(__file__).parent}/"


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack. `file` is relative to the product, or a bare name outside it."""

    file: str
    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a sync was asked for: the lines of the product that led to it, innermost first.

    A scenario that syncs by itself, with no product between, is its own site of one frame.
    """

    frames: tuple[Frame, ...]

    def __str__(self) -> str:
        return " ← ".join(map(str, self.frames))

    def within(self, depth: int | None) -> Site:
        """The same site told by its `depth` innermost frames; None tells all."""
        return Site(self.frames[:depth])

    def covers(self, other: Site) -> bool:
        """Whether `other` is this site, or a caller's refinement of it."""
        return other.frames[: len(self.frames)] == self.frames


def calling_site() -> Site:
    """The site of the sync that is being asked for now. A recursion counts once per line."""
    product: list[Frame] = []
    scenario: Frame | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if file.startswith(_PRODUCT):
            here = Frame(file.removeprefix(_PRODUCT), code.co_qualname, frame.f_lineno)
            if not product or product[-1] != here:
                product.append(here)
        elif scenario is None and not _is_machinery(file):
            scenario = Frame(Path(file).name, code.co_qualname, frame.f_lineno)
        frame = frame.f_back
    return Site(tuple(product) or ((scenario,) if scenario else ()))


def _is_machinery(file: str) -> bool:
    name = file.removeprefix(_MACHINERY)
    return name != file and not name.startswith("test_")


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Names of one folder set (or taken away: None) together: all or none of them survive."""

    what: str
    folder: Folder
    names: tuple[tuple[str, Node | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Bytes written to a file."""

    what: str
    file: File
    offset_bytes: int
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A file cut or filled up to a size."""

    what: str
    file: File
    size_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A file's mode changed."""

    what: str
    file: File


@dataclass(frozen=True, slots=True, eq=False)
class Synced:
    """A file's bytes, or a folder's names, made durable. `site` is None when no line asked."""

    what: str
    node: File | Folder
    site: Site | None


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """Something acknowledged to the user: from here on it may not be lost."""

    what: str
    value: object


Event = Named | Written | Cut | Frozen | Synced | Promised


@dataclass(frozen=True, slots=True)
class Trace:
    """What a scenario did, from a disk on which everything was durable.

    Attributes:
        root: The root of the disk that the events are about.
        names: The entries of each folder before the first event.
        files: The bytes of each file before the first event, and whether it was frozen.
        events: What was done, in order.
    """

    root: Folder
    names: dict[Folder, dict[str, Node]]
    files: dict[File, tuple[bytes, bool]]
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, root: Folder) -> Trace:
        """Begin a trace: everything below `root` counts as durable."""
        trace = cls(root, {}, {})
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            trace.names[folder] = dict(folder.entries)
            for node in folder.entries.values():
                if isinstance(node, File):
                    trace.files[node] = (node.data, node.frozen)
                elif isinstance(node, Folder) and node not in trace.names:
                    waiting.append(node)
        return trace

    def what(self, point: int) -> str:
        """The last thing done before a crash point; 0 is before the first event."""
        return self.events[point - 1].what if point else "the start"

    def sites(self, depth: int | None = None) -> list[Site]:
        """Every site that synced, once, in order of its first sync."""
        found = (event.site for event in self.events if isinstance(event, Synced) and event.site)
        return list(dict.fromkeys(site.within(depth) for site in found))

    def without(self, sites: Iterable[Site]) -> Trace:
        """The same trace in which these sites synced nothing."""
        skipped = tuple(sites)
        kept: list[Event] = [event for event in self.events if not _is_skipped(event, skipped)]
        return Trace(self.root, self.names, self.files, kept)


def _is_skipped(event: Event, skipped: tuple[Site, ...]) -> bool:
    if not isinstance(event, Synced) or event.site is None:
        return False
    return any(site.covers(event.site) for site in skipped)
