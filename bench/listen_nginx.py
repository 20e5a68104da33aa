"""Range streaming with nginx in front, which sends what the door allows, beside nginx alone.

And beside nginx before a door that is empty: what it costs to ask at all.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.listen_asking import files_of, load_on, mb_per_cpu_s
from bench.listen_material import Running, serving
from bench.measure import ROOT, best_in_turn, program, python_child
from bench.rows import Row

LEAST_OF_NGINX = LEAST_OF_EMPTY = 0.9
_CONNECTIONS, _RANGES = 4, 500
"""2 GB: nginx takes 0.1 ms for a range, the door behind it ten times as long."""

_CONFIG = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream door {{ server 127.0.0.1:{door}; keepalive 16; }}
  upstream empty {{ server 127.0.0.1:{empty}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location /alone/ {{ alias {archive}/; }}
    location /archive/ {{ internal; alias {archive}/; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /empty/ {{ proxy_pass http://empty; }}
    location / {{ proxy_pass http://door; }}
  }}
}}
"""


def proxy_rows(archive: Path, folder: Path) -> Iterator[Row]:
    """Measure both in turn.

    Raises:
        AbsentError: nginx is not installed.
    """
    nginx = program("nginx")
    with (
        serving(archive, 'proxy_files = "/archive/"') as door,
        _empty_door() as empty,
        _proxy(nginx, archive, folder, (door.port, empty)) as front,
    ):
        load, files = load_on(front.port), files_of(front)
        wanted: dict[str, Any] = {"connections": _CONNECTIONS, "ranges": _RANGES}
        behind = {**wanted, "files": files}
        alone, before_empty = (
            {**wanted, "files": _objects(archive, place)} for place in ("alone", "empty")
        )
        load("ranges", {**behind, "ranges": 60})
        best = best_in_turn(
            {
                "front": lambda: 1 / mb_per_cpu_s([front], load, behind),
                "alone": lambda: 1 / mb_per_cpu_s([front], load, alone),
                "empty": lambda: 1 / mb_per_cpu_s([front], load, before_empty),
            }
        )
        both = max(mb_per_cpu_s([front, door], load, behind) for _ in range(2))
    in_front, by_itself, least = (1 / (best[name] or 1) for name in ("front", "alone", "empty"))
    peer = f"nginx alone {by_itself:,.0f}"
    name = "range streaming behind nginx: of nginx"
    yield Row(name, in_front, "MB/CPU-s", LEAST_OF_NGINX, peer, in_front / by_itself)
    other = f"nginx before an empty door {least:,.0f}"
    yield Row("  the same", in_front, "MB/CPU-s", LEAST_OF_EMPTY, other, in_front / least)
    name = "range streaming behind nginx: of both"
    yield Row(name, both, "MB/CPU-s", None, peer, both / by_itself)


def _objects(archive: Path, place: str) -> list[dict[str, Any]]:
    found = [path for path in archive.glob("objects/??/??/*.flac") if path.is_file()]
    return [
        {"path": f"/{place}/{path.relative_to(archive)}", "size": path.stat().st_size}
        for path in found
    ]


@contextmanager
def _empty_door() -> Iterator[int]:
    command = python_child("bench.empty_door")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield int(child.stdout.readline())
        finally:
            child.terminate()


@contextmanager
def _proxy(nginx: str, archive: Path, folder: Path, doors: tuple[int, int]) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    door, empty = doors
    config.write_text(
        _CONFIG.format(folder=folder, archive=archive, door=door, empty=empty, port=port)
    )
    for part in (folder, archive):
        part.chmod(0o755)
    with subprocess.Popen([nginx, "-e", folder / "error.log", "-c", config]) as child:
        try:
            _await(port)
            yield Running(port, child.pid)
        finally:
            child.terminate()


def _await(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
