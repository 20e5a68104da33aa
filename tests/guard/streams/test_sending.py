"""A log becomes entries, each line once; what is no play; files that are not as they should be."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guard.streams import village
from tests.guard.streams.memory import KilledError, MemoryServer

from phonotheque.errors import BadRequestError, ConflictError, MalformedError, UnavailableError
from phonotheque.guard.intake import LONGEST_LINE
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.streams.lines import answers_in
from phonotheque.guard.streams.log import PIECE_BYTES, alone_in, read_key, read_tracks, send_log
from phonotheque.guard.streams.packing import pack, unpack
from phonotheque.guard.streams.rows import CANARY, FAILED, PASSED, canary_of, decode, part_of
from phonotheque.guard.streams.sending import Refused, Sender, head_of
from phonotheque.guard.streams.server import BEGIN
from phonotheque.guard.streams.shape import Shape
from phonotheque.guard.streams.telling import Told
from phonotheque.guard.streams.verdicts import take_to, verdict_of

NOW = village.NOW


def sender(server: MemoryServer, parts: int = 3, most: int = 10_000) -> Sender:
    return Sender(server, village.shape(parts), village.KEY, lambda: NOW, most)


def line(account: str, second: int = NOW, **more: object) -> bytes:
    return json.dumps({"account": account, "second": second, **more}).encode() + b"\n"


def play(account: str, track: int = 1, second: int = NOW) -> bytes:
    return line(account, second, track=track, played_ms=90_000)


def sent(server: MemoryServer, parts: int = 3) -> list[tuple]:
    """All rows of all streams."""
    names = [village.shape(parts).events(part) for part in range(parts)]
    return [
        tuple(row)
        for name in names
        for entry in server.read({name: BEGIN}, 0, 10**6)
        for row in decode(entry.data, name)
    ]


@pytest.mark.parametrize("stops_at", range(1, 8))
def test_each_line_is_sent_once_wherever_sending_stops(tmp_path, stops_at: int) -> None:
    """Killed within a piece, the log grown meanwhile: the next one finishes what was begun."""
    lines = [play(f"p{n}", n, NOW - 9_000 + 600 * n) for n in range(12)]
    whole, halted = MemoryServer(), MemoryServer()
    sender(whole).send(b"".join(lines))
    log = tmp_path / "log"
    log.write_bytes(b"".join(lines[:7]))
    halted.fuse, halted.dies_after = stops_at, stops_at % 2 == 0
    with pytest.raises(KilledError):
        send_log(sender(halted), log, lambda: False)
    log.write_bytes(b"".join(lines))
    send_log(sender(halted), log, lambda: False)
    assert sorted(sent(halted)) == sorted(sent(whole))
    assert len(sent(whole)) == 12


@pytest.mark.parametrize("stops_at", [-1, 4, 9])
def test_the_end_of_a_line_that_is_too_long_is_no_line(tmp_path, stops_at: int) -> None:
    """Whatever stands at its end, and wherever sending stopped; the lines around it count."""
    long = b" " * PIECE_BYTES + play("hidden", 3)
    log = tmp_path / "log"
    log.write_bytes(play("p1") + long + play("p2", 2))
    server = MemoryServer()
    server.fuse = stops_at
    with suppress(KilledError):
        send_log(sender(server), log, lambda: False)
    server.fuse = -1
    send_log(sender(server), log, lambda: False)
    whole = MemoryServer()
    sender(whole).send(play("p1") + play("p2", 2))
    assert sorted(sent(server)) == sorted(sent(whole))


WEEK_S = 7 * 86_400


@pytest.mark.parametrize("stops_at", range(2, 10))
def test_a_piece_that_was_broken_off_is_sent_again_as_it_was(stops_at: int) -> None:
    """However much later: lines that are too old by then, or were too new, make no other steps."""
    seconds = [NOW - WEEK_S + 5, NOW - WEEK_S + 9, NOW - 9_000, NOW - 5_000, NOW - 30, NOW + 400]
    lines = b"".join(play(f"p{n}", n, second) for n, second in enumerate(seconds))
    whole, halted = MemoryServer(), MemoryServer()
    sender(whole, 2).send(lines)
    halted.fuse = stops_at
    with pytest.raises(KilledError):
        sender(halted, 2).send(lines)
    Sender(halted, village.shape(2), village.KEY, lambda: NOW + 200).send(lines)
    assert halted.streams == whole.streams


def test_a_clock_that_was_ahead_is_told() -> None:
    """No window would end until then; and a piece that was begun then is not gone on with."""
    year = 365 * 86_400
    for fuse in (-1, 3):
        server, lines = MemoryServer(), play("a") + play("b", 2, NOW + year)
        ahead = Sender(server, village.shape(3), village.KEY, lambda: NOW + year)
        server.fuse = fuse
        with suppress(KilledError):
            ahead.send(lines)
        before = len(sent(server))
        with pytest.raises(UnavailableError, match="ahead of the clock"):
            sender(server).send(lines)
        assert len(sent(server)) == before


def test_every_entry_names_the_one_before_it() -> None:
    """In its own stream; every stream gets every step."""
    server = MemoryServer()
    sender(server).send(b"".join(play(f"p{n}", n, NOW - 7_200 + 800 * n) for n in range(9)))
    for part in range(3):
        before = BEGIN
        for entry in server.read({village.shape(3).events(part): BEGIN}, 0):
            assert tuple(head_of(entry).after) == before
            before = entry.place
    assert len({server.length(village.shape(3).events(part)) for part in range(3)}) == 1


def test_no_name_leaves_but_as_a_keyed_hash() -> None:
    """Neither in rows nor in heads; an account is always in the same part."""
    server = MemoryServer()
    sender(server).send(b"".join(play("Odile", n) for n in range(50)))
    bytes_of = [head + data for held in server.streams.values() for head, data in held.values()]
    assert b"Odile" not in b"".join(bytes_of)
    rows = sent(server)
    assert len({row[0] for row in rows}) == 1
    assert sum(bool(sent_to(server, part)) for part in range(3)) == 1


def sent_to(server: MemoryServer, part: int) -> list:
    name = village.shape(3).events(part)
    return [r for e in server.read({name: BEGIN}, 0) for r in decode(e.data, name)]


def test_a_stream_that_nobody_reads_stops_the_sender() -> None:
    """It is told which, and the lines are sent when there is room."""
    server = MemoryServer()
    first = sender(server, most=2)
    first.send(play("a") + play("b", 2))
    first.send(play("c"))
    with pytest.raises(UnavailableError, match=r"events:0.*2 entries"):
        first.send(play("d"))
    for part in range(3):
        stream = village.shape(3).events(part)
        server.let_go(stream, server.top[stream])
    first.send(play("d"))
    assert len(sent(server)) >= 1


def test_answers_and_canaries_are_told_from_plays() -> None:
    """Whatever else a line is stays with the plays, and is refused there; all keep their places.
    What is of another time is refused for that, as a play is."""
    good = [
        line("a", answered="passed"), line("a", answered="failed"), line("b", canary="one"),
        line("b", canary="one"), line("b", canary="two"),
    ]  # fmt: skip
    bad = [
        line("a", answered="perhaps"), line("a", canary="one", answered="passed"),
        b'{"canary"\n', line("a", canary=True), line("a", canary=""),
        line("a" * LONGEST_LINE, canary="one"), b"[" * 2_000 + b'"canary"\n',
    ]  # fmt: skip
    late = [line("a", at, canary="one") for at in (NOW + 10**6, 2**70, NOW - 10**6)]
    text = b"".join([*good[:2], play('"canary"'), *bad, *good[2:], *late])
    plays, rows, places, refused = answers_in(text, village.KEY, NOW)
    end = len(bad) + 6
    assert refused == {"of the future": [end, end + 1], "long ago": [end + 2]}
    assert rows["flags"].tolist() == [PASSED, FAILED, CANARY, CANARY, CANARY]
    one, again, two = map(canary_of, rows[2:])
    assert one == again != two
    assert canary_of(rows[0]) == "0" * 16
    assert rows["account"][0] == rows["account"][1] != rows["account"][2]
    assert plays == b"".join([b"\n" * 2, play('"canary"'), *bad, b"\n" * 6])
    assert places.tolist() == [0, 1, *range(len(bad) + 3, end)]


SECONDS, ABC = st.integers(NOW - 5 * village.WINDOW_S, NOW), st.sampled_from("abc")
LOG = st.lists(
    st.one_of(
        st.builds(play, ABC, st.integers(0, 9), SECONDS),
        st.builds(lambda name, at: line(name, at, answered="failed"), ABC, SECONDS),
        st.builds(lambda name, at: line(name, at, canary="one"), ABC, SECONDS),
        st.sampled_from([b"\n", b"broken\n", b'"canary"\n']),
    ),
    max_size=14,
)


@given(LOG, st.lists(st.integers(1, 5), max_size=14))
@settings(max_examples=60, deadline=None)
def test_any_cut_of_the_log_gives_the_same_windows(lines: list[bytes], sizes: list[int]) -> None:
    """Which rows in which window, in which order, and which windows end; of plays, answers and
    canaries, in whatever order of time they stand."""
    cut, at = list[bytes](), 0
    for size in [*sizes, len(lines)]:
        cut, at = [*cut, b"".join(lines[at : at + size])], at + size
    assert windows([one for one in cut if one]) == windows([b"".join(lines)])


def windows(pieces: list[bytes]) -> list[tuple[int, int, list]]:
    """Rows of each window in their order, and the ends of windows, as one part has them."""
    server, found = MemoryServer(), []
    one = sender(server, parts=1)
    for piece in pieces:
        one.send(piece)
    name = village.shape(1).events(0)
    for entry in server.read({name: BEGIN}, 0, 10**6):
        head, rows = head_of(entry), decode(entry.data, name).tolist()
        if found and head.ends < 0 and found[-1][:2] == (head.window, -1):
            found[-1][2].extend(rows)
        elif rows or head.ends >= 0:
            found.append((head.window, head.ends, rows))
    return found


def test_what_is_refused_is_counted() -> None:
    """By reason, with the byte of the log at which the first of them begins."""
    one, first = sender(MemoryServer()), play("a") + b"\n"
    one.send(first)
    one.send(play("a", village.TRACKS) + b"{}\n" + play("a"))
    one.send(b"{\n")
    begins = len(first + play("a", village.TRACKS))
    assert one.refused == {
        "no such track": Refused(1, len(first)),
        "not as it should be": Refused(2, begins),
    }


def test_a_line_longer_than_a_piece_stops_nothing(tmp_path) -> None:
    """It is refused in pieces; what follows is sent."""
    log = tmp_path / "log"
    log.write_bytes(play("a") + b"x" * (PIECE_BYTES + 77) + b"\n" + play("b", 2) + b'{"half')
    server = MemoryServer()
    one = sender(server)
    send_log(one, log, lambda: False)
    assert sorted(row[1] for row in sent(server)) == [1, 2]
    assert one.at == log.stat().st_size - len(b'{"half')


def test_another_log_is_refused(tmp_path) -> None:
    """It is shorter than what was sent."""
    log, server = tmp_path / "log", MemoryServer()
    log.write_bytes(play("a") * 3)
    send_log(sender(server), log, lambda: False)
    log.write_bytes(play("a"))
    with pytest.raises(MalformedError, match="shorter"):
        send_log(sender(server), log, lambda: False)
    with pytest.raises(BadRequestError):
        send_log(sender(server), tmp_path / "nothing", lambda: False)


def test_tables_of_tracks_and_keys(tmp_path) -> None:
    """What is none is refused with what to do."""
    path = tmp_path / "tracks.parquet"
    for wrong in (b"", b"PAR1"):
        path.write_bytes(wrong)
        with pytest.raises(MalformedError, match="no table of tracks"):
            read_tracks(path)
    for columns in ({"genre": [1]}, {"genre": [-1], "album": [0]}, {"genre": [], "album": []}):
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        with pytest.raises(MalformedError, match="no table of tracks"):
            read_tracks(path)
    pyarrow.parquet.write_table(pyarrow.table({"genre": [1, 2], "album": [0, 0]}), path)
    assert read_tracks(path).genres.tolist() == [1, 2]
    path.write_bytes(b"short")
    with pytest.raises(BadRequestError, match="a key of 5 bytes"):
        read_key(path)


def test_a_folder_is_for_one_process(tmp_path) -> None:
    """The second one is told, and may have it when the first is gone."""
    folder = tmp_path / "state"
    with alone_in(folder), pytest.raises(ConflictError, match="another process"), alone_in(folder):
        pytest.fail("it was had twice")
    with alone_in(folder):
        assert folder.is_dir()


def test_accounts_are_spread_evenly() -> None:
    """By their hash alone."""
    hashes = np.random.default_rng(1).integers(0, 2**63, 8_000).astype(np.uint64)
    counts = np.bincount(part_of(hashes, 8))
    assert counts.min() > 850


@pytest.mark.parametrize("data", [b"", b"\x92", b"\x92\x80\x81\xa1a\x93\xa1O\x90\xc4\x00"])
def test_bytes_that_nobody_packed_are_refused(data: bytes) -> None:
    """Objects of Python among them."""
    with pytest.raises(MalformedError):
        unpack(data, "s")
    facts, arrays = unpack(pack({"a": [1]}, {"b": np.arange(4).reshape(2, 2)}), "s")
    assert facts == {"a": [1]}
    assert arrays["b"].tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("window_s", [0, 7, 7_200])
def test_windows_fit_between_two_looks(window_s: int) -> None:
    """A whole number of them."""
    with pytest.raises(ValueError, match=r"no guard|whole number"):
        Shape(1, window_s, 10)


@pytest.mark.parametrize("rung", [Rung.CHALLENGE, Rung.SUSPEND])
def test_a_verdict_ends_by_itself(rung: Rung) -> None:
    """Nobody stays stopped because whoever would let him go is down; it is no score of his own."""
    verdict = verdict_of(Told(2**64 - 1, rung, NOW, by_group=False))
    assert verdict.account == "f" * 16
    assert verdict.second == NOW
    assert verdict.until == NOW + (72 * 3_600 if rung is Rung.SUSPEND else 30 * 86_400)
    assert verdict.score == FROM_SCORE[rung]


class Away:
    """A sink that refuses so many times."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.taken = refusals, []

    def take(self, verdict: Verdict) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise UnavailableError("the sink", "it is away", "Start it.")
        self.taken.append(verdict)


def test_a_sink_that_is_away_is_tried_again_and_then_told() -> None:
    """The verdict is taken once it is back; nobody passes it over."""
    verdict = verdict_of(Told(7, Rung.SUSPEND, NOW, by_group=False))
    back, gone = Away(2), Away(3)
    take_to(back, verdict, lambda: iter([None] * 3))
    assert back.taken == [verdict]
    with pytest.raises(UnavailableError, match="it is away"):
        take_to(gone, verdict, lambda: iter([None] * 3))
    assert gone.taken == []
