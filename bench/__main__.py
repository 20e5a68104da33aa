"""`python -m bench [--only NAME]...`: measure and print, exit 1 when a figure is below its floor.

`SCALE=full` in the environment takes the larger sizes where a module has them. The sizes without it
are meant to let all modules together take less than 30 minutes on two cores that do nothing else;
what each took is printed behind its figures.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from bench.module import BELOW, FAILED, HELD, measured
from bench.rows import HEADER

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
    "guard_watch",
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
    begun = time.monotonic()
    ended = {name: measured(name, scale) for name in MODULES if name in chosen}
    print(f"all of it: {(time.monotonic() - begun) / 60:.1f} min")
    for status, told in ((BELOW, "below a floor"), (FAILED, "failed")):
        if found := [name for name in ended if ended[name] == status]:
            print(f"{told}: {', '.join(found)}")
    return int(any(status != HELD for status in ended.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
