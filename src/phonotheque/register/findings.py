"""What checks found wrong beside objects: torrents and lists of volumes, until it is sound.

What is wrong with an object stands in its own row (`projection`). Law: as there, the rows depend on
the entries and their order alone. A finding stays until a check that looked at everything has gone
by without it. Not here: files that do not belong to the archive; they are told by the check alone.
"""

from __future__ import annotations

import sqlite3

from phonotheque.music.finding import Finding, FindingKind
from phonotheque.register.chain import Entry
from phonotheque.register.events import Fixity

TABLE = """
CREATE TABLE IF NOT EXISTS finding (        -- wrong with a torrent or list when last looked at
    path     TEXT PRIMARY KEY, kind TEXT NOT NULL, detail TEXT NOT NULL
) WITHOUT ROWID;
"""

TO_THE_END = "f" * 64
"""`through` of a run that looked at everything: each object that was registered, each volume, and
all that lies in `objects/`. No object's name sorts after it."""

_PLACES = ("objects/lists/", "published/")
_NOT_OURS = (FindingKind.FOREIGN, FindingKind.UNREFERENCED)


def project_findings(db: sqlite3.Connection, entry: Entry) -> None:
    """Write the rows that follow from one entry. The caller commits."""
    if not isinstance(entry.event, Fixity):
        return
    if entry.event.through == TO_THE_END and not entry.event.objects:
        db.execute("DELETE FROM finding")
    for finding in entry.event.findings:
        if finding.path.startswith(_PLACES) and finding.kind not in _NOT_OURS:
            row = (finding.path, finding.kind, finding.detail)
            db.execute("INSERT OR REPLACE INTO finding VALUES (?, ?, ?)", row)


def findings(db: sqlite3.Connection) -> list[Finding]:
    """What is wrong beside objects, in order of path."""
    rows = db.execute("SELECT kind, path, detail FROM finding ORDER BY path")
    return [Finding(FindingKind(kind), path, detail) for kind, path, detail in rows]
