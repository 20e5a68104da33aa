"""`python -m tests.zoo FOLDER`: write every animal, and a list of what is expected of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.zoo import animals


def main(folder: Path) -> None:
    """Fill `folder`. Names that a file system could not take are not among them."""
    folder.mkdir(parents=True, exist_ok=True)
    for animal in animals():
        (folder / os.fsencode(animal.name).decode(errors="surrogateescape")).write_bytes(
            animal.data()
        )
        print(f"{animal.fate.value}\t{animal.name!r}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.zoo FOLDER")
    main(Path(sys.argv[1]))
