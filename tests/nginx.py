"""nginx as anybody would have it, on a port that nobody else can take meanwhile."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

_END_S = 60.0
"""Longest wait for its end, which needs milliseconds."""

_AROUND = """{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers} }}"""


@contextmanager
def nginx(folder: Path, servers: Callable[[int], str]) -> Iterator[int]:
    """Run it; yields its port.

    It is given a socket that listens already, as one nginx gives it to the next: whoever connects
    is answered, however long it takes to begin.

    Args:
        folder: For what it writes.
        servers: Gives the `server` blocks of its configuration, for a port of 127.0.0.1.
    """
    assert NGINX is not None
    user = "" if os.geteuid() else "user root;"  # who may read what tests write
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        config = folder / "nginx.conf"
        config.write_text(_AROUND.format(user=user, folder=folder, servers=servers(port)), "utf-8")
        number = listening.fileno()
        running = subprocess.Popen(
            [NGINX, "-e", folder / "error.log", "-c", config],
            env={**os.environ, "NGINX": f"{number};"},
            pass_fds=[number],
        )
    try:
        yield port
    finally:
        running.terminate()
        try:
            running.wait(_END_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise
