"""A statement goes to the archive's listening door, and counts where a person knows the mirror."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.cli.phono import call

from listen.door import open_on_loopback
from mirror.scene import VOLUME, Stage
from phonotheque.archive.keeping.mirrors import reports
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadRequestError, UnavailableError
from phonotheque.mirror.sending import send
from publish.loopback import Loopback, Silent


@pytest.fixture
def holding(stage: Stage) -> Stage:
    """A mirror that holds the volume, of an archive that can be listened to."""
    stage.join()
    stage.hold(VOLUME)
    stage.phono("catalogue", "build").expect(0)
    return stage


def known(stage: Stage) -> list[str]:
    return sorted(reports(LocalDisk(stage.archive)))


def test_a_known_mirror_reports_over_http(holding: Stage) -> None:
    """Nobody knows it: refused, and nothing is noted. Accepted once from a file, the next one is
    taken at the door, counted as a file would be, and one that is sent twice counts once; what is
    not signed by it is refused."""
    report = partial(call, "mirror", "report", "--mirror", holding.root, "--json")
    with open_on_loopback(holding.archive) as door:
        refused = report("--send", door.address).expect(2)
        assert "nobody here knows this mirror yet" in refused.err
        assert known(holding) == []
        first = report().expect(0).one()
        holding.phono("mirror", "accept", first["file"]).expect(0)
        told = report("--send", door.address).expect(0).one()
        assert told["sent"] == {"new": True, "torrents": {"whole": 1}}
        statement = Path(told["file"]).read_bytes()
        assert not send(door.address, statement).new
        forged = statement.replace(b'"country":""', b'"country":"DE"')
        assert forged != statement
        with pytest.raises(BadRequestError, match="did not sign"):
            send(door.address, forged)
    assert known(holding) == [told["mirror"]]


class Elsewhere(Silent):
    """A web server that knows nothing of statements."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Welcome</h1>")


def test_where_no_archive_listens_that_is_said() -> None:
    """A server that answers anything else, and one that is away, are told by their address."""
    with Loopback(Elsewhere) as server:
        address = server.address()
        with pytest.raises(UnavailableError, match="not as an archive"):
            send(address, b"x")
    with pytest.raises(UnavailableError, match="away"):
        send(address, b"x")
