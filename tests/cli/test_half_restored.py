"""A backup that lacks objects: nothing smaller is signed, and the cause is named."""

import shutil

import pytest
from tests.audio.zoo import PNG
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music

MEND = "`phono repair --from DIR`"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Made once: four recordings and a cover, published; who they are."""
    folder = tmp_path_factory.mktemp("whole")
    make_music(folder / "music", 4)
    (folder / "music/release 0/cover.png").write_bytes(PNG)
    phono = found(folder / "archive")
    told = phono.add(folder / "music", *LICENSED)
    phono.publish()
    return folder / "archive", {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def restored(whole, tmp_path, monkeypatch):
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return copy_archive(whole[0], tmp_path / "a"), whole[1]


def _lose(phono, *names):
    for name in names:
        (path,) = phono.root.glob(f"objects/*/*/{name}.*")
        path.unlink()


def test_a_half_restored_backup_says_what_is_missing_and_signs_nothing_smaller(restored, whole):
    """Objects, state and torrents lost: a run names the missing files; repaired, all is back."""
    phono, names = restored
    _lose(phono, names["release 0/001.flac"], names["release 0/cover.png"])
    for folder in ("state", "published"):
        shutil.rmtree(phono.root / folder)
    phono("rebuild").expect(1)
    before = phono.events("pack")
    done = phono("publish", "run", "--jobs", "1").expect(1).out
    assert "the files of 1 are missing" in done
    assert MEND in done
    new = phono.events("pack")[len(before) :]
    assert [one["kind"] for one in new] == ["register"]
    phono("verify", "--all").expect(1)
    phono("repair", "--from", whole[0]).expect(0)
    phono("rebuild").expect(0)
    phono("publish", "run", "--jobs", "1").expect(0)
    kinds = ("art", "facts", "overlays")
    items = [{one["kind"]: one["items"] for one in told} for told in (before, phono.events("pack"))]
    assert [items[0][kind] for kind in kinds] == [items[1][kind] for kind in kinds]


def test_a_pack_keeps_what_is_missing_here(restored):
    """A cover that a check found missing stays in the pack that has it, and the run is content."""
    phono, names = restored
    _lose(phono, names["release 0/cover.png"])
    phono("verify", "--all").expect(1)
    phono("publish", "run", "--jobs", "1").expect(0)
    assert [one["kind"] for one in phono.events("pack")].count("art") == 1


def test_a_lost_pack_waits_for_what_is_missing(restored):
    """Pack lost and cover lost: no pack without it is signed, and the run ends with status 1."""
    phono, names = restored
    _lose(phono, names["release 0/cover.png"])
    (pack,) = phono.root.glob("published/packs/*-art-*")
    shutil.rmtree(pack)
    done = phono("publish", "run", "--jobs", "1").expect(1).out
    assert names["release 0/cover.png"][:12] in done
    assert MEND in done
    assert [one["kind"] for one in phono.events("pack")].count("art") == 1
