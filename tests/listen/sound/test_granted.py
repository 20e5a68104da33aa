"""What a contract lets this archive play: stated by an operator, heard, and kept by nobody."""

from __future__ import annotations

from datetime import date

import pytest
from tests.cli.phono import members

from listen.door import open_on_loopback
from listen.sound.stock import set_listening
from phonotheque.archive.listening import desk, facts, offers

NAME = "unknown.wav"
KEPT = ("", "?form=opus", "?form=dressed")
BY_HEART = "It may be heard here, and not be kept"
LIMITS = ("--from", "2026-01-01", "--until", "2036-01-01", "--territory", "DE")
RULE = f"""
[[rule]]
match = "{NAME}"
licence = "InC"
granted = ["stream"]
evidence = "Agreement of 2026-01-12"
from = 2026-01-01
until = 2036-01-01
territories = ["DE"]
"""


def by_command(own, folder):
    """An archivist decides."""
    said = ("--licence", "InC", "--grant", "stream", "--evidence", "Agreement of 2026-01-12")
    own.phono("rights", "set", own.names[NAME], *said, *LIMITS).expect(0)


def by_rules(own, folder):
    """A deposit brings it."""
    folder.mkdir()
    (folder / NAME).write_bytes(own.data(NAME))
    (folder / "rights.toml").write_text(RULE)
    own.phono.add(folder)


@pytest.fixture
def days(monkeypatch):
    """The day, for all who ask at the door: its last one can be changed."""
    days = [date(2035, 12, 31)]
    for module in (desk, facts, offers):
        monkeypatch.setattr(module, "today", lambda: days[-1])
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    return days


@pytest.mark.parametrize("state", [by_command, by_rules])
def test_it_is_heard_and_not_kept_until_the_grant_ends(own, tmp_path, days, state):
    """It plays where it was granted, as restricted; no form of it is given to keep, no page or
    answer offers one, and it is in no torrent; from the day of its end on it does not play."""
    set_listening(own, 'country_header = "X-Country"')
    state(own, tmp_path / "deposit")
    volumes = [volume["volume"] for volume in own.phono.publish()]
    published = {name for volume in volumes for name in members(own.phono, volume)}
    assert own.names["short.flac"] in published
    assert own.names[NAME] not in published
    gid = own.gid(NAME)
    here = {"X_Forwarded_For": "9.9.9.9", "X_Country": "DE"}
    with open_on_loopback(own.root) as door:
        heard = door.get(f"/sound/{gid}", **here)
        assert (heard.status, heard.body) == (200, own.data(NAME))
        assert "set-cookie" in heard.headers
        assert door.get(f"/sound/{gid}", **(here | {"X_Country": "FR"})).status == 451
        for form in KEPT:
            assert door.get(f"/download/{gid}{form}", **here).json["error"] == "not-shareable"
        page = door.get(f"/song/{gid}", **here).text
        assert BY_HEART in page
        assert "/download/" not in page
        assert f"/torrents/release/{gid}" not in page
        item = door.get(f"/api/v1/items/{gid}", **here).json
        days.append(date(2036, 1, 1))
        for path in (f"/sound/{gid}", *(f"/download/{gid}{form}" for form in KEPT)):
            assert door.get(path, **here).status == 451
        assert BY_HEART not in door.get(f"/song/{gid}", **here).text
    assert item["evidence"][0]["text"].startswith(
        "In Copyright; granted to this archive: stream; only in DE; from 2026-01-01; until 2036"
    )
    assert item["copies"] == []
    assert {one["address"] for one in item["files"]} == {None}


def test_the_api_says_what_may_be_heard_and_not_kept(stock, door):
    """Of one that was granted everywhere: to play it is allowed, and nothing else."""
    item = door.get(f"/api/v1/items/{stock.gid('streamed.wav')}").json
    allowed = {one["use"]: one["is_allowed"] for one in item["permissions"]}
    assert allowed == {
        "stream": True, "redistribute": False, "commercial": False, "derive": False, "mine": None,
    }  # fmt: skip
    assert not item["hit"]["is_free"]


@pytest.mark.parametrize("name", ["short.flac", "previewed.flac", "unknown.wav", "onsite.wav"])
def test_nothing_else_is_called_heard_and_not_kept(stock, door, name):
    """Neither what is free, nor an excerpt, nor what is not played."""
    assert BY_HEART not in door.get(f"/song/{stock.gid(name)}").text
    assert BY_HEART in door.get(f"/song/{stock.gid('streamed.wav')}").text
