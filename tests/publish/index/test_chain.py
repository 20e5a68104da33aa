"""Indexes follow from each other, and whoever saw one notices another past."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BrokenChainError, MalformedError, RolledBackError
from phonotheque.publish.index.chain import Seen, check_follows, format_history, parse_history
from phonotheque.publish.index.form import index_name
from publish.index.test_form import header

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
pasts = st.lists(digests, min_size=1, max_size=12, unique=True).map(
    lambda found: dict(enumerate(found, 1))
)


def newest(past: dict[int, str]) -> tuple[object, str]:
    """Header and digest of the last index of a past."""
    last = max(past)
    return header(0, seq=last, previous=past.get(last - 1, "")), past[last]


@given(pasts)
def test_a_history_is_read_back(past: dict[int, str]) -> None:
    """What was written is read as it was."""
    assert parse_history(format_history(past)) == past


@given(pasts, st.data())
def test_whoever_saw_any_index_of_a_past_takes_its_last(
    past: dict[int, str], data: st.DataObject
) -> None:
    """It does not matter how long somebody was away."""
    said, sha256 = newest(past)
    check_follows(None, said, sha256, past)
    seq = data.draw(st.sampled_from(sorted(past)))
    check_follows(Seen(seq, past[seq]), said, sha256, past)


@given(pasts, st.data())
def test_no_other_past_is_taken(past: dict[int, str], data: st.DataObject) -> None:
    """One digest that differs from what was seen is enough to refuse all of it."""
    said, sha256 = newest(past)
    seq = data.draw(st.sampled_from(sorted(past)))
    with pytest.raises(BrokenChainError):
        check_follows(Seen(seq, "f" * 64), said, sha256, past)


@given(pasts)
def test_no_older_index_is_taken(past: dict[int, str]) -> None:
    """An index below the one that was seen is a rollback, whatever it says."""
    said, sha256 = newest(past)
    with pytest.raises(RolledBackError):
        check_follows(Seen(max(past) + 1, "f" * 64), said, sha256, past)


def test_an_index_must_name_the_one_before() -> None:
    """A history that fits does not help an index that names another past."""
    past = {1: "a" * 64, 2: "b" * 64}
    with pytest.raises(BrokenChainError, match="the index before it"):
        check_follows(None, header(0, seq=2, previous="c" * 64), "b" * 64, past)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\n",
        b"AB" * 32 + b"  index-00001.jsonl.zst\n",
        b"ab" * 32 + b"  index-00001.jsonl.zst\n" + b"cd" * 32 + b"  index-00001.jsonl.zst\n",
        b"ab" * 32 + b"  ../../index-00001.jsonl.zst\n",
        b"\xff\n",
    ],
    ids=["no line", "capitals", "a number twice", "a path", "not ASCII"],
)
def test_what_is_no_history_is_refused(data: bytes) -> None:
    """A line that cannot be meant refuses the file."""
    with pytest.raises(MalformedError):
        parse_history(data)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="there is no sha256sum here")
def test_coreutils_check_a_history(tmp_path: Path) -> None:
    """`sha256sum -c --ignore-missing` proves the indexes that somebody kept."""
    (tmp_path / index_name(1)).write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / "history").write_bytes(format_history({1: empty, 2: "a" * 64}))
    command = ["sha256sum", "-c", "--ignore-missing", "history"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"index-00001.jsonl.zst: OK\n"
