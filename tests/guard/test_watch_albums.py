"""The watch knows of which album and genre a recording is, and learns it when that changes."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

import soundfile
from tests.cli.phono import LICENSED, found

from guard.book.making import Clock, new_desk
from guard.test_detector import (
    DAY,
    FARM,
    GENRES,
    PEOPLE,
    START,
    TRACKS,
    asked,
    batch,
    joined,
    people,
    service,
)
from guard.test_watching import BEGIN, gid, line, write
from phonotheque.archive.guarding.descriptions import About, Descriptions, descriptions_of
from phonotheque.archive.guarding.suspicion import Suspicion
from phonotheque.archive.guarding.watching import Watcher
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.guard.bench.own import Own
from phonotheque.guard.decisions import HOUR_S
from phonotheque.listen.values import Choice

ROCK, JAZZ = "rock", "jazz"


def album(number):
    return str(UUID(int=number))


class Catalogue:
    """A catalogue that can be built anew."""

    def __init__(self):
        self.about, self.built = {}, 0
        self.descriptions = Descriptions(
            lambda item: self.about.get(item, About()), lambda: str(self.built)
        )

    def says(self, **about):
        """Of recordings by number: `r3=(ROCK, album(1))`."""
        self.about = {gid(int(name[1:])): About(*one) for name, one in about.items()}
        self.built += 1


class Door:
    def __init__(self, root):
        self.desk = new_desk(root, Clock(BEGIN))
        self.catalogue = Catalogue()
        self.watch()

    def watch(self):
        self.watcher = Watcher(self.desk, self.catalogue.descriptions, pytest.fail)

    def restart(self):
        self.watcher.keep()
        self.watch()

    def hears(self, *numbers):
        """An hour later somebody hears these."""
        self.desk.clock.now += HOUR_S
        second = int(self.desk.clock.now)
        write(
            self.desk.root,
            [line(second + n, "aa" * 8, gid(number)) for n, number in enumerate(numbers)],
        )
        self.watcher.turn()

    def albums(self, *numbers):
        return [self._of(number, "album") for number in numbers]

    def genres(self, *numbers):
        names = {number: name for name, number in self.watcher.suspicion.names.genres.items()}
        return [names.get(self._of(number, "genre"), "") for number in numbers]

    def _of(self, number, what):
        suspicion = self.watcher.suspicion
        return getattr(suspicion.guard.music, what)[suspicion.names.items[gid(number)]].item()


def test_the_detector_hears_of_albums_and_a_restart_remembers_them(tmp_path):
    """Recordings of one album are of one, those of which none is known are alone; what is heard
    after a restart joins the albums of before."""
    door = Door(tmp_path)
    one, other = (ROCK, album(1)), (JAZZ, album(2))
    door.catalogue.says(r1=one, r2=one, r3=(ROCK, ""), r4=("", ""), r5=other, r6=other, r7=one)
    door.hears(1, 2, 3, 4, 5)
    before = door.albums(1, 2, 3, 4, 5)
    assert before[0] == before[1]
    assert len(set(before)) == 4
    door.restart()
    assert door.albums(1, 2, 3, 4, 5) == before
    door.hears(6, 7, 8)
    sixth, seventh, eighth = door.albums(6, 7, 8)
    assert (sixth, seventh) == (before[4], before[0])
    assert eighth not in before
    assert door.genres(1, 2, 3, 4, 5, 6, 7) == [ROCK, ROCK, ROCK, "", JAZZ, JAZZ, ROCK]


def test_the_catalogue_of_an_archive_says_it(tmp_path):
    """Genre and first album of what it has; nothing of what has neither, is no recording, or before
    there is a catalogue, whose building is noticed."""
    (tmp_path / "music").mkdir()
    for number, title in enumerate(("First", "Second", "")):
        path = tmp_path / "music" / f"untitled_{number}.flac"
        with soundfile.SoundFile(path, "w", 8000, 1, format="FLAC", subtype="PCM_16") as file:
            if title:
                file.title, file.artist, file.album, file.genre = title, "Somebody", "All", "Noise"
            file.buffer_write(bytes((number, 1)) * 20_000, "int16")
    phono = found(tmp_path / "archive")
    phono.add(tmp_path / "music", *LICENSED)
    with descriptions_of(phono.root) as before:
        assert (before.of(gid(1)), before.version()) == (About(), "")
        phono("catalogue", "build", "--jobs", "1").expect(0)
        assert before.version() == before.version() != ""
    library = ArchiveLibrary(phono.root)
    songs = {hit.title: hit.gid for hit in library.listing(Choice()).hits}
    album_of_both = library.song(songs["First"]).albums[0].gid
    library.close()
    with descriptions_of(phono.root) as known:
        said = {title: known.of(str(one)) for title, one in songs.items()}
        assert said["First"] == said["Second"] == About("noise", str(album_of_both))
        assert said["untitled_2"].genre == ""
        assert said["untitled_2"].album != str(album_of_both)
        assert known.of(str(album_of_both)) == known.of(gid(1)) == About()


ALBUMS, OF_AN_ALBUM, WHOLE = TRACKS // 12, 12, 150


def whole_albums(day):
    """150 of the people hear two albums a day from end to end, in two genres each."""
    draw = np.random.default_rng([99, day + 100])
    order = np.random.default_rng(77).permutation(ALBUMS)
    weights = 1 / (np.arange(ALBUMS) + 20) ** 0.3
    genre = service().genres[order * OF_AN_ALBUM]
    heard, begun = [], draw.integers(0, DAY - 3_600, 2 * WHOLE)
    for person in range(WHOLE):
        mine = np.isin(genre, np.random.default_rng(person).choice(GENRES, 2, replace=False))
        heard += order[draw.choice(ALBUMS, 2, p=weights * mine / weights[mine].sum())].tolist()
    return played(np.repeat(np.arange(WHOLE), 2), np.array(heard), START + day * DAY + begun)


def farm_of_albums(day):
    """60 accounts share all albums out, two a day each."""
    order = np.random.default_rng(5).permutation(ALBUMS)
    account, turn = np.repeat(np.arange(FARM), 2), np.tile([0, 1], FARM)
    place = account * (ALBUMS // FARM) + day * 2 + turn
    return played(PEOPLE + account, order[place % ALBUMS], START + day * DAY + turn * DAY // 2)


def played(account, heard, second):
    """From end to end."""
    within = np.tile(np.arange(OF_AN_ALBUM), len(heard))
    account, heard, second = (np.repeat(one, OF_AN_ALBUM) for one in (account, heard, second))
    return batch(account, heard * OF_AN_ALBUM + within, second + 200 * within)


def asked_of_albums(is_known):
    """Who is asked by the detector of a watch that heard of all these recordings."""
    genres = service().genres
    suspicion = Suspicion(
        Descriptions(
            lambda item: About(
                f"genre {genres[int(item[-12:], 16)]}",
                album(int(item[-12:], 16) // OF_AN_ALBUM) if is_known else "",
            ),
            lambda: "1",
        )
    )
    for track in range(TRACKS):
        suspicion.names.item(gid(track), suspicion.descriptions)
    suspicion.findings()
    own = Own(service())
    own.guard = suspicion.guard
    for day in range(-6, 0):
        own.learn(joined(people(day), whole_albums(day)))
    days = (joined(people(day), whole_albums(day), farm_of_albums(day)) for day in range(6))
    return asked(own, days)


def test_who_hears_whole_albums_is_no_farm():
    """Beside a farm that copies whole albums few are asked of the people who hear them, and several
    times as many where nobody knows what an album is; the farm is asked all the same."""
    found, unknown = asked_of_albums(is_known=True), asked_of_albums(is_known=False)
    assert found[PEOPLE:].all()
    assert found[WHOLE:PEOPLE].sum() <= PEOPLE // 100
    assert 3 * found[:WHOLE].sum() < unknown[:WHOLE].sum()


@pytest.mark.parametrize("is_restarted", [False, True])
def test_an_album_that_becomes_known_or_changes_counts_from_the_next_hearing(
    tmp_path, is_restarted
):
    """The catalogue is built anew: who is heard again is asked for again, the others when they
    are; a recording of which nothing is known any more is what it was."""
    door = Door(tmp_path)
    door.hears(1, 2, 3, 4)
    assert len(set(door.albums(1, 2, 3, 4))) == 4
    one = (ROCK, album(1))
    door.catalogue.says(r1=one, r2=one, r3=one, r4=(JAZZ, album(4)))
    if is_restarted:
        door.restart()
    door.hears(1, 2)
    first, second, third = door.albums(1, 2, 3)
    assert first == second != third
    if is_restarted:
        door.restart()
    door.hears(3, 4)
    assert len(set(door.albums(1, 2, 3))) == 1
    door.catalogue.says(r2=(JAZZ, album(4)), r3=(ROCK, album(9)))
    door.hears(1, 2, 3)
    assert door.genres(1, 2, 3, 4) == [ROCK, JAZZ, ROCK, JAZZ]
    first, second, third, fourth = door.albums(1, 2, 3, 4)
    assert second == fourth
    assert len({first, second, third}) == 3


def test_a_catalogue_that_stays_is_asked_once_for_each_recording(tmp_path):
    """However often it is heard."""
    door, asked_for = Door(tmp_path), []
    door.catalogue.says(r1=(ROCK, album(1)))
    known = door.catalogue.about

    class Counting(dict):
        def get(self, item, default):
            asked_for.append(item)
            return known.get(item, default)

    door.catalogue.about = Counting()
    for _ in range(4):
        door.hears(1, 2)
    door.restart()
    door.hears(1, 2)
    assert asked_for == [gid(1), gid(2)]
