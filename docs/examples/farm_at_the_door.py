"""A farm of simulated players at a real door, until `phono guard watch` has stopped all of it.

    python docs/examples/farm_at_the_door.py FOLDER

It makes an archive of 2,400 recordings that may only be heard, a service that is older than its
days of trial, and its past: eight days of 610 people and of a quiet farm of 40 accounts, drawn as
GuardBench draws them and written as the door writes its access log. Then it opens the door, starts
the watch, and lets farm and people ask over HTTP: some play parts, some ask for downloads, some
look each song up in the API and play it whole. See `docs/how-to/see-a-farm-stopped.md`.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soundfile

from phonotheque.archive.guarding.takings import COPIED_BYTES
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.catalogue.gids import gid_of
from phonotheque.guard.bench.catalogue import STEEP, TRACKS_PER_ALBUM, Catalogue, make_catalogue
from phonotheque.guard.bench.feed import Feed
from phonotheque.guard.bench.people import Population, make_population
from phonotheque.guard.bench.world import World
from phonotheque.guard.tokens import COOKIE, make_token
from phonotheque.listen.log import Line, Pseudonyms

SEED, ALBUMS, GENRES, PEOPLE, FARM, HOURS = 21, 200, 8, 600, 40, 54
QUIETER_PEOPLE, QUIETER_FARM = 0.3, 0.4
"""A small service: its people play a third of what GuardBench has measured, and so does the farm,
which has twenty times as many accounts for its catalogue as one that is worth its costs."""

SINCE_S = 600
"""Between the end of the past and now."""

BUDGET = 5_000
"""New recordings for each account, in an hour, a day and a month: half of it, which is what is left
beside a suspicion, is more than one account gets to, so that it is not the budget that ends one."""

BESIDE = 12
"""People who ask beside the farm, each for five hits."""

PATIENCE_S = 120.0

MAY_BE_HEARD = """
[[rule]]
match = "*.wav"
licence = "InC"
granted = ["stream"]
evidence = "Agreement of 2026-01-12: the archive may play it to listeners, and not hand it out"
"""
PHONO = [sys.executable, "-m", "phonotheque"]


@dataclass
class Player:
    """Somebody with a token, at an address of his own.

    Attributes:
        account: As the door calls him.
        wanted: Recordings that he will ask for, last one first.
        had: How many of them he had.
        stopped_s: Seconds after the first request of all at which he was refused; 0 before.
    """

    number: int
    token: str
    account: str
    wanted: list[str] = field(default_factory=list)
    had: int = 0
    stopped_s: float = 0.0

    @property
    def way(self) -> str:
        """How he asks."""
        return ("streaming", "download", "API")[self.number % 3]

    def ask(self, port: int, begun: float) -> None:
        """Take one more recording by his way, or be refused it."""
        gid = self.wanted.pop()
        headers = {
            "X-Forwarded-For": f"198.18.{self.number // 250}.{self.number % 250 + 1}",
            "Cookie": f"{COOKIE}={self.token}",
        }
        if self.way == "streaming":
            statuses = [get(port, f"/sound/{gid}", headers, part)[0] for part in PARTS]
        elif self.way == "download":  # what may only be heard is kept by nobody: he plays it then
            statuses = [get(port, f"/{door}/{gid}", headers)[0] for door in ("download", "sound")]
        else:
            song = json.loads(get(port, f"/api/v1/songs/{gid}", headers)[1])
            statuses = [get(port, f"/sound/{song['hit']['gid']}", headers)[0]]
        if statuses[-1] == 429:
            self.stopped_s = time.monotonic() - begun
        elif statuses[-1] in (200, 206):
            self.had += 1
        else:
            raise RuntimeError(f"{self.way}: {statuses}")


PARTS = ("bytes=0-1023", "bytes=1024-")


def get(port: int, path: str, headers: dict[str, str], part: str = "") -> tuple[int, bytes]:
    """Ask the door, as one player does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, None, headers | ({"Range": part} if part else {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def phono(archive: Path, *arguments: str | Path) -> str:
    """Run a command on the archive; return what it prints."""
    command = [*PHONO, "--archive", str(archive), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode > 1:  # 1 says that something was found
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout


def make_archive(folder: Path, catalogue: Catalogue) -> tuple[Path, list[str]]:
    """An archive whose recordings may be heard and not kept; and their gids, by track."""
    archive, music = folder / "archive", folder / "music"
    music.mkdir(parents=True)
    noise = np.random.default_rng(SEED)
    for track in range(catalogue.tracks):
        album = track // TRACKS_PER_ALBUM
        with soundfile.SoundFile(music / f"{track}.wav", "w", 8_000, 1, subtype="PCM_16") as file:
            file.title, file.album = f"Piece {track}", f"Album {album}"
            file.artist, file.genre = f"Artist {album // 2}", f"Genre {catalogue.genres[album]}"
            file.buffer_write(noise.bytes(4_000), "int16")
    (music / "rights.toml").write_text(MAY_BE_HEARD, "utf-8")
    phono(archive, "init", archive, "--name", "A trial")
    told = map(json.loads, phono(archive, "add", music, "--json").splitlines())
    paths = {Path(one["path"]): one["sha256"] for one in told}
    names = {int(path.stem): name for path, name in paths.items() if path.suffix == ".wav"}
    phono(archive, "catalogue", "build")
    settings = archive / "phonotheque.toml"
    text = settings.read_text("utf-8").replace("\n[guard]\n", "\n[guard]\nshadow_days = 0\n")
    budgets = [f"restricted_in_{time} = {BUDGET}" for time in ("hour", "day", "month")]
    more = "\n".join(["\n[listen]", *budgets, "requests_per_s = 0\n"])
    settings.write_text(text.replace("\n[listen]\n", more), "utf-8")
    gids = [str(gid_of("holdings", "recording", names[n])) for n in range(catalogue.tracks)]
    return archive, gids


def population() -> Population:
    """People, and a farm that splits the catalogue and keeps human hours."""
    found = make_population(SEED, PEOPLE, GENRES, {"L3": FARM})
    traits = found.traits.copy()
    traits[found.honest, 0] *= QUIETER_PEOPLE
    traits[~found.honest, 0] *= QUIETER_FARM
    return replace(found, traits=traits)


def write_past(archive: Path, world: World, players: list[Player], gids: list[str]) -> int:
    """Write into the access log what they did until ten minutes ago; return how many plays."""
    feed = Feed(world)
    batches = [batch.events for batch in (*feed.warm_up(), *islice(feed.days(3), HOURS))]
    shift = int(time.time()) - SINCE_S - int(batches[-1].second[-1])
    folder, count = archive / "state" / "access", 0
    folder.mkdir(parents=True, exist_ok=True)
    for events in batches:
        days: dict[str, list[bytes]] = {}
        rows = zip(*(column.tolist() for column in events), strict=True)
        for account, track, second, played_ms, _ in rows:
            at = datetime.fromtimestamp(second + shift, UTC).isoformat(timespec="milliseconds")
            line = Line(
                at=at.replace("+00:00", "Z"), id=secrets.token_hex(8), method="GET",
                address=players[account].account[::-1], network=players[account].account[:16],
                account=players[account].account, endpoint="/sound/{gid}", item=gids[track],
                restricted=True, status=206, bytes=COPIED_BYTES if played_ms >= 60_000 else 9_000,
            )  # fmt: skip
            days.setdefault(at[:10], []).append(msgspec.json.encode(line) + b"\n")
            count += 1
        for day, lines in days.items():
            with (folder / f"{day}.jsonl").open("ab") as file:
                file.write(b"".join(lines))
    return count


def make_players(archive: Path, count: int) -> list[Player]:
    """Players with a token each, as the door gives them."""
    key = ListenerKeys(archive).key
    names, found = Pseudonyms(key), []
    for number in range(count):
        token = make_token(key(), secrets.token_bytes(16))
        found.append(Player(number, token, names.of(f"token {token.partition('.')[0]}")))
    return found


@contextmanager
def running(archive: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside this one until the block ends."""
    command = [*PHONO, "--archive", str(archive), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.terminate()


def copy_until_stopped(port: int, farm: list[Player], people: list[Player]) -> None:
    """Farm and people ask in turns, until each of the farm was refused."""
    begun = time.monotonic()
    while any(not player.stopped_s for player in farm):
        if time.monotonic() - begun > PATIENCE_S:
            raise RuntimeError("the farm goes on")
        for player in (*farm, *people):
            if not player.stopped_s and player.wanted:
                player.ask(port, begun)


def tell(archive: Path, farm: list[Player], people: list[Player]) -> dict[str, Any]:
    """Print what came of it; return the incident report."""
    cases = [json.loads(line) for line in phono(archive, "guard", "cases", "--json").splitlines()]
    basis = {case["account"]: case["basis"] for case in cases if case["rung"] == "challenge"}
    kinds = [basis.get(player.account) for player in farm]
    print(f"The farm: {len(farm)} accounts, all of them stopped,")
    print(f"  {kinds.count('group')} as a group, {kinds.count('conduct')} for what they did alone;")
    for way in ("streaming", "download", "API"):
        mine = [player for player in farm if player.way == way]
        print(f"  {way}: {len(mine)} stopped after {sum(one.had for one in mine)} more recordings.")
    asked = sum(bool(player.stopped_s) for player in people)
    print(f"People who asked beside it: {len(people)}, of them stopped: {asked}.")
    report: dict[str, Any] = json.loads(phono(archive, "guard", "incident", "--json"))
    share = 100 * report["share_of_catalogue"]
    told = f"{report['recordings']:,} recordings left, {share:.0f} % of the catalogue"
    print(f"Incident report: {len(report['accounts'])} accounts; {told}.")
    return report


def main(folder: Path) -> None:
    """Play it."""
    catalogue = make_catalogue(STEEP, SEED, ALBUMS, GENRES)
    people_and_farm = population()
    world = World(catalogue, people_and_farm, SEED)
    print(f"An archive of {catalogue.tracks:,} recordings that may only be heard is made.")
    archive, gids = make_archive(folder, catalogue)
    players = make_players(archive, len(people_and_farm.kinds))
    plays = write_past(archive, world, players, gids)
    honest = people_and_farm.honest
    print(f"Its log: {plays:,} plays of {honest.sum()} people and {FARM} accounts of a farm.")
    found = [json.loads(line) for line in phono(archive, "guard", "watch", "--json").splitlines()]
    asked = {one["account"] for one in found if one["rung"] == "challenge"}
    mine = len(asked & {player.account for player in players[-FARM:]})
    print(f"What the watch reads there: {mine} of the farm are asked, {len(asked) - mine} others.")
    draw, hits = np.random.default_rng(SEED), np.argsort(-catalogue.weights)[:10]
    farm = [players[number] for number in np.flatnonzero(~honest)]
    beside = [players[number] for number in draw.choice(np.flatnonzero(honest), BESIDE, False)]
    for player in farm:
        player.wanted = [gids[track] for track in draw.permutation(catalogue.tracks)]
    for player in beside:
        albums = draw.choice(hits, 5, replace=False)
        player.wanted = [gids[album * TRACKS_PER_ALBUM] for album in albums]
    with ExitStack() as stack:
        door = stack.enter_context(running(archive, "serve", "--port", "0", "--json"))
        assert door.stdout is not None
        port = int(json.loads(door.stdout.readline())["address"].rstrip("/").rpartition(":")[2])
        stack.enter_context(running(archive, "guard", "watch", "--every", "0.5"))
        copy_until_stopped(port, farm, beside)
    tell(archive, farm, beside)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
