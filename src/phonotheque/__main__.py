"""Entry of the command `phono`: run it, then turn whatever happened into an exit status."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    from phonotheque.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
