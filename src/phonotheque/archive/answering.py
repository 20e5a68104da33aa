"""A process beside the one that serves, which answers what is asked of it on standard input.

It is begun by the name of its module and imports what this process can import, wherever that lies.
Not here: what is asked and told (`listening.copyist`, `recordings.embedded`), who ends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start_answering(module: str, root: Path) -> subprocess.Popen[bytes]:
    """Begin a process that answers for an archive.

    Args:
        module: Name of a module that takes the archive's folder as its argument.
        root: The archive's folder.

    Raises:
        OSError: No process can be begun.
    """
    folders = os.pathsep.join(folder for folder in sys.path if folder)
    return subprocess.Popen(
        [sys.executable, "-m", module, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": folders},
    )
