"""`phono catalogue import|build|status|merge|split`: from sources to what is searched."""

import json
import uuid

import pytest
from tests.cli.phono import (
    BY_ARTIST,
    SONG_LIST,
    copy_archive,
    found_with_songs,
    import_of_songs,
    tree,
)

from phonotheque.catalogue.gids import gid_of
from phonotheque.store.lock import hold_folder

MAPPING = f"""{SONG_LIST}{BY_ARTIST}
[[file.rows]]
table = "popularity"
entity_type = {{ constant = "recording" }}
entity = "id"
measure = {{ constant = "radio plays" }}
period = {{ constant = "all" }}
total_listen_count = "plays"
"""
ROWS = """id,title,artist,year,plays
1,Harbour,Ada Marrow,1999,12
2,Harbour Lights,Ada Marow,2001,7
3,愛のうた,椎名,2003,
4,Too,many,2004,1,2
"""


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """A mapping and its file, of which one row has too many columns."""
    return import_of_songs(tmp_path_factory.mktemp("songs"), MAPPING, ROWS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: an archive that holds nothing, with a catalogue of three songs."""
    return found_with_songs(tmp_path_factory.mktemp("made"), MAPPING, ROWS)


@pytest.fixture
def built(made, tmp_path):
    """A copy of it for one test."""
    return copy_archive(made.root, tmp_path / "archive")


def gids(phono, *arguments):
    *cards, _ = phono("search", *arguments, "--json").expect(0).lines()
    return [card["gid"] for card in cards]


def test_a_rehearsal_reports_and_writes_nothing(phono, songs):
    """A dry run reports what an import would, and leaves no trace."""
    before = tree(phono.root)
    rehearsed = phono(*songs, "--dry-run", "--json").expect(0).one()
    assert tree(phono.root) == before
    done = phono(*songs, "--json").expect(0).one()
    told = ("read", "used", "refused", "dropped", "reasons")
    assert [rehearsed[name] for name in told] == [done[name] for name in told]
    assert (rehearsed["is_rehearsal"], done["is_rehearsal"]) == (True, False)


def test_refused_rows_are_reported_and_no_error(phono, songs):
    """A row that cannot be used is told with its reason and place; the command ends with 0."""
    done = phono(*songs).expect(0)
    assert "rows refused" in done.out
    assert "line 5" in done.out
    report = phono(*songs, "--json").expect(0).one()
    assert (report["read"], report["refused"], report["used"]["recording"]) == (4, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("diskogs", "."), "musicbrainz, discogs, internet-archive"),
        (("holdings", "."), "catalogue build"),
        (("musicbrainz", "nowhere.tar"), "nowhere.tar"),
        (("songs", ".", "--mapping", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_imported_is_refused(phono, arguments, word):
    """An unknown source or a path that is not there ends with 2 and says what there is."""
    assert word in phono("catalogue", "import", *arguments).expect(2).err


def test_a_mapping_is_imported_under_its_own_name(phono, songs):
    """The name that is typed is the one in the mapping, so that no source replaces another."""
    *before, _, folder, option, mapping = songs
    assert "songs" in phono(*before, "tunes", folder, option, mapping).expect(2).err
    other = folder / "other.csv"
    other.write_text("id\n", encoding="utf-8")
    assert "other.csv" in phono(*before, "songs", other, option, mapping).expect(2).err
    phono(*before, "songs", folder / "songs.csv", option, mapping).expect(0)


def test_an_import_is_searched_after_a_build(built):
    """What was imported is found, with its source, and the most popular first."""
    assert len(gids(built, "harbour")) == 2
    (gid,) = gids(built, "愛")
    shown = built.show(gid)
    assert shown["gid"] == str(gid_of("songs", "recording", "3"))
    assert [one["title"] for one in shown["sources"]] == ["A list of songs"]
    first, _ = gids(built, "harbour")
    (count,) = built.show(first)["popularity"]
    assert (count["measure"], count["total_listen_count"], count["source"]) == (
        *("radio plays", 12),
        "songs",
    )


def test_building_again_makes_nothing_new(built):
    """When nothing changed the snapshot that serves goes on; a rehearsal writes nothing at all."""
    before = tree(built.root)
    built("catalogue", "build", "--dry-run").expect(0)
    assert tree(built.root) == before
    (one,) = built("catalogue", "build", "--json").expect(0).lines()
    assert one["snapshot"] == "snapshot-000001"
    assert one["cards"]["recording"] == 3


def test_status_tells_sources_and_snapshot(phono, songs):
    """Before anything, between import and build, and after: what there is and what is missing."""
    assert "phono catalogue build" in phono("catalogue", "status").expect(0).out
    assert phono("catalogue", "status", "--json").one()["snapshot"] is None
    phono(*songs).expect(0)
    told = phono("catalogue", "status", "--json").one()
    assert (told["not_built"], told["sources"][0]["refused"]) == (["songs"], 1)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    told = phono("catalogue", "status", "--json").one()
    assert (told["not_built"], told["snapshot"], told["cards"]["recording"]) == (
        *([], "snapshot-000001"),
        3,
    )
    assert told["size_bytes"] > 0
    assert uuid.UUID(told["epoch"])
    phono(*songs).expect(0)
    text = phono("catalogue", "status").expect(0).out
    assert "songs was imported since" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text


def test_the_archive_licenses_its_own_data(phono, music):
    """The setting `catalogue.licence` is the licence of what the archive says; else unknown."""
    phono.add(music)
    settings = phono.root / "phonotheque.toml"
    before = settings.read_text()
    licences = []
    for text in ("", "CC0-1.0"):
        settings.write_text(before.replace('# licence = ""', f'licence = "{text}"'))
        phono("catalogue", "build", "--jobs", "1").expect(0)
        told = phono("catalogue", "status", "--json").one()
        licences += [source["licence"] for source in told["sources"]]
    assert licences == ["", "https://creativecommons.org/publicdomain/zero/1.0/"]
    settings.write_text(before.replace('# licence = ""', 'licence = "mine"'))
    done = phono("catalogue", "build").expect(2)
    assert "catalogue.licence" in done.err


def test_where_spark_is_means_nothing_to_duckdb(built):
    """`--master` without `--engine spark` is a mistake that is told before anything is done."""
    done = built("catalogue", "build", "--master", "spark://head:7077").expect(2)
    assert "--engine spark" in done.err


def test_two_builds_at_once_are_refused(built):
    """The second build is told to wait, and what serves goes on serving."""
    with hold_folder(built.root / "catalogue", "a build"):
        assert "archive-busy" in built("catalogue", "build", "--json").expect(6).err
        assert gids(built, "harbour")


def test_a_merge_leads_from_one_to_the_other(built):
    """After the next build the gid that was given up leads to the other, and says so."""
    one, other = gids(built, "kind:artist", "ada")
    reason = ("--reason", "misspelt")
    built("catalogue", "merge", other, one, *reason).expect(0)
    assert gids(built, "kind:artist", "ada") == [one, other]
    built("catalogue", "build", "--jobs", "1").expect(0)
    assert gids(built, "kind:artist", "ada") == [one]
    shown = built.show(other)
    assert (shown["gid"], shown["asked"]) == (one, other)
    assert shown["because"]
    assert shown["because"] in built("show", other).expect(0).out
    (decision,) = (built.root / "catalogue" / "decisions.jsonl").read_text().splitlines()
    assert json.loads(decision)["reason"] == "misspelt"


def test_a_merge_without_its_target_hides_nothing(built, tmp_path):
    """What was merged into a thing that its source has no more is found under its own gid; build
    and status tell the merge that waits."""
    one, other = gids(built, "kind:artist", "ada")
    assert one == str(gid_of("songs", "artist", "Ada Marrow"))
    built("catalogue", "merge", other, one, "--reason", "misspelt").expect(0)
    built(*import_of_songs(tmp_path, MAPPING, ROWS.replace("Ada Marrow", "Bo Quay"))).expect(0)
    (made,) = built("catalogue", "build", "--jobs", "1", "--json").expect(0).lines()
    waiting = [{"kind": "artist", "one": other, "into": one}]
    told = built("catalogue", "status", "--json").one()
    assert made["merges_waiting"] == told["merges_waiting"] == waiting
    assert f"{other} into {one} waits" in built("catalogue", "status").expect(0).out
    assert built.show(other)["gid"] == other


def test_a_split_undoes_a_merge(built):
    """The last decision about a pair counts."""
    one, other = gids(built, "kind:artist", "ada")
    built("catalogue", "merge", other, one, "--reason", "misspelt").expect(0)
    built("catalogue", "build", "--jobs", "1").expect(0)
    built("catalogue", "split", one, other, "--json").expect(0)
    built("catalogue", "build", "--jobs", "1").expect(0)
    assert set(gids(built, "kind:artist", "ada")) == {one, other}


def test_what_cannot_be_one_is_refused(built):
    """Two kinds, one thing twice, a gid that nothing has, and a circle are no merges."""
    artist, _ = gids(built, "kind:artist", "ada")
    song, other = gids(built, "harbour")

    def merge(*pair):
        return built("catalogue", "merge", *pair, "--reason", "x", "--json").expect(2).err

    assert "two of one kind" in merge(artist, song)
    assert "bad-request" in merge(song, song)
    assert "bad-reference" in merge(song, str(uuid.UUID(int=7)))
    assert "bad-reference" in merge(song, "seven")
    built("catalogue", "merge", song, other, "--reason", "x").expect(0)
    assert "bad-request" in merge(other, song)
    built("catalogue", "merge", song, other).expect(2)
