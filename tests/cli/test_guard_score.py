"""`phono guard score`: what people and programs get of any log."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.phono import Done, call
from tests.guard.score.logs import Fetch, caddy, combined, listeners, scraper
from tests.ports import free_ports
from tests.torture.warm import warm_command

PEOPLE = listeners()
FETCHES = sorted(PEOPLE + scraper("203.0.113.1", 500))


def score(log: Path, *more: str | Path) -> Done:
    """Run the command in this process."""
    return call("guard", "score", log, *more)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with one scraper among 400 people."""
    path = tmp_path / "access.log"
    path.write_bytes(combined(FETCHES))
    return path


def test_a_log_that_is_named_twice_is_refused(log: Path) -> None:
    """Each of its lines would count twice, and nobody would notice."""
    assert "Name each log once" in score(log, log).expect(2).err


def test_a_log_is_told_and_written_as_a_page(log: Path) -> None:
    """Status 1 when somebody stands out; no archive is needed."""
    page, rule = log.with_name("report.html"), log.with_name("rule.yml")
    out = score(log, "--html", page, "--sigma", rule).expect(1).out
    assert out.startswith("1 account of 401 with 4 fetches or more goes through the catalogue")
    assert "203.0.113.1, score" in out
    assert "499 of them followed the number before." in out
    assert b"203.0.113.1" in page.read_bytes()
    assert "value_count" in rule.read_text()


def test_nobody_who_stands_out_is_status_0(log: Path) -> None:
    """And a record that names nobody."""
    log.write_bytes(combined(PEOPLE))
    record = score(log, "--json").expect(0).one()
    assert (record["suspects"], record["accounts"]) == ([], 400)


def test_standard_input_and_several_logs(log: Path) -> None:
    """What comes through a pipe counts with what lies in files."""
    log.write_bytes(combined(FETCHES[::2]))
    words = [*warm_command(), "guard", "score", str(log), "-", "--json"]
    done = subprocess.run(
        words, input=combined(FETCHES[1::2]), capture_output=True, check=False
    )  # fmt: skip
    assert json.loads(done.stdout)["suspects"][0]["items"] == 500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/gone.log"], "there is no such log"),
        (["/"], "Name a file"),
        (["/gone.log", "--field", "acount=x"], "no such field is looked for"),
        (["a.log", "--item", "("], "it is no regular expression"),
        (["a.log", "--field", "account"], "it names no field"),
        (["a.log", "--to", "file:x"], "verdicts come only while a log is followed"),
        (["-", "--follow"], "standard input, or a pipe, cannot be followed"),
        (["a.log", "--follow", "--to", "pigeon:home"], "verdicts cannot go there"),
        (
            ["a.log", "--follow", "--to", "file:/gone/v"],
            "file:/gone/v: the folder that it is to be",
        ),
        (["a.log", "--follow", "--to", "file:/"], "it is a folder or a device"),
        (["a.log", "--follow", "--to", "valkey://bad:xx/0"], "it names no server"),
        (
            ["a.log", "--html", "/gone/x.html"],
            "/gone/x.html: the folder that it is to be in is not",
        ),
        (["a.log", "--sigma", "/gone/s.yml"], "not there (/gone)"),
        (["a.log", "--html", "."], ".: it is a folder"),
        (["a.log", "--html", "/dev/null"], "/dev/null: it is no file, and is not replaced"),
        (["a.log", "--html", "x", "--sigma", "./x"], "two reports cannot be one file"),
        (["a.log", "--by-network", "--sigma", "x"], "cannot take addresses together"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], said: str) -> None:
    """With status 2, before anything is read."""
    err = call("guard", "score", *arguments).expect(2).err
    assert said in err
    assert ".new" not in err
    assert "verify" not in err


def test_a_field_that_no_line_has_is_refused(log: Path) -> None:
    """By its name, also where another log is of no JSON; where any line has it, it is none."""
    log.write_bytes(caddy(FETCHES[:100]))
    err = score(log, "--field", "account=nope").expect(2).err
    assert "--field account=nope: no line has that field" in err
    assert "request.headers.User-Agent, request.method, request.remote_ip, request.uri" in err
    assert "--field limited=free" in score(log, "--field", "limited=free").expect(2).err
    score(log, "--field", "account=request.remote_ip").expect(0)
    log.write_bytes(combined(FETCHES[:100]))
    err = score(log, "--field", "account=user.id").expect(2).err
    assert "--field account=user.id: the log is no JSON" in err
    log.write_text('{"who": 1}\n')
    assert str(log) in score(log).expect(2).err


@pytest.mark.parametrize("option", ["--html", "--sigma"])
def test_a_log_is_never_written_over(log: Path, option: str) -> None:
    """By whatever name it is called, packed or piped in, and whatever is to be written there."""
    link, data = log.with_name("link"), log.read_bytes()
    link.symlink_to(log)
    words = [*warm_command(), "guard", "score", "-", option, str(log)]
    for one, other in ((log, log), (log, link), (link, log)):
        assert "would be lost" in score(one, option, other).expect(2).err
    with log.open("rb") as file:
        piped = subprocess.run(words, stdin=file, capture_output=True, check=False)
    assert b"would be lost" in piped.stderr
    log.write_bytes(b"")
    err = score(log, "--follow", "--to", f"file:{link}").expect(2).err
    assert "would be lost" in err
    log.write_bytes(data)
    with log.open("ab") as file:
        words = [*warm_command(), "guard", "score", str(log), "--json"]
        into = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, check=False)
    assert b"goes to a log that is read" in into.stderr
    assert log.read_bytes() == data


def test_what_was_taken_is_told(log: Path) -> None:
    """Three items of each, in words, on the page and as JSON; none of them plays tricks."""
    page = log.with_name("report.html")
    log.write_bytes(combined(FETCHES).replace(b"/song/5000.ogg", b"/\x1b[2J<b>5000"))
    out = score(log, "--html", page).expect(1).out
    said = "Such as /\\x1b[2J<b>5000, /song/5250.ogg and /song/5499.ogg."
    assert said in out
    assert "&lt;b&gt;5000, /song/5250.ogg and /song/5499.ogg." in page.read_text()
    (suspect,) = score(log, "--json").expect(1).one()["suspects"]
    assert suspect["examples"] == ["/\x1b[2J<b>5000", "/song/5250.ogg", "/song/5499.ogg"]


def test_pictures_that_count_as_items_are_told(log: Path) -> None:
    """Where nobody said what an item is, and most are pictures."""
    log.write_bytes(combined(PEOPLE[:500]).replace(b".ogg", b".PNG"))
    said = "You gave no --item: pictures count as items (100 % of them)."
    assert said in score(log).expect(0).out
    assert said not in score(log, "--item", "(/song/.*)").expect(0).out
    log.write_bytes(combined(PEOPLE[:500]))
    assert "pictures" not in score(log).expect(0).out


def test_what_is_no_time_is_refused(log: Path) -> None:
    """By the field that was named, or of any log."""
    log.write_text("".join(f'{{"who": "a", "track": "t{n}"}}\n' for n in range(1, 6)))
    fields = [f"--field={one}" for one in ("account=who", "item=track", "time=track")]
    assert "--field time=track: 't1' is no time" in score(log, *fields).expect(2).err
    log.write_bytes(b'{"ts": "noon", "request": {"remote_ip": "1.2.3.4", "uri": "/a"}}\n')
    assert f"{log}: 'noon' is no time" in score(log).expect(2).err


def test_a_packed_log_is_not_followed(log: Path) -> None:
    """It does not grow: that is told before it is read."""
    packed = log.with_name("access.log.1.gz")
    packed.write_bytes(gzip.compress(b"no log at all"))
    assert "it is packed, and does not grow" in score(log, packed, "--follow").expect(2).err


def test_a_sink_that_is_away_is_told_before_the_log_is_read(log: Path) -> None:
    """And the log is read all the same."""
    (port,) = free_ports(1)
    log.write_text("Milk\n")
    sink = f"valkey://127.0.0.1:{port}/0"
    err = score(log, "--follow", "--to", sink).expect(4).err
    assert err.index(f"{sink}: it refused") < err.index(str(log))


def test_numbers_of_one_are_told_as_such(log: Path) -> None:
    """And how many visitors are lacking before anybody has a score."""
    few = sorted(listeners(20) + scraper("203.0.113.1", 500))
    log.write_bytes(combined(few))
    out = score(log).expect(1).out
    assert "1 account of 21 with 4 fetches or more goes through the catalogue" in out
    visitors = score(log, "--json").expect(1).one()["visitors"]
    assert visitors["needed"] == 200
    assert 0 < visitors["ordinary"] <= 21
    assert f"ordinary: {visitors['ordinary']} fetched something that is not popular, 200" in out
    log.write_bytes(combined(few[:1]))
    assert "\n1 line, 0 of them" in score(log).expect(0).out


def test_of_nothing_nothing_is_said(log: Path) -> None:
    """Where no item was fetched no verdict is given, neither in words nor on the page nor as JSON;
    a pattern that fits no line is refused, one that fits refused requests is not."""
    page = log.with_name("report.html")
    score(log, "--item", "/nosuch/([0-9]+)").expect(2)
    refused = combined(PEOPLE).replace(b" 200 ", b" 404 ")
    for data, more in ((b"", ()), (refused, ("--item", "/song/([0-9]+)"))):
        log.write_bytes(data)
        out = score(log, "--html", page, *more).expect(0).out
        record = score(log, "--json", *more).expect(0).one()
        assert record["lines"]["first_second"] is record["lines"]["last_second"] is None
        assert record["summary"] in out
        for told in (out, page.read_text(), record["summary"]):
            assert "obody stands out" not in told
            assert "<p>Nobody.</p>" not in told
    log.write_bytes(combined(PEOPLE))
    assert "Nobody stands out." in score(log, "--item", "/song/([0-9]+)").expect(0).out


class Following:
    """The command while it follows a log, with a file for its verdicts."""

    def __init__(self, log: Path, kept: Path) -> None:
        more = ("--json", "--follow", "--to", f"file:{kept}")
        words = [*warm_command(), "guard", "score", str(log), *more]
        pipe = subprocess.PIPE
        self._command = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True)
        self.report = self._record()

    def _record(self) -> dict[str, str]:
        assert self._command.stdout is not None
        record: dict[str, str] = json.loads(self._command.stdout.readline())
        return record

    def verdict(self) -> tuple[str, str]:
        """The next one: about whom, and what."""
        said = self._record()
        return said["account"], said["rung"]

    def stopped(self) -> str:
        """What is told when it was stopped."""
        os.kill(self._command.pid, signal.SIGINT)
        _, told = self._command.communicate()
        assert self._command.returncode == 130
        return told


def from_second(second: int, fetches: list[Fetch]) -> bytes:
    """Lines of fetches that begin then."""
    shift = second - fetches[0].second
    return combined([fetch._replace(second=fetch.second + shift) for fetch in fetches])


def test_a_log_is_followed_until_it_is_stopped(log: Path) -> None:
    """Who begins to copy afterwards is named within the log's own time, and stands in the file; who
    did meanwhile stands there when it is followed again, and again if the file was lost."""
    began = int(time.time()) - 16_000  # a verdict about what is long past has ended already
    log.write_bytes(from_second(began - 8 * 86_400, PEOPLE))
    kept = log.with_name("verdicts.jsonl")

    def named() -> list[str]:
        return [json.loads(line)["account"] for line in kept.read_text().splitlines()]

    first = Following(log, kept)
    with log.open("ab") as file:
        file.write(from_second(began, scraper("203.0.113.9", 400)))
    assert first.verdict() == ("203.0.113.9", "suspend")
    told = first.stopped()
    assert told.startswith("Stopped. Verdicts hold until they end;")
    assert "Nothing is lost" not in told
    assert named() == ["203.0.113.9"]
    kept.unlink()
    with log.open("ab") as file:
        file.write(from_second(began, scraper("203.0.113.8", 400, first=9_000)))
    again = Following(log, kept)
    found = {again.verdict(), again.verdict()}
    assert found == {("203.0.113.8", "suspend"), ("203.0.113.9", "suspend")}
    again.stopped()
    assert sorted(named()) == ["203.0.113.8", "203.0.113.9"]


def test_a_log_of_few_visitors_that_only_begins_is_followed(log: Path) -> None:
    """Who goes over a budget in it is named."""
    log.write_bytes(combined(PEOPLE[:1]))
    kept = log.with_name("verdicts.jsonl")
    follower = Following(log, kept)
    with log.open("ab") as file:
        file.write(from_second(int(time.time()) - 16_000, scraper("203.0.113.9", 400)))
    rungs = [follower.verdict()]
    while rungs[-1][1] != "budget":
        rungs.append(follower.verdict())
    follower.stopped()
    assert {account for account, _ in rungs} == {"203.0.113.9"}
    assert json.loads(kept.read_text())["rung"] == "budget"
