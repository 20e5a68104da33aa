"""The torrent of one release: made on demand, with names for people, fetched by real clients."""

import hashlib
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

import libtorrent as lt
import pytest
from tests.cli.phono import Phono, copy_archive
from tests.publish.stage import PATIENCE_S, Peer, until

from listen.door import open_on_loopback
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.values import Choice


@pytest.fixture(scope="module")
def seeding(stock, tmp_path_factory):
    """A door whose archive says where it is, so that its torrents name their web seed."""
    phono = copy_archive(stock, tmp_path_factory.mktemp("seeding") / "archive")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    phono.set("address", f'"http://127.0.0.1:{port}/"')
    with open_on_loopback(phono.root, port) as opened:
        yield opened


@pytest.fixture(scope="module")
def releases(seeding):
    """The releases, by whether anything of them may be shared, with the library."""
    library = ArchiveLibrary(seeding.root)
    hits = library.listing(Choice(kind=Kind.RELEASE)).hits
    yield {free: next(hit for hit in hits if hit.is_free is free) for free in (True, False)}
    library.close()


def test_a_real_client_gets_the_release_from_the_door_alone(seeding, releases, tmp_path):
    """libtorrent downloads it whole by its web seed: names for people, bytes of the masters."""
    data = seeding.get(f"/torrents/release/{releases[True].gid}.torrent")
    assert data.headers["content-type"] == "application/x-bittorrent"
    peer = Peer(data.body, tmp_path)
    until(lambda: peer.status().is_seeding, peer.wait, "the release")
    folder = tmp_path / peer.status().name
    peer.close()
    assert folder.name.startswith("Ada Ölund - Release 0")
    music = [path for path in folder.iterdir() if path.suffix in (".flac", ".mp3", ".wav")]
    held = {one["sha256"] for one in Phono(seeding.root).events("accession")}
    assert len(music) == 3  # the fourth was removed
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in music} <= held
    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder)
    assert done.returncode == 0
    said = (folder / "ATTRIBUTION.txt").read_text("utf-8")
    assert all(path.name in said for path in music)
    assert "creativecommons.org/licenses/by/4.0" in said


def test_another_tracker_is_another_file(seeding, releases):
    """The ETag stands for the bytes, not for what they share: trackers, web seeds and comments
    change a torrent and not its info-hash."""
    answer = seeding.get(f"/torrents/release/{releases[True].gid}.torrent")
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'


def test_aria2_gets_it_too(seeding, releases, tmp_path):
    """A client that reads only version 1 of the protocol gets the same bytes by the web seed."""
    if shutil.which("aria2c") is None:
        pytest.skip("aria2c is not installed")
    data = seeding.get(f"/torrents/release/{releases[True].gid}.torrent").body
    file = tmp_path / "release.torrent"
    file.write_bytes(data)
    command = ["aria2c", "--seed-time=0", "--enable-dht=false", "--bt-enable-lpd=false"]
    command += ["--follow-torrent=true", "--check-certificate=false", f"--dir={tmp_path}"]
    done = subprocess.run(
        [*command, str(file)], capture_output=True, timeout=PATIENCE_S, text=True, check=False
    )
    name = lt.torrent_info(lt.bdecode(data)).name()
    sums = Path(tmp_path, name, "SHA256SUMS")
    assert sums.exists(), done.stdout
    checked = subprocess.run(["sha256sum", "--check", "--quiet", sums.name], cwd=sums.parent)
    assert checked.returncode == 0


def test_the_same_holdings_give_the_same_torrent_without_reading_sound(seeding, releases):
    """Asked twice, and with every object unreadable, the bytes are the same."""
    path = f"/torrents/release/{releases[True].gid}.torrent"
    first = seeding.get(path).body
    objects = [one for one in seeding.root.glob("objects/*/*/*") if one.is_file()]
    hidden = seeding.root / "objects.hidden"
    (seeding.root / "objects").rename(hidden)
    try:
        with open_on_loopback(seeding.root) as other:
            assert other.get(path).body == first
    finally:
        hidden.rename(seeding.root / "objects")
    assert objects


def test_what_may_not_be_shared_has_no_torrent(seeding, releases):
    """What nobody may share is refused for legal reasons; what is no release is not found."""
    refused = seeding.get(f"/torrents/release/{releases[False].gid}.torrent")
    assert refused.status == 451
    for name in ("nothing.torrent", "00000000-0000-0000-0000-000000000000.torrent", "x"):
        assert seeding.get(f"/torrents/release/{name}").status == 404


def test_the_web_seed_gives_only_files_of_the_torrent_and_asks_each_time(seeding, releases):
    """Tricks with the path give nothing; what is decided against is not given any more."""
    gid = releases[True].gid
    data = lt.torrent_info(lt.bdecode(seeding.get(f"/torrents/release/{gid}.torrent").body))
    names = [data.layout().file_path(number) for number in range(data.num_files())]
    music = next(name for name in names if name.endswith(".flac"))
    base = f"/torrents/seed/{gid}/"
    part = seeding.get(base + quote(music), Range="bytes=5-104")
    assert (part.status, len(part.body)) == (206, 100)
    whole = seeding.get(base + quote(music))
    assert whole.body[5:105] == part.body
    assert 'rel="license"' in whole.headers["link"]
    folder = quote(music.partition("/")[0])
    for trick in ("..%2f..%2fphonotheque.toml", "../phonotheque.toml", "%2e%2e/x", "", "nothing"):
        assert seeding.get(f"{base}{folder}/{trick}").status == 404
    sha256 = hashlib.sha256(whole.body).hexdigest()
    Phono(seeding.root)("takedown", sha256, "--reason", "It has to go").expect(0)
    assert seeding.get(base + quote(music)).status == 404
    again = seeding.get(f"/torrents/release/{gid}.torrent").body
    assert music.encode() not in again


def test_damage_is_not_given(seeding, releases):
    """An object with another byte is refused by the web seed before a byte of it is sent."""
    gid = releases[True].gid
    info = lt.torrent_info(lt.bdecode(seeding.get(f"/torrents/release/{gid}.torrent").body))
    music = next(
        path
        for path in (info.layout().file_path(number) for number in range(info.num_files()))
        if path.endswith(".mp3")
    )
    address = f"/torrents/seed/{gid}/{quote(music)}"
    good = seeding.get(address).body
    victim = next(
        path for path in seeding.root.glob("objects/*/*/*.mp3") if path.read_bytes() == good
    )
    victim.chmod(0o644)
    victim.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    try:
        refused = seeding.get(address)
        assert refused.status == 500
        assert good[1:] not in refused.body
    finally:
        victim.write_bytes(good)
