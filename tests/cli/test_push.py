"""`phono publish push`: the bulk door laid out for any web server, and nothing else."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from contextlib import contextmanager
from time import monotonic
from urllib.error import HTTPError
from urllib.request import urlopen

import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found, names, tree
from tests.cli.small_music import make_file
from tests.nginx import NGINX, nginx

from phonotheque.archive.bulk import bulk_door, handing_on
from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.bulk.pushing import RECORD
from phonotheque.archive.opening import open_to_read
from phonotheque.publish.index.form import read_index
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.publish.session import EngineSettings, open_session, torrent_params
from phonotheque.publish.web.digests import Digests

OPEN, NC = "small-records-open-all-00001", "small-records-nc-all-00001"
PATIENCE_S = 180.0


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Made once: an archive with two volumes, and one recording that may not be shared."""
    folder = tmp_path_factory.mktemp("pushed")
    phono = found(folder / "archive")
    files = [make_file(folder / f"{n}.wav", n, frames=9000) for n in range(4)]
    told = [*names(phono.add(*files[:2], *LICENSED))]
    told += names(phono.add(files[2], "--licence", "CC-BY-NC-4.0", "--evidence", "hers"))
    told += names(phono.add(files[3]))
    phono.publish()
    return phono.root, told


@pytest.fixture
def shop(template, tmp_path):
    """A copy of the archive, the names of its recordings, and a folder to push to."""
    return copy_archive(template[0], tmp_path / "archive"), template[1], tmp_path / "www"


def push(phono, to, *arguments, status=0):
    return phono("publish", "push", to, "--json", *arguments).expect(status).one()


def payload(to, volume):
    return {p.name[:64] for p in (to / "volumes" / volume).glob("??/??/*")}


def test_what_is_laid_out_is_what_is_published(shop):
    """Volumes with exactly their members, all public files of published/, and no other byte."""
    phono, told, www = shop
    push(phono, www)
    assert payload(www, OPEN) == set(told[:2])
    assert payload(www, NC) == {told[2]}
    for volume in (OPEN, NC):
        checked = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", f"lists/{volume}/SHA256SUMS"],
            cwd=www / "volumes" / volume,
            check=False,
        )
        assert checked.returncode == 0
    published = phono.root / "published"
    for path in www.rglob("*"):
        name = path.relative_to(www)
        if path.is_file() and name.parts[0] != "volumes" and not path.name.startswith("."):
            assert path.read_bytes() == (published / name).read_bytes()
    for path in published.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert (www / path.relative_to(published)).is_file()
    assert not any(told[3] in path.name for path in www.rglob("*"))


def test_a_second_push_writes_nothing(shop):
    """What is there is kept: only the record is put in its place again."""
    phono, _, www = shop
    push(phono, www)
    stamps = {p: p.stat().st_mtime_ns for p in www.rglob("*") if p.name[0] != "."}
    told = push(phono, www)
    assert (told["files"], told["size_bytes"], told["removed"]) == (0, 0, [])
    kept = {p: p.stat().st_mtime_ns for p in stamps if p.is_file()}
    assert kept == {p: at for p, at in stamps.items() if p.is_file()}


def test_only_what_is_new_is_copied(shop, tmp_path):
    """After one more volume, its files and changed small ones go; no other recording is copied."""
    phono, _, www = shop
    push(phono, www)
    before = {p: p.stat().st_ino for p in (www / "volumes").rglob("*.wav")}
    phono.add(make_file(tmp_path / "new.wav", 77), *LICENSED)
    (sealed,) = phono.publish()
    push(phono, www)
    after = {p: p.stat().st_ino for p in (www / "volumes").rglob("*.wav")}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    assert (www / f"{sealed['volume']}.torrent").is_file()


def test_what_a_removal_leaves_is_moved_not_copied(shop):
    """After a takedown the successor has the files that lay there: the rehearsal counts nothing to
    copy, no recording is written again, and the removed one is gone."""
    phono, told, www = shop
    push(phono, www)
    before = {p.name: p.stat().st_ino for p in www.glob(f"volumes/{OPEN}/??/??/*")}
    done = phono("takedown", told[0], "--reason", "asked for", "--json").expect(0).one()
    assert push(phono, www, "--dry-run") == {"files": 0, "size_bytes": 0}
    push(phono, www)
    after = {p.name: p.stat().st_ino for p in www.glob("volumes/*-open-*/??/??/*")}
    assert before.keys() - after.keys() == {p for p in before if p.startswith(told[0])}
    assert after.items() < before.items()
    assert payload(www, done["successors"][OPEN]) == {told[1]}
    assert not (www / "volumes" / OPEN).exists()


@pytest.fixture(scope="module")
def larger_template(tmp_path_factory):
    """Made once: an archive with one volume of four recordings, and their names."""
    folder = tmp_path_factory.mktemp("larger")
    phono = found(folder / "archive")
    files = [make_file(folder / f"{n}.wav", n, frames=9000) for n in range(4)]
    told = names(phono.add(*files, *LICENSED))
    phono.publish()
    return phono.root, told


@pytest.fixture
def larger(larger_template, tmp_path):
    """A copy of it, laid out, and the first of its recordings removed."""
    phono, told = copy_archive(larger_template[0], tmp_path / "larger"), larger_template[1]
    www = tmp_path / "www"
    push(phono, www)
    inodes = {path.name[:64]: path.stat().st_ino for path in www.glob("volumes/*/??/??/*")}
    phono("takedown", told[0], "--reason", "asked for").expect(0)
    return phono, www, told[0], inodes


class Movers:
    """A disk that moves some files and refuses the others; it remembers what it saw before each."""

    def __init__(self, www, removed, moves=0, error=None):
        self.real, self.www, self.removed = os.rename, www, removed
        self.moves, self.error = moves, error or OSError(5, "Input/output error")
        self.moved, self.is_removed_there = [], False

    def __call__(self, source, target):
        self.is_removed_there |= bool(list(self.www.glob(f"volumes/**/{self.removed}*")))
        if len(self.moved) == self.moves:
            raise self.error
        self.real(source, target)
        self.moved.append(target.name[:64])


def laid_out(www):
    """The recordings in the one volume that lies there, each with its number on the disk."""
    (volume,) = (path.name for path in (www / "volumes").glob("*-open-*"))
    assert volume != OPEN
    found = list(www.glob(f"volumes/{volume}/??/??/*"))
    for path in found:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name[:64]
    return {path.name[:64]: path.stat().st_ino for path in found}


@pytest.mark.parametrize("moves", [0, 1, 3])
def test_what_was_removed_goes_before_anything_is_moved(larger, monkeypatch, moves):
    """Wherever the disk stops moving: what was removed went before, what was moved stays moved,
    and the rest is copied."""
    phono, www, removed, inodes = larger
    movers = Movers(www, removed, moves)
    with monkeypatch.context() as patch:
        patch.setattr(handing_on.os, "rename", movers)
        push(phono, www)
    assert not movers.is_removed_there
    assert not list(www.glob(f"volumes/**/{removed}*"))
    after = laid_out(www)
    assert after.keys() == inodes.keys() - {removed}
    assert len(movers.moved) == moves
    assert {name for name in after if after[name] == inodes[name]} >= set(movers.moved)


def test_a_push_that_was_stopped_while_moving_goes_on(larger, monkeypatch):
    """The next one takes what it needs from both folders, and copies nothing."""
    phono, www, removed, inodes = larger
    movers = Movers(www, removed, 1, KeyboardInterrupt())
    with monkeypatch.context() as patch:
        patch.setattr(handing_on.os, "rename", movers)
        phono("publish", "push", www).expect(130)
    assert len(movers.moved) == 1
    assert not list(www.glob(f"volumes/**/{removed}*"))
    push(phono, www)
    assert laid_out(www) == {name: at for name, at in inodes.items() if name != removed}


def test_what_rotted_where_it_was_laid_out_is_not_handed_on(larger):
    """A copy that is not what its name says any more is copied anew; the others are moved."""
    phono, www, removed, inodes = larger
    rotten = min(inodes.keys() - {removed})
    (path,) = www.glob(f"volumes/*/??/??/{rotten}*")
    damage(path, flip(70))
    push(phono, www)
    after = laid_out(www)  # which proves them
    assert after.keys() == inodes.keys() - {removed}
    kept = inodes.keys() - {removed, rotten}
    assert {name: after[name] for name in kept} == {name: inodes[name] for name in kept}


def test_what_cannot_be_read_is_copied_and_the_rest_is_moved(larger, monkeypatch):
    """One file on a bad sector does not keep the others from being moved."""
    phono, www, removed, inodes = larger
    unreadable = min(inodes.keys() - {removed})

    def opened(path, mode):
        if unreadable in path.name:
            raise OSError(5, "Input/output error")
        return open(path, mode)

    with monkeypatch.context() as patch:
        patch.setattr(handing_on, "open", opened, raising=False)
        push(phono, www)
    after = laid_out(www)
    assert after.keys() == inodes.keys() - {removed}
    kept = inodes.keys() - {removed, unreadable}
    assert {name: after[name] for name in kept} == {name: inodes[name] for name in kept}


@pytest.mark.parametrize("more", [(), ("--link",)])
def test_links_are_handed_on_only_where_links_are_wanted(larger, more):
    """A folder laid out with --link and once more without it holds files of its own after."""
    phono, www, removed, _ = larger
    shutil.rmtree(www)
    push(phono, www, "--link")
    linked = laid_out(www)
    phono("takedown", min(linked), "--reason", "asked for").expect(0)
    old = {path.name for path in (www / "volumes").iterdir() if "-open-" in path.name}
    assert push(phono, www, "--dry-run", *more)["files"] == (0 if more else 2)
    push(phono, www, *more)
    files = [path for path in www.glob("volumes/*-open-*/??/??/*") if path.parts[-4] not in old]
    assert len(files) == 2
    assert {path.samefile(phono.object(path.name[:64])) for path in files} == {bool(more)}
    assert not list(www.glob(f"volumes/**/{removed}*"))


def test_what_is_withdrawn_goes_first(shop):
    """A recording withdrawn since is on the static server no longer, even before a new run."""
    phono, told, www = shop
    push(phono, www)
    phono("rights", "set", told[2], "--licence", "InC").expect(0)
    done = push(phono, www, status=1)
    assert done["left_out"][0]["volume"] == NC
    assert NC in done["removed"]
    assert not any(NC in str(p) for p in www.rglob("*") if "volumes" in p.parts)
    assert not (www / f"{NC}.torrent").exists()
    assert not any(told[2] in path.name for path in www.rglob("*"))
    phono.publish()
    assert push(phono, www)["left_out"] == []


def test_a_closed_pack_goes_first(shop):
    """A pack with something in it that may not be shared since is on the static server no longer:
    neither its torrent, nor its files, nor the link for web seeds, until it is made again."""
    phono, told, www = shop
    push(phono, www)
    packs = {path.name for path in (www / "packs").iterdir()}
    assert packs == {path.name for path in (phono.root / "published" / "packs").iterdir()}
    phono("rights", "set", told[2], "--licence", "InC").expect(0)
    with open_to_read(phono.root) as archive:
        closed = packs & closures(archive).keys()
    assert closed
    done = push(phono, www, status=1)
    assert closed < {one["volume"] for one in done["left_out"]}
    for name in packs:
        is_there = name not in closed
        assert (www / f"{name}.torrent").exists() == is_there
        assert (www / "packs" / name).exists() == is_there
        assert (www / "volumes" / name).is_symlink() == is_there
    phono.publish()
    assert push(phono, www)["left_out"] == []
    made = {path.name for path in (www / "packs").iterdir()}
    assert made.isdisjoint(closed)
    assert made == {path.name for path in (www / "volumes").iterdir() if path.is_symlink()}


def test_a_closed_torrent_passes_no_door(shop):
    """What is closed is given at no address of the own server from that moment, and a refresh is
    enough for index, feeds, lists and zips to offer it no more."""
    phono, told, _ = shop
    places = [(f"{NC}.torrent",)]
    with open_to_read(phono.root) as archive:
        for pack in offered_packs(archive.index):
            inside = (pack.name, "README.txt")
            places += [(f"{pack.name}.torrent",), ("packs", *inside), ("volumes", *inside)]
    assert len(places) > 6
    published = phono.root / "published"
    with Clerk(phono.root, Digests(), Closed()) as clerk:
        for place in places:
            clerk.find(place).file.close()
        phono("rights", "set", told[2], "--licence", "InC").expect(0)
        assert [clerk.find(place) for place in places] == [None] * len(places)
    with open_to_read(phono.root) as archive:
        closed = closures(archive).keys()
    assert {place[-2] for place in places if len(place) > 1} | {NC} == closed
    assert offering(published) >= closed
    phono("publish", "refresh").expect(0)
    assert offering(published) == {OPEN}


def test_what_is_closed_is_found_out_once(shop, monkeypatch):
    """Not at all for a page; for torrents once for all clerks, and again when something was
    decided."""
    phono, told, _ = shop
    asked = []

    def counting(archive):
        asked.append(archive)
        return closures(archive)

    monkeypatch.setattr(bulk_door, "closures", counting)
    closed, digests = Closed(), Digests()
    with Clerk(phono.root, digests, closed) as one, Clerk(phono.root, digests, closed) as other:
        one.find(("index.html",)).file.close()
        assert not asked
        for clerk in (one, other, one):
            clerk.find((f"{NC}.torrent",)).file.close()
        assert len(asked) == 1
        phono("rights", "set", told[2], "--licence", "InC").expect(0)
        assert [clerk.find((f"{NC}.torrent",)) for clerk in (one, other)] == [None, None]
        assert len(asked) == 2


def offering(published):
    """Names of torrents that index, feeds, lists and zips offer, each in one of its ways."""
    with open(max(published.glob("index-*.jsonl.zst")), "rb") as file:
        _, lines = read_index(file.read())
    known = {line.id for line in lines}
    offered = {line.id for line in lines if not line.obsolete}
    files = [*published.glob("feeds/*"), *published.glob("lists/*")]
    assert len(files) > 4
    for path in files:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as parcel:
                offered |= {name.removesuffix(".torrent") for name in parcel.namelist()}
        else:
            offered |= {name for name in known if name in path.read_text()}
    return offered


def test_nothing_may_lie_there_that_is_no_torrent_of_the_archive(shop):
    """A torrent or pack that the register does not know is not laid out, whoever put it there."""
    phono, _, www = shop
    (phono.root / "published" / "strange-open-all-00001.torrent").write_bytes(b"de")
    (phono.root / "published" / "packs" / "strange-art-all-00001").mkdir()
    (phono.root / "published" / "packs" / "strange-art-all-00001" / "x").write_bytes(b"x")
    push(phono, www)
    assert not [path for path in www.rglob("*") if "strange" in path.name]


def test_links_share_the_bytes(shop):
    """With --link the recordings are the archive's own files: no space is used."""
    phono, told, www = shop
    push(phono, www, "--link")
    (copy,) = (www / "volumes" / NC).glob(f"??/??/{told[2]}*")
    assert copy.samefile(phono.object(told[2]))


def test_what_is_damaged_is_never_laid_out(shop):
    """A damaged recording is named and left out; mended, the next push brings it."""
    phono, told, www = shop
    path = phono.object(told[0])
    whole = path.read_bytes()
    damage(path, flip(70))
    done = push(phono, www, status=1)
    assert [one["volume"] for one in done["left_out"]] == [OPEN]
    assert payload(www, OPEN) == {told[1]}
    path.write_bytes(whole)
    assert push(phono, www)["left_out"] == []
    assert payload(www, OPEN) == set(told[:2])


def test_a_damaged_torrent_or_pack_is_never_laid_out(shop):
    """What is not, byte for byte, what was sealed is named and left out; mended, it comes."""
    phono, _, www = shop
    pack = max((phono.root / "published" / "packs").glob("*-facts-*"))
    inside = max(pack.glob("*.zst"))
    paths = [phono.root / "published" / f"{OPEN}.torrent", inside]
    whole = [path.read_bytes() for path in paths]
    for path in paths:
        damage(path, flip(70))
    done = push(phono, www, status=1)
    names = [f"{OPEN}.torrent", f"packs/{pack.name}/{inside.name}"]
    assert sorted(one["volume"] for one in done["left_out"]) == sorted(names)
    assert not [name for name in names if (www / name).exists()]
    assert not list(www.rglob("*.part"))
    with Clerk(phono.root, Digests(), Closed()) as clerk:
        assert clerk.find((names[0],)) is None
    for path, data in zip(paths, whole, strict=True):
        path.write_bytes(data)
    assert push(phono, www)["left_out"] == []
    assert [(www / name).read_bytes() for name in names] == whole


def test_an_empty_file_of_a_pack_is_no_damage(shop):
    """No torrent names a file without bytes, so there is none to hold it against; it comes."""
    phono, _, www = shop
    pack = max((phono.root / "published" / "packs").glob("*-facts-*"))
    empty, foreign = f"packs/{pack.name}/none.jsonl", f"packs/{pack.name}/foreign.jsonl"
    (phono.root / "published" / empty).write_bytes(b"")
    (phono.root / "published" / foreign).write_bytes(b"not sealed")
    done = push(phono, www, status=1)
    assert [one["volume"] for one in done["left_out"]] == [foreign]
    assert (www / empty).read_bytes() == b""


def test_the_signature_of_a_new_key_is_laid_out(shop):
    """A new key signs the index that is published again, in as many bytes: the copy follows."""
    phono, _, www = shop
    push(phono, www)
    phono("keys", "rotate", "minisign").expect(0)
    push(phono, www)
    for name in ("minisign.pub", max(path.name for path in www.glob("index-*.minisig"))):
        assert (www / name).read_bytes() == (phono.root / "published" / name).read_bytes()


def test_a_push_that_was_stopped_is_gone_on_with(shop, monkeypatch):
    """After a stop in the middle nothing half-copied has its name, and the next run finishes."""
    phono, told, www = shop
    real, done = os.replace, []

    def stopping(old, new):
        done.append(new)
        if len(done) == 5:
            raise OSError(5, "Input/output error")
        real(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stopping)
        phono("publish", "push", www).expect(6)
    for path in www.glob("volumes/*/??/??/[0-9a-f]*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name[:64]
    push(phono, www)
    assert payload(www, OPEN) == set(told[:2])


@pytest.mark.parametrize("where", ["archive/www", "archive", "."])
def test_a_folder_in_or_around_the_archive_is_refused(shop, tmp_path, where):
    """The copy and the archive never contain one another."""
    phono, _, _ = shop
    assert "Choose another folder" in phono("publish", "push", tmp_path / where).expect(2).err


def test_strange_folders_are_refused(shop, tmp_path):
    """What another program or archive put there is never touched."""
    phono, _, www = shop
    www.mkdir()
    (www / "letters.txt").write_text("dear", encoding="utf-8")
    before = tree(www)
    assert "empty folder" in phono("publish", "push", www).expect(2).err
    assert tree(www) == before
    other = found(tmp_path / "other")
    push(phono, tmp_path / "mine")
    other("publish", "push", tmp_path / "mine").expect(2)
    (tmp_path / "mine" / RECORD).write_bytes(b'{"archive":"\xff"}')
    phono("publish", "push", tmp_path / "mine").expect(2)


def test_a_rehearsal_makes_nothing(shop):
    """--dry-run says how much would be copied; not even the folder is made."""
    phono, _, www = shop
    assert push(phono, www, "--dry-run")["files"] == 3
    assert not www.exists()


@contextmanager
def nginx_of(root, folder):
    """Serve a folder with nginx's defaults, as anybody would."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    with nginx(folder, lambda port: f"server {{ listen 127.0.0.1:{port}; root {root}; }}") as port:
        yield f"http://127.0.0.1:{port}"


def test_nginx_serves_it_and_libtorrent_fetches_by_web_seed(shop, tmp_path):
    """From a plain nginx a volume comes by its torrent and web seed alone, byte for byte; what may
    not be shared is not found."""
    phono, told, www = shop
    push(phono, www)
    with nginx_of(www, tmp_path) as address:
        torrent = urlopen(f"{address}/{OPEN}.torrent").read()
        hidden = phono.object(told[3])
        for path in (f"volumes/{OPEN}/{told[3][:2]}/{told[3][2:4]}/{hidden.name}", "objects/"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{address}/{path}")
            assert refused.value.code == 404
        session = open_session(EngineSettings.loopback())
        params = torrent_params(torrent, tmp_path / "fetched")
        params.url_seeds = [f"{address}/volumes/"]
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        handle = session.add_torrent(params)
        deadline = monotonic() + PATIENCE_S
        while not handle.status().is_seeding and monotonic() < deadline:
            session.wait_for_alert(100)
            session.pop_alerts()
        assert handle.status().is_seeding
        del handle
        session.pause()
        del session
    fetched = tmp_path / "fetched" / OPEN
    for path in fetched.glob("??/??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name[:64]
    assert {path.name[:64] for path in fetched.glob("??/??/*")} == set(told[:2])
