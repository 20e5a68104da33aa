"""Entry of the command `phono`: run it, then turn whatever happened into an exit status.

A fault of our own ends with 70 (EX_SOFTWARE of sysexits.h), never with 1, which means "found
something".
"""

from __future__ import annotations

import gc
import io
import sys


def main() -> None:
    """Run the command line and exit."""
    # What start-up makes lives to the end: to look through it for garbage as often as Python would
    # costs a tenth of a short command's time.
    gc.set_threshold(50_000)
    from phonotheque.cli.app import run
    from phonotheque.cli.standard_output import Output

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = Output.in_place_of(sys.stdout)
    try:
        status = run(sys.argv[1:])
    except Exception:
        import traceback

        traceback.print_exc()
        print("phono: this is a fault in Phonotheque; please report it.", file=sys.stderr)
        status = 70
    sys.exit(status)


if __name__ == "__main__":
    main()
