"""The figures as Prometheus reads them, by the grammar of its text format 0.0.4."""

from __future__ import annotations

import re

import pytest
from tests.cli.phono import call

from mirror.scene import VOLUME
from phonotheque.archive.keeping.prometheus import _escaped

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? ([-+0-9.e]+)")
_HELP = re.compile(rf"# HELP ({_NAME}) ((?:[^\\\n]|\\\\|\\n)*)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge)")


def samples(text: str) -> dict[str, float]:
    """Read a file as the format says: each family once, HELP and TYPE first, no sample twice."""
    assert text.endswith("\n")
    seen: dict[str, float] = {}
    families: list[str] = []
    for line in text.splitlines():
        if found := _HELP.fullmatch(line):
            families.append(found[1])
            assert families.count(found[1]) == 1
        elif found := _TYPE.fullmatch(line):
            assert found[1] == families[-1]
            assert (found[2] == "counter") is found[1].endswith("_total")
        else:
            found = _SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] == families[-1]
            key = line.rpartition(" ")[0]
            assert key not in seen
            seen[key] = float(found[3])
    return seen


@pytest.fixture
def mirror(stage):
    """An archive, and a mirror of a name full of signs that reported."""
    call(
        "mirror", "init", stage.archive, "--space", "1GB", "--mirror", stage.root,
        "--operator", 'Weir "\\Sound\\"', "--country", "de",
    ).expect(0)  # fmt: skip
    stage.hold(VOLUME)
    call("mirror", "report", "--mirror", stage.root).expect(0)
    statement = stage.root / "statement-small-records.jsonl"
    stage.phono("mirror", "accept", statement).expect(0)
    return stage


def test_the_file_is_of_the_format_and_says_what_status_says(mirror, tmp_path):
    """Every line is a line of the format, and the figures are those of `status --json`."""
    file = tmp_path / "phonotheque.prom"
    told = mirror.phono("status", "--prometheus", file, "--json").expect(0).one()
    found = samples(file.read_text())
    assert found[f'phonotheque_volume_copies{{volume="{VOLUME}"}}'] == 2
    assert found[f'phonotheque_volume_ndsa_level{{volume="{VOLUME}"}}'] == 1
    recordings = found['phonotheque_objects{kind="recording"}']
    assert recordings == told["recordings"]["objects"] == 6
    assert found["phonotheque_register_lines_total"] == told["events"]
    alarms = [value for key, value in found.items() if key.startswith("phonotheque_alarms")]
    assert len(alarms) == 5
    assert sum(alarms) == 0
    assert not list(tmp_path.glob(".*.prom*"))


def test_times_are_seconds_since_1970(mirror, tmp_path):
    """Instants can be subtracted from `time()`: that is how an alert finds what has stopped."""
    from datetime import datetime

    file = tmp_path / "phonotheque.prom"
    told = mirror.phono("status", "--prometheus", file, "--json").expect(0).one()
    found = samples(file.read_text())
    oldest = datetime.fromisoformat(told["oldest_check"]).timestamp()
    assert abs(found["phonotheque_oldest_check_timestamp_seconds"] - oldest) < 1
    assert "phonotheque_last_verify_timestamp_seconds" not in found  # never is not 1970


def test_a_new_archive_has_figures(tmp_path, stage):
    """Without volumes, mirrors and signatures the file is still of the format."""
    from tests.cli.phono import found as new_archive

    file = tmp_path / "new.prom"
    new_archive(tmp_path / "new")("status", "--prometheus", file).expect(0)
    assert samples(file.read_text())["phonotheque_volumes"] == 0


def test_a_stopped_check_is_in_the_exit_status_and_the_file(mirror, tmp_path):
    """Half a year without a check: `phono status` ends with 1, says so, and so does the file."""
    import sqlite3

    with sqlite3.connect(mirror.archive / "state/index.sqlite") as index:
        index.execute("UPDATE object SET checked_at = '2025-11-21T20:00:00.000000Z'")
    index.close()
    file = tmp_path / "phonotheque.prom"
    out = mirror.phono("status", "--prometheus", file).expect(1).out
    assert "checks-stopped! this archive" in out
    assert samples(file.read_text())['phonotheque_alarms{kind="checks-stopped"}'] == 1


def test_a_silent_mirror_is_in_the_exit_status(mirror):
    """A mirror whose proof is older than the setting allows: 1, with its name and what to do."""
    journal = mirror.archive / "journals/mirrors.jsonl"
    text = re.sub(r'"proven_at":"\d{4}', '"proven_at":"2024', journal.read_text())
    journal.write_text(text)
    told = mirror.phono("status", "--json").expect(1).one()
    assert [one["kind"] for one in told["alarms"]] == ["mirror-silent"]
    assert "phono mirror forget" in mirror.phono("status").expect(1).out


def test_a_folder_that_is_not_there_is_told(mirror, tmp_path):
    """A figure that cannot be written is an error, not silence."""
    done = mirror.phono("status", "--prometheus", tmp_path / "no" / "such.prom")
    assert done.status == 2


@pytest.mark.parametrize(
    ("text", "escaped"), [('a"b', 'a\\"b'), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("ü", "ü")]
)
def test_labels_are_escaped(text, escaped):
    """Quotes, backslashes and line feeds in names are written as the format says."""
    assert _escaped(text) == escaped
