"""The reference is complete and current: it says what the code says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from tests.docs.pages import ROOT
from tests.torture.warm import warm_command

from phonotheque.cli.exit_status import exit_status
from phonotheque.config import SETTINGS
from phonotheque.listen.http_status import http_status
from phonotheque.music.facts import Technical
from phonotheque.music.finding import FindingKind
from phonotheque.music.rights import Code, RightsStatement
from phonotheque.music.sound import Integrity, Sound
from phonotheque.publish.lists import COLUMNS
from phonotheque.register.chain import GENESIS, decode_line, encode_line
from phonotheque.register.events import Event
from scripts import reference

PAGES = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def section(text: str, head: str) -> str:
    """The part of a page below a heading, up to the next heading of its level or above."""
    level = head.split(" ")[0]
    start = text.index(f"\n{head}\n") + len(head) + 2
    end = re.search(rf"^#{{1,{len(level)}}} ", text[start:], re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    """The page in the repository is the one that the code makes now."""
    assert page(name) == reference.PAGES[name](), "run: python -m scripts.reference"


def test_the_script_tells_a_stale_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--check` changes nothing and ends with 1 until the pages are written."""
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main(["--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


@pytest.mark.parametrize(("words", "command"), list(reference.iter_commands()))
def test_every_command_is_documented(words: str, command: Any) -> None:
    """Each command has a section with each of its options and an example that names it."""
    text = section(page("commands.md"), f"## phono {words}")
    assert f"\nphono {words}" in text
    for parameter in command.params:
        assert any(f"`{word}" in text for word in (*parameter.opts, parameter.metavar))


def test_help_knows_the_same_commands() -> None:
    """What `phono --help` lists is what is documented: nothing is hidden from the generator."""
    listed = {words.split(" ")[0] for words, _ in reference.iter_commands()}
    done = subprocess.run(
        [sys.executable, "-m", "phonotheque", "--help"], capture_output=True, text=True, check=True
    )
    shown = done.stdout.partition("Commands:\n")[2]
    assert listed == set(re.findall(r"^  ([a-z]+) ", shown, re.MULTILINE))


def test_every_setting_is_documented() -> None:
    """Each setting has a row with its default and its meaning."""
    text = page("settings.md")
    for setting in SETTINGS:
        assert re.search(rf"^\| `{re.escape(setting.name)}` \| .* \|$", text, re.MULTILINE)
        assert setting.meaning in text


def test_every_error_is_documented() -> None:
    """Each error has a row with its code, its two statuses and its class."""
    text = page("errors.md")
    for kind in reference.iter_errors():
        error = kind("thing", "wrong", "todo")
        row = f"| `{kind.code}` | {exit_status(error)} | {http_status(error)} |"
        assert row in text
        assert kind.__name__ in text


@pytest.mark.parametrize("event", get_args(Event), ids=lambda event: event.__struct_config__.tag)
def test_every_event_is_documented(event: type[msgspec.Struct]) -> None:
    """Each kind of event has a section with all its fields, in the order of the line."""
    text = section(page("register.md"), f"### {event.__struct_config__.tag}")
    documented = re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    assert tuple(documented) == event.__struct_fields__


def test_every_event_has_its_place_in_premis() -> None:
    """The table of PREMIS names each kind of event."""
    rows = re.findall(r"^\| `([\w-]+)` \|", page("premis.md").split("\n## ")[0], re.MULTILINE)
    assert rows == [event.__struct_config__.tag for event in get_args(Event)]


def test_the_parts_of_events_are_documented() -> None:
    """Statements, technical facts and findings have their fields and values in the reference."""
    text = page("register.md")
    for head, kind in (
        ("### A statement of rights", RightsStatement),
        ("### Technical facts", Technical),
        ("### A verdict", Integrity),
        ("### Measured sound", Sound),
    ):
        documented = re.findall(r"^\| `([\w-]+)` \|", section(text, head), re.MULTILINE)
        assert tuple(documented) == kind.__struct_fields__
    for finding in FindingKind:
        assert f"| `{finding}` |" in section(text, "### A finding")


def test_every_reason_of_a_verdict_is_documented() -> None:
    """Each code that the resolver of rights answers with is explained."""
    text = (ROOT / "docs" / "explanation" / "rights.md").read_text(encoding="utf-8")
    for code in Code:
        assert f"| `{code}` |" in text


def test_every_column_of_a_manifest_is_documented() -> None:
    """The columns of manifest.tsv stand in the reference, in order."""
    rows = re.findall(r"^\| `([\w-]+)` \|", page("manifest.md"), re.MULTILINE)
    assert tuple(rows) == COLUMNS


def test_the_register_page_shows_lines_that_follow() -> None:
    """The example is real: each line follows from the one before, and is still written so."""
    block = section(page("register.md"), "## An example").split("```json\n")[1].split("```")[0]
    head = GENESIS
    for line in block.splitlines(keepends=True):
        before = head
        entry, head = decode_line(before, line.encode())
        assert encode_line(before, entry.at, entry.event) == (line.encode(), head)
    assert head.seq == 4


def test_the_keys_of_json_are_documented(tmp_path: Path, short_label: Path) -> None:
    """What commands print with --json has exactly the keys that the page names."""
    music = tmp_path / "music"
    shutil.copytree(short_label, music)
    (tmp_path / "music" / "empty.mp3").write_bytes(b"")
    archive = tmp_path / "archive"
    text = page("json.md")

    def printed(*arguments: str) -> list[dict[str, Any]]:
        at = () if arguments[0] == "init" else ("--archive", str(archive))
        words = [*warm_command(), *at, *arguments, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(head: str, records: list[dict[str, Any]]) -> None:
        documented = re.findall(r"^\| `([\w ]+)` \|", section(text, f"## {head}"), re.MULTILINE)
        assert records
        for record in records:
            assert list(record) == documented

    check("phono init", printed("init", str(archive), "--name", "A"))
    (tmp_path / "music" / "again.flac").write_bytes(next(music.rglob("*.flac")).read_bytes())
    added = printed("add", "music")
    check("phono add", added)
    check("phono publish plan", printed("publish", "plan"))
    check("phono publish run --dry-run", printed("publish", "run", "--dry-run"))
    sealed = printed("publish", "run")
    steps = [record for record in sealed if "step" in record]
    sealed = [record for record in sealed if "step" not in record]
    check("phono publish run", sealed)
    check("The steps of publishing", steps)
    check("phono publish run --compat", printed("publish", "run", "--compat", "v1"))
    found = next(one["sha256"] for one in added if one["path"].endswith(".flac"))
    check("phono publish where ID", printed("publish", "where", found))
    check("phono show ID", printed("show", found))
    picture, copy = str(tmp_path / "wave.svg"), str(tmp_path / "copy.flac")
    check("phono show ID --picture FILE", printed("show", found, "--picture", picture))
    check("phono dress ID --to FILE", printed("dress", found, "--to", copy))
    back = str(tmp_path / "back")
    check("phono reconstruct FILE…", printed("reconstruct", copy, "--to", back))
    check("phono show VOLUME", printed("show", sealed[0]["volume"]))
    check("phono duplicates", printed("duplicates"))
    check("phono status", printed("status"))
    check("phono rights show", printed("rights", "show", found))
    check("phono catalogue build", printed("catalogue", "build"))
    check("phono catalogue status", printed("catalogue", "status"))
    *cards, last = printed("search", "moorings")
    check("phono search TEXT", cards)
    check("phono search TEXT, the last line", [last])
    check("phono show GID", printed("show", cards[0]["gid"]))
    (tmp_path / "ids.txt").write_text(f"{cards[0]['gid']}\n")
    *told, last = printed("search", "--ids", "ids.txt")
    check("phono search --ids FILE, the last line", [last])
    check("phono search --ids FILE", [dict(list(one.items())[:3]) for one in told])
    assert list(told[0])[3:] == list(cards[0])
    (tmp_path / "list.txt").write_text(f"{cards[0]['credit']} - {cards[0]['title']}\n")
    *told, last = printed("catalogue", "match", "list.txt")
    check("phono catalogue match FILE, the last line", [last])
    check("phono catalogue match FILE", [dict(list(one.items())[:9]) for one in told])
    assert list(told[0])[9:] == list(cards[0])
    check("phono lists add", printed("lists", "add", "list.txt", "--name", "mine"))
    check("phono lists show", printed("lists", "show"))
    check("phono lists show NAME", printed("lists", "show", "mine"))
    assert [*map(list, printed("lists", "match", "mine"))] == [list(told[0]), list(last)]
    check("phono lists export", printed("lists", "export", "mine", "mine.csv"))
    check("phono people list", printed("people", "list"))
    check("phono people erase", printed("people", "erase", "p1"))
    check("phono lists erase", printed("lists", "erase", "mine"))
    report = printed("catalogue", "build", "--dry-run")
    check("phono catalogue import", report)
    two = (cards[0]["gid"], printed("search", "low water")[0]["gid"])
    check("phono catalogue merge", printed("catalogue", "merge", *two, "--reason", "x"))
    check("phono rights check", printed("rights", "check", found))
    check("phono export", printed("export", "--all", "--to", str(tmp_path / "out")))
    check("phono keys show", printed("keys", "show"))
    refreshed = printed("publish", "refresh")
    check("phono publish refresh", refreshed)
    check("An expiry", refreshed[0]["signatures"])
    check("phono publish check PLACE", printed("publish", "check", str(archive / "published")))
    check("phono keys make", printed("keys", "renew"))
    check("phono takedown", printed("takedown", added[-1]["sha256"] or found, "--reason", "x"))
    check("phono rebuild", printed("rebuild"))
    (archive / "objects" / "stray").write_text("not an object")
    *findings, total = printed("verify", "--audio")
    check("phono verify", [total])
    check("A finding", findings)
