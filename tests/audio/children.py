"""What children do in the tests: by name, so that a fresh interpreter finds it too."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
from typing import NoReturn

from phonotheque.audio import warmth
from phonotheque.music.facts import AudioFacts


def add(first: int, second: int) -> int:
    return first + second


def fail() -> NoReturn:
    raise LookupError("no such \udc80 thing")


def meet_a_bad_disk() -> NoReturn:
    raise OSError(errno.EIO, "bad disk")


def leave() -> NoReturn:
    raise SystemExit(3)


def vanish() -> NoReturn:
    os._exit(7)


def crash(*_args: object) -> NoReturn:
    ctypes.string_at(0)
    raise AssertionError("reading address 0 must crash")


def loop() -> NoReturn:
    while True:
        pass


def wait() -> NoReturn:
    while True:
        signal.pause()


def swallow_memory() -> int:
    return len(bytes(8 << 30))


def talk(size_bytes: int) -> bytes:
    return bytes(size_bytes)


def gabble() -> NoReturn:
    """Write what no child of ours would write on every descriptor there is."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"+" + b"\xff" * 100)
        except OSError:
            continue
    os._exit(0)


def open_descriptors() -> list[int]:
    found = []
    for descriptor in range(2000):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found


def refusals(folder: str) -> dict[str, int]:
    """Try what no reader needs; say with which errno each was refused, 0 where it was not."""
    victim = f"{folder}/victim"
    attempts = {
        "read": lambda: os.open(victim, os.O_RDONLY),
        "write": lambda: os.open(f"{folder}/new", os.O_WRONLY | os.O_CREAT),
        "unlink": lambda: os.unlink(victim),
        "rename": lambda: os.rename(victim, f"{folder}/other"),
        "make folder": lambda: os.mkdir(f"{folder}/folder"),
        "tcp socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "udp socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "local socket": lambda: socket.socket(socket.AF_UNIX),
        "pipe": os.pipe,
    }
    return {name: _errno_of(attempt) for name, attempt in attempts.items()}


def write_through(descriptor: int) -> int:
    """Write to a file that was handed over open for writing."""
    return _errno_of(lambda: os.write(descriptor, b"x"))


def fork_as_nobody() -> int:
    def attempt() -> None:
        if os.fork() == 0:
            os._exit(0)

    if os.geteuid() == 0:  # the limit of processes does not hold for root
        os.setuid(65534)
    return _errno_of(attempt)


def facts_as_nobody(descriptor: int) -> AudioFacts:
    if os.geteuid() == 0:
        os.setuid(65534)
    return warmth.facts_of(descriptor)


def report_and_wait(descriptor: int) -> NoReturn:
    os.write(descriptor, b"here")
    wait()


def _errno_of(attempt: object) -> int:
    try:
        attempt()  # type: ignore[operator]
    except OSError as error:
        return error.errno or -1
    return 0
