"""Two machines and a cable between them: two networks of their own, which nobody else can see.

    unshare --user --map-root-user --net python -m mirror.networks near FOLDER

This process is the near machine, which has the volume; it starts the far one, which fetches, in
another network, and pulls the cable when it is told how far that is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mirror.swarm_stage import (
    LOOPBACK,
    Origin,
    fetch,
    held,
    make_origin,
    make_place,
    peer,
    swarm_ways,
)
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.swarm import Swarm
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources
from phonotheque.publish.session import EngineSettings
from phonotheque.store.objects import INCOMING

NEAR, FAR = "10.99.0.1", "10.99.0.2"
STALL_S = 3.0
HALF_BYTES = 5_000_000
_SLOWLY = 4_000_000
"""Bytes a second, so that the cable is pulled in the middle."""

OWN_NETWORK = ["unshare", "--user", "--map-root-user", "--net"]


def why_not() -> str:
    """Why no network of one's own can be had here; "" when it can."""
    if missing := [name for name in ("unshare", "ip") if shutil.which(name) is None]:
        return f"{missing[0]} is not installed"
    pair = "ip link add near type veth peer name far && unshare --net true"
    done = subprocess.run([*OWN_NETWORK, "sh", "-c", pair], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"no network of its own can be had: {done.stderr}"


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def _up(name: str, address: str) -> None:
    Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")  # it would talk by itself
    for command in ("link set lo up", f"addr add {address}/24 dev {name}", f"link set {name} up"):
        _ip(command)


def _settings(address: str, **more: int) -> EngineSettings:
    return replace(EngineSettings.loopback(), listen=(address,), outgoing=address, **more)


def make() -> Origin:
    """The same volume on both machines."""
    return make_origin(sizes=(70_000, 8_000_000))


# -- the near machine


def near(folder: Path) -> None:
    """Share the volume, and pull the cable in the middle of it."""
    _ip("link add near type veth peer name far")
    origin = make()
    origin.lay_out(folder / "near")
    with ExitStack() as stack:
        far = stack.enter_context(_far_machine(folder))
        _up("near", NEAR)
        seeder = stack.enter_context(Seeder(_settings(NEAR, upload_limit_bytes_per_s=_SLOWLY)))
        seeder.add(origin.torrent.data, folder / "near" / "volumes")
        _say(far, "begin", seeder.port)
        for told in _told(far):
            if told["what"] == "halfway":
                _ip("link set near down")
            elif told["what"] == "stalled":
                _ip("link set near up")
                _say(far, "again", seeder.port)
            elif told["what"] == "over":
                print(json.dumps(told))
                return
    raise SystemExit("the far machine ended before it was over")


@contextmanager
def _far_machine(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in another network, with the other end of the cable."""
    command = ["unshare", "--net", sys.executable, "-m", "mirror.networks", "far", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert next(_told(child))["what"] == "there"
            _ip(f"link set far netns {child.pid}")
            yield child
        finally:
            child.kill()


def _say(far: subprocess.Popen[str], what: str, port: int) -> None:
    assert far.stdin is not None
    far.stdin.write(json.dumps({"what": what, "port": port}) + "\n")
    far.stdin.flush()


def _told(far: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert far.stdout is not None
    for line in far.stdout:
        yield json.loads(line)


# -- the far machine


def far(folder: Path) -> None:
    """Fetch until it stalls, and once more."""
    _print("there")
    port = json.loads(input())["port"]
    _up("far", FAR)
    origin, place = make(), make_place(folder / "far")
    sent = _sent_packets()
    _at_home(origin, folder)
    at_home_packets = _sent_packets() - sent
    sources = Sources(peers=((NEAR, port),))

    engines: list[Swarm] = []

    def start() -> Swarm:
        engines.append(Swarm(_settings(FAR), place.root / INCOMING))
        return engines[-1]

    seen: list[Came] = []

    def on_progress(came: Came) -> None:
        if came.done_bytes > HALF_BYTES and not seen:
            seen.append(came)
            engines[-1]._stall_s = STALL_S  # until now nothing ends it, nor the second one
            _print("halfway")

    first = fetch(place, origin, Ways(swarm=start, sources=sources), on_progress)
    _print("stalled")
    assert json.loads(input())["what"] == "again"
    second = fetch(place, origin, Ways(swarm=start, sources=sources))
    _print(
        "over",
        at_home_packets=at_home_packets,
        first=[first.is_whole, str(first.error)],
        second=[second.is_whole, str(second.error)],
        received_bytes=[first.received_bytes, second.received_bytes],
        is_exact=held(place.root) == origin.bodies,
    )


def _at_home(origin: Origin, folder: Path) -> None:
    """A fetch with settings that never leave this machine."""
    place = make_place(folder / "home")
    with Seeder(LOOPBACK) as seeder:
        seeder.add(origin.torrent.data, folder / "near" / "volumes")
        assert fetch(place, origin, swarm_ways(place, Sources(peers=(peer(seeder),)))).is_whole


def _sent_packets() -> int:
    lines = Path("/proc/net/dev").read_text().splitlines()
    (counts,) = [line.partition(":")[2] for line in lines if line.strip().startswith("far:")]
    return int(counts.split()[9])  # eight columns of what came, then bytes and packets sent


def _print(what: str, **more: object) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


if __name__ == "__main__":
    os.umask(0o022)
    {"near": near, "far": far}[sys.argv[1]](Path(sys.argv[2]))
