"""A volume and a pack come whole through our own server alone, as BEP 19 has it."""

import hashlib
from functools import partial

import pytest
from tests.cli.phono import LICENSED, found
from tests.cli.small_music import make_music

from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.errors import UnavailableError
from phonotheque.publish.fetch import EngineSettings, Sources, fetch
from phonotheque.publish.web.digests import Digests
from phonotheque.publish.web.server import Bounds, Server

DEADLINE_S = 120


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An archive that is published and served; faults of the server are collected."""
    folder = tmp_path_factory.mktemp("served")
    make_music(folder / "music", 6)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono.publish()
    faults = []
    opening = partial(Clerk, phono.root, Digests(), Closed())
    server = Server(opening, ("127.0.0.1", 0), Bounds(threads=8), faults.append)
    server.start()
    yield phono, f"http://127.0.0.1:{server.port}/volumes/", faults
    server.close()


@pytest.mark.parametrize("kind", ["open", "overlays"])
def test_libtorrent_downloads_it_from_the_server_alone(served, tmp_path, kind):
    """Without a peer, a tracker or the DHT: every byte from the one address for web seeds."""
    phono, address, faults = served
    (path,) = phono.root.glob(f"published/*-{kind}-all-00001.torrent")
    sources = Sources(web_seeds=(address,))
    settings = EngineSettings.loopback()
    done = fetch(
        path.read_bytes(), tmp_path, settings=settings, deadline_s=DEADLINE_S, sources=sources
    )
    assert done.received_bytes >= done.total_bytes > 0
    files = [file for file in done.folder.rglob("*") if file.is_file()]
    below = "objects" if kind == "open" else f"published/packs/{path.stem}"
    for file in files:
        if ".pad" not in file.parts:
            original = phono.root / below / file.relative_to(done.folder)
            assert hashlib.sha256(file.read_bytes()).digest() == _digest(original)
    assert len(files) >= 5
    assert faults == []


def _digest(path):
    return hashlib.sha256(path.read_bytes()).digest()


def test_what_is_withdrawn_meanwhile_does_not_come(served, tmp_path):
    """A torrent that somebody kept gets nothing of a removed recording from this server."""
    phono, address, _ = served
    (path,) = phono.root.glob("published/*-open-all-00001.torrent")
    torrent = path.read_bytes()
    name = phono.show(path.stem)["members"][0]
    phono("takedown", name, "--reason", "The label asked for it").expect(0)
    with pytest.raises(UnavailableError):
        fetch(
            torrent,
            tmp_path,
            settings=EngineSettings.loopback(),
            deadline_s=2,
            sources=Sources(web_seeds=(address,)),
        )
    found_files = [file for file in tmp_path.rglob(f"{name}*") if file.stat().st_size]
    assert not any(hashlib.sha256(file.read_bytes()).hexdigest() == name for file in found_files)
