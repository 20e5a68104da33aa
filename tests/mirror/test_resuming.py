"""A fetch that was left is gone on with from the pieces that had come, without reading them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from mirror.swarm_stage import LOOPBACK, NAME, Origin, fetch, held, make_origin, make_place, peer
from phonotheque.disk import write_whole
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.home import RESUME
from phonotheque.mirror.jobs import Job, Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.resuming import forget, note, noted
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources
from phonotheque.store.objects import INCOMING, DiskStore
from publish.stage import PATIENCE_S

ORIGIN = make_origin(sizes=(70_000, 2_500_000, 6_000_000))
CONTENTS = ORIGIN.contents
PARTS = CONTENTS.parts
PIECES = sum(-(-part.size_bytes // CONTENTS.piece_bytes) for part in PARTS)
NOTE = Path(RESUME, f"{NAME}.json")


def in_memory() -> Place:
    disk = MemoryDisk()
    return Place(Path("/nowhere"), disk, DiskStore(disk))


@given(st.lists(st.booleans(), min_size=PIECES, max_size=PIECES))
def test_what_was_noted_is_known(pieces: list[bool]) -> None:
    """Every piece is told as it was; nothing is noted when none had come."""
    place = in_memory()
    note(place, CONTENTS, pieces)
    assert noted(place, CONTENTS, PARTS) == (pieces if any(pieces) else None)
    forget(place, NAME)
    assert noted(place, CONTENTS, PARTS) is None


@given(st.sets(st.sampled_from(range(len(PARTS)))))
def test_only_pieces_of_what_is_to_come_are_told(wanted: set[int]) -> None:
    """Of files that are held, or may not come, none is told as lying there."""
    place = in_memory()
    note(place, CONTENTS, [True] * PIECES)
    told = noted(place, CONTENTS, [PARTS[at] for at in wanted])
    assert told is not None
    expected = [
        at in wanted
        for at, part in enumerate(PARTS)
        for _ in range(-(-part.size_bytes // CONTENTS.piece_bytes))
    ]
    assert told == expected


@given(st.data())
def test_a_damaged_note_is_none(data: st.DataObject) -> None:
    """Cut, changed, of another torrent or another length: nothing is known, or pieces of this
    torrent; never an error."""
    place = in_memory()
    note(place, CONTENTS, [True] * PIECES)
    whole = place.disk.open(str(NOTE)).read()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.binary(min_size=0, max_size=2))
    write_whole(place.disk, str(NOTE), whole[:at] + byte + whole[at + 1 :])
    told = noted(place, CONTENTS, PARTS)
    assert told is None or len(told) == PIECES
    assert noted(place, replace(CONTENTS, data=b"another"), PARTS) is None


# -- with the engine


class Watched(Swarm):
    """An engine that remembers which pieces it was told to lie there."""

    had: ClassVar[list[bool] | None] = None

    def begin(self, contents: Any, wanted: Any, sources: Any, have: Any = None) -> None:
        Watched.had = have
        super().begin(contents, wanted, sources, have)


@pytest.fixture(scope="module")
def giver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ORIGIN.lay_out(tmp_path_factory.mktemp("giver"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "copy")


def ways(place: Place, source: tuple[str, int]) -> Ways:
    def start() -> Swarm:
        return Watched(LOOPBACK, place.root / INCOMING, stall_s=PATIENCE_S)

    return Ways(swarm=start, sources=Sources(peers=(source,)))


def stopped(place: Place, origin: Origin, giver: Path) -> Came:
    """Fetch until a piece of the large file has come, and stop as Ctrl-C does; returns how far.

    The peer gives slowly, so that the stop falls into the middle.
    """
    told: list[Came] = []
    engines: list[Swarm] = []
    with Seeder(replace(LOOPBACK, upload_limit_bytes_per_s=2_000_000)) as seeder:
        seeder.add(origin.torrent.data, giver / "volumes")
        plain = ways(place, peer(seeder))

        def start() -> Swarm:
            engines.append(plain.swarm())
            return engines[-1]

        def is_stopping() -> bool:
            return bool(told) and any(engines[-1].pieces(NAME)[4:10])

        asked = replace(plain, swarm=start, is_stopping=is_stopping)
        assert list(Fetching(place, asked, told.append).run([Job(NAME, lambda: CONTENTS)])) == []
    return told[-1]


@pytest.fixture(scope="module")
def left(giver: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that a fetch was stopped in; to be copied, not to be changed."""
    root = tmp_path_factory.mktemp("left") / "copy"
    stopped(make_place(root), ORIGIN, giver)
    return root


@pytest.fixture
def begun(left: Path, tmp_path: Path) -> Place:
    return make_place(Path(shutil.copytree(left, tmp_path / "begun")))


def test_a_fetch_that_was_stopped_goes_on_without_reading(begun: Place, giver: Path) -> None:
    """What had come is neither fetched nor read by the engine again, and is proven all the same;
    at the end there is no note any more."""
    place = begun
    assert (place.root / NOTE).exists()
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        outcome = fetch(place, ORIGIN, ways(place, peer(seeder)))
    had = sum(Watched.had)
    assert had > 0
    assert outcome.is_whole
    assert outcome.received_bytes <= (PIECES - had) * CONTENTS.piece_bytes
    assert held(place.root) == ORIGIN.bodies
    assert not (place.root / NOTE).exists()


@pytest.mark.parametrize("loss", ["zeros", "cut", "gone"])
def test_a_note_that_says_too_much_does_no_harm(begun: Place, giver: Path, loss: str) -> None:
    """Where the power went and bytes with it, that is found by the proof, and they come again."""
    place = begun
    note(place, CONTENTS, [True] * PIECES)
    for part in PARTS:
        path = place.root / INCOMING / NAME / part.path
        if not path.exists():
            continue
        if loss == "gone":
            path.unlink()
        elif loss == "cut":
            path.write_bytes(path.read_bytes()[: part.size_bytes // 2])
        else:
            path.write_bytes(bytes(part.size_bytes))
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        outcome = fetch(place, ORIGIN, ways(place, peer(seeder)))
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_what_stalls_is_gone_on_with(place: Place, giver: Path) -> None:
    """A torrent that is given up leaves a note; the next time its rest comes from another."""
    lost = ORIGIN.objects[0]
    with Seeder(LOOPBACK) as half:
        half.add(ORIGIN.torrent.data, giver / "volumes", [lost.path])
        asked, engines = ways(place, peer(half)), []

        def start() -> Swarm:
            engines.append(asked.swarm())
            return engines[-1]

        def on_progress(came: Came) -> None:
            if came.done_bytes >= came.wanted_bytes - lost.size_bytes:
                engines[-1]._stall_s = 2.0  # until then nothing ends it

        first = fetch(place, ORIGIN, replace(asked, swarm=start), on_progress)
    assert not first.is_whole
    assert first.files == len(ORIGIN.bodies) - 1
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        second = fetch(place, ORIGIN, ways(place, peer(seeder)))
    assert second.is_whole
    assert second.received_bytes == lost.size_bytes
