"""What whoever runs `phono guard send` is told: lines that were lost, a server that is away, files
that are not there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Event

import pyarrow
import pyarrow.parquet
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.cli.phono import Done, call
from tests.docs.pages import ROOT

from phonotheque.cli import guard_streams
from phonotheque.errors import UnavailableError
from phonotheque.guard.streams.server import StreamServer

DAY_S = 86_400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that is sent with; nobody presses Ctrl-C."""
    table = pyarrow.table({"genre": [1] * 9, "album": [0] * 9})
    pyarrow.parquet.write_table(table, tmp_path / "tracks.parquet")
    (tmp_path / "guard.key").write_bytes(bytes(32))
    (tmp_path / "plays.jsonl").write_bytes(b"")
    monkeypatch.setattr(guard_streams, "stop_at_signals", Event)
    return tmp_path


def send(folder: Path, url: str, *more: str, log: str = "plays.jsonl") -> Done:
    files = ("--tracks", folder / "tracks.parquet", "--key", folder / "guard.key")
    return call("guard", "send", folder / log, url, *files, *more)


def play(**more: object) -> bytes:
    line = {"account": "a", "track": 1, "second": int(time.time()), "played_ms": 9, **more}
    return json.dumps(line).encode() + b"\n"


def test_lines_that_were_lost_are_told_by_line(folder: Path, real) -> None:
    """Of each reason how many and the first, counted from the log's beginning, also in a run that
    goes on from the middle; the status says it. Answers are lines, too."""
    answer = b'{"account": "a", "second": %d, "answered": "passed"}\n' % time.time()
    older = b'{"account": "a", "second": 1767225600, "answered": "passed"}\n'
    old = play(second=int(time.time()) - 8 * DAY_S)
    log = folder / "plays.jsonl"
    log.write_bytes(play() + answer + b"\n" + play())
    assert send(folder, real.url).expect(0).err == ""
    with log.open("ab") as file:
        file.write(play() + answer + older + old + play(track=9) + play() + old)
    assert send(folder, real.url).expect(1).err.splitlines() == [
        "phono: 3 lines refused: long ago (more than 7 days), the first is line 7",
        "phono: 1 line refused: no such track, the first is line 9",
    ]
    assert send(folder, real.url).expect(0).err == ""


def test_files_that_are_not_there_are_named_before_the_server_is_asked(folder: Path) -> None:
    """One that never was, as one that is no table would be another matter."""
    nowhere = f"unix://{folder}/nowhere"
    told = send(folder, nowhere, log="plais.jsonl").expect(2).err
    assert "plais.jsonl" in told
    assert "there is no such file" in told
    (folder / "tracks.parquet").unlink()
    told = send(folder, nowhere).expect(2).err
    assert "tracks.parquet" in told
    assert "there is no such file" in told


def test_a_server_that_is_waited_for_is_named_at_once(folder: Path) -> None:
    """Before the waiting, once; not where nobody waits."""
    pytest.importorskip("valkey", reason="the extra `valkey` is not installed")
    url, said = f"unix://{folder}/nowhere", list[str]()
    there = StreamServer(url, 5, wait=lambda _: said.append("waits"), told=said.append)
    with pytest.raises(UnavailableError):
        there.length("s")
    first, *others = said
    assert first.startswith(f"waiting for {url}: ")
    assert set(others) == {"waits"}
    assert "waiting" not in send(folder, url, "--patience", "0").expect(6).err
    assert f"waiting for {url}" in send(folder, url, "--patience", "0.01").expect(6).err


def test_the_example_of_the_page_is_sent(folder: Path, real) -> None:
    """As somebody types it, whenever he does."""
    page = (ROOT / "docs/how-to/guard-many-workers.md").read_text(encoding="utf-8")
    (lines,) = (part for part in page.split("```") if '"answered": "passed"' in part)
    assert lines.count("$now") == 3
    log = lines.partition("{")[2].rpartition("}")[0].replace('"track": 17', '"track": 7')
    (folder / "plays.jsonl").write_text("{" + log.replace("$now", f"{time.time():.0f}") + "}\n")
    assert send(folder, real.url).expect(0).err == ""
