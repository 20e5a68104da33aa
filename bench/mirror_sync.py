"""A mirror at work, beside a bare session of libtorrent with its defaults on the same torrent.

Every run ends when the bytes are durable; CPU seconds are of the process that fetches, without the
start of Python. All is on loopback. The engine that gives runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from bench.measure import AbsentError, best_in_turn, own_cpu_s, program, python_child, report_of
from bench.mirror_material import (
    NAME,
    damage,
    damaged_bytes,
    make_sparse,
    make_volume,
    torrent_path,
    volume_of,
)
from bench.own_network import rows_of
from bench.rows import Row, Sense

FILES = 144
TOTAL_BYTES = 502_000_000
LEAST_OF_BARE = 0.85
LEAST_WEB_MB = 200
VOLUMES = 35
MOST_RESIDENT_MB = 400
MOST_IDLE_PERCENT = 1
MOST_FETCHED = 1.5
_SETTLED_S = 12.0


def rows(scale: str) -> Iterator[Row]:
    """Measure fetching, mending and sharing, in a network of its own where that is allowed."""
    return rows_of("bench.mirror_sync", scale)


def measured(scale: str) -> Iterator[Row]:
    """The rows, in the network that there is."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-", dir="/var/tmp") as name:
        base = Path(name)
        size = make_volume(base / "origin", files=FILES, total_bytes=TOTAL_BYTES)
        with _giver(base / "origin") as port:
            yield from _beside_bare(base, port, size)
            yield from _mending(base, port)
        yield from _from_nginx(base, size)
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        yield from _resident(Path(name), has_own_files=scale == "full")


@contextmanager
def _giver(root: Path) -> Iterator[int]:
    """Share the volume in another process; gives its port."""
    command = python_child("bench.mirror_sync", "give", root)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        yield int(child.stdout.readline())
        child.stdin.close()


def _beside_bare(base: Path, port: int, size: int) -> Iterator[Row]:
    walls: dict[str, float] = {}

    def child(kind: str) -> Callable[[], float]:
        def measure() -> float:
            shutil.rmtree(base / "copy", ignore_errors=True)
            report = report_of(python_child("bench.mirror_sync", kind, base, str(port)))
            walls[kind] = min(report["wall_s"], walls.get(kind, report["wall_s"]))
            return float(report["cpu_s"])

        return measure

    best = best_in_turn({"ours": child("ours"), "bare": child("bare")})
    ours, bare = best["ours"], best["bare"]
    assert ours is not None
    assert bare is not None
    mb = size / 1e6
    work = f"{FILES} files of {mb:,.0f} MB from a peer"
    yield Row(
        f"mirror sync, {work}",
        mb / ours,
        "MB/CPU-s",
        LEAST_OF_BARE,
        f"bare libtorrent: {mb / bare:,.0f} MB/CPU-s",
        bare / ours,
    )
    yield Row(
        "  by the clock, until durable",
        mb / walls["ours"],
        "MB/s",
        LEAST_OF_BARE,
        f"bare libtorrent: {mb / walls['bare']:,.0f} MB/s",
        walls["bare"] / walls["ours"],
    )


def _mending(base: Path, port: int) -> Iterator[Row]:
    report = report_of(python_child("bench.mirror_sync", "mend", base, str(port)))
    yield Row(
        "repair: 2 flips, 2 truncations, 2 deletions",
        report["received_bytes"] / report["damaged_bytes"],
        "of damaged pieces",
        MOST_FETCHED,
        sense=Sense.AT_MOST,
    )


def _from_nginx(base: Path, size: int) -> Iterator[Row]:
    name = "mirror sync from nginx as web seed"
    try:
        with _nginx(base) as address:
            costs = []
            for _ in range(3):
                shutil.rmtree(base / "copy", ignore_errors=True)
                report = report_of(python_child("bench.mirror_sync", "web", base, address))
                costs.append(float(report["cpu_s"]))
    except AbsentError:
        yield Row(name, None, "MB/CPU-s", LEAST_WEB_MB)
        return
    yield Row(name, size / 1e6 / min(costs), "MB/CPU-s", LEAST_WEB_MB)


_NGINX = """
worker_processes 1; daemon off; master_process off; pid {base}/nginx.pid; error_log {base}/error;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; keepalive_requests 100000;
  client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
  uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
  server {{ listen 127.0.0.1:{port}; root {base}/origin/volumes; disable_symlinks off; }}
}}
"""


@contextmanager
def _nginx(base: Path) -> Iterator[str]:
    """A web server of the volume, on a port that was free."""
    import socket

    path = program("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = base / "nginx.conf"
    config.write_text(_NGINX.format(base=base, port=port))
    with subprocess.Popen([path, "-c", config, "-e", base / "error"]) as server:
        try:
            deadline = monotonic() + 10
            while monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


def _resident(base: Path, *, has_own_files: bool) -> Iterator[Row]:
    make_sparse(base, VOLUMES, has_own_files=has_own_files)
    report = report_of(python_child("bench.mirror_sync", "share", base))
    work = f"{VOLUMES} volumes of 8,192 files"
    resident = report["resident_bytes"] / 1e6
    yield Row(f"sharing {work}: resident", resident, "MB", MOST_RESIDENT_MB, sense=Sense.AT_MOST)
    idle = report["idle_percent"]
    yield Row("  idle, of a core", idle, "%", MOST_IDLE_PERCENT, sense=Sense.AT_MOST)


# -- children


def _child_give(root: Path) -> None:
    from phonotheque.publish.engine import EngineSettings, Seeder

    with Seeder(EngineSettings.loopback()) as seeder:
        seeder.add(torrent_path(root).read_bytes(), root / "volumes")
        print(seeder.port, flush=True)
        sys.stdin.read()


def _child_bare(base: Path, port: str) -> dict[str, Any]:
    """libtorrent's defaults, but for discovery; then every file and folder is made durable."""
    import libtorrent as lt

    data = torrent_path(base / "origin").read_bytes()
    target = base / "copy"
    target.mkdir()
    began, before = monotonic(), own_cpu_s()
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
        }
    )
    session.apply_settings({"alert_mask": lt.alert_category.status | lt.alert_category.storage})
    params = lt.load_torrent_buffer(data)
    params.save_path = str(target)
    params.peers = [("127.0.0.1", int(port))]
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = session.add_torrent(params)
    is_finished = is_flushed = False
    while not is_flushed:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.torrent_finished_alert):
                is_finished = True
                handle.flush_cache()
            is_flushed |= is_finished and isinstance(alert, lt.cache_flushed_alert)
    del alert, handle
    session.pause()
    del session
    _make_durable(target)
    return {"cpu_s": own_cpu_s() - before, "wall_s": monotonic() - began}


def _make_durable(root: Path) -> None:
    for folder, _, names in os.walk(root, topdown=False):
        for path in (*(os.path.join(folder, name) for name in names), folder):
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _child_ours(base: Path, port: str) -> dict[str, Any]:
    from phonotheque.publish.fetch import Sources

    return _fetched(base, Sources(peers=(("127.0.0.1", int(port)),)))


def _child_web(base: Path, address: str) -> dict[str, Any]:
    from phonotheque.publish.fetch import Sources

    return _fetched(base, Sources(web_seeds=(address,)))


def _fetched(base: Path, sources: Any) -> dict[str, Any]:
    from phonotheque.mirror.fetching import Fetching
    from phonotheque.mirror.jobs import Job

    volume = volume_of(base / "origin")
    place, ways = _place(base, sources)
    began, before = monotonic(), own_cpu_s()
    (outcome,) = Fetching(place, ways).run([Job(NAME, lambda: volume)])
    report = {"cpu_s": own_cpu_s() - before, "wall_s": monotonic() - began}
    if not outcome.is_whole:
        raise RuntimeError(str(outcome.error))
    return report


def _place(base: Path, sources: Any) -> tuple[Any, Any]:
    from phonotheque.disk import LocalDisk, make_folders
    from phonotheque.mirror.home import FOLDERS
    from phonotheque.mirror.jobs import Ways
    from phonotheque.mirror.swarm import Swarm
    from phonotheque.mirror.taking import Place
    from phonotheque.publish.session import EngineSettings
    from phonotheque.store.objects import INCOMING, DiskStore

    root = base / "copy"
    root.mkdir(exist_ok=True)
    disk = LocalDisk(root)
    for folder in FOLDERS:
        make_folders(disk, folder)

    def engine() -> Swarm:
        return Swarm(EngineSettings.loopback(), root / INCOMING)

    return Place(root, disk, DiskStore(disk)), Ways(swarm=engine, sources=sources)


def _child_mend(base: Path, port: str) -> dict[str, Any]:
    """Damage what was fetched last, and mend it."""
    from phonotheque.mirror.repairing import repair
    from phonotheque.publish.fetch import Sources

    volume = volume_of(base / "origin")
    place, ways = _place(base, Sources(peers=(("127.0.0.1", int(port)),)))
    if not all((place.root / part.target).exists() for part in volume.parts):
        _fetched(base, ways.sources)
    parts = damage(place.root, volume)
    done = repair(place, volume, parts, ways)
    if done.left:
        raise RuntimeError(str(done.error))
    return {"received_bytes": done.received_bytes, "damaged_bytes": damaged_bytes(parts)}


def _child_share(base: Path) -> dict[str, Any]:
    """Share everything, wait until nothing changes, then look for a while at what idling costs."""
    from phonotheque.mirror.sharing import Shared, Sharing
    from phonotheque.publish.engine import EngineSettings, Seeder, SeedState

    with ExitStack() as stack:
        seeder = stack.enter_context(Seeder(EngineSettings.loopback()))
        sharing = Sharing(seeder, 1 << 40)
        held = [
            Shared(path.stem, 8_192, base / "volumes", partial(_loaded, path))
            for path in sorted(base.glob("*.torrent"))
        ]
        if errors := sharing.hold(held):
            raise RuntimeError(str(errors[0]))
        while {one.state for one in seeder.progress()} != {SeedState.SEEDING}:
            seeder.wait_for_news(1)
        began, before = monotonic(), own_cpu_s()
        while monotonic() - began < _SETTLED_S:
            seeder.wait_for_news(1)
        idle = 100 * (own_cpu_s() - before) / (monotonic() - began)
        status = Path("/proc/self/status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return {"resident_bytes": resident * 1024, "idle_percent": idle}


def _loaded(path: Path) -> tuple[bytes, tuple[str, ...]]:
    return path.read_bytes(), ()


_CHILDREN: dict[str, Callable[..., Any]] = {
    "give": _child_give,
    "bare": _child_bare,
    "ours": _child_ours,
    "web": _child_web,
    "mend": _child_mend,
    "share": _child_share,
}

if __name__ == "__main__":
    told = _CHILDREN[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
    if told is not None:
        print(json.dumps(told))
