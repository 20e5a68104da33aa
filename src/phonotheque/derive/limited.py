"""Asking a limited child to derive something, and saying in our words how it ended.

Law: whatever a stranger's bytes do to the child, the parent gets a result or a typed error: a file
that cannot be understood is `MalformedError`, a disk that failed is `UnavailableError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from phonotheque.audio.isolate import run_limited
from phonotheque.audio.sandbox import Limits
from phonotheque.disk import refusal
from phonotheque.errors import MalformedError

Result = TypeVar("Result")


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """In place of a result: no reader understands the bytes. `wrong` says why."""

    wrong: str


def ask_child(
    thing: str,
    expected: type[Result],
    function: Callable[..., object],
    *args: object,
    descriptors: Collection[int],
    limits: Limits,
) -> Result:
    """Call `function(*args)` in a limited child and return what it found.

    Args:
        thing: What is read, for messages.
        expected: The struct that the function returns, tagged, unless it returns `Refused`.
        function: See `run_limited`.
        args: See `run_limited`.
        descriptors: Open files that it may use.
        limits: What it may use.

    Raises:
        MalformedError: No reader understands the bytes, or they brought the reader down.
        UnavailableError: The disk failed, or no process could be started.
    """
    outcome = run_limited(function, *args, limits=limits, descriptors=descriptors)
    if outcome.os_error is not None:
        raise refusal(thing, OSError(outcome.os_error, os.strerror(outcome.os_error)))
    if outcome.result is None:
        raise refused(thing, f"its reader {outcome.failure}")
    try:
        result = msgspec.msgpack.decode(outcome.result, type=expected | Refused)
    except (msgspec.DecodeError, ValueError) as error:
        raise refused(thing, "its reader answered nonsense") from error
    if isinstance(result, Refused):
        raise refused(thing, result.wrong)
    return result  # type: ignore[no-any-return]


def refused(thing: str, wrong: str) -> MalformedError:
    """Say that nothing can be made of the bytes."""
    return MalformedError(thing, wrong, "The bytes are kept; nothing can be derived from them.")
