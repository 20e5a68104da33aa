"""The guard at the listening door: what one question costs, with a million verdicts in the map, and
how soon a verdict follows from an event.

A figure is the CPU time of one question in this process, the 99th percentile of many: what is
bound. Beside it stands the time by the clock, which has the lock and the writing of the file in it,
and whatever else the machine does meanwhile: half of the questions, and 99 of 100, took less. How
soon a suspension is heard is the time from the command's last byte to a refusal, by the clock: the
map is looked at for every question, so that it is the time that writing the book and the map takes.

How soon a verdict follows is measured at a real door beside a real `phono guard watch`: players ask
for what names nothing and was given to nobody, and for a recording that they had until they are
refused it. The time is from the answer to the event until that refusal, by the clock, over the
log, the watch, the case book and the map.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

from bench.guard_verdicts import verdict_rows
from bench.rows import Row, Sense
from phonotheque.archive.guarding.desk import MAP, desk_of
from phonotheque.archive.guarding.door_guard import Allowed, DoorGuard
from phonotheque.archive.guarding.spending import Spending
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.guard.rungs import Rung
from phonotheque.guard.verdicts import VerdictRow, encode_rows
from phonotheque.listen.allowance import Allowance
from phonotheque.listen.gate import Wish
from phonotheque.listen.listener import Listener
from phonotheque.listen.log import Pseudonyms
from phonotheque.listen.sound.ports import Place

MOST_MS = 1.0
MOST_HEARD_S = 2.0
_ACCOUNTS = 1_000_000
_KEY = b"bench" * 8
_QUESTIONS = 2_000


def rows(scale: str) -> Iterator[Row]:  # noqa: ARG001
    """Ask a guard about plays that go on, new recordings and accounts of a large map."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as scratch:
        root = Path(scratch)
        guard = _guard(root)
        _write_map(root)
        listeners = [Listener(ip_address(0xCB007100 + n), Place()) for n in range(200)]
        asked = [Wish(UUID(int=n), listeners[n % 200]) for n in range(_QUESTIONS)]
        yield from _asked("a recording that is new to its account", guard.refuses, asked)
        yield from _asked("a part of a play", guard.refuses, asked)
        yield from _asked("whether what is being sent may go on", guard.still_may, asked)
        yield _heard(root, guard, asked[0])
        guard.close()
    yield from verdict_rows()


def _guard(root: Path) -> DoorGuard:
    names = Pseudonyms(lambda: _KEY)
    fallback = Allowance(time.monotonic)
    return DoorGuard(Spending(root), VerdictMap(root), names, lambda: _KEY, Allowed(), fallback)


def _write_map(root: Path) -> None:
    """A map in which a million other accounts are suspended."""
    until = int(time.time()) + 86_400
    step = (1 << 64) // _ACCOUNTS
    verdicts = (
        VerdictRow(account=f"{number * step:016x}", rung=Rung.SUSPEND, case=number, until=until)
        for number in range(_ACCOUNTS)
    )
    path = root / MAP
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_rows(verdicts))


def _asked(name: str, ask: Callable[[Wish], object], asked: list[Wish]) -> Iterator[Row]:
    """Ask everything once, one after the other."""
    spent, taken = list[float](), list[float]()
    for wish in asked:
        begun, began = time.process_time(), time.perf_counter()
        ask(wish)
        taken.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.process_time() - begun))
    p99 = _of(spent, 0.99)
    yield Row(f"guard: {name}: p99", p99, "CPU-ms", MOST_MS, sense=Sense.AT_MOST)
    for told, share in (("median", 0.5), ("p99", 0.99)):
        yield Row(f"guard: the same by the clock: {told}", _of(taken, share), "ms")


def _of(figures: list[float], share: float) -> float:
    return sorted(figures)[int(share * len(figures))]


def _heard(root: Path, guard: DoorGuard, wish: Wish) -> Row:
    """From the operator's word to the refusal of a running play."""
    account = guard.account(wish.listener)
    begun = time.monotonic()
    desk_of(root).decide(account, Rung.SUSPEND, "bench", "To be measured.")
    while guard.still_may(wish):
        pass
    taken_s = time.monotonic() - begun
    name = "guard: a suspension is heard by every worker after"
    return Row(name, taken_s, "s", MOST_HEARD_S, sense=Sense.AT_MOST)
