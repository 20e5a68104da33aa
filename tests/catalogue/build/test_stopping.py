"""A build that is stopped: the snapshot that serves goes on, the next run goes on."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.build.small import build_small, by, cards, song, together, write_source
from catalogue.killed import HEAD
from phonotheque.catalogue.build import building
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import DiskFailedError, DiskFullError

STEPS = [
    "taking in sources", "linking", "making cards", "taking the census", "ranking",
    "making search files",
    "making look-up files", "making shelves to browse", "making keys to match by",
    "taking digests",
]  # fmt: skip


def some(base, names):
    songs = [song(base + i, name, base, length=60_000 + i) for i, name in enumerate(names)]
    return together(by(base, "Somebody"), {"recording": songs})


def serving(root):
    found = current_snapshot(root, LocalDisk(root))
    return found.descriptor.name if found else None


def prepare(root):
    """A snapshot that serves, and a source that is new; "b" is the same in both."""
    write_source(root, "one", some(1, ["a", "b"]))
    build_small(root)
    write_source(root, "two", some(100, ["b", "c"]))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A catalogue as `prepare` makes it, to be copied."""
    root = tmp_path_factory.mktemp("prepared")
    prepare(root)
    return root


@pytest.fixture
def root(prepared, tmp_path):
    """A copy of it."""
    return shutil.copytree(prepared, tmp_path / "catalogue")


CHILD = """
from catalogue.build.small import build_small
for step in sys.stdin.read().split("|"):
    def at(progress):
        if progress.step == step:
            die()
    child = os.fork()
    if child == 0:
        build_small(sys.argv[1], on_progress=at)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), open(sys.argv[1] + "/current").read().strip())
"""


def test_kill(root):
    """Killed in every step, one after the other: the old snapshot serves, and each next build goes
    on where the last one was, to an end as if nothing had been."""
    command = [sys.executable, "-c", HEAD + CHILD, str(root)]  # imports once, forks for each step
    done = subprocess.run(
        command, input="|".join(STEPS), stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"{-signal.SIGKILL:d} snapshot-000001"] * len(STEPS)
    assert serving(root) == "snapshot-000001"
    seen = []
    made = build_small(root, on_progress=seen.append)
    assert {one.step for one in seen} == {STEPS[-1]}
    assert serving(root) == made.descriptor.name == "snapshot-000002"
    assert sorted(card["title"] for card in cards(made)) == ["a", "b", "c"]


def test_stopped_steps_are_not_done_twice(root):
    """What was whole when a build was stopped, at the beginning of each step, is not made again."""

    class StoppedError(Exception):
        pass

    before, seen = {}, []
    for step in STEPS:

        def at(progress, step=step):
            seen.append(progress.step)
            if progress.step == step:
                raise StoppedError

        seen.clear()
        with pytest.raises(StoppedError):
            build_small(root, on_progress=at)
        assert set(seen) <= {*STEPS[STEPS.index(step) - 1 : STEPS.index(step)], step}
        assert serving(root) == "snapshot-000001"
        parts = (root / "building").rglob("part-*")
        now = {p: p.stat().st_mtime_ns for p in parts if "scratch" not in p.parts}
        assert before.items() <= now.items()
        before = now
    made = build_small(root)
    kept = {p: made.folder / p.relative_to(root / "building") for p in before}
    assert before
    assert all(new.stat().st_mtime_ns == before[old] for old, new in kept.items())


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
@settings(max_examples=2)
def test_any_renaming_may_fail(prepared, tmp_path_factory, stops):
    """However often the disk refuses, and wherever: our error is raised, the old snapshot serves,
    and a build that is not refused ends as if nothing had been."""
    root = tmp_path_factory.mktemp("stops") / "catalogue"
    shutil.copytree(prepared, root)
    for stop in stops:
        code, error = (errno.EIO, DiskFailedError) if stop % 2 else (errno.ENOSPC, DiskFullError)
        with refusing(stop, code) as left:
            try:
                build_small(root)
            except error:
                assert left[0] <= 0
                assert serving(root) == "snapshot-000001"
            else:
                assert left[0] > 0
                break
    made = build_small(root)
    assert serving(root) == made.descriptor.name == "snapshot-000002"
    assert sorted(card["title"] for card in cards(made)) == ["a", "b", "c"]
    assert not (root / "building").exists()


@contextmanager
def refusing(number, code):
    """Let the n-th renaming of a file or folder fail."""
    real, left = os.replace, [number]

    def replace(*args):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(code, os.strerror(code))
        return real(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        yield left


def test_a_stop_before_the_switch_costs_nothing(root, monkeypatch):
    """A snapshot that was whole but not yet named by the pointer is used as it is."""

    def stop(*_):
        raise RuntimeError

    for place, name in ((building.snapshots, "switch_to"), (building, "named")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, stop)
            with pytest.raises(RuntimeError):
                build_small(root)
        seen = []
        made = build_small(root, on_progress=seen.append)
        assert seen == []
        assert serving(root) == made.descriptor.name
        write_source(root, f"then-{name}", some(900, ["d"]))


def test_changed_sources_begin_anew(root):
    """What an unfinished build of other sources left is thrown away."""

    def stop(progress):
        if progress.step == "ranking":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        build_small(root, on_progress=stop)
    write_source(root, "two", some(100, ["x"]), generation=2)
    made = build_small(root)
    assert sorted(card["title"] for card in cards(made)) == ["a", "b", "x"]


def _without_next_ids(root):
    path = root / "snapshot-000001" / "descriptor.json"
    said = json.loads(path.read_bytes())
    del said["next_ids"]
    path.write_text(json.dumps(said))


DAMAGES = {
    "a descriptor of an earlier form": _without_next_ids,
    "a pointer to nothing": lambda root: (root / "current").write_text("x\n"),
    "no folder": lambda root: shutil.rmtree(root / "snapshot-000001"),
    "a descriptor in the making": lambda root: (
        (root / "building").mkdir(), (root / "building" / "descriptor.json").write_text("{}")
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=[*DAMAGES])
def test_a_damaged_snapshot_is_built_anew(root, damage):
    """What tells of damage says to build, and building mends it."""
    damage(root)
    made = build_small(root)
    assert serving(root) == made.descriptor.name
    assert cards(made)
    assert not (root / "building").exists()
