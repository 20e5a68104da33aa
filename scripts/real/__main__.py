"""`make real`: fetch, pick, take in, publish, check, report.

Settings, all by environment: `PHONOTHEQUE_CACHE` (where packages are kept),
`PHONOTHEQUE_REAL_DIR` (where the archive is made and left; else a temporary folder is used and
removed).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.errors import PhonothequeError, UnavailableError
from scripts.real.fetch import Fetched, cache_folder, fetch, require_tools
from scripts.real.job import run_job
from scripts.real.packages import Package, load_packages
from scripts.real.report import format_report
from scripts.real.steps import StepFailedError
from scripts.real.tree import build_tree

REPORT = Path(__file__).parents[2] / "report" / "real.md"


def main() -> int:
    """Run everything; say what is wrong on standard error.

    Returns:
        0 when all went well, 1 when a command failed or a check found something, 130 when
        interrupted.
    """
    try:
        return _run()
    except (PhonothequeError, StepFailedError) as error:
        print(f"make real: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake real: interrupted; run it again, the downloads are kept", file=sys.stderr)
        return 130


def _run() -> int:
    require_tools()
    cache = cache_folder(os.environ, Path.home())
    found, absent = _fetch_all(load_packages(), cache)
    picked = build_tree(found, cache / "tree")
    with _work_folder() as work:
        ran = run_job(cache / "tree", picked, work)
        report = format_report(picked, absent, ran)  # it reads what the commands said
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report, encoding="utf-8")
    print(report)
    print(f"This report: {REPORT}")
    wrong = [check for check in ran.checks if check.wrong]
    for check in wrong:
        print(f"make real: {check.what}: {check.wrong}", file=sys.stderr)
    return 1 if wrong else 0


def _fetch_all(
    packages: tuple[Package, ...], cache: Path
) -> tuple[list[tuple[Package, Fetched]], list[str]]:
    """Fetch every package; name those that this system does not offer."""
    print(f"Packages of free music, kept in {cache}:", file=sys.stderr)
    found, absent = [], []
    for package in packages:
        print(f"  {package.name} …", end="", file=sys.stderr, flush=True)
        fetched = fetch(package.name, cache)
        print(f" {fetched.version if fetched else 'not offered here'}", file=sys.stderr)
        if fetched:
            found.append((package, fetched))
        else:
            absent.append(package.name)
    if not found:
        raise UnavailableError(
            "apt-get", "offers none of the packages", "Run `apt-get update` as root and try again."
        )
    return found, absent


@contextmanager
def _work_folder() -> Iterator[Path]:
    """The folder that the user named, which stays, or a temporary one, which goes."""
    if named := os.environ.get("PHONOTHEQUE_REAL_DIR"):
        work = Path(named).resolve()
        work.mkdir(parents=True, exist_ok=True)
        yield work
        return
    with tempfile.TemporaryDirectory(prefix="phonotheque-real-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
