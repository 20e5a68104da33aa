"""`phono publish push`: the bulk door laid out for any web server, and nothing else."""

import hashlib
import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from time import monotonic
from urllib.error import HTTPError
from urllib.request import urlopen

import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found, tree
from tests.cli.small_music import make_file
from tests.cli.test_publish import names

from phonotheque.publish.session import EngineSettings, open_session, torrent_params

OPEN, NC = "small-records-open-all-00001", "small-records-nc-all-00001"
PATIENCE_S = 60.0


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


def test_a_rehearsal_makes_nothing(shop):
    """--dry-run says how much would be copied; not even the folder is made."""
    phono, _, www = shop
    assert push(phono, www, "--dry-run")["files"] == 3
    assert not www.exists()


@contextmanager
def nginx(root, folder):
    """Serve a folder with nginx's defaults, as anybody would."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = "" if os.geteuid() else "user root;"  # who may read what tests write
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; error_log {folder}/error.log; pid {folder}/pid; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n",
        encoding="utf-8",
    )
    command = [program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def test_nginx_serves_it_and_libtorrent_fetches_by_web_seed(shop, tmp_path):
    """From a plain nginx a volume comes by its torrent and web seed alone, byte for byte; what may
    not be shared is not found."""
    phono, told, www = shop
    push(phono, www)
    with nginx(www, tmp_path) as address:
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
