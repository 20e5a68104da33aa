"""`python -m bench [--only NAME]...`: measure and print, exit 1 when a figure is below its floor.

`SCALE=full` in the environment takes the larger sizes where a module has them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys

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
    for name in MODULES:
        if name not in chosen:
            continue
        print(f"-- {name}", flush=True)
        for row in importlib.import_module(f"bench.{name}").rows(scale):
            print(format_row(row), flush=True)
            rows.append(row)
    return exit_status(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
