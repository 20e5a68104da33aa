"""The engine gives and never takes: on loopback, with libtorrent at both ends."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import libtorrent as lt
import pytest

from phonotheque.errors import (
    BadReferenceError,
    BadSettingError,
    ConflictError,
    DiskFailedError,
    MalformedError,
    NotHeldError,
    UnavailableError,
)
from phonotheque.publish.engine import EngineSettings, Seeder, SeedState
from phonotheque.publish.fetch import FetchProgress, Sources, fetch
from phonotheque.publish.session import torrent_params
from publish.loopback import Loopback, Silent
from publish.minitracker import MiniTracker
from publish.stage import (
    NAME,
    PATIENCE_S,
    Archive,
    build_archive,
    copy_volume,
    every_trace,
    same_tree,
    seeder_until,
    state_of,
)

LOOPBACK = EngineSettings.loopback()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return build_archive(tmp_path / "archive")


def test_a_volume_is_shared_through_its_link(archive: Archive, tmp_path: Path) -> None:
    """What is fetched from the store through `volumes/<name>` equals the store, byte for byte."""
    told: list[FetchProgress] = []
    before = every_trace(archive.root)
    with Seeder(LOOPBACK) as seeder:
        added = seeder.add(archive.torrent, archive.volumes)
        sources = Sources(peers=(("127.0.0.1", seeder.port),))
        result = fetch(
            archive.torrent,
            tmp_path,
            settings=LOOPBACK,
            deadline_s=PATIENCE_S,
            sources=sources,
            on_progress=told.append,
        )
    assert same_tree(result.folder, archive.root / "objects")
    assert (added.name, result.info_hash_v2) == (NAME, added.info_hash_v2)
    assert told
    assert told[-1].name == NAME
    # What it has sent is still known after it was closed; the receiver counts pads, too.
    (status,) = seeder.progress()
    assert status.uploaded_bytes >= result.total_bytes > 6_000_000
    assert seeder.troubles() == []
    assert every_trace(archive.root) == before


def test_a_magnet_link_and_a_tracker_are_enough(archive: Archive, tmp_path: Path) -> None:
    """A magnet link with both info-hashes finds the volume through the tracker; leaving is told."""
    with MiniTracker([]) as tracker:
        announcing = EngineSettings.loopback(trackers=(tracker.url,))
        with Seeder(announcing) as seeder:
            tracker.peers.append(("127.0.0.1", seeder.port))
            added = seeder.add(archive.torrent, archive.volumes)
            assert "tr=http" in added.magnet
            assert f"urn:btmh:1220{added.info_hash_v2}" in added.magnet
            assert f"urn:btih:{added.info_hash_v1}" in added.magnet
            started = tracker.wait_for("started", PATIENCE_S, seeder.port)
            assert started is not None
            assert started["left"] == "0"
            result = fetch(added.magnet, tmp_path, settings=LOOPBACK, deadline_s=PATIENCE_S)
        stopped = tracker.wait_for("stopped", PATIENCE_S, seeder.port)
        assert stopped is not None
    assert same_tree(result.folder, archive.root / "objects")


def test_a_web_seed_alone_is_enough(archive: Archive, tmp_path: Path) -> None:
    """A plain web server that answers ranges serves a hybrid volume."""
    with Loopback(partial(Ranges, archive.volumes)) as server:
        result = fetch(
            archive.torrent,
            tmp_path,
            settings=LOOPBACK,
            deadline_s=PATIENCE_S,
            sources=Sources(web_seeds=(server.address(),)),
        )
    assert same_tree(result.folder, archive.root / "objects")


class Ranges(Silent):
    """The smallest server of byte ranges (RFC 9110, section 14)."""

    protocol_version = "HTTP/1.1"

    def __init__(self, root: Path, *args: object) -> None:
        self.root = root
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = (self.root / self.path.lstrip("/")).read_bytes()
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        part = body[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


def test_what_is_there_already_is_not_fetched_again(archive: Archive, tmp_path: Path) -> None:
    """A complete copy is proven and nothing comes over the network."""
    copy_volume(archive, tmp_path)
    result = fetch(archive.torrent, tmp_path, settings=LOOPBACK, deadline_s=PATIENCE_S)
    assert result.received_bytes == 0


@pytest.mark.parametrize("source", ["torrent", "magnet"])
def test_a_fetch_ends_at_its_deadline(archive: Archive, tmp_path: Path, source: str) -> None:
    """Where nobody has the bytes the deadline ends the fetch, and the error says what came."""
    params = torrent_params(archive.torrent, tmp_path)
    params.name = NAME
    what = archive.torrent if source == "torrent" else lt.make_magnet_uri(params)
    with pytest.raises(UnavailableError, match="0 peers connected") as raised:
        fetch(what, tmp_path, settings=LOOPBACK, deadline_s=0.6)
    assert raised.value.thing == NAME


def test_a_fetch_that_cannot_write_says_why(archive: Archive, tmp_path: Path) -> None:
    """A refused write is the disk's error, not a silence until the deadline."""
    (tmp_path / NAME).write_text("a file stands where the folder should be")
    with Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        with pytest.raises(DiskFailedError):
            fetch(
                archive.torrent,
                tmp_path,
                settings=LOOPBACK,
                deadline_s=PATIENCE_S,
                sources=Sources(peers=(("127.0.0.1", seeder.port),)),
            )


def test_what_is_no_torrent_is_refused(tmp_path: Path) -> None:
    """Bytes that are no torrent, and text that is no magnet link, are refused by their names."""
    with Seeder(LOOPBACK) as seeder, pytest.raises(MalformedError):
        seeder.add(b"d4:infodee", tmp_path)
    with pytest.raises(MalformedError):
        fetch(b"", tmp_path, settings=LOOPBACK, deadline_s=PATIENCE_S)
    with pytest.raises(BadReferenceError):
        fetch("magnet:?dn=nothing", tmp_path, settings=LOOPBACK, deadline_s=PATIENCE_S)


def test_volumes_come_and_go(archive: Archive) -> None:
    """A volume is shared once; removed, it is gone and its files stay; then it may come back."""
    before = every_trace(archive.root)
    with Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        with pytest.raises(ConflictError):
            seeder.add(archive.torrent, archive.volumes)
        seeder.remove(NAME)
        with pytest.raises(NotHeldError):
            seeder.remove(NAME)
        assert seeder.progress() == []
        seeder.add(archive.torrent, archive.volumes)
        seeder_until(seeder, lambda: state_of(seeder) == SeedState.SEEDING, "seeding again")
    assert every_trace(archive.root) == before


def test_settings_that_cannot_be_meant_are_refused() -> None:
    """A port beyond 65,535, a negative limit, no connections and a strange address are refused."""
    with pytest.raises(BadSettingError):
        EngineSettings(port=65_536)
    with pytest.raises(BadSettingError):
        EngineSettings(upload_limit_bytes_per_s=-1)
    with pytest.raises(BadSettingError):
        EngineSettings(connections=0)
    with pytest.raises(UnavailableError, match="cannot listen"):
        Seeder(EngineSettings(listen=("192.0.2.1",), port=0, dht=False, port_mapping=False))
