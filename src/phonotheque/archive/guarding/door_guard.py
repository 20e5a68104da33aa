"""The guard at the listening door: budgets and verdicts, for what may be heard and not kept.

Laws: an account is a token that this door gave, and without one the address (of IPv6 the
household's network); a recording that an account opened before is free, unless it is suspended;
whoever throws tokens away is still one address, which has the budget of ten accounts; a token costs
nothing to be given, and counts when it comes back, 20 new ones a day from one address: players that
keep none take nobody's; when nobody can tell what was spent each worker counts by itself, and
nobody is suspended because a file is missing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from phonotheque.archive.guarding.case_pages import Concerned
from phonotheque.archive.guarding.draws import Draws
from phonotheque.archive.guarding.refusals import asked, spent, suspended
from phonotheque.archive.guarding.spending import Budget, Spending
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.listening.listener_keys import EPOCH_S
from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.guard.budgets import DAY, HOUR, MONTH, Limit
from phonotheque.guard.canaries import is_canary
from phonotheque.guard.ladder import APPEAL_S
from phonotheque.guard.rungs import Rung
from phonotheque.guard.tokens import COOKIE, make_token, number_of
from phonotheque.guard.verdicts import VerdictRow
from phonotheque.listen.gate import Guard, Refusal, Wish
from phonotheque.listen.greeting import Greeting
from phonotheque.listen.listener import Listener
from phonotheque.listen.log import Pseudonyms

_MARK_BYTES = 12
_OURS = 5
"""Version of the UUIDs that the catalogue makes (RFC 9562, 5.5); MusicBrainz gives others, and who
looks for one of those here guesses nothing."""

_MOST_KNOWN = 20_000
_KNOWN_S = HOUR
_AT_ONE_ADDRESS = 10
_TOKENS_A_DAY = 20
_TOKEN_S = EPOCH_S + APPEAL_S
"""For as long as somebody may have to prove that a decision was about him."""


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
        spending: What was spent, in all workers.
        verdicts: What holds for whom.
        names: Turns tokens and addresses into the names of the access log.
        key: The key of listeners now.
        allowed: The ordinary budget.
        fallback: Counts when that cannot be asked.
        clock: Seconds since 1970.
        older: Keys of before, of which tokens still prove who somebody is.
        is_given: Whether anything has a gid, or had it: somebody may have been given it.
    """

    spending: Spending
    verdicts: VerdictMap
    names: Pseudonyms
    key: Callable[[], bytes]
    allowed: Allowed
    fallback: Guard
    clock: Callable[[], float] = time.time
    older: Callable[[], tuple[bytes, ...]] = tuple
    is_given: Callable[[UUID], bool] = lambda gid: True  # noqa: ARG005
    _known: OrderedDict[bytes, tuple[float, bool]] = field(default_factory=OrderedDict)

    def refuses(self, wish: Wish) -> Refusal | None:
        """Say why a recording is not opened now; None when it may be. See `Guard`."""
        now = self.clock()
        account = self.account(wish.listener)
        row = self.verdicts.of(account)
        rung = Rung.NONE if row is None else row.rung_at(int(now))
        if rung is Rung.SUSPEND:
            return suspended(account, row, now)
        mark = self._mark(account, wish)
        if self._remembers(mark, now):
            return None
        try:
            refusal = self._opened(wish, account, mark, row)
            is_drawn = refusal is None and self._was_drawn(wish, now)
        except UnavailableError:
            return self.fallback.refuses(wish)
        if refusal is None:
            self._know(mark, now, is_drawn=is_drawn)
        return refusal

    def is_known(self, wish: Wish) -> bool:
        """Whether what is asked of one recording is in memory, and no file is needed."""
        now, listener = self.clock(), wish.listener
        number = self._number(listener)
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
        if self._number(listener) is not None:
            return Greeting(account)
        token = make_token(self.key(), secrets.token_bytes(16))
        secure = "; Secure" if listener.is_secure else ""
        attributes = f"Path=/; Max-Age={_TOKEN_S}; HttpOnly; SameSite=Lax{secure}"
        return Greeting(account, f"{COOKIE}={token}; {attributes}")

    def drew(self, listener: Listener, gids: Sequence[UUID]) -> None:
        """Hear that the service itself drew these recordings for somebody. See `Guard`."""
        self._draws.remember(self.names.of(listener.group), gids, self.clock())

    def is_drawn(self, wish: Wish) -> bool:
        """Whether what was just opened was drawn by the service. See `Guard`."""
        known = self._known.get(self._mark(self.account(wish.listener), wish))
        return known is not None and known[1]

    def guessed(self, wish: Wish) -> str:
        """Return the account that asks for a canary: an id in the form of those that are made here,
        which nothing has. See `Guard`."""
        if wish.gid.version != _OURS or not is_canary(str(wish.gid), self.key()):
            return ""
        try:
            return "" if self.is_given(wish.gid) else self.account(wish.listener)
        except PhonothequeError:
            return ""

    def account(self, listener: Listener) -> str:
        """The account that somebody is: 16 hexadecimal digits, as in the access log."""
        number = self._number(listener)
        if number is None or not self._counts(number, listener):
            return self.names.of(listener.group)
        return self.names.of(f"token {number}")

    def concerned(self, listener: Listener) -> Concerned:
        """The accounts that somebody is, or was under a key that is kept."""
        number = self._number(listener)
        own, addresses = [], [self.names.of(listener.group)]
        if number is not None:
            own.append(self.names.of(f"token {number}"))
        for key in self.older():
            names = Pseudonyms(partial(bytes, key))
            addresses.append(names.of(listener.group))
            if number is not None:
                own.append(names.of(f"token {number}"))
        return Concerned(tuple(own), tuple(addresses))

    def close(self) -> None:
        """Let go of the file."""
        self.spending.close()

    def _opened(
        self, wish: Wish, account: str, mark: bytes, row: VerdictRow | None
    ) -> Refusal | None:
        now = self.clock()
        rung = Rung.NONE if row is None else row.rung_at(int(now))
        if rung is Rung.CHALLENGE:
            return None if self.spending.is_opened(mark, now) else asked(account, row)
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
        refused = self.spending.open_one(mark, budgets, now)
        if refused is None:
            return None
        if refused.limit not in limits:
            return spent(address, refused)
        return spent(account, refused, row if rung is Rung.BUDGET else None)

    def _was_drawn(self, wish: Wish, now: float) -> bool:
        return self._draws.has(self.names.of(wish.listener.group), wish.gid, now)

    @property
    def _draws(self) -> Draws:
        return Draws(self.spending, self.key)

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
            is_counted = self.spending.open_one(mark, (budget,), now) is None
        except UnavailableError:
            return True
        if is_counted:
            self._know(mark, now)
        return is_counted

    def _number(self, listener: Listener) -> str | None:
        """What a token of this door stands for, also one that was signed under an older key."""
        if not listener.token:
            return None
        numbers = (number_of(key, listener.token) for key in (self.key(), *self.older()))
        return next((number for number in numbers if number is not None), None)

    def _factor(self, account: str) -> int:
        row = self.verdicts.of(account)
        return 1 if row is None else row.factor_at(int(self.clock()))

    def _remembers(self, mark: bytes, now: float) -> bool:
        known = self._known.get(mark)
        return known is not None and now - known[0] < _KNOWN_S

    def _token_mark(self, number: str) -> bytes:
        data = f"token {number}".encode()
        return hmac.new(self.key(), data, hashlib.sha256).digest()[:_MARK_BYTES]

    def _mark(self, account: str, wish: Wish) -> bytes:
        data = bytes.fromhex(account) + wish.gid.bytes
        return hmac.new(self.key(), data, hashlib.sha256).digest()[:_MARK_BYTES]

    def _know(self, mark: bytes, now: float, *, is_drawn: bool = False) -> None:
        self._known[mark] = now, is_drawn
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
