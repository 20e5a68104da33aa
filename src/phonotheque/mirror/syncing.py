"""A sync: what is new is learned and proven, what was chosen is fetched, what is held is noted.

Order: follow, carry out removals, choose (all durable before anything comes) -> fetch -> hold ->
the journal's line -> let go of what something that came takes the place of. Laws: one archive, and
one torrent, that cannot be had stops no other; a sync that was stopped or killed is gone on with by
the next one; nothing is fetched that may not be here.

Not here: how each of these is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from phonotheque.errors import IntegrityError, PhonothequeError, TrustError
from phonotheque.mirror.deciding import carry_out, decide
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.jobs import Job, Outcome, record
from phonotheque.mirror.papers import bring_listing
from phonotheque.mirror.refreshing import refresh
from phonotheque.mirror.repairing import Repair
from phonotheque.mirror.taking import Place
from phonotheque.mirror.tending import Unread, contents_of, not_here, repair_all
from phonotheque.mirror.values import Choice, Followed, State
from phonotheque.mirror.ways import Wires, ways_of
from phonotheque.publish.index.lines import TorrentLine


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync came to.

    Attributes:
        followed: What is known now.
        choices: What was decided.
        outcomes: What became of each torrent that was asked for.
        repairs: What became of each torrent that was damaged.
        refusals: Why some archives could not be followed.
        notices: What is worth telling.
    """

    followed: tuple[Followed, ...] = ()
    choices: tuple[Choice, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    repairs: tuple[Repair | Unread, ...] = ()
    refusals: tuple[PhonothequeError, ...] = ()
    notices: tuple[str, ...] = field(default=())

    @property
    def errors(self) -> list[PhonothequeError]:
        """Why not all is here that was asked for."""
        done = [*self.outcomes, *self.repairs]
        return [*self.refusals, *(one.error for one in done if one.error is not None)]


def sync(
    mirror: Mirror,
    at: datetime,
    wires: Wires,
    on_outcome: Callable[[Outcome], object] = lambda _: None,
) -> Synced:
    """Bring a mirror to where its archives and its keeper want it.

    Args:
        mirror: Open to write.
        at: This instant.
        wires: How to meet the world.
        on_outcome: Told what became of each torrent, as soon as it is.

    Raises:
        UnavailableError: The mirror's disk is full or fails.
    """
    news = refresh(mirror, at)
    choices = decide(mirror, news.followed)
    notices = [*news.notices, *carry_out(mirror, news.followed, choices)]
    outcomes: list[Outcome] = []
    for known in news.followed:
        copy = mirror.copy(known.archive)
        wanted = missing(copy, known, choices)
        try:
            jobs = _jobs(mirror, copy, known, wanted)
        except (IntegrityError, TrustError):
            continue  # nobody can say what may not be here: `refresh` told it
        ways, said = ways_of(mirror, copy, wires)
        notices += said if wanted else []
        fetching = Fetching(Place.of(copy), ways, wires.on_progress)
        lines = {line.id: line for line in wanted}
        for outcome in fetching.run(jobs):
            record(copy.writing, outcome)
            outcomes.append(outcome)
            on_outcome(outcome)
            notices += _bring_listing(copy, lines[outcome.torrent])
        if wires.is_stopping():
            break
    if any(one.is_whole for one in outcomes):  # what others took the place of can go now
        choices, said = _let_go_of_replaced(mirror, news.followed, choices)
        notices += said
    repairs = repair_all(mirror, lambda copy: ways_of(mirror, copy, wires)[0], wires.on_progress)
    return Synced(
        news.followed,
        choices,
        tuple(outcomes),
        tuple(done for _, done in repairs),
        news.refusals,
        tuple(notices),
    )


def _let_go_of_replaced(
    mirror: Mirror, followed: Sequence[Followed], choices: Sequence[Choice]
) -> tuple[tuple[Choice, ...], list[str]]:
    """Carry out once more what goes, now that successors are here; what is to be fetched stays as
    it was decided, and room that came free is given with the next sync."""
    after = decide(mirror, followed)
    said = carry_out(mirror, followed, after)
    going = {(one.archive, one.line.id): one for one in after if not one.wanted}
    return tuple(going.get((one.archive, one.line.id), one) for one in choices), said


def missing(copy: Copy, followed: Followed, choices: Iterable[Choice]) -> list[TorrentLine]:
    """What is to be fetched of an archive, the most needed first.

    A torrent that is here but damaged is left to repairing; one that is no more offered can still
    be kept, but not be begun.
    """
    memory = copy.memory()
    mine = [one for one in choices if one.archive == followed.archive and one.wanted]
    mine.sort(key=lambda one: (one.rank == 0, one.rank, one.line.id))
    lines = []
    for one in mine:
        held = memory.holdings.get(one.line.id)
        is_begun = one.line.id in memory.chosen
        if (held is None or held.state is State.PARTIAL) and (is_begun or not one.line.obsolete):
            lines.append(one.line)
    return lines


def _jobs(
    mirror: Mirror, copy: Copy, followed: Followed, lines: Sequence[TorrentLine]
) -> list[Job]:
    gone = not_here(mirror, copy, followed)
    return [Job(line.id, partial(contents_of, copy, line), gone, line.size_bytes) for line in lines]


def _bring_listing(copy: Copy, line: TorrentLine) -> list[str]:
    """A listing tells people what is in a torrent; who cannot have it has the torrent all the
    same."""
    try:
        bring_listing(copy, line)
    except PhonothequeError as error:
        return [str(error)]
    return []
