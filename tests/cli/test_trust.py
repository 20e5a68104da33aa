"""`phono keys`, `phono publish refresh` and what `phono status` says of signatures."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, call, copy_archive, damage, flip, found
from tests.cli.small_music import make_music

from phonotheque.archive.opening import open_to_write
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadSignatureError, ExpiredError
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.source import FolderSource


@pytest.fixture(scope="module")
def first_published(tmp_path_factory):
    """Made once: an archive that published something."""
    folder = tmp_path_factory.mktemp("published")
    make_music(folder / "music", 2)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono.publish()
    return phono.root


@pytest.fixture
def published(first_published, tmp_path, monkeypatch):
    """A copy of it to work on."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(first_published, tmp_path / "archive")


@pytest.fixture
def follow(tmp_path):
    """Somebody who follows what is published, from one call to the next."""

    def following(phono, folder="published"):
        source = FolderSource(LocalDisk(phono.root / folder))
        return Follower(source, tmp_path / "follower").follow(datetime.now(UTC))

    return following


def keys(phono) -> dict:
    return phono("keys", "show", "--json").expect(0).one()


def ids(phono, role: str) -> list[str]:
    (said,) = (one for one in keys(phono)["roles"] if one["role"] == role)
    return [key["id"] for key in said["keys"]]


def files(phono) -> list[str]:
    return sorted(path.name for path in (phono.root / "keys").glob("*.pem"))


def test_the_first_run_makes_keys_and_says_where(phono, music):
    """Whoever publishes for the first time gets keys, and is told which of them to put away."""
    phono.add(music, *LICENSED)
    out = phono("publish", "run", "--jobs", "1").expect(0)
    said = out.out + out.err
    assert "Move keys/root-" in said
    assert [name.split("-")[0] for name in files(phono)] == ["minisign", "online", "root"]
    assert (phono.root / "keys").stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in (phono.root / "keys").glob("*.pem"))


def test_what_is_published_can_be_followed(published, follow):
    """A stranger with nothing but the folder proves the index, and learns of what comes later."""
    first = follow(published)
    assert first.is_new
    assert [line.kind for line in first.lines if line.kind == "open"] == ["open"]
    assert not follow(published).is_new


def test_a_run_without_news_signs_nothing(published):
    """Published again, nothing in `published/metadata` or of the index changes."""
    before = _signed_files(published.root)
    published.publish()
    assert _signed_files(published.root) == before


def _signed_files(root: Path) -> dict[str, bytes]:
    paths = [*root.glob("published/metadata/*.json"), *root.glob("published/index-*")]
    return {path.name: path.read_bytes() for path in paths}


def test_an_index_that_was_lost_is_made_again(published, follow):
    """After `published/metadata` and the index were lost, whoever followed before goes on."""
    follow(published)
    shutil.rmtree(published.root / "published" / "metadata")
    for path in published.root.glob("published/index-0*"):
        path.unlink()
    published.publish()
    assert follow(published).header.seq == 2


def test_a_register_that_is_too_old_signs_nothing(published):
    """With a later index published than the register knows of, no number is given twice."""
    later = published.root / "published" / "index-00007.jsonl.zst"
    later.write_bytes(b"")
    assert "newer register" in published("publish", "refresh").expect(4).err


def test_two_publishers_at_once(published):
    """While one signs, the other is told who keeps it waiting, and nothing is signed twice."""
    before = _signed_files(published.root)
    with open_to_write(published.root, "publish"):
        refused = published("publish", "refresh", "--json").expect(6)
        assert json.loads(refused.err)["error"] == "archive-busy"
        assert published("keys", "rotate", "online", "--json").expect(6)
    assert _signed_files(published.root) == before


def test_a_stranger_checks_what_is_published(published):
    """With nothing but the folder, and the fingerprint from elsewhere, everything is proven."""
    folder = published.root / "published"
    told = call("publish", "check", folder, "--json").expect(0).one()
    assert (told["title"], told["index"]) == ("Small Records", 1)
    named = ("--fingerprint", keys(published)["fingerprint"])
    assert "by whom you named" in call("publish", "check", folder, *named).expect(0).out
    assert call("publish", "check", folder, "--fingerprint", "ab" * 32).expect(5)
    assert "nothing signed" in call("publish", "check", folder / "facts").expect(2).err
    damage(next(folder.glob("metadata/*.targets.json")), flip(200))
    assert json.loads(call("publish", "check", folder, "--json").expect(5).err)["wrong"]


# -- keys --------------------------------------------------------------------------------


def test_a_root_key_is_made_elsewhere(phono, music, tmp_path, follow):
    """The root key can be on a stick from the beginning: publishing does not need it."""
    stick = tmp_path / "root.pem"
    made = phono("keys", "make", "--root-key", stick, "--json").expect(0).one()
    assert str(stick) in made["made"]
    assert stick.stat().st_mode & 0o777 == 0o600
    assert [name.split("-")[0] for name in files(phono)] == ["minisign", "online"]
    phono.add(music, *LICENSED)
    phono.publish()
    assert follow(phono).header.seq == 1


def test_keys_are_made_once(published):
    """Keys that are there are never replaced by new ones unasked."""
    before = files(published)
    assert "already" in published("keys", "make").expect(2).err
    assert files(published) == before


def test_a_lost_online_key_is_survived(published, tmp_path, follow):
    """The drill: all of `keys/` is lost but the root key in the drawer; those who follow go on."""
    follow(published)
    drawer = tmp_path / "drawer" / "root.pem"
    drawer.parent.mkdir()
    shutil.move(next((published.root / "keys").glob("root-*")), drawer)
    old = ids(published, "timestamp")
    shutil.rmtree(published.root / "keys")

    refused = published("publish", "refresh", "--json").expect(6)
    assert json.loads(refused.err)["error"] == "key-away"
    published("keys", "rotate", "online", "--root-key", drawer).expect(0)
    published("keys", "rotate", "minisign").expect(0)
    published("publish", "refresh").expect(0)

    assert ids(published, "timestamp") != old
    assert follow(published).header.seq == 1
    assert keys(published)["version"] == 2


def test_a_stolen_online_key_signs_nothing_more(published, tmp_path, follow):
    """What the thief signs with the replaced key is refused by everybody who saw the new root."""
    thief = tmp_path / "thief"
    shutil.copytree(published.root, thief, symlinks=True)
    old = ids(published, "timestamp")
    published("keys", "rotate", "online").expect(0)
    assert old[0][:8] not in " ".join(files(published))
    follow(published)
    stolen = type(published)(thief)
    stolen("publish", "refresh").expect(0)
    for root in published.root.glob("published/metadata/*.root.json"):
        shutil.copy(root, thief / "published" / "metadata")
    with pytest.raises(BadSignatureError):
        follow(stolen)


def test_roles_are_split(published, follow):
    """Each day-to-day role can have a key of its own; what they signed is signed anew."""
    published("keys", "split").expect(0)
    assert len({tuple(ids(published, role)) for role in ("targets", "snapshot", "timestamp")}) == 3
    assert "of its own" in published("keys", "split", "targets").expect(2).err
    assert follow(published).header.seq == 1


def test_two_of_three_people_hold_the_root(published, tmp_path, follow):
    """k of n: a change counts when two of three root keys signed it, one after the other."""
    follow(published)
    ada = next((published.root / "keys").glob("root-*"))
    grace, mary = tmp_path / "grace.pem", tmp_path / "mary.pem"
    published("keys", "add", "root", "--to", grace).expect(0)
    published("keys", "add", "root", "--to", mary).expect(0)
    published("keys", "threshold", "root", "2", "--key", grace).expect(0)
    shutil.move(ada, tmp_path / "ada.pem")  # she is on holiday

    waits = published("keys", "rotate", "online", "--key", mary, "--json").expect(1).one()
    assert waits["missing"] == 1
    assert keys(published)["missing"] == 1
    assert follow(published).header.seq == 1
    published("keys", "sign", "--key", grace).expect(0)
    assert keys(published)["missing"] == 0
    assert follow(published).header.seq == 1
    assert published("keys", "sign").expect(2)

    lost = ids(published, "root")[0]
    published(
        "keys",
        "rotate",
        "root",
        "--old",
        lost,
        "--to",
        tmp_path / "new.pem",
        "--key",
        grace,
        "--key",
        mary,
    ).expect(0)
    assert lost not in ids(published, "root")
    assert follow(published).header.seq == 1


def test_a_key_that_is_needed_is_not_dropped(published):
    """The only key of a role stays; a role that is none is named."""
    (only,) = ids(published, "root")
    assert "none can go" in published("keys", "drop", "root", only[:8]).expect(2).err
    assert "no such role" in published("keys", "add", "janitor").expect(2).err
    assert "such keys" in published("keys", "drop", "root", "ffffffff").expect(2).err


def test_another_minisign_key_signs_the_index_anew(published):
    """After a change of the key for people, the index has a signature that it proves."""
    signature = published.root / "published" / "index-00001.jsonl.zst.minisig"
    before = signature.read_bytes()
    published("keys", "rotate", "minisign").expect(0)
    assert signature.read_bytes() != before
    assert len([name for name in files(published) if name.startswith("minisign")]) == 1
    assert keys(published)["minisign"] in (published.root / "published/minisign.pub").read_text()


def test_settings_name_a_stick_that_may_be_away(published, tmp_path):
    """`trust.keys` names places where keys may lie; a stick in a drawer disturbs nobody."""
    stick = tmp_path / "stick"
    published.set("keys", json.dumps([str(stick)]))
    published("publish", "refresh").expect(0)
    assert [one["at_hand"] for role in keys(published)["roles"] for one in role["keys"]] == [
        True
    ] * 4
    stick.mkdir()
    for path in (published.root / "keys").glob("*-*.pem"):
        if not path.name.startswith("minisign"):
            shutil.move(path, stick)
    published("publish", "refresh").expect(0)
    published("keys", "renew").expect(0)
    assert keys(published)["version"] == 2


def test_a_file_that_is_no_key_is_named(published, tmp_path):
    """A wrong file, or none, is told by its name, and nothing is changed."""
    (tmp_path / "letter.pem").write_text("Dear Ada")
    wrong = published("keys", "renew", "--key", tmp_path / "letter.pem").expect(4)
    assert "letter.pem" in wrong.err
    assert published("keys", "renew", "--key", tmp_path / "nowhere.pem").expect(2)
    assert keys(published)["version"] == 1


@pytest.mark.parametrize("words", [("show",), ("rotate", "online"), ("renew",), ("split",)])
def test_without_keys_it_is_said_how_to_make_some(phono, words):
    """An archive that never published has no keys: that is told, with what to do."""
    assert "phono keys make" in phono("keys", *words).expect(2).err


# -- what runs out -----------------------------------------------------------------------


def test_a_refresh_renews_and_tells(published):
    """After a refresh everything is good; each role has its day."""
    said = published("publish", "refresh", "--json").expect(0).one()["signatures"]
    assert [one["role"] for one in said] == ["root", "targets", "index", "snapshot", "timestamp"]
    assert {one["urgency"] for one in said} == {"good"}
    assert "timestamp" in published("publish", "refresh").expect(0).out


def test_the_status_warns_days_ahead(published):
    """What has less than a quarter of its life left is told, with the command that renews it."""
    assert "refresh" not in published("status").expect(0).out
    published.set("timestamp_days", "200")  # what was signed for 30 days is nearly over now
    told = published("status").expect(0).out
    assert "What timestamp signed is good until" in told
    assert "phono publish refresh" in told
    published("publish", "refresh").expect(0)
    assert "timestamp" not in published("status").expect(0).out


def test_the_root_runs_out_too(published, tmp_path):
    """Without the root key a refresh renews all else, and ends with 1; with it, the root too."""
    root = shutil.move(next((published.root / "keys").glob("root-*")), tmp_path / "root.pem")
    published.set("root_days", "4000")
    assert "renew soon" in published("publish", "refresh").expect(1).out
    assert "phono keys renew" in published("status").expect(0).out
    published("publish", "refresh", "--key", root).expect(0)
    assert keys(published)["version"] == 2


def test_what_has_expired_is_refused_and_told(published, follow, monkeypatch):
    """Nobody believes an archive that nobody refreshes, and its own status says so with 1."""
    from phonotheque.archive import opening

    long_ago = "2024-01-01T00:00:00.000000Z"
    published.set("timestamp_days", "1")
    monkeypatch.setattr(opening.Archive, "now", lambda _: long_ago)
    published("publish", "refresh")
    monkeypatch.undo()
    with pytest.raises(ExpiredError):
        follow(published)
    assert "expired!" in published("status").expect(1).out
    published("publish", "refresh").expect(0)
    assert follow(published).header.seq >= 1


def test_nothing_is_refreshed_before_anything_is_published(phono):
    """A refresh of nothing says what to do first."""
    phono("keys", "make").expect(0)
    assert "publish run" in phono("publish", "refresh").expect(2).err
