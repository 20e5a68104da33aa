"""The end of a file that grows: every line once, whole, in order, whatever happens to the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.guard.score import tailing
from phonotheque.guard.score.tailing import new_lines

Deed = Callable[[Path], None]


def append(text: bytes) -> Deed:
    """Somebody writes."""

    def deed(path: Path) -> None:
        with path.open("ab") as file:
            file.write(text)

    return deed


def rename(path: Path) -> None:
    """Somebody rotates by another name."""
    if path.exists():
        path.rename(path.with_name(f"access.log.{len(list(path.parent.iterdir()))}"))


def deeds_done(path: Path, deeds: list[Deed]) -> Callable[[], bool]:
    """Wait, which means here: let somebody do one thing more; after the last, once more."""
    waiting = iter([*deeds, None])

    def wait() -> bool:
        deed = next(waiting, None)
        if deed is None:
            return False
        deed(path)
        return True

    return wait


def followed(path: Path, deeds: list[Deed], from_byte: int = 0) -> list[bytes]:
    """Lines that were given."""
    blocks: Iterator[bytes] = new_lines(path, from_byte, deeds_done(path, deeds))
    return b"".join(blocks).split(b"\n")[:-1]


def test_lines_come_whole(tmp_path):
    """A line that is written in pieces is given once, when it is whole."""
    path = tmp_path / "access.log"
    path.write_bytes(b"known\n")
    deeds = [append(b"a"), append(b"b"), append(b"c\nd\ne"), append(b"f\n")]
    assert followed(path, deeds, 6) == [b"abc", b"d", b"ef"]


@given(st.lists(st.sampled_from(["one", "two", "rename"]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_rotation_loses_or_doubles_a_line(tmp_path_factory, kinds):
    """Whenever the file gets another name, what it holds is given, and what its follower holds."""
    path = tmp_path_factory.mktemp("rotated") / "access.log"
    path.write_bytes(b"")
    deeds: list[Deed] = []
    written: list[bytes] = []
    for number, kind in enumerate(kinds):
        if kind == "rename":
            deeds.append(rename)
            continue
        lines = [f"{number}-{place}".encode() for place in range(1 + (kind == "two"))]
        written += lines
        deeds.append(append(b"".join(line + b"\n" for line in lines)))
    assert followed(path, deeds) == written


def test_a_file_that_is_cut_is_read_from_its_beginning(tmp_path):
    """As `copytruncate` rotates."""
    path = tmp_path / "access.log"
    path.write_bytes(b"a long line before\n")

    def cut(where: Path) -> None:
        os.truncate(where, 0)
        append(b"new\n")(where)

    assert followed(path, [cut, append(b"newer\n")], 19) == [b"new", b"newer"]


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path):
    """Between two of the same name there may be none."""
    path = tmp_path / "access.log"
    assert followed(path, [lambda _: None, append(b"a\n"), append(b"b\n")]) == [b"a", b"b"]


def test_a_line_without_end_takes_no_memory(tmp_path, monkeypatch):
    """It is left out; the next one is given."""
    monkeypatch.setattr(tailing, "LONGEST_LINE_BYTES", 100)
    path = tmp_path / "access.log"
    path.write_bytes(b"")
    deeds = [append(b"x" * 80) for _ in range(5)] + [append(b"\nafter\n")]
    assert followed(path, deeds) == [b"after"]
