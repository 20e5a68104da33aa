"""Time, withdrawn ranks, several processes, and files that are not as they were written."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.catalogue.search.conftest import Built

from phonotheque.catalogue.search.layout import FILE
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.running import Run
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.errors import FormatTooNewError, MalformedError


def test_when_time_is_up_the_answer_says_so(built: Built) -> None:
    """An answer cut by its deadline is marked, and its rows are the first of the whole answer."""
    text = built.scan.rows[0].card["credit"]
    for deadline_s in (0.0, 1e-9):
        for question in (
            Question(text, deadline_s=deadline_s),
            Question("", Filters(is_free=False), limit=1_000, deadline_s=deadline_s),
            Question("", title=text, deadline_s=deadline_s),
            Question("lamoritaxx sundravelxx", deadline_s=deadline_s),
        ):
            answer = built.searcher.ask(question)
            assert answer.is_partial or answer.ranks
            for rank in answer.ranks:
                assert 1 <= rank <= 3_000
    plenty = built.searcher.ask(Question(text, deadline_s=60.0))
    assert plenty == built.searcher.ask(Question(text))
    assert not plenty.is_partial


def test_the_clock_is_looked_at(built: Built) -> None:
    """Once time is up it stays up, and without a deadline it never is."""
    over, free = Run(deadline_s=0.0), Run()
    assert over.is_over()
    assert over.is_partial
    assert not free.is_over()


def test_withdrawn_ranks_are_in_no_answer(built: Built) -> None:
    """What is withdrawn makes room for the next, also while the searcher is open."""
    withdrawn: set[int] = set()
    with Searcher(built.folder, built.texts, withdrawn) as searcher:
        for text in ("la", "愛", "lamo", built.scan.rows[5].card["credit"]):
            question = Question(text, limit=30)
            before = searcher.ask(question).ranks
            withdrawn |= set(before[::2])
            everything = built.searcher.ask(Question(text, limit=1_000)).ranks
            left = tuple(rank for rank in everything if rank not in withdrawn)
            assert searcher.ask(question).ranks[: len(left)] == left[:30]


def test_rows_that_the_caller_refuses_make_room(built: Built) -> None:
    """`accepts` decides on ranks; more rows are looked at until there are enough."""
    text = built.scan.rows[5].card["credit"].split()[0]
    everything = built.searcher.ask(Question(text, limit=1_000)).ranks
    answer = built.searcher.ask(Question(text, limit=3), lambda ranks: [r % 3 == 0 for r in ranks])
    assert answer.ranks == tuple(rank for rank in everything if rank % 3 == 0)[:3]


_ASK = """
import sys
from pathlib import Path
from phonotheque.catalogue.search.question import Question
from phonotheque.catalogue.search.searcher import Searcher
searcher = Searcher(Path(sys.argv[1]), lambda ranks: [("", "")] * len(ranks))
print("open", flush=True)
for text in sys.stdin:
    print(searcher.ask(Question(text.strip())).ranks, flush=True)
"""


def test_processes_share_a_folder(built: Built) -> None:
    """Two processes that have one folder open at once answer alike, and change nothing in it."""
    before = {path.name: path.read_bytes() for path in built.folder.iterdir()}
    command = [sys.executable, "-c", _ASK, str(built.folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    asking = [subprocess.Popen(command, **pipes) for _ in range(2)]
    assert [process.stdout.readline() for process in asking] == ["open\n"] * 2
    answers = [process.communicate("la\nlamo\nnoise\n", timeout=300)[0] for process in asking]
    assert answers[0] == answers[1]
    assert answers[0].count("\n") == 3
    assert {path.name: path.read_bytes() for path in built.folder.iterdir()} == before


@pytest.mark.parametrize("name", ["search-0.db", "search-2.db", "spell.db", FILE])
def test_a_missing_or_cut_file_is_named(built: Built, tmp_path: Path, name: str) -> None:
    """Opening a folder with a file missing or shortened says which, and never answers."""
    folder = tmp_path / "copy"
    shutil.copytree(built.folder, folder)
    whole = (folder / name).read_bytes()
    for left in (None, 0, 10, len(whole) // 2, len(whole) - 1):
        (folder / name).unlink(missing_ok=True)
        if left is not None:
            (folder / name).write_bytes(whole[:left])
        with pytest.raises(MalformedError, match=name):
            Searcher(folder, built.texts)
    with pytest.raises(MalformedError):
        Searcher(tmp_path / "nowhere", built.texts)


def test_a_later_format_is_left_alone(built: Built, tmp_path: Path) -> None:
    """Files of a format yet to come are refused by their number, whatever else they hold."""
    (tmp_path / FILE).write_text('{"format": 99, "novel": true}', encoding="utf-8")
    with pytest.raises(FormatTooNewError):
        Searcher(tmp_path, built.texts)


@pytest.mark.parametrize("name", ["search-1.db", "spell.db", FILE])
def test_changed_bytes_give_an_answer_or_an_error_of_ours(
    built: Built, tmp_path: Path, name: str
) -> None:
    """Whichever bytes differ, nothing but a `MalformedError` comes out of asking. (That bytes are
    still the same is what the snapshot's digests are for.)"""
    folder = tmp_path / "copy"
    shutil.copytree(built.folder, folder)
    whole = (folder / name).read_bytes()
    dice = random.Random(name)
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 8, 200])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        (folder / name).write_bytes(data)
        try:
            with Searcher(folder, built.texts) as searcher:
                for text in ("la", "lamo sun", "愛の", "lamorita mosunx", built.texts([700])[0][0]):
                    searcher.ask(Question(text))
                    searcher.ask(Question(text[:3], is_typing=True))
        except (MalformedError, FormatTooNewError):
            continue
