"""Fetching what was chosen: each torrent from folders, web servers and peers, until it is held.

    begin      its folder in `state/incoming/` is tidied; what is held already is not fetched
    copy       from folders that are at hand, in parcels that are taken in as they are full
    swarm      what nobody at hand has: peers and web servers together
    prove      each file that arrives is read from the disk, whole: SHA-256 and v2 root
    take in    all of it moves to where it stays; the volume's link; the journal's line, last

Laws: nothing is held that was not proven by reading it here; a torrent whose own lists disagree
with it is refused, and nothing of it is held; what stops in the middle goes on from there.

Not here: what to fetch (`choosing`), when (`syncing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

from phonotheque.disk import read_whole
from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    MalformedError,
    NotHeldError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.mirror.contents import SUMS, Contents, Part, check_manifest, check_sums
from phonotheque.mirror.copying import copy_part
from phonotheque.mirror.incoming import clear, prepare
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Arrived, Came, Refused, Stalled
from phonotheque.mirror.proving import is_contradiction, wrong_with
from phonotheque.mirror.resuming import note, noted
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place, incoming_path, is_held, link, settle, take_in
from phonotheque.music.digest import Sha256
from phonotheque.store.digests import TreeDigests, sha256_file, tree_of_file

_PARCEL = 256
"""Files that are copied before they are taken in: what a kill can cost to be copied again."""

_NOTE_EVERY_S = 60.0
"""How far torrents are is noted so often: what a kill can cost to be read again."""

_TRIES = 3
"""So often a file is read from the disk other than it came before the disk is called broken."""


@dataclass
class _Run:
    """A torrent on its way."""

    contents: Contents
    held: tuple[Part, ...]
    wanted: dict[str, Part]  # still to come, by path
    proven: dict[str, TreeDigests] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    copied_bytes: int = 0
    came: Came | None = None
    is_over: bool = False

    @property
    def name(self) -> str:
        return self.contents.torrent

    def arrived(self) -> list[Part]:
        return [part for part in self.contents.parts if part.path in self.proven]


class Fetching:
    """Fetches torrents, a few at a time, in the order they are given.

    Args:
        place: Where they come to.
        ways: Where from.
        on_progress: Told how far each torrent is, a few times a second.
    """

    def __init__(
        self, place: Place, ways: Ways, on_progress: Callable[[Came], None] = lambda _: None
    ) -> None:
        self._place = place
        self._ways = ways
        self._on_progress = on_progress
        self._runs: dict[str, _Run] = {}
        self._proving: list[tuple[_Run, Part, Future[TreeDigests]]] = []
        self._swarm: Swarm | None = None
        self._is_resting = False
        self._noted_at = monotonic()

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """Fetch torrents, and yield what became of each as soon as that is known.

        What was being fetched when it has to stop stays in `state/incoming/`, and is not yielded.

        Raises:
            UnavailableError: This disk is full or fails: nothing more can be fetched.
        """
        waiting = iter(jobs)
        with ThreadPoolExecutor(self._ways.readers) as pool:
            try:
                is_last = False
                while not self._ways.is_stopping() and not (is_last and not self._runs):
                    if not is_last and len(self._runs) < self._ways.at_once:
                        job = next(waiting, None)
                        is_last = job is None
                        outcome = self._begun(job, pool) if job is not None else None
                        if outcome is not None:
                            yield outcome
                        continue
                    yield from self._turn(pool)
            finally:
                for _, _, future in self._proving:
                    future.cancel()
                self._note_all()
                if self._swarm is not None:
                    self._swarm.close()

    def _begun(self, job: Job, pool: ThreadPoolExecutor) -> Outcome | None:
        """Begin with a torrent; what became of it, when that is known at once."""
        try:
            run = self._start(job.load(), job.absent)
        except (DiskFullError, DiskFailedError):
            raise
        except PhonothequeError as error:
            return Outcome(job.torrent, 0, 0, is_whole=False, error=error)
        try:
            self._copy(run, pool)
            if not run.wanted:
                return self._finish(run)
            if self._ways.is_stopping() or self._ways.swarm is None:
                return self._give_up(run, _nowhere(run))
            self._begin_swarm(run)
        except MalformedError as error:
            return self._refuse(run, error)
        return None

    def _start(self, contents: Contents, absent: frozenset[str]) -> _Run:
        held, wanted = [], {}
        for part in sorted(contents.parts, key=lambda one: one.name is not None):  # lists first
            if part.name is not None and part.name.sha256.hex in absent:
                continue
            if is_held(self._place, part):
                held.append(part)
            else:
                wanted[part.path] = part
        if not self._ways.is_repair:
            prepare(self._place, contents, tuple(wanted.values()))
        return _Run(contents, tuple(held), wanted)

    def _copy(self, run: _Run, pool: ThreadPoolExecutor) -> None:
        """Copy what folders at hand have, and take it in parcel by parcel."""
        if not self._ways.folders:
            return

        def copied(part: Part) -> tuple[Part, TreeDigests | None]:
            if self._ways.is_stopping():
                return part, None
            found = copy_part(self._place, run.contents, part, self._ways.folders)
            return part, found[1] if found else None

        waiting = iter(list(run.wanted.values()))
        while parcel := list(islice(waiting, _PARCEL)):
            for part, tree in pool.map(copied, parcel):
                if tree is not None:
                    run.proven[part.path] = tree
                    run.copied_bytes += part.size_bytes
                    del run.wanted[part.path]
            self._check_lists(run)
            take_in(self._place, run.contents, self._unmoved(run, parcel))
            self._tell(run)

    def _unmoved(self, run: _Run, parcel: Sequence[Part]) -> list[Part]:
        return [part for part in parcel if part.path in run.proven]

    def _begin_swarm(self, run: _Run) -> None:
        if self._swarm is None:
            assert self._ways.swarm is not None
            self._swarm = self._ways.swarm()
        wanted = tuple(run.wanted.values())
        have = None if self._ways.is_repair else noted(self._place, run.contents, wanted)
        self._swarm.begin(run.contents, wanted, self._ways.sources, have)
        self._runs[run.name] = run

    def _turn(self, pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        """Take what came, prove it, and finish what is whole."""
        assert self._swarm is not None
        is_resting = not self._ways.may_move()
        if is_resting != self._is_resting:
            self._is_resting = is_resting
            self._swarm.rest(is_resting=is_resting)
        for news in self._swarm.news():
            run = self._runs.get(news.torrent)
            if run is None:
                continue
            match news:
                case Arrived():
                    self._begin_proof(pool, run, news.path)
                case Came():
                    run.came = news
                    self._tell(run)
                case Stalled():
                    try:
                        yield self._give_up(run, _stalled(news))
                    except MalformedError as error:
                        yield self._refuse(run, error)
                case Refused():
                    raise news.error
        yield from self._proven()
        if monotonic() - self._noted_at >= _NOTE_EVERY_S:
            self._note_all()

    def _begin_proof(self, pool: ThreadPoolExecutor, run: _Run, path: str) -> None:
        """Have a file read, unless that was done, or is being done, before it came once more."""
        part = run.wanted.get(path)
        if part is None or any(run is one and part == other for one, other, _ in self._proving):
            return
        future = pool.submit(_prove, self._place, run.contents, part)
        self._proving.append((run, part, future))

    def _note_all(self) -> None:
        """Note how far all are that are under way. A note that cannot be written costs time."""
        self._noted_at = monotonic()
        for run in self._runs.values():
            with suppress(UnavailableError):
                self._note(run)

    def _note(self, run: _Run) -> None:
        pieces = self._swarm.pieces(run.name) if self._swarm is not None else []
        if pieces and not self._ways.is_repair:
            note(self._place, run.contents, pieces)

    def _proven(self) -> Iterator[Outcome]:
        # Asked once each: one that ends between two questions would be in neither list.
        waiting = [(one, one[2].done()) for one in self._proving]
        done = [one for one, is_done in waiting if is_done]
        self._proving = [one for one, is_done in waiting if not is_done]
        for run, part, future in done:
            if run.is_over:
                continue
            try:
                self._judge(run, part, future.result())
                if not run.wanted:
                    yield self._finish(run)
            except MalformedError as error:
                yield self._refuse(run, error)

    def _judge(self, run: _Run, part: Part, tree: TreeDigests) -> None:
        """Believe a file that was read, or have it fetched again."""
        wrong = wrong_with(part, tree)
        if not wrong:
            run.proven[part.path] = tree
            run.wanted.pop(part.path, None)
            return
        if is_contradiction(part, tree):
            todo = "Tell the archive: it signed what does not fit together. Nothing of it is held."
            raise MalformedError(f"{run.name}/{part.path}", wrong, todo)
        run.tries[part.path] = run.tries.get(part.path, 0) + 1
        if run.tries[part.path] >= _TRIES:
            path = incoming_path(self._place, run.contents, part)
            wrong = f"the disk gives other bytes back than were written ({wrong})"
            raise DiskFailedError(path, wrong, "Look at the disk before anything else.")
        assert self._swarm is not None
        self._swarm.fetch_again(run.name)

    def _check_lists(self, run: _Run) -> None:
        """Hold the torrent's own lists against it as soon as all that came is proven."""
        if self._ways.is_repair:
            return
        contents = run.contents
        below = f"lists/{contents.torrent}/" if contents.is_volume else ""
        proven = {path: tree.sha256 for path, tree in run.proven.items()}
        for part in contents.parts:
            if part.path not in run.proven:
                continue
            if part.path == f"{below}{SUMS}":
                check_sums(contents, self._read(run, part), _digests(contents, proven))
            elif contents.is_volume and part.path == f"{below}manifest.tsv":
                check_manifest(contents, self._read(run, part))

    def _read(self, run: _Run, part: Part) -> bytes:
        path = incoming_path(self._place, run.contents, part)
        is_moved = self._place.disk.stat(path) is None
        return read_whole(self._place.disk, part.target if is_moved else path)

    def _finish(self, run: _Run) -> Outcome:
        """Take in what came, link it, and return what the journal may say."""
        self._check_lists(run)
        return self._ended(run, None)

    def _give_up(self, run: _Run, error: PhonothequeError) -> Outcome:
        """Keep what is proven; the rest stays in `state/incoming/` for the next time."""
        self._note(run)
        self._check_lists(run)
        return self._ended(run, error)

    def _refuse(self, run: _Run, error: PhonothequeError) -> Outcome:
        """Hold nothing of a torrent that contradicts itself."""
        self._leave(run)
        if not self._ways.is_repair:
            clear(self._place, run.contents)
        return Outcome(run.name, 0, 0, is_whole=False, error=error)

    def _ended(self, run: _Run, error: PhonothequeError | None) -> Outcome:
        received = self._leave(run)
        came = run.arrived()
        take_in(self._place, run.contents, [one for one in came if self._is_incoming(run, one)])
        held = [*run.held, *came]
        if held:
            link(self._place, run.contents)
        if error is None and not self._ways.is_repair:
            clear(self._place, run.contents)
        held_bytes = sum(part.size_bytes for part in held)
        is_whole = error is None
        return Outcome(run.name, len(held), held_bytes, is_whole, run.copied_bytes, received, error)

    def _is_incoming(self, run: _Run, part: Part) -> bool:
        return self._place.disk.stat(incoming_path(self._place, run.contents, part)) is not None

    def _leave(self, run: _Run) -> int:
        """Let go of a torrent; returns the bytes that came of it over the network."""
        run.is_over = True
        self._runs.pop(run.name, None)
        return self._swarm.end(run.name) if self._swarm is not None else 0

    def _tell(self, run: _Run) -> None:
        """Say how far a torrent is, with what came from folders and what was held before."""
        came = run.came or Came(run.name)
        before = sum(part.size_bytes for part in run.held) + run.copied_bytes
        rest = came.wanted_bytes or sum(part.size_bytes for part in run.wanted.values())
        self._on_progress(
            Came(
                run.name,
                before + came.done_bytes,
                before + rest,
                came.received_bytes,
                came.bytes_per_s,
                came.peers,
                came.bad_pieces,
                came.is_checking,
            )
        )


def _prove(place: Place, contents: Contents, part: Part) -> TreeDigests:
    """Read a file that arrived; one that is exact is durable on return.

    The engine held every piece of it against the v2 tree before it was written. So an object that
    hashes to its name on the disk is proven by both, and its tree is not computed a second time,
    which would cost as much again; what has no name, or fails, is read for its tree.
    """
    path = incoming_path(place, contents, part)
    try:
        with place.disk.open(path) as file:
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
        settle(place.disk, path)
    return tree


def _digests(contents: Contents, proven: dict[str, Sha256]) -> dict[str, Sha256]:
    """Digests by path: those that were read, and for objects those that their names say."""
    named = {part.path: part.name.sha256 for part in contents.parts if part.name is not None}
    return {**named, **proven}


def _nowhere(run: _Run) -> PhonothequeError:
    size_bytes = sum(part.size_bytes for part in run.wanted.values())
    return UnavailableError(
        run.name,
        f"{len(run.wanted)} files of {size_bytes:,} bytes are in none of the folders",
        "Run again when another source is at hand.",
    )


def _stalled(news: Stalled) -> PhonothequeError:
    last = news.last
    bad = f", {last.bad_pieces} pieces came wrong" if last.bad_pieces else ""
    return UnavailableError(
        news.torrent,
        f"{last.done_bytes:,} of {last.wanted_bytes:,} bytes came, then nothing for a long time "
        f"({last.peers} peers connected{bad})",
        "Run again later: what came is kept.",
    )
