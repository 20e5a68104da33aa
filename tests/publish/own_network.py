"""Transmission in a network of its own, where an address that is not loopback belongs to us.

    unshare --user --map-root-user --net python -m publish.own_network VOLUMES FOLDER

FOLDER/twin is shared from VOLUMES, and transmission-cli fetches it into FOLDER/out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import libtorrent as lt

from phonotheque.publish.engine import EngineSettings, Seeder
from publish.minitracker import MiniTracker
from publish.stage import NAME, until

ADDRESS = "10.99.0.1"
_QUIET = ("utp-enabled", "dht-enabled", "lpd-enabled", "pex-enabled", "port-forwarding-enabled")


def main(volumes: Path, folder: Path) -> None:
    """Fetch it, or fail."""
    for command in ("link set lo up", f"addr add {ADDRESS}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    out, home = folder / "out", folder / "home"
    out.mkdir()
    home.mkdir()
    settings = dict.fromkeys(_QUIET, False) | {"bind-address-ipv4": ADDRESS}
    (home / "settings.json").write_text(json.dumps(settings))
    engine = replace(EngineSettings.loopback(), listen=(ADDRESS,), outgoing=ADDRESS)
    data = (folder / "twin").read_bytes()
    with MiniTracker([]) as tracker, Seeder(engine) as seeder:
        tracker.peers.append((ADDRESS, seeder.port))
        seeder.add_twin(data, volumes)
        file = folder / "twin.torrent"
        file.write_bytes(lt.bencode({**lt.bdecode(data), b"announce": tracker.url.encode()}))
        command = ["transmission-cli", "-g", str(home), "-M", "-w", str(out), str(file)]
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            check = ["sha256sum", "--check", "--quiet", f"lists/{NAME}/SHA256SUMS"]

            def is_whole() -> bool:
                place = out / NAME
                return place.is_dir() and subprocess.run(check, cwd=place).returncode == 0

            until(is_whole, seeder.wait_for_news, "Transmission has the volume")
        finally:
            client.terminate()
            client.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
