"""A volume comes from peers, web servers and folders, and is held only when it is proven."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mirror.swarm_stage import (
    LOOPBACK,
    NAME,
    Bodies,
    Origin,
    fetch,
    held,
    make_origin,
    make_place,
    path_of,
    peer,
    sealed,
    swarm_ways,
)
from phonotheque.errors import DiskFailedError, MalformedError, UnavailableError
from phonotheque.mirror import fetching
from phonotheque.mirror.contents import Part
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.news import Stalled
from phonotheque.mirror.receiving import Receiving
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources
from phonotheque.publish.shield import Wall, behind_wall, wall_version
from phonotheque.store.objects import INCOMING
from publish.loopback import Loopback
from publish.stage import until
from publish.test_engine import Ranges

ORIGIN = make_origin()


@pytest.fixture(scope="module")
def giver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that has all of the volume."""
    return ORIGIN.lay_out(tmp_path_factory.mktemp("giver"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "copy")


def is_tidy(place: Place) -> bool:
    return list((place.root / INCOMING).iterdir()) == []


def from_peer(place: Place, origin: Origin, giver: Path, **how: object) -> object:
    with Seeder(LOOPBACK) as seeder:
        seeder.add(origin.torrent.data, giver / "volumes")
        ways = swarm_ways(place, Sources(peers=(peer(seeder),)))
        return fetch(place, origin, replace(ways, **how))  # type: ignore[arg-type]


def path_sha256(part: Part) -> str:
    """The name of the object that a file is."""
    return part.path.rpartition("/")[2][:64]


def test_a_volume_comes_from_a_peer(place: Place, giver: Path) -> None:
    """Every byte is in its place, frozen and linked, and nothing is left where it came."""
    outcome = from_peer(place, ORIGIN, giver)
    assert (outcome.is_whole, outcome.files) == (True, len(ORIGIN.bodies))
    assert held(place.root) == ORIGIN.bodies
    modes = {(place.root / part.target).stat().st_mode & 0o777 for part in ORIGIN.contents.parts}
    assert modes == {0o444}
    assert os.readlink(place.root / "volumes" / NAME) == "../objects"
    assert is_tidy(place)


def test_a_volume_comes_from_web_servers_and_peers_together(place: Place, giver: Path) -> None:
    """A web seed alone is enough, and so is one beside a peer."""
    with Loopback(partial(Ranges, giver / "volumes")) as server:
        outcome = fetch(place, ORIGIN, swarm_ways(place, Sources(web_seeds=(server.address(),))))
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_a_volume_comes_from_a_folder_without_any_network(place: Place, giver: Path) -> None:
    """What is at hand is copied: no engine is started."""
    outcome = fetch(place, ORIGIN, Ways(folders=(Folder.at(giver),)))
    assert (outcome.is_whole, outcome.received_bytes) == (True, 0)
    assert outcome.copied_bytes == sum(map(len, ORIGIN.bodies.values()))
    assert held(place.root) == ORIGIN.bodies
    assert is_tidy(place)


def test_what_a_folder_lacks_comes_from_peers(place: Place, giver: Path, tmp_path: Path) -> None:
    """A folder with a damaged, a cut and a missing file gives the rest; peers give these."""
    folder = ORIGIN.lay_out(tmp_path / "stick")
    first, second, third = ORIGIN.objects[:3]
    (folder / first.target).write_bytes(b"\0" * first.size_bytes)
    (folder / second.target).write_bytes(b"cut")
    (folder / third.target).unlink()
    outcome = from_peer(place, ORIGIN, giver, folders=(Folder.at(folder),))
    assert outcome.is_whole
    assert outcome.received_bytes == sum(one.size_bytes for one in (first, second, third))
    assert held(place.root) == ORIGIN.bodies


def test_what_no_folder_has_is_not_there_and_the_rest_is_kept(place: Place, tmp_path: Path) -> None:
    """A partial source fills a part; what lacks is told, and what came is held."""
    folder = ORIGIN.lay_out(tmp_path / "stick")
    lost = ORIGIN.objects[0]
    (folder / lost.target).unlink()
    outcome = fetch(place, ORIGIN, Ways(folders=(Folder.at(folder),)))
    assert (outcome.is_whole, outcome.files) == (False, len(ORIGIN.bodies) - 1)
    assert isinstance(outcome.error, UnavailableError)
    assert held(place.root) == {p: b for p, b in ORIGIN.bodies.items() if p != lost.path}


def test_what_may_not_be_held_is_not_fetched(place: Place, giver: Path) -> None:
    """A removed object does not come, and the volume counts as whole without it."""
    gone = ORIGIN.objects[0]
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        ways = swarm_ways(place, Sources(peers=(peer(seeder),)))
        outcome = fetch(place, ORIGIN, ways, absent=[path_sha256(gone)])
    assert outcome.is_whole
    assert held(place.root) == {p: b for p, b in ORIGIN.bodies.items() if p != gone.path}


def test_a_place_without_some_files_gives_the_others(
    place: Place, giver: Path, tmp_path: Path
) -> None:
    """A mirror that lacks a removed object shares the rest at once, and offers that one to none."""
    gone = ORIGIN.objects[0]
    fetch(place, ORIGIN, Ways(folders=(Folder.at(giver),)))
    place.disk.remove(gone.target)
    taker = make_place(tmp_path / "taker")
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, place.root / "volumes", [gone.path])
        ways = swarm_ways(taker, Sources(peers=(peer(seeder),)))
        assert fetch(taker, ORIGIN, ways, absent=[path_sha256(gone)]).is_whole
        assert seeder.troubles() == []
    assert held(taker.root) == held(place.root)


def test_what_is_held_already_is_not_fetched_again(place: Place, giver: Path) -> None:
    """A second fetch moves nothing; one of a volume with a common object moves only the rest."""
    fetch(place, ORIGIN, Ways(folders=(Folder.at(giver),)))
    again = fetch(place, ORIGIN, Ways())
    assert (again.is_whole, again.copied_bytes, again.received_bytes) == (True, 0, 0)
    place.disk.remove(ORIGIN.objects[0].target)
    third = from_peer(place, ORIGIN, giver)
    assert third.received_bytes == ORIGIN.objects[0].size_bytes


def test_a_fetch_that_was_stopped_goes_on(place: Place, giver: Path) -> None:
    """What came before a stop is read, believed when it is right, and not fetched again."""
    kept = ORIGIN.objects[:2]
    for part in kept:
        path = place.root / INCOMING / NAME / part.path
        path.parent.mkdir(parents=True)
        path.write_bytes(ORIGIN.bodies[part.path])
    half = ORIGIN.objects[2]
    path = place.root / INCOMING / NAME / half.path
    path.parent.mkdir(parents=True)
    path.write_bytes(ORIGIN.bodies[half.path][: half.size_bytes // 2])
    outcome = from_peer(place, ORIGIN, giver)
    kept_bytes = sum(one.size_bytes for one in kept)
    assert outcome.received_bytes <= outcome.held_bytes - kept_bytes
    assert held(place.root) == ORIGIN.bodies


def test_a_frozen_file_of_a_killed_run_is_taken_in(place: Place, giver: Path) -> None:
    """A file that was proven and frozen, but not moved, before a kill is moved by the next run."""
    part = ORIGIN.objects[0]
    path = place.root / INCOMING / NAME / part.path
    path.parent.mkdir(parents=True)
    path.write_bytes(ORIGIN.bodies[part.path])
    path.chmod(0o444)
    assert from_peer(place, ORIGIN, giver).is_whole
    assert held(place.root) == ORIGIN.bodies


def test_hours_at_which_nothing_moves(place: Place, giver: Path) -> None:
    """A fetch that may not move for a while goes on when it may, and comes to its end."""
    asked = iter([True, False, False, False, False, False, False])
    seen: list[int] = []

    def may_move() -> bool:
        return next(asked, True)

    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        ways = swarm_ways(place, Sources(peers=(peer(seeder),)))
        ways = replace(ways, may_move=may_move)
        outcome = fetch(place, ORIGIN, ways, lambda came: seen.append(came.done_bytes))
    assert outcome.is_whole
    assert next(asked, None) is None


def test_what_is_begun_at_hours_of_rest_rests_too(place: Place) -> None:
    """It does not stall while nothing may move, however long that is; afterwards it may."""
    contents = ORIGIN.contents
    with Swarm(LOOPBACK, place.root / INCOMING, stall_s=0.1) as swarm:
        swarm.rest(is_resting=True)
        swarm.begin(contents, contents.parts)
        resting = [news for _ in range(12) for news in swarm.news(0.05)]
        assert not any(isinstance(news, Stalled) for news in resting)
        swarm.rest(is_resting=False)
        until(lambda: any(isinstance(one, Stalled) for one in swarm.news()), lambda _: None, "end")


# -- what is planted, what disagrees, what lies


def test_links_planted_where_it_comes_lead_nowhere(
    place: Place, giver: Path, tmp_path: Path
) -> None:
    """Links, folders and strangers' files in `incoming/` are removed, and what they name is not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "diary.txt").write_text("mine")
    folder = place.root / INCOMING / NAME
    one, two, three = ORIGIN.objects[:3]
    folder.mkdir()
    (folder / one.path.split("/")[0]).symlink_to(outside)
    (folder / two.path).parent.mkdir(parents=True)
    (folder / two.path).symlink_to(outside / "diary.txt")
    (folder / three.path).mkdir(parents=True)
    (folder / "stranger").write_text("x")
    assert from_peer(place, ORIGIN, giver).is_whole
    assert held(place.root) == ORIGIN.bodies
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"diary.txt": "mine"}
    assert not any(path.is_symlink() for path in (place.root / "objects").rglob("*"))


@pytest.mark.skipif(wall_version() == 0, reason="this kernel has no Landlock")
def test_the_kernel_lets_the_engine_write_in_one_folder_only(
    place: Place, giver: Path, tmp_path: Path
) -> None:
    """A link that appears while it runs leads out of the wall: nothing is written behind it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")

        def engine() -> Swarm:
            swarm = Swarm(LOOPBACK, place.root / INCOMING)
            assert swarm.wall != Wall.NONE
            (place.root / INCOMING / NAME).symlink_to(outside)
            return swarm

        sources = Sources(peers=(peer(seeder),))
        with pytest.raises(DiskFailedError):
            fetch(place, ORIGIN, Ways(swarm=engine, sources=sources))
    assert list(outside.iterdir()) == []
    assert held(place.root) == {}


@pytest.mark.skipif(wall_version() == 0, reason="this kernel has no Landlock")
def test_the_opening_in_the_wall_is_one_folder(tmp_path: Path) -> None:
    """Behind it files are made, changed and removed below one folder; elsewhere, and through a
    link out of it, every write is refused, and links cannot be made."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "way").symlink_to(outside)
    refused = []

    def attempt() -> None:
        (inside / "file").write_bytes(b"1")
        (inside / "folder").mkdir()
        (inside / "file").rename(inside / "folder" / "file")
        (inside / "folder" / "file").unlink()
        for path in (outside / "file", inside / "way" / "file", tmp_path / "file"):
            try:
                path.write_bytes(b"1")
            except PermissionError:
                refused.append(path)
        try:
            (inside / "link").symlink_to(outside)
        except PermissionError:
            refused.append(inside / "link")

    behind_wall(attempt, inside)
    assert len(refused) == 4
    assert list(outside.iterdir()) == []


def _another_name(bodies: Bodies) -> None:
    """One object under the name of other bytes; all lists agree with the lie."""
    path = next(path for path in bodies if not path.startswith("lists/"))
    lie = path_of(b"other bytes")
    bodies[lie] = bodies.pop(path)
    for name in ("manifest.tsv", "SHA256SUMS"):
        listed = bodies[f"lists/{NAME}/{name}"]
        for old, new in ((path, lie), (path[6:70], lie[6:70])):
            listed = listed.replace(old.encode(), new.encode())
        bodies[f"lists/{NAME}/{name}"] = listed


def _another_manifest(bodies: Bodies) -> None:
    path = f"lists/{NAME}/manifest.tsv"
    head, _, rest = bodies[path].split(b"\n", 2)
    bodies[path] = head + b"\n" + rest


@pytest.mark.parametrize("lie", [_another_name, _another_manifest])
@pytest.mark.parametrize("way", ["folder", "peer"])
def test_a_volume_that_contradicts_itself_is_not_held(
    tmp_path: Path, lie: object, way: str
) -> None:
    """Signed or not: where name, manifest, sums and torrent disagree nothing is taken."""
    origin = make_origin(sizes=(70_000, 16_384), change=lie)  # type: ignore[arg-type]
    if lie is _another_manifest and way == "peer":
        origin = sealed(origin.bodies)
    giver = origin.lay_out(tmp_path / "giver")
    place = make_place(tmp_path / "copy")
    if way == "folder":
        outcome = fetch(place, origin, Ways(folders=(Folder.at(giver),)))
        if lie is _another_name:  # no folder has bytes that fit: nobody can say more
            assert not outcome.is_whole
            assert path_of(b"other bytes") not in held(place.root)
            return
    else:
        outcome = from_peer(place, origin, giver)
    assert isinstance(outcome.error, MalformedError)
    assert held(place.root) == {}
    assert is_tidy(place)


def test_a_disk_that_gives_other_bytes_back_is_called_broken(
    place: Place, giver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that came right and are read back wrong are fetched again, and then it is said."""
    victim, spoilt = ORIGIN.objects[0], []
    prove = Receiving.prove

    def spoiling(self: Receiving, contents: object, part: object) -> object:
        if part.path == victim.path:  # type: ignore[attr-defined]
            path = place.root / INCOMING / NAME / victim.path
            with path.open("r+b") as file:
                file.seek(1_500_000)
                file.write(b"\0" * 64)
            spoilt.append(path)
        return prove(self, contents, part)  # type: ignore[arg-type]

    monkeypatch.setattr(Receiving, "prove", spoiling)
    with pytest.raises(DiskFailedError, match="other bytes back"):
        from_peer(place, ORIGIN, giver)
    assert len(spoilt) == 3
    assert victim.path not in held(place.root)


def test_a_plain_client_gets_what_a_mirror_fetched(
    place: Place, giver: Path, tmp_path: Path
) -> None:
    """A mirror's copy is an archive's: it can be followed, copied and seeded in its turn."""
    fetch(place, ORIGIN, Ways(folders=(Folder.at(giver),)))
    second = make_place(tmp_path / "second")
    assert from_peer(second, ORIGIN, place.root).is_whole
    third = make_place(tmp_path / "third")
    assert fetch(third, ORIGIN, Ways(folders=(Folder.at(second.root),))).is_whole
    assert held(third.root) == ORIGIN.bodies


class _EndsWhileAsked(ThreadPoolExecutor):
    """Its work is not done when that is first asked, and done when it is asked again."""

    def submit(self, *work: Any, **named: Any) -> Future[Any]:
        future = super().submit(*work, **named)
        answers = iter([False])
        is_done = future.done
        future.done = lambda: next(answers, True) and is_done()  # type: ignore[method-assign]
        return future


def test_a_proof_that_ends_while_it_is_asked_for_is_not_lost(
    place: Place, giver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose reading ends between two looks at it is taken in all the same."""
    monkeypatch.setattr(fetching, "ThreadPoolExecutor", _EndsWhileAsked)
    assert from_peer(place, ORIGIN, giver).is_whole
    assert held(place.root) == ORIGIN.bodies
