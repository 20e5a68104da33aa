"""A torrent on its way: what is held of it, what came, what is still to come.

Not here: fetching it (`fetching`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.news import Came
from phonotheque.store.digests import TreeDigests


@dataclass
class Run:
    """A torrent on its way.

    Attributes:
        contents: The torrent.
        held: What was held when it began.
        wanted: What is still to come, by path.
        proven: What came and was read, by path.
        tries: How often a file was read other than it came, by path.
        copied_bytes: Came from folders.
        lay_bytes: Copied by a run that was stopped.
        came: What the engine told last.
        is_over: Whether nothing of it counts any more.
    """

    contents: Contents
    held: tuple[Part, ...]
    wanted: dict[str, Part]
    proven: dict[str, TreeDigests] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    copied_bytes: int = 0
    lay_bytes: int = 0
    came: Came | None = None
    is_over: bool = False

    @property
    def name(self) -> str:
        """Of the torrent."""
        return self.contents.torrent

    def arrived(self) -> list[Part]:
        """Return what came and was read, in the torrent's order."""
        return [part for part in self.contents.parts if part.path in self.proven]

    def take(self, part: Part, tree: TreeDigests) -> None:
        """Believe a file that was read."""
        self.proven[part.path] = tree
        self.wanted.pop(part.path, None)

    def progress(self) -> Came:
        """Return how far it is, with what came from folders and what was held before."""
        came = self.came or Came(self.name)
        before = sum(part.size_bytes for part in self.held) + self.copied_bytes + self.lay_bytes
        rest = came.wanted_bytes or sum(part.size_bytes for part in self.wanted.values())
        return replace(came, done_bytes=before + came.done_bytes, wanted_bytes=before + rest)

    def nowhere(self) -> PhonothequeError:
        """Return why it is not whole where nobody but folders could be asked."""
        size_bytes = sum(part.size_bytes for part in self.wanted.values())
        return UnavailableError(
            self.name,
            f"{len(self.wanted)} files of {size_bytes:,} bytes are in none of the folders",
            "Run again when another source is at hand.",
        )
