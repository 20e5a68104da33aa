"""How soon a verdict follows from an event, at a real door beside a real `phono guard watch`."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import soundfile

from bench.archives import phono
from bench.listen_material import serving
from bench.measure import ROOT
from bench.rows import Row, Sense
from phonotheque.archive.opening import open_to_write
from phonotheque.catalogue.gids import gid_of
from phonotheque.guard.canaries import is_canary
from phonotheque.guard.tokens import COOKIE
from phonotheque.music.rights import Basis, RightsStatement, Use
from phonotheque.register.events import Rights

PLAYERS = 100
AT_ONCE = 8
EVERY_S = 0.25
MOST_S = 2.0
_PATIENCE_S = 60.0
_ASK_AGAIN_S = 0.01
_IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"


def verdict_rows() -> Iterator[Row]:
    """Measure the time from an event to the refusal that follows from it."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as scratch:
        archive, gid = _archive(Path(scratch))
        with serving(archive, "shadow_days = 0") as door, _watching(archive):
            key = bytes.fromhex(json.loads((archive / "keys/listeners.json").read_bytes())["key"])
            numbers = (uuid5(NAMESPACE_URL, f"bench {number}") for number in range(10_000_000))
            canaries = (str(one) for one in numbers if is_canary(str(one), key))
            players = [
                _Player(door.port, number, gid, (next(canaries), next(canaries)))
                for number in range(PLAYERS + 1)
            ]
            players[0].guess()  # by then the watch has begun
            with ThreadPoolExecutor(AT_ONCE) as threads:
                taken = sorted(threads.map(_Player.guess, players[1:]))
    for name, share in (("median", 0.5), ("p99", 0.99)):
        value = taken[int(share * len(taken))]
        floor = MOST_S if name == "p99" else None
        told = f"guard: from an event to its verdict at the door: {name} of {PLAYERS}"
        yield Row(told, value, "s", floor, sense=Sense.AT_MOST)


@dataclass(frozen=True)
class _Player:
    """Somebody with an address of his own, who guesses two ids."""

    port: int
    number: int
    gid: str
    canaries: tuple[str, str]

    def guess(self) -> float:
        """Return the seconds from the answer to the second guess until he is refused."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        try:
            cookie = self._ask(connection, self.gid, "")[1]
            self._ask(connection, self.gid, cookie)
            self._ask(connection, self.canaries[0], cookie)
            time.sleep(2 * random.random())  # anywhere between two looks
            self._ask(connection, self.canaries[1], cookie)
            begun = time.monotonic()
            while self._ask(connection, self.gid, cookie)[0] != 429:
                if time.monotonic() - begun > _PATIENCE_S:
                    raise TimeoutError("no verdict follows")
                time.sleep(_ASK_AGAIN_S)
            return time.monotonic() - begun
        finally:
            connection.close()

    def _ask(self, connection: HTTPConnection, gid: str, cookie: str) -> tuple[int, str]:
        address = f"198.18.{self.number // 250}.{self.number % 250 + 1}"
        told = {"X-Forwarded-For": address, "Cookie": cookie}
        connection.request("GET", f"/sound/{gid}", None, told)
        reply = connection.getresponse()
        reply.read()
        given = reply.getheader("set-cookie", "")
        return reply.status, given.partition(";")[0] if given.startswith(COOKIE) else cookie


def _archive(scratch: Path) -> tuple[Path, str]:
    """An archive with one recording that may be heard and not kept, and its gid."""
    music, archive = scratch / "music", scratch / "archive"
    music.mkdir()
    with soundfile.SoundFile(music / "one.wav", "w", 8_000, 1, subtype="PCM_16") as file:
        file.title, file.artist, file.album = "One", "Bench", "One"
        file.buffer_write(random.Random(1).randbytes(32_000), "int16")
    _run("init", archive, "--name", "Bench")
    added = json.loads(_run("--archive", archive, "add", music, "--json").splitlines()[0])
    with open_to_write(archive, "decide") as opened:
        stated = RightsStatement(
            basis=Basis.DECISION, stated_at=opened.now(), licence=_IN_COPYRIGHT,
            granted=(Use.STREAM,),
        )  # fmt: skip
        opened.record([Rights(added["sha256"], stated)])
    _run("--archive", archive, "catalogue", "build", "--jobs", "1")
    return archive, str(gid_of("holdings", "recording", added["sha256"]))


def _run(*arguments: str | Path) -> str:
    done = subprocess.run(phono(*arguments), capture_output=True, check=True, text=True, cwd=ROOT)
    return done.stdout


@contextmanager
def _watching(archive: Path) -> Iterator[None]:
    """Run `phono guard watch` beside the door."""
    command = phono("--archive", archive, "guard", "watch", "--every", str(EVERY_S))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        try:
            yield
        finally:
            child.terminate()
