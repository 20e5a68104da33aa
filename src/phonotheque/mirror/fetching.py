"""Fetching what was chosen: each torrent from folders, web servers and peers, until it is held.

    begin      its folder in `state/incoming/` is tidied; what is held already is not fetched
    copy       from folders that are at hand; of a volume in parcels that are taken in as they are
               full, of a pack what came is taken in at the end
    swarm      what nobody at hand has: peers and web servers together
    prove      each file that arrives is read from the disk, whole: SHA-256 and v2 root; then the
               torrent's own lists are held against it
    take in    all of it moves to where it stays; the volume's link; the journal's line, last

Laws: nothing is held that was not proven by reading it here; a torrent whose own lists disagree
with it is refused, and nothing of it is held, in however many runs it came; what stops in the
middle goes on from there.

Not here: what to fetch (`choosing`), when (`syncing`), what is done around it (`receiving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from time import monotonic

from phonotheque.disk import Kind
from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    MalformedError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.copying import copy_part
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Arrived, Came, Refused, Stalled
from phonotheque.mirror.proving import is_contradiction, wrong_with
from phonotheque.mirror.receiving import Receiving
from phonotheque.mirror.run import Run
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place, incoming_path, is_held, link, take_in
from phonotheque.store.digests import TreeDigests

_PARCEL = 256
"""Files that are copied before they are taken in: what a kill can cost to be copied again."""

_NOTE_EVERY_S = 60.0
"""How far torrents are is noted so often: what a kill can cost to be read again."""

_TRIES = 3
"""So often a file is read from the disk other than it came before the disk is called broken."""


class Fetching:
    """Fetches torrents, a few at a time, in the order they are given.

    Args:
        place: Where they come to.
        ways: Where from.
        on_progress: Told how far each torrent is, a few times a second.
        receiving: What is done around each; None: it is received as a whole.
    """

    def __init__(
        self,
        place: Place,
        ways: Ways,
        on_progress: Callable[[Came], None] = lambda _: None,
        receiving: Receiving | None = None,
    ) -> None:
        self._place = place
        self._ways = ways
        self._on_progress = on_progress
        self._receiving = receiving or Receiving(place)
        self._runs: dict[str, Run] = {}
        self._proving: list[tuple[Run, Part, Future[TreeDigests]]] = []
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
                return self._give_up(run, run.nowhere())
            self._begin_swarm(run)
        except MalformedError as error:
            return self._refuse(run, error)
        return None

    def _start(self, contents: Contents, absent: frozenset[str]) -> Run:
        held, wanted = [], {}
        for part in sorted(contents.parts, key=lambda one: one.name is not None):  # lists first
            if part.name is not None and part.name.sha256.hex in absent:
                continue
            if is_held(self._place, part):
                held.append(part)
            else:
                wanted[part.path] = part
        self._receiving.prepare(contents, tuple(wanted.values()))
        return Run(contents, tuple(held), wanted)

    def _copy(self, run: Run, pool: ThreadPoolExecutor) -> None:
        """Copy what folders at hand have, parcel by parcel."""
        if not self._ways.folders:
            return

        def copied(part: Part) -> tuple[Part, TreeDigests | None, bool]:
            if self._ways.is_stopping():
                return part, None, False
            if tree := self._lying(run, part):
                return part, tree, True
            found = copy_part(self._place, run.contents, part, self._ways.folders)
            return part, found[1] if found else None, False

        waiting = iter(list(run.wanted.values()))
        while parcel := list(islice(waiting, _PARCEL)):
            for part, tree, is_lying in pool.map(copied, parcel):
                if tree is not None:
                    run.take(part, tree)
                    run.lay_bytes += part.size_bytes if is_lying else 0
                    run.copied_bytes += 0 if is_lying else part.size_bytes
            self._take_parcel(run, [part for part in parcel if part.path in run.proven])
            self._tell(run)

    def _lying(self, run: Run, part: Part) -> TreeDigests | None:
        """Prove a file that a run copied which was stopped; None when it is not there, or not
        exact."""
        entry = self._place.disk.stat(incoming_path(self._place, run.contents, part))
        if entry is None or (entry.kind, entry.size_bytes) != (Kind.FILE, part.size_bytes):
            return None
        tree = self._receiving.prove(run.contents, part)
        return None if wrong_with(part, tree) else tree

    def _take_parcel(self, run: Run, parcel: Sequence[Part]) -> None:
        """Take in what was copied of a volume: lists come first, and tell all that follows. Any
        file of a pack may contradict a list that comes after it."""
        if not run.contents.is_volume:
            return
        if any(part.name is None for part in parcel):
            self._check(run)
        take_in(self._place, run.contents, parcel)

    def _begin_swarm(self, run: Run) -> None:
        if self._swarm is None:
            assert self._ways.swarm is not None
            self._swarm = self._ways.swarm()
        wanted = tuple(run.wanted.values())
        have = self._receiving.noted(run.contents, wanted)
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

    def _begin_proof(self, pool: ThreadPoolExecutor, run: Run, path: str) -> None:
        """Have a file read, unless that was done, or is being done, before it came once more."""
        part = run.wanted.get(path)
        if part is None or any(run is one and part == other for one, other, _ in self._proving):
            return
        future = pool.submit(self._receiving.prove, run.contents, part)
        self._proving.append((run, part, future))

    def _note_all(self) -> None:
        """Note how far all are that are under way. A note that cannot be written costs time."""
        self._noted_at = monotonic()
        for run in self._runs.values():
            with suppress(UnavailableError):
                self._note(run)

    def _note(self, run: Run) -> None:
        pieces = self._swarm.pieces(run.name) if self._swarm is not None else []
        self._receiving.note(run.contents, pieces)

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

    def _judge(self, run: Run, part: Part, tree: TreeDigests) -> None:
        """Believe a file that was read, or have it fetched again."""
        wrong = wrong_with(part, tree)
        if not wrong:
            run.take(part, tree)
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

    def _finish(self, run: Run) -> Outcome:
        """Take in what came, link it, and return what the journal may say."""
        self._check(run)
        return self._ended(run, None)

    def _give_up(self, run: Run, error: PhonothequeError) -> Outcome:
        """Keep what is proven; the rest stays in `state/incoming/` for the next time."""
        self._note(run)
        if run.proven:
            self._check(run)
        return self._ended(run, error)

    def _check(self, run: Run) -> None:
        self._receiving.check(run.contents, run.held, run.proven)

    def _refuse(self, run: Run, error: PhonothequeError) -> Outcome:
        """Hold nothing of a torrent that contradicts itself."""
        self._leave(run)
        self._receiving.refuse(run.contents)
        return Outcome(run.name, 0, 0, is_whole=False, error=error, is_refused=True)

    def _ended(self, run: Run, error: PhonothequeError | None) -> Outcome:
        received = self._leave(run)
        came = run.arrived()
        take_in(self._place, run.contents, [one for one in came if self._is_incoming(run, one)])
        held = [*run.held, *came]
        if held:
            link(self._place, run.contents)
        if error is None:
            self._receiving.end(run.contents)
        held_bytes = sum(part.size_bytes for part in held)
        is_whole = error is None
        return Outcome(run.name, len(held), held_bytes, is_whole, run.copied_bytes, received, error)

    def _is_incoming(self, run: Run, part: Part) -> bool:
        return self._place.disk.stat(incoming_path(self._place, run.contents, part)) is not None

    def _leave(self, run: Run) -> int:
        """Let go of a torrent; returns the bytes that came of it over the network."""
        run.is_over = True
        self._runs.pop(run.name, None)
        return self._swarm.end(run.name) if self._swarm is not None else 0

    def _tell(self, run: Run) -> None:
        self._on_progress(run.progress())


def _stalled(news: Stalled) -> PhonothequeError:
    last = news.last
    bad = f", {last.bad_pieces} pieces came wrong" if last.bad_pieces else ""
    return UnavailableError(
        news.torrent,
        f"{last.done_bytes:,} of {last.wanted_bytes:,} bytes came, then nothing for a long time "
        f"({last.peers} peers connected{bad})",
        "Run again later: what came is kept.",
    )
