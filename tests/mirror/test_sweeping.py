"""How much may go from a mirror without a person's word, in however many steps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from mirror.test_removal import named
from mirror.worlds import followed, line
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.mirror import removal
from phonotheque.mirror.deciding import _let_go
from phonotheque.mirror.events import Accepted, Event, Fetched, Gone, LetGo, Removed
from phonotheque.mirror.exclusions import Exclusion
from phonotheque.mirror.home import FOLDERS, PACKS, Copy
from phonotheque.mirror.journal import Journal, iter_events
from phonotheque.mirror.removal import Why, absent, remove_objects
from phonotheque.mirror.sweeping import MOST_OBJECTS, MOST_TORRENTS, WINDOW, losses_since
from phonotheque.mirror.values import Choice, Filter
from phonotheque.music.chain import format_instant, parse_instant
from phonotheque.publish import lists
from phonotheque.publish.facts.listing import ListedFile
from phonotheque.publish.sealed import manifest_path
from phonotheque.store.objects import DiskStore

NOW = parse_instant("2026-11-21T00:00:00.000000Z")
SIZE = 10
COUNT = 6 * MOST_OBJECTS


def at(days: float = 0) -> str:
    return format_instant(NOW + timedelta(days=days))


class Clock:
    """A day that can be set."""

    days = 0.0

    def __call__(self) -> str:
        return at(self.days)


@pytest.fixture
def clock() -> Clock:
    return Clock()


BODIES = [b"%010d" % number for number in range(COUNT)]
NAMES = [named(body) for body in BODIES]
DIGESTS = [name.sha256.hex for name in NAMES]


@pytest.fixture
def copy(clock: Clock) -> Copy:
    """A copy that holds one volume of many objects since long ago."""
    disk = MemoryDisk()
    for folder in FOLDERS:
        make_folders(disk, folder)
    for name, body in zip(NAMES, BODIES, strict=True):
        make_folders(disk, name.path.rpartition("/")[0])
        write_whole(disk, name.path, body)
    entries = [lists.Line(name, SIZE, "t", "a", "r", "CC0-1.0") for name in NAMES]
    make_folders(disk, manifest_path("v").rpartition("/")[0])
    write_whole(disk, manifest_path("v"), lists.manifest(entries).encode())
    made = Copy("weir", Path("/x"), disk, DiskStore(disk), Filter(), Journal(disk, clock))
    made.writing.append(Fetched(at(-90), "v", COUNT, COUNT * SIZE, "swarm"))
    return made


def left(copy: Copy) -> int:
    return sum(copy.store.size(name) is not None for name in NAMES)


def stolen(count: int) -> dict[str, Why]:
    return {digest: Why("stolen key", "2026-1") for digest in DIGESTS[:count]}


def sweep_list_by_list(copy: Copy) -> None:
    """Remove, each time as much of what is left as one list may take."""
    for _ in range(12):
        gone = COUNT - left(copy)
        remove_objects(copy, stolen(gone + max(left(copy) // 2, MOST_OBJECTS)))


def test_nobody_empties_a_mirror_list_by_list(copy):
    """However many lists come, half of what was held is left, until a person says yes."""
    sweep_list_by_list(copy)
    assert left(copy) == COUNT // 2
    (told,) = remove_objects(copy, stolen(COUNT))
    assert "--accept-removals" in told
    remove_objects(copy, stolen(COUNT), is_confirmed=True)
    assert left(copy) == 0


def test_what_a_thief_lets_come_adds_nothing_to_what_may_go(copy):
    """Other torrents that were fetched meanwhile make the half no larger."""
    copy.writing.append(Fetched(at(), "junk", 1, 100 * COUNT * SIZE, "swarm"))
    sweep_list_by_list(copy)
    assert left(copy) == COUNT // 2


def test_a_removal_counts_for_thirty_days(copy, clock):
    """A list that has to wait for a person goes by itself when what went before it is old."""
    remove_objects(copy, stolen(COUNT // 2))
    more = stolen(COUNT // 2 + MOST_OBJECTS)
    clock.days = WINDOW.days - 1
    remove_objects(copy, more)
    assert left(copy) == COUNT // 2
    clock.days = WINDOW.days + 1
    remove_objects(copy, more)
    assert left(copy) == COUNT // 2 - MOST_OBJECTS


def test_a_yes_begins_the_count_anew(copy):
    """After a person said yes the next few removals go by themselves."""
    remove_objects(copy, stolen(COUNT // 2))
    remove_objects(copy, stolen(COUNT // 2 + MOST_OBJECTS), is_confirmed=True)
    remove_objects(copy, stolen(COUNT // 2 + MOST_OBJECTS + 1))
    assert left(copy) == COUNT // 2 - MOST_OBJECTS - 1


def test_an_exclusion_is_no_yes_and_needs_none(copy):
    """While a list waits for a person what the keeper excludes goes, and nothing else."""
    waiting = {digest: Why("stolen key", "2026-1") for digest in DIGESTS[1:]}
    remove_objects(copy, {DIGESTS[0]: Why("a court", is_own=True), **waiting})
    assert left(copy) == COUNT - 1
    (told,) = (one for one in iter_events(copy.disk) if isinstance(one, Removed))
    assert (told.sha256, told.is_own) == (DIGESTS[0], True)


def test_an_archive_does_not_name_what_the_keeper_excludes(copy, monkeypatch):
    """Listings that call every object by the gid of an excluded recording need a yes, too."""
    said = [ListedFile("x", 1, digest, gid="some gid") for digest in DIGESTS]
    monkeypatch.setattr(removal, "listed_files", lambda _: said)
    gone = absent(copy, "an archive", [Exclusion("a court", at(), recording="some gid")])
    assert gone.keys() == set(DIGESTS)
    (told,) = remove_objects(copy, gone)
    assert "--accept-removals" in told
    assert left(copy) == COUNT


def test_torrents_do_not_go_index_by_index(copy):
    """Indexes that retire a few torrents each let no more go than one that retires them all, also
    where they tell other digests of these than before."""
    lines = [line(f"p{number}", kind="register") for number in range(4 * MOST_TORRENTS)]
    body = bytes(COUNT * SIZE)
    for one in lines:
        make_folders(copy.disk, f"{PACKS}/{one.id}/below")
        write_whole(copy.disk, f"{PACKS}/{one.id}/below/file", body)
    copy.writing.append(*(Fetched(at(-60), one.id, 1, len(body), "swarm") for one in lines))
    for retired in (lines[: number + 1] for number in range(len(lines))):
        held = [one for one in retired if one.id in copy.memory().holdings]
        gone = [Choice(copy.name, one, wanted=False, is_held=True, reason="x") for one in held]
        _let_go(copy, followed(*lines), gone, set(), is_confirmed=False)
    assert len(copy.memory().holdings) - 1 == len(lines) // 2


def test_what_others_have_too_does_not_go(copy):
    """Volumes whose objects are all in one that stays free nothing: nobody is asked for many."""
    lines = [line(f"small{number}") for number in range(2 * MOST_TORRENTS)]
    manifest = read_whole(copy.disk, manifest_path("v"))
    for one in lines:
        make_folders(copy.disk, manifest_path(one.id).rpartition("/")[0])
        write_whole(copy.disk, manifest_path(one.id), manifest)
    copy.writing.append(*(Fetched(at(-60), one.id, 1, COUNT * SIZE, "swarm") for one in lines))
    gone = [Choice(copy.name, one, wanted=False, is_held=True, reason="x") for one in lines]
    _let_go(copy, followed(*lines), gone, set(), is_confirmed=False)
    assert set(copy.memory().holdings) == {"v"}
    assert left(copy) == COUNT


# -- the count itself

_NAMES = st.sampled_from(["a", "b", "c"])
_BYTES = st.integers(0, 100)
_DAYS = st.integers(-60, 0).map(at)
_EVENTS = st.one_of(
    st.builds(Fetched, _DAYS, _NAMES, st.just(1), _BYTES, st.just("swarm")),
    st.builds(LetGo, _DAYS, _NAMES, st.just("x"), st.booleans()),
    st.builds(Gone, _DAYS, _NAMES, _BYTES),
    st.builds(
        Removed, _DAYS, _NAMES, _BYTES, st.just("x"), st.just(""), st.just(()), st.booleans()
    ),
    st.builds(Accepted, _DAYS),
)


@given(st.lists(_EVENTS, max_size=12), _EVENTS)
def test_nothing_that_comes_makes_the_half_larger(events: list[Event], last: Event):
    """Whatever was written, what is written after a loss leaves what was held before it."""
    since = at(-WINDOW.days)
    before = losses_since(events, since)
    loss = Removed(at(), "d", 5, "x")
    once = losses_since([*events, loss], since)
    assert once.objects == {**before.objects, "d": 5}
    assert once.held_bytes <= before.held_bytes or not before.held_bytes
    if not isinstance(last, Accepted):
        again = losses_since([*events, loss, last], since)
        assert again.held_bytes == once.held_bytes
        assert again.objects.keys() >= once.objects.keys()
