"""The tables of the index: a cache of the register that answers questions in milliseconds.

Laws: every row follows from the register (rows of `layer`, `tags`, `curves` and `source` from the
objects); losing the file loses time, never knowledge. Digests are stored as 32 raw bytes,
structures as JSON.
"""

from __future__ import annotations

from phonotheque.music.finding import FindingKind
from phonotheque.register.events import Role

VERSION = 7
"""Number of this layout. An index of another number is thrown away and made again."""

_CONDITIONS = ("intact", "removed", *FindingKind)
IN_VOLUME = f"""condition IN ({", ".join(f"'{one}'" for one in _CONDITIONS)})
                AND role IN ({", ".join(f"'{role}'" for role in Role)}) AND volume = ?"""
"""Finds the objects of a volume by `object_by_state`: an index of its own would cost every sealing
a third more."""

TABLES = """
CREATE TABLE IF NOT EXISTS place (          -- how far the register is in here
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    segment  INTEGER NOT NULL, offset INTEGER NOT NULL, seq INTEGER NOT NULL, digest TEXT NOT NULL,
    at       TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS note (           -- facts about this file
    name     TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deposit (
    seq      INTEGER PRIMARY KEY, depositor TEXT NOT NULL, collection TEXT NOT NULL,
    at       TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS object (
    sha256       BLOB PRIMARY KEY,
    size_bytes   INTEGER NOT NULL,
    pieces_root  BLOB NOT NULL,
    extension    TEXT NOT NULL,
    role         TEXT NOT NULL,             -- recording, companion or access-copy
    readability  TEXT,
    reason       TEXT NOT NULL,
    technical    BLOB,                      -- JSON
    first_seq    INTEGER NOT NULL,          -- its first accession
    checked_at   TEXT NOT NULL,             -- last time its bytes were known to be exact
    condition    TEXT NOT NULL,             -- intact, removed, or a kind of finding
    volume       TEXT,                      -- the volume it is sealed in
    integrity    BLOB,                      -- JSON
    sound        BLOB,                      -- JSON
    payload      BLOB                       -- digest of the coded packets alone
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_by_check ON object  -- what is long unproven, and where
    (checked_at, sha256, condition, size_bytes, volume);
CREATE INDEX IF NOT EXISTS object_by_state ON object  -- in order of names: sealing goes along them
    (condition, role, volume, readability, sha256, size_bytes);
CREATE INDEX IF NOT EXISTS object_by_payload ON object (payload) WHERE payload IS NOT NULL;
CREATE TABLE IF NOT EXISTS link (           -- recordings whose fingerprints are alike
    seq      INTEGER NOT NULL, one BLOB NOT NULL, other BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (one, other)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_by_other ON link (other);
CREATE TABLE IF NOT EXISTS dressing (       -- copies with other tags, and the way back
    copy     BLOB PRIMARY KEY, sha256 BLOB NOT NULL, size_bytes INTEGER NOT NULL,
    patch    BLOB NOT NULL, seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accession (
    seq      INTEGER PRIMARY KEY,
    sha256   BLOB NOT NULL, deposit INTEGER NOT NULL, path TEXT NOT NULL, folder TEXT NOT NULL,
    path_base64 TEXT NOT NULL, role TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS accession_by_object ON accession (sha256, seq);
CREATE INDEX IF NOT EXISTS accession_by_folder ON accession (deposit, folder);
CREATE TABLE IF NOT EXISTS access_copy (    -- what was made of a recording, to be shared for it
    sha256   BLOB PRIMARY KEY, parent BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS access_copy_by_parent ON access_copy (parent, sha256);
CREATE TABLE IF NOT EXISTS statement (      -- what was stated or decided about rights
    seq      INTEGER NOT NULL, position INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (sha256, seq, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edit (
    seq      INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, at TEXT NOT NULL, field TEXT NOT NULL,
    value    TEXT NOT NULL, reason TEXT NOT NULL, decided_by TEXT NOT NULL,
    is_undone INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS edit_by_object ON edit (sha256, seq);
CREATE TABLE IF NOT EXISTS correction (     -- of what the catalogue says of a thing
    seq      INTEGER PRIMARY KEY, gid BLOB NOT NULL, entity_type TEXT NOT NULL,
    source   TEXT NOT NULL, at TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
    reason   TEXT NOT NULL, decided_by TEXT NOT NULL, is_undone INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS correction_by_gid ON correction (gid, field, seq);
CREATE TABLE IF NOT EXISTS volume (
    name     TEXT PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pack (
    name     TEXT PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS retirement (     -- volumes and packs that are not offered any more
    name     TEXT PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS publication (    -- indexes that were signed
    number   INTEGER PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS case_line (      -- removals, and what was said against them
    seq      INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL,
    at       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS case_line_by_name ON case_line (name, seq);
CREATE INDEX IF NOT EXISTS case_line_by_object ON case_line (sha256, seq);
CREATE TABLE IF NOT EXISTS fixity_run (
    seq      INTEGER PRIMARY KEY, at TEXT NOT NULL, examined INTEGER NOT NULL,
    examined_bytes INTEGER NOT NULL, findings INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS layer (          -- read from the object, or taken from a sealed torrent
    sha256   BLOB PRIMARY KEY, layer BLOB NOT NULL, sha1s BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS tags (           -- read from the object
    sha256   BLOB PRIMARY KEY, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS curves (         -- measured on the object
    number   INTEGER PRIMARY KEY,           -- what the index of fingerprints calls it
    sha256   BLOB NOT NULL UNIQUE, fingerprint BLOB NOT NULL, waveform BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS source (         -- files seen before: not to be read again
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL, sha256 BLOB NOT NULL,
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;
"""
