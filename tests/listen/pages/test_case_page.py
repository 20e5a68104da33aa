"""The page of a case: what it stops, since when, what can be done, and nothing that is not so."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from fastapi import FastAPI

from guard.book.making import BEGIN, Clock, account, grouped, new_desk, permit_for
from listen.pages.conftest import Asked
from phonotheque.archive.guarding.case_pages import Concerned, ConcernedDesk
from phonotheque.errors import BadRequestError
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.rungs import Rung
from phonotheque.listen.cases.routes import CaseRoom, case_routes
from phonotheque.listen.listener import Listener
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.sound.ports import Place


class Door:
    """A book, and its pages as the first account sees them by its token, or by its address."""

    def __init__(self, root, shadow_days=0) -> None:
        self.desk = new_desk(root, Clock(), shadow_days)
        self.concerned = Concerned(own=(account(1),))
        pages = ConcernedDesk(self.desk, lambda _: self.concerned)
        app = FastAPI()
        app.include_router(case_routes(CaseRoom(pages, Pages("An archive"))))
        listener = Listener(ip_address("203.0.113.7"), Place())

        async def greeted(scope, receive, send):
            await app({**scope, "listener": listener}, receive, send)

        self.ask = Asked(greeted)

    def page(self, number="g2") -> str:
        return " ".join(self.ask(f"/case/{number}").text.split())


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path)


def test_a_question_says_what_it_stops(door) -> None:
    """Nothing new opens, what was heard plays on; each button says what it sends."""
    door.desk.take(grouped(1))
    page = door.page()
    assert "What you heard before plays on." in page
    assert "This account is one of 312" in page
    buttons = [part.split("<")[0] for part in page.split('type="submit">')[1:]]
    assert buttons == ["Send the answer", "Send the objection"]


def test_the_page_leads_with_the_reason_that_governs(door) -> None:
    """Decided twice: the last reason, its second and its half-year come first; the one before is
    told with what was written."""
    door.desk.decide(account(1), Rung.CHALLENGE, "ann", "Opened 60 in a row.")
    door.desk.clock.now += 2 * DAY_S
    until = door.desk.now + 30 * DAY_S
    door.desk.settle("g2", Settled("g2", door.desk.now, Rung.SUSPEND, until, "bob", "Opened 900."))
    page = door.page()
    lead = page[page.index('class="lead"') :].partition("</p>")[0]
    assert "Opened 900. A person decided it" in lead
    assert page.index("Opened 60 in a row.") > page.index("What was written")
    assert "Nothing plays that may only be heard" in page
    assert "17 Jan 2027" in page  # since when
    assert "20 Jul 2027" in page  # half a year of that
    assert "18 Jul 2027" not in page


def test_what_is_over_holds_no_more(door) -> None:
    """After an answer the page says since when it is over, and not that it holds."""
    door.desk.take(grouped(1))
    door.desk.clock.now += DAY_S
    assert door.ask("/case/g2/answer", "POST", data={"words": "Songs from Anatolia."}).is_redirect
    page = door.page()
    assert "Nothing happens to you." in page
    assert "What holds" not in page
    assert "Over since" in page
    assert "16 Jan 2027" in page


def test_what_was_taken_back_can_not_be_objected_to(door) -> None:
    """No date to object by stands there, nor a form."""
    door.desk.take(grouped(1))
    door.desk.settle("g2", Settled("g2", BEGIN, Rung.NONE, 0, "ann", "A choir.", is_wrong=True))
    page = door.page()
    assert "A choir." in page
    assert "objected to" not in page
    assert "Send the objection" not in page


def test_an_address_is_accused_of_nothing(door) -> None:
    """All behind it are told what holds and how to object, and neither that anybody opened much,
    nor what a person wrote about it."""
    door.desk.decide(account(1), Rung.CHALLENGE, "ann", "A letter said so.")
    door.concerned = Concerned(addresses=(account(1),))
    page = door.page()
    assert "need not be about you" in page
    assert "A letter said so." not in page
    assert "more was opened" not in page
    assert "Send the answer" in page


def test_who_has_a_permit_is_told_what_for_how_long(door) -> None:
    """With what it gives; when it is over, nothing is said of it."""
    door.desk.take(grouped(1))
    door.desk.permit(permit_for(1, door.desk.now, days=90))
    assert "5 times the budget, until 15 Apr 2027" in door.page()
    door.desk.permit(permit_for(1, door.desk.now, days=0))
    assert "times the budget" not in door.page()


def test_a_long_objection_in_any_script_is_kept_whole(door) -> None:
    """As long as the page takes; what is longer is refused, and nothing of it is kept."""
    door.desk.take(grouped(1))
    words = "\u97f3" * 4_000
    sent = door.ask("/case/g2/appeal", method="POST", data={"words": words})
    assert sent.status_code == 303
    assert words in door.page()
    with pytest.raises(BadRequestError, match="4,000 characters"):
        door.ask("/case/g2/appeal", method="POST", data={"words": words + "!"})
