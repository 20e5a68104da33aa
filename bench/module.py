"""One module of figures: printed row by row, with what measuring it took.

Laws: a module has a process of its own, because what one loads makes each fork after it dearer; a
module that fails is told, and the others are measured.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
import traceback

from bench.measure import ROOT, own_cpu_s, python_child
from bench.rows import Row, exit_status, format_row

HELD, BELOW, FAILED = 0, 1, 2


def measured(name: str, scale: str) -> int:
    """Measure a module in a process of its own; returns `HELD`, `BELOW` or `FAILED`."""
    ended = subprocess.run(python_child("bench.module", name, scale), cwd=ROOT, check=False)
    return ended.returncode if ended.returncode in (HELD, BELOW) else FAILED


def _measure(name: str, scale: str) -> int:
    """Print the rows of a module, each when it is known."""
    begun, cpu_s, rows = time.monotonic(), own_cpu_s(), list[Row]()
    print(f"-- {name}", flush=True)
    try:
        for row in importlib.import_module(f"bench.{name}").rows(scale):
            print(format_row(row), flush=True)
            rows.append(row)
    except Exception:
        traceback.print_exc()
        return FAILED
    finally:
        took = f"{time.monotonic() - begun:.0f} s, {own_cpu_s() - cpu_s:.0f} CPU s"
        print(f"-- {name}: {took}", flush=True)
    return BELOW if exit_status(rows) else HELD


if __name__ == "__main__":
    sys.exit(_measure(*sys.argv[1:]))
