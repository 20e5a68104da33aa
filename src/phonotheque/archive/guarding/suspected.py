"""What accounts above a suspicion opened, from the access log into the ledger of plays.

The log is forgotten after `listen.log_days`; what a case is about is kept in the ledger until 90
days after the case. Laws: nothing of an account below the suspicion gets in, and no line that the
detector refused; a line that is read again after a kill is in the ledger once, and it is there
before a snapshot says that it was read; a line that cannot be kept stops nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from phonotheque.archive.guarding.suspicion import Suspicion
from phonotheque.errors import MalformedError
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.ledger.keeping import PlayLedger
from phonotheque.guard.ledger.plays import KEPT_FROM, Play, kept_until
from phonotheque.listen.log import Line

_MOST_CHOSEN = 50_000
"""In memory at once."""


@dataclass
class SuspectedPlays:
    """Lines on their way from the log to the ledger; changed in place.

    Attributes:
        ledger: Where they go.
        tidied: Number of the day on which tidying was begun last.
        refused: Lines that could not be kept, by reason.
    """

    ledger: PlayLedger
    tidied: int = -1
    refused: Counter[str] = field(default_factory=Counter)
    _lines: list[tuple[int, Line]] = field(default_factory=list)
    _chosen: list[Play] = field(default_factory=list)
    _untidy: list[list[str]] = field(default_factory=list)

    def note(self, second: int, line: Line) -> None:
        """Take a line by which restricted sound went out."""
        self._lines.append((second, line))

    def choose(self, suspicion: Suspicion) -> None:
        """Take those of accounts above the suspicion; forget the others.

        Raises:
            UnavailableError: The disk refuses.
        """
        lines, self._lines = self._lines, []
        suspicion.see()
        numbers, room = suspicion.names.accounts, len(suspicion.guard.marks.asked)
        names = sorted({_account(line) for _, line in lines} & numbers.keys())
        known = [name for name in names if numbers[name] < room]
        scores = suspicion.guard.scores(np.array([numbers[name] for name in known], np.int64))
        above = {name for name, score in zip(known, scores, strict=True) if score >= KEPT_FROM}
        for second, one in lines:
            if _account(one) in above:
                try:
                    self._chosen.append(_play(second, one))
                except ValueError:
                    self.refused["lack what the ledger of plays needs"] += 1
        if len(self._chosen) >= _MOST_CHOSEN:
            self.write()

    def write(self) -> None:
        """Keep what was taken, durable on return: before each snapshot, in one file.

        Raises:
            UnavailableError: The disk refuses.
        """
        self.ledger.write(self._chosen)
        self._chosen.clear()

    def is_untidy(self, now: int) -> bool:
        """Whether there is something left to be tidied, or it is another day."""
        return bool(self._untidy) or now // DAY_S != self.tidied

    def tidy(self, cases: Cases, now: int, fault: Callable[[str], None]) -> None:
        """Forget what is over in the next portion of the ledger, once a day in each.

        Args:
            fault: Told of a file that is damaged.

        Raises:
            UnavailableError: The disk refuses.
        """
        if now // DAY_S != self.tidied:
            self._untidy, self.tidied = self.ledger.portions()[::-1], now // DAY_S
        if not self._untidy:
            return
        try:
            self.ledger.tidy(self._untidy.pop(), kept_until(cases, now), now)
        except MalformedError as error:  # all the rest is tidy
            fault(str(error))


def _account(line: Line) -> str:
    return line.account or line.address


def _play(second: int, line: Line) -> Play:
    return Play(
        id=line.id,
        second=second,
        account=_account(line),
        item=line.item,
        size_bytes=line.bytes,
        of_bytes=line.of_bytes,
        address=line.address,
    )
