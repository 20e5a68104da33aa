"""`phono guard score`: lines of an access log a CPU second, to the report, and the memory it takes.

The log is that of a service that nobody ran: 200,000 visitors, songs as popular as songs are, one
program that goes through all of them. Peers do less: they count lines, or requests of an address.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import own_cpu_s, own_peak_bytes, program, python_child, report_of
from bench.rows import Row, Sense

LINES = {"default": 1_000_000, "full": 10_000_000}
MOST_S = 60.0
MOST_BYTES = 2_000_000_000
VISITORS = 200_000
_CORES = 2
_AT_ONCE = 100_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def rows(scale: str) -> Iterator[Row]:
    """Measure reading, counting, and both in one process of its own."""
    lines = LINES[scale]
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        log = Path(name) / "access.log"
        _write(log, lines)
        told = report_of(python_child(__name__, str(log)))
        size = f"{lines:,} lines"
        cpu_s = told["read_s"] + told["judge_s"]
        yield Row(f"log: read, {size}", lines / told["read_s"], "lines/CPU s")
        yield Row(f"log: counted, {size}", lines / told["judge_s"], "lines/CPU s")
        floor = LINES["full"] / MOST_S / _CORES
        yield Row(f"log: scored, {size}", lines / cpu_s, "lines/CPU s", floor)
        by_clock = told["wall_s"] * LINES["full"] / lines
        yield Row(f"log: 10 M lines by the clock, from {size}", by_clock, "s", MOST_S,
                  sense=Sense.AT_MOST)  # fmt: skip
        yield Row("log: memory at its highest", told["peak_bytes"] / 1e6, "MB",
                  MOST_BYTES / 1e6, sense=Sense.AT_MOST)  # fmt: skip
        yield Row("log: scrapers named, of 1", told["named"], "", 1)
        yield _goaccess(log, lines)


def _goaccess(log: Path, lines: int) -> Row:
    """GoAccess 1.7 counts requests and visitors of the same log; it names nobody."""
    from bench.measure import cpu_seconds

    if shutil.which("goaccess") is None:
        return Row("log: GoAccess", None, "lines/CPU s", peer="goaccess", ratio=None)
    command = [program("goaccess"), str(log), "--log-format=COMBINED", "-o", "/dev/null"]
    return Row("log: GoAccess", lines / cpu_seconds(command), "lines/CPU s")


def _write(log: Path, lines: int) -> None:
    import numpy as np

    draw = np.random.default_rng(7)
    begun, month_s = 1_760_000_000, 30 * 86_400
    with log.open("wb") as file:
        for first in range(0, lines, _AT_ONCE):
            count = min(_AT_ONCE, lines - first)
            who = draw.integers(0, VISITORS, count)
            songs = np.minimum(999_999, draw.pareto(0.8, count)).astype(int)
            seconds = np.sort(draw.integers(0, month_s * count // lines, count))
            seconds += begun + month_s * (first // _AT_ONCE) * _AT_ONCE // lines
            copied = draw.random(count) < 0.001
            songs[copied], who[copied] = first + np.flatnonzero(copied), VISITORS
            file.write("".join(map(_line, who.tolist(), songs.tolist(), seconds.tolist())).encode())


def _line(who: int, song: int, second: int) -> str:
    day = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(second))
    return (
        f"10.{who >> 16}.{who >> 8 & 255}.{who & 255} - - [{day} +0000] "
        f'"GET /song/{song}.ogg HTTP/1.1" 200 3000000 "https://radio.example/" "{_AGENT}"\n'
    )


def _measure(log: str) -> dict[str, Any]:
    """Score a log in this process."""
    from phonotheque.guard.score.gathering import Gathering
    from phonotheque.guard.score.items import item_rule
    from phonotheque.guard.score.judging import judge
    from phonotheque.guard.score.reading import gather

    begun = time.monotonic()
    with Gathering(item_rule(None)) as gathering:
        at = own_cpu_s()
        gather(gathering, [log], {}, lambda *_: None)
        read_s, at = own_cpu_s() - at, own_cpu_s()
        report, _ = judge(gathering, (log,))
        judge_s = own_cpu_s() - at
    named = sum(one.account.name == f"10.{VISITORS >> 16}.{VISITORS >> 8 & 255}.{VISITORS & 255}"
                for one in report.suspects)  # fmt: skip
    return {
        "read_s": read_s,
        "judge_s": judge_s,
        "wall_s": time.monotonic() - begun,
        "peak_bytes": own_peak_bytes(),
        "named": named,
    }


if __name__ == "__main__":
    import json

    print(json.dumps(_measure(sys.argv[1])))
