"""The tables of `match.db`; `docs/reference/match-file.md` tells what each is for.

Each is an index as `phonotheque.catalogue.lookup.blocks` has them: keys of `keys`, values ranks.
"""

from __future__ import annotations

VERSION = 1

PAIR, TITLE, NAME = "pair", "title", "name"
"""Title with a name, title alone, name of an artist alone."""

TABLES = "\n".join(
    [
        *(
            f"CREATE TABLE {name} (first INTEGER PRIMARY KEY, entries BLOB);"
            for name in (PAIR, TITLE, NAME)
        ),
        f"PRAGMA user_version = {VERSION};",
    ]
)
