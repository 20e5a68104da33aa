"""Format 1, frozen: what was written once is read for ever, and written again to the same bytes."""

import hashlib
from pathlib import Path
from typing import get_args

import pytest
from tests.cli.phono import LICENSED, copy_archive, rows, tree
from tests.cli.small_music import make_file
from tests.golden import make

from phonotheque.config import parse_config
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.chain import GENESIS, decode_line, encode_line
from phonotheque.register.events import Event

HERE = Path(__file__).parent
REGISTERS = [HERE / "events.jsonl", *sorted((HERE / "archive/register").glob("*.jsonl"))]


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def golden(tmp_path):
    """A copy of the golden archive."""
    return copy_archive(HERE / "archive", tmp_path / "golden")


@pytest.mark.parametrize("path", REGISTERS, ids=lambda path: path.name)
def test_every_line_is_written_again_to_the_same_bytes(path):
    """Decoding and encoding each golden line gives the line, and the chain holds."""
    head = GENESIS
    for line in lines_of(path):
        entry, after = decode_line(head, line)
        assert encode_line(head, entry.at, entry.event) == (line, after)
        head = after


def test_there_is_a_golden_line_of_every_kind():
    """Every kind of event and every field of each stands in a golden line."""
    kinds = {}
    head = GENESIS
    for line in lines_of(HERE / "events.jsonl"):
        entry, head = decode_line(head, line)
        default = [
            getattr(entry.event, name) == value
            for name, value in zip(
                reversed(entry.event.__struct_fields__),
                reversed(entry.event.__struct_defaults__),
                strict=False,
            )
        ]
        known = kinds.setdefault(type(entry.event), default)
        kinds[type(entry.event)] = [a and b for a, b in zip(known, default, strict=True)]
    assert set(kinds) == set(get_args(Event))
    unset = {kind.__name__: fields for kind, fields in kinds.items() if any(fields)}
    assert not unset, "fields that no golden line has"


def test_the_golden_lines_are_what_the_code_writes_now():
    """The events of the script still give the golden bytes: no field moved, none was renamed."""
    assert (HERE / "events.jsonl").read_bytes() == make.lines()


def test_the_golden_archive_is_whole(golden):
    """It opens, every byte is what the register says, and nothing strange lies in it."""
    found = golden("status", "--json").expect(0).one()
    counts = {k: found[k]["objects"] for k in ("recordings", "unreadable", "companions", "sealed")}
    assert counts == {"recordings": 5, "unreadable": 1, "companions": 3, "sealed": 3}
    done = golden("verify", "--json").expect(0).one()
    assert (done["examined"], done["findings"]) == (9, 0)


def test_the_golden_archive_is_rebuilt(golden):
    """state/ comes out of register and objects, twice the same."""
    golden("rebuild", "--jobs", "1").expect(0)
    once = rows(golden.root / "state/index.sqlite", "note")
    golden("rebuild", "--jobs", "1").expect(0)
    assert rows(golden.root / "state/index.sqlite", "note") == once
    assert [len(once[t]) for t in ("object", "accession", "layer", "tags")] == [9, 10, 9, 6]


def test_reading_leaves_the_golden_archive_as_it_is(golden):
    """A later version reads an archive of format 1 without touching what it keeps."""
    before = tree(golden.root, "state", "keys", "journals")
    golden("rebuild", "--jobs", "1").expect(0)
    golden("show", "golden-records-open-all-00001").expect(0)
    golden("publish", "run", "--dry-run").expect(0)
    assert tree(golden.root, "state", "keys", "journals") == before


def test_names_and_evidence_are_found(golden):
    """Ids and digests of the register lead to the names and texts in people.sqlite."""
    name = hashlib.sha256(next(golden.root.glob("objects/f3/*/*.mp3")).read_bytes()).hexdigest()
    (shown,) = golden("rights", "show", name, "--json").expect(0).lines()
    assert shown["holder"] == "Bo Example"
    assert shown["evidence"].splitlines()[0] == "Licence as given: CC-BY-NC-SA-4.0"


def test_the_golden_torrents_are_read(golden):
    """Each torrent gives the info-hashes that the register has, and its lists are its own."""
    for event in golden.events("volume"):
        data = (golden.root / "published" / f"{event['name']}.torrent").read_bytes()
        read = read_torrent(data)
        assert read.info_hash_v2.hex() == event["info_hash_v2"]
        assert read.info_hash_v1.hex() == event["info_hash_v1"]
        for file in read.files:
            path = golden.root.joinpath("volumes", event["name"], *file.path)
            assert path.stat().st_size == file.size_bytes


def test_the_golden_archive_can_be_added_to(golden, tmp_path):
    """What comes today goes on where the golden register ends, and the volumes go on counting."""
    golden("rebuild", "--jobs", "1").expect(0)  # its state/ was not kept
    golden.add(make_file(tmp_path / "new.flac", 77), *LICENSED)
    assert [one["volume"] for one in golden.publish()] == ["golden-records-open-all-00002"]
    golden("verify").expect(0)
    old = (HERE / "archive/register/000001.jsonl").read_bytes()
    assert (golden.root / "register/000001.jsonl").read_bytes().startswith(old)


def test_the_golden_settings_are_read():
    """The settings file of the golden archive means what it meant."""
    config = parse_config((HERE / "archive/phonotheque.toml").read_bytes())
    assert (config.name, config["title"]) == ("golden-records", "Golden Records")


def test_the_script_makes_such_an_archive(tmp_path):
    """The script still makes an archive of the same events and more, which verifies."""
    with make.fixed():
        make.make_archive(tmp_path / "archive", tmp_path / "music")
    made = copy_archive(tmp_path / "archive", tmp_path / "copy")
    golden = copy_archive(HERE / "archive", tmp_path / "golden")
    old = [e["event"] for e in golden.events()]
    assert [e["event"] for e in made.events() if e["event"] in old] == old
    made("verify").expect(0)


def test_golden_files_are_small():
    """All that is golden is less than 200 kB."""
    assert sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file()) < 200_000
