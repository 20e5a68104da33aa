"""Have one command run by the warm process (`tests.torture.warm`), and end as it ends.

Usage: warm_client.py SOCKET ARGUMENTS... Imports little: it is started for every command.
"""

import marshal
import os
import signal
import socket
import sys
from contextlib import suppress

_KILLED = 128 + signal.SIGKILL


def main() -> int:
    """Hand over what a process inherits; return the exit status of the command."""
    processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    request = marshal.dumps((os.getcwd(), dict(os.environ), processors, sys.argv[2:]))
    with socket.socket(socket.AF_UNIX) as warm:
        warm.connect(sys.argv[1])
        socket.send_fds(warm, [len(request).to_bytes(8, "big")], [0, 1, 2])
        warm.sendall(request)
        pid = int.from_bytes(warm.recv(8, socket.MSG_WAITALL), "big")

        def pass_on(number: int, _frame: object) -> None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

        signal.signal(signal.SIGINT, pass_on)
        signal.signal(signal.SIGTERM, pass_on)
        warm.sendall(b"!")  # from now on it may begin: no signal is lost
        status = warm.recv(1)
    return status[0] if status else _KILLED


sys.exit(main())
