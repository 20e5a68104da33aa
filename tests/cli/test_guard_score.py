"""`phono guard score`: what people and programs get of any log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.phono import Done, call
from tests.guard.score.logs import Fetch, combined, listeners, scraper
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


def test_a_log_is_told_and_written_as_a_page(log: Path) -> None:
    """Status 1 when somebody stands out; no archive is needed."""
    page, rule = log.with_name("report.html"), log.with_name("rule.yml")
    out = score(log, "--html", page, "--sigma", rule).expect(1).out
    assert out.startswith("1 account of 401 goes through the catalogue")
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
        (["-", "--follow"], "standard input cannot be followed"),
        (["a.log", "--follow", "--to", "pigeon:home"], "verdicts cannot go there"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], said: str) -> None:
    """With status 2, before anything is read."""
    assert said in call("guard", "score", *arguments).expect(2).err


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
        assert record["summary"] in out
        for told in (out, page.read_text(), record["summary"]):
            assert "obody stands out" not in told
            assert "<p>Nobody.</p>" not in told
    log.write_bytes(combined(PEOPLE))
    assert "Nobody stands out." in score(log, "--item", "/song/([0-9]+)").expect(0).out


def test_a_log_is_followed_until_it_is_stopped(log: Path) -> None:
    """Who begins to copy afterwards is named within the log's own time, and stands in the file."""
    began = int(time.time()) - 16_000  # a verdict about what is long past has ended already

    def from_second(second: int, fetches: list[Fetch]) -> bytes:
        shift = second - fetches[0].second
        return combined([fetch._replace(second=fetch.second + shift) for fetch in fetches])

    log.write_bytes(from_second(began - 8 * 86_400, PEOPLE))
    kept = log.with_name("verdicts.jsonl")
    words = [*warm_command(), "guard", "score", str(log), "--follow", "--to", f"file:{kept}"]
    command = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    for line in command.stdout:
        if line.startswith("Of the others"):
            break
    with log.open("ab") as file:
        file.write(from_second(began, scraper("203.0.113.9", 400)))
    verdict = json.loads(command.stdout.readline())
    assert (verdict["account"], verdict["rung"]) == ("203.0.113.9", "suspend")
    os.kill(command.pid, signal.SIGINT)
    assert command.wait() == 130
    command.stdout.close()
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [row["account"] for row in rows] == ["203.0.113.9"]
