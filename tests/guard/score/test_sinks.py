"""Where verdicts go: what is taken, for how long, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ports import free_ports

from phonotheque.errors import BadRequestError, MalformedError, UnavailableError
from phonotheque.guard.instants import instant_of
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score import address_sets
from phonotheque.guard.score.address_sets import AddressSet
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.score.sinks import ValkeyKeys, VerdictFile, sink_of

NOW = int(time.time())
VERDICT = Verdict("203.0.113.1", Rung.SUSPEND, 1.25, NOW - 400, NOW + 86_000, "500 items.")


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
    assert json.loads(path.read_text().splitlines()[0])["until"] == instant_of(VERDICT.until)
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
    monkeypatch.setattr(
        address_sets.subprocess, "run", lambda *args, **more: ran.append(more["input"])
    )
    sink = AddressSet("inet", "filter", "scrapers", clock=lambda: NOW + 85_000)
    for account in ("::1%x } ; flush ruleset ; #", "fe80::1%eth0", "127.0.0.1", "::", "me", ""):
        sink.take(dataclasses.replace(VERDICT, account=account))
    assert ran == []
    sink.take(dataclasses.replace(VERDICT, account="2001:DB8::0:1"))
    sink.take(dataclasses.replace(VERDICT, account="2001:db8::2", until=NOW + 85_000))
    assert ran == ["add element inet filter scrapers { 2001:db8::1 timeout 1000s }\n"]


def test_networks_as_small_as_accounts_go_into_a_command(monkeypatch):
    """A /24 and a /48, and into the set for IPv6 what is IPv6; nothing that shuts out more, nor
    this machine's own."""
    ran = []
    monkeypatch.setattr(
        address_sets.subprocess, "run", lambda *args, **more: ran.append(more["input"])
    )
    sink = AddressSet("inet", "filter", "four", "six", clock=lambda: NOW + 85_000)
    for account in ("0.0.0.0/0", "203.0.0.0/16", "::/0", "2001:db8::/32", "127.0.0.0/24",
                    "0.0.0.0/24", "::/48", "224.0.0.0/24", "203.0.113.7/24"):  # fmt: skip
        sink.take(dataclasses.replace(VERDICT, account=account))
    assert ran == []
    for account in ("203.0.113.0/24", "2001:db8:7::/48"):
        sink.take(dataclasses.replace(VERDICT, account=account))
    assert ran == [
        "add element inet filter four { 203.0.113.0/24 timeout 1000s }\n",
        "add element inet filter six { 2001:db8:7::/48 timeout 1000s }\n",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Dear Odile,",
        '{"account":"x","rung":"suspend","until":5}',
        '{"account":"x","rung":"suspend","until":"tomorrow"}',
        '{"account":5,"rung":"suspend","until":"2030-01-01T00:00:00Z"}',
        '{"account":"x","rung":["suspend"],"until":"2030-01-01T00:00:00Z"}',
        '{"account":"x","rung":"none","until":"2030-01-01T00:00:00Z"}',
        '"account rung until"',
    ],
)
def test_a_file_that_holds_something_else_is_left_alone(tmp_path, line):
    """Named by mistake, it is not replaced by verdicts, whatever stands in it."""
    path = tmp_path / "letters.txt"
    path.write_text(f"{line}\n")
    with pytest.raises(MalformedError, match="it holds no verdicts"):
        sink_of(f"file:{path}")
    assert path.read_text() == f"{line}\n"


def test_a_verdict_that_comes_again_changes_nothing(tmp_path):
    """As after a restart."""
    path = tmp_path / "verdicts.jsonl"
    sink_of(f"file:{path}").take(VERDICT)
    before = path.read_bytes()
    sink_of(f"file:{path}").take(VERDICT)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "", "file:", "nft:inet", "nft:inet:filter:a;b", "nft:inet:filter:a:b:c", "mail:me",
        "valkey://host:xx/0", "valkey://host:99999/0", "valkey:///0", "valkey://host/one",
        f"valkey://{'a' * 70}..b/0",
    ],
)  # fmt: skip
def test_what_is_no_sink_is_refused(text):
    """Before anything is read, with the forms that there are."""
    with pytest.raises(BadRequestError):
        sink_of(text)


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path):
    """Its folder is not there, or is no folder; its name is a folder's, or a device's."""
    (tmp_path / "file").touch()
    for name in ("away/v", "file/v"):
        with pytest.raises(BadRequestError, match=rf"not there \({tmp_path}"):
            sink_of(f"file:{tmp_path / name}")
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(BadRequestError, match="it is a folder or a device"):
            sink_of(f"file:{path}")


def test_a_folder_that_goes_away_is_told_and_may_come_back(tmp_path):
    """As what may be tried again: nothing is lost meanwhile."""
    path = tmp_path / "given" / "verdicts.jsonl"
    path.parent.mkdir()
    sink = sink_of(f"file:{path}")
    path.parent.rmdir()
    with pytest.raises(UnavailableError, match=rf"file:{path}: there is no such file"):
        sink.take(VERDICT)
    path.parent.mkdir()
    sink.take(dataclasses.replace(VERDICT, account="203.0.113.2"))
    assert set(rungs(path)) == {"203.0.113.1", "203.0.113.2"}


_NFT = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _in_own_network(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "-rn", "sh", "-c", script], capture_output=True, text=True, check=False,
    )  # fmt: skip


def _taken(folder: Path, code: str, **sets: str) -> str:
    """The rules of a network of its own with these sets, after sinks there took something."""
    if not _NFT or _in_own_network(f"{_NFT} list ruleset").returncode:
        pytest.skip("nft is not installed, or namespaces are not allowed")
    (folder / "take.py").write_text(
        "from tests.guard.score.test_sinks import VERDICT\n"
        "from phonotheque.guard.score.sinks import sink_of\n"
        f"import dataclasses\n{code}"
    )
    made = [f"{_NFT} add set inet filter {name} '{{ {kind} }}'" for name, kind in sets.items()]
    taking = f"PYTHONPATH=. {sys.executable} {folder / 'take.py'}"
    script = " && ".join((f"{_NFT} add table inet filter", *made, taking, f"{_NFT} list ruleset"))
    done = _in_own_network(script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nftables_takes_a_suspension_and_lets_it_end(tmp_path):
    """A real set in a network of its own: the address is in it with its timeout; names are not."""
    code = (
        "sink = sink_of('nft:inet:filter:scrapers')\n"
        "sink.probe()\n"
        "sink.take(VERDICT)\n"
        "sink.take(dataclasses.replace(VERDICT, account='somebody; flush ruleset'))\n"
        "evil = '::1%x timeout 1s } ; flush ruleset ; #'\n"
        "sink.take(dataclasses.replace(VERDICT, account=evil))\n"
    )
    told = _taken(tmp_path, code, scrapers="type ipv4_addr; flags timeout;")
    assert "203.0.113.1 timeout 23h" in told
    assert "somebody" not in told


def test_nftables_takes_networks_and_the_same_ones_again(tmp_path):
    """Sets of intervals, one for each kind of address; a verdict that comes again is no error."""
    code = (
        "for _ in range(2):\n"
        "    sink = sink_of('nft:inet:filter:four:six')\n"
        "    sink.probe()\n"
        "    for account in ('203.0.113.0/24', '2001:db8:7::/48', '198.51.100.7'):\n"
        "        sink.take(dataclasses.replace(VERDICT, account=account))\n"
    )
    four, six = (f"type ipv{kind}_addr; flags interval, timeout;" for kind in (4, 6))
    told = _taken(tmp_path, code, four=four, six=six)
    for element in ("203.0.113.0/24 timeout 23h", "2001:db8:7::/48 timeout 23h"):
        assert told.count(element) == 1


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ("203.0.113.1", "type ipv4_addr; flags timeout;"),
        ("2001:db8::1", "type ipv6_addr; flags timeout;"),
        ("203.0.113.0/24", "type ipv4_addr; flags interval, timeout;"),
    ],
)
def test_a_set_that_is_not_there_is_told(account, kind):
    """With the command that makes one of the kind that is needed."""
    if not _NFT:
        pytest.skip("nft is not installed")
    with pytest.raises(UnavailableError, match="nft add set inet nowhere scrapers") as refused:
        sink_of("nft:inet:nowhere:scrapers").take(dataclasses.replace(VERDICT, account=account))
    with pytest.raises(UnavailableError, match="nft add set inet nowhere scrapers"):
        sink_of("nft:inet:nowhere:scrapers").probe()
    assert kind in refused.value.todo
    assert ("SET6" in refused.value.todo) == ("ipv6" in kind)


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
    sink.probe()
    server.terminate()
    server.wait()
    for try_it in (sink.probe, lambda: sink.take(VERDICT)):
        with pytest.raises(UnavailableError, match="it refused"):
            try_it()
