"""The model of a disk that loses power: what may be found, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from faults.platter import Platter
from faults.powerloss import Acknowledge, PowerLossDisk, Scenario, record
from phonotheque.disk import Disk, make_folders, read_whole
from phonotheque.errors import PhonothequeError


def put(disk: Disk, path: str, data: bytes, *, sync: bool = True) -> None:
    writer = disk.create(path)
    writer.write(data)
    if sync:
        writer.sync()
    writer.close()


def old_note() -> MemoryDisk:
    disk = MemoryDisk()
    put(disk, "note", b"old")
    return disk


def held_at_the_end(scenario: Scenario, path: str, start: MemoryDisk | None = None) -> set[object]:
    """All that a path may hold if power goes after the whole scenario."""
    disk = PowerLossDisk(start)
    scenario(disk, disk.acknowledge)
    return {state.tree().get(path) for state in disk.crash_states()}


def test_an_append_without_sync_is_found_losing_and_tearing_lines() -> None:
    """Appended bytes may be absent, cut or zeros until they are synced."""
    start = MemoryDisk()
    put(start, "journal", b"one\n")

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        writer = disk.append("journal")
        writer.write(b"two\n")
        acknowledge("two")

    assert held_at_the_end(scenario, "journal", start) == {
        b"one\n",
        b"one\nt",
        b"one\ntw",
        b"one\ntwo",
        b"one\n\0\0\0\0",
        b"one\ntwo\n",
    }


def test_the_first_of_two_writes_may_be_a_hole() -> None:
    """A later write may reach the disk before an earlier one."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        writer = disk.create("note")
        disk.sync_folder("")
        writer.write(b"one")
        writer.write(b"two")

    assert b"\0\0\0two" in held_at_the_end(scenario, "note")


def test_a_sync_of_a_file_does_not_bring_its_name() -> None:
    """fsync of a new file leaves its entry in the folder pending."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        put(disk, "note", b"x")

    assert held_at_the_end(scenario, "note") == {None, b"x"}


def test_a_sync_of_a_folder_does_not_bring_the_bytes_of_its_files() -> None:
    """A durable name may stand for nothing yet."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        put(disk, "note", b"x", sync=False)
        disk.sync_folder("")

    assert held_at_the_end(scenario, "note") == {b"", b"x", b"\0"}


def test_a_sync_covers_its_own_folder_only() -> None:
    """Neither the parent's entry nor the entries of a folder below come with it."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        disk.make_folder("a")
        disk.make_folder("a/b")
        put(disk, "a/b/note", b"x")
        disk.sync_folder("a")

    disk = PowerLossDisk()
    scenario(disk, disk.acknowledge)
    found = [set(state.tree()) for state in disk.crash_states()]
    assert set() in found
    assert {"a", "a/b"} in found
    assert {"a", "a/b", "a/b/note"} in found
    assert {"a"} not in found


def test_a_rename_within_a_folder_is_atomic() -> None:
    """The file has the old name or the new one, never both and never none."""
    start = old_note()

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        disk.rename("note", "renamed")

    disk = PowerLossDisk(start)
    scenario(disk, disk.acknowledge)
    assert {tuple(state.tree()) for state in disk.crash_states()} == {("note",), ("renamed",)}


def test_a_rename_across_folders_may_be_half_done_either_way() -> None:
    """Two folders, two entries: one, the other, both or none may be durable."""
    start = MemoryDisk()
    for folder in ("from", "to"):
        start.make_folder(folder)
    put(start, "from/note", b"x")
    disk = PowerLossDisk(start)
    disk.rename("from/note", "to/note")
    found = {tuple(path for path in state.tree() if "/" in path) for state in disk.crash_states()}
    assert found == {("from/note",), ("to/note",), ("from/note", "to/note"), ()}
    disk.sync_folder("to")
    found = {tuple(path for path in state.tree() if "/" in path) for state in disk.crash_states()}
    assert found == {("to/note",), ("from/note", "to/note")}


def test_two_names_of_one_file_stay_one_file() -> None:
    """After a half-done rename, what is appended under one name is read under the other."""
    start = MemoryDisk()
    for folder in ("from", "to"):
        start.make_folder(folder)
    put(start, "from/note", b"x")
    disk = PowerLossDisk(start)
    disk.rename("from/note", "to/note")
    both = next(s for s in disk.crash_states() if s.stat("from/note") and s.stat("to/note"))
    both.append("to/note").write(b"y")
    assert read_whole(both, "from/note") == b"xy"


def test_a_removal_may_be_undone_and_a_folder_lost_with_all_it_holds() -> None:
    """Un-synced removals come back; without its own entry a folder takes its content along."""
    disk = PowerLossDisk(old_note())
    disk.remove("note")
    make_folders(PowerLossDisk(), "unrelated")
    disk.make_folder("a")
    put(disk, "a/inner", b"x")
    disk.sync_folder("a")
    found = {tuple(state.tree()) for state in disk.crash_states()}
    assert found == {(), ("note",), ("a", "a/inner"), ("a", "a/inner", "note")}


def test_truncate_is_durable_on_return_and_links_after_a_sync() -> None:
    """The port promises so for truncate; a link is a name like any other."""
    disk = PowerLossDisk(old_note())
    disk.truncate("note", 1)
    disk.symlink("link", "note")
    assert {tuple(s.tree().items()) for s in disk.crash_states()} == {
        (("note", b"o"),),
        (("link", "note"), ("note", b"o")),
    }
    disk.sync_folder("")
    assert [tuple(s.tree()) for s in disk.crash_states()] == [("link", "note")]


def test_a_mode_is_durable_with_the_next_sync_of_its_file() -> None:
    """Freezing after the last sync may be undone by a loss of power."""
    disk = PowerLossDisk()
    writer = disk.create("master")
    writer.write(b"x")
    writer.sync()
    disk.sync_folder("")
    writer.freeze()
    assert {state.is_frozen("master") for state in disk.crash_states()} == {True, False}
    writer.sync()
    assert {state.is_frozen("master") for state in disk.crash_states()} == {True}


def test_a_crashed_disk_is_independent_of_the_live_one_and_of_its_siblings() -> None:
    """Recovery may write at will: no other state sees it."""
    disk = PowerLossDisk(old_note())
    put(disk, "other", b"x")
    states = list(disk.crash_states())
    before = [state.tree() for state in states[1:]]
    writer = states[0].append("note")
    writer.write(b" and changed")
    states[0].make_folder("new")
    assert [state.tree() for state in states[1:]] == before
    assert read_whole(disk, "note") == b"old"


def busy(disk: Disk, acknowledge: Acknowledge) -> None:
    """A scenario with much pending at a time."""
    make_folders(disk, "objects")
    for number in range(12):
        put(disk, f"new{number}", b"content %d" % number, sync=number % 2 == 0)
        disk.rename(f"new{number}", f"objects/{number}")
        if number % 5 == 4:
            disk.sync_folder("objects")
            acknowledge(number)


def test_the_number_of_states_is_bounded_by_the_limit() -> None:
    """No crash point gives more states than asked for, and the telling ones come first."""
    disk = PowerLossDisk()
    busy(disk, disk.acknowledge)
    states = list(disk.crash_states(limit=5))
    assert len(states) == 5
    assert states[0].tree() == disk.live.tree()
    assert len(list(disk.crash_states(limit=1000))) > 50


def test_each_change_is_lost_alone_and_kept_alone_and_in_order() -> None:
    """Of n changes: none, all, each alone, each missing, each prefix, and some random subsets."""
    disk = PowerLossDisk()
    names = "abcdefghijkl"
    for name in names:
        disk.symlink(name, "target")
    found = {"".join(state.tree()) for state in disk.crash_states()}
    systematic = {"", names, *names}
    systematic |= {names.replace(name, "") for name in names}
    systematic |= {names[:count] for count in range(len(names))}
    assert systematic < found


def test_all_names_are_kept_while_all_bytes_are_lost_and_the_other_way() -> None:
    """The two kinds of change reach the disk by different ways: names often by a journal."""
    start = MemoryDisk()
    for name in "ab":
        put(start, name, b"old")
    disk = PowerLossDisk(start)
    for name in "ab":
        disk.append(name).write(b"!")
        disk.rename(name, name.upper())
    found = [state.tree() for state in disk.crash_states()]
    assert {"A": b"old", "B": b"old"} in found
    assert {"a": b"old!", "b": b"old!"} in found


_NAMES = ("a", "b", "f/a", "f/b")
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(_NAMES), st.binary(max_size=4)),
        st.tuples(st.just("append"), st.sampled_from(_NAMES), st.binary(min_size=1, max_size=4)),
        st.tuples(st.just("rename"), st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
        st.tuples(st.just("remove"), st.sampled_from(_NAMES)),
        st.tuples(st.just("sync_folder"), st.sampled_from(["", "f"])),
        st.tuples(st.just("truncate"), st.sampled_from(_NAMES), st.integers(0, 5)),
    ),
    max_size=20,
)


def run(disk: Disk, steps: list[tuple[Any, ...]]) -> None:
    disk.make_folder("f")
    for call, *arguments in steps:
        try:
            if call == "put":
                put(disk, *arguments, sync=len(arguments[1]) % 2 == 0)
            elif call == "append":
                disk.append(arguments[0]).write(arguments[1])
            else:
                getattr(disk, call)(*arguments)
        except PhonothequeError:
            continue


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_what_was_all_kept_is_what_was_live(steps: list[tuple[Any, ...]]) -> None:
    """If nothing is lost, power coming back finds what the last call left."""
    disk = PowerLossDisk()
    run(disk, steps)
    assert next(disk.crash_states()).tree() == disk.live.tree()


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_when_all_is_synced_nothing_can_be_lost(steps: list[tuple[Any, ...]]) -> None:
    """Once each file and each folder is synced there is one state, the live one."""
    disk = PowerLossDisk()
    run(disk, steps)
    for folder in ("", "f"):
        for entry in disk.list(folder):
            if entry.name != "f":
                disk.append(f"{folder}/{entry.name}".lstrip("/")).sync()
        disk.sync_folder(folder)
    assert [state.tree() for state in disk.crash_states()] == [disk.live.tree()]


@settings(max_examples=60, deadline=None)
@given(_STEPS)
def test_equal_keys_stand_for_equal_disks(steps: list[tuple[Any, ...]]) -> None:
    """A state that is passed over because its key was met before holds what was held then."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        run(disk, steps)

    trace = record(scenario)
    platter = Platter(trace)
    met: dict[object, object] = {}
    for event in trace.events:
        platter.feed(event)
        for key, build in platter.crash_states(40, "seed"):
            fingerprint = build().disk.fingerprint()
            assert met.setdefault(key, fingerprint) == fingerprint


@settings(max_examples=60, deadline=None)
@given(_STEPS)
def test_losing_power_twice_at_once_loses_no_more(steps: list[tuple[Any, ...]]) -> None:
    """What was found after a crash is durable: a second loss of power finds the same."""
    disk = PowerLossDisk()
    run(disk, steps)
    for state in disk.crash_states(limit=8):
        again = PowerLossDisk(state)
        assert [found.tree() for found in again.crash_states()] == [state.tree()]
