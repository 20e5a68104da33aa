"""Entry of the command `phono`: run it, then turn whatever happened into an exit status.

A fault of our own ends with 70 (EX_SOFTWARE of sysexits.h), never with 1, which means "found
something".
"""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line and exit."""
    from phonotheque.cli.app import run

    if isinstance(sys.stdout, io.TextIOWrapper):  # names may hold letters that a terminal lacks
        sys.stdout.reconfigure(errors="backslashreplace")
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
