"""What holds for every request: who asks, how often, from where; and what is written down of it."""

from __future__ import annotations

import json
import multiprocessing
import re
import resource
import signal
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BadSettingError
from phonotheque.listen.limits import Bucket
from phonotheque.listen.listener import Surroundings, parse_networks
from phonotheque.listen.log import FileSink, Line, Pseudonyms, client_of
from phonotheque.listen.metrics import Metrics, make_metrics
from phonotheque.listen.rim import is_own_page, kind_of

PROXIES = parse_networks("x", ["127.0.0.1", "10.0.0.0/8", "::1"])
AROUND = Surroundings(PROXIES, (), "cf-ipcountry")


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "192.0.2.1", "203.0.113.5"),  # nobody trusts it: its word is nothing
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),  # what stands before was written by him
        ("127.0.0.1", "192.0.2.1, 10.1.1.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, nonsense", "127.0.0.1"),
        ("127.0.0.1", "10.1.1.1", "10.1.1.1"),
        ("::1", "[2001:db8::7]", "2001:db8::7"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("", "", "0.0.0.0"),
    ],
)
def test_an_address_is_what_trusted_proxies_say(peer, chain, address):
    """Only proxies that were named are believed, hop by hop from this end."""
    fields = {"x-forwarded-for": chain} if chain else {}
    assert AROUND.listener(peer, "http", fields).address == ip_address(address)


def test_country_and_encryption_are_believed_of_proxies_alone():
    """Who is no proxy says neither where he is nor how he came."""
    fields = {"x-forwarded-proto": "https", "cf-ipcountry": "DE", "x-forwarded-for": "192.0.2.1"}
    told = AROUND.listener("127.0.0.1", "http", fields)
    assert (told.place.country, told.is_secure, told.is_machine) == ("DE", True, False)
    forged = AROUND.listener("203.0.113.5", "http", fields)
    assert (forged.place.country, forged.is_secure) == (None, False)
    assert AROUND.listener("127.0.0.1", "http", {"cf-ipcountry": "x"}).place.country is None
    assert AROUND.listener("127.0.0.1", "http", {}).is_machine


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_head_brings_the_rim_down(peer, chain):
    """Whatever stands in an address, somebody is told of."""
    listener = AROUND.listener(peer, "http", {"x-forwarded-for": chain})
    assert listener.group
    assert listener.network


def test_a_setting_that_is_no_network_is_refused():
    """A typing mistake does not silently trust nobody, or everybody."""
    with pytest.raises(BadSettingError):
        parse_networks("listen.trusted_proxies", ["10.0.0.0/99"])


@given(
    st.lists(st.floats(0, 5), max_size=60),
    st.integers(1, 10),
    st.integers(1, 20),
)
def test_a_bucket_never_lets_more_through_than_it_may(steps, per_s, burst):
    """In any stretch of time at most the burst, and what flowed off; a wait is long enough."""
    now = [0.0]
    bucket = Bucket(lambda: now[0], per_s=per_s, burst=burst)
    passed = []
    for step in steps:
        now[0] += step
        wait_s = bucket.wait_s("a")
        if wait_s:
            now[0] += wait_s + 1e-6
            assert bucket.wait_s("a") == 0
        passed.append(now[0])
    for first, begun in enumerate(passed):
        for count, at in enumerate(passed[first:], start=1):
            assert count <= burst + per_s * (at - begun) + 1e-3


def test_buckets_are_of_each_and_bounded():
    """One who asks too often stops nobody else; who came longest ago is forgotten."""
    bucket = Bucket(lambda: 0.0, per_s=1, burst=1, most=2)
    assert [bucket.wait_s(who) > 0 for who in ("a", "a", "b", "c", "a")] == [
        False, True, False, False, False,
    ]  # fmt: skip
    assert Bucket(lambda: 0.0, per_s=0, burst=1).wait_s("a") == 0


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        (
            {"sec-fetch-site": "cross-site", "origin": "https://a.example", "host": "a.example"},
            False,
        ),
        ({"origin": "https://a.example", "host": "a.example"}, True),
        ({"origin": "https://b.example", "host": "a.example"}, False),
        ({"origin": "null", "host": "a.example"}, False),
        ({"origin": "https://a.example:8443", "host": "a.example"}, False),
    ],
)
def test_pages_of_other_sites_change_nothing(fields, own):
    """A browser says where a request comes from, and that decides; programs say nothing."""
    assert is_own_page(fields) is own


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox/128"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36", "Chrome/126"),
        ("curl/8.5.0", "curl/8"),
        ("", ""),
        ("\x00\xff<script>", ""),
    ],
)
def test_a_client_is_a_program_and_no_machine(user_agent, client):
    """Nothing of the machine is kept; what is no name of a program is nothing."""
    assert client_of(user_agent) == client


def test_lines_are_whole_and_old_ones_are_gone(tmp_path):
    """A file for each day, JSON in every line, and no more days than were asked for."""
    sink = FileSink(tmp_path, pytest.fail, lambda: 0.0, most_days=2)
    for day in range(1, 5):
        for number in range(70):
            sink.write(
                Line(f"2026-05-0{day}T10:00:00.000Z", str(number), "a", "n", "GET", "/", 200)
            )
    sink.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["2026-05-03.jsonl", "2026-05-04.jsonl"]
    lines = (tmp_path / files[0]).read_bytes().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [str(number) for number in range(70)]


def test_a_log_that_cannot_be_written_is_told_once(tmp_path):
    """Nobody is kept from listening by it."""
    (tmp_path / "logs").write_text("a file, where a folder should be")
    faults = []
    sink = FileSink(tmp_path / "logs", faults.append, lambda: 0.0, most_days=2)
    for _ in range(200):
        sink.write(Line("2026-05-01T10:00:00.000Z", "1", "a", "n", "GET", "/", 200))
    sink.close()
    assert len(faults) == 1


def write_with_little_room(folder, room_bytes, told):
    """A worker whose files may have so many bytes, as on a full disk, and then have room again."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    faults = []
    sink = FileSink(folder, faults.append, lambda: 0.0, most_days=2)
    for round_, limit in enumerate(((room_bytes, unlimited[1]), unlimited)):
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        for number in range(3):
            name = f"{round_}{number}"
            sink.write(Line("2026-05-01T10:00:00.000Z", name, "a", "n", "GET", "/", 200))
            sink.flush()
    told.put(faults)


@pytest.mark.parametrize("room_bytes", [0, 40, 250])
def test_a_write_that_is_cut_short_joins_no_lines(tmp_path, room_bytes):
    """On a full disk a part of a line may be written: that is told once, and what is written when
    there is room again, by this worker or another, is whole."""
    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()
    child = context.Process(target=write_with_little_room, args=(tmp_path, room_bytes, told))
    child.start()
    assert len(told.get()) == 1
    child.join()
    other = FileSink(tmp_path, pytest.fail, lambda: 0.0, most_days=2)
    other.write(Line("2026-05-01T10:00:00.000Z", "other", "a", "n", "GET", "/", 200))
    other.close()
    whole = []
    for line in (tmp_path / "2026-05-01.jsonl").read_bytes().splitlines():
        with suppress(json.JSONDecodeError):
            whole.append(json.loads(line)["id"])
    assert whole[-4:] == ["10", "11", "12", "other"]


def test_a_line_that_a_crash_tore_off_joins_no_other(tmp_path):
    """Whoever writes next begins on a line of its own; whole lines get no empty ones."""
    (tmp_path / "2026-05-01.jsonl").write_bytes(b'{"at":"2026-')
    for name in ("1", "2"):
        sink = FileSink(tmp_path, pytest.fail, lambda: 0.0, most_days=2)
        sink.write(Line("2026-05-01T10:00:00.000Z", name, "a", "n", "GET", "/", 200))
        sink.close()
    _, *lines = (tmp_path / "2026-05-01.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "2"]


def test_who_asks_is_a_hash_that_another_key_forgets():
    """The same address is the same hash under a key, and another one under the next."""
    keys = [b"one"]
    names = Pseudonyms(lambda: keys[0])
    before = names.of("192.0.2.1")
    assert re.fullmatch("[0-9a-f]{16}", before)
    assert names.of("192.0.2.1") == before != names.of("192.0.2.2")
    keys[0] = b"two"
    assert names.of("192.0.2.1") != before


def test_whoever_is_asked_tells_of_all_workers(tmp_path):
    """Counts of all rows are added up, and a histogram ends with all of them."""
    make_metrics(tmp_path / "m", 2)
    one, other = (Metrics(tmp_path / "m", row, 2) for row in range(2))
    one.answered("sound", 206, 0.003)
    other.answered("sound", 206, 20.0)
    other.add("phonotheque_plays_total", 2)
    text = one.text()
    assert 'phonotheque_requests_total{kind="sound",status="2xx"} 2\n' in text
    assert 'phonotheque_request_seconds_bucket{kind="sound",le="10.0"} 1\n' in text
    assert 'phonotheque_request_seconds_bucket{kind="sound",le="+Inf"} 2\n' in text
    assert "phonotheque_plays_total 2\n" in text
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}
    assert all(f"# TYPE {re.sub('_(bucket|sum|count)$', '', name)} " in text for name in names)
    for metrics in (one, other):
        metrics.close()


def test_kinds_of_paths():
    """What is asked for is told by the first part of its path; all else is a page."""
    told = {path: kind_of(path) for path in ("/", "/sound/x", "/api/v1/x", "/soundx", "/assets/a")}
    assert list(told.values()) == ["page", "sound", "api", "page", "paper"]
