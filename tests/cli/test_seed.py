"""`phono seed`: the volumes shared, by a process that a stranger can fetch from."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from tests.cli.phono import copy_archive, damage, flip, tree
from tests.torture.warm import warm_command

from phonotheque.archive.bulk.decisions import Decisions
from phonotheque.archive.opening import open_to_read
from phonotheque.publish.fetch import Sources, fetch
from phonotheque.publish.session import EngineSettings

LONGEST_S = 180.0


@pytest.fixture
def sealed(sealed_once, tmp_path, monkeypatch):
    """An archive with one volume. Returns it and the volume's record."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    root, volume = sealed_once
    return copy_archive(root, tmp_path / "archive"), volume


@pytest.fixture
def seeder(sealed):
    """`phono seed --loopback --json` at work, killed at the latest after `LONGEST_S`."""
    command = [sys.executable, "-m", "phonotheque", "--archive", str(sealed[0].root)]
    process = subprocess.Popen(
        [*command, "seed", "--loopback", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    timer = Timer(LONGEST_S, process.kill)
    timer.start()
    yield process
    timer.cancel()
    process.kill()
    process.communicate()


def fetched(line, folder, torrent):
    sources = Sources(peers=(("127.0.0.1", line["port"]),))
    folder.mkdir()
    return fetch(
        torrent, folder, settings=EngineSettings.loopback(), deadline_s=LONGEST_S, sources=sources
    )


@pytest.mark.parametrize("by", ["torrent", "magnet"])
def test_a_stranger_fetches_what_is_shared(sealed, seeder, tmp_path, by):
    """It prints a magnet, a torrent or magnet fetches every byte, and Ctrl-C ends it with 0."""
    phono, volume = sealed
    line = json.loads(seeder.stdout.readline())
    assert line["volume"] == volume["volume"]
    assert f"urn:btmh:1220{volume['info_hash_v2']}" in line["magnet"]
    assert f"urn:btih:{volume['info_hash_v1']}" in line["magnet"]
    before = tree(phono.root, "state")
    data = (phono.root / "published" / f"{volume['volume']}.torrent").read_bytes()
    result = fetched(line, tmp_path / "mirror", data if by == "torrent" else line["magnet"])
    assert result.info_hash_v2 == volume["info_hash_v2"]
    check = ["sha256sum", "--check", "--quiet", f"lists/{volume['volume']}/SHA256SUMS"]
    subprocess.run(check, cwd=result.folder, check=True)
    packs = {path.name for path in (phono.root / "published/packs").iterdir()}
    assert {json.loads(seeder.stdout.readline())["volume"] for _ in packs} == packs
    seeder.send_signal(signal.SIGINT)
    out, err = seeder.communicate(timeout=LONGEST_S)
    assert (seeder.returncode, out, err) == (0, "", "")
    assert tree(phono.root, "state") == before


def test_a_volume_of_which_the_torrent_is_gone_is_refused(sealed):
    """A torrent that is not where it was published is named; nothing is shared without it."""
    phono, volume = sealed
    for path in (phono.root / "published").glob("*.torrent"):
        path.unlink()
    assert f"published/{volume['volume']}.torrent" in phono("seed", "--loopback").expect(1).err


def test_a_changed_torrent_is_not_shared(sealed):
    """A torrent other than the one that was sealed is named and left out, with status 1."""
    phono, _ = sealed
    for path in (phono.root / "published").glob("*.torrent"):
        damage(path, flip(0))
    assert "not what was sealed" in phono("seed", "--loopback").expect(1).err


def test_without_a_volume_there_is_nothing_to_share(phono):
    """An archive without volumes says so, and says nothing on standard output."""
    done = phono("seed", "--loopback", "--json").expect(0)
    assert done.out == ""
    assert "phono publish run" in done.err


def test_a_port_that_is_taken_is_told(sealed):
    """When the port of the settings is taken, the one that is listened on instead is named."""
    command = [*warm_command(), "--archive", str(sealed[0].root), "seed"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        wanted = other.getsockname()[1]
        with subprocess.Popen(
            [*command, "--loopback", "--json", "--port", str(wanted)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            port = json.loads(process.stdout.readline())["port"]
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=LONGEST_S)
    assert port != wanted
    assert f"port {wanted} is taken" in err
    assert str(port) in err


def test_watching_for_decisions_lists_nothing(sealed, monkeypatch):
    """While nothing is written, looking whether anything was costs four calls and no list; an
    index that lacks a line that was seen is told."""
    phono, _ = sealed
    decisions = Decisions(phono.root)
    before = decisions.look()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", None)
        assert decisions.look() == before
    with open_to_read(phono.root) as archive:
        assert before.is_known_to(archive)
        phono("rights", "set", phono.events("accession")[0]["sha256"], "--licence", "InC")
        after = decisions.look()
        assert after != before
        assert after.is_known_to(archive), "readers see what was written since"
        assert not before.is_known_to(archive)
