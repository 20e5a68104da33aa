"""A log watched while it grows: soon, once, exactly; and where verdicts go."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import judged
from tests.ports import free_ports

from phonotheque.errors import BadRequestError, MalformedError, UnavailableError
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score import sinks
from phonotheque.guard.score.combined_log import read_combined
from phonotheque.guard.score.following import Verdict, follow
from phonotheque.guard.score.reasons import instant
from phonotheque.guard.score.sinks import AddressSet, ValkeyKeys, VerdictFile, sink_of

PEOPLE = listeners()
NOW = int(time.time())
VERDICT = Verdict("203.0.113.1", Rung.SUSPEND, 1.25, NOW - 400, NOW + 86_000, "500 items.")


def verdicts(tmp_path, fetches, lines_at_once=10):
    """What is said while fetches are appended to a log of people."""
    with judged(tmp_path / "access.log", combined(PEOPLE)) as (gathering, _, learned):
        lines = combined(fetches).splitlines(keepends=True)
        blocks = (
            b"".join(lines[first : first + lines_at_once])
            for first in range(0, len(lines), lines_at_once)
        )
        return list(follow(gathering, learned, blocks, read_combined))


def test_a_scraper_is_named_while_it_fetches(tmp_path):
    """Long before it is through: first asked for a person, then suspended, each once."""
    found = verdicts(tmp_path, scraper("203.0.113.1", 1_000, every_s=400))
    assert [one.account for one in found] == ["203.0.113.1"] * len(found)
    rungs = [one.rung for one in found]
    assert rungs == sorted(set(rungs))
    assert rungs[-1] is Rung.SUSPEND
    first_of_all = 1_760_000_000
    assert found[0].second - first_of_all <= 100 * 400


def test_people_who_come_back_are_not_named(tmp_path):
    """What they had before is not new to them, nor is what others play."""
    assert verdicts(tmp_path, PEOPLE, 1_000) == []
    assert verdicts(tmp_path, listeners(seed=77), 1_000) == []


def test_what_came_in_pieces_is_counted_as_what_came_at_once(tmp_path):
    """Verdicts do not depend on how lines were grouped, but for the instant."""
    fetches = scraper("203.0.113.1", 300)
    one, other = (verdicts(tmp_path, fetches, at_once) for at_once in (1, 300))
    assert one[-1].rung == other[-1].rung
    assert (one[-1].account, other[-1].account) == ("203.0.113.1", "203.0.113.1")


def rungs(path) -> dict[str, str]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["account"]: row["rung"] for row in rows}


def test_a_file_of_verdicts_holds_what_holds_of_each(tmp_path):
    """Whole lines of JSON; what ended is gone; what stood there is kept."""
    path = tmp_path / "verdicts.jsonl"
    sink = sink_of(f"file:{path}")
    sink.take(VERDICT)
    other = Verdict("203.0.113.2", Rung.CHALLENGE, 0.7, NOW, NOW + 86_400, "x")
    sink_of(f"file:{path}").take(other)
    assert rungs(path) == {"203.0.113.1": "suspend", "203.0.113.2": "challenge"}
    assert json.loads(path.read_text().splitlines()[0])["until"] == instant(VERDICT.until)
    late = VerdictFile(path, lambda: NOW + 86_200)
    late.take(dataclasses.replace(VERDICT, account="203.0.113.3", until=NOW + 90_000))
    assert rungs(path) == {"203.0.113.2": "challenge", "203.0.113.3": "suspend"}
    late.take(dataclasses.replace(VERDICT, account="203.0.113.4", until=NOW + 86_200))
    assert "203.0.113.4" not in rungs(path)


def test_a_question_takes_no_place_of_a_suspension_that_holds(tmp_path):
    """In the file; when the suspension ended, it does."""
    path, asked = (
        tmp_path / "verdicts.jsonl",
        dataclasses.replace(VERDICT, rung=Rung.CHALLENGE, second=NOW, until=NOW + 900_000),
    )
    for verdict in (asked, VERDICT, asked):
        sink_of(f"file:{path}").take(verdict)
    assert rungs(path) == {"203.0.113.1": "suspend"}
    VerdictFile(path, lambda: VERDICT.until).take(asked)
    assert rungs(path) == {"203.0.113.1": "challenge"}


def test_what_is_no_address_never_reaches_a_command(monkeypatch):
    """Not the name of an interface that hides commands, not this machine, not a name; nor does what
    ended; and how late a verdict came does not hold anybody for longer."""
    ran = []
    monkeypatch.setattr(sinks.subprocess, "run", lambda *args, **more: ran.append(more["input"]))
    sink = AddressSet("inet", "filter", "scrapers", lambda: NOW + 85_000)
    for account in ("::1%x } ; flush ruleset ; #", "fe80::1%eth0", "127.0.0.1", "::", "me", ""):
        sink.take(dataclasses.replace(VERDICT, account=account))
    assert ran == []
    sink.take(dataclasses.replace(VERDICT, account="2001:DB8::0:1"))
    sink.take(dataclasses.replace(VERDICT, account="2001:db8::2", until=NOW + 85_000))
    assert ran == ["add element inet filter scrapers { 2001:db8::1 timeout 1000s }\n"]


def test_a_file_that_holds_something_else_is_left_alone(tmp_path):
    """Named by mistake, it is not replaced by verdicts."""
    path = tmp_path / "letters.txt"
    path.write_text("Dear Odile,\n")
    with pytest.raises(MalformedError, match="it holds no verdicts"):
        sink_of(f"file:{path}")
    assert path.read_text() == "Dear Odile,\n"


def test_nobody_is_named_for_the_past(tmp_path):
    """Who copied long before the watch began and comes back for one song is let be."""
    before = sorted(PEOPLE + scraper("203.0.113.1", 300))
    last = before[-1].second
    with judged(tmp_path / "access.log", combined(before)) as (gathering, report, learned):
        assert [one.account.name for one in report.suspects] == ["203.0.113.1"]
        later = [one._replace(second=last + 86_400 * 300, song=19_000) for one in before[-1:]]
        later = [one._replace(address="203.0.113.1") for one in later]
        assert list(follow(gathering, learned, iter([combined(later)]), read_combined)) == []


@pytest.mark.parametrize("text", ["", "file:", "nft:inet", "nft:inet:filter:a;b", "mail:me"])
def test_what_is_no_sink_is_refused(text):
    """Before anything is read, with the forms that there are."""
    with pytest.raises(BadRequestError):
        sink_of(text)


_NFT = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _in_own_network(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "-rn", "sh", "-c", script], capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nftables_takes_a_suspension_and_lets_it_end(tmp_path):
    """A real set in a network of its own: the address is in it with its timeout; names are not."""
    if not _NFT or _in_own_network(f"{_NFT} list ruleset").returncode:
        pytest.skip("nft is not installed, or namespaces are not allowed")
    code = (
        "from tests.guard.score.test_following import VERDICT\n"
        "from phonotheque.guard.score.sinks import sink_of\n"
        "import dataclasses\n"
        "sink = sink_of('nft:inet:filter:scrapers')\n"
        "sink.take(VERDICT)\n"
        "sink.take(dataclasses.replace(VERDICT, account='somebody; flush ruleset'))\n"
        "evil = '::1%x timeout 1s } ; flush ruleset ; #'\n"
        "sink.take(dataclasses.replace(VERDICT, account=evil))\n"
    )
    (tmp_path / "take.py").write_text(code)
    done = _in_own_network(
        f"{_NFT} add table inet filter && "
        f"{_NFT} add set inet filter scrapers '{{ type ipv4_addr; flags timeout; }}' && "
        f"PYTHONPATH=. {sys.executable} {tmp_path / 'take.py'} && "
        f"{_NFT} list set inet filter scrapers"
    )
    assert done.returncode == 0, done.stderr
    assert "203.0.113.1 timeout 23h" in done.stdout
    assert "somebody" not in done.stdout


def test_a_set_that_is_not_there_is_told(tmp_path):
    """With the command that makes it."""
    if not _NFT:
        pytest.skip("nft is not installed")
    with pytest.raises(UnavailableError, match="nft add set inet nowhere scrapers"):
        sink_of("nft:inet:nowhere:scrapers").take(VERDICT)


@pytest.fixture
def valkey(tmp_path):
    """A real server on a port of its own."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("neither Valkey nor Redis is installed")
    (port,) = free_ports(1)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    server = subprocess.Popen([*command, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        if "eady to accept connections" in line:
            break
    yield f"valkey://127.0.0.1:{port}/0", server
    server.terminate()
    server.wait()
    server.stdout.close()


def test_valkey_takes_a_verdict_and_lets_it_end(valkey):
    """A key with the highest rung that holds, and the time it has to live; what ended is not taken.

    A server that is gone is told.
    """
    import valkey as library

    url, server = valkey
    sink = sink_of(url)
    sink.take(VERDICT)
    there = library.from_url(url)
    key = "phonotheque:verdict:203.0.113.1"
    assert json.loads(there.get(key))["rung"] == "suspend"
    assert 0 < there.ttl(key) <= 86_000
    asked = dataclasses.replace(VERDICT, rung=Rung.CHALLENGE, until=NOW + 900_000)
    sink.take(asked)
    assert json.loads(there.get(key))["rung"] == "suspend"
    there.set(key, "of somebody else")
    sink.take(asked)
    assert json.loads(there.get(key))["rung"] == "challenge"
    ValkeyKeys(url, lambda: VERDICT.until).take(VERDICT)
    assert json.loads(there.get(key))["rung"] == "challenge"
    there.close()
    server.terminate()
    server.wait()
    with pytest.raises(UnavailableError, match="it refused"):
        sink.take(VERDICT)
