"""The memory of a mirror."""

from __future__ import annotations

import os

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from faults.powerloss import explore
from phonotheque.disk import read_whole
from phonotheque.mirror.events import (
    Checked,
    Chosen,
    Damaged,
    Event,
    Fetched,
    Gone,
    Learned,
    LetGo,
    Plenty,
    Removed,
    Repaired,
    Scarce,
)
from phonotheque.mirror.journal import PATH, Journal, fold, iter_events, remember
from phonotheque.mirror.values import Holding, State

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "6"))
AT, LATER = "2026-11-21T00:00:00.000000Z", "2026-11-22T00:00:00.000000Z"
FETCHED = Fetched(AT, "v", 5, 100, "swarm")


def held(*events: Event) -> Holding:
    return fold(events).holdings["v"]


def test_what_was_fetched_is_held():
    """A torrent that is whole is held since then, and is not being fetched any more."""
    memory = fold([Chosen(AT, "v", "needed"), FETCHED])
    assert memory.holdings == {"v": Holding("v", State.COMPLETE, 100, AT)}
    assert not memory.chosen
    assert fold([Chosen(AT, "v", "needed")]).chosen == {"v": "needed"}


def test_a_part_stays_being_fetched():
    """What is not whole is held in part, and goes on."""
    memory = fold([Chosen(AT, "v", "why"), Fetched(AT, "v", 2, 40, "folder", is_whole=False)])
    assert memory.holdings["v"].state is State.PARTIAL
    assert "v" in memory.chosen


def test_damage_lasts_until_all_of_it_is_repaired():
    """One repaired file of two leaves a torrent damaged; the second makes it whole."""
    found = [FETCHED, Damaged(AT, "v", "a", "other bytes"), Damaged(AT, "v", "b", "missing")]
    assert held(*found).damaged == ("a", "b")
    once = held(*found, Repaired(LATER, "v", "a", "swarm"))
    assert (once.state, once.damaged) == (State.DAMAGED, ("b",))
    twice = held(*found, Repaired(LATER, "v", "a", "x"), Repaired(LATER, "v", "b", "x"))
    assert (twice.state, twice.damaged) == (State.COMPLETE, ())


def test_a_check_says_when_and_what():
    """A whole check sets the time, and names what is damaged now."""
    good = held(FETCHED, Checked(LATER, "v", 5, 100))
    assert (good.state, good.verified_at) == (State.COMPLETE, LATER)
    bad = held(FETCHED, Checked(LATER, "v", 5, 100, ("a",)))
    assert (bad.state, bad.damaged) == (State.DAMAGED, ("a",))


def test_what_was_let_go_is_leaving_until_it_is_gone():
    """Files that may still lie there are remembered until they do not."""
    memory = fold([FETCHED, LetGo(AT, "v", "plenty")])
    assert (memory.holdings, memory.leaving) == ({}, {"v"})
    assert not fold([FETCHED, LetGo(AT, "v", "plenty"), Gone(AT, "v", 100)]).leaving
    again = fold([FETCHED, LetGo(AT, "v", "plenty"), FETCHED])
    assert "v" in again.holdings
    assert not again.leaving


def test_a_removal_leaves_the_torrent_whole():
    """What a tombstone takes is no damage: the rest is all that may be here."""
    memory = fold([FETCHED, Removed(AT, "0" * 64, 30, "asked for", "2026-1", ("v",))])
    assert memory.holdings["v"] == Holding("v", State.COMPLETE, 70, AT, removed=1)
    assert memory.removed == {"0" * 64}


def test_plenty_counts_from_its_first_day():
    """Since when others have plenty is by the archive's clock, and starts anew after a lack."""
    first, second = Plenty(LATER, "v", 9, "day 1"), Plenty(LATER, "v", 9, "day 2")
    assert fold([first, second]).plenty_since == {"v": "day 1"}
    assert fold([first, Scarce(AT, "v", 2), second]).plenty_since == {"v": "day 2"}


def test_lines_of_later_programs_are_passed_over():
    """A kind of line that is not known, or has more fields, loses nothing of the others."""
    disk = MemoryDisk()
    journal = Journal(disk, lambda: AT)
    journal.append(FETCHED)
    writer = disk.append(PATH)
    writer.write(b'{"event":"sung","at":"x"}\n{"event":"gone","at":"x","torrent":"w",')
    writer.write(b'"freed_bytes":1,"more":2}\n\xff\n')
    writer.close()
    assert [type(event) for event in iter_events(disk)] == [Fetched, Gone]


EVENTS = st.sampled_from(
    [
        Learned(AT, 3, "0" * 64, "https://archive.example/"),
        Chosen(AT, "v", "because"),
        FETCHED,
        Checked(AT, "v", 5, 100, ("a",)),
        Damaged(AT, "w", "a", "wrong"),
        Repaired(AT, "w", "a", "swarm", 5),
        Plenty(AT, "v", 9, AT),
        Scarce(AT, "v", 2),
        LetGo(AT, "v", "why"),
        Gone(AT, "v", 5),
        Removed(AT, "1" * 64, 5, "why"),
    ]
)


@given(st.lists(EVENTS))
def test_what_is_written_is_read_back(events):
    """Every kind of line comes back as it was, and memory follows from lines alone."""
    disk = MemoryDisk()
    journal = Journal(disk, lambda: AT)
    for event in events:
        journal.append(event)
    assert list(iter_events(disk)) == events
    assert journal.memory == remember(disk) == fold(events)


@given(st.lists(EVENTS, min_size=1), st.data())
def test_a_torn_end_is_cut_off(events, data):
    """Wherever the last write was torn, the whole lines before it count, and writing goes on."""
    disk = MemoryDisk()
    Journal(disk, lambda: AT).append(*events)
    whole = read_whole(disk, PATH)
    cut = data.draw(st.integers(0, len(whole)))
    disk.truncate(PATH, cut)
    kept = whole[:cut].count(b"\n")
    Journal(disk, lambda: AT).append(FETCHED)
    assert list(iter_events(disk)) == [*events[:kept], FETCHED]


def test_a_journal_survives_power_loss():
    """A line that was told is there whenever power is lost, and no line is half there."""

    def scenario(disk, acknowledge):
        for count in range(3):
            Journal(disk, lambda: AT).append(Checked(AT, "v", count, 0), Gone(AT, "w", count))
            acknowledge(count)

    def check(disk, acknowledged):
        found = [one.files for one in iter_events(disk) if isinstance(one, Checked)]
        assert found == list(range(len(found)))
        assert len(found) >= len(acknowledged)
        Journal(disk, lambda: AT).append(Checked(AT, "v", 9, 0))
        assert [*iter_events(disk)][-1] == Checked(AT, "v", 9, 0)

    assert explore(scenario, check, limit=LIMIT).states > 5


def test_the_form_of_lines_is_frozen():
    """Journals of today are read for ever: these bytes mean this."""
    golden = (
        b'{"event":"fetched","at":"2026-11-21T00:00:00.000000Z","torrent":"v","files":5,'
        b'"held_bytes":100,"source":"swarm"}'
    )
    assert msgspec.json.encode(FETCHED) == golden
    assert msgspec.json.decode(golden, type=Event) == FETCHED
