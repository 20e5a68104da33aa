"""A sealed volume is shared only while all in it may be."""

import json
import signal
import subprocess
import sys

from tests.cli.small_music import make_music

from phonotheque.cli.app import run


def _phono(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "phonotheque", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_volume_is_not_shared_once_a_recording_in_it_is_withdrawn(tmp_path):
    """The seeder asks at its door: a decision made after sealing closes the whole volume."""
    make_music(tmp_path / "music", 2)
    at = ("--archive", str(tmp_path / "a"))
    assert run(["init", str(tmp_path / "a"), "--name", "A"]) == 0
    assert run([*at, "add", str(tmp_path / "music"), "--licence", "CC-BY-4.0"]) == 0
    assert run([*at, "publish", "run"]) == 0
    shown = json.loads(_phono(*at, "show", "a-open-all-00001", "--json").stdout)
    name = shown["members"][0]
    assert run([*at, "rights", "set", name, "--licence", "InC", "--evidence", "a letter"]) == 0
    told = _phono(*at, "seed", "--loopback", "--json")
    assert told.returncode == 1
    assert told.stdout == ""
    assert "a-open-all-00001 is not shared" in told.stderr
    assert name[:12] in told.stderr
    assert run([*at, "rights", "set", name, "--licence", "CC0-1.0", "--evidence", "an error"]) == 0
    command = [sys.executable, "-m", "phonotheque", *at, "seed", "--loopback", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as seeder:
        line = json.loads(seeder.stdout.readline())
        seeder.send_signal(signal.SIGINT)
        assert seeder.wait(30) == 0
    assert line["volume"] == "a-open-all-00001"
