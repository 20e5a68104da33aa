"""Entry of the command `phono`: run it, then turn whatever happened into an exit status.

A fault of our own ends with 70 (EX_SOFTWARE of sysexits.h), never with 1, which means "found
something".
"""

from __future__ import annotations

import gc
import io
import signal
import sys


class InterruptedByUserError(KeyboardInterrupt):
    """Ctrl-C. A kind of its own: once Python has met the plain one in text that it executes, as
    every dataclass has some, it ends by the signal at the very end, whoever caught it before."""


def main() -> None:
    """Run the command line and exit."""
    early: list[bool] = []
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:  # only noted while modules load: it would be lost in what Python calls back there
        signal.signal(signal.SIGINT, lambda *_: early.append(True))
    # What start-up makes lives to the end: to look through it for garbage as often as Python would
    # costs a tenth of a short command's time.
    gc.set_threshold(50_000)
    try:
        from phonotheque.cli.app import run
        from phonotheque.cli.standard_output import Output

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout = Output.in_place_of(sys.stdout)
        if is_heard:
            signal.signal(signal.SIGINT, _stop)
        if early:
            raise InterruptedByUserError
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # before `run` could, or once more while it was ending
        print("Stopped. Nothing is lost; run the same command again to go on.", file=sys.stderr)
        status = 130
    except Exception:
        import traceback

        traceback.print_exc()
        print("phono: this is a fault in Phonotheque; please report it.", file=sys.stderr)
        status = 70
    sys.exit(status)


def _stop(*_: object) -> None:
    raise InterruptedByUserError


if __name__ == "__main__":
    main()
