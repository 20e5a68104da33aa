"""A sealed volume is shared only while all in it may be."""

import json
import signal
import subprocess

import mutagen
from tests.cli.phono import LICENSED
from tests.cli.small_music import make_file, make_music
from tests.torture.warm import warm_command

from phonotheque.archive.bulk.publishing import withdrawn
from phonotheque.archive.opening import open_to_read
from phonotheque.cli.app import run
from phonotheque.config import FILE_NAME


def _phono(*arguments):
    return subprocess.run(
        [*warm_command(), *arguments],
        capture_output=True,
        text=True,
        timeout=180,
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
    command = [*warm_command(), *at, "seed", "--loopback", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        said = it.stderr.readline()
        it.send_signal(signal.SIGINT)  # packs that have nothing of it are shared on
        shared = it.stdout.read()
        assert it.wait(120) == 1
    assert "a-open-all-00001 is not shared" in said
    assert name[:12] in said
    assert "a-open-all-00001" not in shared
    assert run([*at, "rights", "set", name, "--licence", "CC0-1.0", "--evidence", "an error"]) == 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as seeder:
        line = json.loads(seeder.stdout.readline())
        seeder.send_signal(signal.SIGINT)
        assert seeder.wait(120) == 0
    assert line["volume"] == "a-open-all-00001"


def test_a_volume_that_rests_on_tags_closes_with_the_setting(phono, tmp_path):
    """Once the archive no longer relies on tags, what only tags allowed is not shared any more;
    what somebody stated stays."""
    for number, seed in enumerate((3, 4)):
        path = make_file(tmp_path / f"{number}.flac", number, seed)
        file = mutagen.File(path)
        file["license"] = "https://creativecommons.org/licenses/by/4.0/"
        file.save()
    phono.set("rights.licence_tags_count", "true")
    phono.set("volumes.max_objects", "1")
    phono.add(tmp_path / "0.flac")
    phono.add(tmp_path / "1.flac", *LICENSED)
    assert len(phono.publish()) == 2
    with open_to_read(phono.root) as archive:
        assert withdrawn(archive) == {}
    text = (phono.root / FILE_NAME).read_text(encoding="utf-8")
    settings = text.replace("licence_tags_count = true", "licence_tags_count = false")
    (phono.root / FILE_NAME).write_text(settings, encoding="utf-8")
    with open_to_read(phono.root) as archive:
        ((volume, (sha256, verdict)),) = withdrawn(archive).items()
        assert archive.index.held(sha256).volume == volume
    assert verdict.code == "claim-only"


def test_a_running_seeder_follows_decisions_and_settings(phono, tmp_path):
    """A change of the settings closes a volume in a seeder that runs, without a new decision."""
    path = make_file(tmp_path / "a.flac", 1)
    file = mutagen.File(path)
    file["license"] = "https://creativecommons.org/licenses/by/4.0/"
    file.save()
    phono.set("rights.licence_tags_count", "true")
    phono.add(path)
    phono.publish()
    at = ("--archive", str(phono.root))
    command = [*warm_command(), *at, "seed", "--loopback", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        volume = json.loads(it.stdout.readline())["volume"]
        text = (phono.root / FILE_NAME).read_text(encoding="utf-8")
        settings = text.replace("licence_tags_count = true", "licence_tags_count = false")
        (phono.root / FILE_NAME).write_text(settings, encoding="utf-8")
        assert f"{volume} is not shared" in it.stderr.readline()
        it.send_signal(signal.SIGINT)
        assert it.wait(120) == 1


def test_a_decision_says_before_it_closes_a_volume(phono, tmp_path):
    """`rights set` names the volume and what becomes of it; a dry run says it and writes nothing;
    a decision that closes nothing says nothing."""
    make_music(tmp_path / "music", 2)
    told = phono.add(tmp_path / "music", *LICENSED)
    (volume,) = phono.publish()
    name = told["release 0/000.wav"]["sha256"]
    before = phono.events()
    tried = phono("rights", "set", name, "--licence", "InC", "--dry-run").expect(0)
    assert volume["volume"] in tried.out
    assert "phono seed" in tried.out
    assert phono.events() == before
    assert phono("rights", "set", name, "--licence", "CC0-1.0").expect(0).err == ""
    done = phono("rights", "set", name, "--licence", "InC").expect(0)
    assert done.err == f"phono: {tried.out}"
    unsealed = told["notes.txt"]["sha256"]
    assert phono("rights", "set", unsealed, "--licence", "InC").expect(0).err == ""
