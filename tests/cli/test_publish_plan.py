"""`phono publish plan`: what becomes of every known recording, and what it covers."""

import json
import shutil
import sys
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from mutagen.flac import FLAC
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found
from tests.cli.small_music import ARTISTS, make_file, title_of

from phonotheque.archive.bulk.plan_wish import wish_of
from phonotheque.archive.bulk.planning import left, make_plan, order
from phonotheque.archive.opening import open_to_read, open_to_write, today
from phonotheque.config import parse_config
from phonotheque.errors import BadSettingError
from phonotheque.music.digest import Sha256
from phonotheque.publish.health import report
from phonotheque.publish.health.report import Count, Health
from phonotheque.publish.planning import reading
from phonotheque.publish.planning.words import Order, Status, Tier, Wish

MAPPING = """
format = 1
name = "charts"
title = "What was heard"
licence = "CC0-1.0"

[[file]]
path = "charts.csv"

[[file.rows]]
table = "recording"
id = "id"
title = "title"
artist_credit = { column = "artist", make = true }
length = { column = "ms", as = "milliseconds" }

[[file.rows]]
table = "popularity"
entity_type = { constant = "recording" }
entity = "id"
measure = { constant = "plays" }
period = { constant = "all" }
total_listen_count = "plays"
"""
HEARD = {0: 10, 1: 500, 2: 300, 5: 100, 90: 80, 91: 0}
"""Plays of the recordings with these numbers; 90 and 91 are not held."""


def charts():
    """Plays of what is held and of what is not, by title, artist and length."""
    rows = ["id,title,artist,ms,plays"]
    rows += [
        f"{number + 1},{title_of(number)},{ARTISTS[number % len(ARTISTS)]},50,{plays}"
        for number, plays in HEARD.items()
    ]
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """Made once: recordings 0 to 6 and one in two copies; some without leave, one sealed, one
    damaged; plays of some of them."""
    folder = tmp_path_factory.mktemp("planned")
    music = folder / "m"
    music.mkdir()
    files = [make_file(music / f"{number:03d}.flac", number) for number in range(7)]
    phono = found(folder / "archive")
    told = phono.add(files[0], *LICENSED)
    phono.publish()
    told |= phono.add(*files[1:5], *LICENSED) | phono.add(*files[5:])
    told |= phono.add(*two_copies(music), *LICENSED)
    names = [one["sha256"] for one in told.values()]
    damage(phono.object(names[4]), flip(100))
    phono("verify", names[4]).expect(1)
    (folder / "charts.csv").write_text(charts(), encoding="utf-8")
    (folder / "charts.toml").write_text(MAPPING, encoding="utf-8")
    phono("catalogue", "import", "charts", folder, "--mapping", folder / "charts.toml").expect(0)
    return phono.root, names


def two_copies(folder):
    """One recording, and the same with other tags."""
    first = make_file(folder / "first.flac", 60)
    again = shutil.copy(first, folder / "retagged.flac")
    tags = FLAC(again)
    tags["title"] = "Another title"
    tags.save()
    return [first, again]


@pytest.fixture(scope="module")
def charted(stocked, tmp_path_factory):
    """A copy of it with a catalogue."""
    root, names = stocked
    phono = copy_archive(root, tmp_path_factory.mktemp("charted") / "archive")
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return phono, names


def rows_of(root):
    parts = sorted((root / "state/plan").glob("part-*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def names_of(archive, lines):
    find = "SELECT hex(sha256) FROM accession WHERE seq = ?"
    return [archive.index.db.execute(find, (line,)).fetchone()[0].lower() for line in lines]


def test_every_known_recording_has_a_status_and_a_reason(charted):
    """Held or not, shared or not: each copy and each recording that is lacking is listed once."""
    phono, names = charted
    phono("publish", "plan", "--jobs", "1").expect(0)
    rows = rows_of(phono.root)
    with open_to_read(phono.root) as archive:
        held = [row for row in rows if row["object"]]
        found_names = names_of(archive, [row["object"] for row in held])
    told = {names.index(name): row for name, row in zip(found_names, held, strict=True)}
    assert sorted(told) == list(range(len(names)))
    assert [(told[n]["status"], told[n]["tier"], told[n]["listens"]) for n in sorted(told)] == [
        ("shared", "t99", 10),
        ("to-share", "t50", 500),
        ("to-share", "t90", 300),
        ("to-share", "rest", None),
        ("damaged", "rest", None),
        ("held-not-shared", "t90", 100),
        ("held-not-shared", "rest", None),
        ("to-share", "rest", None),
        ("better-copy-held", "rest", None),
    ]
    lacking = [(row["status"], row["listens"]) for row in rows if not row["object"]]
    assert lacking == [("wanted", 80), ("wanted", 0)]
    assert all(row["reason"] for row in rows)
    assert told[6]["reason"].startswith("Nothing is known about its rights")
    assert told[4]["reason"].startswith("A check found it ")


def test_publishing_follows_the_plan(charted):
    """Whose turn it is, is the plan's order: the most heard first, what nobody counted last."""
    phono, names = charted
    with open_to_read(phono.root) as archive:
        turns = list(order(archive))
        assert turns == list(order(archive))
        counted = left(archive)
    assert [(names.index(name.hex), tier, listens) for name, tier, listens in turns] == [
        (1, "t50", 500),
        (2, "t90", 300),
        (3, "rest", None),
        (7, "rest", None),
    ]
    assert counted[Status.BETTER_COPY_HELD.meaning] == 1
    assert counted.total() == 3


def test_without_a_catalogue_both_ways_agree(stocked, tmp_path):
    """The order of accession, told without any table, is the plan that tables give."""
    root, names = stocked
    with open_to_write(copy_archive(root, tmp_path / "archive").root, "a test") as archive:
        turns, counted = list(order(archive)), left(archive)
        assert not (archive.root / "state/plan-of-run").exists()
        make_plan(archive, Wish(), tmp_path / "plan", 1)
        planned = list(reading.to_share(tmp_path / "plan"))
        assert [name.hex for name, _, _ in turns] == names_of(archive, [one[0] for one in planned])
    assert [turn[1:] for turn in turns] == [one[1:3] for one in planned]
    assert counted == reading.left(tmp_path / "plan")
    assert {names.index(name.hex) for name, _, _ in turns} == {1, 2, 3, 7}


def test_a_plan_is_made_again_when_something_changed(stocked, tmp_path):
    """The same archive on the same day has the same plan, which is kept; another line in the
    register makes another."""
    phono = copy_archive(stocked[0], tmp_path / "archive")

    def digest():
        return phono("publish", "plan", "--json").expect(0).one()["plan"]["digest"]

    first = digest()
    kept = (phono.root / "state/plan/plan.json").stat().st_mtime_ns
    assert digest() == first
    assert (phono.root / "state/plan/plan.json").stat().st_mtime_ns == kept
    phono.add(make_file(tmp_path / "new.wav", 50), *LICENSED)
    assert digest() != first


@pytest.fixture(scope="module")
def sealed(stocked, tmp_path_factory):
    """A copy of which every recording that may be shared is in a volume of its own."""
    phono = copy_archive(stocked[0], tmp_path_factory.mktemp("sealed") / "archive")
    phono.set("max_objects", "1")
    volumes = [told["volume"] for told in phono.publish()]
    assert len(volumes) == 4
    return phono, volumes


def counted_for(phono, days_ago, seeders):
    """Write what an observer counted so many days ago."""
    at = f"{today() - timedelta(days=days_ago)}T12:00:00Z"
    counts = {name: Count(number, 0, at) for name, number in seeders.items()}
    (phono.root / report.PATH).write_bytes(
        report.encode(Health(report.SCHEMA, "the weir", at, counts))
    )


def volumes_at_risk(phono):
    """Volumes in the order at-risk, and the plan as it is told."""
    told = phono("publish", "plan", "--order", "at-risk", "--json").expect(0).one()
    with open_to_read(phono.root) as archive:
        names = names_of(archive, [row["object"] for row in rows_of(phono.root) if row["object"]])
        held = [archive.index.held(Sha256.parse(name)) for name in names]
    return [one.volume for one in held if one.volume], told["plan"]


def test_what_fewest_keep_is_most_at_risk(sealed):
    """Fewer seeders come first, none counted with none at all; a new count makes a new plan, the
    same count the same."""
    phono, volumes = sealed
    counted_for(phono, 3, dict(zip(volumes, (5, 0, 9), strict=False)))
    first, plan = volumes_at_risk(phono)
    most = [volumes[number] for number in (0, 2)]
    assert [name for name in first if name in volumes][-2:] == most
    assert volumes_at_risk(phono) == (first, plan)
    counted_for(phono, 2, dict(zip(volumes, (9, 0, 5), strict=False)))
    again, other = volumes_at_risk(phono)
    assert [name for name in again if name in volumes][-2:] == most[::-1]
    assert other["digest"] != plan["digest"]
    assert other["facts"]["seeders_unknown"] == "2"


def test_a_count_says_who_when_and_what_is_lacking(sealed):
    """The page names the observer, the day, how old that is, and how many volumes nobody knows;
    other orders do not ask, and are not planned again for a new count."""
    phono, volumes = sealed
    counted_for(phono, 3, {volumes[0]: 1})
    out = phono("publish", "plan", "--order", "at-risk").expect(0).out
    assert "Seeders as the weir counted them on " in out
    assert ", 3 days before; of 4 volumes nobody knows" in out
    plain = phono("publish", "plan", "--json").expect(0).one()["plan"]
    assert not any(name.startswith("seeders") for name in plain["facts"])
    (phono.root / report.PATH).unlink()
    assert "Nobody counted seeders" in phono("publish", "plan", "--order", "at-risk").expect(0).out
    assert phono("publish", "plan", "--json").expect(0).one()["plan"] == plain


def test_the_page_says_what_is_covered(charted):
    """The finding, statuses, tiers, shares with their bars and a curve."""
    phono, _ = charted
    out = phono("publish", "plan").expect(0).out
    assert "hold 81.8 % of all known listens." in out
    assert "listens counted of 6" in out
    assert "81.8 % (between " in out
    assert "Share of all known listens in so many bytes" in out
    assert "█" in out


def test_json_has_the_figures(charted):
    """The same as one JSON object."""
    phono, _ = charted
    told = phono("publish", "plan", "--json").expect(0).one()
    assert told["plan"]["order"] == "popularity"
    assert told["listens"]["planned"]["share"] == 810 / 990
    assert told["listens"]["shared"]["share"] == 10 / 990
    assert sum(one["listens"] for one in told["statuses"]) == 990
    assert told["curve"][-1]["share"] == 810 / 990
    assert told["note"] == ""


def test_what_is_asked_for_is_planned(charted):
    """Order, tiers and space are the command's, else the settings'."""
    phono, _ = charted
    phono("publish", "plan", "--order", "newest", "--tier", "t50", "--tier", "rest").expect(0)
    rows = rows_of(phono.root)
    waiting = [row for row in rows if row["status"] == "to-share"]
    assert [row["tier"] for row in waiting] == ["rest", "rest", "t50"]
    assert {row["tier"] for row in rows if row["status"] == "below-threshold"} == {"t90", "t99"}
    phono("publish", "plan", "--space", "0").expect(0)
    assert [row["status"] for row in rows_of(phono.root)].count("beyond-space") == 4


@pytest.mark.parametrize(
    "wrong",
    [
        ("--order", "best"),
        ("--tier", "t95"),
        ("--space", "much"),
        ("--space", "-1GB"),
        ("--picture", "curve.gif"),
    ],
)
def test_what_cannot_be_meant_is_refused(charted, wrong):
    """A word that there is not is named, with those that there are."""
    phono, _ = charted
    done = phono("publish", "plan", *wrong).expect(2)
    assert wrong[1] in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("line", "name"), [('order = "best"', "order"), ('tiers = ["t95"]', "tier")]
)
def test_settings_that_cannot_be_meant_are_refused(line, name):
    """A wrong setting is named as a setting."""
    config = parse_config(f"[publish]\n{line}\n".encode())
    with pytest.raises(BadSettingError, match=f"phonotheque.toml: {name}"):
        wish_of(config)


def test_settings_are_the_wish():
    """What the settings say is what publishing follows."""
    text = '[publish]\norder = "at-risk"\ntiers = ["t50"]\nspace_bytes = 7\n'
    expected = Wish(Order.AT_RISK, frozenset({Tier.T50}), 7)
    assert wish_of(parse_config(text.encode())) == expected
    assert wish_of(parse_config(b"")) == Wish()


@pytest.mark.parametrize(("form", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_the_curve_is_drawn(charted, tmp_path, form, magic):
    """As a picture of the form that its name ends in; the title is the finding."""
    pytest.importorskip("altair", reason="the extra charts is not installed")
    phono, _ = charted
    picture = tmp_path / f"curve.{form}"
    phono("publish", "plan", "--picture", picture).expect(0)
    data = picture.read_bytes()
    assert data.startswith(magic)
    assert form == "png" or b"hold 81.8 % of all known listens" in data


def test_no_curve_is_drawn_of_what_nobody_counted(stocked, tmp_path):
    """A line along the bottom would say that nothing is heard of it; the plan is told all the
    same, and what to do."""
    phono = copy_archive(stocked[0], tmp_path / "archive")
    done = phono("publish", "plan", "--picture", tmp_path / "curve.svg").expect(2)
    assert "nobody counted listens" in done.err
    assert "listens counted of none" in done.out
    assert not (tmp_path / "curve.svg").exists()


def test_a_picture_needs_an_extra(charted, tmp_path, monkeypatch):
    """Without the libraries that draw, the command says which extra has them."""
    phono, _ = charted
    monkeypatch.setitem(sys.modules, "altair", None)
    done = phono("publish", "plan", "--picture", tmp_path / "curve.svg").expect(6)
    assert "phonotheque[charts]" in done.err


def test_a_damaged_catalogue_is_told(charted, tmp_path):
    """Nothing is planned from a table that cannot be read."""
    phono = copy_archive(charted[0].root, tmp_path / "archive")
    shutil.rmtree(phono.root / "state/plan")
    (part,) = phono.root.glob("catalogue/snapshot-*/cards/recording/part-00001.parquet")
    part.chmod(0o644)
    part.write_bytes(b"PAR1 and no more")
    done = phono("publish", "plan", "--json").expect(4)
    assert json.loads(done.err)["error"] == "malformed"
    assert not (phono.root / "state/plan").exists()


def test_an_empty_archive_has_a_plan_without_tables(phono):
    """Where nothing is known no head stands over nothing."""
    told = phono("publish", "plan").expect(0).out
    assert "0 recordings known" in told
    assert "status" not in told
    assert "tier" not in told
