"""What is popular, and what a log says at all, is said by everybody, in whatever order."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guard.score.logs import START, Fetch, combined, listeners, scraper
from tests.guard.score.scored import judged, report_of

from phonotheque.guard.score import gathering, opening
from phonotheque.guard.score.combined_log import read_combined
from phonotheque.guard.score.following import Watch, follow
from phonotheque.guard.score.gathering import LEAST_REQUESTS, Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.judging import judge
from phonotheque.guard.score.reading import gather
from phonotheque.guard.score.reasons import record_of

DAY_S = 86_400
NEW = range(15_000, 15_200)


def regulars() -> list[Fetch]:
    """Who comes back, and hears what few others hear, too."""
    draw = random.Random(5)
    weights = [(place + 1) ** -0.7 for place in range(1_000)]
    return [
        Fetch(START + draw.randrange(DAY_S), f"10.0.{who // 250}.{who % 250}", song)
        for who in range(260)
        for song in draw.choices(range(1_000, 2_000), weights, k=draw.randrange(12, 26))
    ]


def passers_by(count: int = 2_500) -> list[Fetch]:
    """Who hears three new songs and never comes back."""
    draw = random.Random(6)
    return [
        Fetch(START + draw.randrange(DAY_S), f"172.16.{who // 250}.{who % 250}", song)
        for who in range(count)
        for song in draw.sample(NEW, LEAST_REQUESTS - 1)
    ]


def devoted(address: str = "198.51.100.7") -> list[Fetch]:
    """Who hears every new song."""
    return [Fetch(START + 300 * place, address, song) for place, song in enumerate(NEW)]


def test_who_hears_what_many_passed_by_for_is_let_be(tmp_path):
    """However seldom those came: each of them is one who fetched it."""
    fetches = regulars() + passers_by() + devoted() + scraper("203.0.113.9", 200)
    report = report_of(tmp_path / "access.log", combined(sorted(fetches)))
    assert [one.account.name for one in report.suspects] == ["203.0.113.9"]
    assert report.suspects[0].rare == 200


def test_who_hears_what_many_pass_by_for_meanwhile_is_let_be(tmp_path):
    """Popularity is that of now: of those who came since the watch began, too."""
    news = sorted(passers_by() + devoted() + scraper("203.0.113.9", 200))
    later = [one._replace(second=one.second + 2 * DAY_S) for one in news]
    lines = combined(later).splitlines(keepends=True)
    blocks = (b"".join(lines[first : first + 50]) for first in range(0, len(lines), 50))
    with judged(tmp_path / "access.log", combined(regulars())) as (gathering, _, learned):
        found = list(follow(Watch(gathering, learned), gathering, blocks, read_combined, print))
    assert {one.account for one in found} == {"203.0.113.9"}


def test_robots_that_pass_by_do_not_say_what_is_popular(tmp_path):
    """Not even those that come seldom."""
    many = combined(passers_by(), "Examplebot/1.0")
    data = combined(sorted(regulars() + devoted())) + many
    report = report_of(tmp_path / "access.log", data)
    assert [one.account.name for one in report.suspects] == ["198.51.100.7"]
    assert report.suspects[0].rare == len(NEW)


def test_items_and_shares_are_of_all_that_anybody_fetched(tmp_path):
    """Also of those who came once."""
    seldom = [Fetch(START + n, f"172.16.{n // 250}.{n % 250}", n) for n in range(6_000)]
    path = tmp_path / "access.log"
    report = report_of(path, combined(seldom + scraper("203.0.113.1", 400, first=2_000)))
    assert report.items == pytest.approx(6_000, rel=0.01)
    assert report.suspects[0].share == pytest.approx(400 / 6_000, rel=0.01)
    assert (report.accounts, report.counted.few) == (1, 6_000)


def test_who_came_so_often_is_exact(tmp_path, monkeypatch):
    """Of many accounts one alone came often enough: the others that share its place did not."""
    monkeypatch.setattr(gathering, "_PLACES", 1 << 8)
    seldom = [Fetch(START + n, f"172.16.{n >> 8 & 255}.{n & 255}", n % 9) for n in range(3_000)]
    report = report_of(tmp_path / "access.log", combined(seldom + scraper("203.0.113.1", 4)))
    assert (report.accounts, report.others) == (1, 1)


def oracle(fetches: list[Fetch]) -> tuple[dict[str, int], dict[str, int], int]:
    """Plainly: items of each who came often enough, those at most one had, and all items."""
    items, had = defaultdict(set), defaultdict(set)
    times: dict[str, int] = defaultdict(int)
    for _, address, song in fetches:
        items[address].add(song)
        had[song].add(address)
        times[address] += 1
    often = [address for address, count in times.items() if count >= LEAST_REQUESTS]
    return (
        {one: len(items[one]) for one in often},
        {one: sum(len(had[song]) <= 2 for song in items[one]) for one in often},
        len(had),
    )


MIXED = sorted(
    listeners(230) + scraper("203.0.113.1", 300) + scraper("203.0.113.2", 90, first=13_000)
    + passers_by(150)
)  # fmt: skip
SOUGHT = oracle(MIXED)


def record(folder, parts: list[bytes]) -> dict:
    """What logs say together."""
    names = []
    for number, part in enumerate(parts):
        names.append(str(folder / f"{number}.log"))
        (folder / names[-1]).write_bytes(part)
    with Gathering(item_rule(None)) as gathering:
        read = gather(gathering, names, {}, lambda *_: None)
        report, _ = judge(gathering, (), read.notes)
    return record_of(report)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """What the log says as it was written."""
    return record(tmp_path_factory.mktemp("once"), [combined(MIXED)])


def test_a_record_says_what_plain_counting_says(once):
    """Items of each, and of all of them together."""
    items, _, different = SOUGHT
    assert once["accounts"] == len(items)
    assert once["items"] == pytest.approx(different, rel=0.01)
    for one in once["suspects"]:
        assert one["items"] == items[one["account"]]
    assert {one["account"] for one in once["suspects"]} >= {"203.0.113.1", "203.0.113.2"}


@given(st.integers(0, 999), st.integers(1, 4), st.sampled_from([1, 300_000, 1 << 23]))
@settings(max_examples=8, deadline=None)
def test_any_order_of_lines_files_and_blocks_says_the_same(once, tmp_path_factory, seed, files, at):
    """Rotated, shuffled, several servers: the report is the same to the last number."""
    draw = random.Random(seed)
    lines = combined(MIXED).splitlines(keepends=True)
    draw.shuffle(lines)
    cuts = sorted(draw.randrange(1, len(lines)) for _ in range(files - 1))
    parts = [b"".join(lines[a:b]) for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK_BYTES", at)
        assert record(tmp_path_factory.mktemp("parts"), parts) == once


def test_a_program_that_changed_its_name_is_called_as_it_was_first(tmp_path):
    """By time, not by the place of a line; at one instant, by the name of a robot."""
    fetches = scraper("203.0.113.1", 300)
    for first, second in ((b"Examplebot/1.0", b"curl/8"), (b"curl/8", b"Examplebot/1.0")):
        data = combined(regulars()) + combined(fetches[1:], second.decode())
        one = combined(fetches[:1], first.decode())
        for whole in (one + data, data + one):
            (suspect,) = report_of(tmp_path / "access.log", whole).suspects
            assert suspect.account.agent == first.decode()
            assert suspect.account.is_robot == (b"bot" in first)
