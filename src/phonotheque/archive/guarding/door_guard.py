"""The guard at the listening door: budgets and verdicts, for what may be heard and not kept.

Laws: an account is a token that this door gave, and without one the address (of IPv6 the
household's network); a recording that an account opened before is free, unless it is suspended;
whoever throws tokens away is still one address, which has the budget of ten accounts; a token costs
nothing to be given, and counts when it comes back, 20 new ones a day from one address: players that
keep none take nobody's; when the ledger cannot be asked each worker counts by itself, and nobody is
suspended because a file is missing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from phonotheque.archive.guarding.ledger import Budget, Ledger
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.listening.listener_keys import EPOCH_S
from phonotheque.errors import UnavailableError
from phonotheque.guard.budgets import DAY, HOUR, MONTH, Ask, Limit
from phonotheque.guard.rungs import Rung
from phonotheque.guard.tokens import COOKIE, make_token, number_of
from phonotheque.guard.verdicts import Row
from phonotheque.listen.gate import Guard, Refusal, Wish
from phonotheque.listen.greeting import Greeting
from phonotheque.listen.listener import Listener
from phonotheque.listen.log import Pseudonyms

_MARK_BYTES = 12
_MOST_KNOWN = 20_000
_KNOWN_S = HOUR
_AT_ONE_ADDRESS = 10
_TOKENS_A_DAY = 20
_BULK = "All that is free can be had at once at the bulk door: /torrents/."
_HEARD = "What was heard before, and all that is free, still plays."
_SUSPENDED_S = HOUR


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many new recordings an account may open: in an hour, a day, 30 days."""

    in_hour: int = 40
    in_day: int = 300
    in_month: int = 2_000

    def limits(self, factor: int = 1) -> tuple[Limit, ...]:
        """As budgets have them, so many times."""
        each = ((self.in_hour, HOUR), (self.in_day, DAY), (self.in_month, MONTH))
        return tuple(Limit(tracks * factor, seconds) for tracks, seconds in each)


@dataclass
class DoorGuard:
    """The guard of one worker. Threads may share it.

    Attributes:
        ledger: What was spent, in all workers.
        verdicts: What holds for whom.
        names: Turns tokens and addresses into the names of the access log.
        key: The key of listeners now.
        allowed: The ordinary budget.
        fallback: Counts when the ledger cannot be asked.
        clock: Seconds since 1970.
    """

    ledger: Ledger
    verdicts: VerdictMap
    names: Pseudonyms
    key: Callable[[], bytes]
    allowed: Allowed
    fallback: Guard
    clock: Callable[[], float] = time.time
    _known: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    def refuses(self, wish: Wish) -> Refusal | None:
        """Say why a recording is not opened now; None when it may be. See `Guard`."""
        now = self.clock()
        account = self.account(wish.listener)
        row = self.verdicts.of(account)
        rung = Rung.NONE if row is None else row.rung_at(int(now))
        if rung is Rung.SUSPEND:
            return _suspended(row, now)
        mark = self._mark(account, wish)
        if self._remembers(mark, now):
            return None
        try:
            refusal = self._opened(wish, account, mark, row)
        except UnavailableError:
            return self.fallback.refuses(wish)
        if refusal is None:
            self._know(mark, now)
        return refusal

    def is_known(self, wish: Wish) -> bool:
        """Whether what is asked of one recording is in memory, and the ledger is not needed."""
        now, listener = self.clock(), wish.listener
        number = number_of(self.key(), listener.token) if listener.token else None
        if number is None:
            account = self.names.of(listener.group)
        elif self._remembers(self._token_mark(number), now):
            account = self.names.of(f"token {number}")
        else:
            return False
        return self._remembers(self._mark(account, wish), now)

    def still_may(self, wish: Wish) -> bool:
        """Whether a recording that is being sent may go on: until its account is suspended."""
        row = self.verdicts.of(self.account(wish.listener))
        return row is None or row.rung_at(int(self.clock())) is not Rung.SUSPEND

    def greets(self, listener: Listener) -> Greeting:
        """Say as whom the log knows somebody, with a token for who has none."""
        account = self.account(listener)
        if number_of(self.key(), listener.token) is not None:
            return Greeting(account)
        token = make_token(self.key(), secrets.token_bytes(16))
        secure = "; Secure" if listener.is_secure else ""
        attributes = f"Path=/; Max-Age={EPOCH_S}; HttpOnly; SameSite=Lax{secure}"
        return Greeting(account, f"{COOKIE}={token}; {attributes}")

    def account(self, listener: Listener) -> str:
        """The account that somebody is: 16 hexadecimal digits, as in the access log."""
        number = number_of(self.key(), listener.token) if listener.token else None
        if number is None or not self._counts(number, listener):
            return self.names.of(listener.group)
        return self.names.of(f"token {number}")

    def close(self) -> None:
        """Let go of the ledger."""
        self.ledger.close()

    def _opened(self, wish: Wish, account: str, mark: bytes, row: Row | None) -> Refusal | None:
        now = self.clock()
        rung = Rung.NONE if row is None else row.rung_at(int(now))
        if rung is Rung.CHALLENGE:
            return None if self.ledger.is_opened(mark, now) else _asked(row)
        factor = 1 if row is None else row.factor_at(int(now))
        limits = self.allowed.limits(factor)
        if rung is Rung.BUDGET:
            limits = tuple(limit.halved() for limit in limits)
        address = self.names.of(wish.listener.group)
        of_all = max(factor, self._factor(address))
        own, shared = b"%d" % factor, b"%d" % of_all  # who gets a permit begins with all of it
        budgets = (
            Budget(b"a" + own + bytes.fromhex(account), limits),
            Budget(
                b"g" + shared + bytes.fromhex(address),
                self.allowed.limits(of_all * _AT_ONE_ADDRESS),
            ),
        )
        refused = self.ledger.open_one(mark, budgets, now)
        return None if refused is None else _spent(refused)

    def _counts(self, number: str, listener: Listener) -> bool:
        """Whether a token that this door gave is an account: it came back before, or is one of the
        new ones that its address may bring today. While that cannot be asked it is one."""
        now = self.clock()
        mark = self._token_mark(number)
        if self._remembers(mark, now):
            return True
        address = self.names.of(listener.group)
        tokens = Limit(_TOKENS_A_DAY * self._factor(address), DAY)
        budget = Budget(b"t" + bytes.fromhex(address), (tokens,))
        try:
            is_counted = self.ledger.open_one(mark, (budget,), now) is None
        except UnavailableError:
            return True
        if is_counted:
            self._know(mark, now)
        return is_counted

    def _factor(self, account: str) -> int:
        row = self.verdicts.of(account)
        return 1 if row is None else row.factor_at(int(self.clock()))

    def _remembers(self, mark: bytes, now: float) -> bool:
        return now - self._known.get(mark, -_KNOWN_S) < _KNOWN_S

    def _token_mark(self, number: str) -> bytes:
        data = f"token {number}".encode()
        return hmac.new(self.key(), data, hashlib.sha256).digest()[:_MARK_BYTES]

    def _mark(self, account: str, wish: Wish) -> bytes:
        data = bytes.fromhex(account) + wish.gid.bytes
        return hmac.new(self.key(), data, hashlib.sha256).digest()[:_MARK_BYTES]

    def _know(self, mark: bytes, now: float) -> None:
        self._known[mark] = now
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _spent(refused: Ask) -> Refusal:
    limit = refused.limit
    told = "" if limit is None else f": {limit.tracks:,} in {_SPANS.get(limit.seconds, 'a time')}"
    return Refusal(
        int(refused.wait_s) + 1,
        f"the budget for recordings that are new to you and may only be heard is used{told}",
        f"Wait a little. {_HEARD} {_BULK}",
    )


_SPANS = {HOUR: "an hour", DAY: "a day", MONTH: "30 days"}


def _asked(row: Row | None) -> Refusal:
    case = _case(row)
    return Refusal(
        HOUR,
        f"a question waits for your answer before more is opened that may only be heard{case}",
        f"Answer it at {_page(row)}. {_HEARD} {_BULK}",
    )


def _suspended(row: Row | None, now: float) -> Refusal:
    until = 0 if row is None else (row.asked_from or row.until)
    return Refusal(
        max(1, min(int(until - now), _SUSPENDED_S * 24)),
        f"what may only be heard is closed to you for now{_case(row)}",
        f"Why, until when and how to object stands at {_page(row)}. {_BULK}",
    )


def _case(row: Row | None) -> str:
    return f" (case g{row.case})" if row is not None and row.case else ""


def _page(row: Row | None) -> str:
    return f"/case/g{row.case}" if row is not None and row.case else "/report"
