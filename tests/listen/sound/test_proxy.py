"""nginx in front, as the how-to has it: what people get through it is what the door says."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.phono import damage
from tests.nginx import NGINX, nginx

from listen.door import open_on_loopback
from listen.sound.stock import set_listening

HOW_TO = Path(__file__).parents[3] / "docs/how-to/serve-listeners.md"


@contextmanager
def _nginx(door, folder):
    """nginx with the configuration of the how-to; its address."""
    (written,) = re.findall("```nginx\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    written = re.sub(r" *ssl_\w+ .*\n", "", written)

    def servers(port):
        told = written
        for before, after in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
            ("127.0.0.1:8043", f"127.0.0.1:{door.port}"),
            ("/srv/archive/", f"{door.root}/"),
        ):
            assert before in told
            told = told.replace(before, after)
        return told

    with nginx(folder, servers) as port:
        yield type(door)(door.root, port, door.faults)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_what_nginx_sends_says_what_the_door_says(own, tmp_path):
    """Licence, reservation, type, name and the strong entity tag of a file that nginx sends are the
    door's, for GET, HEAD and ranges; what is refused or damaged is."""
    set_listening(own, 'proxy_files = "/archive/"')
    path, etag = f"/sound/{own.gid('short.flac')}", f'"{own.names["short.flac"]}"'
    data = own.data("short.flac")
    damage(own.path("long.wav"), lambda whole: whole[:-1] + b"x")
    with open_on_loopback(own.root) as door, _nginx(door, tmp_path) as front:
        handed = door.get(path).headers
        whole, head = front.get(path), front.get(path, "HEAD")
        assert (whole.status, whole.body, head.status, head.body) == (200, data, 200, b"")
        for answer in (whole, head, front.get(path, Range="bytes=0-9")):
            assert answer.headers["etag"] == etag
            for name in ("link", "content-usage", "x-content-type-options", "content-type",
                         "content-disposition", "x-sound-form", "x-duration-ms"):  # fmt: skip
                assert answer.headers[name] == handed[name], name
            assert len(answer.headers["x-request-id"]) == 16
        part = front.get(path, Range="bytes=5-9", If_Range=etag)
        assert (part.status, part.body) == (206, data[5:10])
        assert front.get(path, Range="bytes=5-9", If_Range='"other"').status == 200
        assert front.get(path, If_None_Match=etag).status == 304
        assert front.get(f"/sound/{own.gid('unknown.wav')}").status == 451
        assert front.get(f"/sound/{own.gid('long.wav')}?form=original").status == 503
        assert front.get(handed["x-accel-redirect"]).status == 404
        dressed = front.get(f"{path}?form=dressed", Range="bytes=0-9")
        assert (dressed.status, len(dressed.body)) == (206, 10)
