"""Answers to the question: one in somebody's own words ends it, and no answer does harm."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from guard.book.making import BEGIN, account, counted, new_desk
from phonotheque.archive.guarding.case_pages import Concerned, ConcernedDesk
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadReferenceError, UnavailableError
from phonotheque.guard.book.file import HEAD, LINES
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.rungs import Rung
from phonotheque.listen.listener import Listener
from phonotheque.listen.sound.ports import Place

SENTENCE = "I just like\r\nlistening to music."  # in two lines, as a browser sends them


def somebody(number):
    return Listener(ip_address(f"203.0.113.{number}"), Place())


def pages_of(desk):
    """The pages of cases, where the last number of an address is that of its account."""

    def concerned(one):
        return Concerned((account(int(str(one.address).split(".")[-1])),))

    return ConcernedDesk(desk, concerned)


def test_the_same_sentence_of_two_people_harms_neither(tmp_path):
    """What another account wrote is no answer, however strong the evidence is and however often it
    is sent: the question stays, nobody is suspended, and other words end it."""
    desk = new_desk(tmp_path)
    pages = pages_of(desk)
    for number in (1, 2):
        desk.take(counted(number, 3.0))
    assert pages.answer("g2", somebody(1), SENTENCE)
    for said in (SENTENCE, SENTENCE, f" {SENTENCE}\n", SENTENCE.replace("\r", "")):
        assert not pages.answer("g3", somebody(2), said)
        assert desk.read().cases.by_number["g3"].rung_at(BEGIN) is Rung.CHALLENGE
    assert pages.answer("g3", somebody(2), "Songs that my neighbour told me about.")
    assert desk.read().cases.by_number["g3"].rung_at(BEGIN) is Rung.NONE


def test_nobody_copies_from_himself(tmp_path):
    """Whoever is asked again about something else may say what he said before."""
    desk = new_desk(tmp_path)
    pages = pages_of(desk)
    desk.take(counted(1, 0.7))
    assert pages.answer("g2", somebody(1), SENTENCE)
    desk.clock.now += DAY_S
    again = desk.take(counted(1, 0.9, desk.clock.now))
    assert again.case != "g2"
    assert pages.answer(again.case, somebody(1), SENTENCE)


class Watched(LocalDisk):
    """A disk that knows how often the book was read."""

    reads = 0

    def open(self, path):
        self.reads += path == LINES
        return super().open(path)


def test_a_book_is_read_again_when_it_has_grown(tmp_path):
    """Whoever asks for cases that are not his own, any number of times, has it read once; what
    another process wrote since is told."""
    desk = new_desk(tmp_path)
    desk.take(counted(1, 3.0))
    disk = Watched(tmp_path)
    pages = pages_of(replace(desk, disk=disk))
    for number in range(20):
        with pytest.raises(BadReferenceError):
            pages.shown(f"g{number}", somebody(7))
    assert disk.reads == 1
    assert not pages.shown("g2", somebody(1)).is_appealed
    desk.appeal("g2", "It was my feed reader.")
    assert pages.shown("g2", somebody(1)).is_appealed
    assert disk.reads == 2


def test_a_book_that_was_put_in_its_place_is_read(tmp_path):
    """Also when it is as long; of a damaged one nobody who asks is told what is wrong with it, nor
    whether there is a case, and nothing is written to it."""
    desk = new_desk(tmp_path)
    desk.take(counted(1, 3.0))
    pages = pages_of(desk)
    assert pages.shown("g2", somebody(1)).number == "g2"
    (tmp_path / "other").mkdir()
    other = new_desk(tmp_path / "other")
    other.take(counted(3, 3.0))
    for path in (LINES, HEAD):
        (tmp_path / path).write_bytes((tmp_path / "other" / path).read_bytes())
    assert pages.shown("g2", somebody(3)).number == "g2"
    (tmp_path / LINES).write_bytes(b"{}\n")
    for number in ("g2", "g7"):
        for ask in (pages.shown, lambda *who: pages.appeal(*who, "It was my feed reader.")):
            with pytest.raises(UnavailableError) as caught:
                ask(number, somebody(3))
            told = "Cases: they cannot be read for now. Come again later, or write to whoever runs"
            assert str(caught.value).startswith(told)
    assert (tmp_path / LINES).read_bytes() == b"{}\n"
