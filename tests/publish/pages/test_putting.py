"""Pages and counts on a disk: nothing twice, nothing half, whatever happens on the way."""

from __future__ import annotations

import hashlib
import itertools
import re
from urllib.parse import urljoin

import pytest

from faults.faulty import Crashed, FailKth, disk_full
from faults.memory import MemoryDisk
from faults.powerloss import NotSurvived, explore, explore_trace, record
from faults.sites import assert_every_sync_matters
from phonotheque.archive.bulk import pages
from phonotheque.archive.bulk.health import put_health
from phonotheque.archive.bulk.pages import put_pages
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.errors import DigestMismatchError, DiskFullError
from phonotheque.publish.health import history, report
from phonotheque.publish.health.report import Count, Health
from phonotheque.publish.pages.rendering import render
from phonotheque.publish.pages.site import Site
from phonotheque.publish.pages.zips import parcels_of
from publish.pages.sites import header, line


@pytest.fixture(autouse=True)
def _rendered_once(monkeypatch):
    """The pages of a site, filled once: hundreds of runs write the same ones."""
    monkeypatch.setattr(pages, "render", lambda site: iter(RENDERED[id(site)]))


def torrent_of(name):
    return f"torrent of {name}".encode()


def real(number, **fields):
    """A torrent whose file has the digest that is said."""
    made = line(number, **fields)
    digest = hashlib.sha256(torrent_of(made.id)).hexdigest()
    return replace_line(made, torrent_sha256=digest, torrent_bytes=len(torrent_of(made.id)))


def replace_line(one, **fields):
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    return type(one)(**{**values, **fields})


FIRST = Site(header(), (real(1), real(2, kind="nc")))
GONE = replace_line(FIRST.lines[1], obsolete="Removed: case 7.")
SECOND = Site(header(), (FIRST.lines[0], GONE, real(3, tier="rest")))
RENDERED = {id(site): list(render(site)) for site in (FIRST, SECOND)}


def disk_with(*sites):
    disk = MemoryDisk()
    for folder in ("published", "journals"):
        make_folders(disk, folder)
    for one in sites:
        for each in one.lines:
            write_whole(disk, f"published/{each.id}.torrent", torrent_of(each.id))
    return disk


def content(disk):
    return {path: data for path, data in disk.tree().items() if data is not None}


def whole(*sites):
    """What a disk holds after these sites were put, one after the other."""
    disk = disk_with(FIRST, SECOND)
    for one in sites:
        put_pages(disk, one)
    return content(disk)


def test_what_is_the_same_is_not_written_again():
    """A second time nothing is written; another site writes what differs, and removes the rest."""
    disk = disk_with(FIRST, SECOND)
    made = put_pages(disk, FIRST)
    assert (made.kept, made.removed) == (0, 0)
    again = put_pages(disk, FIRST)
    assert (again.written, again.removed, again.kept) == (0, 0, made.written)
    assert put_pages(disk, SECOND).removed == 5  # of nc-50: page, feed, magnets, addresses, zip
    assert content(disk) == whole(SECOND)


def test_a_zip_holds_only_the_torrents_of_the_index():
    """A .torrent file that is another than the index says stops everything, by name."""
    disk = disk_with(FIRST)
    write_whole(disk, f"published/{FIRST.lines[1].id}.torrent", b"another")
    with pytest.raises(DigestMismatchError, match=FIRST.lines[1].id):
        put_pages(disk, FIRST)
    assert disk.stat("published/index.html") is None


def test_large_groups_have_no_zips():
    """What would lie there twice in gigabytes has a list of addresses instead, and small groups
    are shared among zips of at most 64 MiB without losing one."""
    lines = tuple(line(number, torrent_bytes=20 << 20) for number in range(12))
    (group,) = Site(header(), lines).groups
    parcels = parcels_of(group)
    assert [one for parcel in parcels for one in parcel.lines] == list(lines)
    assert all(sum(one.torrent_bytes for one in p.lines) <= 64 << 20 for p in parcels)
    (larger,) = Site(header(), (*lines, line(12, torrent_bytes=20 << 20))).groups
    assert parcels_of(larger) == []


def links_of(disk):
    """Where the front page leads to, but for what others make."""
    try:
        text = read_whole(disk, "published/index.html").decode()
    except Exception:  # there is none yet
        return set()
    found = set(re.findall(r'(?:href|src)="([^"#]+)', text))
    own = ("assets/", "torrents/", "feeds/", "lists/", "torrents.json", "health-history")
    return {urljoin("published/", link) for link in found if link.startswith(own)}


@pytest.mark.parametrize("error", [disk_full, Crashed])
def test_any_call_may_fail(error):
    """Whichever call is the last: the front page that is there leads to files, and the next run
    makes it whole."""
    wanted = whole(SECOND)
    start = disk_with(FIRST, SECOND)
    put_pages(start, FIRST)
    for k in itertools.count(1):
        below = start.copy()
        disk = FailKth(below, k, error)
        try:
            put_pages(disk, SECOND)
        except (DiskFullError, Crashed):
            assert all(below.stat(path) for path in links_of(below))
            put_pages(below, SECOND)
        left = {path: data for path, data in content(below).items() if not path.endswith(".new")}
        assert left == wanted
        if not disk.fired:
            break
    assert k > 40


def test_pages_survive_power_loss():
    """Pages that were told stay; a front page on the way leads nowhere that is not there; and no
    sync of these could be left out."""
    empty = disk_with(FIRST, SECOND)
    stocked = empty.copy()
    put_pages(stocked, FIRST)
    syncs, guarding = set(), set()
    for start, site in ((empty, FIRST), (stocked, SECOND)):
        wanted = content(stocked) if site is FIRST else whole(FIRST, SECOND)

        def check(disk, acknowledged, wanted=wanted):
            assert all(disk.stat(path) for path in links_of(disk))
            assert not acknowledged or content(disk) == wanted

        def putting(disk, acknowledge, site=site):
            put_pages(disk, site)
            acknowledge("pages")

        trace = record(putting, start=start)
        assert explore_trace(trace, check, seen=set(), limit=6).states > 20
        for sync in trace.sites(2):
            syncs.add(str(sync))
            try:
                explore_trace(trace.without([sync]), check, seen=set(), limit=4)
            except NotSurvived:
                guarding.add(str(sync))
    # `make_folders` syncs for those who write nothing beside the folders it makes.
    assert syncs - guarding == {sync for sync in syncs if "make_folders" in sync}
    assert len(guarding) > 4


def count(day, seeders):
    at = f"2026-11-{day:02d}T10:00:00Z"
    return Health(1, "x", at, {FIRST.lines[0].id: Count(seeders, 0, at)})


def counting(disk, acknowledge):
    for day in (1, 2):
        health = count(day, day)
        put_health(disk, health, history.observed(health, FIRST.lines))
        acknowledge(day)


def check_count(disk, acknowledged):
    """Every count that was told is in the journal, the last one published, the next one works."""
    days = acknowledged[-1] if acknowledged else 0
    if days:
        assert (
            report.decode(read_whole(disk, report.PATH)).torrents[FIRST.lines[0].id].seeders >= days
        )
    health = count(9, 9)
    put_health(disk, health, history.observed(health, FIRST.lines))
    told = [one.at[8:10] for one in history.by_day(read_whole(disk, history.JOURNAL))]
    assert told[-1] == "09"
    assert set(told) >= {f"{day:02d}" for day in range(1, days + 1)}


def test_counts_survive_power_loss():
    """The journal keeps every count that was told, whatever a crash left at its end."""
    start = disk_with(FIRST)
    assert explore(counting, check_count, start=start).states > 10
    assert_every_sync_matters(counting, check_count, start=start)
