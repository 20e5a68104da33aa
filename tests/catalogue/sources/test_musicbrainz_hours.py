"""Hourly JSON dumps: a full dump with the hours after it is the full dump that has them already."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.catalogue.sources.contract import joined
from tests.catalogue.sources.packets import about, write_packet
from tests.catalogue.sources.packets import archive as tar
from tests.catalogue.sources.test_musicbrainz_json import (
    archive,
    artist,
    credit,
    recording,
    release,
    track,
)
from tests.catalogue.sources.test_source_faults import served

from phonotheque.catalogue.sources.importing import import_source
from phonotheque.catalogue.sources.musicbrainz.json_dump import MusicBrainzJson
from phonotheque.catalogue.sources.musicbrainz.opening import open_musicbrainz
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadRequestError, ConflictError, MalformedError, PhonothequeError

BASE = 100

Documents = dict[str, dict[str, dict[str, object]]]


class World:
    """Documents by kind and name; those that changed within the hour are told."""

    def __init__(self, count: int) -> None:
        self.names = {name: f"Artist {name}" for name in ("Ada", "Bo")}
        self.titles = {f"r{n}": f"Title {n}" for n in range(count)}
        self.albums = {f"x{n}": ([f"r{n}", f"r{(n + 1) % count}"], "2001") for n in range(count)}
        self.before = self.documents()

    def documents(self) -> Documents:
        made = {name: self._recording(name) for name in self.titles}
        return {
            "artist": {name: artist(name) | {"name": shown} for name, shown in self.names.items()},
            "recording": made,
            "release": {
                name: release(
                    name,
                    *(track(place, made[one]) for place, one in enumerate(songs, start=1)),
                    date=date,
                )
                for name, (songs, date) in self.albums.items()
            },
        }

    def _recording(self, name: str) -> dict[str, object]:
        who = credit("Ada" if name.endswith(("1", "3", "5")) else "Bo")
        return recording(name, title=self.titles[name], **{"artist-credit": who})

    def live(self, chance: random.Random) -> None:
        match chance.randrange(4):
            case 0:
                self.names[chance.choice(list(self.names))] = f"Renamed {chance.randrange(99)}"
            case 1:
                self.titles[chance.choice(list(self.titles))] = f"Retitled {chance.randrange(99)}"
            case 2:
                number = len(self.titles)
                self.titles[f"r{number}"] = "New"
                self.albums[f"x{number}"] = ([f"r{number}", "r0"], "2026-07")
            case _:
                name = chance.choice(list(self.albums))
                self.albums[name] = (self.albums[name][0], f"{chance.randrange(1960, 2020)}")

    def told(self) -> Documents:
        """The documents that are other than they were the last time."""
        now, before = self.documents(), self.before
        self.before = now
        return {
            kind: {name: one for name, one in listed.items() if before[kind].get(name) != one}
            for kind, listed in now.items()
        }


def write_full(folder: Path, world: World, sequence: int) -> Path:
    """A full dump: its recordings are those that are on no release, and here there are none."""
    folder.mkdir()
    for kind in ("artist", "release"):
        documents = world.documents()[kind].values()
        (folder / f"{kind}.tar.xz").write_bytes(archive(kind, *documents, sequence=sequence))
    return folder


def write_hour(folder: Path, sequence: int, told: Documents | None = None) -> Path:
    hour = folder / f"json-dump-{sequence}"
    hour.mkdir(parents=True, exist_ok=True)
    (hour / "work.tar.xz").write_bytes(archive("work", {"id": "w"}, sequence=sequence))
    for kind, documents in (told or {}).items():
        if documents:
            data = archive(kind, *documents.values(), sequence=sequence)
            (hour / f"{kind}.tar.xz").write_bytes(data)
    return hour


def rows_of(source: MusicBrainzJson) -> dict[str, list[str]]:
    found = joined(source.batches())
    return {name: sorted(map(repr, table.to_pylist())) for name, table in found.items()}


@pytest.mark.parametrize("seed", range(3))
def test_a_full_dump_with_its_hours_is_the_later_full_dump(tmp_path: Path, seed: int) -> None:
    """Whatever was renamed or came out: the full dump of hour N+k gives the rows that the full
    dump of hour N with k hourly ones gives, one by one or all at once."""
    chance, world = random.Random(seed), World(5)
    full = write_full(tmp_path / "full", world, BASE)
    hours = []
    for number in range(BASE + 1, BASE + 4):
        for _ in range(4):
            world.live(chance)
        hours.append(write_hour(tmp_path / "hours", number, world.told()))
    later = rows_of(MusicBrainzJson([write_full(tmp_path / "later", world, BASE + 3)]))
    assert rows_of(MusicBrainzJson([full, tmp_path / "hours"])) == later
    disk = LocalDisk(tmp_path / "catalogue")
    for paths in ([full], [hours[0]], [hours[2], hours[1] / "release.tar.xz", hours[1]]):
        there = [path for path in paths if path.exists()]
        report = import_source(tmp_path / "catalogue", open_musicbrainz(there, disk))
    assert report.notes == (f"It stands at {BASE + 3}. Hourly dump {BASE + 4} comes next.",)
    found = served(tmp_path / "catalogue", "musicbrainz")
    assert {name: sorted(map(repr, rows)) for name, rows in found.items()} == later
    assert "zero" in report.licence


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    full = write_full(tmp_path / "full", World(3), BASE)
    import_source(tmp_path / "catalogue", MusicBrainzJson([full]))
    return tmp_path / "catalogue"


def refuse(
    catalogue: Path, kind: type[PhonothequeError], words: str, *paths: Path
) -> PhonothequeError:
    before = served(catalogue, "musicbrainz")
    with pytest.raises(kind, match=words) as told:
        import_source(catalogue, open_musicbrainz(paths, LocalDisk(catalogue)))
    assert served(catalogue, "musicbrainz") == before
    return told.value


def test_an_hour_applies_only_where_it_follows(catalogue: Path, tmp_path: Path) -> None:
    """One that was applied, one beyond the next, one given twice and one in the folder of another
    are refused, and it is told which comes next; an hour may have nothing of what is read."""
    one, two, three = (write_hour(tmp_path / "hours", BASE + n) for n in (1, 2, 3))
    told = refuse(catalogue, ConflictError, "it is increment 102", two)
    assert f"Increment {BASE + 1} comes next" in told.todo
    refuse(catalogue, ConflictError, "would stand at 101", one, three)
    again = write_hour(tmp_path / "again", BASE + 1)
    refuse(catalogue, BadRequestError, "and so is", one, again)
    import_source(catalogue, open_musicbrainz([one, two], LocalDisk(catalogue)))
    refuse(catalogue, ConflictError, "already", one)
    wrong = tmp_path / "wrong" / f"json-dump-{BASE + 3}"
    wrong.mkdir(parents=True)
    (wrong / "artist.tar.xz").write_bytes(archive("artist", artist("Ada"), sequence=BASE + 9))
    refuse(catalogue, ConflictError, "it says it is increment 109", wrong)
    full = tmp_path / "full"
    refuse(catalogue, ConflictError, "would stand|stands at", full, three)


def test_a_folder_of_hours_takes_up_what_came_since(catalogue: Path, tmp_path: Path) -> None:
    """Of a folder in which hours that were imported go on lying, only the new ones are taken; a
    file of an hour that was imported, given by its own name, is refused."""
    hours, disk = tmp_path / "hours", LocalDisk(catalogue)
    for number in (BASE + 1, BASE + 2):
        told = {"artist": {"Ada": artist("Ada") | {"name": f"Ada of {number}"}}}
        write_hour(hours, number, told)
        report = import_source(catalogue, open_musicbrainz([hours], disk))
        assert report.notes == (f"It stands at {number}. Hourly dump {number + 1} comes next.",)
        names = [row["name"] for row in served(catalogue, "musicbrainz")["artist"]]
        assert f"Ada of {number}" in names
    told_next = refuse(catalogue, ConflictError, "all increments there are in it already", hours)
    assert f"Increment {BASE + 3} comes next" in told_next.todo
    write_hour(hours, BASE + 3)
    named = hours / f"json-dump-{BASE + 1}" / "artist.tar.xz"
    refuse(catalogue, ConflictError, "increment 101 is in it already", hours, named)


def test_an_hour_needs_documents_to_follow(tmp_path: Path) -> None:
    """Without an import, after full dumps of several hours, and along with packets, an hourly dump
    is refused."""
    disk = LocalDisk(tmp_path / "catalogue")
    hour = write_hour(tmp_path / "hours", BASE + 1)
    with pytest.raises(BadRequestError, match="nothing was imported"):
        open_musicbrainz([hour], disk)
    with pytest.raises(BadRequestError, match="cannot follow JSON"):
        open_musicbrainz([hour, write_packet(tmp_path, BASE + 1, [])], disk)
    full = write_full(tmp_path / "full", World(2), BASE)
    (full / "artist.tar.xz").write_bytes(archive("artist", artist("Ada"), sequence=BASE - 1))
    import_source(tmp_path / "catalogue", open_musicbrainz([full], disk))
    with pytest.raises(ConflictError, match="nothing tells"):
        open_musicbrainz([hour], disk)


def test_files_that_were_imported_stay_where_they_lie(catalogue: Path, tmp_path: Path) -> None:
    """A full dump that is away when an hourly one comes is named."""
    hour = write_hour(tmp_path / "hours", BASE + 1)
    (tmp_path / "full" / "release.tar.xz").unlink()
    refuse(catalogue, ConflictError, r"release\.tar\.xz: it was imported, and is away", hour)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_a_cut_hour_changes_nothing(catalogue: Path, tmp_path: Path, share: float) -> None:
    """An hourly dump that ends early is refused by name."""
    hour = write_hour(tmp_path / "hours", BASE + 1, {"artist": {"Ada": artist("Ada")}})
    path = hour / "artist.tar.xz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refuse(catalogue, MalformedError, r"artist\.tar\.xz", hour)


def test_an_hour_that_does_not_say_which_it_is(catalogue: Path, tmp_path: Path) -> None:
    """An hourly dump without its number is refused."""
    hour = write_hour(tmp_path / "hours", BASE + 1)
    members = about("soon") | {"mbdump/artist": b"{}"}
    (hour / "artist.tar").write_bytes(tar(members))
    refuse(catalogue, ConflictError, "it says it is increment none", hour)
