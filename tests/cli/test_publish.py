"""`phono publish run`: what may be shared, proven once more and sealed into volumes."""

import hashlib
import itertools
import subprocess
from datetime import UTC, datetime, timedelta

import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, contents, damage, flip, members, names, tree
from tests.cli.small_music import make_file

from phonotheque.archive import opening
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.source import source_named
from phonotheque.register.chain import format_instant

CLASSES = {
    "open": "CC-BY-4.0",
    "nc": "CC-BY-NC-SA-4.0",
    "nd": "CC-BY-ND-4.0",
    "nc-nd": "CC-BY-NC-ND-4.0",
}


def make(folder, count, first=0):
    folder.mkdir(exist_ok=True)
    return [make_file(folder / f"{n:03d}.wav", n) for n in range(first, first + count)]


def test_licence_classes_are_kept_apart(phono, tmp_path):
    """Each class has volumes of its own; what forbids copies is in none of them."""
    files = make(tmp_path / "m", 6)
    expected = {}
    for (licence_class, licence), file in zip(CLASSES.items(), files, strict=False):
        expected[licence_class] = names(phono.add(file, "--licence", licence))
    phono.add(files[4], "--licence", "InC")
    phono.add(files[5])
    sealed = phono.publish()
    assert [one["volume"] for one in sealed] == [
        f"small-records-{licence_class}-all-00001" for licence_class in CLASSES
    ]
    assert {one["licence_class"]: members(phono, one["volume"]) for one in sealed} == expected


def test_the_order_is_that_of_taking_in(phono, tmp_path):
    """A manifest lists recordings as they came, and a volume is full at the limit."""
    phono.set("volumes.max_objects", "2")
    files = make(tmp_path / "m", 5)
    told = [name for file in reversed(files) for name in names(phono.add(file, *LICENSED))]
    sealed = phono.publish()
    assert [len(members(phono, one["volume"])) for one in sealed] == [2, 2, 1]
    assert [name for one in sealed for name in members(phono, one["volume"])] == told


def test_a_second_run_seals_nothing(phono, music):
    """What is sealed stays as it is, byte for byte, and is not sealed again."""
    phono.add(music, *LICENSED)
    phono.publish()
    before = tree(phono.root, "state")
    assert phono.publish() == []
    assert "Nothing new was sealed" in phono("publish", "run").expect(0).out
    assert tree(phono.root, "state") == before


def test_what_comes_later_goes_to_the_next_volume(phono, tmp_path):
    """A sealed volume never grows: later recordings are in 00002."""
    phono.add(*make(tmp_path / "m", 2), *LICENSED)
    phono.publish()
    before = tree(phono.root / "objects/lists/small-records-open-all-00001")
    later = names(phono.add(*make(tmp_path / "m", 1, first=9), *LICENSED))
    (sealed,) = phono.publish()
    assert sealed["volume"] == "small-records-open-all-00002"
    assert members(phono, sealed["volume"]) == later
    assert tree(phono.root / "objects/lists/small-records-open-all-00001") == before


def test_a_damaged_object_is_named_left_out_and_recorded(phono, tmp_path):
    """No volume holds bytes that are not what their name says; exit 1 tells which are not."""
    told = names(phono.add(*make(tmp_path / "m", 3), *LICENSED))
    path = phono.object(told[1])
    damage(path, flip(70))
    (sealed,) = phono.publish(status=1)
    below = path.relative_to(phono.root).as_posix()
    assert [(one["kind"], one["path"]) for one in sealed["left_out"]] == [("changed", below)]
    assert members(phono, sealed["volume"]) == [told[0], told[2]]
    assert phono.show(told[1])["condition"] == "changed"
    (run,) = phono.events("fixity")
    assert run["findings"][0]["path"] == below
    phono.add(tmp_path / "m", *LICENSED)
    (later,) = phono.publish()
    assert (later["volume"][-5:], members(phono, later["volume"])) == ("00002", [told[1]])


def test_a_volume_of_which_nothing_is_sound_leaves_a_gap(phono, tmp_path):
    """A number is never given twice: not even when the volume before it came to nothing."""
    phono.set("volumes.max_objects", "1")
    told = names(phono.add(*make(tmp_path / "m", 2), *LICENSED))
    phono.object(told[0]).unlink()
    first = phono.publish(status=1)
    assert [(one["volume"][-5:], one["sealed"]) for one in first] == [
        ("00001", False),
        ("00002", True),
    ]
    phono.add(*make(tmp_path / "m", 1, first=9), *LICENSED)
    assert [one["volume"][-5:] for one in phono.publish()] == ["00003"]
    phono("rebuild").expect(1)
    phono("status").expect(1)


def test_the_torrent_is_what_libtorrent_makes_of_it(phono, music):
    """libtorrent reads both info-hashes, the name and every file of the volume in the torrent."""
    phono.add(music, *LICENSED)
    (sealed,) = phono.publish()
    data = (phono.root / "published" / f"{sealed['volume']}.torrent").read_bytes()
    info = lt.torrent_info(lt.bdecode(data))
    assert str(info.info_hashes().v2) == sealed["info_hash_v2"]
    assert str(info.info_hashes().v1) == sealed["info_hash_v1"]
    (event,) = phono.events("volume")
    assert event["torrent"] == hashlib.sha256(data).hexdigest()
    files = info.layout()
    listed = {
        files.file_path(i).partition("/")[2]: files.file_size(i)
        for i in range(files.num_files())
        if not files.file_flags(i) & lt.file_storage.flag_pad_file
    }
    folder = phono.root / "volumes" / sealed["volume"]
    assert info.name() == sealed["volume"]
    assert listed == {path: (folder / path).stat().st_size for path in listed}
    assert len(listed) == 4 + 4
    assert sealed["size_bytes"] == sum(listed.values())


def test_the_lists_are_right(phono, music):
    """Coreutils accept SHA256SUMS; manifest and attribution name titles, artists and terms."""
    phono.add(music, *LICENSED)
    (sealed,) = phono.publish()
    volume = sealed["volume"]
    folder = phono.root / "volumes" / volume
    assert folder.is_symlink()
    assert folder.readlink().as_posix() == "../objects"
    command = ["sha256sum", "--check", "--strict", f"lists/{volume}/SHA256SUMS"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == 4 + 3
    lists = folder / "lists" / volume
    manifest = [
        line.split("\t")
        for line in (lists / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    ]
    assert manifest[0] == ["sha256", "size", "path", "title", "artists", "release", "licence"]
    assert [row[3] for row in manifest[1:]] == [f"Piece {n:03d}" for n in range(4)]
    assert manifest[2][4] == "Bo"
    for row in manifest[1:]:
        assert (folder / row[2]).stat().st_size == int(row[1])
        assert row[6] == "https://creativecommons.org/licenses/by/4.0/"
    attribution = (lists / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    assert "Bo: Piece 001, from Release 0" in attribution
    assert "Small Records" in (lists / "README.txt").read_text(encoding="utf-8")
    assert {path.stat().st_mode & 0o777 for path in lists.iterdir()} == {0o444}


def test_a_dry_run_tells_and_changes_nothing(phono, music):
    """--dry-run names the volumes and their objects, and no byte of the archive changes."""
    told = phono.add(music, *LICENSED)
    before = contents(phono.root)
    (planned,) = phono.publish("--dry-run")
    assert contents(phono.root) == before
    added = [one["sha256"] for one in told.values() if one["outcome"] == "added"]
    assert sorted(planned["objects"]) == sorted(added)
    assert [one["volume"] for one in phono.publish()] == [planned["volume"]]


def test_what_is_not_shared_has_a_reason(phono, music):
    """For people every recording that stays has its reason, with how many it holds for."""
    phono.add(music)
    out = phono("publish", "run").expect(0).out
    assert "Kept, not shared:" in out
    assert "4  Nothing is known about its rights" in out


@pytest.mark.parametrize("value", ["0", "8193", '"2"', "2.0"])
def test_a_limit_that_cannot_be_meant_is_refused(phono, value):
    """A setting out of its range or of another type ends with 2 and is named."""
    phono.set("volumes.max_objects", value)
    assert "volumes.max_objects" in phono("publish", "run").expect(2).err


def test_a_clock_that_goes_back_in_a_run_takes_nothing_back(phono, tmp_path, monkeypatch):
    """While the clock falls by a day at each look, a run ends well: lines stand in order, and who
    knew the publication before takes the new one for newer."""
    phono.add(*make(tmp_path / "m", 1), *LICENSED)
    phono.publish()
    site, known = phono.root / "published", tmp_path / "known"
    before = Follower(source_named(str(site)), known).follow(datetime.now(UTC))

    looks = (datetime.now(UTC) - timedelta(days=day) for day in itertools.count())
    monkeypatch.setattr(opening, "now", lambda: format_instant(next(looks)))
    phono.add(*make(tmp_path / "m", 1, first=9), *LICENSED)
    (sealed,) = phono.publish()

    assert next(looks) < datetime.now(UTC) - timedelta(days=3), "nobody looked at the clock"
    instants = [event["at"] for event in phono.events()]
    assert instants == sorted(instants)
    after = Follower(source_named(str(site)), known).follow(datetime.now(UTC))
    assert after.header.seq == before.header.seq + 1
    assert sealed["volume"] in {line.id for line in after.lines}
