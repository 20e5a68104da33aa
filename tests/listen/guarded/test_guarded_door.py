"""The guard at the real door: budgets, verdicts and cases, for what may only be heard."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from tests.cli.phono import call
from tests.once import made_once

from listen.door import PATIENCE_S, open_on_loopback
from listen.guarded import stock as making
from listen.guarded.stock import FREE, LONG, SHORT
from listen.sound.stock import copy_of, set_listening
from listen.sound.waiting import until
from phonotheque.guard.canaries import is_canary
from phonotheque.guard.tokens import COOKIE

HEAD_BYTES = 1 << 10


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Made once; not to be changed."""
    return made_once(tmp_path_factory, "guarded", making.make)


@pytest.fixture
def stock(made, tmp_path):
    """A copy whose budget is four new recordings in an hour."""
    own = copy_of(made, tmp_path / "archive")
    set_listening(own, "restricted_in_hour = 4")
    return own


@pytest.fixture
def watched(stock):
    """A service that is not new any more: what is found is carried out."""
    file = stock.root / "phonotheque.toml"
    file.write_text(file.read_text().replace("\n[guard]\n", "\n[guard]\nshadow_days = 0\n"))
    with open_on_loopback(stock.root) as opened:
        yield opened


@pytest.fixture
def door(stock):
    """Its door."""
    with open_on_loopback(stock.root) as opened:
        yield opened


class Player:
    """A simulated player: an address, and the cookies that it was given."""

    def __init__(self, door, stock, address="203.0.113.7"):
        self.door, self.stock, self.address, self.cookie = door, stock, address, ""

    def play(self, name, *, keeps=True, **headers):
        """Ask for the beginning of a recording, as a player does."""
        return self.get(f"/sound/{self.stock.gid(name)}", keeps=keeps, Range="bytes=0-99")

    def get(self, path, *, keeps=True, **headers):
        told = {"X_Forwarded_For": self.address, **headers}
        if self.cookie:
            told["Cookie"] = f"theme=dark; {self.cookie}"
        answer = self.door.get(path, **told)
        if keeps and COOKIE in answer.headers.get("set-cookie", ""):
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def post(self, path, words):
        told = {"X-Forwarded-For": self.address, "Cookie": self.cookie}
        return self.door.post(path, {"words": words}, **told)


def read_log(door):
    """The lines of the access log, once the last request is in it."""
    number = door.get("/healthz").headers["x-request-id"]
    lines = []

    def is_written():
        text = "".join(path.read_text() for path in sorted(door.root.glob("state/access/*.jsonl")))
        lines[:] = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        return any(line["id"] == number for line in lines)

    until(is_written, "the log is not written")
    return lines


def guard(stock, *arguments):
    """A command of the operator."""
    return call("--archive", stock.root, "guard", *arguments).expect(0)


def test_a_token_is_given_at_the_first_restricted_play_and_never_before(door, stock):
    """Free listening and pages set nothing; one token is given, by HTTP alone to read, and the log
    knows the account by it, not by the address."""
    player = Player(door, stock)
    for path in ("/", f"/sound/{stock.gid(FREE)}", "/api/v1/search?q=piece", "/healthz"):
        assert "set-cookie" not in player.get(path).headers
    first = player.play(SHORT[0])
    assert first.status == 206
    set_cookie = first.headers["set-cookie"]
    assert set_cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie
    assert "set-cookie" not in player.play(SHORT[1]).headers
    (line,) = [line for line in read_log(door) if line.get("account")]
    assert line["account"] != line["address"]
    assert line["of_bytes"] > line["bytes"] == 100
    forged = Player(door, stock, "203.0.113.8")
    forged.cookie = f"{COOKIE}={'ab' * 16}.{'cd' * 16}"
    assert "set-cookie" in forged.play(SHORT[2]).headers


def test_a_budget_counts_new_restricted_recordings_alone(door, stock):
    """After four new ones a fifth is told when to come again and where all that is free is; what
    was opened before plays on, and so does what is free, and other people's."""
    player = Player(door, stock)
    player.play(SHORT[0])  # the token's own budget begins behind it
    for name in SHORT[1:5] * 3:
        assert player.play(name).status == 206
    refused = player.play(SHORT[5])
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert "/torrents/" in refused.headers["link"]
    assert "bulk door" in refused.json["todo"]
    assert player.play(SHORT[2]).status == 206
    assert player.play(FREE).status == 206
    assert Player(door, stock, "203.0.113.9").play(SHORT[5]).status == 206


def test_who_throws_tokens_away_is_still_one_address(door, stock):
    """A farm that never keeps a token has the budget of its address: four an hour, whatever it
    says; no answer is a token for nothing."""
    farm = Player(door, stock, "2001:db8::1")
    answers = []
    for number, name in enumerate(SHORT):
        farm.address = f"2001:db8::{number + 1}"
        answers.append(farm.play(name, keeps=False).status)
    assert answers == [206] * 4 + [429] * 7


def test_a_suspension_ends_what_is_running(door, stock):
    """A running stream of a suspended account breaks off, its next request is told why and where to
    object; what is free plays on, and another's stream, too."""
    player, other = Player(door, stock), Player(door, stock, "203.0.113.9")
    player.play(SHORT[0])
    player.play(SHORT[1])
    other.play(SHORT[0])
    account = _account_of(player)
    streams = [_begun(player, LONG), _begun(other, LONG)]
    _wait_for(door, 2)
    told = guard(stock, "decide", account, "suspend", "--reason", "A farm.", "--json").one()
    size_bytes = 44 + 2 * making.LONG_FRAMES
    _wait_for(door, 1)  # nobody reads: it is the door that ends one of the two
    assert _rest(streams[0]) < size_bytes
    refused = player.play(SHORT[1])
    assert refused.status == 429
    assert f"/case/{told['case']}" in refused.json["todo"]
    assert player.play(FREE).status == 206
    assert _rest(streams[1]) >= size_bytes - HEAD_BYTES


def _wait_for(door, sending):
    """Wait until the door says that so many bodies are under way."""
    told = f"\nphonotheque_sending {sending}\n"
    until(lambda: told in door.get("/metrics").text, f"not {sending} are under way")


def _account_of(player):
    """The account of a player's token, as the log has it."""
    lines = read_log(player.door)
    found = [line["account"] for line in lines if line.get("account")]
    return found[0]


def _begun(player, name):
    """A connection that asked for the whole of a recording and took nothing yet."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    connection.settimeout(PATIENCE_S)
    connection.connect(("127.0.0.1", player.door.port))
    lines = (
        f"GET /sound/{player.stock.gid(name)} HTTP/1.1", "Host: localhost", "Connection: close",
        f"X-Forwarded-For: {player.address}", f"Cookie: {player.cookie}", "", "",
    )  # fmt: skip
    connection.sendall("\r\n".join(lines).encode())
    assert connection.recv(HEAD_BYTES).startswith(b"HTTP/1.1 200")
    return connection


def _rest(connection):
    """How many bytes still come; what is broken off ends with a reset."""
    count = 0
    with connection, suppress(ConnectionResetError):
        while data := connection.recv(1 << 16):
            count += len(data)
    return count


def test_a_challenge_is_answered_once_by_a_person(door, stock):
    """Asked: what was heard plays, what is new waits; the page of the case is for its account
    alone; an answer in one's own words ends it, the same words for another case do not."""
    first, second = Player(door, stock), Player(door, stock, "203.0.113.9")
    pages = []
    for player in (first, second):
        for name in SHORT[:2]:
            player.play(name)
    for account in dict.fromkeys(line["account"] for line in read_log(door) if line.get("account")):
        told = guard(stock, "decide", account, "challenge", "--reason", "A group.", "--json").one()
        pages.append(f"/case/{told['case']}")
    assert (first.play(SHORT[1]).status, first.play(SHORT[2]).status) == (206, 429)
    assert pages[0] in first.play(SHORT[2]).json["todo"]
    assert "A question waits" in first.get(pages[0]).text
    assert first.get(pages[0]).headers["cache-control"] == "no-store"
    assert second.get(pages[0]).status == first.get("/case/g999").status == 404
    assert second.post(f"{pages[0]}/answer", "I like Anatolian rock.").status == 404
    assert first.post(f"{pages[0]}/answer", "short").status == 400
    assert first.post(f"{pages[0]}/answer", "I like Anatolian rock.").status == 303
    assert first.play(SHORT[2]).status == 206
    second.post(f"{pages[1]}/answer", "I like Anatolian rock.")
    assert second.play(SHORT[2]).status == 429
    second.post(f"{pages[1]}/answer", "Songs that my neighbour told me about.")
    assert second.play(SHORT[2]).status == 206


def test_an_objection_reaches_the_operator_and_its_answer_the_page(door, stock):
    """What is sent on the page stands in the queue; the answer stands on the page, as text."""
    player = Player(door, stock)
    player.play(SHORT[0])
    player.play(SHORT[1])
    account = _account_of(player)
    told = guard(stock, "decide", account, "suspend", "--reason", "<b>Why not.</b>", "--json").one()
    page = f"/case/{told['case']}"
    assert "&lt;b&gt;Why not." in player.get(page).text
    assert player.post(f"{page}/appeal", "It was <i>my radio</i> show.").status == 303
    (waiting,) = guard(stock, "cases", "--json").lines()
    assert (waiting["case"], waiting["points"]["an appeal"]) == (told["case"], 100)
    shown = guard(stock, "explain", told["case"]).out
    assert "It was <i>my radio</i> show." in shown
    answer = ("--accept", "--permit", "radio", "--reason", "A playlist, with our thanks.")
    guard(stock, "appeal", told["case"], *answer)
    text = player.get(page).text
    assert "A playlist, with our thanks." in text
    assert "&lt;i&gt;my radio" in text
    assert [player.play(name).status for name in SHORT] == [206] * len(SHORT)


def test_what_left_through_a_farm_is_reported(door, stock):
    """Players of one farm, each within its budget; suspended one by one, the report has what left
    through them, whose it was and which share, and nothing of other people."""
    farm = [Player(door, stock, f"198.51.100.{number}") for number in range(1, 4)]
    person = Player(door, stock, "203.0.113.7")
    person.play(SHORT[10])
    for number, player in enumerate(farm):
        for name in SHORT[number * 3 : number * 3 + 3]:
            assert player.play(name).status == 206
    lines = [line for line in read_log(door) if line.get("restricted")]
    accounts = {line.get("account", line["address"]) for line in lines[1:]}
    for account in accounts:
        guard(stock, "decide", account, "suspend", "--reason", "One of a farm.")
    assert [player.play(SHORT[0]).status for player in farm] == [429] * 3
    done = call("--archive", stock.root, "guard", "incident", "--json").expect(1)
    found = done.one()
    assert found["recordings"] == 9
    assert found["share_of_catalogue"] == 9 / 12
    assert [(one["holder"], one["recordings"]) for one in found["holders"]] == [("Bo", 9)]
    assert {one["account"] for one in found["accounts"]} == accounts
    titles = {item["title"] for item in found["items"]}
    assert titles == {f"Piece {number}, Bo" for number in range(9)}


def test_a_tampered_case_book_keeps_nobody_from_listening(stock):
    """The operator is told once, at the beginning and while the door is open, and once when it is
    whole again; what is free and what is within a budget plays, and no page tells of any case."""
    guard(stock, "decide", "ab" * 8, "budget", "--reason", "x")
    book = stock.root / "journals/guard/cases.jsonl"
    whole = book.read_bytes()
    edited = whole.replace(b'"rung":2', b'"rung":0')
    book.write_bytes(edited)
    with open_on_loopback(stock.root) as door:
        assert ["was changed" in fault for fault in door.faults] == [True]
        player = Player(door, stock)
        assert player.play(SHORT[0]).status == 206
        assert player.get("/case/g2").status == 503
        for data, told in ((whole, "read again"), (edited, "was changed"), (whole, "read again")):
            count = len(door.faults)
            book.write_bytes(data)
            _wait_for_fault(door, count)
            assert told in door.faults[-1]
            assert len(door.faults) == count + 1
            assert player.get("/case/g2").status == (404 if data == whole else 503)


def _wait_for_fault(door, count):
    """Wait until the operator was told of more than so many."""
    until(lambda: door.get("/healthz") and len(door.faults) > count, "nobody is told")


def unknown_gids(stock):
    """Ids of the form that is made here which nothing has: two canaries, and one that is none."""
    key = bytes.fromhex(json.loads((stock.root / "keys/listeners.json").read_bytes())["key"])
    made_up = [uuid5(NAMESPACE_URL, f"recording {number}") for number in range(5_000)]
    canaries = [gid for gid in made_up if is_canary(str(gid), key)]
    return canaries[:2], next(gid for gid in made_up if gid not in canaries)


def test_who_guesses_ids_is_told_to_the_watch_and_closed_out(watched, stock):
    """A canary is answered as any id that nothing has, and stands in the log for the account that
    asked; MusicBrainz's form of ids and look-ups are none; after two of them the watch closes what
    may only be heard, and a person can object."""
    player = Player(watched, stock)
    for name in SHORT[:2]:
        assert player.play(name).status == 206
    canaries, other = unknown_gids(stock)
    answers = [player.get(f"/sound/{gid}") for gid in (*canaries, other, uuid4())]
    assert {answer.status for answer in answers} == {404}
    assert {tuple(sorted(answer.headers)) for answer in answers} == {
        tuple(sorted(answers[2].headers))
    }
    assert len({answer.json["wrong"] for answer in answers}) == 1
    assert player.get(f"/song/{canaries[0]}").status == 404
    lines = [line for line in read_log(watched) if line.get("canary")]
    assert [line["item"] for line in lines] == [str(gid) for gid in canaries]
    assert {line["account"] for line in lines} == {_account_of(player)}
    (decided,) = guard(stock, "watch", "--json").lines()
    assert (decided["account"], decided["rung"]) == (lines[0]["account"], "suspend")
    assert player.play(SHORT[1]).status == 429
    assert player.play(FREE).status == 206
    assert player.post(f"/case/{decided['case']}/appeal", "My tool counts ids up.").status == 303


def test_a_budget_that_is_used_is_told_to_the_watch(watched, stock):
    """Whoever goes on stands in the log with his account, and is watched from then on; what a
    suspension or a question refuses is no budget."""
    player = Player(watched, stock)
    statuses = [player.play(name).status for name in SHORT[:8]]
    assert statuses == [206] * 5 + [429] * 3
    over = [line for line in read_log(watched) if line.get("over_budget")]
    assert [line["account"] for line in over] == [_account_of(player)] * 3
    (decided,) = guard(stock, "watch", "--json").lines()
    assert decided["rung"] == "observe"
    guard(stock, "decide", decided["account"], "suspend", "--reason", "A farm.")
    assert player.play(SHORT[8]).status == 429
    assert len([line for line in read_log(watched) if line.get("over_budget")]) == 3


def test_what_the_service_drew_is_told_apart(door, stock):
    """A play of what was drawn for this address is marked in the log, whatever client plays it; not
    for another address, not what was drawn under a seed that somebody gave, and not what was found
    otherwise."""
    player, other = Player(door, stock), Player(door, stock, "203.0.113.9")
    drawn = player.get("/api/v1/draw?free=false&limit=2").json["hits"]
    own = other.get("/api/v1/draw?free=false&limit=3&seed=mine").json["hits"]
    gids = [hit["gid"] for hit in drawn if not hit["is_free"]]
    rest = next(gid for name in SHORT if (gid := str(stock.gid(name))) not in gids)
    for gid in (*gids, gids[0], rest):
        assert player.get(f"/sound/{gid}", Range="bytes=0-9").status == 206
    for gid in (gids[0], *(hit["gid"] for hit in own)):
        assert other.get(f"/sound/{gid}", Range="bytes=0-9").status == 206
    marked = [line["item"] for line in read_log(door) if line.get("chosen")]
    assert marked == [*gids, gids[0]]
