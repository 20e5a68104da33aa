"""Torrents whose own lists contradict them, in however many runs and parcels they come."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from mirror.swarm_stage import LOOPBACK, make_origin, make_place, peer, sealed, swarm_ways
from mirror.swarm_stage import NAME as VOLUME
from mirror.swarm_stage import fetch as fetch_volume
from phonotheque.errors import MalformedError
from phonotheque.mirror import fetching
from phonotheque.mirror.contents import Contents, contents_of_sealed
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.home import PACKS, now
from phonotheque.mirror.jobs import Job, Outcome, Ways, record
from phonotheque.mirror.journal import Journal
from phonotheque.mirror.taking import Place
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.publish.torrent import TorrentFile, assemble
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import INCOMING

PACK = "weir-covers-all-00001"
BODIES = {f"{name}.bin": name.encode() * 1000 for name in "abcd"}


def pack_of(bodies: dict[str, bytes]) -> tuple[dict[str, bytes], Contents]:
    """A pack with a list of these files."""
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {path}\n" for path, body in bodies.items())
    return sealed_pack({**bodies, "SHA256SUMS": sums.encode()})


def sealed_pack(bodies: dict[str, bytes]) -> tuple[dict[str, bytes], Contents]:
    """The torrent of these files, whatever they say of each other."""
    files = [
        TorrentFile((path,), digest_file(io.BytesIO(body), piece_bytes=PACK_PIECE_BYTES))
        for path, body in sorted(bodies.items())
    ]
    data = assemble(PACK, files, piece_bytes=PACK_PIECE_BYTES).data
    return bodies, contents_of_sealed(PACK, data, is_volume=False)


def lying() -> tuple[dict[str, bytes], Contents]:
    """A pack whose list has another digest of one file than its torrent."""
    bodies, _ = pack_of({**BODIES, "b.bin": b"a lie" * 1000})
    return sealed_pack({**bodies, "b.bin": BODIES["b.bin"]})


def folder(root: Path, bodies: dict[str, bytes], lacking: Collection[str] = ()) -> Folder:
    root.mkdir()
    for path, body in bodies.items():
        if path not in lacking:
            (root / path).write_bytes(body)
    return Folder.at(root)


def fetch(place: Place, contents: Contents, ways: Ways) -> Outcome:
    (outcome,) = Fetching(place, ways).run([Job(PACK, lambda: contents)])
    return outcome


def files_below(place: Place, path: str) -> set[str]:
    return {one.name for one in (place.root / path).rglob("*") if one.is_file()}


@pytest.mark.parametrize("parcel", [1, 256])
@pytest.mark.parametrize("late", ["", "b.bin", "c.bin", "SHA256SUMS"])
def test_a_pack_that_contradicts_itself_is_not_held(tmp_path, monkeypatch, late, parcel):
    """Whatever file comes in a later run, and however many are copied at a time, it is refused,
    nothing of it lies there, and the journal says no more that anything is held."""
    monkeypatch.setattr(fetching, "_PARCEL", parcel)
    bodies, contents = lying()
    place = make_place(tmp_path / "copy")
    journal = Journal(place.disk, now)
    if late:
        some = fetch(place, contents, Ways(folders=(folder(tmp_path / "some", bodies, [late]),)))
        record(journal, some)
    outcome = fetch(place, contents, Ways(folders=(folder(tmp_path / "all", bodies),)))
    record(journal, outcome)
    assert isinstance(outcome.error, MalformedError)
    assert files_below(place, PACKS) == files_below(place, INCOMING) == set()
    assert journal.memory.held_bytes == 0


def test_nothing_of_a_pack_is_taken_in_before_its_lists_are_read(tmp_path, monkeypatch):
    """While a pack that contradicts itself is copied file by file, none of them is held."""
    monkeypatch.setattr(fetching, "_PARCEL", 1)
    bodies, contents = lying()
    place = make_place(tmp_path / "copy")
    seen = []
    look = lambda _: seen.append(files_below(place, PACKS))  # noqa: E731
    ways = Ways(folders=(folder(tmp_path / "all", bodies),))
    list(Fetching(place, ways, look).run([Job(PACK, lambda: contents)]))
    assert seen == [set()] * len(bodies)


def test_a_pack_that_agrees_comes_in_two_runs(tmp_path):
    """What one source lacks the next one gives; what was held in between is held."""
    bodies, contents = pack_of(BODIES)
    place = make_place(tmp_path / "copy")
    some = fetch(place, contents, Ways(folders=(folder(tmp_path / "some", bodies, ["c.bin"]),)))
    assert (some.is_whole, some.files) == (False, len(bodies) - 1)
    assert files_below(place, PACKS) == bodies.keys() - {"c.bin"}
    done = fetch(place, contents, Ways(folders=(folder(tmp_path / "all", bodies),)))
    assert (done.is_whole, done.copied_bytes) == (True, len(bodies["c.bin"]))
    assert files_below(place, PACKS) == bodies.keys()


def test_what_a_folder_lacks_of_a_pack_comes_from_peers(tmp_path):
    """Files that were copied lie beside those that the engine writes, and all come together."""
    bodies, contents = pack_of({**BODIES, "long.bin": b"long" * 3_000_000})
    place = make_place(tmp_path / "copy")
    folder(tmp_path / PACK, bodies)
    giver = folder(tmp_path / "some", bodies, ["c.bin", "long.bin"])
    with Seeder(LOOPBACK) as seeder:
        seeder.add(contents.data, tmp_path)
        ways = swarm_ways(place, Sources(peers=(peer(seeder),)))
        outcome = fetch(place, contents, replace(ways, folders=(giver,)))
    assert (outcome.is_whole, outcome.files) == (True, len(bodies))
    assert outcome.received_bytes == len(bodies["c.bin"]) + len(bodies["long.bin"])
    held = {path.name: path.read_bytes() for path in (place.root / PACKS / PACK).iterdir()}
    assert held == bodies


def test_a_damaged_file_of_a_pack_contradicts_nothing(tmp_path):
    """A file that was held and rotted makes nobody refuse the pack: a scrub tells it."""
    bodies, contents = pack_of(BODIES)
    place = make_place(tmp_path / "copy")
    fetch(place, contents, Ways(folders=(folder(tmp_path / "some", bodies, ["c.bin"]),)))
    rotten = place.root / PACKS / PACK / "a.bin"
    rotten.chmod(0o644)
    rotten.write_bytes(b"\0" * len(BODIES["a.bin"]))
    assert fetch(place, contents, Ways(folders=(folder(tmp_path / "all", bodies),))).is_whole


def test_copying_a_pack_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    """What a run copied that was killed is proven, and not copied again."""
    monkeypatch.setattr(fetching, "_PARCEL", 1)
    bodies, contents = pack_of(BODIES)
    place = make_place(tmp_path / "copy")
    giver = folder(tmp_path / "all", bodies)

    def die(came: object) -> None:
        if len(files_below(place, INCOMING)) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Fetching(place, Ways(folders=(giver,)), die).run([Job(PACK, lambda: contents)]))
    spoilt = place.root / INCOMING / PACK / "b.bin"
    spoilt.chmod(0o644)
    spoilt.write_bytes(b"\0" * len(BODIES["b.bin"]))
    done = fetch(place, contents, Ways(folders=(giver,)))
    size_bytes = sum(map(len, bodies.values()))
    assert (done.is_whole, done.held_bytes) == (True, size_bytes)
    assert done.copied_bytes == size_bytes - len(bodies["SHA256SUMS"]) - len(bodies["a.bin"])
    held = {path.name: path.read_bytes() for path in (place.root / PACKS / PACK).iterdir()}
    assert held == bodies


def test_a_list_of_a_volume_that_comes_late_is_held_against_the_others(tmp_path):
    """A volume whose sums have another digest of its README is refused also when that
    comes last."""
    origin = make_origin(sizes=(10, 20))
    readme = f"lists/{VOLUME}/README.txt"
    origin = sealed({**origin.bodies, readme: b"other words"})
    place = make_place(tmp_path / "copy")
    giver = origin.lay_out(tmp_path / "giver")
    (giver / "objects" / readme).unlink()
    assert not fetch_volume(place, origin, Ways(folders=(Folder.at(giver),))).is_whole
    (giver / "objects" / readme).write_bytes(b"other words")
    outcome = fetch_volume(place, origin, replace(Ways(), folders=(Folder.at(giver),)))
    assert isinstance(outcome.error, MalformedError)


def test_what_cannot_be_read_now_is_held_all_the_same(tmp_path):
    """A torrent that nobody can give at this moment takes nothing from what the journal says."""
    bodies, contents = pack_of(BODIES)
    place = make_place(tmp_path / "copy")
    journal = Journal(place.disk, now)
    giver = folder(tmp_path / "some", bodies, ["c.bin"])
    record(journal, fetch(place, contents, Ways(folders=(giver,))))
    before = journal.memory.holdings

    def load() -> Contents:
        raise MalformedError(PACK, "it is no torrent", "Fetch it again.")

    (outcome,) = Fetching(place, Ways()).run([Job(PACK, load)])
    record(journal, outcome)
    assert journal.memory.holdings == before != {}
