"""`phono mirror init|plan|follow|exclude`: what a volunteer types and is told."""

from __future__ import annotations

import json

import pytest
from tests.cli.phono import call

from mirror.conftest import published_archive, stage  # noqa: F401 (fixtures)
from mirror.scene import VOLUME


@pytest.fixture
def mirror(stage):  # noqa: F811
    """A mirror of the small archive, and what was told when it was made."""
    done = call(
        "mirror", "init", stage.archive, "--space", "1GB", "--mirror", stage.root, "--json",
        "--operator", "Weir Sound", "--country", "de",
    )  # fmt: skip
    return stage, done.expect(0).one()


def test_init_tells_whom_it_trusts(mirror):
    """The fingerprint that is trusted from now on is the one that the archive tells."""
    stage, told = mirror  # noqa: F811
    keys = stage.phono("keys", "show", "--json").expect(0).one()
    assert told["fingerprint"] in json.dumps(keys)
    assert (told["name"], told["title"], told["torrents"]) == ("small-records", "Small Records", 5)
    text = (stage.root / "mirror.toml").read_text()
    assert 'operator = "Weir Sound"' in text
    assert 'country = "DE"' in text


def test_init_again_changes_what_was_said_and_nothing_else(mirror):
    """The same archive is followed once; room and filters are those said last."""
    stage, _ = mirror  # noqa: F811
    before = (stage.root / "mirror.toml").read_text()
    call("mirror", "init", stage.archive, "--mirror", stage.root, "--space", "2GB").expect(0)
    after = (stage.root / "mirror.toml").read_text()
    assert after == before.replace("space_bytes = 1000000000", "space_bytes = 2000000000")


def test_a_plan_says_why_for_each(mirror):
    """For people a sentence under each torrent; for programs a record with the same."""
    stage, _ = mirror  # noqa: F811
    told = call("mirror", "plan", "--mirror", stage.root, "--json").expect(0).lines()
    assert {one["torrent"] for one in told} >= {VOLUME}
    assert {one["does"] for one in told} == {"fetch"}
    shown = call("mirror", "plan", "--mirror", stage.root).expect(0).out
    assert "5 torrents" in shown
    assert all(one["reason"] in shown for one in told)


def test_a_plan_may_be_asked_with_other_room(mirror):
    """What would be with less room is seen before anything changes."""
    stage, _ = mirror  # noqa: F811
    arguments = ("mirror", "plan", "--mirror", stage.root, "--space", "1kB", "--json")
    assert call(*arguments).expect(0).lines() == []
    assert {one["does"] for one in call(*arguments, "--all").expect(0).lines()} == {"leave"}
    assert "space_bytes = 1000000000" in (stage.root / "mirror.toml").read_text()


def test_more_held_than_there_is_room_for_is_told(mirror):
    """With less room than is held the plan ends with 1: last copies stay."""
    stage, _ = mirror  # noqa: F811
    stage.hold(VOLUME)
    done = call("mirror", "plan", "--mirror", stage.root, "--space", "1kB").expect(1)
    assert "though you gave less room" in done.out


def test_following_tells_what_is_known(mirror):
    """Each archive is told with its index and for how long it is good; a second source is kept."""
    stage, _ = mirror  # noqa: F811
    done = call("mirror", "follow", "--mirror", stage.root, "--json").expect(0).one()
    assert (done["name"], done["index"]) == ("small-records", 1)
    published = stage.archive / "published"
    call("mirror", "follow", "--mirror", stage.root, "--source", published).expect(0)
    assert str(published) in (stage.copy_root / "source.toml").read_text()


def test_an_archive_that_is_away_is_told_by_the_status(mirror):
    """Exit status 6, and what was known is still told."""
    stage, _ = mirror  # noqa: F811
    stage.archive.rename(stage.archive.with_name("away"))
    done = call("mirror", "follow", "--mirror", stage.root)
    assert done.status == 6
    assert "Small Records" in done.out


def test_what_is_excluded_is_listed_with_its_reason(mirror):
    """An exclusion is told with its reason, and lifted by its name."""
    stage, _ = mirror  # noqa: F811
    where = ("--mirror", stage.root)
    call("mirror", "exclude", VOLUME, "--reason", "A court forbids it", *where).expect(0)
    told = call("mirror", "exclude", "--json", *where).expect(0).one()
    assert (told["torrent"], told["reason"]) == (VOLUME, "A court forbids it")
    assert "A court forbids it" in call("mirror", "exclude", *where).expect(0).out
    lifted = call("mirror", "exclude", VOLUME, "--lift", *where).expect(0)
    assert f"{VOLUME}: excluded no more." in lifted.err
    assert call("mirror", "exclude", "--json", *where).expect(0).lines() == []
    assert call("mirror", "exclude", *where).expect(0).out == "Nothing is excluded.\n"


def test_a_mirror_that_holds_nothing_says_so_when_it_is_read(mirror):
    """Where nothing was to be read that is said; a program reads no line."""
    stage, _ = mirror  # noqa: F811
    where = ("--mirror", stage.root)
    assert call("mirror", "verify", *where).expect(0).out == "Nothing is here to be read.\n"
    assert call("mirror", "verify", "--json", *where).expect(0).lines() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--space", "much"), "no size"),
        ((), "how much room"),
        (("--space", "1GB", "--licence", "gpl"), "licence"),
        (("--space", "1GB", "--tier", "t80"), "no such tier"),
        (("--space", "1GB", "--country", "Germany"), "Germany: it is no country. Write"),
        (("--space", "1GB", "--medium", "paper"), "paper: it is no medium. Write"),
        (("--space", "1GB", "--minisign", "RWQ"), "public key"),
    ],
)
def test_what_cannot_be_meant_is_refused(stage, arguments, says):  # noqa: F811
    """A wrong word is named, and no mirror is made."""
    done = call("mirror", "init", stage.archive, "--mirror", stage.root, *arguments)
    assert done.status in (2, 4)
    assert says in done.err
    assert not stage.root.exists()


def test_outside_a_mirror_it_is_said_how_to_make_one(tmp_path, monkeypatch):
    """A command without a mirror names what is missing, and the command that makes it."""
    monkeypatch.delenv("PHONO_MIRROR", raising=False)
    monkeypatch.chdir(tmp_path)
    done = call("mirror", "plan").expect(2)
    assert "phono mirror init" in done.err


def test_a_mirror_is_found_by_its_environment_and_from_below(mirror, monkeypatch):
    """$PHONO_MIRROR names it; else the nearest folder above that is one."""
    stage, _ = mirror  # noqa: F811
    monkeypatch.setenv("PHONO_MIRROR", str(stage.root))
    call("mirror", "plan").expect(0)
    monkeypatch.delenv("PHONO_MIRROR")
    monkeypatch.chdir(stage.copy_root)
    call("mirror", "plan").expect(0)
    done = call("mirror", "init", stage.archive, "--space", "1GB", "--mirror", stage.archive)
    assert "in it" in done.expect(2).err
