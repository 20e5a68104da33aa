"""A long register: what taking it into the index costs, and `phono status` after it.

At full scale it has the million lines of the floor. At the default a quarter of them is measured,
and what `phono status` takes longer than on an empty archive is reckoned for a million.

The lines are those of accessions, with deposits, decisions and runs of verifying between them; no
object lies on the disk, because neither of the two looks at one. Catching up is what opening does
when `state/` was lost; only its own work is counted, `phono status` is counted whole.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.archives import found, phono, run
from bench.measure import (
    best_in_turn,
    cpu_seconds,
    own_cpu_s,
    own_peak_bytes,
    python_child,
    report_of,
)
from bench.rows import Row, Sense
from phonotheque.cli.exit_status import FOUND

if TYPE_CHECKING:
    from phonotheque.register.events import Event

EVENTS = {"default": 250_000, "full": 1_000_000}
PROMISED_EVENTS = 1_000_000
MOST_CPU_S = 1.0
_PER_DEPOSIT = 1_000
_PER_DECISION = 25
_RUNS = 4
_MEAN_BYTES = 3_500_000
_AT = "2020-{:02d}-01T00:00:00.000000Z"  # long ago: every object counts as unproven, the worst case
_STATED_AT = "2020-01-01T00:00:00.000000Z"


def rows(scale: str) -> Iterator[Row]:
    """Measure at the size of the scale."""
    events = EVENTS.get(scale, EVENTS["default"])
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        archive = Path(name) / "archive"
        found(archive)
        command = phono("--archive", archive, "status", "--json")
        empty_s = best_in_turn({"status": lambda: cpu_seconds(command)})["status"]
        report = report_of(python_child("bench.status", "make", archive, str(events)))
        indexed = report_of(python_child("bench.status", "index", archive))
        yield Row(f"index of {events:,} register lines, made anew", indexed["cpu_s"], "CPU-s")
        yield Row("  register", report["size_bytes"] / events, "B/line")
        yield Row("  state/index.sqlite", indexed["size_bytes"] / events, "B/line")
        yield Row("  peak memory while it is made", indexed["peak_bytes"] / 1e6, "MB")
        # Nothing was read for years, and it says so.
        seen = json.loads(run(command, FOUND))
        if seen["events"] != events:
            raise RuntimeError(f"phono status tells of {seen['events']} events, not {events}")
        filled_s = best_in_turn({"status": lambda: cpu_seconds(command, FOUND)})["status"]
    assert empty_s is not None
    assert filled_s is not None
    yield Row(f"phono status, {events:,} events", filled_s, "CPU-s")
    more_s = max(filled_s - empty_s, 0)  # a noisy machine tells nothing of a short register
    reckoned_s = empty_s + more_s * PROMISED_EVENTS / events
    how = "the same" if events == PROMISED_EVENTS else "reckoned from it"
    name = f"  {PROMISED_EVENTS:,} events, {how}"
    yield Row(name, reckoned_s, "CPU-s", MOST_CPU_S, sense=Sense.AT_MOST)


def iter_events(first: int, last: int) -> Iterator[tuple[str, Event]]:
    """Yield the instant and the event of each line from number `first` up to number `last`."""
    from phonotheque.music.rights import Basis, RightsStatement
    from phonotheque.register.events import Deposit, Fixity, Rights

    statement = RightsStatement(
        licence="https://creativecommons.org/licenses/by/4.0/",
        basis=Basis.DEPOSITOR,
        evidence=f"sha256:{_digest('evidence')}",
        stated_at=_STATED_AT,
    )
    deposit = first
    for seq in range(first, last + 1):
        at = _AT.format(1 + seq * 11 // last)
        if (seq - first) % _PER_DEPOSIT == 0:
            deposit = seq
            yield at, Deposit("p1", f"collection {seq // 50_000}")
        elif seq % (last // _RUNS) == 0:
            # Everything that was taken in before the month of the run was examined.
            through = _AT.format(seq * 11 // last)
            done = seq // 2
            yield (
                at,
                Fixity(
                    examined=done,
                    examined_bytes=done * _MEAN_BYTES,
                    as_of=seq - 1,
                    through_at=through,
                    through="f" * 64,
                ),
            )
        elif seq % _PER_DECISION == 0:
            yield at, Rights(_digest(seq - 1), statement)
        else:
            yield at, _accession(seq, deposit, statement)


def _accession(seq: int, deposit: int, statement: Any) -> Event:
    from phonotheque.music.facts import Readability, Technical
    from phonotheque.register.events import Accession, Role

    is_companion = seq % 12 == 0
    return Accession(
        deposit=deposit,
        sha256=_digest(seq),
        size_bytes=_MEAN_BYTES // 2 + seq,
        pieces_root=_digest(-seq),
        extension="jpg" if is_companion else "ogg",
        path=f"Artist {seq // 120}/Release {seq // 12}/{seq % 12:02d} Title of a piece.ogg",
        role=Role.COMPANION if is_companion else Role.RECORDING,
        rights=(statement,),
        readability=None if is_companion else Readability.READABLE,
        technical=None if is_companion else Technical("ogg", "vorbis", 215_000, 44_100, 2, 160_000),
    )


def _digest(word: object) -> str:
    return hashlib.sha256(str(word).encode()).hexdigest()


def _child_make(archive: Path, count: str) -> dict[str, Any]:
    """Write the lines as the journal would, without making each durable."""
    from phonotheque.archive.opening import open_to_read
    from phonotheque.register.chain import encode_line
    from phonotheque.register.journal import SEGMENT_BYTES, segment_path

    with open_to_read(archive) as opened:
        place = opened.index.place
    head, size_bytes = place.head, 0
    events = iter_events(head.seq + 1, int(count))
    for segment in itertools.count(place.segment):
        with open(archive / segment_path(segment), "ab") as file:
            for at, event in events:
                line, head = encode_line(head, at, event)
                size_bytes += file.write(line)
                if file.tell() >= SEGMENT_BYTES:
                    break
            else:
                return {"size_bytes": size_bytes}
    raise AssertionError


def _child_index(archive: Path) -> dict[str, Any]:
    """Take the lines into the index, as any command does that finds it behind."""
    from phonotheque.archive.opening import INDEX, open_to_write

    before = own_cpu_s()
    with open_to_write(archive, "catch up the index"):
        pass
    return {
        "cpu_s": own_cpu_s() - before,
        "peak_bytes": own_peak_bytes(),
        "size_bytes": (archive / INDEX).stat().st_size,
    }


if __name__ == "__main__":
    children: dict[str, Any] = {"make": _child_make, "index": _child_index}
    print(json.dumps(children[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
