"""`phono publish where`: which torrents contain an item, by register and sealed lists."""

import json
import uuid

import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music

from phonotheque.publish.facts.listing import listing_path, read_listing

FIRST, SECOND, THIRD = (f"small-records-open-all-0000{n}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: three recordings in each of two volumes, and one without a licence."""
    folder = tmp_path_factory.mktemp("where")
    archive = found(folder / "archive")
    for number in range(2):
        make_music(folder / str(number), 3, seed=number)
        archive.add(folder / str(number), *LICENSED)
        archive.publish()
    make_music(folder / "kept", 1, seed=7)
    archive.add(folder / "kept")
    return archive


@pytest.fixture
def published(made, tmp_path):
    """A copy of it to work on."""
    return copy_archive(made.root, tmp_path / "archive")


def listed(phono, volume=FIRST):
    """The recordings in the listing of a volume."""
    data = (phono.root / listing_path(volume)).read_bytes()
    return [line for line in read_listing(data, volume) if line.tdm]


def where(phono, reference):
    """What is told of one thing."""
    return phono("publish", "where", reference, "--json").expect(0).one()


def test_an_item_is_told_with_a_link_to_its_one_file(published):
    """Torrent, path and number of the file are those that a stock library finds."""
    for volume in (FIRST, SECOND):
        info = lt.torrent_info(str(published.root / f"published/{volume}.torrent"))
        for line in listed(published, volume):
            (place,) = where(published, line.sha256)["torrents"]
            assert (place["torrent"], place["path"]) == (volume, line.path)
            path = info.layout().file_path(place["file_index"])
            assert path == f"{volume}/{line.path}"
            assert place["magnet"].endswith(f"&so={place['file_index']}")
            assert lt.parse_magnet_uri(place["magnet"]).info_hashes == info.info_hashes()


def test_people_are_told_in_words(published):
    """Without --json it says title, maker, torrent and link, whatever stands in the tags."""
    line = listed(published)[0]
    out = published("publish", "where", line.sha256[:10]).expect(0).out
    assert line.title in out
    assert FIRST in out
    assert "magnet:?xt=" in out


def test_what_is_held_and_not_shared_says_why(published):
    """An object without a licence is in no torrent, for the resolver's reason."""
    kept = next(one for one in published.events("accession") if "rights" not in one)
    told = where(published, kept["sha256"])
    assert told["torrents"] == []
    assert "Nothing is known about its rights" in told["why_not"]


def test_packs_with_something_of_it_are_told(published):
    """Facts of a shared item are in the pack of facts; once it is taken down, in none."""
    line = listed(published)[0]
    kinds = [name.rsplit("-", 3)[1] for name in where(published, line.sha256)["packs"]]
    assert "facts" in kinds
    assert not {"metadata", "register"} & set(kinds)  # they may name anything
    published("takedown", line.sha256, "--reason", "asked").expect(0)
    published.publish()
    kinds = [name.rsplit("-", 3)[1] for name in where(published, line.sha256)["packs"]]
    assert "facts" not in kinds


def test_a_folded_torrent_is_told_beside_the_one_that_took_its_place(published):
    """Copies of it live on, so whoever asks learns of both."""
    line = listed(published)[0]
    published("publish", "fold").expect(0)
    offered, retired = where(published, line.sha256)["torrents"]
    assert (offered["torrent"], offered["is_offered"]) == (THIRD, True)
    assert (retired["torrent"], retired["superseded_by"]) == (FIRST, THIRD)
    assert retired["because"]
    assert not retired["magnet"]
    assert where(published, line.sha256)["why_not"] == ""


def test_what_was_taken_down_says_so_and_names_what_cannot_be_known(published):
    """The lists of the torrent went with it: that it may have been there is said, not guessed."""
    line = listed(published)[0]
    published("takedown", line.sha256, "--reason", "the singer asked").expect(0)
    told = where(published, line.sha256)
    assert told["condition"] == "removed"
    assert "the singer asked" in told["why_not"]
    assert FIRST in told["lists_taken_away"]
    for other in listed(published, THIRD):  # the correction has the next number
        offered, retired = where(published, other.sha256)["torrents"]
        assert (offered["torrent"], retired["torrent"]) == (THIRD, FIRST)
        assert where(published, other.sha256)["lists_taken_away"] == []
    for stranger in listed(published, SECOND):
        assert len(where(published, stranger.sha256)["torrents"]) == 1
        assert where(published, stranger.sha256)["lists_taken_away"] == []


@pytest.mark.parametrize("reference", ["abcdef012345", "x", str(uuid.UUID(int=7))])
def test_a_reference_to_nothing_is_refused(published, reference):
    """What names nothing is the request's fault, and the message says what to do."""
    done = published("publish", "where", reference).expect(2)
    assert "phono:" in done.err or "error" in done.err


def test_with_a_catalogue_things_have_their_gids_and_coverage_is_counted(published):
    """Names of the catalogue lead to torrents and stand in listings; the sheet counts by them."""
    published("catalogue", "build").expect(0)
    published.publish()
    line = listed(published)[0]
    assert uuid.UUID(line.gid)
    told = where(published, line.gid)
    assert (told["sha256"], told["torrents"][0]["torrent"]) == (line.sha256, FIRST)
    record = json.loads((published.root / "published/facts/fact-sheet.json").read_bytes())
    assert record["coverage"]["known_recordings"] == 7
    assert record["coverage"]["shared_recordings"] == 6
    assert record["coverage"]["listens"] is None
