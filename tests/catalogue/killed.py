"""A process of its own that is killed where it says, as by `kill -9`: nothing is cleaned up."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]
_HEAD = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run_until_killed(script: str, *arguments: object) -> None:
    """Run a script that ends with `die()`, and see that it did.

    Args:
        script: It may import the tests, and has the arguments in `sys.argv`, from 1 on.
    """
    code = _HEAD.format(paths=[str(_TESTS.parent), str(_TESTS)]) + script
    command = [sys.executable, "-c", code, *map(str, arguments)]
    assert subprocess.run(command, check=False, timeout=300).returncode == -signal.SIGKILL
