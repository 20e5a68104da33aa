"""From sources to a snapshot that serves."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from catalogue.build.small import (
    CHOICES,
    build_small,
    by,
    cards,
    links,
    read,
    song,
    table,
    together,
    write_source,
)
from phonotheque.catalogue import bulk
from phonotheque.catalogue.snapshot import current_snapshot, snapshot_names
from phonotheque.catalogue.tables import TABLES, snapshot_schema
from phonotheque.disk import LocalDisk
from phonotheque.errors import ArchiveBusyError, ConflictError, NotHeldError, UnavailableError

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
ALL_RIGHTS = "https://rightsstatements.org/vocab/InC/1.0/"


def album(base=0):
    """A source with one of everything, its keys from `base` on."""
    return together(
        by(base + 1, "Somebody", area="DE", begin_date="1970"),
        {
            "release": [
                {"key": base + 10, "title": "First", "artist_credit": base + 1, "date": "1991-02",
                 "country": "FR", "barcode": "04006381333931"},
                {"key": base + 11, "title": "Again", "artist_credit": base + 1, "date": "2001",
                 "country": "XW"},
            ],
            "recording": [
                song(base + 20, "One", base + 1, length=100_000),
                song(base + 21, "Two", base + 1, length=200_000),
                song(base + 22, "Loose", base + 1),
            ],
            "track": [
                {"recording": base + 20, "release": base + 11, "medium_position": 1, "position": 1},
                {"recording": base + 21, "release": base + 10, "medium_position": 1, "position": 2},
                {"recording": base + 20, "release": base + 10, "medium_position": 1, "position": 1},
            ],
            "isrc": [{"recording": base + 20, "isrc": "DEA111100001"}],
            "label": [{"key": base + 30, "name": "Label", "area": "GB"}],
            "release_label": [
                {"release": base + 10, "label": base + 30, "catalog_number": "L 1"}
            ],
            "popularity": [
                {"entity_type": "recording", "entity": base + 20, "measure": "listens",
                 "period": "all", "total_listen_count": 999, "total_user_count": 50},
                {"entity_type": "recording", "entity": base + 21, "measure": "plays",
                 "period": "2023", "total_listen_count": 3},
                {"entity_type": "recording", "entity": base + 21, "measure": "plays",
                 "period": "2024", "total_listen_count": 4},
            ],
            "tag": [
                {"entity_type": "release", "entity": base + 10, "name": name, "kind": kind,
                 "count": count}
                for name, kind, count in [
                    ("rock", "genre", 1), ("jazz", "genre", 5), ("swing", "style", 7),
                    ("sad", "mood", 9),
                ]
            ],
            "rights": [
                {"entity_type": "release", "entity": base + 10, "licence": CC_BY, "raw": "by"}
            ],
            "file": [{"recording": base + 20, "state": "held", "is_free": True}],
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A snapshot of one source with one of everything, and what was told while it was made."""
    root = tmp_path_factory.mktemp("plain")
    write_source(root, "plain", album(), licence=CC_BY)
    seen = []
    return build_small(root, on_progress=seen.append), seen


def test_a_source_becomes_a_snapshot(built):
    """Every table, every kind of card, the descriptor and the pointer."""
    made, seen = built
    root = made.folder.parent
    assert current_snapshot(root, LocalDisk(root)) == made
    assert made.descriptor.cards == {"recording": 3, "release": 2, "artist": 1, "label": 1}
    assert made.descriptor.rows["track"] == 3
    assert made.descriptor.sources[0].licence == CC_BY
    assert made.descriptor.made_at == "2024-05-06T07:08:09Z"
    assert set(made.descriptor.files) == {
        str(p.relative_to(made.folder)) for p in made.folder.rglob("*") if p.is_file()
    } - {"descriptor.json"}
    assert not (root / "building").exists()
    assert [p.share for p in seen] == sorted(p.share for p in seen)


@pytest.fixture(scope="module")
def plain(built):
    """The snapshot alone, to be read."""
    return built[0]


@pytest.fixture
def copied(plain, tmp_path):
    """The folder of a catalogue like it, to build on."""
    return shutil.copytree(plain.folder.parent, tmp_path / "copied")


def test_what_a_recording_card_says(plain):
    """Its earliest release, that release's licence and genres, its counts, its file."""
    one, two, loose = cards(plain)
    assert (one["title"], one["credit"], one["isrc"]) == ("One", "Somebody", "DEA111100001")
    assert (one["release_title"], one["year"], one["country"]) == ("First", 1991, "FR")
    assert (one["licence"], one["is_held"], one["is_free"]) == (CC_BY, True, True)
    assert (one["genres"], one["listens"], one["score"]) == (["jazz", "rock", "swing"], 999, 33)
    assert (two["title"], two["listens"], two["is_held"], two["is_free"]) == ("Two", 7, False, True)
    assert (loose["release"], loose["year"], loose["country"]) == (None, None, "DE")
    assert (loose["listens"], loose["score"], loose["is_free"]) == (None, None, False)
    assert [c["rank"] for c in (one, two, loose)] == [1, 2, 3]


def test_what_other_cards_say(plain):
    """Releases, artists and labels are heard and held as what is theirs."""
    first, again = cards(plain, "release")
    assert (first["title"], first["tracks"], first["listens"]) == ("First", 2, 1006)
    assert (first["label"], first["catalog_number"]) == ("Label", "L 1")
    assert (first["barcode"], first["is_held"], first["year"]) == ("04006381333931", True, 1991)
    assert (again["country"], again["tracks"], again["listens"]) == ("DE", 1, 999)
    (artist,) = cards(plain, "artist")
    assert (artist["title"], artist["listens"], artist["year"]) == ("Somebody", 1006, 1970)
    (label,) = cards(plain, "label")
    assert (label["title"], label["country"], label["is_held"]) == ("Label", "GB", True)


def test_tables_have_their_form_and_resolve(plain):
    """Each table has its schema, each reference names a row, albums' recordings are neighbours."""
    for name in TABLES:
        for part in sorted((plain.tables / name).glob("*.parquet")):
            assert pq.read_schema(part).equals(snapshot_schema(name)), name
    titles = {row["id"]: row["title"] for row in table(plain, "recording")}
    assert [titles[i] for i in sorted(titles)] == ["One", "Two", "Loose"]
    assert [row["recording"] for row in table(plain, "track")] == [0, 0, 1]
    releases = {row["id"]: row["title"] for row in table(plain, "release")}
    assert [releases[row["release"]] for row in table(plain, "track")] == [
        "Again",
        "First",
        "First",
    ]


def test_absent_references_are_counted_and_told(tmp_path):
    """A row stays without what it refers to; it goes when what it is about is not there."""
    rows = together(album(), {
        "isrc": [{"recording": 99, "isrc": "DEA111100009"}],
        "track": [
            {"recording": 98, "release": 10, "position": 7}, {"recording": 98, "release": 97},
        ],
        "recording": [song(23, "Orphan", 77)],
        "tag": [{"entity_type": "planet", "entity": 1, "name": "x", "kind": "genre"}],
    })  # fmt: skip
    write_source(tmp_path, "torn", rows)
    made = build_small(tmp_path)
    report = json.loads((made.folder / "report.json").read_text())["torn"]
    assert report["isrc"]["left_out"] == {"what the row is about is not there": 1}
    assert report["isrc"]["examples"]["recording"] == ["recording 99"]
    assert report["track"]["absent"] == {"recording": 2, "release": 1}
    assert report["track"]["rows"] == 4
    assert report["recording"]["absent"] == {"artist_credit": 1}
    assert report["tag"]["examples"]["entity"] == ["planet 1"]
    orphan = next(card for card in cards(made) if card["title"] == "Orphan")
    assert orphan["credit"] is None


def test_the_first_of_two_rows_with_one_key_or_mbid_stays(tmp_path):
    """Later rows are refused and reported; what they say is nowhere."""
    same = b"0123456789abcdef"
    rows = together(by(1, "A"), {
        "recording": [
            song(5, "Key"), song(6, "Mbid", mbid=same), song(5, "Key again"),
            song(7, "Mbid again", mbid=same), song(8, "Other", mbid=b"1123456789abcdef"),
            song(5, "Key a third time"),
        ],
        "isrc": [{"recording": 7, "isrc": "DEA111100009"}],
    })  # fmt: skip
    write_source(tmp_path, "twice", rows, parts=3)
    made = build_small(tmp_path)
    assert sorted(card["title"] for card in cards(made)) == ["Key", "Mbid", "Other"]
    report = json.loads((made.folder / "report.json").read_text())["twice"]
    assert report["recording"]["left_out"] == {
        "another row has its key": 2, "another row has its MBID": 1,
    }  # fmt: skip
    assert report["isrc"]["rows"] == 0


def test_cards_need_a_title(tmp_path):
    """An entity without title or name has rows and no card."""
    rows = together(by(1, ""), {"recording": [song(1, None), song(2, ""), song(3, "x")]})
    write_source(tmp_path, "bare", rows)
    made = build_small(tmp_path)
    assert [card["title"] for card in cards(made)] == ["x"]
    assert cards(made, "artist") == []
    assert made.descriptor.rows["recording"] == 3


def test_what_nobody_counted_stays_unknown(tmp_path):
    """Cards of every kind have neither listens nor a score where no source counted anything."""
    write_source(tmp_path, "silent", album() | {"popularity": []})
    made = build_small(tmp_path)
    found = [
        one for kind in ("recording", "release", "artist", "label") for one in cards(made, kind)
    ]
    assert len(found) == 7
    assert {(one["listens"], one["score"]) for one in found} == {(None, None)}


def test_nothing_changed_makes_nothing(plain, copied):
    """A build of the same sources returns the snapshot that serves."""
    assert build_small(copied).descriptor == plain.descriptor
    assert snapshot_names(LocalDisk(copied)) == ["snapshot-000001"]


def test_an_unchanged_source_is_taken_over(tmp_path):
    """Its parts are the very same files; ids stay; a changed source is read anew."""
    write_source(tmp_path, "still", album())
    write_source(tmp_path, "moving", album(1000))
    first = build_small(tmp_path)
    rows = album(1000)
    rows["recording"].insert(0, song(1019, "New", 1001))
    del rows["recording"][1]
    write_source(tmp_path, "moving", rows, generation=2)
    (tmp_path / "sources" / "still" / "000001" / "recording" / "part-00001.parquet").unlink()
    second = build_small(tmp_path)
    part = "tables/recording/part-002-00001.parquet"
    assert os.path.samefile(first.folder / part, second.folder / part)
    before = {(r["source"], r["key"]): r["id"] for r in table(first, "recording")}
    after = {(r["source"], r["key"]): r["id"] for r in table(second, "recording")}
    assert before.items() - after.items() == {((1, 1020), before[1, 1020])}
    assert after[1, 1019] == max(before.values()) + 1
    assert second.descriptor.epoch == first.descriptor.epoch
    assert len(second.descriptor.files[part].sha256) == 64


def test_old_snapshots_go(copied):
    """The one that serves and the one before are kept."""
    for generation in (2, 3):
        write_source(copied, "plain", {"artist": [{"key": 1, "name": "A"}]}, generation)
        build_small(copied)
    assert snapshot_names(LocalDisk(copied)) == ["snapshot-000002", "snapshot-000003"]


def test_the_same_sources_give_the_same_tables_and_cards(tmp_path):
    """Two archives that import the same have the same rows, but for the epoch's name."""
    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        write_source(tmp_path / name, "holdings", album())
        write_source(tmp_path / name, "other", album(500))
        made.append(build_small(tmp_path / name).descriptor.files)
    assert made[0] == made[1]


def test_no_source_is_told(tmp_path):
    """Without anything imported there is nothing to build."""
    with pytest.raises(NotHeldError, match="import"):
        build_small(tmp_path)


def test_two_builds_at_once_are_refused(copied):
    """The second says that the first is under way; the lock dies with its process."""
    hold = (
        "import sys; from pathlib import Path\n"
        "from phonotheque.store.lock import hold_folder\n"
        "with hold_folder(Path(sys.argv[1]), 'x'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", hold, str(copied)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ArchiveBusyError, match="a build of the catalogue"):
            build_small(copied)
        other.kill()
    build_small(copied)


def test_folders_may_be_called_anything(plain, copied, tmp_path):
    """No name of a folder is taken for a pattern or for SQL."""
    copied.rename(tmp_path / "Whx Kettle's y")  # which a pattern would find
    write_source(tmp_path / "Wh? Kettle's *", "plain", album())
    made = build_small(tmp_path / "Wh? Kettle's *")
    assert made.descriptor.rows == plain.descriptor.rows
    assert made.descriptor.cards == plain.descriptor.cards


GIVEN_UP = {"entity_type": "artist", "old_gid": b"a" * 16, "new_gid": b"b" * 16}


@pytest.fixture(scope="module")
def consumed(tmp_path_factory):
    """A snapshot of one source, with a redirect, whose tables were taken away."""
    root = tmp_path_factory.mktemp("consumed")
    write_source(root, "large", album() | {"gid_redirect": [GIVEN_UP]})
    return build_small(root, replace(CHOICES, consume=True))


def test_redirects_of_a_consumed_source_stay(consumed, tmp_path):
    """They stand among those of all sources, and are picked out again with every build."""
    shutil.copytree(consumed.folder.parent, tmp_path, dirs_exist_ok=True)
    other = GIVEN_UP | {"old_gid": b"c" * 16}
    for generation in (1, 2):
        write_source(tmp_path, "small", album(100) | {"gid_redirect": [other]}, generation)
        made = build_small(tmp_path)
        rows = [(row["source"], row["old_gid"]) for row in table(made, "gid_redirect")]
        assert rows == [(1, b"a" * 16), (2, b"c" * 16)]


def test_consuming_takes_the_tables_away(consumed, tmp_path):
    """The imported tables are gone, the snapshot is whole, and the next build takes it over."""
    shutil.copytree(consumed.folder.parent, tmp_path, dirs_exist_ok=True)
    assert (tmp_path / "sources/large/000001/terms.json").exists()
    assert not list((tmp_path / "sources").rglob("*.parquet"))
    assert consumed.descriptor.cards["recording"] == 3
    write_source(tmp_path, "small", album(100))
    second = build_small(tmp_path)
    assert second.descriptor.rows["recording"] == 6
    for name in ("snapshot-000001", "snapshot-000002"):
        shutil.rmtree(tmp_path / name)
    (tmp_path / "current").unlink()
    with pytest.raises(ConflictError, match="consumed"):
        build_small(tmp_path)


def test_what_is_not_in_order_is_put_in_order(tmp_path):
    """Rows that refer to and fro stand in order of what they are about."""
    rows = album()
    rows["isrc"] = [{"recording": 22 - i % 3, "isrc": f"DEA11110{i:04}"} for i in range(9)]
    rows["tag"] = [
        {"entity_type": kind, "entity": key, "name": "x", "kind": "genre"}
        for kind, key in [("release", 11), ("recording", 22), ("artist", 1), ("recording", 20)]
    ]
    write_source(tmp_path, "mixed", rows)
    made = build_small(tmp_path)
    about = [row["recording"] for row in table(made, "isrc")]
    assert about == sorted(about)
    assert [row["isrc"] for row in table(made, "isrc")][:3] == [
        f"DEA11110{i:04}" for i in (2, 5, 8)
    ]
    order = [(row["entity_type"], row["entity"]) for row in table(made, "tag")]
    assert order == sorted(order)
    assert links(made) == []
    assert read(made.tables / "likeness") == []


def test_full_disk_is_named(tmp_path, monkeypatch):
    """A disk that is full stops the build with our error; the next run goes on."""
    write_source(tmp_path, "plain", album())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(bulk.pq, "write_table", full)
        with pytest.raises(UnavailableError, match="no room"):
            build_small(tmp_path)
    assert current_snapshot(tmp_path, LocalDisk(tmp_path)) is None
    assert build_small(tmp_path).descriptor.cards["recording"] == 3


def test_a_stopped_build_that_consumes_goes_on(tmp_path):
    """Tables that are gone were taken in; only when what was made of them is lost it is refused."""
    import shutil

    consuming = replace(CHOICES, consume=True)
    for number, is_lost in enumerate((False, True)):
        root = tmp_path / str(number)
        folder = write_source(root, "large", album())
        half_way = [0]

        def stop(progress, half_way=half_way):
            half_way[0] += progress.step == "taking in sources"
            if half_way[0] == 9:
                raise RuntimeError

        with pytest.raises(RuntimeError):
            build_small(root, consuming, on_progress=stop)
        assert 0 < len(list(folder.rglob("*.parquet"))) < len(album())
        if is_lost:
            shutil.rmtree(root / "building")
            with pytest.raises(ConflictError, match="consumed"):
                build_small(root, consuming)
        else:
            assert build_small(root, consuming).descriptor.cards["recording"] == 3
