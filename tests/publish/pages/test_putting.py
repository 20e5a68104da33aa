"""Pages and counts on a disk: nothing twice, nothing half, whatever happens on the way."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import zipfile
from contextlib import suppress
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.faulty import WRITING, Crashed, FailKth, Hooked, disk_full
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


FIRST = Site(header(), (real(1), real(2, kind="nc"), real(4)))
GONE = replace_line(FIRST.lines[1], obsolete="Removed: case 7.")
SECOND = Site(header(), (FIRST.lines[0], GONE, FIRST.lines[2], real(3, tier="rest"), real(5)))
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
    assert put_pages(disk, SECOND).removed == 4  # of nc-50: page, feed, magnets, addresses
    assert content(disk) == whole(SECOND)


def test_a_zip_holds_the_torrents_that_it_says():
    """The very bytes of each .torrent file, readable by any program, and the page leads there."""
    disk = disk_with(FIRST)
    put_pages(disk, FIRST)
    parcel = read_whole(disk, "published/lists/open-50-from-00001.zip")
    with zipfile.ZipFile(io.BytesIO(parcel)) as file:
        held = {name: file.read(name) for name in file.namelist()}
    wanted = (one.id for one in FIRST.lines if one.kind == "open")
    assert held == {f"{name}.torrent": torrent_of(name) for name in wanted}
    page = read_whole(disk, "published/torrents/open-50-1.html").decode()
    assert 'href="../lists/open-50-from-00001.zip">Zip of torrent files 1 to 4, ' in page


def test_a_zip_holds_only_the_torrents_of_the_index():
    """A .torrent file that is another than the index says stops everything, by name."""
    disk = disk_with(FIRST)
    write_whole(disk, f"published/{FIRST.lines[2].id}.torrent", b"another")
    with pytest.raises(DigestMismatchError, match=FIRST.lines[2].id):
        put_pages(disk, FIRST)
    assert disk.stat("published/index.html") is None


def group_of(numbers, torrent_bytes):
    lines = [line(number, torrent_bytes=torrent_bytes) for number in numbers]
    (group,) = Site(header(), tuple(lines)).groups
    return group


def zipped(group):
    return zipped_numbers(parcels_of(group))


def zipped_numbers(parcels):
    return [[int(one.id[-5:]) for one in parcel.lines] for parcel in parcels]


def test_large_groups_have_no_zips():
    """What would lie there twice in gigabytes has a list of addresses instead."""
    assert parcels_of(group_of(range(1, 257), 1 << 20))
    assert parcels_of(group_of(range(1, 258), 1 << 20)) == []


def test_no_zip_is_larger_than_people_fetch():
    """A hundred that is too much for one zip is shared among several, none lost."""
    shares = zipped(group_of(range(1, 201), 1 << 20))
    assert [(share[0], share[-1]) for share in shares] == [
        (1, 64),
        (65, 100),
        (101, 164),
        (165, 200),
    ]


@pytest.mark.parametrize(
    ("torrents", "torrent_bytes", "ends"),
    [
        (1, 9 << 20, []),
        (1, 20_000, []),
        (2, 1 << 19, [2]),
        (40, 20_000, [40]),
        (70, 20_000, []),
        (100, 20_000, [100]),
        (120, 20_000, [100, 120]),
        (170, 20_000, [100]),
        (64, 1 << 20, []),
        (65, 1 << 20, [64]),
        (66, 1 << 20, [64]),
        (100, 1 << 20, [64, 100]),
    ],
)
def test_what_will_be_written_again_is_small(torrents, torrent_bytes, ends):
    """The newest are in a zip while that is small, then in none until it is full for ever."""
    shares = zipped(group_of(range(1, torrents + 1), torrent_bytes))
    assert [share[-1] for share in shares] == ends


def test_a_withdrawal_changes_the_zip_it_was_in():
    """Numbers stay with their hundred: what others took of other hundreds is as it was."""
    whole_group = group_of(range(1, 301), 300_000)
    without = group_of([number for number in range(1, 301) if number != 120], 300_000)
    before, after = (
        {one.path: one.made_of for one in parcels_of(g)} for g in (whole_group, without)
    )
    assert before.keys() == after.keys()
    changed = [path for path in before if before[path] != after[path]]
    assert changed == ["lists/open-50-from-00101.zip"]


@given(st.integers(0, 230), st.integers(1, 12), st.sampled_from([900, 20_000, 300_000, 4_300_000]))
def test_an_addition_writes_no_zip_again_but_a_small_one(before, added, torrent_bytes):
    """Of torrents that are in a zip already no more than 1 MiB is written once more, however many
    come in, and none of those that are offered is lost on the way."""
    old = parcels_of(group_of(range(1, before + 1), torrent_bytes)) if before else []
    now = parcels_of(group_of(range(1, before + added + 1), torrent_bytes))
    there, packed = {one.made_of for one in old}, {one.id for parcel in old for one in parcel.lines}
    again = [
        one.torrent_bytes
        for parcel in now
        for one in parcel.lines
        if parcel.made_of not in there and one.id in packed
    ]
    assert sum(again) <= 1 << 20
    assert now == [] or [one for share in zipped_numbers(now) for one in share] == list(
        range(1, zipped_numbers(now)[-1][-1] + 1)
    )


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


def last_zip_named(start, site):
    """The number of the call that makes the names of zips last: `make_folders` does not."""
    calls = []
    put_pages(Hooked(start.copy(), lambda *call: calls.append(call)), site)
    changing = [call for call in calls if call[0] in WRITING]
    return len(changing) - changing[::-1].index(("sync_folder", "published/lists"))


def test_pages_survive_power_loss():
    """Pages that were told stay; a front page on the way leads nowhere that is not there; and no
    sync of these could be left out."""
    empty = disk_with(FIRST, SECOND)
    stocked = empty.copy()
    put_pages(stocked, FIRST)
    syncs, guarding = set(), set()
    for start, site, is_killed in ((empty, FIRST, 0), (stocked, SECOND, 0), (empty, FIRST, 1)):
        wanted = content(stocked) if site is FIRST else whole(FIRST, SECOND)

        def check(disk, acknowledged, wanted=wanted):
            assert all(disk.stat(path) for path in links_of(disk))
            assert not acknowledged or content(disk) == wanted

        def putting(disk, acknowledge, start=start, site=site, is_killed=is_killed):
            if is_killed:
                with suppress(Crashed):
                    put_pages(FailKth(disk, last_zip_named(start, site), Crashed), site)
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
