"""`phono guard bench`: the table of detectors, kept and gone on with, and what is refused."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.cli.phono import Done, call
from tests.guard.bench.small import TINY

from phonotheque.guard.bench import entrants, scenarios
from phonotheque.guard.bench.peers import learned

_IS_THERE = entrants._is_there


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Make all worlds tiny, and let no peer that learns take part."""
    patch.setitem(scenarios.SCALES, "small", replace(TINY, days=1))
    patch.setattr(scenarios, "SHAPES", scenarios.SHAPES[:1])
    patch.setattr(learned, "SMALL", replace(TINY, days=1))
    patch.setattr(entrants, "_is_there", lambda library: library == "none")


def let_them_learn(patch: pytest.MonkeyPatch) -> None:
    """Peers that learn take part, as far as they are installed."""
    patch.setattr(entrants, "_is_there", _IS_THERE)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Any]]:
    """What a run of everybody left in a file of results, and the records that it printed."""
    file = tmp_path_factory.mktemp("kept") / "found.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        let_them_learn(patch)
        records = bench("--results", file, "--json").expect(0).lines()
    return file.read_bytes(), records


def bench(*arguments: str | Path) -> Done:
    return call("guard", "bench", "--farm", "people", *arguments)


def test_the_table_names_farms_people_and_detectors(
    kept: tuple[bytes, list[Any]], tmp_path: Path
) -> None:
    """One table says what left, another who of the people paid."""
    file = tmp_path / "found.jsonl"
    file.write_bytes(kept[0])  # of the world of people, so that one world is left to be tried
    out = bench("--farm", "loners", "--results", file).expect(0).out
    assert "share of the catalogue that left before the stop" in out
    for word in ("no guard", "L0", "enumerator", "completist", "leaky bucket (CrowdSec)"):
        assert word in out


def test_a_table_of_nothing_is_left_out_and_absent_peers_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a world of people alone no table says what these paid; a peer whose library is not
    installed is named, and has no column."""
    monkeypatch.setattr(entrants, "_is_there", lambda _: False)
    out = call("guard", "bench", "--farm", "loners").expect(0).out
    assert "without a farm" not in out
    *shown, last = out.split("\n\n")
    assert all(len(table.splitlines()) > 2 for table in shown)
    assert out.count("LightGBM") == 1
    missing = "isolation forest, boosted trees (LightGBM)"
    assert last == f"Absent, as they cannot be loaded here: {missing}.\n"


def test_one_detector_alone_and_fewer_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is tried then, and a world ends sooner; who is not known is refused by name."""
    assert "Absent" not in bench("--detector", "plays per day").expect(0).out
    monkeypatch.setitem(scenarios.SCALES, "small", replace(TINY, days=2))
    records = bench("--detector", "guard", "--days", "1", "--json").expect(0).lines()
    assert records
    assert all(record["key"]["detector"] == "guard" for record in records)
    assert all(record["key"]["setting"]["scale"]["days"] == 1 for record in records)
    assert "there is no such detector" in bench("--detector", "oracle").expect(2).err


def test_what_is_kept_is_not_done_again(
    kept: tuple[bytes, list[Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run with the same file prints the same records; a torn last line is made anew."""
    let_them_learn(monkeypatch)
    file = tmp_path / "found.jsonl"
    found, first = kept
    file.write_bytes(found)
    assert [record["cpu_s"] for record in first]
    assert bench("--results", file, "--json").expect(0).lines() == first
    assert file.read_bytes() == found
    file.write_bytes(found[:-20])
    again = bench("--results", file, "--json").expect(0).lines()
    assert [record["key"] for record in again] == [record["key"] for record in first]
    assert len(file.read_bytes().splitlines()) == len(first)


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """It is said that it has no records, and nothing is written to it."""
    file = tmp_path / "found.jsonl"
    file.write_text("a diary\n")
    assert "malformed" in bench("--results", file).expect(4).err
    assert file.read_text() == "a diary\n"


@pytest.mark.parametrize("arguments", [("--scale", "huge"), ("--farm", "L9")])
def test_what_is_not_there_is_refused_with_what_is(arguments: tuple[str, ...]) -> None:
    """A wrong word is answered with the right ones."""
    assert "Take one of" in bench(*arguments).expect(2).err


@pytest.mark.parametrize("name", ["L0", "L1", "enumerator", "hijacked"])
def test_who_lives_in_another_world_is_found_there(name: str) -> None:
    """Who needs no farm has no world of his own, and which one is his is told."""
    told = call("guard", "bench", "--farm", name).expect(2).err
    assert "lives in the world loners. Run: phono guard bench --farm loners" in told


def test_results_that_cannot_be_kept_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    """What is missing is the folder, not the file; nothing is said of an archive."""
    told = bench("--results", tmp_path / "nosuch" / "found.jsonl").expect(2).err
    assert f"the folder that it is to be in is not there ({tmp_path / 'nosuch'})" in told
    assert "phono verify" not in told


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "numba", None)
    assert "phonotheque[guard]" in bench().expect(6).err


def test_the_keys_of_json_are_documented(kept: tuple[bytes, list[Any]]) -> None:
    """The page of keys names exactly what each record has."""
    page = (Path(__file__).parents[2] / "docs/reference/json.md").read_text(encoding="utf-8")
    section = page.split("## phono guard bench\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    _, records = kept
    assert records
    for record in records:
        assert list(record) == documented
