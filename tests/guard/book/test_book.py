"""The case book: what it says holds, and nobody changes it unnoticed."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.powerloss import explore
from guard.book.making import (
    BEGIN,
    Clock,
    account,
    canaries,
    counted,
    grouped,
    new_desk,
    permit_for,
    write_some,
)
from phonotheque.archive.guarding.desk import MAP, GuardDesk
from phonotheque.archive.guarding.settling import Answer, answer_appeal, forget_case
from phonotheque.archive.guarding.words import forget_words, words_of
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadReferenceError, BadRequestError, ConflictError, MalformedError
from phonotheque.guard.book.entries import Begun, Settled
from phonotheque.guard.book.file import HEAD, LINES, read_book
from phonotheque.guard.decisions import DAY_S, HOUR_S
from phonotheque.guard.ladder import REVIEW_S, Rules
from phonotheque.guard.rungs import Rung
from phonotheque.guard.verdicts import look_up


@pytest.fixture
def desk(tmp_path):
    """A desk with some cases."""
    desk = new_desk(tmp_path, Clock())
    write_some(desk)
    return desk


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The lines of a book, and its head."""
    root = tmp_path_factory.mktemp("book")
    write_some(new_desk(root, Clock()))
    return (root / LINES).read_bytes(), (root / HEAD).read_bytes()


def put(root, lines, head=None):
    """A book of these bytes."""
    (root / "journals/guard").mkdir(parents=True, exist_ok=True)
    (root / LINES).write_bytes(lines)
    if head is not None:
        (root / HEAD).write_bytes(head)
    return LocalDisk(root)


def test_what_was_written_is_read_back(desk):
    """Read anew, the book says the same of every case, permit and account."""
    cases = desk.read().cases
    assert sorted(cases.by_number) == ["g2", "g3", "g9"]
    assert [cases.by_number[n].rung_at(BEGIN) for n in ("g2", "g3", "g9")] == [
        Rung.NONE, Rung.NONE, Rung.BUDGET,
    ]  # fmt: skip
    assert cases.permit_at(account(1), BEGIN + DAY_S) is not None
    assert cases.permit_at(account(1), BEGIN + 91 * DAY_S) is None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_noticed(written, tmp_path_factory, data):
    """Whichever byte of the lines is changed, to whatever: the book is refused, by its line."""
    lines, head = written
    place = data.draw(st.integers(0, len(lines) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[place]))
    changed = bytearray(lines)
    changed[place] = byte
    disk = put(tmp_path_factory.mktemp("changed"), bytes(changed), head)
    with pytest.raises(MalformedError, match="line"):
        read_book(disk)


def test_a_line_that_is_gone_is_noticed(written, tmp_path):
    """Without any one of its lines, the last included, the book is refused."""
    lines = written[0].splitlines(keepends=True)
    for number in range(len(lines)):
        disk = put(tmp_path, b"".join(lines[:number] + lines[number + 1 :]), written[1])
        with pytest.raises(MalformedError):
            read_book(disk)


def test_a_head_that_was_taken_away_hides_no_cut(written, tmp_path):
    """Lines without the head that says how far they went are refused, cut or not; a crash never
    leaves them so."""
    lines = written[0].splitlines(keepends=True)
    for count in (1, len(lines)):
        disk = put(tmp_path, b"".join(lines[:count]))
        with pytest.raises(MalformedError, match="missing"):
            read_book(disk)

    def scenario(disk, acknowledge):
        for seq in (1, 2):
            book = read_book(disk)
            book.append("2026-01-01T00:00:00.000000Z", [Begun(1, 0, 0)])
            acknowledge(seq)

    def check(disk, acknowledged):
        assert read_book(disk).head.seq >= max(acknowledged, default=0)

    explore(scenario, check)


def test_an_older_book_is_noticed_by_whoever_remembers(written, tmp_path):
    """A book that was put back whole, with its head, lacks the line that is known of it."""
    known = read_book(put(tmp_path / "now", *written)).head
    for root in ("older", "none"):
        (tmp_path / root).mkdir()
    older = new_desk(tmp_path / "older", Clock())
    older.take(canaries(1))
    assert read_book(older.disk).cases.by_number
    for root in ("older", "none"):
        with pytest.raises(MalformedError, match="is missing"):
            read_book(LocalDisk(tmp_path / root), known)
    assert read_book(LocalDisk(tmp_path / "now"), known).head == known


def test_a_row_edited_by_hand_is_noticed_even_when_it_parses(written, tmp_path):
    """A rung that was made milder in the file, its line a good line still, is noticed."""
    edited = written[0].replace(b'"rung":4', b'"rung":1', 1)
    disk = put(tmp_path, edited, written[1])
    with pytest.raises(MalformedError, match="line 2 or 3 was changed: 3 does not follow from 2"):
        read_book(disk)
    lines = written[0].splitlines(keepends=True)
    for place in (0, 2):
        disk = put(tmp_path, b"".join([*lines[:place], b"{}\n"]), written[1])
        with pytest.raises(MalformedError, match=f": line {place + 1} was changed: it is no line"):
            read_book(disk)


@pytest.mark.parametrize("cut", [1, 5, 200])
def test_the_piece_of_a_line_is_cut_off(written, tmp_path, cut):
    """What a crash left of a line was told to nobody: it is passed over, the next is whole."""
    lines = written[0].splitlines(keepends=True)
    put(tmp_path, written[0] + lines[-1][:cut], written[1])
    desk = new_desk(tmp_path)
    desk.take(canaries(7))
    assert account(7) in desk.read().cases.of_account


def test_a_head_that_is_behind_is_a_crash_and_no_tampering(written, tmp_path):
    """A line that is durable counts, also when its head was not written any more."""
    first = json.loads(written[0].splitlines()[1])["prev"]
    disk = put(tmp_path, written[0], json.dumps({"seq": 1, "digest": first}).encode())
    assert len(read_book(disk).cases.by_number) == 3


def test_words_are_forgotten_and_the_chain_is_whole(desk):
    """What a person wrote stands in no line, and can go without breaking any."""
    appeal = desk.read().cases.by_number["g2"].written[0]
    assert words_of(desk.disk, "g2", appeal.words) == "It was my feed reader."
    assert b"feed reader" not in (desk.root / LINES).read_bytes()
    forget_words(desk.disk, "g2", appeal.words)
    assert words_of(desk.disk, "g2", appeal.words) is None
    assert desk.read().cases.by_number["g2"].written[0] == appeal


def test_the_map_says_what_the_book_says(desk):
    """The door is told of rungs and permits, of nobody else, and of no more than that."""
    data = (desk.root / MAP).read_bytes()
    first, third = look_up(data, account(1)), look_up(data, account(3))
    assert (first.rung_at(BEGIN), first.factor_at(BEGIN)) == (Rung.NONE, 2)
    assert (third.rung_at(BEGIN), third.case) == (Rung.BUDGET, 9)
    assert look_up(data, account(2)) is None
    desk.disk.remove(MAP)
    desk.publish()
    assert (desk.root / MAP).read_bytes() == data


def test_a_suspension_nobody_looked_at_becomes_a_question(tmp_path):
    """After 72 hours without a person's look, in the book and in the map."""
    desk = new_desk(tmp_path)
    desk.take(canaries(1))
    case = desk.read().cases.by_number["g2"]
    row = look_up((tmp_path / MAP).read_bytes(), account(1))
    for second, rung in ((0, Rung.SUSPEND), (REVIEW_S, Rung.CHALLENGE), (31 * DAY_S, Rung.NONE)):
        assert case.rung_at(BEGIN + second) is rung
        assert row.rung_at(BEGIN + second) is rung


def test_a_person_governs_until_something_new_is_found(tmp_path):
    """Taken back, the same evidence decides nothing; more canaries than were explained do."""
    desk = new_desk(tmp_path)
    desk.take(canaries(1))
    desk.settle("g2", Settled("g2", BEGIN, Rung.NONE, 0, "ann", "A slip.", is_wrong=True))
    assert desk.take(canaries(1, BEGIN + HOUR_S, hits=3)).decision.rung is Rung.OBSERVE
    assert desk.take(canaries(1, BEGIN + HOUR_S, hits=4)).decision.rung is Rung.SUSPEND


def test_upheld_holds_as_long_as_the_person_said(tmp_path):
    """A suspension that a person upheld is not made a question after 72 hours."""
    desk = new_desk(tmp_path)
    desk.take(canaries(1))
    until = BEGIN + 60 * DAY_S
    case = desk.settle("g2", Settled("g2", BEGIN, Rung.SUSPEND, until, "ann", "By trying ids."))
    assert case.rung_at(BEGIN + 59 * DAY_S) is Rung.SUSPEND
    assert case.rung_at(until) is Rung.NONE


def test_a_case_that_another_followed_is_not_settled_to_be_something(tmp_path):
    """It would be written down and do nothing: the last case of the account is named instead; that
    an older one was nothing may be said."""
    clock = Clock()
    desk = new_desk(tmp_path, clock)
    desk.take(canaries(1))
    clock.now += 40 * DAY_S
    desk.take(canaries(1, second=clock.now, hits=4))
    until = clock.now + DAY_S
    with pytest.raises(ConflictError, match="g3 is a later case"):
        desk.settle("g2", Settled("g2", desk.now, Rung.SUSPEND, until, "ann", "By trying ids."))
    desk.settle("g2", Settled("g2", desk.now, Rung.NONE, 0, "ann", "A slip.", is_wrong=True))
    desk.settle("g3", Settled("g3", desk.now, Rung.BUDGET, until, "ann", "Less."))
    assert desk.read().cases.by_number["g3"].rung_at(desk.now) is Rung.BUDGET


def test_accepted_appeals_are_lessons(desk):
    """What a person called wrong is tried on the rules: explained canaries do not decide again,
    and rules that would do it again are named, unless a permit keeps it away that is not over."""
    cases = desk.read().cases
    assert [case.number for case, _ in cases.lessons()] == ["g2"]
    assert cases.unlearned(Rules(), BEGIN) == []
    desk.take(grouped(5))
    number = desk.read().cases.of_account[account(5)]
    desk.settle(number, Settled(number, BEGIN, Rung.NONE, 0, "ann", "A choir.", is_wrong=True))
    cases, lesson = desk.read().cases, [(number, Rung.CHALLENGE)]
    assert [(case.number, rung) for case, rung in cases.unlearned(Rules(), BEGIN)] == lesson
    desk.permit(permit_for(5, desk.now, days=90))
    cases = desk.read().cases
    assert cases.unlearned(Rules(), BEGIN) == []
    told = cases.unlearned(Rules(), BEGIN + 90 * DAY_S)
    assert [(case.number, rung) for case, rung in told] == lesson


def test_shadow_mode_writes_and_tells_nobody(tmp_path):
    """In a service's first days a case is in the book, and the door hears nothing of it."""
    desk = new_desk(tmp_path, shadow_days=30)
    assert desk.take(canaries(1)).decision.is_shadow
    assert look_up((tmp_path / MAP).read_bytes(), account(1)) is None
    later = replace(desk, clock=Clock(BEGIN + 30 * DAY_S))
    assert later.take(canaries(1, BEGIN + 30 * DAY_S)).decision.rung is Rung.SUSPEND


def test_a_question_on_paper_is_no_question(tmp_path):
    """Who was only asked in shadow mode is asked when it is over, and not suspended; nor is who is
    found again on the same evidence, also after a good answer; who goes on after it, is."""
    clock = Clock()
    desk = new_desk(tmp_path, clock, shadow_days=30)
    assert desk.take(counted(1, 1.2)).decision.is_shadow
    clock.now += 31 * DAY_S
    asked = desk.take(counted(1, 1.6, clock.now)).decision
    assert (asked.rung, asked.is_shadow) == (Rung.CHALLENGE, False)
    clock.now += 60
    assert desk.take(counted(1, 1.6, clock.now)) is None
    desk.answer("g2", "I dig for obscure records.", is_passed=True)
    clock.now += DAY_S
    for score, second in ((1.6, clock.now), (9.0, clock.now - DAY_S)):
        assert desk.take(counted(1, score, second)) is None
    assert desk.take(counted(1, 2.1, clock.now)).decision.rung is Rung.SUSPEND


def test_shadow_mode_takes_nothing_from_what_a_person_decided(tmp_path):
    """What a person decided, or settled, holds whatever a new service finds, and its case shows
    it; what is found is written down once."""
    desk = new_desk(tmp_path, shadow_days=30)
    desk.decide(account(1), Rung.BUDGET, "ann", "Asked for by the label.")
    number = desk.decide(account(2), Rung.SUSPEND, "ann", "A farm.").case
    desk.settle(number, Settled(number, BEGIN, Rung.BUDGET, BEGIN + DAY_S, "ann", "Less."))
    for one in (1, 2):
        assert desk.take(counted(one, 1.2)).decision.is_shadow
        assert desk.take(counted(one, 1.2)) is None
        case = desk.read().cases.by_number[desk.read().cases.of_account[account(one)]]
        assert (case.rung_at(BEGIN), case.decision.by) == (Rung.BUDGET, "ann")
        assert case.shadow_rung_at(BEGIN) is Rung.CHALLENGE
        assert look_up((tmp_path / MAP).read_bytes(), account(one)).rung is Rung.BUDGET
    assert desk.take(counted(3, 1.2)).decision.is_shadow
    with pytest.raises(ConflictError, match="does nothing"):
        desk.appeal(desk.read().cases.of_account[account(3)], "Why?")


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_rejected_appeal_clears_nothing(tmp_path, is_accepted):
    """Who answers, appeals and is rejected is decided about like before; who is right is not."""
    clock = Clock()
    desk = new_desk(tmp_path, clock)
    desk.take(counted(1, 0.7))
    desk.appeal("g2", "Why?")
    desk.answer("g2", "I dig for obscure records.", is_passed=True)
    answer_appeal(desk, "g2", Answer("ann", "See above.", is_accepted))
    assert desk.read().cases.by_number["g2"].rung_at(BEGIN) is Rung.NONE
    clock.now += DAY_S
    standing = desk.read().cases.standing(account(1), BEGIN + DAY_S)
    assert (standing.cleared_score > 0) == is_accepted
    assert desk.take(canaries(1)).decision.rung is Rung.SUSPEND


def test_a_rejected_appeal_leaves_the_question_to_be_answered(tmp_path):
    """A question that a person upheld is answered once, like any other."""
    desk = new_desk(tmp_path)
    desk.take(counted(1, 0.7))
    desk.appeal("g2", "Why?")
    held = answer_appeal(desk, "g2", Answer("ann", "Please answer it.", is_accepted=False))
    assert held.rung_at(BEGIN) is Rung.CHALLENGE
    answered = desk.answer("g2", "I dig for obscure records.", is_passed=True)
    assert answered.rung_at(BEGIN) is Rung.NONE


@pytest.mark.parametrize(
    ("meanwhile", "holds"),
    [
        (lambda desk: desk.take(canaries(1, BEGIN + 1)), Rung.SUSPEND),
        (lambda desk: desk.permit(permit_for(1, BEGIN + 1, days=90)), Rung.NONE),
    ],
)
def test_a_rejected_appeal_overrules_nothing_that_came_meanwhile(tmp_path, meanwhile, holds):
    """What another process writes while this one waits for its turn holds, as if it came after."""

    class Late(GuardDesk):
        def settle(self, *asked):
            self.clock.now += 1
            meanwhile(desk)
            return super().settle(*asked)

    desk = new_desk(tmp_path, Clock())
    desk.take(grouped(1))
    desk.appeal("g2", "It was me.")
    late = Late(desk.root, desk.disk, desk.clock, 0)
    answer_appeal(late, "g2", Answer("ann", "It stands.", is_accepted=False))
    assert desk.read().cases.by_number["g2"].rung_at(desk.now) is holds


def test_what_holds_of_an_old_case_is_known_in_a_new_one(tmp_path):
    """What was taken back, or answered, is not decided again because a person opened a case."""
    desk = new_desk(tmp_path)
    desk.take(counted(1, 1.4))
    desk.settle("g2", Settled("g2", BEGIN, Rung.NONE, 0, "ann", "A choir.", is_wrong=True))
    assert desk.decide(account(1), Rung.OBSERVE, "ann", "To be seen.").case != "g2"
    assert desk.take(counted(1, 1.4, BEGIN + DAY_S)) is None


def test_what_a_crash_kept_from_the_door_is_told_by_whoever_comes_next(tmp_path):
    """Killed between the book and the map: the next look tells the door, also when it finds nothing
    new; a suspension that was taken back is no longer heard."""
    desk = new_desk(tmp_path)
    desk.take(canaries(1))
    suspended = (tmp_path / MAP).read_bytes()
    desk.settle("g2", Settled("g2", BEGIN, Rung.NONE, 0, "ann", "A slip.", is_wrong=True))
    told = (tmp_path / MAP).read_bytes()
    (tmp_path / MAP).write_bytes(suspended)
    assert desk.take_all([]) == []
    assert (tmp_path / MAP).read_bytes() == told


def test_requests_that_cannot_be_meant_are_refused(desk):
    """A case that is not there, an empty or endless text, an answer nobody waits for, an objection
    too late, or to what was taken back."""
    with pytest.raises(BadReferenceError):
        desk.appeal("g77", "Why?")
    desk.appeal("g9", "\u3042\r\n" * 2_000)  # as a browser sends 4,000 characters
    for text in ("", " \n", "x" * 4_001):
        with pytest.raises(BadRequestError):
            desk.appeal("g9", text)
    with pytest.raises(ConflictError, match="does nothing"):
        desk.appeal("g2", "Why?")
    answer = Settled("g3", BEGIN, Rung.NONE, 0, "ann", "Fine.", is_appeal=True)
    with pytest.raises(ConflictError):
        desk.settle("g3", answer)
    with pytest.raises(ConflictError, match="time for an appeal"):
        replace(desk, clock=Clock(BEGIN + 200 * DAY_S)).appeal("g9", "Now?")


def _take_some(root, first):
    for number in range(first, first + 5):
        new_desk(root).take(canaries(number))


def test_two_who_write_lose_nothing(tmp_path):
    """Processes that write at the same time write after each other: every case is there, once."""
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_take_some, args=(tmp_path, n)) for n in (100, 200, 300)]
    for process in others:
        process.start()
    for process in others:
        process.join()
    assert [process.exitcode for process in others] == [0, 0, 0]
    assert len(new_desk(tmp_path).read().cases.by_number) == 15


def test_a_letter_about_two_cases_is_forgotten_of_one_alone(tmp_path):
    """The same words about two cases: forgotten with the one, they stay with the other."""
    desk, letter = new_desk(tmp_path, Clock()), "We are a family, and share this account."
    first, second = [desk.take(canaries(number)).case for number in (1, 2)]
    digests = {desk.appeal(case, letter).written[-1].words for case in (first, second)}
    (digest,) = digests
    desk.write(first, "ann", "Thank you.")
    assert (forget_case(desk, first), forget_case(desk, first)) == (2, 0)
    assert words_of(desk.disk, first, digest) is None
    assert words_of(desk.disk, second, digest) == letter
    assert forget_case(desk, second) == 1
    assert words_of(desk.disk, second, digest) is None
