"""The disk in memory against the local file system, over any sequence of calls."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from phonotheque.disk import Disk, Kind, LocalDisk, read_whole
from phonotheque.errors import PhonothequeError

_NAMES = st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "a/a/b"])
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["create", "append"]), _NAMES, st.binary(max_size=3)),
    st.tuples(st.just("rename"), _NAMES, _NAMES),
    st.tuples(st.just("truncate"), _NAMES, st.integers(0, 4)),
    st.tuples(st.just("symlink"), _NAMES, st.sampled_from(["a", "b", "../b", "absent", "."])),
    st.tuples(
        st.sampled_from(
            ["make_folder", "make_folder", "remove", "remove_folder", "sync_folder", "list", "stat"]
        ),
        _NAMES,
    ),
    st.tuples(st.just("open"), _NAMES),
)


def _outcome(disk: Disk, step: tuple[object, ...]) -> object:
    """What one call gives or raises, in a form that two disks can be compared by."""
    call, *arguments = step
    try:
        if call in ("create", "append"):
            path, data = arguments
            writer = getattr(disk, str(call))(path)
            writer.write(data)
            writer.close()
            return None
        if call == "open":
            held = disk.stat(str(arguments[0]))
            return held and held.kind is not Kind.FOLDER and read_whole(disk, str(arguments[0]))
        return getattr(disk, str(call))(*arguments)
    except PhonothequeError as error:
        return type(error), error.thing


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEPS, max_size=25))
def test_memory_does_what_the_local_file_system_does(steps: list[tuple[object, ...]]) -> None:
    """Any sequence of calls gives the same results, the same refusals and the same files."""
    with tempfile.TemporaryDirectory() as folder:
        local, memory = LocalDisk(Path(folder)), MemoryDisk()
        for step in steps:
            assert _outcome(memory, step) == _outcome(local, step), step
        root = Path(folder)
        found = {
            str(path.relative_to(root)): _content(path)
            for path in sorted(root.rglob("*"))
            if not any(parent.is_symlink() for parent in path.parents)
        }
    assert memory.tree() == found


def _content(path: Path) -> bytes | str | None:
    if path.is_symlink():
        return str(path.readlink())
    return path.read_bytes() if path.is_file() else None
