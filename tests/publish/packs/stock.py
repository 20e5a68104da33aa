"""A small archive on a disk in memory whose things are packed, and sources made of a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from faults.way_in import AT, Open, opened
from phonotheque.archive.recordings.embedded import take_picture
from phonotheque.disk import Disk
from phonotheque.publish.packs.art import Art
from phonotheque.publish.packs.facts import Facts
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.making import Bench, PacksMade, make_kind
from phonotheque.publish.packs.overlays import Overlays
from phonotheque.publish.packs.papers import About
from phonotheque.publish.packs.patches import Patches
from phonotheque.publish.packs.register_extract import RegisterExtract
from phonotheque.publish.packs.shareable import ask_all
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of

TODAY = date(2026, 11, 21)
ABOUT = About("test-facts-all-00001", "archive", "Test", "Nobody may train on silence.")


class Things:
    """A source of things from a dictionary: by key, bytes and a word beside them."""

    columns: tuple[str, ...] = ("word",)

    def __init__(
        self,
        things: dict[str, bytes],
        *,
        kind: PackKind = PackKind.FACTS,
        may_be_stale: bool = True,
        passing: str = "",
    ) -> None:
        self.things = things
        self.kind = kind
        self.may_be_stale = may_be_stale
        self._passing = passing

    def wanted(self) -> Iterator[Wanted]:
        for place, key in enumerate(sorted(self.things)):
            version = version_of(self.things[key])
            yield Wanted(key, version, -place, key == self._passing)

    def content(self, key: str) -> Content | None:
        return Content(self.things[key], (f"word of {key}",)) if self.things[key] else None

    def is_there(self, key: str, /) -> bool:
        return bool(self.things[key])


def bench_of(disk: Disk, archive: Open) -> Bench:
    return Bench(
        disk,
        archive.journal,
        archive.index,
        "test",
        "archive",
        "Test",
        (),
        (),
        lambda: AT,
        ABOUT.tdm,
    )


def make(disk: Disk, archive: Open, source: PackSource) -> PacksMade:
    """Bring the packs of one kind up to date."""
    done = PacksMade()
    make_kind(bench_of(disk, archive), source, done)
    return done


def sources(archive: Open) -> list[PackSource]:
    """All kinds that need no catalogue, after asking the resolver."""
    index = archive.index
    ask_all(index, TODAY, claims_count=False)
    return [
        Art(index, archive.store, partial(take_picture, archive.store)),
        Facts(index),
        Overlays(index),
        Patches(index),
        RegisterExtract(index, archive.disk),
    ]


def make_all(disk: Disk, archive: Open) -> PacksMade:
    """Bring all packs up to date, as a publication does."""
    done = PacksMade()
    for source in sources(archive):
        make_kind(bench_of(disk, archive), source, done)
    return done


@contextmanager
def stocked(disk: Disk, music: Path) -> Iterator[Open]:
    """An archive with music in it, opened to write."""
    with opened(disk) as archive:
        list(archive.add(music))
        yield archive


def key_of(number: int) -> str:
    return f"{number:064x}"
