"""What checks found wrong beside objects: packs, torrents and lists of volumes, what is signed.

What is wrong with an object stands in its own row (`projection`). Law: as there, the rows depend on
the entries and their order alone. A finding stays until a check that looked there again has gone by
without it, or until what it speaks of is not offered any more. Not here: files that do not belong
to the archive; they are told by the check alone.
"""

from __future__ import annotations

import sqlite3

from phonotheque.music.finding import Finding, FindingKind
from phonotheque.register.chain import Entry
from phonotheque.register.events import Fixity, Retirement

TABLE = """
CREATE TABLE IF NOT EXISTS finding (        -- wrong with a torrent or list when last looked at
    path     TEXT PRIMARY KEY, kind TEXT NOT NULL, detail TEXT NOT NULL
) WITHOUT ROWID;
"""

TO_THE_END = "f" * 64
"""`through` of a run that looked at everything: each object that was registered, each volume, all
that is published, and all that lies in `objects/`. No object's name sorts after it."""

PACKS = "published/packs/"
"""Below it each pack has a folder."""

_PLACES = ("objects/lists/", "published/")
_NOT_OURS = (FindingKind.FOREIGN, FindingKind.UNREFERENCED)
_CHECKED = "pack checked: "
"""Before the name of a pack, in `note`: when it was last read whole."""


def project_findings(db: sqlite3.Connection, entry: Entry) -> None:
    """Write the rows that follow from one entry. The caller commits."""
    if isinstance(entry.event, Retirement):
        _forget(db, entry.event.name)
        db.execute("DELETE FROM note WHERE name = ?", (f"{_CHECKED}{entry.event.name}",))
    if not isinstance(entry.event, Fixity):
        return
    if entry.event.through == TO_THE_END and not entry.event.objects:
        db.execute("DELETE FROM finding")
    for name in entry.event.packs:
        _forget(db, name)
        db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (f"{_CHECKED}{name}", entry.at))
    for finding in entry.event.findings:
        if finding.path.startswith(_PLACES) and finding.kind not in _NOT_OURS:
            row = (finding.path, finding.kind, finding.detail)
            db.execute("INSERT OR REPLACE INTO finding VALUES (?, ?, ?)", row)


def _forget(db: sqlite3.Connection, name: str) -> None:
    """Forget what was wrong with a pack or a volume."""
    for torrent in (f"published/{name}.torrent", f"published/{name}.v1.torrent"):
        db.execute("DELETE FROM finding WHERE path = ?", (torrent,))
    for folder in (f"{PACKS}{name}", f"objects/lists/{name}"):
        below = (f"{folder}/", f"{folder}0")  # "0" comes right after "/"
        db.execute("DELETE FROM finding WHERE path > ? AND path < ?", below)


def findings(db: sqlite3.Connection) -> list[Finding]:
    """What is wrong beside objects, in order of path."""
    rows = db.execute("SELECT kind, path, detail FROM finding ORDER BY path")
    return [Finding(FindingKind(kind), path, detail) for kind, path, detail in rows]


def damaged_torrents(db: sqlite3.Connection) -> frozenset[str]:
    """Names of packs in which a check found something wrong, and of volumes and packs with whose
    .torrent file something is wrong."""
    found = set()
    for (path,) in db.execute("SELECT path FROM finding WHERE path LIKE 'published/%'"):
        if path.startswith(PACKS):
            found.add(path.removeprefix(PACKS).partition("/")[0])
        elif path.endswith(".torrent"):
            found.add(path.removeprefix("published/").removesuffix(".torrent"))
    return frozenset(found)


def packs_checked_at(db: sqlite3.Connection) -> dict[str, str]:
    """When each pack was last read whole by a check, by name; those that never were are not in."""
    query = "SELECT substr(name, ?), value FROM note WHERE name LIKE ?"
    return dict(db.execute(query, (len(_CHECKED) + 1, f"{_CHECKED}%")))
