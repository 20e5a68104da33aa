"""The main job, by the product's own command line, in an archive made for it.

Read top to bottom: init, add, add again, publish, verify, status, a catalogue and searches; then
what is offered, from outside. The checks use nothing of ours. `verify` comes after publishing, so
that it also proves that publishing and foreign readers left every byte as it was.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.errors import BadRequestError, DiskFullError
from scripts.real.archive import RegisterView, outcomes, view_register
from scripts.real.checks import Check, check_lists, check_rights, check_sources, check_torrents
from scripts.real.offered import run_offered
from scripts.real.searching import Searched, check_searches, run_searches
from scripts.real.steps import Step, run_step
from scripts.real.tree import Picked

FOUND_SOMETHING = (0, 1)
"""Exit statuses of a command that did its work: 1 says that it met damage or unreadable files."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What the job did: its steps in order, the register after it, and the checks.

    Attributes:
        outcomes: How many files had which outcome in the first `phono add`.
        alike: What `phono duplicates --json` told.
        searched: What was searched for in the catalogue of it all.
    """

    steps: tuple[Step, ...]
    outcomes: Counter[str]
    register: RegisterView
    checks: tuple[Check, ...]
    alike: Path
    searched: tuple[Searched, ...]


def run_job(tree: Path, picked: Sequence[Picked], work: Path) -> Ran:
    """Take the tree in, publish what may be published, and check the result.

    Args:
        tree: The music.
        picked: What lies in it.
        work: An existing folder for the archive and for what the commands write.

    Raises:
        BadRequestError: There is an archive in `work` already.
        DiskFullError: `work` has no room for the music.
        StepFailedError: A command failed.
    """
    archive, said = work / "archive", work / "said"
    require_room(archive, picked)
    said.mkdir(exist_ok=True)
    phono = _phono()
    on = [*phono, "--archive", str(archive)]
    add = [*on, "add", str(tree), "--json"]

    init = run_step("init", [*phono, "init", str(archive), "--name", "real"], said)
    _give_the_catalogue_away(archive)
    first = run_step("add", add, said, FOUND_SOMETHING)
    before = view_register(archive)
    again = run_step("add again", add, said, FOUND_SOMETHING)
    after = view_register(archive)
    publish = run_step("publish run", [*on, "publish", "run"], said, FOUND_SOMETHING)
    sound = [item for package in picked for item in package.sound]
    checks = [
        check_sources(tree, [item.path for item in sound], before.held),
        check_rights(sound, before.held),
        _check_second_add(before, after, outcomes(first.output), outcomes(again.output)),
        *check_lists(archive),
        *check_torrents(archive),
    ]
    verify = run_step("verify", [*on, "verify", "--json"], said)
    status = run_step("status", [*on, "status"], said, FOUND_SOMETHING)
    alike = run_step("duplicates", [*on, "duplicates", "--json"], said)
    build = run_step("catalogue build", [*on, "catalogue", "build"], said)
    searched = run_searches(on, {package.package.name for package in picked}, said)
    checks.append(check_searches(searched))
    offered = run_offered(on, archive, before.held.values(), work)
    checks += offered.checks
    steps = (init, first, again, publish, verify, status, alike, build, *offered.steps)
    view = view_register(archive)
    return Ran(steps, outcomes(first.output), view, tuple(checks), alike.output, tuple(searched))


def _give_the_catalogue_away(archive: Path) -> None:
    """Say on which terms the catalogue stands: without that its dump is in no torrent."""
    settings = archive / "phonotheque.toml"
    before, catalogue, after = settings.read_text(encoding="utf-8").partition("\n[catalogue]\n")
    settings.write_text(f'{before}{catalogue}licence = "CC0-1.0"\n{after}', encoding="utf-8")


def require_room(archive: Path, picked: Sequence[Picked]) -> None:
    """Make sure that the archive can be made.

    Raises:
        BadRequestError: Something of that name is there.
        DiskFullError: The disk has no room for the music and its records.
    """
    if archive.exists():
        raise BadRequestError(
            str(archive), "there is something already", "Remove it, or name another folder."
        )
    music_bytes = sum(item.size_bytes for package in picked for item in package.sound)
    free_bytes = shutil.disk_usage(archive.parent).free
    if free_bytes < music_bytes * 1.2:  # the register, the index and the torrents take under 1 %
        raise DiskFullError(
            str(archive.parent),
            f"{free_bytes / 1e9:.1f} GB free, {music_bytes * 1.2 / 1e9:.1f} GB needed",
            "Free some space, or name another folder with PHONOTHEQUE_REAL_DIR.",
        )


def _check_second_add(
    before: RegisterView, after: RegisterView, first: Counter[str], again: Counter[str]
) -> Check:
    """Nothing more on record, and every file was looked at again."""
    wrong = []
    if more := after.lines["accession"] - before.lines["accession"]:
        wrong.append(f"{more} accessions more in the register")
    if again["added"] or again.total() != first.total():
        wrong.append(f"{again.total()} files told of after {first.total()}: {dict(again)}")
    what = "a second add of the same tree adds nothing"
    return Check(what, f"{again.total()} files", "; ".join(wrong))


def _phono() -> list[str]:
    """The command of the environment that runs this, so that no other is measured by mistake."""
    beside = Path(sys.executable).with_name("phono")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "phonotheque"]
