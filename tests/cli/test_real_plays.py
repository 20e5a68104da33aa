"""The plan of real plays: what radio stations played, counted beside the product and by it."""

import csv
import hashlib
import os
from itertools import accumulate
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from tests.cli.phono import LICENSED, found
from tests.cli.small_music import RATE_HZ, make_file

EXAMPLE = Path(__file__).parents[2] / "docs/examples/mappings/classic-rock.toml"
LENGTH = 'length = { column = "ms", as = "milliseconds" }'
"""By title, artist and length a recording is known again; the list has no lengths of its own."""

LIST = "classic-rock-song-list.csv"
FRAMES = 400
SHARES = {"t50": 0.5, "t90": 0.9, "t99": 0.99, "t996": 0.996, "rest": 2}


@pytest.fixture(scope="module")
def songs():
    """The 2,229 songs of the list, the most played first."""
    data = os.environ.get("PHONOTHEQUE_DATA")
    folder = Path(data) if data else Path(__file__).parents[3] / "shared" / "data"
    path = folder / "classic-rock" / LIST
    if not path.is_file():
        pytest.skip(f"no {path}; set PHONOTHEQUE_DATA to the folder of data")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    return sorted(rows, key=lambda row: -int(row["PlayCount"]))


def is_held(row):
    """Some of the songs, by no order of ours, and those that were played most."""
    digit = hashlib.sha256(row["COMBINED"].encode()).digest()[0]
    return digit < 2 or int(row["PlayCount"]) >= 138


@pytest.fixture(scope="module")
def told(songs, tmp_path_factory):
    """What `phono publish plan` says of them: stand-ins with the names of some are held."""
    folder = tmp_path_factory.mktemp("radio")
    (folder / "music").mkdir()
    for number, row in enumerate(songs):
        if is_held(row):
            stand_in(folder / "music" / f"{number:04d}.flac", number, row)
    with open(folder / LIST, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [*songs[0], "ms"])
        table.writeheader()
        table.writerows({**row, "ms": FRAMES * 1000 // RATE_HZ} for row in songs)
    title = 'title = "Song Clean"'
    mapping = folder / "radio.toml"
    example = EXAMPLE.read_text(encoding="utf-8")
    mapping.write_text(example.replace(title, f"{title}\n{LENGTH}"), encoding="utf-8")
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    asked = ("catalogue", "import", "classic-rock", folder, "--mapping", mapping)
    phono(*asked).expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono("publish", "plan", "--json").expect(0).one()


def stand_in(path, number, row):
    tags = FLAC(make_file(path, number, frames=FRAMES))
    tags["title"], tags["artist"] = row["Song Clean"], row["ARTIST CLEAN"]
    tags.save()


def test_the_share_of_real_plays_is_what_a_spreadsheet_says(songs, told):
    """The plays of what is held over all plays, and every point of the curve."""
    plays = [int(row["PlayCount"]) for row in songs if is_held(row)]
    total = sum(int(row["PlayCount"]) for row in songs)
    assert total == 37_625
    assert told["plan"]["rows"] == len(songs) == 2_229
    planned = told["listens"]["planned"]
    assert (planned["share"], planned["low"]) == (sum(plays) / total, planned["high"])
    drawn = [point["share"] for point in told["curve"]]
    sums = [part / total for part in accumulate(plays, initial=0)]
    assert drawn == [part for part in sums if part in drawn]  # it goes along thousandths of all
    assert (drawn[0], drawn[-1]) == (0, sums[-1])
    assert len(drawn) > len(sums) / 3


def test_tiers_of_real_plays_are_what_a_spreadsheet_says(songs, told):
    """Each tier has the songs before which that share of all plays is not reached."""
    plays = [int(row["PlayCount"]) for row in songs]
    total, expected = sum(plays), dict.fromkeys(SHARES, 0)
    for mine in plays:
        before = sum(other for other in plays if other > mine) / total
        expected[next(tier for tier, share in SHARES.items() if before < share)] += 1
    known = dict.fromkeys(SHARES, 0)
    for row in told["statuses"]:
        known[row["tier"]] += row["recordings"]
    assert known == expected
