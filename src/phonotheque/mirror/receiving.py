"""What is done around a torrent that comes: before, meanwhile, and when it is there.

A torrent is received as a whole: its folder is made fit, how far it came is noted, its own lists
are held against it, and last the folder is cleared. Of a torrent under repair only some files come
beside what is held; whoever repairs keeps the folder, and the lists were held against it when it
came.

Laws: what contradicts itself is found whatever came first, in one run or in many; nothing of it is
left. Not here: fetching (`fetching`), where files lie (`taking`), the lists' form (`contents`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phonotheque.disk import read_whole
from phonotheque.errors import DiskFailedError, NotHeldError
from phonotheque.mirror.contents import SUMS, Contents, Part, check_manifest, check_sums
from phonotheque.mirror.home import PACKS
from phonotheque.mirror.incoming import clear, prepare
from phonotheque.mirror.proving import wrong_with
from phonotheque.mirror.resuming import note, noted
from phonotheque.mirror.taking import Place, clear_incoming, incoming_path, settle
from phonotheque.music.digest import Sha256
from phonotheque.store.digests import TreeDigests, sha256_file, tree_of_file


class Receiving:
    """Receives torrents as a whole.

    Args:
        place: Where they come to.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def prepare(self, contents: Contents, wanted: Sequence[Part]) -> None:
        """Make the folder fit for what is to come.

        Raises:
            DiskFullError: There is no room.
            UnavailableError: The disk refused.
        """
        prepare(self._place, contents, tuple(wanted))

    def noted(self, contents: Contents, wanted: Sequence[Part]) -> list[bool] | None:
        """Which pieces lay there when a run was left; None: what lies there is to be read."""
        return noted(self._place, contents, wanted)

    def note(self, contents: Contents, pieces: Sequence[bool]) -> None:
        """Note which pieces lie there.

        Raises:
            UnavailableError: The disk refused.
        """
        if pieces:
            note(self._place, contents, pieces)

    def check(
        self, contents: Contents, held: Sequence[Part], proven: Mapping[str, TreeDigests]
    ) -> None:
        """Hold the torrent's own lists against it, as far as they are here.

        Args:
            contents: The torrent.
            held: Files of it that were held before. Those whose names do not tell their digests
                are read: all of a pack, lists of a volume.
            proven: What was read since, by path.

        Raises:
            MalformedError: They do not agree.
            UnavailableError: The disk refused.
        """
        digests = {part.path: part.name.sha256 for part in contents.parts if part.name is not None}
        digests |= {path: tree.sha256 for path, tree in proven.items()}
        for part in held:
            if part.name is None and (digest := self._digest(contents, part)) is not None:
                digests[part.path] = digest
        below = f"lists/{contents.torrent}/" if contents.is_volume else ""
        for part in contents.parts:
            if part.path not in digests:
                continue
            if part.path == f"{below}{SUMS}":
                check_sums(contents, self._read(contents, part), digests)
            elif contents.is_volume and part.path == f"{below}manifest.tsv":
                check_manifest(contents, self._read(contents, part))

    def prove(self, contents: Contents, part: Part) -> TreeDigests:
        """Read a file that arrived; one that is exact is durable on return.

        The engine held every piece of it against the v2 tree before it was written. So an object
        that hashes to its name on the disk is proven by both, and its tree is not computed a second
        time, which would cost as much again; what has no name, or fails, is read for its tree.

        Raises:
            DiskFailedError: The disk refused.
        """
        path = incoming_path(self._place, contents, part)
        try:
            with self._place.disk.open(path) as file:
                if part.name is not None and sha256_file(file) == part.name.sha256:
                    tree = TreeDigests(part.size_bytes, part.name.sha256, part.root, part.layer)
                else:
                    file.seek(0)
                    tree = tree_of_file(file, piece_bytes=contents.piece_bytes)
        except OSError as error:
            raise DiskFailedError(path, str(error).lower(), "Look at the disk.") from error
        except NotHeldError:
            return TreeDigests(0, Sha256(bytes(32)), b"", b"")
        if not wrong_with(part, tree):
            settle(self._place.disk, path)
        return tree

    def _digest(self, contents: Contents, part: Part) -> Sha256 | None:
        """SHA-256 of a file that is held; None for one that is damaged, which a scrub tells."""
        try:
            with self._place.disk.open(part.target) as file:
                tree = tree_of_file(file, piece_bytes=contents.piece_bytes)
        except (NotHeldError, DiskFailedError, OSError):
            return None
        return None if wrong_with(part, tree) else tree.sha256

    def _read(self, contents: Contents, part: Part) -> bytes:
        path = incoming_path(self._place, contents, part)
        is_moved = self._place.disk.stat(path) is None
        return read_whole(self._place.disk, part.target if is_moved else path)

    def end(self, contents: Contents) -> None:
        """Clear the folder of a torrent that is here."""
        clear(self._place, contents)

    def refuse(self, contents: Contents) -> None:
        """Leave nothing of a torrent that contradicts itself.

        Objects of a volume stay: each is what its name says, and others may need it.
        """
        clear(self._place, contents)
        if not contents.is_volume:
            clear_incoming(self._place.disk, f"{PACKS}/{contents.torrent}")


class Mending(Receiving):
    """Some files come of torrents that are held: nothing is done around them."""

    def prepare(self, contents: Contents, wanted: Sequence[Part]) -> None:
        """The folder has what was put together of good pieces."""

    def noted(self, contents: Contents, wanted: Sequence[Part]) -> None:
        """What was put together is always read."""

    def note(self, contents: Contents, pieces: Sequence[bool]) -> None:
        """No piece is noted."""

    def check(
        self, contents: Contents, held: Sequence[Part], proven: Mapping[str, TreeDigests]
    ) -> None:
        """The lists were held against it when it came."""

    def end(self, contents: Contents) -> None:
        """What else was put together stays."""

    def refuse(self, contents: Contents) -> None:
        """What is held stays."""
