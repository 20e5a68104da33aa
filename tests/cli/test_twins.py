"""`phono publish run --compat v1`: twins for old clients pass every door, and only with theirs."""

from __future__ import annotations

import hashlib

import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found, members, tree
from tests.cli.small_music import make_file, make_music

from phonotheque.archive.bulk import twins
from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.archive.opening import open_to_read
from phonotheque.cli import seed
from phonotheque.publish.web.digests import Digests

VOLUME = "small-records-open-all-00001"
TWIN = f"{VOLUME}.v1.torrent"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Made once: an archive with a volume and its twin."""
    folder = tmp_path_factory.mktemp("twins")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    told = phono.publish("--compat", "v1")
    assert told[-1] == {"volume": VOLUME, "twin": f"published/{TWIN}", "why_not": ""}
    return phono.root


@pytest.fixture
def phono(template, tmp_path):
    return copy_archive(template, tmp_path / "archive")


def given(phono, name):
    """What the bulk door's own server would give under this name."""
    with Clerk(phono.root, Digests(), Closed()) as clerk:
        found = clerk.find((name,))
        if found is None:
            return None
        with found.file as file:
            return file.read()


def test_a_twin_passes_every_door(phono, tmp_path):
    """The web door gives it and a push lays it out, and it names the volume's own files."""
    data = (phono.root / "published" / TWIN).read_bytes()
    assert given(phono, TWIN) == data
    phono("publish", "push", tmp_path / "www").expect(0)
    assert (tmp_path / "www" / TWIN).read_bytes() == data
    info = lt.torrent_info(lt.bdecode(data))
    assert not info.info_hashes().has_v2()
    paths = {info.layout().file_path(n) for n in range(info.num_files())}
    assert {path.rpartition("/")[2][:64] for path in paths} >= set(members(phono, VOLUME))
    assert all((phono.root / "volumes" / path).is_file() for path in paths)


def test_only_what_lacks_a_twin_gets_one(phono):
    """A second run makes nothing; the file taken away, it is made again, the same."""
    before = (phono.root / "published" / TWIN).read_bytes()
    assert "No volume lacks" in phono("publish", "run", "--compat", "v1").expect(0).out
    (phono.root / "published" / TWIN).unlink()
    assert phono.publish() == []
    assert not (phono.root / "published" / TWIN).exists()
    phono.publish("--compat", f"v1:{VOLUME}")
    assert (phono.root / "published" / TWIN).read_bytes() == before


@pytest.mark.parametrize("text", ["v2", "v1:no-such-volume", ""])
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_what_cannot_be_meant_is_refused(phono, tmp_path, text, more):
    """A form or a volume that there is not is named before anything is sealed: register and
    published files are as before, though there is something to seal."""
    phono.add(make_file(tmp_path / "new.wav", 77), *LICENSED)
    before = [tree(phono.root / name) for name in ("register", "published", "objects")]
    phono("publish", "run", "--compat", text, *more).expect(2)
    assert [tree(phono.root / name) for name in ("register", "published", "objects")] == before


def test_a_twin_goes_with_its_volume(phono, tmp_path):
    """After a removal no door gives the twin, the file is gone, and the volume that took its place
    gets one when it is asked for."""
    phono("publish", "push", tmp_path / "www").expect(0)
    phono("takedown", members(phono, VOLUME)[0], "--reason", "legal-claim").expect(0)
    assert given(phono, TWIN) is None
    assert not (phono.root / "published" / TWIN).exists()
    phono("publish", "push", tmp_path / "www").expect(0)
    assert not (tmp_path / "www" / TWIN).exists()
    (made,) = phono.publish("--compat", "v1")
    assert made["volume"] != VOLUME
    assert (phono.root / made["twin"]).is_file()


def test_a_damaged_volume_keeps_no_other_from_its_twin(phono, tmp_path):
    """The damaged recording is named, and the volumes behind it get theirs; nothing is lost by
    asking again."""
    phono.add(make_file(tmp_path / "more.wav", 77), *LICENSED)
    (sealed,) = phono.publish()
    (phono.root / "published" / TWIN).unlink()
    damage(phono.object(members(phono, VOLUME)[0]), flip(-9))
    for told in (2, 1):
        made = phono.publish("--compat", "v1", status=1)
        assert len(made) == told
        assert made[0]["volume"] == VOLUME
        assert not made[0]["twin"]
        assert "phono verify" in made[0]["why_not"]
    assert not (phono.root / "published" / TWIN).exists()
    assert (phono.root / "published" / f"{sealed['volume']}.v1.torrent").is_file()


def forged(phono):
    """A twin that lists a recording of no volume, and says of itself that it is undamaged."""
    data = (phono.root / "published" / TWIN).read_bytes()
    top = lt.bdecode(data)
    objects = (phono.root / "objects").glob("??/??/*")
    foreign = min(path for path in objects if path.name.encode() not in data)
    path = [part.encode() for part in foreign.relative_to(phono.root / "objects").parts]
    top[b"info"][b"files"].append({b"length": foreign.stat().st_size, b"path": path})
    data = lt.bencode(top)
    at = data.index(b"hashes to ") + len(b"hashes to ")
    digest = hashlib.sha256(data[:at] + data[at + 64 :]).hexdigest()
    return data[:at] + digest.encode() + data[at + 64 :]


def of_another_volume(phono):
    """What a volume of the same name had, in an archive whose register came back from a backup."""
    data = (phono.root / "published" / TWIN).read_bytes()
    at = data.index(b"signs ") + len(b"signs ")
    return data[:at] + b"0" * 64 + data[at + 64 :]


def damaged(phono):
    data = bytearray((phono.root / "published" / TWIN).read_bytes())
    data[-10] ^= 1  # in its last SHA-1
    return bytes(data)


@pytest.mark.parametrize("make", [forged, of_another_volume, damaged])
def test_a_twin_is_believed_at_no_door_by_its_name(phono, tmp_path, make):
    """Damaged, of another volume, or with a recording that is in none: no door gives it, it is
    named, the volume itself is shared, a check finds it, and it is made anew when asked for."""
    phono.add(make_file(tmp_path / "kept.wav", 77))  # without a licence
    whole = (phono.root / "published" / TWIN).read_bytes()
    phono("publish", "push", tmp_path / "www").expect(0)
    wrong = make(phono)
    (phono.root / "published" / TWIN).write_bytes(wrong)
    assert given(phono, TWIN) is None
    (told,) = phono("publish", "push", tmp_path / "fresh", "--json").expect(1).one()["left_out"]
    assert told["volume"] == TWIN
    assert not (tmp_path / "fresh" / TWIN).exists()
    phono("publish", "push", tmp_path / "www").expect(1)
    assert (tmp_path / "www" / TWIN).read_bytes() == whole
    with open_to_read(phono.root) as archive:
        left_out = []
        assert [twin for *_, twin in seed._torrents(archive, left_out)].count(True) == 0
    assert left_out == [f"{VOLUME}.v1"]
    assert TWIN in phono("verify").expect(1).out
    (made,) = phono.publish("--compat", "v1")
    assert made == {"volume": VOLUME, "twin": f"published/{TWIN}", "why_not": ""}
    assert (phono.root / "published" / TWIN).read_bytes() == given(phono, TWIN) == whole


@pytest.mark.parametrize("make", [of_another_volume, damaged])
def test_a_copy_that_rotted_is_laid_out_again(phono, tmp_path, make):
    """A push takes away what is not the volume's twin, be it as long, and brings the right one."""
    phono("publish", "push", tmp_path / "www").expect(0)
    (tmp_path / "www" / TWIN).write_bytes(make(phono))
    assert TWIN in phono("publish", "push", tmp_path / "www", "--json").expect(0).one()["removed"]
    assert (tmp_path / "www" / TWIN).read_bytes() == (phono.root / "published" / TWIN).read_bytes()


def test_the_archive_is_not_held_while_a_volume_is_read(phono, monkeypatch):
    """What is removed while a twin is being made goes at once, and the twin that would have had it
    gets no name."""
    (phono.root / "published" / TWIN).unlink()
    real, removed = twins.twin_of, members(phono, VOLUME)[0]

    def slow(*arguments, **more):
        data = real(*arguments, **more)
        phono("takedown", removed, "--reason", "legal-claim").expect(0)
        return data

    with monkeypatch.context() as patch:
        patch.setattr(twins, "twin_of", slow)
        (told,) = phono.publish("--compat", "v1", status=1)
    assert "not offered any more" in told["why_not"]
    assert not list((phono.root / "published").glob("*.v1.torrent"))


def test_a_volume_that_is_corrected_meanwhile_hands_its_wish_on(phono):
    """Named, and given a successor in the same run: the successor gets the twin."""
    phono("rights", "set", members(phono, VOLUME)[0], "--licence", "InC").expect(0)
    *_, made = phono.publish("--compat", f"v1:{VOLUME}")
    assert made["volume"] != VOLUME
    assert (phono.root / made["twin"]).is_file()
