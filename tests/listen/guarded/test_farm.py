"""A farm at the real door, stopped by the real watch for what it did, and told of."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
from tests.cli.phono import call
from tests.docs.pages import ROOT, is_alike
from tests.once import made_once

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from guard.book.making import Clock, new_desk
from listen.door import open_on_loopback
from listen.guarded import stock as making
from listen.guarded.stock import LONG, SHORT
from listen.guarded.test_guarded_door import HEAD_BYTES, Player, _begun, _rest, _wait_for
from listen.sound.stock import copy_of, set_listening
from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
from phonotheque.archive.guarding.takings import COPIED_BYTES
from phonotheque.archive.guarding.watching import watching
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.guard.rungs import Rung
from phonotheque.guard.tokens import COOKIE, make_token
from phonotheque.listen.log import Line, Pseudonyms

DAY_S = 86_400
PEOPLE, PLAYS, HITS = 220, 24, 40
FARM, BEFORE = 3, 10
HIT, RARE = "00000000-0000-4000-8000-{:012x}", "00000000-0000-4000-9000-{:012x}"
PAGE = ROOT / "docs/how-to/see-a-farm-stopped.md"


def line(second: float, account: str, item: str) -> tuple[str, bytes]:
    """A day, and a line of it: somebody played something."""
    at = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")
    values = Line(
        at=at.replace("+00:00", "Z"), id="1", address=account, network=account, account=account,
        method="GET", endpoint="/sound/{gid}", status=206, item=item, bytes=COPIED_BYTES,
        restricted=True,
    )  # fmt: skip
    return at[:10], msgspec.json.encode(values) + b"\n"


def write_past(root: Path, farm: list[str], now: float) -> float:
    """Three days of people who share their hits, and of a farm that had other things this morning;
    returns when that was."""
    asked_at = now - DAY_S / 3
    lines = [
        (asked_at - 3 * DAY_S + number * 6_000 + person, f"{person:016x}", HIT.format(track))
        for person in range(PEOPLE)
        for number in range(PLAYS)
        for track in [(person * 7 + number) % HITS if number < PLAYS - 2 else HITS + person // 4]
    ]
    lines += [
        (asked_at - 600 + number, account, RARE.format(number * FARM + place))
        for place, account in enumerate(farm)
        for number in range(BEFORE)
    ]
    folder = root / "state/access"
    folder.mkdir(parents=True, exist_ok=True)
    for day, text in (line(*one) for one in sorted(lines)):
        with (folder / f"{day}.jsonl").open("ab") as file:
            file.write(text)
    return asked_at


def players_of(door, stock, names: Pseudonyms, key: bytes) -> list[Player]:
    """The farm: each with a token of this door, and an address of his own."""
    found = []
    for number in range(FARM):
        player = Player(door, stock, f"198.51.100.{number + 1}")
        player.cookie = f"{COOKIE}={make_token(key, secrets.token_bytes(16))}"
        player.account = names.of(f"token {player.cookie.partition('=')[2].partition('.')[0]}")
        found.append(player)
    return found


def test_a_farm_that_goes_on_is_suspended_while_it_plays(tmp_path, tmp_path_factory):
    """Asked this morning for what only it plays, it goes on at the real door, in parts, by the API
    and whole: the watch suspends each account for that conduct, what is running breaks off, a
    person beside it plays on, and the incident report has the farm and what it took."""
    made = made_once(tmp_path_factory, "guarded", making.make)
    stock = copy_of(made, tmp_path / "archive")
    set_listening(stock, "restricted_in_hour = 400")
    settings = stock.root / "phonotheque.toml"
    settings.write_text(settings.read_text().replace("\n[guard]\n", "\n[guard]\nshadow_days = 0\n"))
    key = ListenerKeys(stock.root).key()
    names, now = Pseudonyms(partial(bytes, key)), time.time()
    farm = players_of(None, stock, names, key)
    accounts = {player.account for player in farm}
    asked_at = write_past(stock.root, sorted(accounts), now)
    with watching(new_desk(stock.root, Clock(asked_at)), NOTHING_KNOWN, print) as watcher:
        asked = {one.decision.account: one.decision.rung for one in watcher.turn()}
    assert asked == dict.fromkeys(accounts, Rung.CHALLENGE)
    for case in call("--archive", stock.root, "guard", "cases", "--json").expect(0).lines():
        new_desk(stock.root, Clock(asked_at)).answer(case["case"], "We dig.", is_passed=True)
    with open_on_loopback(stock.root) as door:
        person = Player(door, stock)
        for player in farm:
            player.door = door
            for name in SHORT:
                gid = stock.gid(name)
                assert player.get(f"/download/{gid}").status == 451
                gid = player.get(f"/api/v1/songs/{gid}").json["hit"]["gid"]
                assert player.get(f"/sound/{gid}").status == 200
        for name in SHORT[:2]:
            assert person.play(name).status == 206
        streams = [_begun(player, LONG) for player in (*farm, person)]
        _wait_for(door, FARM + 1)
        done = call("--archive", stock.root, "guard", "watch", "--json").expect(0)
        found = {one["account"]: one["rung"] for one in done.lines()}
        assert found == dict.fromkeys(accounts, "suspend")
        _wait_for(door, 1)
        whole = 44 + 2 * making.LONG_FRAMES
        assert all(_rest(stream) < whole for stream in streams[:-1])
        assert _rest(streams[-1]) >= whole - HEAD_BYTES
        assert [player.play(SHORT[0]).status for player in farm] == [429] * FARM
        assert person.play(SHORT[5]).status == 206
    report = call("--archive", stock.root, "guard", "incident", "--json").expect(1).one()
    assert {one["account"] for one in report["accounts"]} == accounts
    assert report["share_of_catalogue"] == 1.0
    assert report["recordings"] == FARM * BEFORE + len(SHORT) + 1


@pytest.mark.torture
def test_the_farm_of_the_page_is_stopped(tmp_path):
    """The script of the page, as a reader runs it: real processes, all of a farm of forty stopped,
    most of it as a group, nobody beside it; and it prints what the page says."""
    script, folder = ROOT / "docs/examples/farm_at_the_door.py", tmp_path / "farm"
    done = subprocess.run(
        [sys.executable, script, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    page = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"^\$ python docs/.*? farm\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    assert is_alike(shown, done.stdout), done.stdout
    asked = call("--archive", folder / "archive", "guard", "cases", "--json").expect(0).lines()
    by_basis = [one["basis"] for one in asked if one["rung"] == "challenge"]
    assert len(by_basis) == 40
    assert by_basis.count("group") > 20
    assert by_basis.count("conduct") == 40 - by_basis.count("group")
    report = json.loads(call("--archive", folder / "archive", "guard", "incident", "--json").out)
    assert len(report["accounts"]) == 40
