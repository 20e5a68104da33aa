"""Packets that do not follow, are damaged or forged, and processes that die while they apply."""

from __future__ import annotations

import bz2
import gzip
import os
import random
import shutil
import tracemalloc
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from tests.catalogue.killed import run_until_killed
from tests.catalogue.sources import mbdump, packets
from tests.catalogue.sources.contract import numbered
from tests.catalogue.sources.packets import BASE, Change, World, write_packet
from tests.catalogue.sources.test_musicbrainz_packets import rows_of
from tests.catalogue.sources.test_musicbrainz_tables import tables_of
from tests.catalogue.sources.test_source_faults import served

from phonotheque.archive.finding.sources import source_named
from phonotheque.catalogue.sources.importing import import_source, run
from phonotheque.catalogue.sources.musicbrainz import packet
from phonotheque.catalogue.sources.musicbrainz.changes import read_changes
from phonotheque.catalogue.sources.musicbrainz.opening import open_musicbrainz
from phonotheque.catalogue.sources.musicbrainz.pending import (
    PairEntry,
    UnreadableError,
    change_of_pairs,
    entry_of,
    pair_of,
    pairs_of,
)
from phonotheque.catalogue.sources.musicbrainz.sequence import Increment
from phonotheque.catalogue.sources.musicbrainz.standing import (
    File,
    Standing,
    encode_standing,
    kept_path,
    path_kept,
)
from phonotheque.catalogue.sources.musicbrainz.tables import MusicBrainzTables
from phonotheque.catalogue.sources.reading.stream import Limits
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    BadRequestError,
    ConflictError,
    MalformedError,
    PhonothequeError,
)


def new_world() -> World:
    return World.of(tables_of(numbered(8)))


class Place:
    """A catalogue with a full dump of the hour `BASE`, and packets that could follow it.

    Args:
        folder: Where all lies.
        dump: The full dump.
        imported: A catalogue that has it; it is copied.
    """

    def __init__(self, folder: Path, dump: Path, imported: Path | None = None) -> None:
        self.folder = folder
        self.catalogue = folder / "catalogue"
        self.disk = LocalDisk(self.catalogue)
        self.world = new_world()
        self.dump = dump
        if imported is None:
            self.apply(dump)
        else:
            shutil.copytree(imported, self.catalogue)

    def packet(self, number: int, folder: str = "", **options: object) -> Path:
        """A packet that names its hour in a title."""
        self.world.update("recording", (1,), name=f"Hour {number}")
        return write_packet(self.folder / folder, number, self.world.told(), **options)

    def apply(self, *paths: Path) -> None:
        import_source(self.catalogue, open_musicbrainz(paths, self.disk))

    def refuse(self, kind: type[PhonothequeError], words: str, *paths: Path) -> str:
        """Nothing of what serves changes when files are refused; return what is said."""
        before = served(self.catalogue, "musicbrainz")
        with pytest.raises(kind, match=words) as told:
            self.apply(*paths)
        assert served(self.catalogue, "musicbrainz") == before
        return str(told.value)

    def title(self) -> object:
        rows = served(self.catalogue, "musicbrainz")["recording"]
        return next(row["title"] for row in rows if row["key"] == 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump and a catalogue that has it, which are only read."""
    folder = tmp_path_factory.mktemp("whole")
    Place(folder, new_world().write_dump(folder / "dump", BASE))
    return folder


@pytest.fixture
def place(tmp_path: Path, whole: Path) -> Place:
    return Place(tmp_path, whole / "dump", whole / "catalogue")


def test_a_packet_applies_only_where_it_follows(place: Place) -> None:
    """One that was applied, one beyond the next, and one of another schema are refused with the
    number that is wanted; in whatever order they are given, those that follow apply."""
    one, two, three = (place.packet(BASE + n) for n in (1, 2, 3))
    assert f"Increment {BASE + 1} comes next" in place.refuse(ConflictError, "stands at 100", two)
    assert "up to 102" in place.refuse(ConflictError, "would stand at 101", one, three)
    place.refuse(BadRequestError, "increment 101, and so is", one, one)
    place.apply(one)
    assert f"Increment {BASE + 2} comes next" in place.refuse(ConflictError, "already", one)
    place.refuse(ConflictError, "already", two, one)
    other = place.packet(BASE + 2, schema=32)
    place.refuse(ConflictError, "schema sequence 32", other)
    place.apply(three, write_packet(place.folder, BASE + 2, []))
    assert place.title() == "Hour 103"


def test_a_folder_takes_up_what_came_since(place: Place) -> None:
    """Of a folder in which packets that were imported go on lying, only the new ones are taken,
    however its name is written; when there are none it is told which comes next, and one that was
    imported and is given by its own name is refused."""
    hours = place.folder / "hours"
    for number in (BASE + 1, BASE + 2):
        one = place.packet(number, "hours")
        place.apply(hours)
        assert place.title() == f"Hour {number}"
    told = place.refuse(ConflictError, "hours: all increments there are in it already", hours)
    assert f"Increment {BASE + 3} comes next" in told
    three = place.packet(BASE + 3, "hours")
    place.refuse(ConflictError, "increment 102 is in it already", hours, one)
    place.refuse(BadRequestError, "increment 103, and so is", hours, three)
    (place.folder / "led").symlink_to(hours)
    place.apply(place.folder / "led" / ".." / "hours")
    assert place.title() == "Hour 103"
    place.packet(BASE + 5, "hours")
    place.refuse(ConflictError, "it is increment 105", hours)
    os.utime(one, ns=(1, 1))
    place.refuse(ConflictError, "it was imported, and is away or has changed", hours)


def test_a_name_that_is_no_utf8_is_kept(tmp_path: Path) -> None:
    """A dump and packets are found again in a folder whose name is no UTF-8; what is away there is
    told like any other."""
    folder = tmp_path / os.fsdecode(b"d\xff\xe9")
    place = Place(tmp_path, new_world().write_dump(folder, BASE))
    one = place.packet(BASE + 1, folder.name)
    place.apply(one)
    two = place.packet(BASE + 2)
    place.apply(two)
    assert place.title() == "Hour 102"
    one.unlink()
    three = place.packet(BASE + 3)
    told = place.refuse(ConflictError, "replication-101.*is away", three)
    assert str(one) in told


@pytest.mark.parametrize("name", [b"plain \\xff", "Líne".encode(), b"\xff", b"\xc3(\x80ff", b"\n"])
def test_a_path_comes_back(name: bytes) -> None:
    """Whatever bytes a path has, it is kept as JSON and comes back as it was."""
    path = Path(os.fsdecode(b"/dump/" + name))
    kept = msgspec.json.decode(msgspec.json.encode(kept_path(path)), type=str)
    assert path_kept(kept) == path


def test_what_may_not_be_looked_at_is_told(place: Place) -> None:
    """A path of which the system will not say whether it is there is told with what it said: of
    what is given, and of what was imported."""
    never = place.folder / ("x" * 300)  # longer than a name may be: refused to root, too
    with pytest.raises(BadRequestError, match="name is too long"):
        open_musicbrainz([never], place.disk)
    with pytest.raises(BadRequestError, match="name is too long"):
        source_named("discogs", [never], None, place.catalogue)
    (kept,) = place.catalogue.glob("sources/musicbrainz/*/standing.json")
    standing = msgspec.json.decode(kept.read_bytes(), type=Standing)
    (place.folder / "hours").mkdir()
    packet_of = place.packet(BASE + 1, "hours")
    for lost in (
        msgspec.structs.replace(standing, dump=(str(never),)),
        msgspec.structs.replace(standing, files=(File(str(never), 1, 1),)),
    ):
        kept.write_bytes(encode_standing(lost))
        place.refuse(BadRequestError, "name is too long", packet_of)


def test_a_packet_needs_something_to_follow(tmp_path: Path) -> None:
    """Without an import, after one of JSON dumps, and after a dump that does not tell its hour, a
    packet is refused."""
    path = write_packet(tmp_path, BASE + 1, [])
    disk = LocalDisk(tmp_path / "catalogue")
    with pytest.raises(BadRequestError, match="nothing was imported"):
        open_musicbrainz([path], disk)
    (tmp_path / "release").write_text('{"id": "x"}\n')
    with pytest.raises(BadRequestError, match="cannot follow JSON"):
        open_musicbrainz([tmp_path / "release", path], disk)
    import_source(tmp_path / "catalogue", open_musicbrainz([tmp_path / "release"], disk))
    with pytest.raises(ConflictError, match="of the JSON dumps"):
        open_musicbrainz([path], disk)
    dump = World.of(tables_of(numbered(2))).write_dump(tmp_path / "dump", BASE)
    (dump / "REPLICATION_SEQUENCE").unlink()
    with pytest.raises(ConflictError, match="nothing tells"):
        open_musicbrainz([dump, path], disk)


def test_the_dump_and_the_packets_stay_where_they_lie(tmp_path: Path) -> None:
    """A dump or a packet that is away, or was changed, is named: nothing is made of the rest."""
    place = Place(tmp_path, new_world().write_dump(tmp_path / "dump", BASE))
    one, two = (place.packet(BASE + n) for n in (1, 2))
    place.apply(one)
    hidden = one.rename(one.with_suffix(".away"))
    place.refuse(ConflictError, f"{one.name}: it was imported, and is away", two)
    hidden.rename(one)
    os.utime(one, ns=(1, 1))
    place.refuse(ConflictError, "away or has changed", two)
    table = place.dump / "mbdump" / "artist"
    table.write_bytes(table.read_bytes() + b"\n")
    place.refuse(ConflictError, "the dump has changed", two)
    place.dump.rename(place.dump.with_name("elsewhere"))
    place.refuse(ConflictError, "the dump that was imported is away", two)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_cut_packet_changes_nothing(place: Place, share: float) -> None:
    """A packet that ends early is refused by name, however much of it is there."""
    path = place.packet(BASE + 1)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    place.refuse(PhonothequeError, r"replication-101|nothing was|no tar archive", path)


def test_a_flipped_bit_changes_nothing(place: Place) -> None:
    """With one bit changed a packet is refused, or does what it did before."""
    path = place.packet(BASE + 1)
    whole = path.read_bytes()
    wanted = rows_of(MusicBrainzTables([place.dump], packets=[path]))
    chance, unnoticed = random.Random(3), 0
    for _ in range(15):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        with suppress(MalformedError):
            assert rows_of(MusicBrainzTables([place.dump], packets=[path])) == wanted
            unnoticed += 1
    assert unnoticed < 4


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress], ids=["bzip2", "gzip"])
def test_a_packet_that_unpacks_without_end_is_refused(
    place: Place, pack, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    """A packet of a few kilobytes that unpacks to very much is refused after a stated amount."""
    monkeypatch.setattr(packet, "LIMITS", Limits(free_bytes=1 << 20))
    rows = b"x" * (12 << 20)
    path = place.folder / "packet"
    members = packets.about(BASE + 1) | {"mbdump/pending_data": rows}
    path.write_bytes(pack(packets.archive(members)))
    place.refuse(MalformedError, "every byte unpacks to", path)


BESIDE_BYTES = 3 << 20
"""What reading takes by itself: what is unpacked, and cut into lines, before it is a change."""


class Reckoned:
    """How much is reckoned for what is held."""

    size_bytes = 0

    def add(self, size_bytes: int) -> None:
        self.size_bytes += size_bytes


CROWDED = {
    "of a table that is not read": ("editor", {"name": "x"}, 4_000),
    "of few letters": ("label", {"name": "x"}, 2_000),
    "of letters that are escaped": ("label", {"name": "\\" * 5_000}, 80),
    "of signs of four bytes": ("label", {"name": "\U0001f3b5" * 2_000}, 80),
    "of columns that nobody knows": (
        "label",
        {"name": "x" * 300, **{f"c{n}": "y" for n in range(90)}},
        300,
    ),
}


@pytest.mark.parametrize("form", [packets.NEWER, packets.OLDER])
@pytest.mark.parametrize("name", CROWDED)
def test_changes_take_no_more_memory_than_is_reckoned(
    tmp_path: Path, form: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in them, and of whatever tables, from the first that is read until all are
    lines of rows; and a packet of more than is stated is refused, however small it is packed."""
    table, row, count = CROWDED[name]
    changes = [Change(table, None, {"id": n, "comment": "", **row}) for n in range(count)]
    hour = Increment(write_packet(tmp_path, BASE + 1, changes, form=form), BASE + 1, 30, "")
    layout = {"label": ("id", "name", "comment")}
    reckoned = Reckoned()
    monkeypatch.setattr(packet._Reading, "_hold", lambda _, size_bytes: reckoned.add(size_bytes))
    tracemalloc.start()
    try:
        read_changes([hour], layout, frozenset(layout))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < reckoned.size_bytes + BESIDE_BYTES
    monkeypatch.undo()
    monkeypatch.setattr(packet, "MOST_HELD_BYTES", reckoned.size_bytes // 2)
    with pytest.raises(MalformedError, match=r"take more than [0-9,]+ bytes of memory"):
        read_changes([hour], layout, frozenset(layout))


ROW = '{"id":1,"recording":1,"isrc":"GBAAA0000001","edits_pending":0,"created":null}'
FORGED = {
    "too few columns": b"1\tmusicbrainz.isrc\ti\n",
    "no such operation": f"1\tmusicbrainz.isrc\tx\t2\t\\N\t{ROW}\n".encode(),
    "no number": f"one\tmusicbrainz.isrc\ti\t2\t\\N\t{ROW}\n".encode(),
    "an insert without a row": b"1\tmusicbrainz.isrc\ti\t2\t\\N\t\\N\n",
    "an insert with a row before": f"1\tmusicbrainz.isrc\ti\t2\t{ROW}\t{ROW}\n".encode(),
    "a delete without a row": b"1\tmusicbrainz.isrc\td\t2\t\\N\t\\N\n",
    "no JSON": b"1\tmusicbrainz.isrc\ti\t2\t\\N\t{broken\n",
    "a list": b"1\tmusicbrainz.isrc\ti\t2\t\\N\t[1]\n",
    "a row within a row": b'1\tmusicbrainz.isrc\ti\t2\t\\N\t{"id":{"x":1}}\n',
    "a column lacks": b'1\tmusicbrainz.isrc\ti\t2\t\\N\t{"id":1,"recording":2}\n',
    "a null key": f"1\tmusicbrainz.isrc\ti\t2\t\\N\t{ROW.replace('1,', 'null,', 1)}\n".encode(),
    "a key of words": f"1\tmusicbrainz.isrc\ti\t2\t\\N\t{ROW.replace('1', 'true', 1)}\n".encode(),
    "a huge key": f"1\tmusicbrainz.isrc\ti\t2\t\\N\t{ROW.replace('1', '9' * 30, 1)}\n".encode(),
    "deep nesting": b'1\tmusicbrainz.isrc\ti\t2\t\\N\t{"id":' + b"[" * 100_000 + b"\n",
    "half a surrogate": f"1\tmusicbrainz.isrc\ti\t2\t\\N\t{ROW}\n".replace(
        "GB", "\\\\ud800"
    ).encode(),
    "no UTF-8": b'1\tmusicbrainz.isrc\ti\t2\t\\N\t{"id":"\xff"}\n',
}


def forged(path: Path, **members: bytes) -> Path:
    tables = {f"mbdump/{name}": data for name, data in members.items()}
    path.write_bytes(packets.archive(packets.about(BASE + 1) | tables))
    return path


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_change_refuses_the_packet(tmp_path: Path, whole: Path, name: str) -> None:
    """A change that is none refuses the packet whole: what was before goes on serving."""
    path = forged(tmp_path / "packet", pending_data=FORGED[name])
    with pytest.raises(MalformedError, match="packet"):
        list(MusicBrainzTables([whole / "dump"], packets=[path]).batches())


@pytest.mark.parametrize(
    "key", ['"1_0"', '" 1"', '"+1"', '"-1"', '"1.0"', '"\u0661"', '""', "2147483648", "1e3", "null"]
)
def test_a_key_is_digits(tmp_path: Path, whole: Path, key: str) -> None:
    """A key is a number of 31 bits in ASCII digits and nothing beside."""
    row = ROW.replace("1,", f"{key},", 1)
    line = f"1\tmusicbrainz.isrc\ti\t2\t\\N\t{row}\n".encode()
    path = forged(tmp_path / "packet", pending_data=line)
    with pytest.raises(MalformedError, match="isrc: a row has a key that is no number, or null"):
        list(MusicBrainzTables([whole / "dump"], packets=[path]).batches())


def test_a_lacking_column_is_named(tmp_path: Path, whole: Path) -> None:
    """A row without a column is refused with the name of the column."""
    path = forged(tmp_path / "packet", pending_data=FORGED["a column lacks"])
    with pytest.raises(MalformedError, match="isrc: a row has no 'isrc'"):
        list(MusicBrainzTables([whole / "dump"], packets=[path]).batches())


@pytest.mark.parametrize(
    ("entries", "pairs"),
    [
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b""),
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b"1\tt\t\"id\"='1' \n1\tt\t\"id\"='1' \n"),
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b'1\tt\t"id"=\'1\n'),
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b"1\tt\tid='1' \n"),
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b"1\tx\t\"id\"='1' \n"),
        (b'1\t"musicbrainz"."isrc"\tu\t2\n', b"1\tt\t\"id\"='1' \n"),
        (b'1\t"musicbrainz"."isrc"\td\t2\n', b"1\tt\t\"id\"='\xff' \n"),
    ],
)
def test_a_forged_change_of_the_older_form(
    tmp_path: Path, whole: Path, entries: bytes, pairs: bytes
) -> None:
    """The same holds of the older form."""
    path = forged(tmp_path / "packet", dbmirror_pending=entries, dbmirror_pendingdata=pairs)
    with pytest.raises(MalformedError, match="packet"):
        list(MusicBrainzTables([whole / "dump"], packets=[path]).batches())


@pytest.mark.parametrize("name", ["REPLICATION_SEQUENCE", "SCHEMA_SEQUENCE"])
def test_a_packet_that_does_not_say_which_it_is(place: Place, name: str) -> None:
    """A packet without its number, or that of its schema, is refused."""
    members = packets.about(BASE + 1) | {name: b"soon\n", "mbdump/pending_data": b""}
    path = place.folder / "packet"
    path.write_bytes(packets.archive(members))
    place.refuse(MalformedError, f"without {name}", path)


def test_a_packet_lacks_a_half(place: Place) -> None:
    """An older packet that tells what changed and not how is refused."""
    path = forged(place.folder / "packet", dbmirror_pending=b"")
    place.refuse(MalformedError, "without dbmirror_pendingdata", path)


def test_values_of_the_older_form_are_read_whole() -> None:
    """A value of half a megabyte of quotes and backslashes is read whole, or refused."""
    entry = entry_of([b"1", b'"musicbrainz"."isrc"', b"i", b"2"])
    for body, is_sound in ((b"''" * 250_000, True), (b"\\\\'" * 166_001, False)):
        _, is_key, text = pair_of([b"1", b"f", b'"name"=\'' + body + b"' "])
        one = PairEntry(entry)
        if not is_sound:
            with pytest.raises(UnreadableError):
                pairs_of(text[:-2])
            continue
        one.add(pairs_of(text), is_key=is_key)
        after = change_of_pairs(one).after
        assert after is not None
        assert after["name"] == "'" * 250_000


CHILD = """
from phonotheque.catalogue.sources import importing
from phonotheque.catalogue.sources.musicbrainz.opening import open_musicbrainz
from phonotheque.disk import LocalDisk
told = 0
def stop(progress):
    global told
    told += 1
    if told == int(sys.argv[3]):
        die()
disk = LocalDisk(Path(sys.argv[1]))
source = open_musicbrainz([Path(sys.argv[2])], disk)
importing.run(source, disk, on_progress=stop, part_bytes=1)
"""


def test_a_packet_that_was_killed_is_not_half_there(place: Place) -> None:
    """After kill -9 what was imported before serves; the same command goes on, once and whole."""
    world, disk = place.world, place.disk
    for number in range(100, 120):
        row = world.tables["recording"][(2,)]
        gid = mbdump.gid("recording", number)
        world.insert("recording", **row | {"id": number, "gid": gid})
    world.delete("recording", (3,))
    path = place.packet(BASE + 1)
    before = served(place.catalogue, "musicbrainz")
    batches = len(list(open_musicbrainz([path], disk).batches()))
    run_until_killed(CHILD, place.catalogue, path, batches - 1)
    assert served(place.catalogue, "musicbrainz") == before
    report = run(open_musicbrainz([path], disk), disk)
    assert any("gone on with" in note for note in report.notes)
    later = MusicBrainzTables([world.write_dump(place.folder / "later", BASE + 1)])
    found = served(place.catalogue, "musicbrainz")
    assert {name: sorted(map(repr, rows)) for name, rows in found.items()} == rows_of(later)
    place.refuse(ConflictError, "already", path)


def test_an_empty_hour_is_an_hour(place: Place) -> None:
    """A packet in which nothing changed that is read counts as one, and the next one follows."""
    place.apply(write_packet(place.folder, BASE + 1, []))
    place.apply(
        write_packet(place.folder, BASE + 2, [Change("editor", None, {"id": 1, "name": "x"})])
    )
    place.apply(place.packet(BASE + 3))
    assert place.title() == "Hour 103"
