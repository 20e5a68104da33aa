"""`python -m bench [--only NAME]...`: measure and print, exit 1 when a figure is below its floor.

`SCALE=full` in the environment takes the larger sizes where a module has them. The sizes without it
are meant to let all modules together take less than 30 minutes on two cores that do nothing else;
what each took is printed behind its figures. A module that fails is told, and the others are
measured.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
import traceback

from bench.measure import own_cpu_s
from bench.rows import HEADER, Row, exit_status, format_row

MODULES = (
    "startup",
    "digests",
    "verify",
    "add",
    "status",
    "torrent",
    "publish_run",
    "isolation",
    "one_pass",
    "damage",
    "fingerprints",
    "patches",
    "derive",
    "imports",
    "imports_discogs",
    "catalogue_build",
    "lookup",
    "search",
    "match",
    "listen_library",
    "dump",
    "increments",
    "charts",
    "plan",
    "spark",
    "volumes",
    "packs",
    "index",
    "pages",
    "mirrors",
    "mirror_sync",
    "listen",
    "guard_engine",
    "guard_streams",
    "guard_shift",
    "guard_bench",
    "guard_door",
    "log_score",
)
"""Every module of figures, in the order of printing. A module not named here is never run."""


def main(arguments: list[str]) -> int:
    """Run the modules that were asked for, printing each row when it is known."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=MODULES, metavar="NAME", help=", ".join(MODULES)
    )
    chosen = parser.parse_args(arguments).only or MODULES
    scale = os.environ.get("SCALE", "default")
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {system}, scale {scale}\n\n{HEADER}", flush=True)
    rows: list[Row] = []
    failed: list[str] = []
    begun = time.monotonic()
    for name in MODULES:
        if name not in chosen:
            continue
        print(f"-- {name}", flush=True)
        if not _measure(name, scale, rows):
            failed.append(name)
    print(f"all of it: {(time.monotonic() - begun) / 60:.1f} min")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return int(bool(failed)) or exit_status(rows)


def _measure(name: str, scale: str, rows: list[Row]) -> bool:
    """Print the rows of a module, and what they took; returns whether it came to its end."""
    begun, cpu_s = time.monotonic(), own_cpu_s()
    try:
        for row in importlib.import_module(f"bench.{name}").rows(scale):
            print(format_row(row), flush=True)
            rows.append(row)
    except Exception:
        traceback.print_exc()
        return False
    finally:
        took = f"{time.monotonic() - begun:.0f} s, {own_cpu_s() - cpu_s:.0f} CPU s"
        print(f"-- {name}: {took}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
