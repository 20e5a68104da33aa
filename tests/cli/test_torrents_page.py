"""The torrents page of a real archive: made by publishing, counted for, true after a removal."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess

import feedparser
import libtorrent as lt
import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music
from tests.ports import free_ports

from phonotheque.publish.engine import EngineSettings, Seeder
from phonotheque.publish.health.report import decode
from publish.health.trackers import HttpTracker
from publish.minitracker import MiniTracker
from publish.stage import until
from publish.test_clients import QBITTORRENT_SETTINGS, running


def page_of(phono):
    return (phono.root / "published/index.html").read_text(encoding="utf-8")


def files_of(phono):
    """Every file of the page with its bytes and the instant of its last change."""
    published = phono.root / "published"
    names = ("*.html", "torrents.json", "choice.json", "feeds/*", "lists/*", "torrents/*")
    paths = [path for name in names for path in published.glob(name)]
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in paths if p.is_file()}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Made once: an archive with four recordings of a collection in one volume, published."""
    folder = tmp_path_factory.mktemp("shown")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    phono.set("address", '"https://archive.example/t"')
    phono.add(folder / "music", *LICENSED, "--collection", "Tidewrack <Editions>")
    (sealed,) = phono.publish()
    return phono.root, sealed


@pytest.fixture
def published(shown, tmp_path, monkeypatch):
    """A copy of it to work on, and what was told of the volume."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    root, sealed = shown
    return copy_archive(root, tmp_path / "archive"), sealed


def test_publishing_makes_the_page(published):
    """The volume stands on it with what leads to it: a magnet link that names its swarm, and the
    very file that was sealed; a second run writes nothing."""
    phono, sealed = published
    volume = sealed["volume"]
    said = json.loads((phono.root / "published/torrents.json").read_text(encoding="utf-8"))
    one = next(each for each in said["torrents"] if each["id"] == volume)
    assert one["collections"] == ["Tidewrack <Editions>"]
    assert f'href="{volume}.torrent"' in page_of(phono)
    assert "Tidewrack &lt;Editions&gt;" in page_of(phono)
    magnet = lt.parse_magnet_uri(one["magnet"])
    assert str(magnet.info_hashes.v2) == sealed["info_hash_v2"]
    torrent = (phono.root / "published" / one["torrent"]).read_bytes()
    assert hashlib.sha256(torrent).hexdigest() == one["torrent_sha256"]
    assert str(lt.load_torrent_buffer(torrent).ti.info_hashes().v2) == one["v2"]
    feed = feedparser.parse((phono.root / "published/feeds/open-all.xml").read_bytes())
    assert [entry.enclosures[0]["href"] for entry in feed.entries] == [
        f"https://archive.example/t/{volume}.torrent"
    ]
    before = files_of(phono)
    assert phono.publish() == []
    assert files_of(phono) == before


def test_health_is_counted_and_shown(published):
    """Who and when stand in `health.json`, levels on the page, a line in the journal; what is
    sealed afterwards leaves the count as it was."""
    phono, sealed = published
    v1 = bytes.fromhex(sealed["info_hash_v1"])
    with HttpTracker({v1: (5, 2)}) as tracker:
        told = phono(
            *("publish", "health", "--no-dht", "--tracker", tracker.url),
            *("--observer", "the weir", "--json"),
        )
    found = told.expect(0).one()
    assert found["observer"] == "the weir"
    assert found["levels"]["watch"]["torrents"] == 1
    health = decode((phono.root / "published/health.json").read_bytes())
    assert health.torrents[sealed["volume"]].seeders == 5
    assert "5 seeders, watch" in page_of(phono)
    assert "the weir" in page_of(phono)
    journal = (phono.root / "journals/health.jsonl").read_bytes()
    assert len(journal.splitlines()) == 1
    phono.publish()
    assert "5 seeders, watch" in page_of(phono)


def test_a_count_that_fails_leaves_the_last_one(published):
    """When nobody answers, or there is nobody to ask, the command says so and changes nothing."""
    phono, _ = published
    before = files_of(phono)
    with HttpTracker({}, b"<html>") as tracker:
        done = phono("publish", "health", "--no-dht", "--tracker", tracker.url).expect(6)
    assert tracker.url in done.err
    assert "nobody answered" in done.err
    done = phono("publish", "health", "--no-dht", "--tracker", "wss://x.example").expect(6)
    assert "nobody to ask" in done.err
    assert files_of(phono) == before
    assert not (phono.root / "published/health.json").exists()


def test_before_anything_is_published_there_is_nothing_to_count(phono):
    """An archive without an index is told to publish first."""
    done = phono("publish", "health", "--no-dht").expect(2)
    assert "phono publish run" in done.err


def test_a_damaged_count_does_not_stop_publishing(published):
    """`health.json` is unsigned and can be made again: whatever lies there, the page is made."""
    phono, _ = published
    (phono.root / "published/health.json").write_bytes(b'{"schema":1,"torrents":')
    (phono.root / "published/index.html").unlink()
    phono.publish()
    assert "not counted" in page_of(phono)


def test_what_was_removed_stays_listed_with_its_reason(published):
    """After a removal the old torrent stands on the page without file and magnet, with the reason
    and what took its place; no feed, list or zip has it."""
    phono, sealed = published
    old = sealed["volume"]
    manifest = (phono.root / f"objects/lists/{old}/manifest.tsv").read_text(encoding="utf-8")
    victim = manifest.splitlines()[1].split("\t")[0]
    phono("takedown", victim, "--reason", "A right holder asked for it.").expect(0)
    phono.publish()
    said = json.loads((phono.root / "published/torrents.json").read_text(encoding="utf-8"))
    records = {one["id"]: one for one in said["torrents"]}
    assert records[old]["obsolete"]
    assert (records[old]["magnet"], records[old]["torrent"]) == (None, None)
    new = records[old]["superseded_by"]
    assert records[new]["obsolete"] == ""
    page = page_of(phono)
    assert re.search(rf'<tr id="t-{old}">', page)
    assert f"{old}.torrent" not in page
    for path, (data, _) in files_of(phono).items():
        if path.parent.name in ("feeds", "lists"):
            assert old.encode() not in data or path.suffix == ".json", path  # "supersedes"
            assert records[old]["v2"].encode() not in data, path


def fetch_with_qbittorrent(torrent, folder):
    """The command that fetches a torrent, with its settings made."""
    port, web_port = free_ports(2)
    config = folder / "qBittorrent" / "config" / "qBittorrent.conf"
    config.parent.mkdir(parents=True)
    config.write_text(QBITTORRENT_SETTINGS.format(port=port, web_port=web_port))
    options = ["--skip-dialog=true", "--add-paused=false", f"--save-path={folder / 'out'}"]
    return ["qbittorrent-nox", f"--profile={folder}", *options, str(torrent)]


def fetch_with_rtorrent(torrent, folder):
    """The same for rtorrent, which needs no terminal as a daemon."""
    (port,) = free_ports(1)
    settings = {
        "system.daemon.set": "true",
        "directory.default.set": folder / "out",
        "session.path.set": folder,
        "network.bind_address.set": "127.0.0.1",
        "network.port_range.set": f"{port}-{port}",
        "dht.mode.set": "disable",
        "protocol.pex.set": "no",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    return ["rtorrent", "-n", *options, str(torrent)]


@pytest.mark.parametrize(
    ("program", "command"),
    [("qbittorrent-nox", fetch_with_qbittorrent), ("rtorrent", fetch_with_rtorrent)],
)
def test_stock_clients_download_what_the_page_offers(program, command, phono, music, tmp_path):
    """The .torrent file that the page links to is fetched whole by clients that people have."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    folder, log = tmp_path / "client", tmp_path / "log"
    (folder / "out").mkdir(parents=True)
    with MiniTracker([]) as tracker, Seeder(EngineSettings.loopback()) as seeder:
        tracker.peers.append(("127.0.0.1", seeder.port))
        phono.set("trackers", f'["{tracker.url}"]')
        phono.add(music, *LICENSED)
        (sealed,) = phono.publish()
        link = re.search(rf'href="({sealed["volume"]}\.torrent)"', page_of(phono)).group(1)
        torrent = phono.root / "published" / link
        seeder.add(torrent.read_bytes(), phono.root / "volumes")
        place = folder / "out" / sealed["volume"]
        check = ["sha256sum", "--strict", "--check", f"lists/{sealed['volume']}/SHA256SUMS"]

        def is_whole():
            checked = place.is_dir() and subprocess.run(check, cwd=place, capture_output=True)
            return bool(checked) and checked.returncode == 0

        with running(command(torrent, folder), folder, log):
            until(is_whole, seeder.wait_for_news, f"{program} has the volume")
    assert tracker.announces  # peers were found the way the torrent says
