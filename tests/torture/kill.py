"""Kill -9 at a random moment, then prove: nothing promised is lost, nothing half is visible.

One round: copy a prepared archive, start a command on it, kill the whole group or the parent alone
(then all it started must end by itself), hold the archive against `invariants`, and let the next
commands finish the work. Moments are drawn from the command's own length on this machine, from its
lines of output, and from its calls that change the disk (`killed_at`): the last kind alone happens
again exactly from the same seed.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.small_music import make_music
from tests.torture.command import DEADLINE_S, Ended, Phono, Running, found
from tests.torture.invariants import Record, check_archive, check_left_behind, read_register

_ROOT = Path(__file__).parents[2]
_KILLED_AT = (sys.executable, "-m", "tests.torture.killed_at")
_ADD = ("--licence", "CC-BY-4.0", "--evidence", "we made it", "--json", "--jobs")
_PUBLISH = ("publish", "run", "--jobs", "2", "--json")
_FOLD = ("publish", "fold", "--json")

NAMES = ("add", "publish", "rebuild", "verify", "fold", "copies")
"""Commands that are killed: `copies` is a `publish run` that makes access copies first."""

_COPIED = 4
_COPIED_FRAMES = 24_000
"""Long enough that a file gets smaller as an access copy."""


@dataclass
class Victim:
    """A command to be killed.

    Attributes:
        start: The archive it starts from.
        music: The folder that was added to it, or is being added.
        lines: Lines it prints when it is left alone.
        calls: How often its parent makes each call that changes the disk.
        seconds: The shortest time it was ever seen to take.
    """

    name: str
    start: str
    arguments: tuple[str, ...]
    music: Path
    lines: int
    calls: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Moment:
    """When to kill: after so many lines, so many seconds, or at the k-th call of one kind."""

    lines: int | None = None
    seconds: float | None = None
    call: str = ""
    k: int = 0
    is_group: bool = True

    def __str__(self) -> str:
        whom = "the group" if self.is_group else "the parent alone"
        if self.call:
            return f"kill {whom} at call {self.k} of {self.call}"
        if self.lines is not None:
            return f"kill {whom} after {self.lines} lines"
        return f"kill {whom} after {self.seconds:.3f} s"


@dataclass(frozen=True)
class Round:
    """What one kill did. `was_killed` is false when the command was faster."""

    what: str
    was_killed: bool
    promises: int


class Stage:
    """Music and archives to start from, made once with the real command.

    Args:
        folder: Where to make them.
        count: Files of music.
    """

    def __init__(self, folder: Path, count: int = 12) -> None:
        self.folder = folder
        self.music = folder / "music"
        make_music(self.music, count)
        first = folder / "first"
        make_music(first, count // 3)  # the same bytes as the beginning of the other
        self.recordings = count
        begun = found(folder / "begun")
        begun.run("add", first, *_ADD, "1").expect(0)
        full = self._copy("begun", "full")
        add = self._measure("add", "begun", full, "add", str(self.music), *_ADD, "2")
        sealed = self._copy("full", "sealed")
        self._victims = {
            "add": add,
            "publish": self._measure("publish", "full", sealed, *_PUBLISH),
            "rebuild": self._measure("rebuild", "sealed", sealed, "rebuild", *_PUBLISH[2:]),
            "verify": self._measure("verify", "sealed", sealed, "verify", *_PUBLISH[2:]),
        }

    def _copy(self, start: str, name: str) -> Phono:
        shutil.copytree(self.folder / start, self.folder / name, symlinks=True)
        return Phono(self.folder / name)

    def victim(self, name: str) -> Victim:
        """A command to be killed, with the archive it starts from; made when first asked for."""
        if name not in self._victims:
            self._victims[name] = self._folding() if name == "fold" else self._copying()
        return self._victims[name]

    def _folding(self) -> Victim:
        """Three volumes of a third of the music each."""
        small = self._copy("begun", "small")
        second = self.folder / "second"
        make_music(second, self.recordings * 2 // 3)
        for more in (second, self.music):
            small.run(*_PUBLISH).expect(0)
            small.run("add", more, *_ADD, "1").expect(0)
        small.run(*_PUBLISH).expect(0)
        return self._measure("fold", "small", self._copy("small", "folded"), *_FOLD)

    def _copying(self) -> Victim:
        """Recordings of which the settings ask for access copies."""
        music = self.folder / "long music"
        make_music(music, _COPIED, frames=_COPIED_FRAMES)
        plain = found(self.folder / "plain")
        settings = plain.archive / "phonotheque.toml"
        text = settings.read_text(encoding="utf-8")
        asked = text.replace("# access_copies = []", 'access_copies = ["all"]')
        settings.write_text(asked, encoding="utf-8")
        plain.run("add", music, *_ADD, "1").expect(0)
        copied = self._copy("plain", "copied")
        victim = self._measure("copies", "plain", copied, *_PUBLISH, music=music)
        roles = [known[0]["role"] for known in read_register(copied.archive).accessions.values()]
        assert "access-copy" in roles, "no access copy was made, so none can be interrupted"
        return victim

    def _measure(
        self, name: str, start: str, at: Phono, *arguments: str, music: Path | None = None
    ) -> Victim:
        began = time.monotonic()
        given = ("--archive", str(at.archive), *arguments)
        ended = Running(given, (*_KILLED_AT, "count", "0", "group"), cwd=_ROOT).end().expect(0)
        seconds = time.monotonic() - began
        calls = json.loads(ended.err.splitlines()[-1])
        lines = len(ended.records)
        return Victim(name, start, arguments, music or self.music, lines, calls, seconds)

    def round(self, seed: int, name: str = "", *, is_quick: bool = False) -> Round:
        """Kill once and check everything.

        Args:
            seed: Decides whom, when and how.
            name: The command to kill; "" lets the seed choose.
            is_quick: Publish at the end only if that was interrupted.

        Raises:
            AssertionError: A promise was broken; the archive is left behind, and named.
        """
        rng = random.Random(seed)
        victim = self.victim(name or rng.choice(NAMES))
        moment = _moment(rng, victim)
        phono = Phono(self.folder / f"round-{seed}")
        shutil.rmtree(phono.archive, ignore_errors=True)
        shutil.copytree(self.folder / victim.start, phono.archive, symlinks=True)
        if victim.name == "rebuild" and rng.random() < 0.5:
            shutil.rmtree(phono.archive / "state")
        what = f"seed {seed}: phono {victim.name}, {moment}"
        try:
            killed = _kill(phono, victim, moment)
            self._prove(phono, killed, rng)
            self.finish(phono, victim.music, killed.records, is_published=not is_quick)
        except BaseException as error:
            error.add_note(f"{what}; the archive is in {phono.archive}")
            raise
        shutil.rmtree(phono.archive)
        return Round(what, killed.status == -signal.SIGKILL, len(killed.records))

    def _prove(self, phono: Phono, killed: Ended, rng: random.Random) -> None:
        assert "Traceback" not in killed.err, f"what survived the parent complained:\n{killed.err}"
        facts = check_archive(phono.archive, killed.records)
        promised = [r["sha256"] for r in killed.records if r.get("sha256")]
        asked = rng.choice(promised or sorted(facts.accessions))
        (shown,) = phono.run("show", asked, "--json").expect(0).records
        assert shown["condition"] == "intact"
        assert shown["sha256"] == asked
        if rng.random() < 0.5:  # what nobody was promised may lie there, and is named
            checked = phono.run("verify", "--json").expect(0, 1)
            check_left_behind(checked.records)

    def finish(
        self, phono: Phono, music: Path, promised: Sequence[Record], *, is_published: bool
    ) -> None:
        """Add again, publish; then nothing may be amiss at all.

        Args:
            phono: The archive.
            music: What is in it.
            promised: What was printed before.
            is_published: Publish also where nothing had been published.
        """
        added = phono.run("add", music, *_ADD, "1").expect(0).records
        assert len(added) == sum(path.is_file() for path in music.rglob("*"))
        assert {record["outcome"] for record in added} <= {"added", "held", "companion"}
        sealed = []
        if is_published or list((phono.archive / "published").iterdir()):
            sealed = phono.run("publish", "run", "--json").expect(0).records
            assert all(record["sealed"] for record in sealed if "volume" in record)
        *findings, summary = phono.run("verify", "--json").expect(0).records
        facts = check_archive(phono.archive, [*promised, *added, *sealed], at_rest=True)
        assert not findings
        assert summary["examined"] == len(facts.accessions)
        known = {name: accessions[0] for name, accessions in facts.accessions.items()}
        recordings = sorted(name for name, one in known.items() if one["role"] == "recording")
        shared = sorted(known[name].get("parent") or name for name in facts.sealed)
        assert shared == (recordings if facts.volumes else []), "lost to all volumes, or in two"


def _moment(rng: random.Random, victim: Victim) -> Moment:
    is_group = rng.random() < 0.5
    kind = rng.choice(("lines", "seconds", "call", "call"))
    if kind == "lines" and victim.lines > 1:
        return Moment(lines=rng.randint(1, victim.lines - 1), is_group=is_group)
    if kind == "call":
        call = rng.choice([call for call, count in victim.calls.items() if count])
        return Moment(call=call, k=rng.randint(1, victim.calls[call]), is_group=is_group)
    return Moment(seconds=rng.uniform(0.2, 1.0) * victim.seconds, is_group=is_group)


def _kill(phono: Phono, victim: Victim, moment: Moment) -> Ended:
    """Run the victim until its moment; its output until then is what it promised."""
    if moment.call:
        whom = "group" if moment.is_group else "parent"
        command = (*_KILLED_AT, moment.call, str(moment.k), whom)
        given = ("--archive", str(phono.archive), *victim.arguments)
        return Running(given, command, cwd=_ROOT).end()
    began = time.monotonic()
    running = phono.start(*victim.arguments)
    try:
        if moment.lines is not None:
            running.read(lines=moment.lines)
        else:
            running.read(until_s=moment.seconds or 0.0)
        if running.is_at_end:
            victim.seconds = min(victim.seconds, time.monotonic() - began)
        running.signal(signal.SIGKILL, group=moment.is_group)
    except BaseException:
        running.close()
        raise
    return running.end(DEADLINE_S)
