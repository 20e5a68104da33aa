"""A crowd: eight processes add, verify, show and look at one archive for a while.

Laws held up: one writer at a time, the others are told so; readers never wait and never see half;
what one was promised every other can see; at the end the archive is whole.
"""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.small_music import make_music
from tests.torture.command import Phono, found
from tests.torture.invariants import check_archive

ADDERS, PATIENT, VERIFIERS, LOOKERS, SHOWERS = 2, 1, 1, 2, 2
"""Eight processes: adders that go away when it is busy, one that waits, and those that read."""


@dataclass
class Crowd:
    """What the members share. `promised` is only ever added to."""

    phono: Phono
    folder: Path
    until: float
    promised: list[dict[str, object]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def live(self, name: str, act: Callable[[random.Random], None], seed: int) -> None:
        """Act again and again until the time is up or anybody failed."""
        rng = random.Random(f"{seed}/{name}")
        try:
            while time.monotonic() < self.until and not self.failures:
                act(rng)
                with self.lock:
                    self.done[name] = self.done.get(name, 0) + 1
        except BaseException as error:
            error.add_note(f"in the crowd: {name}")
            self.failures.append(error)

    def add(self, rng: random.Random, *more: str) -> None:
        """Add a small new folder; being told that another writes is an answer too."""
        seed = rng.randrange(1 << 40)
        music = self.folder / f"music-{seed}"
        make_music(music, rng.randint(1, 6), seed=seed)
        ended = self.phono.run("add", music, "--json", *more).expect(0, *(() if more else (6,)))
        if ended.status == 6:
            assert json.loads(ended.err)["error"] == "archive-busy", ended.err
        with self.lock:
            self.promised += ended.records
        shutil.rmtree(music)

    def verify(self, rng: random.Random) -> None:
        """Nothing is damaged, so nothing may be found, whoever writes meanwhile."""
        ended = self.phono.run("verify", "--json", "--wait").expect(0)
        assert ended.records[-1]["findings"] == 0

    def look(self, _rng: random.Random) -> None:
        """What was promised before is counted after."""
        with self.lock:
            least = len({record["sha256"] for record in self.promised})
        (status,) = self.phono.run("status", "--json").expect(0).records
        assert status["recordings"]["objects"] + status["companions"]["objects"] >= least

    def show(self, rng: random.Random) -> None:
        """Whatever was promised to anybody can be seen, whole."""
        with self.lock:
            record = rng.choice(self.promised) if self.promised else None
        if record is None:
            return self.look(rng)
        (shown,) = self.phono.run("show", str(record["sha256"]), "--json").expect(0).records
        assert shown["condition"] == "intact"
        assert record["path"] in [came["path"] for came in shown["came_from"]]
        return None


def crowd(folder: Path, seed: int, seconds: float) -> str:
    """Let the crowd live for so many seconds.

    Raises:
        AssertionError: One of them saw what may not be.
    """
    shared = Crowd(found(folder / "archive"), folder, time.monotonic() + seconds)
    acts: list[tuple[str, Callable[[random.Random], None]]] = [
        *((f"adder {n}", shared.add) for n in range(ADDERS)),
        *((f"patient {n}", lambda rng: shared.add(rng, "--wait")) for n in range(PATIENT)),
        *((f"verifier {n}", shared.verify) for n in range(VERIFIERS)),
        *((f"looker {n}", shared.look) for n in range(LOOKERS)),
        *((f"shower {n}", shared.show) for n in range(SHOWERS)),
    ]
    threads = [threading.Thread(target=shared.live, args=(*act, seed)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if shared.failures:
        raise shared.failures[0]
    check_archive(shared.phono.archive, shared.promised, at_rest=True)
    return f"{sum(shared.done.values())} commands, {len(shared.promised)} promises"
