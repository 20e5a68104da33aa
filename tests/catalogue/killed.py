"""A process of its own that is killed where it says, as by `kill -9`: nothing is cleaned up.

It finds no pandas, of which Phonotheque knows nothing: Arrow loads it wherever it is installed, as
it is for tools of these tests, and that takes longer than most of what such a process does.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]

HEAD = f"""
import os, signal, sys
from pathlib import Path
class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoPandas())
sys.path[:0] = {[str(_TESTS.parent), str(_TESTS)]!r}
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""What such a script begins with."""


def run_until_killed(script: str, *arguments: object) -> None:
    """Run a script that ends with `die()`, and see that it did.

    Args:
        script: It may import the tests, and has the arguments in `sys.argv`, from 1 on.
    """
    command = [sys.executable, "-c", HEAD + script, *map(str, arguments)]
    assert subprocess.run(command, check=False, timeout=300).returncode == -signal.SIGKILL
