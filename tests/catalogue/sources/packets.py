"""Worlds of MusicBrainz that change hour by hour: dumps of them, and the packets between."""

from __future__ import annotations

import bz2
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from tests.catalogue.sources import mbdump

from phonotheque.catalogue.sources.musicbrainz.changes import key_columns

Row = dict[str, object]
Key = tuple[object, ...]

BASE = 100
"""The hour of the full dumps here."""

NEWER, OLDER, OLDEST = "dbmirror2", "dbmirror", "dbmirror of old"


@dataclass(frozen=True)
class Change:
    """A change of one row, as the database notes it."""

    table: str
    before: Row | None
    after: Row | None

    @property
    def operation(self) -> str:
        return "i" if self.before is None else "d" if self.after is None else "u"


def full(table: str, row: Mapping[str, object]) -> Row:
    """A row with all columns of its table."""
    return {column: row.get(column) for column in mbdump.LAYOUT[table]}


def archive(members: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return made.getvalue()


def about(sequence: object, schema: object = 31) -> dict[str, bytes]:
    return {
        "TIMESTAMP": b"2026-07-25 01:00:00.123456+00\n",
        "COPYING": b"Creative Commons Attribution-NonCommercial-ShareAlike 3.0\n",
        "README": b"The files in this directory are snapshots.\n",
        "REPLICATION_SEQUENCE": f"{sequence}\n".encode(),
        "SCHEMA_SEQUENCE": f"{schema}\n".encode(),
    }


def copied(*values: object) -> bytes:
    return ("\t".join(mbdump.escape(value) for value in values) + "\n").encode()


def packet_bytes(
    changes: Sequence[Change],
    sequence: object,
    *,
    form: str = NEWER,
    schema: object = 31,
    chance: random.Random | None = None,
) -> bytes:
    """A packet; three changes make a transaction. `chance` shuffles its lines."""
    lines = [
        (number, change, (number - 1) // 3 + 500) for number, change in enumerate(changes, start=1)
    ]
    if chance is not None:
        chance.shuffle(lines)
    if form == NEWER:
        tables = newer_tables(lines)
    else:
        names = ("Pending", "PendingData") if form == OLDEST else _OLDER_NAMES
        tables = dict(zip(names, _older(lines), strict=True))
    return archive(
        about(sequence, schema) | {f"mbdump/{name}": data for name, data in tables.items()}
    )


_OLDER_NAMES = ("dbmirror_pending", "dbmirror_pendingdata")
Lines = Sequence[tuple[int, Change, int]]


def newer_tables(lines: Lines) -> dict[str, bytes]:
    made = [
        copied(
            *(number, f"musicbrainz.{one.table}", one.operation, transaction),
            *(None if row is None else _json(row) for row in (one.before, one.after)),
            *(None, None),
        )
        for number, one, transaction in lines
    ]
    other = copied(1, "cover_art_archive.cover_art", "u", 500, '{"id":1}', '{"id":1}', None, None)
    return {"pending_data": b"".join([*made, other]), "pending_keys": b"", "pending_ts": b""}


def _json(row: Row) -> str:
    """As `row_to_json` has it: instants are ISO, `t` and `f` are truth values."""
    stamps = ("last_updated", "created")
    meant = {
        name: str(value).replace(" ", "T") + ":00" if name in stamps and value else value
        for name, value in row.items()
    }
    return json.dumps(meant, ensure_ascii=False)


def _older(lines: Lines) -> tuple[bytes, bytes]:
    entries, rows = [], []
    for number, one, transaction in lines:
        entries.append(copied(number, f'"musicbrainz"."{one.table}"', one.operation, transaction))
        if one.before is not None:
            key = {name: one.before[name] for name in key_columns(one.table)}
            rows.append(copied(number, "t", _pairs(key)))
        if one.after is not None:
            rows.append(copied(number, "f", _pairs(one.after)))
    return b"".join(entries), b"".join(rows)


def _pairs(row: Row) -> str:
    def quoted(value: object) -> str:
        text = str(value).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text}'"

    return "".join(
        f'"{name}"={"" if value is None else quoted(value)} ' for name, value in row.items()
    )


@dataclass
class World:
    """Tables of MusicBrainz, and what changed in them since it was last told."""

    tables: dict[str, dict[Key, Row]]
    changes: list[Change] = field(default_factory=list)

    @classmethod
    def of(cls, rows: mbdump.Rows) -> World:
        world = cls({name: {} for name in mbdump.LAYOUT})
        for table, listed in rows.items():
            for row in listed:
                world.tables[table][_key(table, row)] = full(table, row)
        return world

    def insert(self, table: str, **row: object) -> None:
        made = full(table, row)
        if _key(table, made) in self.tables[table]:
            return
        self.tables[table][_key(table, made)] = made
        self.changes.append(Change(table, None, deepcopy(made)))

    def update(self, table: str, key: Key, **values: object) -> None:
        before = self.tables[table][key]
        after = before | values
        if _key(table, after) != key and _key(table, after) in self.tables[table]:
            return
        del self.tables[table][key]
        self.tables[table][_key(table, after)] = after
        self.changes.append(Change(table, deepcopy(before), deepcopy(after)))

    def delete(self, table: str, key: Key) -> None:
        self.changes.append(Change(table, self.tables[table].pop(key), None))

    def told(self) -> list[Change]:
        """All changes since the last time."""
        made, self.changes = self.changes, []
        return made

    def dump(self) -> dict[str, bytes]:
        return {name: mbdump.table(name, list(rows.values())) for name, rows in self.tables.items()}

    def write_dump(self, folder: Path, sequence: int) -> Path:
        mbdump.write_folder(folder, self.dump())
        (folder / "REPLICATION_SEQUENCE").write_text(f"{sequence}\n")
        return folder


def _key(table: str, row: Row) -> Key:
    return tuple(row[name] for name in key_columns(table))


def write_packet(folder: Path, sequence: int, changes: Sequence[Change], **options: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"replication-{sequence}.tar.bz2"
    path.write_bytes(bz2.compress(packet_bytes(changes, sequence, **options)))  # type: ignore[arg-type]
    return path


def live_an_hour(world: World, chance: random.Random, edits: int = 12) -> None:
    """Let people edit the world for an hour."""
    for _ in range(edits):
        chance.choice(_EDITS)(world, chance)


def _any(world: World, table: str, chance: random.Random) -> Key | None:
    keys = list(world.tables[table])
    return chance.choice(keys) if keys else None


_TEXTS = ("Plain", "Ta\tb", 'Quo\'te \\ "two"', "Líne\nbreak", "さくら \\N", "")


def _rename(world: World, chance: random.Random) -> None:
    named = ("artist", "recording", "release", "release_group", "track", "artist_credit")
    table = chance.choice(named)
    if key := _any(world, table, chance):
        stamp = f"2026-07-25 0{chance.randrange(10)}:11:12.131415+00"
        name = f"{chance.choice(_TEXTS)}{chance.randrange(99)}"
        stamped = {"last_updated": stamp} if "last_updated" in mbdump.LAYOUT[table] else {}
        world.update(table, key, name=name, **stamped)


def _measure(world: World, chance: random.Random) -> None:
    """A length, sometimes one that cannot be meant: then the row is kept as it was written."""
    if key := _any(world, chance.choice(("recording", "track")), chance):
        for table in ("recording", "track"):
            if key in world.tables[table]:
                world.update(table, key, length=chance.choice((None, -4, 61_000, 0)))


def _press(world: World, chance: random.Random) -> None:
    """A new recording on a medium that is there, with a code."""
    number = 1_000 + len(world.tables["recording"]) + chance.randrange(10**6)
    medium = _any(world, "medium", chance)
    stamp = "2026-07-25 01:02:03.5+00"
    world.insert(
        "recording",
        id=number,
        gid=mbdump.gid("recording", number),
        name=chance.choice(_TEXTS),
        artist_credit=1,
        comment="",
        last_updated=stamp,
    )
    if medium:
        world.insert(
            "track", id=number, recording=number, medium=medium[0], position=9, number="9", name="N"
        )
    world.insert("isrc", id=number, recording=number, isrc=f"GBAAA{number % 10**7:07}")


def _withdraw(world: World, chance: random.Random) -> None:
    table = chance.choice(("track", "isrc", "recording", "medium", "artist_credit_name"))
    if key := _any(world, table, chance):
        world.delete(table, key)


def _merge(world: World, chance: random.Random) -> None:
    """One recording is given up for another; its tracks and its identifier lead there."""
    keys = list(world.tables["recording"])
    if len(keys) < 2:
        return
    lost, kept = chance.sample(keys, 2)
    for key, row in list(world.tables["track"].items()):
        if row["recording"] == lost[0]:
            world.update("track", key, recording=kept[0])
    gid = world.tables["recording"][lost]["gid"]
    for key, row in list(world.tables["recording_gid_redirect"].items()):
        if row["new_id"] == lost[0]:
            world.update("recording_gid_redirect", key, new_id=kept[0])
    world.delete("recording", lost)
    world.insert("recording_gid_redirect", gid=gid, new_id=kept[0])


def _issue(world: World, chance: random.Random) -> None:
    """A release comes out somewhere, later, elsewhere, or not at all."""
    if not (release := _any(world, "release", chance)):
        return
    year = chance.choice((1988, 1999, 2001, None))
    where = chance.choice((81, 222))
    key = _any(world, "release_country", chance)
    match chance.randrange(4):
        case 0:
            world.insert("release_country", release=release[0], country=where, date_year=year)
        case 1 if key:
            world.update("release_country", key, country=where, date_year=year)
        case 2 if key:
            world.delete("release_country", key)
        case _:
            if release in world.tables["release_unknown_country"]:
                world.update("release_unknown_country", release, date_year=year, date_month=None)


def _name_words(world: World, chance: random.Random) -> None:
    """What others name by number changes its name: an area, a type."""
    world.insert("area", id=81, gid=mbdump.gid("area", 81), name="Germany", comment="")
    world.insert("iso_3166_1", area=81, code="DE")
    world.insert("artist_type", id=2, name="Group")
    if key := _any(world, "artist", chance):
        world.update("artist", key, type=2, area=chance.choice((81, None)))
    world.update("area", (81,), name=f"Germany {chance.randrange(9)}")
    world.update("artist_type", (2,), name=f"Group {chance.randrange(9)}")


def _group(world: World, chance: random.Random) -> None:
    world.insert("release_group_secondary_type", id=1, name="Live")
    world.insert("release_group_secondary_type", id=2, name="Demo")
    if key := _any(world, "release_group", chance):
        kind = chance.choice((1, 2))
        joined = (key[0], kind)
        if joined in world.tables["release_group_secondary_type_join"]:
            world.delete("release_group_secondary_type_join", joined)
        else:
            world.insert(
                "release_group_secondary_type_join", release_group=key[0], secondary_type=kind
            )


def _come_and_go(world: World, chance: random.Random) -> None:
    """Something is there within the hour only, or goes and comes back otherwise."""
    number = 5_000_000 + chance.randrange(10**6)
    world.insert("label", id=number, gid=mbdump.gid("label", number), name="Short", comment="")
    world.delete("label", (number,))
    if key := _any(world, "isrc", chance):
        row = world.tables["isrc"][key]
        world.delete("isrc", key)
        world.insert("isrc", **row | {"isrc": "DEZZZ0000001"})


_EDITS = (
    *(_rename, _rename, _measure, _press, _withdraw, _merge),
    *(_issue, _name_words, _group, _come_and_go),
)
