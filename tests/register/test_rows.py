"""What is damaged in the index is told as damage, and a mistake of ours is not."""

from __future__ import annotations

import msgspec
import pytest

from phonotheque.errors import UnavailableError
from phonotheque.register.events import Volume
from phonotheque.register.index_file import refusals
from phonotheque.register.rows import decode_row

DEEP = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize("body", [DEEP, b"{", b'{"name":1}', b'{"name":"\xff"}'])
def test_a_row_that_cannot_be_read_is_damage(body: bytes) -> None:
    """Cut, of another shape, no UTF-8, or nested without end: the index is damaged."""
    with pytest.raises(UnavailableError, match="index: it is damaged"), refusals("index"):
        decode_row(body, Volume)


def test_a_call_that_goes_too_deep_is_a_mistake_of_ours() -> None:
    """It is not told as damage, so that nobody rebuilds an index that is sound."""

    def down(count: int) -> int:
        return down(count + 1)

    with pytest.raises(RecursionError), refusals("index"):
        down(0)


def test_what_is_right_is_read() -> None:
    """Any value that was written comes back, of one kind or of several."""
    assert decode_row(msgspec.json.encode(["a", "b"]), list[str]) == ["a", "b"]
    assert decode_row(b"7", int | str) == 7
