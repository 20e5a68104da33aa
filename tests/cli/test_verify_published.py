"""`phono verify` proves what is published; nothing of it that is damaged is given out or stays."""

import shutil
from pathlib import Path

import pytest
from tests.audio.zoo import PNG
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found
from tests.cli.small_music import make_music
from tests.once import made_once

from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.keeping import published as proving
from phonotheque.archive.opening import open_to_read
from phonotheque.publish.web.digests import Digests

ART = "packs/small-records-art-all-00001"
TORRENT = "small-records-art-all-00001.torrent"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Made once: an archive that is published."""

    def make(folder):
        make_music(folder / "music", 4)
        (folder / "music" / "release 0" / "cover.png").write_bytes(PNG)
        phono = found(folder / "archive")
        phono.add(folder / "music", *LICENSED)
        phono.publish()
        shutil.rmtree(folder / "music")

    return made_once(tmp_path_factory, "verify-published", make)


@pytest.fixture
def phono(template, tmp_path):
    """A copy of it."""
    return copy_archive(template / "archive", tmp_path / "archive")


def told_by(phono, *arguments, status=1):
    """What a check tells of each file below published/, and its sum."""
    *findings, total = phono("verify", "--json", *arguments).expect(status).lines()
    return {one["path"].removeprefix("published/"): one["kind"] for one in findings}, total


def published(phono, pattern):
    """The one file below published/ that a pattern names."""
    (path,) = (phono.root / "published").glob(pattern)
    return path


def given(phono, *parts):
    """The bytes that the own server gives at an address; None for nothing."""
    with Clerk(phono.root, Digests(), Closed()) as clerk:
        resource = clerk.find(parts)
        if resource is None:
            return None
        with resource.file as file:
            return file.read()


def test_what_is_published_is_counted(phono):
    """A run tells how many packs, torrents and signed files it proved; one of chosen objects reads
    none of them."""
    findings, total = told_by(phono, status=0)
    packs = list((phono.root / "published/packs").iterdir())
    size_bytes = sum(
        path.stat().st_size for pack in packs for path in pack.rglob("*") if path.is_file()
    )
    assert findings == {}
    assert (total["packs"], total["packs_bytes"]) == (len(packs), size_bytes)
    assert total["torrents"] == len(list((phono.root / "published").glob("*.torrent")))
    metadata = list((phono.root / "published/metadata").glob("*.json"))
    assert total["signed"] > len(metadata)
    assert "4 packs read" in phono("verify").expect(0).out
    name = next(iter(phono.root.glob("objects/??/??/*"))).name[:12]
    assert told_by(phono, name, status=0)[1]["packs"] == 0


def test_what_is_published_and_is_not_there_is_not_counted(phono):
    """Of packs without files nothing was read, and torrents that are gone were held against
    nothing."""
    for pack in (phono.root / "published/packs").iterdir():
        shutil.rmtree(pack)
        pack.mkdir()
    total = told_by(phono)[1]
    assert (total["packs"], total["packs_bytes"]) == (0, 0)
    shutil.rmtree(phono.root / "published")
    assert "Of what is published: 0 packs read, 0 B.\n" in phono("verify").expect(1).out
    assert told_by(phono)[1]["torrents"] == 0


def test_a_first_run_that_was_stopped_before_it_signed_is_told_so(phono):
    """The register names the first index, and nothing is signed: one finding that says what to do,
    whether the index had its name already or not; the next publication leaves none."""
    folder = phono.root / "published"
    shutil.rmtree(folder / "metadata")
    for number in range(2):
        if number:
            for index in folder.glob("index-00001.jsonl.zst*"):
                index.rename(index.with_name(f".{index.name}"))
        assert told_by(phono)[0] == {"metadata/timestamp.json": "missing"}
        assert "phono publish run" in phono("verify").expect(1).out
    phono("publish", "run").expect(0)
    assert told_by(phono, status=0)[0] == {}


def shortened(data):
    return data[:-1]


def lengthened(data):
    return data + b"\0"


def test_every_damage_to_a_pack_is_found_and_mended(phono):
    """Whatever happens to files of packs: a check finds it, `phono status` shows it, no door gives
    the packs, and the next publication makes others of the same things."""
    packs = phono.root / "published" / "packs"
    good = Path(phono.root, "published", ART, "art.bin.zst").read_bytes()
    art, facts, overlays, register = (
        f"small-records-{kind}-all-00001" for kind in ("art", "facts", "overlays", "register")
    )
    damage(packs / art / "art.bin.zst", flip(20))
    damage(packs / art / "index.tsv.zst", shortened)
    damage(packs / facts / "README.txt", lengthened)
    (packs / overlays / "overlays.jsonl.zst").unlink()
    (packs / register / "README.txt").unlink()
    (packs / register / "README.txt").symlink_to("SHA256SUMS")
    wrong = {
        f"packs/{art}/art.bin.zst": "changed",
        f"packs/{art}/index.tsv.zst": "truncated",
        f"packs/{facts}/README.txt": "changed",
        f"packs/{overlays}/overlays.jsonl.zst": "missing",
        f"packs/{register}/README.txt": "changed",
    }
    assert told_by(phono)[0] == wrong
    shown = phono("status", "--json").expect(1).one()["findings"]
    assert {one["path"] for one in shown} == {f"published/{path}" for path in wrong}
    with open_to_read(phono.root) as archive:
        damaged = {name for name, why in closures(archive).items() if why.is_damage}
    assert damaged == {art, facts, overlays, register}
    for pack in damaged:
        assert given(phono, "packs", pack, "SHA256SUMS") is None
        assert given(phono, f"{pack}.torrent") is None
    phono("publish", "run").expect(0)
    assert not [pack for pack in damaged if (packs / pack).exists()]
    assert published(phono, "packs/*-art-all-00002/art.bin.zst").read_bytes() == good
    assert phono("status", "--json").expect(0).one()["findings"] == []
    assert told_by(phono, status=0)[0] == {}


def test_damage_that_no_check_has_met_is_not_given_out(phono):
    """The own server reads a file of a pack, or a list of a volume, before its first byte is
    given; the others it gives still."""
    for path in ((*ART.split("/"), "art.bin.zst"), ("volumes", *ART.split("/")[1:], "art.bin.zst")):
        assert given(phono, *path) is not None
    damage(phono.root / "published" / ART / "art.bin.zst", flip(-3))
    assert given(phono, *ART.split("/"), "art.bin.zst") is None
    assert given(phono, "volumes", ART[6:], "art.bin.zst") is None
    assert given(phono, *ART.split("/"), "SHA256SUMS") is not None
    volume = "small-records-open-all-00001"
    place = ("volumes", volume, "lists", volume, "ATTRIBUTION.txt")
    assert given(phono, *place) is not None
    damage(phono.root / "objects" / "lists" / volume / "ATTRIBUTION.txt", flip(3))
    assert given(phono, *place) is None


def test_what_is_no_part_of_a_pack_is_told_and_not_given_out(phono):
    """A file that somebody put into a pack is foreign, and no door gives it."""
    stray = phono.root / "published" / ART / "more.txt"
    stray.write_bytes(b"x")
    assert told_by(phono)[0] == {f"{ART}/more.txt": "foreign"}
    assert given(phono, *ART.split("/"), "more.txt") is None


def test_a_pack_whose_torrent_is_damaged_is_made_again(phono):
    """Nothing proves such a pack; the next publication replaces it, also without a check."""
    damage(phono.root / "published" / TORRENT, flip(100))
    assert given(phono, *ART.split("/"), "art.bin.zst") is None
    phono("publish", "run").expect(0)
    assert published(phono, "*-art-all-*.torrent").name == TORRENT.replace("00001", "00002")
    assert told_by(phono, status=0)[0] == {}


def flipped(path):
    """Flip a bit in the middle of a file; where it lies below published/."""
    damage(path, flip(path.stat().st_size // 2))
    return path.as_posix().rpartition("/published/")[2]


def test_what_lies_beside_being_signed_is_proven_and_made_again(phono):
    """A flipped bit in the index, its signature, its history, a listing or the key is found; all
    is sound after the next publication, and what was sealed stays."""
    names = ("index-00001.*.zst", "index-history.sha256", "listings.sha256", "minisign.pub")
    patterns = (*names, "index-00001.*.minisig", "files/*-open-all-00001.jsonl.zst")
    wrong = {flipped(published(phono, pattern)) for pattern in patterns}
    assert told_by(phono)[0] == dict.fromkeys(wrong, "changed")
    torrent = published(phono, "*-open-*.torrent").read_bytes()
    phono("publish", "run").expect(0)
    assert told_by(phono, status=0)[0] == {}
    assert published(phono, "*-open-*.torrent").read_bytes() == torrent
    phono("status").expect(0)


def test_what_signs_is_proven_and_made_again(phono):
    """A flipped bit in a root, in signed metadata or in a file that it names is found, each by
    itself; all is sound after the next publication."""
    patterns = ("1.root.json", "*.targets.json", "*.snapshot.json", "timestamp.json")
    targets = ("targets/*.index-00001.jsonl.zst", "targets/*.tombstones.jsonl")
    paths = [published(phono, f"metadata/{pattern}") for pattern in (*patterns, *targets)]
    for path in paths:
        good = path.read_bytes()
        wrong = flipped(path)
        assert told_by(phono)[0] == {wrong: "changed"}
        path.write_bytes(good)
    for path in paths:
        flipped(path)
    phono("publish", "run").expect(0)
    assert told_by(phono, status=0)[0] == {}


def test_what_is_not_signed_yet_is_no_finding(phono, tmp_path):
    """Between what happened and the next publication nothing sound is accused."""
    make_music(tmp_path / "more", 2, seed=9)
    phono.add(tmp_path / "more", *LICENSED)
    assert told_by(phono, status=0)[0] == {}
    damage(published(phono, "listings.sha256"), flip(3))  # as a run that was stopped leaves it
    assert told_by(phono, status=0)[0] == {}


def test_what_happens_meanwhile_changes_no_count(phono, tmp_path):
    """While what is signed lies there as it was, as many signed files are proven, whatever the
    register has noted since; another file in the place of a signed one is not counted."""
    before = told_by(phono, status=0)[1]["signed"]
    make_music(tmp_path / "more", 1, seed=9)
    phono.add(tmp_path / "more", *LICENSED)
    assert told_by(phono, status=0)[1]["signed"] == before
    damage(published(phono, "listings.sha256"), flip(3))
    assert told_by(phono, status=0)[1]["signed"] == before - 1


def test_packs_take_turns(phono):
    """A part of the whole reads the pack that is unproven for longest; so each one's turn comes,
    and what it finds is forgotten when the pack is read again and is exact."""
    packs = {path.name for path in (phono.root / "published/packs").iterdir()}
    path = phono.root / "published" / ART / "README.txt"
    good = path.read_bytes()
    damage(path, flip(0))
    read, statuses = [], []
    for _ in packs:
        statuses.append(phono("verify", "--oldest", "1").status)
        read += phono.events("fixity")[-1]["packs"]
    assert set(read) == packs
    assert statuses.count(1) == 1
    path.write_bytes(good)
    seen = phono("status", "--json").expect(1).one()["findings"]
    for _ in packs:
        phono("verify", "--oldest", "1").expect(0)
    assert [one["path"] for one in seen] == [f"published/{ART}/README.txt"]
    assert phono("status", "--json").expect(0).one()["findings"] == []


def test_a_rebuilt_index_knows_the_same(phono):
    """Which pack is next, and what is damaged, follows from the register alone."""
    damage(phono.root / "published" / ART / "README.txt", flip(0))
    phono("verify", "--oldest", "1")
    phono("verify").expect(1)

    def known():
        with open_to_read(phono.root) as archive:
            return [one.name for one in proving.packs_in_turn(archive)], closures(archive).keys()

    before = known()
    (phono.root / "state" / "index.sqlite").unlink()
    phono("rebuild").expect(0)
    assert known() == before


def test_a_pack_is_read_in_bounded_memory(phono, monkeypatch):
    """No file of a pack is read whole at once: 1 MiB and a block at most."""
    asked = []
    with open_to_read(phono.root) as archive:
        opened = archive.disk.open

        class Counting:
            """A file that remembers how much was asked for at once."""

            def __init__(self, file):
                self._file = file

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self._file.close()

            def readinto(self, view):
                asked.append(len(view))
                return self._file.readinto(view)

        def opens(path):
            file = opened(path)
            return Counting(file) if path.startswith("published/packs/") else file

        monkeypatch.setattr(archive.disk, "open", opens)
        for pack in proving.packs_in_turn(archive):
            assert list(proving.check_pack(archive, pack, proving.Proven())) == []
    assert asked
    assert max(asked) <= 4 << 20


def test_a_run_that_is_stopped_forgets_nothing_of_packs(phono, monkeypatch):
    """What was found stays known until the pack was read again."""
    damage(phono.root / "published" / ART / "README.txt", flip(0))
    phono("verify").expect(1)

    def stopped(*_arguments):
        raise KeyboardInterrupt
        yield

    from phonotheque.archive.keeping import verify

    with monkeypatch.context() as patch:
        patch.setattr(verify, "check_pack", stopped)
        phono("verify").expect(130)
    findings = phono("status", "--json").expect(1).one()["findings"]
    assert [one["path"] for one in findings] == [f"published/{ART}/README.txt"]
