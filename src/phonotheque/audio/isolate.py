"""A limited child for whatever reads a stranger's bytes: a crash or a loop costs one file.

Laws: the parent never waits longer than the wall-clock limit, never takes more bytes than the
limit, never leaves a child behind, and believes nothing the child says about itself: how it ended
is told by the kernel, whether the disk failed by the disk. A child always ends through `os._exit`:
it runs no handler of its parent.

Call from a process that has one thread and is warm (`warm_up`): a fork of it costs milliseconds
where a fresh interpreter costs a quarter of a second. On macOS, whose frameworks do not survive a
fork, a fresh interpreter it is (`phonotheque.audio.spawned`).
"""

from __future__ import annotations

import functools
import gc
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import msgspec

from phonotheque.audio import sandbox
from phonotheque.audio.sandbox import Limits
from phonotheque.errors import UnavailableError

_HEADER = struct.Struct(">cQ")  # how it went, and the length of what follows
_DONE, _FAILED = b"+", b"!"
_READ_BYTES = 64 * 1024
_CHECK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended and what it said.

    Attributes:
        result: The function's result in MessagePack; None when there is none.
        failure: What went wrong, naming the signal, limit or exception; "" when all went well.
        os_error: `errno` when the function met an `OSError` and the disk is to blame: the parent
            meets one, too, when it reads what was handed over, or the child was allowed to write.
        cpu_s: Processor time the child used.
        peak_bytes: Most memory the child had resident, pages shared with its parent included.
    """

    result: bytes | None
    failure: str
    os_error: int | None
    cpu_s: float
    peak_bytes: int


@functools.cache
def warm_up() -> None:
    """Import all that children need, once: they can open no file, so not even a module.

    Sets `OPENBLAS_NUM_THREADS` to 1 unless it is set: a pool of threads does not survive a fork.
    """
    from phonotheque.audio import warmth

    warmth.warm_up()
    sandbox.libc()
    sandbox.landlock_abi()
    sandbox.has_seccomp()
    gc.collect()
    gc.freeze()  # what the collector does not visit stays shared with the children: 0.4 ms a fork


def run_limited(
    function: Callable[..., object],
    *args: object,
    limits: Limits = Limits(),  # noqa: B008  # frozen
    descriptors: Collection[int] = (),
) -> Outcome:
    """Call `function(*args)` in a child that can do nothing but compute and answer.

    Args:
        function: A function of a module (macOS finds it by name). What it returns must be
            something that msgspec can encode.
        args: Numbers and texts (macOS hands them over as JSON).
        limits: What the child may use.
        descriptors: Open files it may read; every other descriptor is closed in it.

    Raises:
        UnavailableError: No process could be started.
    """
    read_end, write_end = os.pipe()
    try:
        try:
            child = _START(function, args, limits, descriptors, write_end)
        except OSError as error:
            raise UnavailableError(
                "a process to read audio in",
                f"could not be started ({(error.strerror or str(error)).lower()})",
                "Run fewer jobs at once, then run again.",
            ) from error
        finally:
            os.close(write_end)
        outcome = _attend(child, read_end, limits)
        if outcome.os_error is None or limits.file_bytes:  # a full disk is met in writing alone
            return outcome
        return replace(outcome, os_error=_disk_error(descriptors))
    finally:
        os.close(read_end)


def _disk_error(descriptors: Collection[int]) -> int | None:
    """Read what the child was to read; return the `errno` that ended it, None when none did.

    A child's word alone would let one file stop a whole run as if the disk had failed.
    """
    block = bytearray(_CHECK_BYTES)
    try:
        for descriptor in descriptors:
            at = 0
            while count := os.preadv(descriptor, [block], at):
                at += count
    except OSError as error:
        return error.errno
    return None


def answer(
    function: Callable[..., object], args: Sequence[object], write_end: int, limits: Limits
) -> None:
    """In the child: call the function and write how it went, whatever happens."""
    try:
        body, mark = msgspec.msgpack.encode(function(*args)), _DONE
        if len(body) > limits.result_bytes:
            body, mark = _encode_failure("its answer is too long", None), _FAILED
    except MemoryError:
        body, mark = _encode_failure("stopped by the limit of memory", None), _FAILED
    except BaseException as error:  # also SystemExit: the parent must hear of it
        number = error.errno if isinstance(error, OSError) else None
        body = _encode_failure(f"{type(error).__name__}: {error!s:.200}", number)
        mark = _FAILED
    view = memoryview(_HEADER.pack(mark, len(body)) + body)
    while view:
        view = view[os.write(write_end, view) :]


def _encode_failure(text: str, number: int | None) -> bytes:
    return msgspec.msgpack.encode((text.encode("utf-8", "replace").decode(), number))


def _start_forked(
    function: Callable[..., object],
    args: Sequence[object],
    limits: Limits,
    descriptors: Collection[int],
    write_end: int,
) -> int:
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    parent = os.getpid()
    try:
        child = os.fork()
        if child == 0:
            _live(function, args, limits, (null, parent, write_end, *descriptors))
        return child
    finally:
        os.close(null)


def _live(
    function: Callable[..., object],
    args: Sequence[object],
    limits: Limits,
    handed: tuple[int, ...],
) -> NoReturn:
    """The child's whole life."""
    try:
        null, parent, write_end, *descriptors = handed
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        sandbox.confine(limits, (write_end, *descriptors), parent)
        answer(function, args, write_end, limits)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _start_spawned(
    function: Callable[..., object],
    args: Sequence[object],
    limits: Limits,
    descriptors: Collection[int],
    write_end: int,
) -> int:
    from phonotheque.audio.order import Order

    name = f"{function.__module__}:{function.__qualname__}"
    order = Order(name, tuple(args), limits, tuple(descriptors), write_end, os.getpid())
    command = [
        sys.executable,
        "-m",
        "phonotheque.audio.spawned",
        msgspec.json.encode(order).decode(),
    ]
    folders = os.pathsep.join(folder for folder in sys.path if folder)
    handed = (write_end, *descriptors)
    before = [os.get_inheritable(descriptor) for descriptor in handed]
    try:
        for descriptor in handed:
            os.set_inheritable(descriptor, True)
        return os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": folders})
    finally:
        for descriptor, was in zip(handed, before, strict=True):
            os.set_inheritable(descriptor, was)


_START = _start_spawned if sys.platform == "darwin" else _start_forked


def _attend(child: int, read_end: int, limits: Limits) -> Outcome:
    """Read what the child says until it has said it or may say no more, then end and count it."""
    said, complaint = bytearray(), "did not answer"
    try:
        complaint = _listen(read_end, said, limits)
    finally:
        # Always: a child that has answered is ending anyway, one that has not must. The number
        # cannot have passed to another process, because nobody has waited for it yet.
        os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    cpu_s = usage.ru_utime + usage.ru_stime
    peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    result, failure, os_error = _understand(bytes(said))
    if result is None and not failure:
        failure = complaint or _death(status, cpu_s, limits)
    return Outcome(result, failure, os_error, cpu_s, peak_bytes)


def _listen(read_end: int, said: bytearray, limits: Limits) -> str:
    """Fill `said` with one whole answer. Returns why it is not whole, if we know; else ""."""
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    deadline = time.monotonic() + limits.wall_s
    longest = _HEADER.size + limits.result_bytes
    while not _is_whole(said):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return f"stopped by the limit of {limits.wall_s:g} s on the clock"
        if not poll.poll(left_s * 1000):
            continue
        block = os.read(read_end, _READ_BYTES)
        if not block:
            return ""
        said += block
        if len(said) > longest:
            return "its answer is too long"
    return ""


def _is_whole(said: bytearray) -> bool:
    if len(said) < _HEADER.size:
        return False
    return len(said) >= _HEADER.size + int(_HEADER.unpack_from(said)[1])


def _understand(said: bytes) -> tuple[bytes | None, str, int | None]:
    """Split an answer into (result, failure, errno); all empty when it is not one."""
    if len(said) < _HEADER.size or len(said) - _HEADER.size != _HEADER.unpack_from(said)[1]:
        return None, "", None
    mark, body = said[:1], said[_HEADER.size :]
    if mark == _DONE:
        return body, "", None
    try:
        text, number = msgspec.msgpack.decode(body, type=tuple[str, int | None])
    except (msgspec.DecodeError, ValueError):  # the latter for text that is none
        return None, "a reader answered nonsense", None
    return None, text, number


def _death(status: int, cpu_s: float, limits: Limits) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended with status {os.waitstatus_to_exitcode(status)} and no answer"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= limits.cpu_s):
        return f"stopped by the limit of {limits.cpu_s} s of processor time"
    return f"killed by {signal.Signals(number).name}"
