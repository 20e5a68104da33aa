"""What the door reads in many threads at once."""

from __future__ import annotations

import subprocess
import sys

_READ_AT_ONCE = """
import sys
from threading import Barrier, Thread
import msgspec
import phonotheque.archive.listening.rooms
import phonotheque.cli.identifiers  # whose annotations only a type checker reads
from phonotheque.archive.listening.readable_types import prepare_types

kinds, together = prepare_types(), Barrier(6)
sys.setswitchinterval(1e-6)

def read():
    for kind in kinds:
        together.wait()
        try:
            msgspec.json.decode(b"{}", type=kind)
        except (msgspec.DecodeError, TypeError):
            pass

threads = [Thread(target=read) for _ in range(6)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(len(kinds))
"""


def test_what_was_prepared_may_be_read_by_many_at_once():
    """No value of ours that is the first of its type ends the process, whoever else reads one."""
    command = [sys.executable, "-c", _READ_AT_ONCE]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0
    assert int(done.stdout) > 100
