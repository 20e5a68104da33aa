"""state/ is lost, and lists of a volume with it: the archive opens all the same."""

import shutil

import pytest
from tests.cli.phono import LICENSED, rows
from tests.cli.small_music import make_file

VOLUME = "small-records-open-all-00001"
MANIFEST = f"objects/lists/{VOLUME}/manifest.tsv"
TORRENT = f"published/{VOLUME}.torrent"


@pytest.fixture
def sealed(phono, music):
    """An archive with one volume."""
    phono.add(music, *LICENSED)
    phono.publish()
    return phono


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
