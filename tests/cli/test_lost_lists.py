"""state/ is lost, and lists of a volume with it: the archive opens all the same."""

import shutil
from dataclasses import replace

import pytest
from tests.cli.phono import LICENSED, copy_archive, rows
from tests.cli.small_music import make_file

from faults.faulty import WRITING, FailKth, disk_failed
from phonotheque.archive.bulk.conducting import remake_torrents
from phonotheque.archive.bulk.publishing import press_of
from phonotheque.archive.opening import open_to_write
from phonotheque.errors import DiskFailedError
from phonotheque.publish.remake import damaged, remake

VOLUME = "small-records-open-all-00001"
MANIFEST = f"objects/lists/{VOLUME}/manifest.tsv"
TORRENT = f"published/{VOLUME}.torrent"


@pytest.fixture
def sealed(sealed_once, tmp_path, monkeypatch):
    """An archive with one volume."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(sealed_once[0], tmp_path / "archive")


def lose(phono, *paths):
    """Take files away, and state/; returns what brings the files back."""
    kept = {path: (phono.root / path).read_bytes() for path in paths}
    for path in paths:
        (phono.root / path).unlink()
    shutil.rmtree(phono.root / "state")
    return kept


def sealed_in(phono):
    return {row[0]: row[11] for row in rows(phono.root / "state/index.sqlite")["object"]}


def test_the_torrent_tells_what_a_lost_manifest_listed(sealed):
    """With the manifest gone the index comes back equal, and only a check has news."""
    before = sealed_in(sealed)
    lose(sealed, MANIFEST)
    assert "list" not in sealed("status").expect(0).err
    assert sealed_in(sealed) == before
    assert MANIFEST in sealed("verify").expect(1).out


def test_an_archive_opens_though_nobody_knows_what_a_volume_holds(sealed, tmp_path):
    """With manifest and torrent gone it reads and takes in, says what is missing and what to do,
    and neither publishes nor shares until it is known again."""
    before = sealed_in(sealed)
    kept = lose(sealed, MANIFEST, TORRENT)
    assert MANIFEST in sealed("status").expect(0).out
    added = sealed("add", make_file(tmp_path / "late.wav", 77), *LICENSED).expect(0)
    assert MANIFEST in added.err
    assert "phono rebuild" in added.err
    found = {one.get("path") for one in sealed("verify", "--json").expect(1).lines()}
    assert {MANIFEST, TORRENT} <= found
    assert MANIFEST in sealed("publish", "run").expect(4).err
    assert MANIFEST in sealed("publish", "run", "--dry-run").expect(4).err
    packs = {path: path.read_bytes() for path in (sealed.root / "published").glob("*.torrent")}
    for path in packs:  # else these were shared until somebody stops it
        path.unlink()
    for path, data in kept.items():
        (sealed.root / path).write_bytes(data)
        assert MANIFEST in sealed("seed", "--loopback").expect(1).err
    for path, data in packs.items():
        path.write_bytes(data)
    sealed("rebuild", "--jobs", "1").expect(0)
    after = sealed_in(sealed)
    assert {name: after[name] for name in before} == before
    sealed("verify").expect(0)
    (more,) = sealed.publish()
    assert more["volume"] == "small-records-open-all-00002"


def test_the_status_shows_what_was_found_until_it_is_sound(sealed, tmp_path):
    """Damage to lists and torrents is in `status` from the run that found it to the run that found
    it sound; a run that looked at objects only changes nothing, and a rebuild knows the same."""
    sealed("status").expect(0)
    data = (sealed.root / MANIFEST).read_bytes()
    (sealed.root / MANIFEST).unlink()
    sealed("verify").expect(1)
    sealed("verify", "--oldest", "99").expect(0)
    expected = [{"kind": "missing", "path": MANIFEST, "detail": "no file of this name is there"}]
    assert sealed("status", "--json").expect(1).one()["findings"] == expected
    assert MANIFEST in sealed("status").expect(1).out
    sealed("rebuild", "--jobs", "1").expect(1)
    assert sealed("status", "--json").expect(1).one()["findings"] == expected
    (sealed.root / MANIFEST).write_bytes(data)
    sealed("status").expect(1)
    sealed("verify").expect(0)
    assert sealed("status", "--json").expect(0).one()["findings"] == []


def test_a_run_that_is_stopped_before_the_lists_forgets_nothing(sealed, monkeypatch):
    """Only a run that looked at everything may say that lists are sound."""
    from phonotheque.archive.keeping import verify

    (sealed.root / TORRENT).unlink()
    sealed("verify").expect(1)

    def stopped(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verify, "check_volumes", stopped)
        sealed("verify").expect(130)
    assert sealed("status", "--json").expect(1).one()["findings"][0]["path"] == TORRENT


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_lost_torrent_is_made_again(sealed, harm):
    """The next publication makes a torrent that is missing, or was found damaged, again to the byte
    from lists and layers; no recording is read."""
    path = sealed.root / TORRENT
    data = path.read_bytes()
    path.unlink()
    if harm == "changed":
        path.write_bytes(data[:-1])
        sealed("verify").expect(1)
    for recording in sealed.root.glob("objects/??/??/*"):
        recording.chmod(0)
    said = sealed("publish", "run").expect(0).out
    assert f"{TORRENT} was damaged and is whole again." in said
    assert path.read_bytes() == data
    assert "whole again" not in sealed("publish", "run").expect(0).out


@pytest.mark.parametrize("cause", ["trackers", "list"])
def test_a_torrent_that_would_be_another_is_not_made(sealed, cause):
    """With other trackers than those of the sealing, or without a list, nothing takes the place of
    the torrent that was sealed; why is told, and what to do."""
    (sealed.root / TORRENT).unlink()
    if cause == "trackers":
        settings = sealed.root / "phonotheque.toml"
        other = settings.read_text().replace(
            "[seed]\n", '[seed]\ntrackers = ["udp://t.example:1"]\n'
        )
        settings.write_text(other)
    else:
        (sealed.root / MANIFEST).with_name("README.txt").unlink()
    record, *_ = sealed("publish", "run", "--json").expect(1).lines()
    assert (record["step"], record["done"], len(record["findings"])) == ("torrents", "", 1)
    with open_to_write(sealed.root, "test") as archive:
        said = remake_torrents(archive)
    (told,) = said.findings
    assert f"{TORRENT} is damaged and cannot be made again" in told
    assert "phono repair" in told
    assert not said.done
    assert not (sealed.root / TORRENT).exists()


def test_a_disk_that_refuses_is_not_a_torrent_that_cannot_be_made(sealed):
    """Whichever call of it the disk refuses, the run says so and ends; nothing is told to be lost,
    and asked again it is there."""
    path = sealed.root / TORRENT
    data = path.read_bytes()
    for k in range(1, 100):
        path.unlink(missing_ok=True)
        with open_to_write(sealed.root, "test") as archive:
            disk = FailKth(archive.disk, k, disk_failed, kinds=WRITING | {"open"})
            press = replace(press_of(archive), disk=disk)
            (volume,) = damaged(press)
            if not _is_refused(press, volume):
                break
    assert k > 3
    assert path.read_bytes() == data


def _is_refused(press, volume):
    try:
        assert remake(press, volume) == ""
    except DiskFailedError:
        return True
    return False
