"""The case book of one archive at work: read, written, and told to the listening door.

Laws: one process writes at a time, and reads the book again first; what is decided is in the book
before it is in the verdict map, which is made again from the book before and after each change, so
that losing it loses nothing, and what a crash kept from it is told by whoever writes next; every
text is on the disk before the line that names it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from phonotheque.archive.guarding.words import keep_words
from phonotheque.config import FILE_NAME, parse_config
from phonotheque.disk import Disk, LocalDisk, make_folders, read_whole, refusal, write_changed
from phonotheque.errors import BadReferenceError, BadRequestError, ConflictError
from phonotheque.guard.book.case import LOOK_AGAIN, Case
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.book.entries import (
    FORMAT,
    Answered,
    Appealed,
    Begun,
    Decided,
    Entry,
    Permitted,
    Settled,
    Wrote,
)
from phonotheque.guard.book.file import FOLDER, CaseBook, read_book
from phonotheque.guard.decisions import DAY_S, Basis, Decision, Finding, Permit
from phonotheque.guard.ladder import APPEAL_S, LASTS_S, Rules, decide
from phonotheque.guard.rungs import Rung
from phonotheque.guard.verdicts import VerdictRow, encode_rows
from phonotheque.music.chain import GENESIS, Head, format_instant

MAP = "state/guard/verdicts"
"""Where the listening door looks."""

SHADOW_DAYS = 30


@dataclass(frozen=True, slots=True)
class GuardDesk:
    """Where cases are dealt with.

    Attributes:
        root: The archive's folder.
        disk: The same, as it is written; new files are their owner's alone.
        clock: Seconds since 1970.
        shadow_days: Days at the beginning in which nothing is carried out.
    """

    root: Path
    disk: Disk
    clock: Callable[[], float] = time.time
    shadow_days: int = SHADOW_DAYS

    @property
    def now(self) -> int:
        """This second, since 1970."""
        return int(self.clock())

    def read(self, known: Head = GENESIS) -> CaseBook:
        """Read the book and prove it.

        Args:
            known: A line that it had before, as whoever remembers it knows it.

        Raises:
            MalformedError: It was changed, or is an older one.
        """
        return read_book(self.disk, known)

    def take(self, finding: Finding) -> Decided | None:
        """Decide about a finding, write it down and carry it out; None when nothing follows."""
        return next(iter(self.take_all([finding])), None)

    def take_all(self, findings: Iterable[Finding]) -> list[Decided]:
        """Decide about findings of different accounts; return what follows. All of it is written
        down, then carried out. The same ones taken again lead to nothing."""
        found: list[Decided] = []
        with self._writing() as book:
            for finding in findings:
                now, cases = self.now, book.cases
                standing = cases.standing(finding.account, now)
                decision = decide(finding, standing, rules_of(cases), now)
                if decision is not None:
                    following = book.head.seq + 1 + len(found)
                    number = cases.case_for(finding.account, now, following)
                    found.append(Decided(number, decision, finding))
            self._append(book, *found)
        return found

    def decide(
        self, account: str, rung: Rung, by: str, reason: str, *, days: int | None = None
    ) -> Decided:
        """Write down what a person decided about an account.

        Args:
            days: Until it ends by itself; None for as long as the rung lasts.

        Raises:
            BadRequestError: There is nothing in the reason.
        """
        now = self.now
        _require_reason(reason)
        decision = Decision(
            account=account,
            rung=rung,
            second=now,
            rule=Rules().version,
            basis=Basis.PERSON,
            evidence=reason,
            counterfactual=LOOK_AGAIN,
            until=now + (LASTS_S.get(rung, 0) if days is None else days * DAY_S),
            appeal_by=now + APPEAL_S,
            by=by,
        )
        with self._writing() as book:
            decided = Decided(self._case_for(book, account), decision)
            self._append(book, decided)
        return decided

    def settle(self, number: str, settled: Settled, permit: Permit | None = None) -> Case:
        """Write down what a person found on looking at a case, and a permit that follows. An appeal
        that is rejected leaves what holds when it is written down, also what was decided meanwhile.

        Raises:
            BadReferenceError: There is no such case.
            BadRequestError: There is nothing in the reason.
            ConflictError: It answers an appeal, and nobody made one; or something is to happen by a
                case that is not the last one of its account; or it is taken back already.
        """
        _require_reason(settled.reason)
        with self._writing() as book:
            case = known(book.cases, number)
            if settled.is_appeal and not case.appealed_at:
                wrong = "nobody waits for an answer to an appeal"
                todo = f"`phono guard decide {number} RUNG --reason WHY` settles it without one."
                raise ConflictError(number, wrong, todo)
            if settled.is_appeal and not settled.is_wrong:
                settled = _as_it_holds(case, settled, self.now)
            _require_not_taken_back(case, settled, self.now)
            last = book.cases.of_account[case.account]
            if last != number and settled.rung > Rung.NONE:
                wrong = f"{last} is a later case of this account, and is what holds"
                raise ConflictError(number, wrong, f"Decide about {last}.")
            entries: list[Entry] = [settled]
            if permit is not None:
                entries.append(Permitted(permit))
            self._append(book, *entries)
            return book.cases.by_number[number]

    def appeal(self, number: str, text: str) -> Case:
        """Take an objection.

        Raises:
            BadReferenceError: There is no such case.
            BadRequestError: The text is empty or too long.
            ConflictError: It is too late, or nothing was done.
        """
        with self._writing() as book:
            case = known(book.cases, number)
            if not case.may_appeal_at(self.now):
                is_late = self.now >= case.grounds.appeal_by
                wrong = "the time for an appeal is over" if is_late else "it does nothing"
                raise ConflictError(number, wrong, "Write to whoever runs this service.")
            self._append(book, Appealed(number, self.now, keep_words(self.disk, number, text)))
            return book.cases.by_number[number]

    def write(self, number: str, by: str, text: str) -> None:
        """Take a message. Raises as `appeal` does."""
        with self._writing() as book:
            known(book.cases, number)
            digest = keep_words(self.disk, number, text)
            self._append(book, Wrote(number, self.now, by, digest))

    def answer(self, number: str, text: str, *, is_passed: bool) -> Case:
        """Take an answer to the question. Raises as `appeal` does."""
        with self._writing() as book:
            known(book.cases, number)
            digest = keep_words(self.disk, number, text)
            answered = Answered(number, self.now, is_passed=is_passed, words=digest)
            self._append(book, answered)
            return book.cases.by_number[number]

    def permit(self, permit: Permit) -> None:
        """Give a permit, or end one."""
        with self._writing() as book:
            self._append(book, Permitted(permit))

    def publish(self) -> None:
        """Make the verdict map again from the book, and begin the book where there is none."""
        with self._writing():
            pass

    # -- writing ----------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[CaseBook]:
        """The book, alone among processes; the door has been told what stands in it."""
        make_folders(self.disk, FOLDER)
        try:
            folder = os.open(self.root / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise refusal(FOLDER, error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            book = read_book(self.disk)
            if book.cases.begun is None:
                now = self.now
                begun = Begun(FORMAT, now, now + self.shadow_days * DAY_S)
                book.append(self._instant(), [begun])
            self._tell(book.cases)
            yield book
        finally:
            os.close(folder)

    def _append(self, book: CaseBook, *entries: Entry) -> None:
        if not entries:
            return
        book.append(self._instant(), entries)
        self._tell(book.cases)

    def _tell(self, cases: Cases) -> None:
        make_folders(self.disk, MAP.rpartition("/")[0])
        write_changed(self.disk, MAP, encode_rows(rows_of(cases, self.now)))

    def _case_for(self, book: CaseBook, account: str) -> str:
        return book.cases.case_for(account, self.now, book.head.seq + 1)

    def _instant(self) -> str:
        return format_instant(datetime.fromtimestamp(self.clock(), UTC))


def desk_of(root: Path, shadow_days: int = SHADOW_DAYS) -> GuardDesk:
    """The desk of the archive in a folder."""
    return GuardDesk(root, LocalDisk(root, mode=0o600), shadow_days=shadow_days)


def desk_at(root: Path) -> GuardDesk:
    """The desk of the archive in a folder, as its settings say.

    Raises:
        BadSettingError: They cannot be read.
    """
    config = parse_config(read_whole(LocalDisk(root), FILE_NAME))
    return desk_of(root, int(config["guard.shadow_days"]))


def _require_reason(text: str) -> None:
    """Raises `BadRequestError` when nothing is said: the account is told it, and may object."""
    if not text.strip():
        raise BadRequestError("--reason", "a decision has a reason", "Say it in a sentence.")


def _as_it_holds(case: Case, settled: Settled, now: int) -> Settled:
    rung, until = case.rung_at(now), case.ends_at(now)[0]
    return msgspec.structs.replace(settled, second=now, rung=rung, until=until)


def _require_not_taken_back(case: Case, settled: Settled, now: int) -> None:
    """Raises `ConflictError` when a case that is over was taken back before, and no lesson comes of
    doing it again."""
    before = case.governing
    if before is None or settled.rung or before.rung or case.is_open_at(now):
        return
    if before.is_wrong or not settled.is_wrong:
        todo = f"`phono guard explain {case.number}` shows by whom."
        raise ConflictError(case.number, "it is taken back already", todo)


def rules_of(cases: Cases) -> Rules:
    """The rules that hold for a book: its service may still be new."""
    return replace(Rules(), shadow_until=cases.begun.shadow_until if cases.begun else 0)


def known(cases: Cases, number: str) -> Case:
    """Return a case by its number.

    Raises:
        BadReferenceError: There is none of this number.
    """
    found = cases.by_number.get(number)
    if found is None:
        todo = "`phono guard cases --all` lists them."
        raise BadReferenceError(number, "there is no case of this number", todo)
    return found


def rows_of(cases: Cases, now: int) -> list[VerdictRow]:
    """Return what holds for whom, as the verdict map has it."""
    accounts = {*cases.of_account, *cases.permits}
    rows = (_row(cases, account, now) for account in accounts)
    return [row for row in rows if row.rung > Rung.OBSERVE or row.factor > 1]


def _row(cases: Cases, account: str, now: int) -> VerdictRow:
    permit = cases.permit_at(account, now)
    number = cases.of_account.get(account)
    case = None if number is None else cases.by_number[number]
    rung = Rung.NONE if case is None else case.rung_at(now)
    until, asked_from = (0, 0) if case is None else case.ends_at(now)
    return VerdictRow(
        account=account,
        rung=rung,
        factor=permit.factor if permit else 1,
        case=int(case.number[1:]) if case else 0,
        until=until,
        asked_from=asked_from,
        factor_until=permit.until if permit else 0,
    )
