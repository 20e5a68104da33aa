"""`python -m tests.torture --seconds N [--seed S] [--only NAME]`: torments in turn till time is up.

Each round has a new seed, printed before it begins. The last lines are a table; the exit status is
1 when any round failed, and every failure says how to have it again.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.torture import suites
from tests.torture.crowd import crowd
from tests.torture.damage import damage
from tests.torture.disk_full import CannotMountError, fill
from tests.torture.fuzz import fuzz
from tests.torture.giant import NoRoomError, giant
from tests.torture.hostile import mutants, whole_zoo
from tests.torture.kill import Stage

KILLS = 10
"""Kills a round: long enough to be worth the turn, short enough that all get theirs."""


@dataclass
class Torment:
    """One kind of fault. `act` gets an empty folder and a seed, and says what it did."""

    name: str
    act: Callable[[Path, int], str]
    is_once: bool = False
    rounds: int = 0
    failures: int = 0
    seconds: float = 0.0
    skipped: str = ""


class Torture:
    """All torments, and what they share.

    Args:
        folder: A folder for everything; failed rounds leave their archives in it.
        seconds: The time there is.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._ends = time.monotonic() + seconds
        self._stage: Stage | None = None
        self.torments = [
            Torment("kill", self._kill),
            Torment("damage", lambda _folder, seed: damage(self.stage, seed)),
            Torment("disk-full", fill),
            Torment("crowd", self._crowd),
            Torment("fuzz", fuzz),
            Torment("mutants", mutants),
            Torment("zoo", whole_zoo, is_once=True),
            Torment("power-loss", lambda _folder, seed: suites.power_loss(seed)),
            Torment("mutations", lambda _folder, seed: suites.mutations(seed)),
            Torment("bulk-door", lambda _folder, seed: suites.bulk_door(seed), is_once=True),
            Torment("catalogue", lambda _folder, seed: suites.catalogue(seed), is_once=True),
            Torment("other-rooms", lambda _folder, seed: suites.other_rooms(seed)),
            Torment("properties", lambda _folder, seed: suites.properties(seed)),
            Torment("giant", lambda folder, _seed: giant(folder), is_once=True),
        ]

    @property
    def stage(self) -> Stage:
        """Archives to start from, made when first asked for."""
        if self._stage is None:
            self._stage = Stage(self._folder / "stage")
        return self._stage

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._ends

    def _kill(self, _folder: Path, seed: int) -> str:
        rounds = [self.stage.round(seed + number) for number in range(KILLS)]
        killed = sum(one.was_killed for one in rounds)
        return f"{killed} killed, {sum(one.promises for one in rounds)} promises kept"

    def _crowd(self, folder: Path, seed: int) -> str:
        return crowd(folder, seed, min(60.0, max(10.0, (self._ends - time.monotonic()) / 8)))

    def run(self, torment: Torment, seed: int) -> None:
        """One round."""
        folder = self._folder / f"{torment.name}-{seed}"
        folder.mkdir()
        began = time.monotonic()
        print(f"{torment.name} --seed {seed}: ", end="", flush=True)
        try:
            print(torment.act(folder, seed), flush=True)
            shutil.rmtree(folder)
        except (CannotMountError, NoRoomError) as reason:
            torment.skipped = str(reason)
            print(f"skipped: {reason}", flush=True)
        except Exception:
            torment.failures += 1
            print("FAILED", flush=True)
            traceback.print_exc()
            again = f"python -m tests.torture --only {torment.name} --seed {seed} --seconds 1"
            print(f"Again: {again}\nLeft behind: {folder}", file=sys.stderr, flush=True)
        torment.rounds += not torment.skipped
        torment.seconds += time.monotonic() - began


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    parser.add_argument("--only", action="append", help="a torment; may be given again")
    return parser.parse_args()


def main() -> int:
    """Torment until time is up. A round that has begun is finished; each gets one at least."""
    asked = _parse()
    folder = Path(tempfile.mkdtemp(prefix="phonotheque-torture-"))
    torture = Torture(folder, asked.seconds)
    chosen = [one for one in torture.torments if not asked.only or one.name in asked.only]
    if not chosen:
        names = ", ".join(one.name for one in torture.torments)
        print(f"There is no torment of that name. There are: {names}", file=sys.stderr)
        return 2
    seed = secrets.randbelow(1_000_000_000) if asked.seed is None else asked.seed
    turn = 0
    while turn < len(chosen) or not torture.is_over:
        torment = chosen[turn % len(chosen)]
        turn += 1
        if torment.skipped or (torment.is_once and torment.rounds):
            if all(one.skipped or one.is_once for one in chosen):
                break
            continue
        torture.run(torment, seed)
        seed += 1000
    _report(chosen)
    failed = sum(one.failures for one in chosen)
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


def _report(torments: list[Torment]) -> None:
    print(f"\n{'torment':<12}{'rounds':>8}{'failures':>10}{'seconds':>10}")
    for one in torments:
        line = f"{one.name:<12}{one.rounds:>8}{one.failures:>10}{one.seconds:>10.0f}"
        print(f"{line}  {'skipped: ' + one.skipped if one.skipped else ''}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
