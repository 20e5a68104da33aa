"""Replication packets: a dump and the packets after it are the dump that has them already."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from tests.catalogue.sources import mbdump, packets, test_musicbrainz_tables
from tests.catalogue.sources.contract import joined, numbered
from tests.catalogue.sources.packets import BASE, World, write_packet
from tests.catalogue.sources.test_musicbrainz_tables import (
    STRETCH_BYTES,
    tables_of,
    with_bad_rows,
)

from phonotheque.catalogue.sources.importing import import_source
from phonotheque.catalogue.sources.musicbrainz.opening import open_musicbrainz
from phonotheque.catalogue.sources.musicbrainz.tables import DERIVED_LICENCE, MusicBrainzTables
from phonotheque.disk import LocalDisk

FORMS = (packets.NEWER, packets.OLDER, packets.OLDEST)


def rows_of(source: MusicBrainzTables) -> dict[str, list[str]]:
    """Rows by table, in an order that does not tell where they stood."""
    found = joined(source.batches())
    return {name: sorted(map(repr, table.to_pylist())) for name, table in found.items()}


class TestContract(test_musicbrainz_tables.TestFolder):
    """A dump with packets keeps the laws of every source."""

    def write(self, folder, records, bad_rows=(), most=1 << 30):
        """Every second record gets its title by a packet, every third comes with one."""
        then = [
            replace(r, title="Old") if r.number % 2 == 0 and r.number <= most else r
            for r in records
        ]
        then = [r for r in then if r.number == 1 or r.number % 3 or r.number > most]
        before, after = World.of(tables_of(then)), World.of(tables_of(records))
        for table, rows in after.tables.items():
            for key, row in rows.items():
                if key not in before.tables[table]:
                    before.insert(table, **row)
                elif before.tables[table][key] != row:
                    before.update(table, key, **row)
        tables = {name: data for name, data in World.of(tables_of(then)).dump().items() if data}
        tables["recording"] = with_bad_rows(tables["recording"], bad_rows)
        mbdump.write_folder(folder, tables)
        (folder / "REPLICATION_SEQUENCE").write_text(f"{BASE}\n")
        write_packet(folder, BASE + 1, before.told())
        return self.opened(folder, 2 * STRETCH_BYTES)

    def write_large(self, folder, records):
        """With a packet of one length: changes are held, rows of the dump are not."""
        self.write(folder, records, most=100)
        return self.opened(folder, 16 << 10)

    def opened(self, folder, stretch_bytes):
        return MusicBrainzTables(
            [folder], packets=sorted(folder.glob("replication-*")), stretch_bytes=stretch_bytes
        )


def changed_world(
    folder: Path, seed: int, form: str, hours: int = 3
) -> tuple[World, Path, list[Path]]:
    """A world after some hours; the dump of before, and the packets between."""
    chance = random.Random(seed)
    world = World.of(tables_of(numbered(10)))
    dump = world.write_dump(folder / "dump", BASE)
    made = []
    for hour in range(BASE + 1, BASE + 1 + hours):
        packets.live_an_hour(world, chance)
        made.append(write_packet(folder, hour, world.told(), form=form, chance=chance))
    return world, dump, made


@pytest.mark.parametrize(("seed", "form"), [(seed, FORMS[seed % 3]) for seed in range(6)])
def test_a_dump_with_its_packets_is_the_later_dump(tmp_path, seed, form):
    """Whatever was edited, in either form: the full dump of hour N+k gives the rows that the full
    dump of hour N with k packets gives, nothing more and nothing less."""
    world, dump, made = changed_world(tmp_path, seed, form)
    later = MusicBrainzTables([world.write_dump(tmp_path / "later", BASE + 3)])
    random.Random(seed).shuffle(made)
    followed = MusicBrainzTables([dump], packets=made, stretch_bytes=STRETCH_BYTES)
    assert rows_of(followed) == rows_of(later)


def test_hour_by_hour_or_all_at_once(tmp_path):
    """Packets that are imported one by one, each by its own command, give what all at once give,
    and an import of them says which comes next."""
    world, dump, made = changed_world(tmp_path, 7, packets.NEWER)
    disk = LocalDisk(tmp_path / "catalogue")
    for paths in ([dump], [made[0]], made[1:]):
        report = import_source(tmp_path / "catalogue", open_musicbrainz(paths, disk))
    assert report.notes == (f"It stands at {BASE + 3}. Packet {BASE + 4} comes next.",)
    at_once = import_source(tmp_path / "other", open_musicbrainz([dump, *made], disk))
    assert report.used == at_once.used
    later = MusicBrainzTables([world.write_dump(tmp_path / "later", BASE + 3)])
    assert report.used == {name: len(rows) for name, rows in rows_of(later).items()}


def test_a_folder_of_packets_is_all_of_them(tmp_path):
    """A folder may have the dump and its packets, or packets alone; other files are passed over."""
    world, dump, made = changed_world(tmp_path, 3, packets.NEWER)
    disk = LocalDisk(tmp_path / "catalogue")
    (tmp_path / "replication-101.tar.bz2.asc").write_text("a signature")
    import_source(tmp_path / "catalogue", open_musicbrainz([dump], disk))
    (tmp_path / "apart").mkdir()
    for path in made:
        path.rename(tmp_path / "apart" / path.name)
    alone = open_musicbrainz([tmp_path / "apart"], disk)
    later = MusicBrainzTables([world.write_dump(tmp_path / "later", BASE + 3)])
    assert rows_of(alone) == rows_of(later)
    for path in (tmp_path / "apart").iterdir():
        path.rename(dump / path.name)
    assert rows_of(open_musicbrainz([dump], disk)) == rows_of(later)


def test_packets_change_the_licence(tmp_path):
    """With a packet all stands under its licence, which the report of the import tells; tables of
    mbdump-derived in it are not read."""
    world = World.of(tables_of(numbered(3)))
    dump = world.write_dump(tmp_path / "dump", BASE)
    world.insert("tag", id=5, name="ambient")
    world.insert("recording_tag", recording=1, tag=5, count=3)
    path = write_packet(tmp_path, BASE + 1, world.told())
    import_source(tmp_path / "catalogue", MusicBrainzTables([dump]))
    source = open_musicbrainz([path], LocalDisk(tmp_path / "catalogue"))
    report = import_source(tmp_path / "catalogue", source)
    assert (source.terms.licence, source.terms.as_of) == (DERIVED_LICENCE, "2026-07-25")
    assert "tag" not in report.used
    assert any("licence changed from" in note for note in report.notes)


def test_changes_of_rows_that_are_not_there_are_told(tmp_path):
    """A packet that changes a row which the dump has not, or adds one that it has, is told in the
    report; the newest row is taken."""
    world = World.of(tables_of(numbered(3)))
    dump = world.write_dump(tmp_path / "dump", BASE)
    row = world.tables["recording"][(1,)]
    absent = row | {"id": 77, "gid": mbdump.gid("recording", 77)}
    changes = [
        packets.Change("recording", absent, absent | {"name": "New"}),
        packets.Change("recording", None, row | {"name": "Again"}),
    ]
    path = write_packet(tmp_path, BASE + 1, changes)
    source = MusicBrainzTables([dump], packets=[path])
    batches = list(source.batches())
    titles = joined(batches)["recording"].column("title").to_pylist()
    assert {"New", "Again"} < set(titles)
    assert len(titles) == 4
    told = {tally.reason: tally.count for batch in batches for tally in batch.tally}
    assert told == {
        "recording: a row that a packet changes is not in the dump": 1,
        "a row that a packet adds is in the dump already": 1,
    }


def test_transactions_come_in_the_order_of_their_ends(tmp_path):
    """Of two transactions that changed one row the one that ended later wins, whichever began
    first."""
    world = World.of(tables_of(numbered(2)))
    dump = world.write_dump(tmp_path / "dump", BASE)
    row, other = (world.tables["recording"][(n,)] for n in (1, 2))
    lines = [  # the change of one transaction, that of another, and the end of the first
        (1, packets.Change("recording", row, row | {"name": "Last"}), 500),
        (2, packets.Change("recording", row, row | {"name": "First"}), 501),
        (3, packets.Change("recording", other, other | {"name": "End"}), 500),
    ]
    tables = {f"mbdump/{name}": data for name, data in packets.newer_tables(lines).items()}
    path = tmp_path / "packet"
    path.write_bytes(packets.archive(packets.about(BASE + 1) | tables))
    found = joined(MusicBrainzTables([dump], packets=[path]).batches())
    assert sorted(found["recording"].column("title").to_pylist()) == ["End", "Last"]
