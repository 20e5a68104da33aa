"""A catalogue whose tables change at random from snapshot to snapshot, without any build.

Its snapshots have tables and nothing else: an increment is made of those alone.
"""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalogue.build.small import make_browse, make_lookup, make_match, make_search
from catalogue.dump.whole_catalogue import MACHINE
from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.build.serving import Makers
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.bulk import part_name, write_part
from phonotheque.catalogue.corrections.resolving import SCHEMA as CORRECTIONS_SCHEMA
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.excerpt import write_sources
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.dump.ordered import in_order, key_of, plain
from phonotheque.catalogue.epoch import link_or_copy
from phonotheque.catalogue.identity.linking import LINKS_SCHEMA
from phonotheque.catalogue.snapshot import Descriptor, SourceEntry
from phonotheque.catalogue.tables import TABLES, snapshot_schema
from phonotheque.disk import LocalDisk

MAKERS = Makers(make_search, make_lookup, make_browse, make_match)
"""Make nothing that serves: what is proven here are tables."""

PARQUET = Wish(forms=(), machine=MACHINE)

SOURCES = ("open", "netlabel", "third")
ABOUT = ("recording", "artist")
WORDS = ("Kettle", "Comet", "Ødegård", "垃圾场", "", None)
ACROSS = {"links": LINKS_SCHEMA, "canonical": CANONICAL_SCHEMA, "corrections": CORRECTIONS_SCHEMA}


class Changing:
    """Makes snapshot after snapshot; `change` edits some rows at random."""

    def __init__(self, root, seed):
        self.root = Path(root)
        self.root.mkdir()
        self.disk = LocalDisk(self.root)
        self.random = random.Random(seed)
        self.rows = {(table, source): [] for table in TABLES for source in SOURCES}
        self.rows |= {(name, ""): [] for name in ACROSS}
        self.stale = set(self.rows)
        self.sources = {name: SourceEntry(place, name, name.title(), "000001", place + 1)
                        for place, name in enumerate(SOURCES[:2], 1)}  # fmt: skip
        self.next_id = 0
        self.number = 0

    def change(self, times):
        """Do some of what happens to a catalogue."""
        for _ in range(times):
            self.random.choice(EDITS)(self, self.random.choice(sorted(self.sources)))

    def snapshot(self):
        """Make the next snapshot, and let it serve: what did not change are the same files."""
        self.number += 1
        name = f"snapshot-{self.number:06d}"
        before, tables = self.root / f"snapshot-{self.number - 1:06d}", self.root / name / "tables"
        for (table, source), rows in self.rows.items():
            folder = tables / table if source else tables
            folder.mkdir(parents=True, exist_ok=True)
            entry = self.sources.get(source)
            place = part_name(1, entry.id) if entry else f"{table}.parquet"
            if (source and (entry is None or not rows)) or (table == "corrections" and not rows):
                continue
            if (table, source) not in self.stale:
                link_or_copy(before / "tables" / folder.relative_to(tables) / place, folder / place)
            else:
                self._write(folder / place, table, entry)
        self.stale = set()
        entries = tuple(self.sources.values())
        write_sources(tables / "sources.parquet", (DECISIONS, *entries))
        given = dict.fromkeys(ABOUT, self.next_id)
        at = "2024-05-06T07:08:09Z"
        made = Descriptor(name, at, "an epoch", given, name, entries, {}, {}, {}, {})
        snapshots.write_descriptor(self.disk, name, made)
        snapshots.switch_to(self.disk, name)
        return self.number

    def _write(self, path, table, entry):
        schema = snapshot_schema(table) if entry else ACROSS[table]
        if entry is None:
            rows = pa.Table.from_pylist(self.rows[table, ""], schema)
            pq.write_table(rows, path)
            return
        rows = pa.Table.from_pylist(
            [row | {"source": entry.id} for row in self.rows[table, entry.name]], schema
        )
        write_part(path, in_order(plain(rows), key_of(table)).cast(schema))

    def rows_of(self, table, source):
        """Rows to be changed."""
        self.stale.add((table, source))
        return self.rows[table, source]

    def word(self):
        return self.random.choice(WORDS)

    def gid(self):
        return self.random.randbytes(16)

    def some_id(self):
        return self.random.choice([None, *range(max(self.next_id, 1))])


def add(world, source):
    """An entity more, and rows about it; some twice the same, some about nothing."""
    table = world.random.choice(ABOUT)
    key = world.next_id
    world.next_id += 1
    named = {"title" if table == "recording" else "name": world.word()}
    mbid = world.gid() if world.random.random() < 0.3 else None
    world.rows_of(table, source).append({"id": key, "key": key, "mbid": mbid, **named})
    tag = {"entity_type": table, "entity": key, "name": world.word(), "count": 1}
    world.rows_of("tag", source).extend([tag] * world.random.randrange(3))
    if table == "recording":
        isrc = {"recording": world.some_id(), "isrc": "DEA111100001"}
        world.rows_of("isrc", source).append(isrc)


def alter(world, source):
    """An entity is named otherwise, and is heard otherwise."""
    for row in world.random.sample(
        world.rows["recording", source], 1 if _any(world, source) else 0
    ):
        world.stale.add(("recording", source))
        row["title"], row["length"] = world.word(), world.random.choice([None, 1, 2])
        heard = world.rows_of("popularity", source)
        heard[:] = [one for one in heard if one["entity"] != row["id"]]
        heard.append({"entity_type": "recording", "entity": row["id"], "rating": 0.5,
                      "total_listen_count": world.random.randrange(9)})  # fmt: skip


def merge(world, source):
    """An entity goes, and another stands for it."""
    for gone in _taken(world, source):
        redirect = {"entity_type": "recording", "old_gid": gone["mbid"] or world.gid()}
        world.rows_of("gid_redirect", source).append(redirect | {"new_gid": world.gid()})


def withdraw(world, source):
    """An entity goes, with a tombstone."""
    for gone in _taken(world, source):
        stone = {"entity_type": "recording", "gid": gone["mbid"] or world.gid(), "reason": "rights"}
        world.rows_of("removal", source).append(stone)


def forget(world, source):
    """Rows go that nobody says anything of: of any table, the first or the last."""
    table = world.random.choice(["tag", "isrc", "gid_redirect", "removal", "popularity", "artist"])
    rows = world.rows_of(table, source)
    if rows:
        rows.pop(world.random.choice([0, -1]))


def link(world, source):
    """Two are linked, or no longer."""
    links, spoken = world.rows_of("links", ""), world.rows_of("canonical", "")
    if links and world.random.random() < 0.5:
        links.pop(0)
        spoken.pop()
    pair = {"entity_type": "recording", "one": world.next_id, "other": world.next_id + 1}
    links.append(pair | {"reason": "isrc", "confidence": world.random.random(), "is_joined": True})
    spoken.append({"entity_type": "recording", "id": world.next_id + 1, "canonical": 0})


def correct(world, source):
    """Somebody says otherwise than the sources, or takes that back."""
    said = world.rows_of("corrections", "")
    if said and world.random.random() < 0.3:
        said.pop(0)
    for row in world.rows["recording", source][-1:]:
        said.append({"entity_type": "recording", "entity": row["id"], "gid": world.gid(),
                     "field": "title", "value": world.word(), "reason": "ask Jo",
                     "at": "2024-01-01T00:00:00Z", "seq": len(said) + world.number})  # fmt: skip


def trade_sources(world, source):
    """A source comes, goes for good, or says another date."""
    if world.random.random() < 0.1:
        if "third" in world.sources:
            del world.sources["third"]
            for table in TABLES:
                world.rows[table, "third"].clear()
        else:
            world.sources["third"] = SourceEntry(3, "third", "Third", "000001", 4)
            world.stale |= {(table, "third") for table in TABLES}
    else:
        entry = world.sources[source]
        dated = SourceEntry(entry.id, entry.name, entry.title, "000002", entry.priority,
                            as_of=f"2024-01-{world.random.randrange(10, 29)}")  # fmt: skip
        world.sources[source] = dated


def _any(world, source):
    return bool(world.rows["recording", source])


def _taken(world, source):
    """Take one recording away, where there is one, with its rows."""
    if not _any(world, source):
        return []
    rows = world.rows_of("recording", source)
    gone = rows.pop(world.random.randrange(len(rows)))
    for table in ("tag", "popularity"):
        about = world.rows_of(table, source)
        about[:] = [one for one in about if one["entity"] != gone["id"]]
    return [gone]


EDITS = (add, add, add, alter, alter, merge, withdraw, forget, link, correct, trade_sources)
