"""`phono catalogue dump|restore|apply`: a catalogue out of one archive and into another."""

import json

import pytest
from tests.cli.phono import copy_archive, found, found_with_songs, import_of_songs
from tests.cli.test_catalogue import MAPPING, ROWS


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Made once, and only read: an archive that holds nothing, a catalogue of three songs."""
    return found_with_songs(tmp_path_factory.mktemp("songs"), MAPPING, ROWS)


def test_what_is_dumped_is_found_elsewhere(built, tmp_path):
    """One archive writes its catalogue, another reads it and finds the same."""
    found = built("search", "harbour", "--json").expect(0).out
    said = json.loads(
        built("catalogue", "dump", tmp_path / "d", "--jobs", "1", "--json").expect(0).out
    )
    assert said["sources"] == ["holdings", "songs"]
    assert said["rows"]["parquet/recordings.parquet"] == 3
    elsewhere = tmp_path / "elsewhere"
    built("init", elsewhere, "--name", "Elsewhere").expect(0)
    there = ("--archive", elsewhere)
    would = built(*there, "catalogue", "restore", tmp_path / "d", "--dry-run").expect(0).out
    assert "would serve: 3 recordings" in would
    made = json.loads(built(*there, "catalogue", "restore", tmp_path / "d", "--json").expect(0).out)
    assert made["recordings"] == 3
    assert built(*there, "search", "harbour", "--json").expect(0).out == found
    assert "already" in built(*there, "catalogue", "restore", tmp_path / "d").expect(2).err


def test_a_dry_run_writes_nothing(built, tmp_path):
    """It tells what would be written, and how long it would be."""
    out = tmp_path / "d"
    text = built("catalogue", "dump", out, "--source", "songs", "--dry-run").expect(0).out
    assert "songs" in text
    assert "holdings" not in text
    plan = json.loads(built("catalogue", "dump", out, "--dry-run", "--json").expect(0).out)
    assert plan["sources"] == ["holdings", "songs"]
    assert not out.exists()


def test_a_choice_of_terms_and_forms(built, tmp_path):
    """A licence is named as people write it; only what was asked for is written."""
    options = ("--licence", "CC-BY-4.0", "--form", "json", "--jobs", "1")
    built("catalogue", "dump", tmp_path / "d", *options).expect(0)
    contents = json.loads((tmp_path / "d" / "dump.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in contents["sources"]] == ["songs"]
    assert (tmp_path / "d" / "json" / "recording" / "songs.jsonl.zst").exists()
    assert not (tmp_path / "d" / "catalogue.sqlite.zst").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--source", "nobody", "no such source"),
        ("--licence", "my own", "no licence that is known"),
        ("--licence", "CC0", "no source is on these terms"),
        ("--form", "xml", "no form of a dump"),
    ],
)
def test_what_cannot_be_asked_for(built, tmp_path, option, value, words):
    """What is not there is told before anything is written."""
    assert words in built("catalogue", "dump", tmp_path / "d", option, value).expect(2).err
    assert not list(tmp_path.glob("d*"))


def test_a_place_that_cannot_be_looked_at_is_told_as_it_is(built, tmp_path):
    """A name that no disk takes is not said to be taken by something else."""
    assert "too long" in built("catalogue", "dump", tmp_path / ("x" * 300)).expect(2).err


def test_without_a_catalogue_there_is_nothing_to_dump(phono, tmp_path):
    """The next step is told."""
    assert "phono catalogue build" in phono("catalogue", "dump", tmp_path / "d").expect(2).err
    assert not list(tmp_path.glob("d*"))


def test_an_archive_follows_another(built, tmp_path):
    """What came after a dump is told, written, applied and found; what does not follow is
    refused with exit status 2."""
    one = copy_archive(built.root, tmp_path / "one")
    one("catalogue", "dump", tmp_path / "d", "--form", "parquet").expect(0)
    two = found(tmp_path / "two")
    two("catalogue", "restore", tmp_path / "d").expect(0)
    later = import_of_songs(tmp_path, MAPPING, f"{ROWS}5,Moorings,Ada Marrow,2024,1\n")
    one(*later).expect(0)
    one("catalogue", "build", "--jobs", "1").expect(0)
    since = ("catalogue", "dump", tmp_path / "2", "--since", "1")
    assert "no form" not in one(*since, "--form", "sqlite").expect(2).err
    assert json.loads(one(*since, "--dry-run", "--json").expect(0).out)["sequence"] == 2
    assert "1 to 2" in one(*since, "--dry-run").expect(0).out
    nightly = ("catalogue", "dump", tmp_path / "no news", "--since", "2")
    assert "none is kept" in one(*nightly, "--source", "songs").expect(2).err
    made = json.loads(one(*since, "--json").expect(0).out)
    assert "nothing was built since" in one(*nightly).expect(0).out
    assert "nothing was built since" in one(*nightly, "--dry-run").expect(0).out
    no_news = json.loads(one(*nightly, "--json").expect(0).out)
    assert no_news == {"folder": None, "since": 2, "sequence": 2}
    assert not (tmp_path / "no news").exists()
    assert made["rows"]["parquet/tables/recording/songs.parquet"] >= 1
    apply = ("catalogue", "apply", tmp_path / "2")
    assert "would serve" in two(*apply, "--dry-run").expect(0).out
    said = json.loads(two(*apply, "--json").expect(0).out)
    assert (said["sequence"], said["state"]) == (2, made["state"])
    assert "Moorings" in two("search", "moorings").expect(0).out
    assert "Next is the increment since 2" in two(*apply).expect(2).err
    assert "not restored" in one(*apply).expect(2).err
