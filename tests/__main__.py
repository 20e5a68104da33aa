"""`python -m tests [--room NAME] [OPTIONS OF PYTEST]`: all tests, no large room beside another.

Much here forks, and a fork takes 6 ms for each 100 MB of memory: a process that has collected every
test has 400 MB and more, one that knows a single room 50 to 190. So no process collects more than
it must, and `--lanes` of them run side by side. `python -m pytest` runs the same tests.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent

LONGEST = ("cli", "listen", "mirror", "catalogue", "audio", "publish", "docs", "guard")
"""Rooms that take longest, the longest first: begun so, no lane works alone at the end."""

MOST_FILES = 32
"""Files of tests that one process collects at the most."""

JOINED_FILES = 24
"""Small rooms share a process up to so many files: to begin one and collect in it takes a second
of a processor, which is more than the tests of some rooms take."""

_NOTHING_TO_DO = 5  # pytest's exit status when the options leave no test
_SUMMARY = re.compile(r"\d+ \w+.* in [\d.]+s")
"""Pytest's last line; libraries may say goodbye after it."""
_TOLD = re.compile(r"SKIPPED|\s*[\d.]+s (call|setup|teardown)")
"""What is told of a share where all is good: reasons, and with `--durations N` what takes long."""
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed|xpassed)\b")


@dataclass(frozen=True)
class Share:
    """Files of one room, or of a few small ones, that one process tests."""

    room: str
    name: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Ran:
    """How the tests of a share ended."""

    share: Share
    status: int
    out: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether nothing failed."""
        return self.status in (0, _NOTHING_TO_DO)

    @property
    def counts(self) -> Counter[str]:
        """How many tests ended in which way."""
        told = [line for line in self.out.splitlines() if _SUMMARY.search(line)]
        found = _COUNT.findall(told[-1]) if told else []
        return Counter({what.rstrip("s"): int(count) for count, what in found})


def rooms_in(folder: Path = _HERE) -> dict[str, list[Path]]:
    """The files of tests of each room that has any."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    found = {room.name: sorted(room.rglob("test_*.py")) for room in folders}
    return {room: files for room, files in found.items() if files}


def shares(rooms: dict[str, list[Path]]) -> list[Share]:
    """All tests in even shares, the longest first; what lies together stays together."""
    found = []
    for room, files in rooms.items():
        parts = -(-len(files) // MOST_FILES)
        borders = [len(files) * part // parts for part in range(parts + 1)]
        for part, (first, end) in enumerate(pairwise(borders), 1):
            name = f"{room} {part}/{parts}" if parts > 1 else room
            found.append(Share(room, name, tuple(files[first:end])))
    begun = {room: place for place, room in enumerate(LONGEST)}
    long = sorted((one for one in found if one.room in begun), key=lambda one: begun[one.room])
    return long + _joined([one for one in found if one.room not in begun])


def _joined(small: list[Share]) -> list[Share]:
    """The same with neighbours made one, as far as they stay small."""
    joined: list[Share] = []
    for share in small:
        last = joined[-1] if joined else share
        if joined and len(last.paths) + len(share.paths) <= JOINED_FILES:
            name = f"{last.room} to {share.room}"
            joined[-1] = Share(last.room, name, last.paths + share.paths)
        else:
            joined.append(share)
    return joined


def run(share: Share, options: list[str]) -> Ran:
    """Run the tests of one share, and say how it ended."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.share", *options, *map(str, share.paths)]
    # Tests start hundreds of processes: what is compiled is kept, whatever the shell says.
    environment = {key: one for key, one in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    out = done.stdout.decode("utf-8", "replace")
    ran = Ran(share, done.returncode, out, time.monotonic() - began)
    print(f"{share.name:<18} {_told(ran.counts)}  {ran.seconds:.0f} s", flush=True)
    return ran


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.most_common()) or "no test"


def _findings(ran: Ran) -> str:
    """What a person must read: all of a share that failed, of others what they were asked for."""
    if not ran.is_good:
        return f"\n==== {ran.share.name}\n{ran.out}"
    lines = [line for line in ran.out.splitlines() if _TOLD.match(line)]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run all and sum up. Returns 1 when anything failed, or nothing ran."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    # Two more than there are processors: of mirrors, doors and pages most tests wait for another
    # end, and use a third of a processor.
    parser.add_argument("--lanes", type=int, default=(os.cpu_count() or 1) + 2)
    rooms = rooms_in()
    parser.add_argument("--room", action="append", choices=rooms, help="test this folder alone")
    chosen, options = parser.parse_known_args(arguments)
    began = time.monotonic()
    asked = shares({room: rooms[room] for room in chosen.room or rooms})
    with ThreadPoolExecutor(max(1, chosen.lanes)) as lanes:
        ended = list(lanes.map(lambda share: run(share, options), asked))
    print(*filter(None, map(_findings, ended)), sep="\n")
    total = sum((ran.counts for ran in ended), Counter[str]())
    bad = [ran.share.name for ran in ended if not ran.is_good]
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    print(f"{_told(total)} in {minutes} min {seconds} s" + "".join(f"; see {one}" for one in bad))
    return int(bool(bad) or not total)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # which the tests at work got as well
        sys.exit(130)
